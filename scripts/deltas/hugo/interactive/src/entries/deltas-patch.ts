// A button that copies what a hunk adds and what stands around it, without the markers. Without it, selecting does the same.

for (const hunk of document.querySelectorAll<HTMLElement>(".d-hunk")) {
  const caption = hunk.querySelector("figcaption");
  if (!caption || caption.querySelector("button") || !navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy the code of ${hunk.id}`);
  button.addEventListener("click", async () => {
    const rows = [...hunk.querySelectorAll<HTMLElement>(".d-row:not(.d-del)")].filter((row) => row.offsetParent !== null);
    await navigator.clipboard.writeText(rows.map(code).join(""));
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  caption.append(button);
}

/** A line without its number, its glyph and the word for screen readers. */
function code(row: HTMLElement): string {
  const copy = row.cloneNode(true) as HTMLElement;
  for (const each of copy.querySelectorAll(".d-no, .d-glyph, .d-word")) each.remove();
  return copy.textContent ?? "";
}

export {};
