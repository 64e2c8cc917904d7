// What a browser makes of a page: it is put at its end, as JSON.

addEventListener("load", () => {
  const on_paper = (rule) => {  // what is said of paper holds on the screen
    if (rule.media?.mediaText === "print") rule.media.mediaText = "all";
    [...(rule.cssRules ?? [])].forEach(on_paper);
  };
  if (document.body.dataset.media === "print") [...document.styleSheets].forEach(on_paper);
  // how large a thing is, and which letters it has, may depend on the theme
  const free = /^(.*(width|height|size|origin|font-family)|.*inset.*|top|left|right|bottom|--.*)$/;
  const kept = ["font-size", "line-height", "max-height", "border-top-width", "border-left-width", "outline-width"];
  const style = (element, pseudo) => {
    const computed = getComputedStyle(element, pseudo);
    const names = [...computed].filter((name) => kept.includes(name) || !free.test(name));
    return Object.fromEntries(names.map((name) => [name, computed.getPropertyValue(name)]));
  };
  const ours = [...document.querySelectorAll("main *")].filter((element) =>
    element.closest(".d-patch, .d-hunk, .d-figure, .d-measured, .d-claims, .d-samples") && !element.closest("svg"));
  const selection = getSelection();
  const found = {
    styles: ours.map((element) => [`${element.localName}.${element.className}`,
      ...[null, "::before", "::after"].map((pseudo) => style(element, pseudo))]),
    copied: [...document.querySelectorAll(".d-code")].map((code) => {
      selection.selectAllChildren(code);
      return selection.toString();
    }),
    scrolled: [...document.querySelectorAll(".d-hunk .d-scroll")].map((scroll) => {
      scroll.style.setProperty("width", "100px", "important");
      scroll.style.setProperty("min-width", "0", "important");
      scroll.focus();
      const code = scroll.querySelector("pre");
      code.scrollLeft = 50;
      scroll.scrollLeft = 50;
      return [document.activeElement === scroll, code.scrollLeft, scroll.scrollLeft];
    }),
  };
  const element = document.createElement("script");
  element.type = "application/json";
  element.id = "found";
  element.textContent = JSON.stringify(found).replaceAll("<", "\u003c");
  document.body.append(element);
});
