// The board at an entrance: one count, readable at ten metres, that says when it is stale.
import { follow, get, lotPath } from "../modules/api.js";
import { byId } from "../modules/dom.js";
import { every } from "../modules/shell.js";
import { anySeen, clock, duration } from "../modules/words.js";

const ASK_S = 5;
const STALE_S = 30; // without a word from the service for so long, the count is nobody's present
const lotId = decodeURIComponent(location.pathname.split("/")[2]);
let heard = null; // performance.now() of the last answer
let last = null;
let asked = 0;

async function ask() {
  asked += 1;
  const turn = asked;
  const answer = await get(lotPath(lotId));
  if (turn !== asked) return; // asked again since: this answer may be the older one
  last = answer;
  heard = performance.now();
  show();
}

/** Change words only where they differ: to screen readers each change is news. */
function say(id, words) {
  const element = byId(id);
  if (element.textContent !== words) element.textContent = words;
}

function show() {
  if (!last) return;
  const { lot, ledger } = last;
  const name = lot.name || lot.id;
  const silent_s = (performance.now() - heard) / 1000;
  const stale = ledger.stale || silent_s > STALE_S;
  const { vacant } = lot.counts;
  const known = !stale && anySeen(lot.counts);
  say("name", name);
  say("count", !known ? "–" : vacant > 0 ? String(vacant) : "Full");
  byId("count").dataset.state = !known ? "stale" : vacant > 0 ? "free" : "full";
  say("word", !known ? "Count not known" : vacant === 1 ? "free spot" : vacant > 1 ? "free spots" : "");
  byId("foot").className = `board-foot${stale ? " bad" : ""}`;
  say("foot", stale ? staleWords(ledger, silent_s, vacant) : footWords(lot));
  document.title = stale ? `${name}: not up to date` : `${name}: ${known ? `${vacant} free` : "count not known"}`;
}

function staleWords({ age_ms: age }, silent_s, vacant) {
  const when = age === null ? "never" : `${duration(silent_s + age / 1000)} ago`;
  return `Not up to date: last heard ${when}, then ${vacant} free`;
}

function footWords({ counts: { total, unknown }, time_zone: timeZone }) {
  return `${clock(Date.now(), timeZone)} · ${total} spots${unknown ? ` · ${unknown} not visible` : ""}`;
}

function fail(error) {
  if (last) return show();
  say("name", error.status === 404 ? `There is no lot '${lotId}'` : "Waiting for the service");
  return say("foot", error.message);
}

/** A board that sleeps shows nothing. Not every device can; a lock ends whenever the page is hidden. */
function stayAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
}

every(ASK_S, ask, fail);
setInterval(show, 1000);
follow(lotId, null, { onchange: () => ask().catch(fail), onresync: () => ask().catch(fail) });
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
