import { written } from "./values.js";

const MOST_ROWS = 1000;

/** All values of a figure as a table, made when it is asked for. */
export function toggleTable(view) {
  const old = view.figure.querySelector(".values-table");
  if (old !== null) return old.remove();
  const points = view.values.stops.flatMap((stop) => stop.points);
  const fields = [...new Set(points.flatMap(({ pairs }) => pairs.map(([field]) => field)))];
  const box = document.createElement("div");
  box.className = "scroll values-table";
  box.tabIndex = 0;
  const table = box.appendChild(document.createElement("table"));
  const { shown, all } = view.values;
  const listed = Math.min(points.length, MOST_ROWS);
  const some =
    all > listed
      ? `${written(listed)} of ${written(all)} values; all are in the data file.`
      : `${written(all)} values.`;
  table
    .createCaption()
    .appendChild(document.createElement("span")).textContent = `${some}${shown < all ? " Evenly thinned." : ""}`;
  const head = table.createTHead().insertRow();
  for (const field of fields) {
    const cell = head.appendChild(document.createElement("th"));
    cell.scope = "col";
    cell.textContent = field;
  }
  const body = table.createTBody();
  for (const { pairs } of points.slice(0, MOST_ROWS)) {
    const row = body.insertRow();
    const values = new Map(pairs);
    for (const field of fields) {
      const value = values.get(field) ?? "";
      const cell = row.insertCell();
      cell.textContent = written(value);
      if (typeof value === "number") cell.className = "n";
    }
  }
  view.figure.append(box);
}
