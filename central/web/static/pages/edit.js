// The layout editor: regions of one camera, saved as a new layout version.
import { get, lotPath, pictureUrl, send, sendFile } from "../modules/api.js";
import { arrange, byId, h, put, renew } from "../modules/dom.js";
import { splitRow } from "../modules/geometry.js";
import { header, noLot, pulse } from "../modules/shell.js";
import { count } from "../modules/words.js";
import { Canvas } from "../editor/canvas.js";
import { Drawing } from "../editor/drawing.js";
import { namesByPattern } from "../editor/names.js";
import { saveDialog } from "../editor/saving.js";
import { withToken } from "../editor/token.js";
import { card, field, toolbar, zoneSelect } from "../editor/tools.js";

const lotId = decodeURIComponent(location.pathname.split("/")[2]);
const main = byId("content");
const HOW = {
  select: "Click a region to select it; drag it or its corners.",
  draw: "Click the four corners of one spot, in order round it.",
  row: "Click the row's four corners: along its front from the first spot to the last, then back along its rear.",
};

class Editor {
  constructor(lot, layout, version, cameraId) {
    this.lot = lot;
    this.version = version;
    this.zones = layout.zones;
    this.drawing = new Drawing(layout, cameraId);
    this.canvas = new Canvas({
      onselect: () => this.picked(),
      onreshape: (spot, corners) => this.reshape(spot, corners),
      onquad: (corners) => this.quad(corners),
      onproposal: (corners) => this.take([corners]),
      onremove: () => this.remove(),
    });
    this.build(layout);
    this.canvas.show(this.drawing);
    this.mode("select");
    this.update();
    this.loadPicture();
    document.addEventListener("keydown", (event) => this.shortcut(event));
    window.addEventListener("beforeunload", (event) => this.drawing.changed && event.preventDefault());
  }

  build(layout) {
    this.tools = toolbar(this.zones, {
      mode: (mode) => this.mode(mode),
      undo: () => this.attempt(() => this.drawing.undo()),
      redo: () => this.attempt(() => this.drawing.redo()),
      spread: () => this.spread(),
      snap: (on) => (this.canvas.snapping = on),
    });
    this.save = h("button", { type: "button", className: "main", text: "Save", onclick: () => saveDialog(this) });
    this.status = h("p", { className: "small", role: "status", style: "min-height:1.5em;margin:0" });
    this.panel = h("section", { className: "card stack", "aria-label": "Selected spots", style: "gap:.7rem" });
    this.list = h("ul", { className: "spot-list" });
    this.items = new Map(); // spot id -> its place in the list
    this.ask = h("button", { type: "button", text: "Ask the classifier", onclick: () => this.preview() });
    const go = (camera) => (location.search = `?camera=${encodeURIComponent(camera)}`);
    const cameras = h("select", { id: "camera", onchange: (event) => go(event.target.value) },
      ...layout.cameras.map(({ id, name }) =>
        h("option", { value: id, text: name || id, selected: id === this.drawing.cameraId })));
    put(main,
      h("div", { className: "page-head" },
        h("h1", {}, "Layout of ", h("a", { href: `/lots/${encodeURIComponent(this.lot.id)}`, text: this.lot.name })),
        h("span", { className: "badge", id: "version", text: `version ${this.version}` }),
        h("div", { className: "aside" }, h("label", { htmlFor: "camera", text: "Camera" }), cameras, this.save)),
      h("div", { className: "columns" },
        h("div", { className: "stack" }, this.tools.element, this.canvas.element, this.status),
        h("div", { className: "stack" }, this.panel, ...this.helpers(),
          h("section", { className: "card", "aria-label": "All regions of this camera" },
            h("h2", { id: "regions-title" }), this.list))));
  }

  helpers() {
    const clip = h("input", { type: "file", id: "clip", accept: "video/*", onchange: () => this.propose(clip) });
    const picture = h("input", { type: "file", id: "file", accept: "image/*", onchange: () => this.ownPicture(picture) });
    const takeAll = () => this.take(this.canvas.proposals);
    this.takeAll = h("button", { type: "button", text: "Take all", hidden: true, onclick: takeAll });
    return [
      card("What the classifier sees",
        "Tries the regions as drawn on the camera's latest picture. Nothing is saved.", this.ask),
      card("Proposals from a clip",
        "Shows where cars came to stand or left in a clip of this camera. Click one to take it.",
        field("clip", "Video file", clip), this.takeAll),
      card("A picture of your own", "For cameras whose pictures are private. It stays in this browser.",
        field("file", "Picture to draw on", picture)),
    ];
  }

