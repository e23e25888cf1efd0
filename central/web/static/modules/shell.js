// What every page has: the header, and the word on whether it is live.
import { h, put, s } from "./dom.js";

const PAGES = [["/", "Lots"], ["/cluster", "Cluster"], ["/audit", "Audit"]];
const WORDS = {
  live: "live",
  lost: "no connection: what is shown may be old",
  stale: "the ledger does not answer: what is shown is old",
  past: "a past instant",
};

/** Fill the header; `here` is the path of the page's own link. */
export function header(here) {
  const mark = s("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    s("rect", { width: 32, height: 32, rx: 7, fill: "var(--accent)" }),
    s("path", { d: "M11 24V8h6.5a5 5 0 0 1 0 10H11", fill: "none", stroke: "var(--on-accent)", "stroke-width": 3.4 }));
  const links = PAGES.map(([path, name]) =>
    h("a", { href: path, text: name, "aria-current": path === here ? "page" : null }));
  const bar = document.querySelector("header.top");
  put(bar, h("div", {},
    h("a", { className: "brand", href: "/" }, mark, "Parkledger"),
    h("nav", { className: "top", "aria-label": "Pages" }, ...links),
    h("span", { className: "pulse", id: "pulse", role: "status", text: "connecting" })));
  document.body.prepend(h("a", { className: "skip", href: "#main", text: "Skip to the content" }));
}

/** Say in the header whether what is shown is live. */
export function pulse(state) {
  const word = WORDS[state];
  const place = document.getElementById("pulse");
  if (place.textContent === word) return; // said once, not again and again to screen readers
  place.dataset.state = state === "stale" ? "lost" : state;
  place.textContent = word;
}

/** Show an error where the content would be. */
export function failure(place, error) {
  const title = h("strong", { text: "This could not be shown. " });
  put(place, h("div", { className: "notice bad", role: "alert" }, title, error.message));
}

/** Show why the page of a lot cannot begin: mostly there is no such lot. */
export function noLot(place, lotId, error) {
  if (error.status !== 404) return failure(place, error);
  document.getElementById("pulse").remove(); // nothing here is live, or will be
  const others = h("a", { href: "/", text: "See the list of lots" });
  return put(place, h("div", { className: "notice bad", role: "alert" }, `There is no lot '${lotId}'. `, others, "."));
}

/** An empty state: what is missing and what to do about it. */
export function empty(title, ...words) {
  return h("div", { className: "card empty" }, h("strong", { text: title }), ...words);
}

/** Call `work` now and then every `seconds` while the page is seen; errors go to `onerror`.
 *
 * One call at a time: answers that take longer than `seconds` neither pile up nor overtake each other.
 */
export function every(seconds, work, onerror) {
  let busy = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      onerror(error);
    } finally {
      busy = false;
    }
  };
  const ifSeen = () => document.hidden || run();
  run();
  setInterval(ifSeen, seconds * 1000);
  document.addEventListener("visibilitychange", ifSeen);
}
