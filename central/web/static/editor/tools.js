// The editor's controls, without what they do: `actions` names that.
import { h } from "../modules/dom.js";

const MODES = [["select", "Select"], ["draw", "Draw a spot"], ["row", "Draw a row"]];

/** Build the toolbar; returns its element and the controls that are read or changed later. */
export function toolbar(zones, actions) {
  const choice = (mode, name) => h("button", { type: "button", text: name, onclick: () => actions.mode(mode) });
  const modes = new Map(MODES.map(([mode, name]) => [mode, choice(mode, name)]));
  const undo = h("button", { type: "button", text: "Undo", title: "Ctrl+Z", onclick: actions.undo });
  const redo = h("button", { type: "button", text: "Redo", title: "Ctrl+Shift+Z", onclick: actions.redo });
  const pattern = h("input", { id: "pattern", value: "A##", size: 8, autocomplete: "off" });
  const number = h("input", {
    id: "number", type: "number", min: 1, max: 200, value: 8, style: "width:5.5rem", oninput: actions.spread,
  });
  const zone = zoneSelect("zone", zones, "");
  const snap = h("input", {
    id: "snap", type: "checkbox", checked: true, style: "min-height:auto",
    onchange: () => actions.snap(snap.checked),
  });
  const rowField = field("number", "Spots in the row", number);
  rowField.hidden = true;
  const element = h("div", { className: "card editor-tools", role: "toolbar", "aria-label": "Drawing tools" },
    h("div", { className: "group" }, ...modes.values()),
    h("div", { className: "group" }, undo, redo),
    rowField,
    field("pattern", "Names", pattern),
    field("zone", "Zone of new spots", zone),
    h("div", { className: "row", style: "gap:.3rem;min-height:2.5rem" },
      snap, h("label", { htmlFor: "snap", text: "Snap" })));
  return { element, modes, undo, redo, pattern, number, zone, rowField };
}

/** A labelled control. */
export function field(id, words, control) {
  return h("div", { className: "field" }, h("label", { htmlFor: id, text: words }), control);
}

/** A choice of a zone, or of none. */
export function zoneSelect(id, zones, chosen, onchange) {
  const option = (value, text) => h("option", { value, text, selected: value === chosen });
  const options = zones.map((zone) => option(zone.id, zone.name || zone.id));
  const select = h("select", { id }, option("", "no zone"), ...options);
  if (onchange) select.addEventListener("change", () => onchange(select.value));
  return select;
}

/** A card with a title, words and controls. */
export function card(title, words, ...controls) {
  return h("section", { className: "card stack", "aria-label": title, style: "gap:.6rem" },
    h("h2", { text: title, style: "margin:0" }),
    h("p", { className: "small quiet", style: "margin:0", text: words }),
    ...controls);
}