  mode(mode) {
    this.canvas.setMode(mode);
    for (const [name, button] of this.tools.modes) button.setAttribute("aria-pressed", String(name === mode));
    this.tools.rowField.hidden = mode !== "row";
    this.spread();
    this.say(HOW[mode]);
    if (mode !== "select") this.canvas.svg.focus();
  }

  spread() {
    const wanted = Math.max(1, Math.min(200, Number(this.tools.number.value) || 1));
    this.canvas.parts = this.canvas.mode === "row" ? wanted : 1;
  }

  reshape(spot, corners) {
    this.attempt(() => {
      if (!this.drawing.reshape(spot, corners)) {
        this.say("Those corners make no region: they cross or lie on one line.");
      }
    });
  }

  quad(corners) {
    this.attempt(() => this.add(this.canvas.mode === "row" ? splitRow(corners, this.canvas.parts) : [corners]));
  }

  /** Make regions of proposals. */
  take(proposals) {
    this.attempt(() => {
      this.add(proposals);
      this.canvas.proposals = this.canvas.proposals.filter((one) => !proposals.includes(one));
      this.takeAll.hidden = !this.canvas.proposals.length;
    });
  }

  add(parts) {
    const names = namesByPattern(this.tools.pattern.value.trim(), parts.length, { taken: this.drawing.taken });
    const zone = this.tools.zone.value;
    this.drawing.add(parts.map((corners, i) => ({ spot: names[i], zone, corners })));
    const all = `${count(parts.length, "spot")} drawn: ${names[0]} to ${names[names.length - 1]}.`;
    this.say(parts.length === 1 ? `${names[0]} drawn.` : all);
    this.canvas.selected = new Set(names);
  }

  remove() {
    const spots = new Set(this.canvas.selected);
    if (!spots.size) return;
    const inPanel = this.panel.contains(document.activeElement);
    this.attempt(() => this.drawing.remove(spots));
    if (inPanel) this.canvas.svg.focus(); // the button that was pressed is gone
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
    this.tools.undo.disabled = !this.drawing.canUndo;
    this.tools.redo.disabled = !this.drawing.canRedo;
    this.save.disabled = !this.drawing.changed;
    byId("regions-title").textContent = count(this.drawing.regions.length, "region");
    arrange(this.list, this.drawing.regions.map(({ spot }) => this.item(spot)));
    this.side();
  }

  /** A spot's place in the list, made once: one made anew would lose the focus. */
  item(spot) {
    if (!this.items.has(spot)) {
      const button = h("button", { type: "button", text: spot, onclick: () => this.select(spot) });
      this.items.set(spot, h("li", {}, button));
    }
    return this.items.get(spot);
  }

  /** Regions were picked on the canvas; a name that was being typed for another still holds. */
  picked() {
    const typed = this.panel.querySelector("#spot-name");
    const spot = typed?.defaultValue;
    if (typed && typed.value.trim() !== spot && this.drawing.find(spot)) this.rename(spot, typed.value.trim());
    this.side();
  }

  rename(spot, name) {
    if (!this.drawing.find(spot)) return;
    this.attempt(() => {
      this.drawing.rename(spot, name);
      if (this.canvas.selected.delete(spot)) this.canvas.selected.add(name);
    });
  }

  select(spot) {
    this.mode("select");
    this.canvas.selected = new Set([spot]);
    this.update();
  }

