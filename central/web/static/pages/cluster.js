// The cluster: replicas and how far each is; cameras and how they are.
import { get, getAll } from "../modules/api.js";
import { byId, h, put } from "../modules/dom.js";
import { empty, every, failure, header, pulse } from "../modules/shell.js";
import { clock, conditionWords, count, duration } from "../modules/words.js";

header("/cluster");

/** A table; names that begin with # head columns of numbers. */
function table(names, rows) {
  const heads = names.map((name) => h("th", { scope: "col", text: name.replace("#", ""), className: name
      .startsWith("#") ? "right" : "" }));
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows));
}

const cell = (content, properties = {}) => h("td", properties, content);

async function show() {
  const [cluster, cameras] = await Promise.all([get("/cluster"), getAll("/cameras", "cameras")]);
  pulse(cluster.ledger.stale ? "stale" : "live");
  put(byId("summary"), summary(cluster));
  put(byId("replicas"), replicaTable(cluster));
  const nodes = new Map(cluster.nodes.filter((node) => node.kind === "camera").map((node) => [node.id,
    node
  ]));
  put(byId("cameras"), cameras.length ? cameraTable(cameras, nodes) : empty("No camera is known yet",
    "A layout names them; apply one."));
  const processors = cluster.nodes.filter((node) => node.kind === "processor");
  put(byId("processors"), processors.length ? processorTable(processors) : empty(
    "No processor reports to the ledger", h("code", { text: "parkledger processor --ledger …" })));
}

function summary({ replicas, primary, quorum, fault, last_fail_over: failOver }) {
  const away = replicas.filter((one) => one.role === "away").length;
  const tone = !quorum || !primary ? "bad" : away ? "warn" : "good";
  const word = !quorum || !primary ?
    "No quorum: nothing can be committed until more replicas are back" :
    away ? `${count(away, "replica")} away; the others carry on` : "All replicas answer";
  return [
    h("span", { className: `badge ${tone}`, text: word }),
    h("span", { className: "quiet small", text: failOver ?
        `Last fail-over: ${failOver.before || "–"} to ${failOver.after}, noticed ${clock(failOver.noticed_at, undefined, { seconds: true })}` :
        "No fail-over since this service was started" }),
    fault ? h("span", { className: "small", role: "alert", text: fault }) : null,
  ];
}

function replicaTable({ replicas }) {
  const rows = replicas.map((one) => h("tr", {},
    cell(h("strong", { text: one.id ?? "–" })),
    cell(h("span", { className: `badge ${{ primary: "good", away: "bad" }[one.role] ?? ""}`, text: one
        .role === "away" ? "does not answer" : one.member === "learner" ? "learner" : one.role,
      title: one.fault })),
    cell(h("code", { text: one.address })),
    cell(number(one.term), { className: "right" }),
    cell(number(one.applied_index), { className: "right" }),
    cell(one.lag === null ? "–" : one.lag === 0 ? "0" : count(one.lag, "entry",
    "entries"), { className: "right" }),
    cell(one.disk_bytes === null ? "–" :
    `${(one.disk_bytes / 1e6).toFixed(1)} MB`, { className: "right" })));
  return table(["Replica", "Is", "Address", "#Term", "#Applied", "#Behind", "#Disk"], rows);
}

function number(value) {
  return value === null ? "–" : value.toLocaleString("en");
}

function cameraTable(cameras, nodes) {
  const rows = cameras.map((one) => {
    const node = nodes.get(one.id);
    return h("tr", {},
      cell(h("strong", { text: one.name || one.id })),
      cell(h("a", { href: `/lots/${encodeURIComponent(one.lot)}`, text: one.lot })),
      cell(h("span", { className: `badge ${one.condition === "ok" ? "good" : one.condition === "unheard" ? "" : "bad"}`,
        text: conditionWords(one.condition) })),
      cell(one.since ?
        `${clock(one.since)} (${duration((Date.now() - Date.parse(one.since)) / 1000)})` : "–"),
      cell(one.detail || node?.fault || "–"),
      cell(node ? number(node.frames) : "–", { className: "right" }),
      cell(node ? number(node.frames_dropped) : "–", { className: "right" }),
      cell(node?.last_frame_at ?
        `${duration((Date.now() - Date.parse(node.last_frame_at)) / 1000)} ago` :
        "–", { className: "right" }));
  });
  return table(["Camera", "Lot", "Is", "Since", "Detail", "#Frames", "#Dropped", "#Last frame"], rows);
}

function processorTable(processors) {
  const rows = processors.map((one) => h("tr", {},
    cell(h("strong", { text: one.id })),
    cell(h("span", { className: `badge ${one.alive ? "good" : "bad"}`, text: one.alive ? "alive" :
        "silent" })),
    cell(h("code", { text: one.address ?? "–" })),
    cell(number(one.frames), { className: "right" }),
    cell(number(one.frames_dropped), { className: "right" }),
    cell(`${duration(one.heard_ms_ago / 1000)} ago`, { className: "right" })));
  return table(["Processor", "Is", "Address", "#Frames", "#Dropped", "#Heard"], rows);
}

every(2, show, (error) => {
  pulse("lost");
  failure(byId("replicas"), error);
});
