// The cluster: replicas and how far each is; cameras and processors and how they are.
import { get, getAll } from "../modules/api.js";
import { byId, h, put, renew } from "../modules/dom.js";
import { empty, every, failure, header, pulse } from "../modules/shell.js";
import { table } from "../modules/table.js";
import { cameraWords, clock, count, duration } from "../modules/words.js";

const EVERY_S = 2;
const NONE = "–";

header("/cluster");

async function show() {
  const [cluster, cameras] = await Promise.all([get("/cluster"), getAll("/cameras", "cameras")]);
  pulse(cluster.ledger.stale ? "stale" : "live");
  put(byId("summary"), ...summary(cluster));
  renew(byId("replicas"), replicaTable(cluster.replicas));
  const nodes = new Map(cluster.nodes.filter(({ kind }) => kind === "camera").map((node) => [node.id, node]));
  renew(byId("cameras"), cameras.length
    ? cameraTable(cameras, nodes)
    : empty("No camera is known yet", "A layout names them; apply one."));
  const processors = cluster.nodes.filter(({ kind }) => kind === "processor");
  renew(byId("processors"), processors.length
    ? processorTable(processors)
    : empty("No processor reports to the ledger", h("code", { text: "parkledger processor --ledger …" })));
}

function summary({ replicas, primary, quorum, fault, last_fail_over: failOver }) {
  const away = replicas.filter((one) => one.role === "away" && one.member !== "none").length;
  const whole = quorum && primary;
  const word = !whole
    ? "No quorum: nothing can be committed until more replicas are back"
    : away ? `${count(away, "replica")} away; the others carry on` : "All replicas answer";
  const noticed = failOver ? clock(failOver.noticed_at, undefined, { seconds: true }) : "";
  const words = failOver
    ? `Last fail-over: ${failOver.before || NONE} to ${failOver.after}, noticed ${noticed}`
    : "No fail-over since this service was started";
  return [
    badge(word, !whole ? "bad" : away ? "warn" : "good"),
    h("span", { className: "quiet small", text: words }),
    fault ? h("span", { className: "small", role: "alert", text: fault }) : null,
  ];
}

function badge(text, tone = "", title = "") {
  return h("span", { className: `badge ${tone}`, text, title });
}

function number(value) {
  return value === null || value === undefined ? NONE : value.toLocaleString("en");
}

function ago(instant) {
  return `${duration((Date.now() - Date.parse(instant)) / 1000)} ago`;
}

function replicaBadge({ role, member, fault }) {
  if (role !== "away") return badge(member === "learner" ? "learner" : role, role === "primary" ? "good" : "");
  if (member === "none") return badge("no member's address", "", `${fault}; it was removed, say: --ledger need not name it`);
  return badge("does not answer", "bad", fault);
}

function replicaTable(replicas) {
  const rows = replicas.map((one) => {
    return [
      h("strong", { text: one.id ?? NONE }),
      replicaBadge(one),
      h("code", { text: one.address }),
      number(one.term),
      number(one.applied_index),
      one.lag === null ? NONE : one.lag === 0 ? "0" : count(one.lag, "entry", "entries"),
      one.disk_bytes === null ? NONE : `${(one.disk_bytes / 1e6).toFixed(1)} MB`,
    ];
  });
  return table(["Replica", "Is", "Address", "#Term", "#Applied", "#Behind", "#Disk"], rows);
}

function cameraTable(cameras, nodes) {
  const rows = cameras.map((one) => {
    const node = nodes.get(one.id);
    return [
      h("strong", { text: one.name || one.id }),
      h("a", { href: `/lots/${encodeURIComponent(one.lot)}`, text: one.lot }),
      badge(...cameraWords(one.condition)),
      one.since ? `${clock(one.since)} (${duration((Date.now() - Date.parse(one.since)) / 1000)})` : NONE,
      h("span", { className: one.detail || node?.fault ? "long" : "", text: one.detail || node?.fault || NONE }),
      number(node?.frames),
      number(node?.frames_dropped),
      one.late_ms === null ? NONE : `${Math.round(one.late_ms).toLocaleString("en")} ms`,
      node?.last_frame_at ? ago(node.last_frame_at) : NONE,
    ];
  });
  return table(["Camera", "Lot", "Is", "Since", "Detail", "#Frames", "#Dropped", "#Capture to commit", "#Last frame"],
    rows);
}

function processorTable(processors) {
  const rows = processors.map((one) => [
    h("strong", { text: one.id }),
    badge(one.alive ? "alive" : "silent", one.alive ? "good" : "bad"),
    h("code", { text: one.address ?? NONE }),
    number(one.frames),
    number(one.frames_dropped),
    `${duration(one.heard_ms_ago / 1000)} ago`,
  ]);
  return table(["Processor", "Is", "Address", "#Frames", "#Dropped", "#Heard"], rows);
}

every(EVERY_S, show, (error) => {
  pulse("lost");
  failure(byId("replicas"), error);
});