  side() {
    const selected = [...this.canvas.selected];
    for (const button of this.list.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(this.canvas.selected.has(button.textContent)));
    }
    const words = selected.length > 1 ? `Delete ${selected.length} regions` : "Delete";
    const remove = h("button", { type: "button", text: words, onclick: () => this.remove() });
    if (selected.length === 1) {
      renew(this.panel, ...this.spotFields(selected[0]), remove);
    } else if (selected.length) {
      put(this.panel, h("h2", { text: count(selected.length, "region"), style: "margin:0" }), remove);
    } else {
      put(this.panel, h("h2", { text: "Nothing selected", style: "margin:0" }),
        h("p", { className: "quiet small", style: "margin:0", text: "Select a region to rename, move or delete it. Shift selects more." }));
    }
  }

  spotFields(spot) {
    const name = h("input", {
      id: "spot-name", defaultValue: spot, autocomplete: "off",
      // Once the focus has gone where it is going: the field there is made anew with the rest.
      onchange: () => setTimeout(() => this.rename(spot, name.value.trim())),
    });
    const rezone = (zone) => this.attempt(() => this.drawing.rezone(spot, zone));
    return [
      h("h2", { text: spot, style: "margin:0" }),
      field("spot-name", "Name", name),
      field("spot-zone", "Zone", zoneSelect("spot-zone", this.zones, this.drawing.find(spot).zone, rezone)),
    ];
  }

  shortcut(event) {
    const typing = event.target.matches("input:not([type=checkbox])") || document.querySelector("dialog");
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || typing) return;
    event.preventDefault();
    this.attempt(() => (event.shiftKey ? this.drawing.redo() : this.drawing.undo()));
  }

  say(words) {
    this.status.textContent = words;
  }

  async loadPicture() {
    const answer = await fetch(pictureUrl(this.drawing.cameraId, Date.now())).catch(() => null);
    const picture = answer?.ok ? await answer.blob().catch(() => null) : null;
    if (picture && !this.own) this.canvas.picture(URL.createObjectURL(picture), "latest picture");
  }

  ownPicture({ files: [file] }) {
    if (!file) return;
    if (this.own) URL.revokeObjectURL(this.own);
    this.own = URL.createObjectURL(file);
    this.canvas.picture(this.own, file.name);
  }

  async preview() {
    const { regions, cameraId } = this.drawing;
    if (!regions.length) return this.say("Draw a region first.");
    const path = `/cameras/${encodeURIComponent(cameraId)}/preview`;
    const body = { regions: regions.map(({ corners }) => corners) };
    const answer = await this.wait(this.ask, () => withToken((token) => send("POST", path, body, { token })));
    if (!answer || regions !== this.drawing.regions) return undefined; // or drawn on meanwhile
    this.canvas.score(new Map(answer.regions.map((one, i) => [regions[i].spot, one.probability])));
    return this.say("Numbers are the classifier's probability of occupied on the latest picture.");
  }

  async propose(input) {
    const [file] = input.files;
    if (!file) return;
    this.say(`Looking at ${file.name}; a minute of video takes some seconds …`);
    const answer = await this.wait(input, () => withToken((token) => sendFile("/proposals", file, { token })));
    if (!answer) return;
    this.canvas.proposals = answer.proposals.map((one) => one.polygon);
    this.takeAll.hidden = !this.canvas.proposals.length;
    this.mode("select");
    this.say(this.canvas.proposals.length
      ? `${count(this.canvas.proposals.length, "proposal")}: click those that are spots.`
      : "No car came to stand or left in that clip. Take one of a busier hour, or draw by hand.");
  }

  /** Hold a control while something is asked for; what fails is said. */
  async wait(control, work) {
    control.disabled = true;
    try {
      return await work();
    } catch (error) {
      this.say(error.message);
      return null;
    } finally {
      control.disabled = false;
    }
  }

  /** After saving: what is there now is what is edited on. */
  saved(layout, version) {
    this.drawing = new Drawing(layout, this.drawing.cameraId);
    this.version = version;
    byId("version").textContent = `version ${version}`;
    this.update();
    this.say(`Saved as version ${version}.`);
  }

  /** Put this camera's regions on top of a layout that someone else saved. */
  rebase(layout, version) {
    const mine = this.drawing.regions;
    this.drawing = new Drawing(layout, this.drawing.cameraId);
    this.version = version;
    this.drawing.remove(new Set(this.drawing.regions.map((region) => region.spot)));
    this.drawing.add(mine);
    this.update();
  }
}

async function begin() {
  const [{ lot }, answer] = await Promise.all([get(lotPath(lotId)), get(lotPath(lotId, "/layout"))]);
  const layout = { zones: [], cameras: [], ...answer.layout };
  const wanted = new URLSearchParams(location.search).get("camera");
  const camera = layout.cameras.find((one) => one.id === wanted) ?? layout.cameras[0];
  document.title = `Layout of ${lot.name} – Parkledger`;
  pulse("live");
  if (!camera) throw new Error("This lot has no camera to draw for: add one to its layout file and apply it.");
  return new Editor(lot, layout, answer.version, camera.id);
}

header("/");
begin().catch((error) => noLot(main, lotId, error));
