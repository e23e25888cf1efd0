// One spot: what is known now, its day, its changes and its stays.
import { getAll, lotPath } from "../modules/api.js";
import { spotStrip } from "../modules/chart.js";
import { h, put, renew } from "../modules/dom.js";
import { clock, duration } from "../modules/words.js";

const HOURS = 24;
const LISTED = 12;

export class SpotPanel {
  constructor(lot, layout, { onclose }) {
    this.lot = lot;
    this.zones = new Map(layout.zones?.map((zone) => [zone.id, zone.name]) ?? []);
    this.onclose = onclose;
    this.spot = null;
    this.facts = h("div", {});
    this.story = h("div", { className: "stack", style: "gap:.7rem" });
    const properties = { className: "card stack", "aria-live": "polite", "aria-label": "The chosen spot" };
    this.element = h("section", properties, this.facts, this.story);
  }

  /** Choose a spot by id (null: none) and read its story. */
  open(spot) {
    this.spot = spot;
    put(this.story);
    if (spot) this.reload();
  }

  /** Show a spot's state, of now or of the instant `at`. */
  show(state, at) {
    if (!this.spot || !state) {
      const words = "Choose a spot in a picture or in the list.";
      put(this.facts,
        h("h2", { text: "A spot's story", style: "margin:0 0 .3rem" }),
        h("p", { className: "quiet", style: "margin:0", text: words }));
      return;
    }
    const zone = this.lot.time_zone;
    const close = { type: "button", style: "margin-left:auto", text: "Close", onclick: () => this.onclose() };
    const instant = at ? `as of ${clock(at, zone, { seconds: true })}` : "";
    const facts = this.factsOf(state, at ?? Date.now());
    renew(this.facts,
      h("div", { className: "row" }, h("h2", { text: this.spot, style: "margin:0" }), h("button", close)),
      at ? h("p", { className: "badge warn", text: instant }) : null,
      h("dl", { className: "facts" },
        ...facts.flatMap(([name, value]) => [h("dt", { text: name }), h("dd", {}, value)])));
  }

  factsOf(state, now) {
    const since = state.since ? Date.parse(state.since) : null;
    const sure = state.occupancy !== "unknown" && state.confidence;
    const length = since ? duration((now - since) / 1000) : "";
    return [
      ["State", h("span", { className: "row", style: "gap:.4rem" }, swatch(state.occupancy), state.occupancy)],
      ["Since", since ? `${clock(since, this.lot.time_zone)} (${length})` : "–"],
      ["Sure", sure ? `${Math.round(state.confidence * 100)} %` : "–"],
      ["Seen by", state.camera ?? "no camera yet"],
      ["Zone", this.zones.get(state.zone) ?? state.zone ?? "–"],
    ];
  }

  /** Read changes and stays anew. */
  async reload() {
    const spot = this.spot;
    const to = Date.now();
    const since = new Date(to - HOURS * 3.6e6).toISOString();
    try {
      const [changes, stays] = await Promise.all([
        getAll(lotPath(this.lot.id, "/history"), "changes", { spot, since }),
        getAll(lotPath(this.lot.id, "/stays"), "stays", { spot, since }).catch(() => []),
      ]);
      if (this.spot === spot) this.tell(changes, stays, to);
    } catch (error) {
      if (this.spot === spot) put(this.story, h("p", { className: "quiet",
        text: `Its history could not be read: ${error.message}` }));
    }
  }

  tell(changes, stays, to) {
    const zone = this.lot.time_zone;
    const steps = changes.map((change) => [Date.parse(change.committed_at), change.occupancy]);
    if (changes.length) steps.unshift([0, changes[0].previous]);
    const label = `${changes.length} changes of ${this.spot} in the last ${HOURS} hours`;
    const strip = () => spotStrip(steps, { from: to - HOURS * 3.6e6, to, label });
    const latest = changes.slice(-LISTED).reverse();
    put(this.story,
      h("div", {}, h("h3", { text: `Last ${HOURS} hours` }), changes.length ? strip() : null),
      changes.length
        ? h("ol", { className: "events small" }, ...latest.map((change) => changeLine(change, zone)))
        : h("p", { className: "quiet small", style: "margin:0", text: "It did not change." }),
      stays.length ? stayList(stays, zone) : null);
  }
}

function swatch(occupancy) {
  return h("i", { className: `swatch ${occupancy}`, "aria-hidden": "true" });
}

function changeLine({ occupancy, committed_at: at }, zone) {
  const time = h("span", { className: "number", text: clock(at, zone, { seconds: true }) });
  return h("li", {}, swatch(occupancy), time, occupancy);
}

function stayList(stays, zone) {
  const latest = stays.slice(-LISTED).reverse();
  return h("div", {},
    h("h3", { text: "Stays" }),
    h("ol", { className: "events small" }, ...latest.map((stay) => stayLine(stay, zone))));
}

/** A stay that had begun before it was first seen is longer than is known, and says so. */
function stayLine({ began, ended, began_seen: seen, seconds, over_stay_s: over }, zone) {
  const times = `${seen ? "" : "before "}${clock(began, zone)} – ${ended ? clock(ended, zone) : "now"}`;
  return h("li", {},
    h("span", { className: "number", text: times }),
    h("strong", { text: `${seen ? "" : "over "}${duration(seconds)}` }),
    over > 0 ? h("span", { className: "badge bad", text: `${duration(over)} over` }) : null);
}
