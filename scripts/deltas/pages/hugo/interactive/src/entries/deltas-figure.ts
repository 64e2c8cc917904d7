// The table under a figure, sorted by the column that is clicked. Without it the rows stand in the order of the figure.

for (const table of document.querySelectorAll<HTMLTableElement>(".d-figure .d-table")) {
  const body = table.tBodies[0];
  [...(table.tHead?.rows[0]?.cells ?? [])].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead!.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort((a, b) => order(text(a, column), text(b, column)));
      body.append(...(up ? rows : rows.reverse()));
    });
  });
}

function text(row: HTMLTableRowElement, column: number): string {
  return row.cells[column]?.textContent?.trim() ?? "";
}

/** Numbers by size, everything else as text. */
function order(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
}

export {};
