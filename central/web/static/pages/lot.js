// One lot: cameras' pictures with their regions, a spot's story, the day's chart, time travel.
import { follow, get, getAll, lotPath, pictureUrl } from "../modules/api.js";
import { shareBar } from "../modules/chart.js";
import { byId, h, put } from "../modules/dom.js";
import { LotState } from "../modules/lot_state.js";
import { RegionPicture } from "../modules/picture.js";
import { Roving } from "../modules/roving.js";
import { empty, every, failure, header, noLot, pulse } from "../modules/shell.js";
import { anySeen, clock, conditionWords, OCCUPANCIES } from "../modules/words.js";
import { Day } from "./day.js";
import { SpotPanel } from "./spot_panel.js";

const PICTURE_S = 5;
const lotId = decodeURIComponent(location.pathname.split("/")[2]);
const main = byId("content");

header("/");

class LotPage {
  constructor(lot, layout, spots, index) {
    this.lot = lot;
    this.layout = layout;
    this.live = new LotState(lot.id, spots, index);
    this.past = null; // {at, spots: Map} while time travelling
    this.connection = "live";
    this.cameras = new Map();
    this.turn = 0;
    this.panel = new SpotPanel(lot, layout, { onclose: () => this.choose(null) });
    this.day = new Day(lot, { ontravel: (at) => this.travel(at), onlive: () => this.returnToNow() });
    this.build();
  }

  build() {
    const path = `/lots/${encodeURIComponent(this.lot.id)}`;
    this.counts = h("div", { className: "stack", style: "gap:.5rem" });
    this.list = h("ul", { className: "spot-list" });
    const cameras = this.layout.cameras.map((camera) => this.camera(camera, path));
    const none = empty("No camera sees this lot", "Add one to its layout file and apply it.");
    put(main,
      h("div", { className: "page-head" },
        h("h1", { text: this.lot.name || this.lot.id }),
        h("div", { className: "aside" },
          h("a", { className: "button", href: `/board/${encodeURIComponent(this.lot.id)}`, text: "Board" }))),
      h("div", { className: "columns" },
        h("div", { className: "stack" },
          h("div", { className: "card" }, this.counts),
          this.day.element,
          ...(cameras.length ? cameras : [none])),
        h("div", { className: "stack" },
          this.panel.element,
          h("section", { className: "card", "aria-labelledby": "spots-title" },
            h("h2", { id: "spots-title", text: "Spots" }), this.list))));
    this.buttons = new Map([...this.live.spots.keys()].map((id) => [id, this.spotButton(id)]));
    for (const button of this.buttons.values()) this.list.append(h("li", {}, button));
    this.roving = new Roving(this.list, () => [...this.buttons.values()]);
    this.roving.stop();
    this.show();
  }

  camera({ id, name = id, regions = [] }, path) {
    const picture = new RegionPicture({ cameraId: id, name, regions, onpick: (spot) => this.choose(spot) });
    const badge = h("span", { className: "badge", text: conditionWords("unheard") });
    this.cameras.set(id, { picture, badge });
    const edit = `${path}/edit?camera=${encodeURIComponent(id)}`;
    return h("section", { className: "card", "aria-label": `Camera ${name}` },
      h("div", { className: "row", style: "margin-bottom:.6rem" },
        h("h2", { text: name, style: "margin:0" }),
        badge,
        h("a", { className: "button", style: "margin-left:auto", href: edit, text: "Edit regions" })),
      picture.element);
  }

  spotButton(id) {
    const swatch = h("i", { className: "swatch", "aria-hidden": "true" });
    return h("button", { type: "button", "data-spot": id, onclick: () => this.choose(id) }, swatch, id);
  }

  get spots() {
    return this.past?.spots ?? this.live.spots;
  }

  show() {
    const counts = { total: 0, vacant: 0, occupied: 0, unknown: 0 };
    for (const [id, spot] of this.spots) {
      counts.total += 1;
      counts[spot.occupancy] += 1;
      const button = this.buttons.get(id);
      if (!button) continue;
      button.firstChild.className = `swatch ${spot.occupancy}`;
      button.setAttribute("aria-label", `${id}: ${spot.occupancy}`);
    }
    const seen = anySeen(counts);
    const present = this.past || this.connection === "live";
    const tone = !present || !seen ? "stale" : counts.vacant ? "" : "none";
    const swatch = (one) => h("i", { className: `swatch ${one}`, "aria-hidden": "true" });
    const legend = OCCUPANCIES.map((one) => h("span", {}, swatch(one), `${counts[one]} ${one}`));
    put(this.counts,
      h("div", { className: `free ${tone}`, "data-free": counts.vacant },
        h("b", { text: seen ? String(counts.vacant) : "–" }),
        h("span", { text: seen ? `free of ${counts.total}` : `count not known, of ${counts.total}` })),
      shareBar(counts),
      h("div", { className: "legend" }, ...legend));
    for (const { picture } of this.cameras.values()) picture.show(this.spots);
    this.panel.show(this.spots.get(this.chosen) ?? null, this.past?.at ?? null);
  }

