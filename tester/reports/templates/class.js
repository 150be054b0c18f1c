"use strict";
// Sorting and filtering of the tables; without scripts they are complete and in order.
const STATES = ["failed", "partly", "unknown", "waiting", "unloaded", "passed"];

function sortKey(cell) {
  const state = STATES.indexOf(cell.className);
  return state < 0 ? cell.textContent.trim() : String(state);
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const order = new Intl.Collator("en", { numeric: true });
  const rows = [...body.rows].map((row) => [sortKey(row.cells[column]), row]);
  rows.sort((a, b) => order.compare(a[0], b[0]) * (descending ? -1 : 1));
  body.append(...rows.map((pair) => pair[1]));
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.ariaSort === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortBy(table, column, descending);
    });
  });
}

function makeFilterable(table) {
  const region = table.closest(".scroll");
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = "Filter rows";
  box.setAttribute("aria-label", "Filter rows: " + region.getAttribute("aria-label"));
  region.before(box);
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const row of table.tBodies[0].rows)
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

for (const table of document.querySelectorAll("table.sortable")) {
  makeSortable(table);
  makeFilterable(table);
}
