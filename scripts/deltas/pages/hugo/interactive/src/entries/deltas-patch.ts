// A button that copies what a hunk adds and what stands around it, without the markers. Without it, selecting does the same.

for (const hunk of document.querySelectorAll<HTMLElement>(".d-hunk")) {
  const caption = hunk.querySelector("figcaption");
  if (!caption || caption.querySelector("button") || !navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  const name = hunk.querySelector(".d-scroll")?.getAttribute("aria-label") ?? "";
  label(button, "Copy", name);
  button.addEventListener("click", async () => {
    const rows = [...hunk.querySelectorAll<HTMLElement>(".d-row:not(.d-del)")].filter((row) => row.offsetParent !== null);
    await navigator.clipboard.writeText(rows.map((row) => row.textContent ?? "").join(""));
    label(button, "Copied", name);
    setTimeout(() => label(button, "Copy", name), 2000);
  });
  caption.append(button);
}

/** What the button says; which hunk it is of, only to those who cannot see where it stands. */
function label(button: HTMLElement, word: string, of: string): void {
  const more = document.createElement("span");
  more.className = "d-word";
  more.textContent = ` ${of}`;
  button.replaceChildren(word, more);
}

export {};
