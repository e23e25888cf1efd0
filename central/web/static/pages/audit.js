// The audit: people look at random crops; the ledger's error rate follows, with its interval.
import { get, lotPath, send } from "../modules/api.js";
import { byId, h, put } from "../modules/dom.js";
import { empty, failure, header, pulse } from "../modules/shell.js";
import { table } from "../modules/table.js";
import { clock, count, percent } from "../modules/words.js";
import { storedToken, tokenField } from "../editor/token.js";

const SAMPLES = 10;
const ANSWERS = [["occupied", "Car"], ["vacant", "Empty"], ["cannot tell", "Can't tell"]];
const NO_PICTURES = "No camera of this lot gives pictures: it is private, away, or its processor keeps none.";
const main = byId("content");
let asked = 0;

header("/audit");

async function begin() {
  const { lots, ledger } = await get("/lots");
  pulse(ledger.stale ? "stale" : "live");
  if (!lots.length) {
    put(main, heading(), empty("No lot is known yet", "Apply a layout first."));
    return;
  }
  const options = lots.map((one) => h("option", { value: one.id, text: one.name || one.id }));
  const lot = h("select", { id: "lot" }, ...options);
  const token = tokenField("Token that allows labelling");
  const crops = h("div", { className: "crops", id: "crops" });
  const status = h("p", { role: "status", className: "small", style: "min-height:1.5em;margin:0" });
  const draw = (event) => {
    event.preventDefault();
    token.keep();
    sample(lot.value, crops, status).catch((error) => (status.textContent = error.message));
  };
  put(main, heading(), h("div", { className: "stack" },
    h("form", { className: "card row", style: "align-items:end", onsubmit: draw },
      h("div", { className: "field" }, h("label", { htmlFor: "lot", text: "Lot" }), lot),
      token.element,
      h("button", { type: "submit", className: "main", text: `Draw ${SAMPLES} samples` })),
    status,
    crops,
    h("section", { className: "card", "aria-labelledby": "figures-title" },
      h("h2", { id: "figures-title", text: "Error rate by camera" }), h("div", { id: "figures" }))));
  await tally();
}

function heading() {
  const words = "Say what you see on random spots. What the ledger said shows once you have answered.";
  return h("div", { className: "page-head" },
    h("h1", { text: "Audit" }), h("p", { className: "quiet", style: "margin:0", text: words }));
}

async function sample(lotId, crops, status) {
  status.textContent = "Drawing samples from the cameras' latest pictures …";
  const path = lotPath(lotId, "/audit/samples");
  const { samples } = await send("POST", path, { count: SAMPLES }, { token: storedToken() });
  const question = `${count(samples.length, "sample")}: is a vehicle on the outlined spot?`;
  status.textContent = samples.length ? question : NO_PICTURES;
  put(crops, ...samples.map((one) => card(one, status)));
  crops.querySelector("button")?.focus();
}

function card(one, status) {
  const style = "margin:.4rem 0 0;min-height:1.5em";
  const words = `${one.spot}, ${clock(one.captured_at)}`;
  const verdict = h("p", { className: "small", role: "status", style, text: words });
  const buttons = ANSWERS.map(([seen, name]) => h("button", {
    type: "button", text: name, "data-seen": seen,
    onclick: () => label(one, seen, { buttons, verdict, status }),
  }));
  return h("div", { className: "card crop", "data-sample": one.id },
    h("img", { src: one.image, alt: `Spot ${one.spot} of camera ${one.camera}`, width: 224, height: 224 }),
    h("div", { className: "row", style: "gap:.3rem" }, ...buttons),
    verdict);
}

async function label(one, seen, { buttons, verdict, status }) {
  for (const button of buttons) button.disabled = true;
  try {
    const path = `/audit/samples/${encodeURIComponent(one.id)}/label`;
    const { said } = await send("POST", path, { seen }, { token: storedToken() });
    buttons.find((button) => button.dataset.seen === seen).setAttribute("aria-pressed", "true");
    verdict.replaceChildren(`The ledger said ${said}. `, ...badge(said, seen));
    if (buttons.includes(document.activeElement) || document.activeElement === document.body) next();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    status.textContent = error.message;
    return;
  }
  await tally().catch((error) => (status.textContent = `Labelled; the figures could not be read: ${error.message}`));
}

/** Go on to the first sample that is not labelled: the buttons that were pressed take no focus any more. */
function next() {
  byId("crops").querySelector("button:not(:disabled)")?.focus();
}

function badge(said, seen) {
  if (said === "unknown" || seen === "cannot tell") return [];
  const agrees = said === seen;
  return [h("span", { className: `badge ${agrees ? "good" : "bad"}`, text: agrees ? "agrees" : "differs" })];
}

async function tally() {
  asked += 1;
  const turn = asked;
  const { cameras } = await get("/audit");
  if (turn !== asked) return; // labelled again since: this answer may be the older one
  if (!cameras.length) {
    put(byId("figures"), h("p", { className: "quiet", style: "margin:0", text: "Nothing is labelled yet." }));
    return;
  }
  const rows = cameras.map((one) => [
    h("strong", { text: one.camera }), one.labelled, one.wrong, percent(one.error_rate),
    `${percent(one.interval[0])} to ${percent(one.interval[1])}`, one.unknown,
  ]);
  const names = ["Camera", "#Labelled", "#Wrong", "#Error rate", "#95 % interval", "#Ledger unknown"];
  const scroll = { className: "scroll", tabindex: 0, role: "region", "aria-label": "Error rate by camera" };
  put(byId("figures"), h("div", scroll, table(names, rows)));
}

begin().catch((error) => failure(main, error));
