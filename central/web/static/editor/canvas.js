// The drawing surface: a camera's picture with regions that mouse, touch and keys can change.
// It owns no regions: it shows a Drawing and tells what the user did.
import { h, s } from "../modules/dom.js";
import { clamp, middle, snap, splitRow } from "../modules/geometry.js";
import { hatch, nameSize } from "../modules/picture.js";

const HOW =
  "Regions on the camera's picture. Arrow keys move, Enter places a corner, Delete removes, Escape lets go.";
const HIGH = 1000;
const REACH = 0.018; // of the picture's height: within it corners snap together

export class Canvas {
  #aspect = 16 / 9;
  #draft = [];
  #cursor = null;
  #drag = null;
  #scores = new Map();

  /** handlers: onselect(spots), onreshape(spot, corners, {final}), onquad(corners), onproposal(corners),
   * onremove(). */
  constructor(handlers) {
    this.handlers = handlers;
    this.mode = "select";
    this.snapping = true;
    this.selected = new Set();
    this.proposals = [];
    this.parts = 1; // spots that a drafted row is shown split into
    this.image = h("img", { alt: "", hidden: true });
    this.svg = s("svg", {
      class: "over canvas selecting", tabindex: 0,
      role: "application", "aria-roledescription": "drawing surface", "aria-label": HOW,
    });
    this.tag = h("span", { className: "tag", text: "no picture: regions are drawn on an empty plan" });
    this.element = h("div", { className: "picture" }, this.image, this.svg, this.tag);
    this.element.style.aspectRatio = String(this.#aspect);
    this.image.addEventListener("load", () => {
      this.#aspect = this.image.naturalWidth / this.image.naturalHeight;
      this.element.style.aspectRatio = String(this.#aspect);
      this.draw();
    });
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("pointermove", (event) => this.#move(event));
    this.svg.addEventListener("pointerup", (event) => this.#up(event));
    this.svg.addEventListener("pointercancel", () => {
      this.#drag = null;
      this.draw(); // as it was before the drag
    });
    this.svg.addEventListener("keydown", (event) => this.#key(event));
  }

  show(drawing) {
    this.drawing = drawing;
    for (const spot of [...this.selected])
      if (!drawing.find(spot)) this.selected.delete(spot);
    this.draw();
  }

  picture(url, words) {
    this.image.hidden = url === null;
    if (url !== null) this.image.src = url;
    this.tag.textContent = words;
  }

  /** Colour regions by the classifier's answer: spot id to probability of occupied. */
  score(scores) {
    this.#scores = scores;
    this.draw();
  }

  setMode(mode) {
    this.mode = mode;
    this.#draft = [];
    this.#cursor = mode === "select" ? null : [0.5, 0.5];
    this.svg.classList.toggle("selecting", mode === "select");
    this.draw();
  }

  get drafting() {
    return this.#draft.length;
  }

  /** Let go of the last corner of what is being drawn. */
  back() {
    this.#draft.pop();
    this.draw();
  }

  draw() {
    const width = HIGH * this.#aspect;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HIGH}`);
    const focused = this.svg.contains(document.activeElement) ? document.activeElement : null;
    this.svg.replaceChildren(hatch(),
      ...this.drawing.regions.flatMap((region) => this.#region(region)),
      ...this.proposals.map((corners, i) => this.#proposal(corners, i)),
      ...this.#handles(),
      ...this.#draftShapes());
    if (focused && focused !== this.svg) this.#refocus(focused.dataset);
  }

  /** Put the focus where it was: on that handle, or on the proposal that took the place of that one. */
  #refocus({ handle, proposal }) {
    const last = this.proposals.length - 1;
    const query = handle !== undefined
      ? `[data-handle="${CSS.escape(handle)}"]`
      : `[data-proposal="${Math.min(Number(proposal), last)}"]`;
    (this.svg.querySelector(query) ?? this.svg).focus();
  }

  #proposal(corners, i) {
    return s("polygon", {
      class: "proposal", points: this.#points(corners), tabindex: 0, role: "button",
      "aria-label": `proposed region ${i + 1}: take it`, "data-proposal": i,
    });
  }

  #points(corners) {
    return corners.map(([x, y]) => `${(x * HIGH * this.#aspect).toFixed(1)},${(y * HIGH).toFixed(1)}`).join(" ");
  }

  #region({ spot, corners }) {
    const score = this.#scores.get(spot);
    const state = score >= 0.6 ? "occupied" : score <= 0.4 ? "vacant" : "unknown";
    const chosen = this.selected.has(spot) ? " chosen" : "";
    const [x, y] = middle(corners);
    const words = score === undefined ? spot : `${spot} ${Math.round(100 * score)} %`;
    const size = nameSize(words, corners.map(([u, v]) => [u * HIGH * this.#aspect, v * HIGH]));
    const place = { x: x * HIGH * this.#aspect, y: y * HIGH, style: `font-size:${size}px` };
    const name = s("text", { class: "region-name", ...place }, words);
    const shape = s("polygon", { class: `region ${state}${chosen}`, points: this.#points(corners), "data-spot": spot });
    return size ? [shape, name] : [shape];
  }

  #handles() {
    if (this.selected.size !== 1 || this.mode !== "select") return [];
    const [spot] = this.selected;
    const region = this.drawing.find(spot);
    if (!region) return [];
    return region.corners.map((point, i) => this.#dot(point, {
      r: 11, tabindex: 0, role: "button",
      "aria-label": `corner ${i + 1} of ${spot}`, "data-handle": `${spot}/${i}`, "data-corner": i,
    }));
  }

  #dot([x, y], properties) {
    return s("circle", { class: "handle", cx: x * HIGH * this.#aspect, cy: y * HIGH, ...properties });
  }

  #draftShapes() {
    const shapes = [];
    const open = this.#cursor && this.#draft.length < 4 ? [...this.#draft, this.#cursor] : this.#draft;
    const drawn = (tag, corners) => s(tag, { class: "draft", points: this.#points(corners) });
    if (open.length > 1) shapes.push(drawn(open.length < 3 ? "polyline" : "polygon", open));
    if (open.length === 4 && this.mode === "row" && this.parts > 1) {
      try {
        shapes.push(...splitRow(open, this.parts).map((part) => drawn("polygon", part)));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error; // corners on one line: nothing to split yet
      }
    }
    return [...shapes, ...open.map((point) => this.#dot(point, { r: 9 }))];
  }

  #at(event) {
    const box = this.svg.getBoundingClientRect();
    return clamp([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  #snapped(point, except = null) {
    if (!this.snapping) return point;
    const others = this.drawing.regions.filter(({ spot }) => spot !== except).flatMap(({ corners }) => corners);
    return snap(point, [...others, ...this.#draft], { reach: REACH, aspect: this.#aspect });
  }

  #down(event) {
    if (event.button !== 0) return;
    const point = this.#at(event);
    if (this.mode !== "select") {
      this.#place(this.#snapped(point));
      return;
    }
    const { corner, proposal } = event.target.dataset;
    if (proposal !== undefined) {
      this.handlers.onproposal(this.proposals[Number(proposal)]);
      return;
    }
    const spot = corner !== undefined ? [...this.selected][0] : event.target.dataset?.spot;
    if (spot && corner === undefined) this.#pick(spot, event.shiftKey);
    else if (!spot) this.#pick(null, false);
    if (spot && this.selected.has(spot)) {
      const { corners } = this.drawing.find(spot);
      this.#drag = { spot, corner: corner === undefined ? null : Number(corner), from: point, corners, moved: false };
      this.svg.setPointerCapture(event.pointerId);
    }
  }

  #move(event) {
    const point = this.#at(event);
    if (this.mode !== "select") {
      this.#cursor = this.#snapped(point);
      this.draw();
    } else if (this.#drag) {
      const [x, y] = this.#drag.from;
      this.#drag.moved ||= Math.hypot(point[0] - x, point[1] - y) > 0.004;
      if (this.#drag.moved) this.#preview(this.#dragged(point));
    }
  }

  #up(event) {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.moved) {
      this.#drag = drag;
      const corners = this.#dragged(this.#at(event));
      this.#drag = null;
      this.handlers.onreshape(drag.spot, corners);
    }
  }

  #dragged(point) {
    const { spot, corner, from, corners } = this.#drag;
    if (corner !== null) return corners.map((one, i) => (i === corner ? this.#snapped(point, spot) : one));
    return shifted(corners, point[0] - from[0], point[1] - from[1]);
  }

  #preview(corners) {
    const shape = this.svg.querySelector(`polygon[data-spot="${CSS.escape(this.#drag.spot)}"]`);
    shape?.setAttribute("points", this.#points(corners));
    this.svg.querySelectorAll("circle[data-corner]").forEach((circle, i) => {
      circle.setAttribute("cx", corners[i][0] * HIGH * this.#aspect);
      circle.setAttribute("cy", corners[i][1] * HIGH);
    });
  }

  #pick(spot, more) {
    if (!more) this.selected.clear();
    if (spot) this.selected.add(spot);
    this.handlers.onselect(this.selected);
    this.draw();
  }

  #place(point) {
    this.#draft.push(point);
    if (this.#draft.length === 4) {
      const corners = this.#draft;
      this.#draft = [];
      this.handlers.onquad(corners);
    }
    this.draw();
  }

  #key(event) {
    const step = (event.shiftKey ? 0.01 : 0.001) * (this.mode === "select" ? 1 : 5);
    const down = step * this.#aspect;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -down], ArrowDown: [0, down] };
    const { proposal } = event.target.dataset;
    if (moves[event.key]) {
      event.preventDefault();
      this.#nudge(...moves[event.key], event.target.dataset?.corner);
    } else if ((event.key === "Enter" || event.key === " ") && proposal !== undefined) {
      event.preventDefault();
      this.handlers.onproposal(this.proposals[Number(proposal)]);
    } else if (event.key === "Enter" && this.mode !== "select") {
      event.preventDefault();
      this.#place(this.#snapped(this.#cursor));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      if (this.mode === "select") this.handlers.onremove();
      else this.back();
    } else if (event.key === "Escape") {
      if (this.#draft.length) this.setMode(this.mode);
      else this.#pick(null, false);
    }
  }

  #nudge(dx, dy, corner) {
    if (this.mode !== "select") {
      this.#cursor = clamp([this.#cursor[0] + dx, this.#cursor[1] + dy]);
      this.draw();
      return;
    }
    for (const spot of this.selected) {
      const { corners } = this.drawing.find(spot);
      const pulled = (one, i) => (i === Number(corner) ? clamp([one[0] + dx, one[1] + dy]) : one);
      this.handlers.onreshape(spot, corner === undefined ? shifted(corners, dx, dy) : corners.map(pulled));
    }
  }
}

/** Corners moved as one, held inside the picture without changing their shape. */
function shifted(corners, dx, dy) {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const x = Math.max(-Math.min(...xs), Math.min(1 - Math.max(...xs), dx));
  const y = Math.max(-Math.min(...ys), Math.min(1 - Math.max(...ys), dy));
  return corners.map(([a, b]) => [a + x, b + y]);
}
