// The layout editor: regions of one camera, saved as a new layout version.
import { get, lotPath, pictureUrl, send } from "../modules/api.js";
import { byId, h, put } from "../modules/dom.js";
import { splitRow } from "../modules/geometry.js";
import { failure, header, pulse } from "../modules/shell.js";
import { count } from "../modules/words.js";
import { Canvas } from "../editor/canvas.js";
import { Drawing } from "../editor/drawing.js";
import { namesByPattern } from "../editor/names.js";
import { saveDialog } from "../editor/saving.js";

const lotId = decodeURIComponent(location.pathname.split("/")[2]);
const main = byId("content");
const MODES = [
  ["select", "Select"],
  ["draw", "Draw a spot"],
  ["row", "Draw a row"]
];

class Editor {
  constructor(lot, layout, version, cameraId) {
    this.lot = lot;
    this.version = version;
    this.drawing = new Drawing(layout, cameraId);
    this.canvas = new Canvas({
      onselect: () => this.side(),
      onreshape: (spot, corners) => this.attempt(() => this.drawing.reshape(spot, corners) || this
        .say("Those corners make no region: they cross or lie on one line.")),
      onquad: (corners) => this.quad(corners),
      onremove: () => this.remove(),
    });
    this.build(layout);
    this.canvas.show(this.drawing);
    this.update();
    this.loadPicture();
  }

  build(layout) {
    this.modes = new Map(MODES.map(([mode, name]) => [mode, h("button", { type: "button", text: name,
      onclick: () => this.mode(mode) })]));
    this.undo = h("button", { type: "button", text: "Undo", title: "Ctrl+Z", onclick: () => this.attempt(
      () => this.drawing.undo()) });
    this.redo = h("button", { type: "button", text: "Redo", title: "Ctrl+Shift+Z", onclick: () => this
        .attempt(() => this.drawing.redo()) });
    this.save = h("button", { type: "button", className: "main", text: "Save", onclick: () => saveDialog(
        this) });
    this.pattern = h("input", { id: "pattern", value: "A##", size: 8, autocomplete: "off" });
    this.number = h("input", { id: "number", type: "number", min: 1, max: 200, value: 8,
      style: "width:5.5rem", oninput: () => this.spread() });
    this.zone = h("select", { id: "zone" }, h("option", { value: "", text: "no zone" }), ...(layout
      .zones ?? []).map((zone) => h("option", { value: zone.id, text: zone.name || zone.id })));
    this.snap = h("input", { id: "snap", type: "checkbox", checked: true, style: "min-height:auto",
      onchange: () => (this.canvas.snapping = this.snap.checked) });
    this.rowFields = h("div", { className: "field", hidden: true }, h("label", { htmlFor: "number",
      text: "Spots in the row" }), this.number);
    this.status = h("p", { className: "small", role: "status", style: "min-height:1.5em;margin:0" });
    this.panel = h("section", { className: "card stack", "aria-label": "Selected spots",
      style: "gap:.7rem" });
    this.list = h("ul", { className: "spot-list" });
    this.previewButton = h("button", { type: "button", text: "Ask the classifier", onclick: () => this
        .preview() });
    const cameras = h("select", { id: "camera", onchange: (event) => (location.search =
        `?camera=${encodeURIComponent(event.target.value)}`) }, ...layout.cameras.map((camera) => h(
      "option", { value: camera.id, text: camera.name || camera.id, selected: camera.id === this
          .drawing.cameraId })));
    const file = h("input", { type: "file", id: "file", accept: "image/*", onchange: () => this
        .localPicture(file.files[0]) });
    put(main,
      h("div", { className: "page-head" }, h("h1", {}, "Layout of ", h(
        "a", { href: `/lots/${encodeURIComponent(this.lot.id)}`, text: this.lot.name })), h(
        "span", { className: "badge", id: "version", text: `version ${this.version}` }),
        h("div", { className: "aside" }, h("label", { htmlFor: "camera", text: "Camera" }), cameras,
          this.save)),
      h("div", { className: "columns" },
        h("div", { className: "stack" },
          h("div", { className: "card editor-tools", role: "toolbar", "aria-label": "Drawing tools" },
            h("div", { className: "group" }, ...this.modes.values()), h("div", { className: "group" },
              this.undo, this.redo),
            this.rowFields,
            h("div", { className: "field" }, h("label", { htmlFor: "pattern", text: "Names" }), this
              .pattern),
            h("div", { className: "field" }, h("label", { htmlFor: "zone", text: "Zone of new spots" }),
              this.zone),
            h("div", { className: "row", style: "gap:.3rem;min-height:2.5rem" }, this.snap, h(
            "label", { htmlFor: "snap", text: "Snap" }))),
          this.canvas.element, this.status),
        h("div", { className: "stack" }, this.panel,
          h("section", { className: "card stack", "aria-label": "Check", style: "gap:.6rem" }, h(
            "h2", { text: "What the classifier sees", style: "margin:0" }), h(
            "p", { className: "small quiet", style: "margin:0",
              text: "Tries the regions as drawn on the camera's latest picture. Nothing is saved." }),
            this.previewButton),
          h("section", { className: "card field" }, h("label", { htmlFor: "file",
            text: "Draw on a picture of your own" }), file, h("span", { className: "small quiet",
            text: "For cameras whose pictures are private. It stays in this browser." })),
          h("section", { className: "card", "aria-label": "All regions of this camera" }, h(
          "h2", { id: "regions-title" }), this.list))));
    this.mode("select");
    document.addEventListener("keydown", (event) => this.shortcut(event));
    window.addEventListener("beforeunload", (event) => this.drawing.changed && event.preventDefault());
  }

