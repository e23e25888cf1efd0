// The audit: people look at random crops; the ledger's error rate follows, with its interval.
import { get, lotPath, send } from "../modules/api.js";
import { byId, h, put } from "../modules/dom.js";
import { empty, failure, header, pulse } from "../modules/shell.js";
import { clock, count, percent } from "../modules/words.js";

const SAMPLES = 10;
const ANSWERS = [
  ["occupied", "Car"],
  ["vacant", "Empty"],
  ["cannot tell", "Can't tell"]
];
const main = byId("content");
let token = sessionStorage.getItem("parkledger-token") ?? "";

header("/audit");

async function begin() {
  const { lots, ledger } = await get("/lots");
  pulse(ledger.stale ? "stale" : "live");
  if (!lots.length) return put(main, heading(), empty("No lot is known yet", "Apply a layout first."));
  const lot = h("select", { id: "lot" }, ...lots.map((one) => h("option", { value: one.id, text: one
      .name })));
  const field = h("input", { type: "password", id: "token", value: token, autocomplete: "off" });
  const draw = h("button", { type: "submit", className: "main", text: `Draw ${SAMPLES} samples` });
  const crops = h("div", { className: "crops", id: "crops" });
  const status = h("p", { role: "status", className: "small", style: "min-height:1.5em;margin:0" });
  const form = h("form", {
      className: "card row",
      style: "align-items:end",
      onsubmit: (event) => {
        event.preventDefault();
        token = field.value;
        sessionStorage.setItem("parkledger-token", token);
        sample(lot.value, crops, status).catch((error) => (status.textContent = error.message));
      }
    },
    h("div", { className: "field" }, h("label", { htmlFor: "lot", text: "Lot" }), lot), h(
    "div", { className: "field" }, h("label", { htmlFor: "token",
      text: "Token that allows labelling" }), field), draw);
  const figures = h("section", { className: "card", "aria-labelledby": "figures-title" }, h(
  "h2", { id: "figures-title", text: "Error rate by camera" }), h("div", { id: "figures" }));
  put(main, heading(), h("div", { className: "stack" }, form, status, crops, figures));
  await tally();
  return undefined;
}

function heading() {
  return h("div", { className: "page-head" }, h("h1", { text: "Audit" }), h("p", { className: "quiet",
    style: "margin:0",
    text: "Say what you see on random spots. What the ledger said shows once you have answered." }));
}

async function sample(lotId, crops, status) {
  status.textContent = "Drawing samples from the cameras' latest pictures …";
  const { samples } = await send("POST", lotPath(lotId, "/audit/samples"), { count: SAMPLES }, { token });
  status.textContent = samples.length ?
    `${count(samples.length, "sample")}: is a vehicle on the outlined spot?` :
    "No camera of this lot gives pictures: it is private, away, or its processor keeps none.";
  put(crops, ...samples.map((one) => card(one, status)));
  crops.querySelector("button")?.focus();
}

function card(one, status) {
  const verdict = h("p", { className: "small", role: "status", style: "margin:.4rem 0 0;min-height:1.5em",
    text: `${one.spot}, ${clock(one.captured_at)}` });
  const buttons = ANSWERS.map(([seen, name]) => h("button", { type: "button", text: name, "data-seen": seen,
    onclick: () => label(one, seen, { buttons, verdict, status }) }));
  return h("div", { className: "card crop", "data-sample": one.id }, h("img", { src: one.image,
    alt: `Spot ${one.spot} of camera ${one.camera}`, width: 224, height: 224 }), h(
  "div", { className: "row", style: "gap:.3rem" }, ...buttons), verdict);
}

async function label(one, seen, { buttons, verdict, status }) {
  for (const button of buttons) button.disabled = true;
  try {
    const { said } = await send("POST",
    `/audit/samples/${encodeURIComponent(one.id)}/label`, { seen }, { token });
    buttons.find((button) => button.dataset.seen === seen).setAttribute("aria-pressed", "true");
    const agree = said === seen ? "agrees" : seen === "cannot tell" || said === "unknown" ? "" :
    "differs";
    verdict.replaceChildren(`The ledger said ${said}. `, agree ? h(
    "span", { className: `badge ${agree === "agrees" ? "good" : "bad"}`, text: agree }) : "");
    await tally();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    status.textContent = error.message;
  }
}

async function tally() {
  const { cameras } = await get("/audit");
  const rows = cameras.map((one) => h("tr", {}, h("td", {}, h("strong", { text: one.camera })), h(
    "td", { className: "right", text: one.labelled }), h("td", { className: "right", text: one
        .wrong }),
    h("td", { className: "right", text: percent(one.error_rate) }), h("td", { className: "right",
      text: `${percent(one.interval[0])} to ${percent(one.interval[1])}` }), h(
    "td", { className: "right", text: one.unknown })));
  const heads = ["Camera", "Labelled", "Wrong", "Error rate", "95 % interval", "Ledger unknown"].map((
    name, i) => h("th", { scope: "col", className: i ? "right" : "", text: name }));
  put(byId("figures"), rows.length ? h("div", { className: "scroll", tabindex: 0,
  role: "region", "aria-label": "Error rate by camera" }, h("table", {}, h("thead", {}, h("tr", {},
    ...heads)), h("tbody", {}, ...rows))) : h("p", { className: "quiet", style: "margin:0",
    text: "Nothing is labelled yet." }));
}

begin().catch((error) => failure(main, error));
