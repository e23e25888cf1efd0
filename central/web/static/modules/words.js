// How things are said to people.
export const OCCUPANCIES = ["vacant", "occupied", "unknown"];

/** "23 free", "full", ... for a lot's counts. */
export function freeWords({ vacant, unknown }) {
  if (vacant > 0) return `${vacant} free`;
  return unknown > 0 ? "none seen free" : "full";
}

/** Whether counts say anything: where every spot is unknown, 0 vacant does not mean full. */
export function anySeen({ total, unknown }) {
  return total === 0 || unknown < total;
}

/** A length of time in words: "5 s", "12 min", "3 h 20 min", "2 d 4 h". */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** A clock time in the lot's zone, with the date when it is another day than `now`. */
export function clock(instant, timeZone, { now = new Date(), seconds = false } = {}) {
  const date = new Date(instant);
  const day = { timeZone, day: "numeric", month: "short" };
  const dayOf = (one) => one.toLocaleDateString("en-CA", { timeZone });
  const sameDay = dayOf(date) === dayOf(now);
  const precise = seconds ? { second: "2-digit" } : {};
  const time = { timeZone, hour: "2-digit", minute: "2-digit", ...precise, hourCycle: "h23" };
  return date.toLocaleString("en-GB", sameDay ? time : { ...day, ...time });
}

/** A camera's condition in words. */
export function conditionWords(condition) {
  return {
    ok: "seeing well",
    silent: "silent",
    lost: "no source",
    frozen: "frozen",
    dark: "dark",
    bright: "over-exposed",
    blurred: "blurred",
    late: "late",
    resized: "resized",
    nudged: "moved",
  }[condition] ?? "not heard of yet"; // "unheard"
}

/** The same, and its tone. */
export function cameraWords(condition) {
  return [conditionWords(condition), { ok: "good", unheard: "" }[condition] ?? "bad"];
}

/** "1 camera", "2 cameras". */
export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** A share as a percentage without needless digits. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  return `${(100 * share).toFixed(share >= 0.995 || share === 0 ? 0 : 1)} %`;
}