  mode(mode) {
    this.canvas.drawing = this.drawing;
    this.canvas.setMode(mode);
    for (const [name, button] of this.modes) button.setAttribute("aria-pressed", String(name === mode));
    this.rowFields.hidden = mode !== "row";
    this.spread();
    this.say({ select: "Click a region to select it; drag it or its corners.",
        draw: "Click the four corners of one spot, in order round it.",
        row: "Click the row's four corners: along its front from the first spot to the last, then back along its rear." }
      [mode]);
    if (mode !== "select") this.canvas.svg.focus();
  }

  spread() {
    this.canvas.parts = this.canvas.mode === "row" ? Math.max(1, Math.min(200, Number(this.number
      .value) || 1)) : 1;
  }

  quad(corners) {
    this.attempt(() => {
      const parts = this.canvas.mode === "row" ? splitRow(corners, this.canvas.parts) : [corners];
      const names = namesByPattern(this.pattern.value.trim(), parts.length, { taken: this.drawing
          .taken });
      this.drawing.add(parts.map((part, i) => ({ spot: names[i], zone: this.zone.value,
        corners: part })));
      this.say(parts.length === 1 ? `${names[0]} drawn.` :
        `${count(parts.length, "spot")} drawn: ${names[0]} to ${names[names.length - 1]}.`);
      this.canvas.selected = new Set(names);
    });
  }

  remove() {
    const spots = new Set(this.canvas.selected);
    if (!spots.size) return;
    this.attempt(() => this.drawing.remove(spots));
    this.say(`${[...spots].join(", ")} removed. Undo brings ${spots.size === 1 ? "it" : "them"} back.`);
  }

