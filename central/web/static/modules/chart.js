// Small charts in SVG. Times are in milliseconds since 1970.
import { h, s } from "./dom.js";
import { midnight } from "./lot_state.js";

const MINUTE = 60_000;
const STEPS = [1, 5, 15, 30, 60, 120, 180, 360, 720]; // minutes between marks

/** A step line of free spots: points are [time, free], each holding until the next.
 *
 * options: from, to (ms), until (ms: where what is known ends), total, timeZone, label; now (ms) draws a
 * line there; width and height are in pixels; without axis it is only the line.
 */
export function freeChart(points, options) {
  const { from, to, until = to, total, timeZone, now = null, axis = true, label } = options;
  const { width = 640, height = 150 } = options;
  const pad = axis ? { left: 34, right: 8, top: 8, bottom: 22 } : { left: 0, right: 0, top: 3, bottom: 2 };
  const x = (t) => pad.left + ((t - from) / Math.max(1, to - from)) * (width - pad.left - pad.right);
  const y = (v) => height - pad.bottom - (v / Math.max(1, total)) * (height - pad.top - pad.bottom);
  const shown = points.filter(([t]) => t <= to);
  const words = label ?? "free spots over time";
  const svg = s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words });
  if (axis) svg.append(...grid({ x, y, from, to, total, timeZone, width, height, pad }));
  const parts = runs(shown, until).map((run) => {
    const step = ([t, v], i) => {
      const [left, up] = [x(Math.max(t, from)).toFixed(1), y(v).toFixed(1)];
      return i ? `H${left}V${up}` : `M${left} ${up}`;
    };
    const line = run.map(step).join("");
    const start = x(Math.max(run[0][0], from)).toFixed(1);
    const end = x(run[run.length - 1][0]).toFixed(1);
    return [
      s("path", { d: `${line}V${y(0)}H${start}Z`, fill: "var(--vacant-soft)", "data-end": end }),
      s("path", { d: line, class: "trace" }),
    ];
  });
  svg.append(...parts.flat());
  if (now !== null && now >= from && now <= to) {
    svg.append(s("line", { class: "now", x1: x(now), x2: x(now), y1: pad.top, y2: height - pad.bottom }));
  }
  return svg;
}

/** Cut a line where nothing is known (null), and hold each value until the next. */
function runs(points, to) {
  const out = [];
  let run = [];
  points.forEach(([t, v], i) => {
    const until = Math.min(to, points[i + 1]?.[0] ?? to);
    if (v === null) {
      if (run.length) out.push(run);
      run = [];
      return;
    }
    run.push([t, v], [until, v]);
  });
  if (run.length) out.push(run);
  return out;
}

function grid({ x, y, from, to, total, timeZone, width, height, pad }) {
  const marks = [];
  for (const value of [...new Set([0, Math.round(total / 2), total])]) {
    const [y1, y2] = [y(value), y(value)];
    marks.push(s("line", { class: "grid", x1: pad.left, x2: width - pad.right, y1, y2 }));
    marks.push(s("text", { x: pad.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  }
  const minutes = (to - from) / MINUTE;
  const most = Math.max(2, Math.floor((width - pad.left) / 64)); // words need that much room each
  const step = MINUTE * (STEPS.find((one) => minutes / one <= most) ?? 1440);
  const begin = midnight(from, timeZone); // round hours are those of the lot's clocks, not of UTC
  for (let t = begin + Math.ceil((from - begin) / step) * step; t < to; t += step) {
    if (x(t) <= pad.left + 12 || x(t) >= width - 16) continue;
    const words = new Date(t).toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    marks.push(s("text", { x: x(t), y: height - 5, "text-anchor": "middle" }, words));
  }
  return marks;
}

/** How a lot's spots are shared out, as one bar with words for those who cannot see it. */
export function shareBar({ vacant, occupied, unknown }) {
  const total = vacant + occupied + unknown;
  const part = (name, n) => h("i", { className: name, style: `width:${(100 * n) / Math.max(1, total)}%` });
  const label = `${vacant} vacant, ${occupied} occupied, ${unknown} unknown of ${total}`;
  return h("div", { className: "share", role: "img", "aria-label": label },
    part("vacant", vacant), part("occupied", occupied), part("unknown", unknown));
}

/** One spot's day as a strip of occupied, vacant and unknown: changes are [time, occupancy]. */
export function spotStrip(changes, { from, to, label }) {
  const width = 640;
  const x = (t) => ((Math.min(to, Math.max(from, t)) - from) / Math.max(1, to - from)) * width;
  const svg = s("svg", {
    class: "chart", viewBox: `0 0 ${width} 26`, preserveAspectRatio: "none",
    role: "img", "aria-label": label ?? "the spot's day",
  });
  svg.append(s("rect", { x: 0, y: 0, width, height: 26, fill: "var(--vacant-soft)" }));
  changes.forEach(([t, occupancy], i) => {
    const end = changes[i + 1]?.[0] ?? to;
    if (occupancy === "vacant" || end <= from) return;
    svg.append(s("rect", { class: occupancy, x: x(t), y: 0, width: Math.max(1, x(end) - x(t)), height: 26 }));
  });
  return svg;
}
