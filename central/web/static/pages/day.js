// The day's chart of free spots, and the slider that goes to any past instant of it.
import { getAll, lotPath } from "../modules/api.js";
import { freeChart } from "../modules/chart.js";
import { h, put } from "../modules/dom.js";
import { freeOverTime, midnight } from "../modules/lot_state.js";
import { clock, count } from "../modules/words.js";

const DAY = 86_400_000;
const QUARTER = 900_000;
const MOST = 20_000; // changes of a day that are drawn

export class Day {
  constructor(lot, { ontravel, onlive }) {
    this.lot = lot;
    this.ontravel = ontravel;
    this.onlive = onlive;
    this.points = [];
    this.from = midnight(Date.now(), lot.time_zone); // of the day that is shown
    this.begin = this.from; // of what is known of it
    this.at = null;
    this.build();
  }

  build() {
    this.chart = h("div", { style: "min-height:7rem" });
    this.words = h("output", { className: "number", for: "instant" });
    this.slider = h("input", { type: "range", id: "instant", min: 0, max: DAY / 1000, step: 1,
        value: DAY / 1000, oninput: () => this
    .slide(), "aria-label": "Go to a past instant of this day" });
    this.date = h("input", { type: "date", "aria-label": "Day", onchange: () => this.pick() });
    this.now = h("button", { type: "button", text: "Back to now", hidden: true, onclick: () => this
      .leave() });
    this.fault = h("p", { className: "quiet small", role: "status", hidden: true });
    this.element = h("section", { className: "card time-travel", "aria-labelledby": "day-title" },
      h("div", { className: "row" }, h("h2", { id: "day-title", text: "Free over the day",
        style: "margin:0" }), this.date),
      this.chart, this.slider, h("div", { className: "row" }, this.words, this.now), this.fault);
    this.show();
  }

  get today() {
    return this.from === midnight(Date.now(), this.lot.time_zone);
  }

  get end() {
    return this.today ? Date.now() : this.from + DAY;
  }

  /** Read the day's changes; the chart shows what came since the ledger knows the lot. */
  async load() {
    this.points = [];
    this.rest = [];
    const since = new Date(this.from).toISOString();
    const until = this.today ? null : new Date(this.from + DAY).toISOString();
    try {
      const [spots, changes] = await Promise.all([
        getAll(lotPath(this.lot.id, "/spots"), "spots", { at: since }).catch(() => []),
        getAll(lotPath(this.lot.id, "/history"), "changes", { since, until }, { most: MOST }),
      ]);
      const known = spots.length ? this.from : Date.parse(changes[0]?.committed_at ?? new Date()
        .toISOString());
      this.points = freeOverTime(spots, changes, known);
      this.begin = Math.max(this.from, Math.floor(known / QUARTER) * QUARTER);
      this.occupancies = new Map(spots.map((spot) => [spot.id, spot.occupancy]));
      for (const change of changes) this.occupancies.set(change.spot, change.occupancy);
      this.fault.hidden = changes.length < MOST;
      this.fault.textContent = `Only the first ${count(MOST, "change")} of this day are drawn.`;
    } catch (error) {
      this.fault.hidden = false;
      this.fault.textContent = `The day could not be read: ${error.message}`;
    }
    this.show();
  }

  /** Take live changes. */
  add(changes, committedAt) {
    if (!this.today || !changes.length || !this.points.length) return;
    let free = this.points[this.points.length - 1][1];
    for (const change of changes) {
      free += (change.occupancy === "vacant") - (this.occupancies?.get(change.spot) === "vacant");
      this.occupancies?.set(change.spot, change.occupancy);
    }
    this.points.push([Date.parse(committedAt), free]);
    this.show();
  }

  show() {
    const { time_zone: timeZone, counts } = this.lot;
    const to = this.today ? Math.max(this.end, this.begin + QUARTER) : this.end;
    const width = Math.max(280, this.chart.clientWidth); // as wide as it is shown, so that words keep their size
    const label = `Free spots of ${this.lot.name} over the day`;
    const axes = { from: this.begin, to, until: this.end, total: counts.total, timeZone, width, now: this.at, label };
    put(this.chart, freeChart(this.points, axes));
    this.slider.max = String(Math.round((this.end - this.begin) / 1000));
    if (this.at === null) this.slider.value = this.slider.max;
    this.words.textContent = this.at === null ? "Now" :
      `As of ${clock(this.at, timeZone, { seconds: true })}`;
    this.slider.setAttribute("aria-valuetext", this.words.textContent);
    this.now.hidden = this.at === null;
    if (!this.date.value) this.date.value = this.date.max = new Date(this.from).toLocaleDateString(
      "en-CA", { timeZone });
  }

  slide() {
    const at = this.begin + Number(this.slider.value) * 1000;
    if (this.today && at >= this.end - 5000) return this.leave();
    this.at = at;
    this.show();
    clearTimeout(this.due);
    this.due = setTimeout(() => this.go(), 120); // the last of many moves is asked for
    return undefined;
  }

  go() {
    this.fault.hidden = true;
    this.ontravel(this.at).catch((error) => {
      this.fault.hidden = false;
      this.fault.textContent = `That instant cannot be shown: ${error.message}`;
    });
  }

  async pick() {
    const chosen = this.date.valueAsNumber;
    if (Number.isNaN(chosen)) return undefined;
    // Noon of that date in UTC lies on that day in nearly every zone; its midnight there begins the day.
    this.from = midnight(chosen + DAY / 2, this.lot.time_zone);
    this.at = this.today ? null : this.from + DAY / 2;
    this.begin = this.from;
    if (this.at === null) return this.leave();
    await this.load();
    this.at = Math.max(this.at, this.begin);
    this.slider.value = String((this.at - this.begin) / 1000);
    this.go();
    return undefined;
  }

  leave() {
    clearTimeout(this.due);
    const moved = !this.today;
    this.from = midnight(Date.now(), this.lot.time_zone);
    this.date.value = "";
    this.at = null;
    this.fault.hidden = true;
    if (moved) this.load();
    this.show();
    this.onlive();
  }
}