  /** Do one change; what cannot be done is said and changes nothing. */
  attempt(work) {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.say(error.message);
    }
    this.canvas.score(new Map());
    this.update();
  }

  update() {
    this.canvas.show(this.drawing);
    this.undo.disabled = !this.drawing.canUndo;
    this.redo.disabled = !this.drawing.canRedo;
    this.save.disabled = !this.drawing.changed;
    byId("regions-title").textContent = count(this.drawing.regions.length, "region");
    put(this.list, ...this.drawing.regions.map(({ spot }) => h("li", {}, h("button", { type: "button",
      text: spot, "aria-pressed": String(this.canvas.selected.has(spot)), onclick: () => this
        .select(spot) }))));
    this.side();
  }

  select(spot) {
    this.mode("select");
    this.canvas.selected = new Set([spot]);
    this.update();
  }

  side() {
    const selected = [...this.canvas.selected];
    for (const button of this.list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(
      this.canvas.selected.has(button.textContent)));
    const remove = h("button", { type: "button", text: selected.length > 1 ?
        `Delete ${selected.length} regions` : "Delete", onclick: () => this.remove() });
    if (selected.length !== 1) {
      put(this.panel, h("h2", { text: selected.length ? count(selected.length, "region") :
          "Nothing selected", style: "margin:0" }), selected.length ? remove : h(
      "p", { className: "quiet small", style: "margin:0",
        text: "Select a region to rename, move or delete it. Shift selects more." }));
      return;
    }
    const [spot] = selected;
    const region = this.drawing.find(spot);
    const name = h("input", {
      id: "spot-name",
      value: spot,
      autocomplete: "off",
      onchange: () => this.attempt(() => {
        this.drawing.rename(spot, name.value.trim());
        this.canvas.selected = new Set([name.value.trim()]);
      })
    });
    const zone = h("select", { id: "spot-zone", onchange: () => this.attempt(() => this.drawing.rezone(
        spot, zone.value)) }, ...[...this.zone.options].map((option) => h("option", { value: option
        .value, text: option.text, selected: option.value === region.zone })));
    put(this.panel, h("h2", { text: spot, style: "margin:0" }), h("div", { className: "field" }, h(
      "label", { htmlFor: "spot-name", text: "Name" }), name), h("div", { className: "field" }, h(
      "label", { htmlFor: "spot-zone", text: "Zone" }), zone), remove);
  }

  shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.matches(
        "input:not([type=checkbox])")) return;
    event.preventDefault();
    this.attempt(() => (event.shiftKey ? this.drawing.redo() : this.drawing.undo()));
  }

  say(words) {
    this.status.textContent = words;
  }

  async loadPicture() {
    const answer = await fetch(pictureUrl(this.drawing.cameraId, Date.now())).catch(() => null);
    if (!answer?.ok) return;
    this.canvas.picture(URL.createObjectURL(await answer.blob()), "latest picture");
  }

  localPicture(file) {
    if (file) this.canvas.picture(URL.createObjectURL(file), file.name);
  }

  async preview() {
    const { regions } = this.drawing;
    if (!regions.length) return this.say("Draw a region first.");
    this.previewButton.disabled = true;
    try {
      const answer = await send("POST",
      `/cameras/${encodeURIComponent(this.drawing.cameraId)}/preview`, { regions: regions.map(({ spot,
          corners }) => ({ spot, polygon: corners })) });
      this.canvas.score(new Map(answer.regions.map((one) => [one.spot, one.occupied])));
      this.say("Numbers are the classifier's probability of occupied on the latest picture.");
    } catch (error) {
      this.say(`The classifier cannot be asked: ${error.message}`);
    } finally {
      this.previewButton.disabled = false;
    }
    return undefined;
  }

  /** After saving: what is there now is what is edited on. */
  saved(layout, version) {
    const { cameraId } = this.drawing;
    this.drawing = new Drawing(layout, cameraId);
    this.version = version;
    byId("version").textContent = `version ${version}`;
    this.update();
    this.say(`Saved as version ${version}.`);
  }

  /** Put this camera's regions on top of a layout that someone else saved. */
  rebase(layout, version) {
    const mine = this.drawing.regions;
    const { cameraId } = this.drawing;
    this.drawing = new Drawing(layout, cameraId);
    this.version = version;
    this.drawing.remove(new Set(this.drawing.regions.map((region) => region.spot)));
    this.drawing.add(mine);
    this.update();
  }
}

async function begin() {
  const [{ lot }, answer] = await Promise.all([get(lotPath(lotId)), get(lotPath(lotId, "/layout"))]);
  const { version } = answer;
  const layout = { zones: [], cameras: [], ...answer.layout };
  const wanted = new URLSearchParams(location.search).get("camera");
  const camera = layout.cameras.find((one) => one.id === wanted) ?? layout.cameras[0];
  document.title = `Layout of ${lot.name} – Parkledger`;
  pulse("live");
  if (!camera) throw new Error(
    "This lot has no camera to draw for: add one to its layout file and apply it.");
  return new Editor(lot, layout, version, camera.id);
}

header("/");
begin().catch((error) => failure(main, error));
