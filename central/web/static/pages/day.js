// The day's chart of free spots, and the slider that goes to any past instant of it.
import { freeChart } from "../modules/chart.js";
import { readCourse } from "../modules/course.js";
import { h, put } from "../modules/dom.js";
import { addPoint, dateOf, midnight, nextMidnight } from "../modules/lot_state.js";
import { clock, count } from "../modules/words.js";

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const TICK_MS = 30_000; // the line goes on to now, and to the next day, also when nothing changes
const NEAR_MS = 5_000; // the slider so near to now means now
const MOST = 20_000; // changes of a day that are drawn

export class Day {
  #reading = null; // the reading of a day that is under way; a later one takes its place
  #late = []; // live changes that came during it

  constructor(lot, { ontravel, onlive }) {
    this.lot = lot;
    this.ontravel = ontravel;
    this.onlive = onlive;
    this.at = null; // the instant travelled to; null: now
    this.faults = { day: "", instant: "" };
    this.build();
    this.turnTo(Date.now());
    this.show();
    setInterval(() => this.tick(), TICK_MS);
  }

  build() {
    this.chart = h("div", { style: "min-height:7rem" });
    // Drawn for its width: also once it has one, while the day is read, and when a phone is turned.
    new ResizeObserver(() => this.chart.clientWidth !== this.drawn && this.show()).observe(this.chart);
    this.words = h("output", { className: "number", for: "instant" });
    this.slider = h("input", {
      type: "range", id: "instant", min: 0, max: 86_400, step: 1, value: 86_400,
      oninput: () => this.slide(), "aria-label": "Go to a past instant of this day",
    });
    this.date = h("input", { type: "date", "aria-label": "Day", onchange: () => this.pick() });
    this.now = h("button", { type: "button", text: "Back to now", hidden: true, onclick: () => this.leave() });
    this.fault = h("p", { className: "quiet small", role: "status", hidden: true });
    const title = h("h2", { id: "day-title", text: "Free over the day", style: "margin:0" });
    this.element = h("section", { className: "card time-travel", "aria-labelledby": "day-title" },
      h("div", { className: "row" }, title, this.date),
      this.chart,
      this.slider,
      h("div", { className: "row" }, this.words, this.now),
      this.fault);
  }

  /** Take the day of an instant as the one that is shown; load() reads it. */
  turnTo(instant) {
    const { time_zone: timeZone } = this.lot;
    this.from = midnight(instant, timeZone); // of the day that is shown
    this.until = nextMidnight(this.from, timeZone);
    this.begin = this.from; // of what is known of it
    this.points = [];
    this.date.value = dateOf(this.from, timeZone);
  }

  get today() {
    return Date.now() < this.until;
  }

  get end() {
    return Math.min(Date.now(), this.until);
  }

  /** Read the day's changes; the chart shows what came since the ledger knows the lot. */
  async load() {
    const reading = Symbol("reading");
    this.#reading = reading;
    this.#late = [];
    this.points = [];
    const to = this.today ? null : this.until;
    try {
      const course = await readCourse(this.lot, { from: this.from, to, most: MOST });
      if (this.#reading !== reading) return;
      this.points = course.points;
      this.occupancies = course.occupancies;
      this.index = course.index;
      this.begin = Math.max(this.from, Math.floor(course.begin / QUARTER) * QUARTER);
      this.say("day", course.whole ? "" : `Only the first ${count(MOST, "change")} of this day are drawn.`);
    } catch (error) {
      if (this.#reading !== reading) return;
      this.say("day", `The day could not be read: ${error.message}`);
    }
    this.#reading = null;
    for (const [changes, event] of this.#late.splice(0)) this.#count(changes, event);
    this.show();
  }

  /** Take one live event's changes of this lot. */
  add(changes, event) {
    if (!this.today || !changes.length) return;
    if (this.#reading) {
      this.#late.push([changes, event]);
    } else {
      this.#count(changes, event);
      this.show();
    }
  }

  #count(changes, { index, committed_at: at }) {
    if (!this.points.length || index <= this.index) return; // not read, or read already
    this.index = index;
    let [, free] = this.points[this.points.length - 1];
    for (const { spot, occupancy } of changes) {
      free += (occupancy === "vacant") - (this.occupancies.get(spot) === "vacant");
      this.occupancies.set(spot, occupancy);
    }
    addPoint(this.points, Date.parse(at), free);
  }

  tick() {
    if (this.at !== null || this.#reading) return;
    if (this.today && this.points.length) {
      this.show();
    } else {
      this.turnTo(Date.now()); // a new day has begun, or this one could not be read
      this.load();
    }
  }

  show() {
    const { time_zone: timeZone, counts } = this.lot;
    const to = this.today ? Math.max(this.end, this.begin + QUARTER) : this.end;
    this.drawn = this.chart.clientWidth;
    const width = Math.max(280, this.drawn); // as wide as it is shown, so that words keep their size
    const label = `Free spots of ${this.lot.name || this.lot.id} over the day`;
    const axes = { from: this.begin, to, until: this.end, total: counts.total, timeZone, width, now: this.at, label };
    put(this.chart, freeChart(this.points, axes));
    this.slider.max = String(Math.round((this.end - this.begin) / 1000));
    this.slider.value = this.at === null ? this.slider.max : String(Math.round((this.at - this.begin) / 1000));
    this.words.textContent = this.at === null ? "Now" : `As of ${clock(this.at, timeZone, { seconds: true })}`;
    this.slider.setAttribute("aria-valuetext", this.words.textContent);
    this.now.hidden = this.at === null;
    this.date.max = dateOf(Date.now(), timeZone);
  }

  /** Say what is wrong with the day, or with the instant; what was said of the other stays. */
  say(about, words) {
    this.faults[about] = words;
    this.fault.textContent = Object.values(this.faults).filter(Boolean).join(" ");
    this.fault.hidden = !this.fault.textContent;
  }

  slide() {
    const at = this.begin + Number(this.slider.value) * 1000;
    if (this.today && at >= this.end - NEAR_MS) return this.leave();
    this.at = at;
    this.show();
    clearTimeout(this.due);
    this.due = setTimeout(() => this.go(), 120); // the last of many moves is asked for
    return undefined;
  }

  go() {
    this.say("instant", "");
    this.ontravel(this.at).catch((error) => this.say("instant", `That instant cannot be shown: ${error.message}`));
  }

  /** Go to the noon of the day that was chosen, or to now. */
  async pick() {
    const { time_zone: timeZone } = this.lot;
    const date = this.date.value;
    if (!date) return undefined; // half typed
    if (date >= dateOf(Date.now(), timeZone)) return this.leave();
    let inside = this.date.valueAsNumber + 12 * HOUR;
    if (dateOf(inside, timeZone) > date) inside -= 12 * HOUR; // east of UTC+12 noon there is the next day
    clearTimeout(this.due);
    this.turnTo(inside);
    this.at = this.from + 12 * HOUR;
    const chosen = this.at;
    await this.load();
    if (this.at !== chosen) return undefined; // gone on meanwhile
    this.at = Math.max(this.at, this.begin);
    this.show();
    return this.go();
  }

  leave() {
    clearTimeout(this.due);
    this.at = null;
    this.say("instant", "");
    if (this.today && this.points.length) {
      this.date.value = dateOf(this.from, this.lot.time_zone);
    } else {
      this.turnTo(Date.now());
      this.load();
    }
    this.show();
    this.onlive();
  }
}