  choose(spot) {
    this.chosen = spot === this.chosen ? null : spot;
    for (const { picture } of this.cameras.values()) picture.choose(this.chosen);
    for (const [id, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(id === this.chosen));
    }
    if (this.chosen) this.roving.stop(this.chosen);
    this.panel.open(this.chosen);
    this.show();
    const narrow = matchMedia("(max-width: 60rem)").matches;
    if (this.chosen && narrow) this.panel.element.scrollIntoView({ block: "nearest" });
  }

  take(event) {
    if (event.layouts.some((one) => one.lot === this.lot.id)) location.reload();
    const changed = this.live.apply(event);
    this.day.add(event.changes.filter((one) => one.lot === this.lot.id), event);
    if (changed.length && !this.past) this.show();
    if (changed.includes(this.chosen)) this.panel.reload();
  }

  async travel(at) {
    const travelling = (this.travelling = Symbol("travel"));
    const query = { at: new Date(at).toISOString() };
    const spots = await getAll(lotPath(this.lot.id, "/spots"), "spots", query);
    if (this.travelling !== travelling) return; // the slider has moved on
    this.past = { at, spots: new Map(spots.map((spot) => [spot.id, spot])) };
    pulse("past");
    this.refreshPictures();
    this.show();
  }

  returnToNow() {
    this.travelling = null;
    this.past = null;
    pulse(this.connection);
    this.refreshPictures();
    this.show();
  }

  /** Say whether what is shown is live; of a past instant that is said once it is left. */
  connected(state) {
    if (!this.past) pulse(state);
    if (state === this.connection) return;
    this.connection = state;
    this.show();
  }

  async resync() {
    const answer = await get(lotPath(this.lot.id, "/spots"));
    const spots = await getAll(lotPath(this.lot.id, "/spots"), "spots");
    this.live = new LotState(this.lot.id, spots, answer.ledger.index);
    this.day.load();
    this.show();
  }

  async refreshCameras() {
    for (const camera of await getAll(lotPath(this.lot.id, "/cameras"), "cameras")) {
      const own = this.cameras.get(camera.id);
      if (!own) continue;
      const { condition, detail } = camera;
      own.badge.className = `badge ${{ ok: "good", unheard: "" }[condition] ?? "bad"}`;
      const words = conditionWords(condition);
      own.badge.textContent = detail ? `${words}: ${detail}` : words;
    }
    this.refreshPictures();
  }

  refreshPictures() {
    this.turn += 1;
    for (const [id, { picture }] of this.cameras) {
      if (this.past) picture.source(null, "drawn plan: pictures are not kept");
      else this.loadPicture(id, picture);
    }
  }

  async loadPicture(id, picture) {
    const turn = this.turn;
    const found = await fetchPicture(id, turn);
    if (turn === this.turn) this.showPicture(picture, found);
    else if (found) URL.revokeObjectURL(found.url); // a later one is on its way, or the past is shown
  }

  showPicture(picture, found) {
    if (!found) return picture.source(null, "drawn plan: no picture of this camera");
    const at = clock(found.at, this.lot.time_zone, { seconds: true });
    const before = pictures.get(picture);
    if (before) setTimeout(() => URL.revokeObjectURL(before), 2000);
    pictures.set(picture, found.url);
    return picture.source(found.url, `picture of ${at}; colours are live`);
  }
}

const pictures = new Map(); // RegionPicture -> object URL in use

/** Fetch a camera's picture and when it was taken; null where there is none. A failed <img> would show a broken frame. */
async function fetchPicture(camera, turn) {
  const answer = await fetch(pictureUrl(camera, turn)).catch(() => null);
  if (!answer?.ok) return null;
  const blob = await answer.blob().catch(() => null); // cut off half-way
  return blob && { url: URL.createObjectURL(blob), at: answer.headers.get("captured-at") };
}

async function begin() {
  const [{ lot }, { layout, ledger }, first] = await Promise.all([
    get(lotPath(lotId)), get(lotPath(lotId, "/layout")), get(lotPath(lotId, "/spots")),
  ]);
  const spots = first.next_page ? await getAll(lotPath(lotId, "/spots"), "spots") : first.spots;
  document.title = `${lot.name || lot.id} – Parkledger`;
  const page = new LotPage(lot, { zones: [], cameras: [], ...layout }, spots, first.ledger.index);
  page.day.load();
  every(PICTURE_S, () => page.refreshCameras(), () => {}); // the header says that the service is away
  // From the older of the two: a layout committed between them is told, and read.
  follow(lotId, Math.min(ledger.index, first.ledger.index), {
    onchange: (event) => page.take(event),
    onresync: () => page.resync().catch((error) => failure(main, error)),
    onstate: (state) => page.connected(state),
    onprogress: (mark) => page.connected(mark.stale ? "stale" : "live"),
  });
}

begin().catch((error) => noLot(main, lotId, error));
