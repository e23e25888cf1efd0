// One spot: what is known now, its day, its changes and its stays.
import { getAll, lotPath } from "../modules/api.js";
import { spotStrip } from "../modules/chart.js";
import { h, put } from "../modules/dom.js";
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
    this.element = h(
  "section", { className: "card stack", "aria-live": "polite", "aria-label": "The chosen spot" }, this
      .facts, this.story);
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
      put(this.facts, h("h2", { text: "A spot's story", style: "margin:0 0 .3rem" }), h(
      "p", { className: "quiet", style: "margin:0",
        text: "Choose a spot in a picture or in the list." }));
      return;
    }
    const since = state.since ? Date.parse(state.since) : null;
    const asOf = at ?? Date.now();
    const facts = [
      ["State", h("span", { className: "row", style: "gap:.4rem" }, h(
      "i", { className: `swatch ${state.occupancy}`, "aria-hidden": "true" }), state.occupancy)],
      ["Since", since ? `${clock(since, this.lot.time_zone)} (${duration((asOf - since) / 1000)})` :
        "–"],
      ["Sure", state.occupancy === "unknown" || !state.confidence ? "–" :
        `${Math.round(state.confidence * 100)} %`
      ],
      ["Seen by", state.camera ?? "no camera yet"],
      ["Zone", this.zones.get(state.zone) ?? state.zone ?? "–"],
    ];
    put(this.facts,
      h("div", { className: "row" }, h("h2", { text: this.spot, style: "margin:0" }), h(
      "button", { type: "button", style: "margin-left:auto", text: "Close", onclick: () => this
          .onclose() })),
      at ? h("p", { className: "badge warn",
        text: `as of ${clock(at, this.lot.time_zone, { seconds: true })}` }) : null,
      h("dl", { className: "facts" }, ...facts.flatMap(([name, value]) => [h("dt", { text: name }), h(
        "dd", {}, value)])));
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
    const items = changes.slice(-LISTED).reverse().map((change) => h("li", {}, h(
      "i", { className: `swatch ${change.occupancy}`, "aria-hidden": "true" }),
      h("span", { className: "number", text: clock(change.committed_at, zone, { seconds: true }) }),
      change.occupancy));
    put(this.story,
      h("div", {}, h("h3", { text: `Last ${HOURS} hours` }), changes.length ? spotStrip(
      steps, { from: to - HOURS * 3.6e6, to,
        label: `${changes.length} changes of ${this.spot} in the last ${HOURS} hours` }) : null),
      changes.length ? h("ol", { className: "events small" }, ...items) : h(
      "p", { className: "quiet small", style: "margin:0", text: "It did not change." }),
      stays.length ? h("div", {}, h("h3", { text: "Stays" }), h("ol", { className: "events small" }, ...
        stays.slice(-LISTED).reverse().map((stay) => stayLine(stay, zone)))) : null);
  }
}

function stayLine(stay, zone) {
  return h("li", {}, h("span", { className: "number",
      text: `${stay.began_seen ? "" : "before "}${clock(stay.began, zone)} – ${stay.ended ? clock(stay.ended, zone) : "now"}` }),
    h("strong", { text: `${stay.began_seen ? "" : "over "}${duration(stay.seconds)}` }), stay
    .over_stay_s > 0 ? h("span", { className: "badge bad", text: `${duration(stay.over_stay_s)} over` }) :
    null);
}
