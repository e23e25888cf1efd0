// All lots: how many spots are free, the trend, and how the cameras are.
import { follow, get, getAll } from "../modules/api.js";
import { freeChart, shareBar } from "../modules/chart.js";
import { readCourse } from "../modules/course.js";
import { arrange, byId, h, put } from "../modules/dom.js";
import { addPoint } from "../modules/lot_state.js";
import { empty, every, failure, header, pulse } from "../modules/shell.js";
import { anySeen, clock, conditionWords, count, duration, freeWords } from "../modules/words.js";

const TREND_H = 6;
const TREND_MS = TREND_H * 3_600_000;
const MOST_CHANGES = 10_000;
const SHOW_EVERY_S = 15;
const GATHER_MS = 250; // many events become one showing
const trends = new Map(); // lot id -> [[time, free], ...]; empty while it is read

header("/");
const place = byId("lots");
const cards = new Map(); // lot id -> its card, kept: one made anew would lose focus and clicks
let due = null;

async function show() {
  const { lots: first, next_page: more, ledger } = await get("/lots");
  const lots = more ? await getAll("/lots", "lots") : first;
  pulse(ledger.stale ? "stale" : "live");
  place.removeAttribute("aria-busy");
  const how = h("code", { text: "parkledger apply LAYOUT.toml" });
  const none = empty("No lot is known yet", "Draw one and commit it: ", how);
  arrange(place, lots.length ? lots.map((lot) => cardOf(lot, ledger)) : [none]);
}

function cardOf(lot, ledger) {
  if (!cards.has(lot.id)) {
    const href = `/lots/${encodeURIComponent(lot.id)}`;
    cards.set(lot.id, h("a", { className: "card lot-card", href, "data-lot": lot.id }));
  }
  put(cards.get(lot.id), ...content(lot, ledger));
  return cards.get(lot.id);
}

function content(lot, ledger) {
  const { vacant, total, unknown } = lot.counts;
  const seen = anySeen(lot.counts);
  const tone = ledger.stale || !seen ? "free stale" : vacant ? "free" : "free none";
  const heard = ledger.age_ms === null ? "never" : `${duration(ledger.age_ms / 1000)} ago`;
  return [
    h("h2", { text: lot.name || lot.id, style: "margin:0" }),
    h("div", { className: tone },
      h("b", { text: seen ? String(vacant) : "–" }),
      h("span", {}, !seen ? "count not known" : vacant === 1 ? "spot free" : "spots free", h("br"),
        h("span", { className: "quiet small", text: `of ${total}${unknown ? `, ${unknown} unknown` : ""}` }))),
    shareBar(lot.counts),
    trend(lot),
    h("div", { className: "row small" },
      ledger.stale ? h("span", { className: "badge warn", text: `last heard ${heard}` }) : null,
      ...cameraBadges(lot.cameras)),
  ];
}

function cameraBadges(cameras) {
  const bad = cameras.filter((camera) => camera.condition !== "ok");
  if (!cameras.length) return [h("span", { className: "badge", text: "no camera" })];
  if (!bad.length) return [h("span", { className: "badge good", text: `${count(cameras.length, "camera")}, all well` })];
  return bad.map(({ id, name, condition }) => h("span", {
    className: `badge ${condition === "unheard" ? "" : "bad"}`, text: `${name || id}: ${conditionWords(condition)}`,
  }));
}

function trend(lot) {
  const known = trends.get(lot.id);
  if (!known?.length) {
    if (!known) loadTrend(lot);
    return h("div", { style: "height:3.4rem" });
  }
  const now = Date.now();
  addPoint(known, now, lot.counts.vacant);
  while (known.length > 1 && known[1][0] < now - TREND_MS) known.shift(); // the one before holds until then
  const from = Math.min(Math.max(known[0][0], now - TREND_MS), now - 60_000);
  const label = `${freeWords(lot.counts)} now; up to ${TREND_H} hours before as a line`;
  const chart = freeChart(known, {
    from, to: now, total: lot.counts.total, timeZone: lot.time_zone, height: 56, axis: false, label,
  });
  return h("div", {}, chart, h("div", { className: "quiet small", text: `free since ${clock(from, lot.time_zone)}` }));
}

async function loadTrend(lot) {
  trends.set(lot.id, []);
  try {
    const { points } = await readCourse(lot, { from: Date.now() - TREND_MS, most: MOST_CHANGES });
    trends.set(lot.id, points);
    soon();
  } catch {
    trends.delete(lot.id); // tried again when the lots are shown next
  }
}

function soon() {
  due ??= setTimeout(() => {
    due = null;
    show().catch((error) => pulse(error.status === 0 ? "lost" : "stale"));
  }, GATHER_MS);
}

every(SHOW_EVERY_S, show, (error) => {
  pulse(error.status === 0 ? "lost" : "stale");
  if (!cards.size) failure(place, error); // else what was last known stays, and the header says so
});
follow(null, null, {
  onchange: soon,
  onresync: soon,
  onstate: (state) => (state === "lost" ? pulse("lost") : soon()),
});
