// All lots: how many spots are free, the trend, and how the cameras are.
import { follow, get, getAll, lotPath } from "../modules/api.js";
import { freeChart, shareBar } from "../modules/chart.js";
import { byId, h, put } from "../modules/dom.js";
import { freeOverTime } from "../modules/lot_state.js";
import { empty, every, failure, header, pulse } from "../modules/shell.js";
import { clock, conditionWords, count, duration, freeWords } from "../modules/words.js";

const TREND_H = 6;
const trends = new Map(); // lot id -> {points, from, to}

header("/");
const place = byId("lots");
let due = null;

async function show() {
  const { lots: first, next_page: more, ledger } = await get("/lots");
  const lots = more ? await getAll("/lots", "lots") : first;
  pulse(ledger.stale ? "stale" : "live");
  if (!lots.length) {
    put(place, empty("No lot is known yet", "Draw one and commit it: ", h(
    "code", { text: "parkledger apply LAYOUT.toml" })));
    return;
  }
  put(place, ...lots.map((lot) => card(lot, ledger)));
}

function card(lot, ledger) {
  const { counts, cameras } = lot;
  const tone = ledger.stale ? "free stale" : counts.vacant ? "free" : "free none";
  return h("a", { className: "card lot-card", href: `/lots/${encodeURIComponent(lot.id)}`, "data-lot": lot
        .id },
    h("h2", { text: lot.name, style: "margin:0" }),
    h("div", { className: tone }, h("b", { text: String(counts.vacant) }), h("span", {}, counts.vacant ===
      1 ? "spot free" : "spots free", h("br"), h("span", { className: "quiet small",
        text: `of ${counts.total}${counts.unknown ? `, ${counts.unknown} unknown` : ""}` }))),
    shareBar(counts),
    trend(lot),
    h("div", { className: "row small" }, ledger.stale ? h("span", { className: "badge warn",
        text: `last heard ${ledger.age_ms === null ? "never" : `${duration(ledger.age_ms / 1000)} ago`}` }) :
      null, ...cameraBadges(cameras)));
}

function cameraBadges(cameras) {
  const bad = cameras.filter((camera) => camera.condition !== "ok");
  if (!cameras.length) return [h("span", { className: "badge", text: "no camera" })];
  if (!bad.length) return [h("span", { className: "badge good",
    text: `${count(cameras.length, "camera")}, all well` })];
  return bad.map((camera) => h("span", { className: `badge ${camera.condition === "unheard" ? "" : "bad"}`,
    text: `${camera.name || camera.id}: ${conditionWords(camera.condition)}` }));
}

function trend(lot) {
  const known = trends.get(lot.id);
  if (!known?.points.length) {
    if (!known) loadTrend(lot);
    return h("div", { style: "height:3.4rem" });
  }
  const points = [...known.points, [Date.now(), lot.counts.vacant]];
  const from = Math.min(points[0][0], Date.now() - 60_000);
  return h("div", {}, freeChart(points, { from, to: Date.now(), total: lot.counts.total, timeZone: lot
        .time_zone, height: 56, axis: false,
      label: `${freeWords(lot.counts)} now; up to ${TREND_H} hours before as a line` }),
    h("div", { className: "quiet small", text: `free since ${clock(from, lot.time_zone)}` }));
}

async function loadTrend(lot) {
  const from = Date.now() - TREND_H * 3.6e6;
  const since = new Date(from).toISOString();
  trends.set(lot.id, { points: [], from });
  try {
    const [spots, changes] = await Promise.all([
      getAll(lotPath(lot.id, "/spots"), "spots", { at: since }).catch(() => []),
      getAll(lotPath(lot.id, "/history"), "changes", { since }, { most: 10_000 }),
    ]);
    const start = spots.length ? from : Date.parse(changes[0]?.committed_at ?? new Date().toISOString());
    trends.set(lot.id, { points: freeOverTime(spots, changes, start), from });
    soon();
  } catch {
    trends.delete(lot.id); // tried again when the lots are shown next
  }
}

/** Show again shortly: many events become one. */
function soon() {
  due ??= setTimeout(() => {
    due = null;
    show().catch((error) => pulse(error.status === 0 ? "lost" : "stale"));
  }, 250);
}

every(15, show, (error) => failure(place, error));
follow(null, null, { onchange: soon, onresync: soon, onstate: (state) => (state === "lost" ? pulse("lost") :
    soon()) });
