// The board at an entrance: one count, readable at ten metres, that says when it is stale.
import { follow, get, lotPath } from "../modules/api.js";
import { byId } from "../modules/dom.js";
import { clock, duration } from "../modules/words.js";

const ASK_S = 5;
const STALE_S = 30; // without a word from the service for so long, the count is nobody's present
const lotId = decodeURIComponent(location.pathname.split("/")[2]);
let heard = null; // performance.now() of the last answer
let last = null;

async function ask() {
  last = await get(lotPath(lotId));
  heard = performance.now();
  show();
}

function show() {
  if (!last) return;
  const { lot, ledger } = last;
  const silent_s = (performance.now() - heard) / 1000;
  const stale = ledger.stale || silent_s > STALE_S;
  const { vacant, unknown, total } = lot.counts;
  const blind = total > 0 && unknown === total;
  byId("name").textContent = lot.name;
  const number = byId("count");
  number.textContent = stale || blind ? "–" : vacant > 0 ? String(vacant) : "Full";
  number.dataset.state = stale || blind ? "stale" : vacant > 0 ? "free" : "full";
  byId("word").textContent = stale || blind ? "Count not known" : vacant === 1 ? "free spot" : vacant > 0 ?
    "free spots" : "";
  const foot = byId("foot");
  foot.className = `board-foot${stale ? " bad" : ""}`;
  const age = silent_s + (ledger.age_ms ?? 0) / 1000;
  foot.textContent = stale ?
    `Not up to date: last heard ${ledger.age_ms === null ? "never" : `${duration(age)} ago`}, then ${vacant} free` :
    `${clock(Date.now(), lot.time_zone)} · ${total} spots${unknown ? ` · ${unknown} not visible` : ""}`;
  document.title = stale ? `${lot.name}: not up to date` : `${lot.name}: ${vacant} free`;
}

function fail(error) {
  if (last) show();
  else {
    byId("name").textContent = error.status === 404 ? `There is no lot '${lotId}'` :
      "Waiting for the service";
    byId("foot").textContent = error.message;
  }
}

ask().catch(fail);
setInterval(() => ask().catch(fail), ASK_S * 1000);
setInterval(show, 1000);
follow(lotId, null, { onchange: () => ask().catch(fail), onresync: () => ask().catch(fail) });
navigator.wakeLock?.request("screen").catch(
() => {}); // a board that sleeps shows nothing; not every device can
