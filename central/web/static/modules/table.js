// Tables.
import { h } from "./dom.js";

/** A table of rows of cells; columns whose name begins with # hold numbers and are set to the right. */
export function table(names, rows) {
  const side = (i) => (names[i].startsWith("#") ? "right" : "");
  const heads = names.map((name, i) => h("th", { scope: "col", text: name.replace("#", ""), className: side(i) }));
  const lines = rows.map((cells) => h("tr", {}, ...cells.map((cell, i) => h("td", { className: side(i) }, cell))));
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines));
}
