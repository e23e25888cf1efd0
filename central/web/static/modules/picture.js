// A camera's picture, or a drawn plan where there is none, with its regions over it.
import { h, s } from "./dom.js";
import { middle } from "./geometry.js";
import { Roving } from "./roving.js";

const MANY = 120; // regions: more are drawn with finer lines
const HIGH = 1000; // height of the overlay's own units; its width follows the picture's shape

/** Regions over a picture, one tab stop in all. `onpick(spotId)` is called on click, Enter or Space. */
export class RegionPicture {
  #regions = new Map();
  #chosen = null;
  #aspect = 16 / 9;
  #last = new Map();

  constructor({ cameraId, name, regions, onpick }) {
    this.cameraId = cameraId;
    this.onpick = onpick;
    this.regions = regions;
    this.image = h("img", { alt: `Picture of camera ${name}`, hidden: true });
    const label = `Spots that camera ${name} sees: arrow keys go from one to the next`;
    this.over = s("svg", { class: "over", role: "group", "aria-label": label });
    this.tag = h("span", { className: "tag", text: "drawn plan: no picture of this camera" });
    this.element = h("figure", { className: "picture", style: "margin:0" }, this.image, this.over, this.tag);
    this.image.addEventListener("load", () => {
      const aspect = this.image.naturalWidth / this.image.naturalHeight;
      // A new picture comes every few seconds: regions made anew would lose focus and clicks.
      if (Math.abs(aspect - this.#aspect) > 1e-6) this.shape(aspect);
    });
    this.roving = new Roving(this.over, () => [...this.#regions.values()]);
    this.shape(this.#aspect);
  }

  /** Draw for a picture of that width over height. */
  shape(aspect) {
    this.#aspect = aspect;
    this.element.style.aspectRatio = String(aspect);
    const width = HIGH * aspect;
    this.over.setAttribute("viewBox", `0 0 ${width} ${HIGH}`);
    this.over.replaceChildren(hatch());
    this.over.classList.toggle("many", this.regions.length > MANY);
    this.#regions.clear();
    const names = [];
    for (const { spot, polygon } of this.regions) {
      const points = polygon.map(([x, y]) => [x * width, y * HIGH]);
      const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      const shape = s("polygon", { class: "region", points: path, role: "button", "data-spot": spot });
      shape.addEventListener("click", () => this.onpick?.(spot));
      shape.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          this.onpick?.(spot);
        }
      });
      const [x, y] = middle(points);
      this.over.append(shape);
      const size = nameSize(spot, points);
      const style = `font-size:${size}px`;
      if (size) names.push(s("text", { class: "region-name", x, y, style, "aria-hidden": "true" }, spot));
      this.#regions.set(spot, shape);
    }
    this.over.append(...names); // above all regions: a neighbour would cover them
    this.roving.stop();
    this.show(this.#last);
    this.choose(this.#chosen);
  }

  /** Colour the regions: `spots` maps spot id to {occupancy, confidence}. */
  show(spots) {
    this.#last = spots;
    for (const [spot, shape] of this.#regions) {
      const state = spots.get(spot);
      const occupancy = state?.occupancy ?? "unknown";
      shape.setAttribute("class", `region ${occupancy}${spot === this.#chosen ? " chosen" : ""}`);
      const told = occupancy !== "unknown" && state.confidence;
      const sure = told ? `, ${Math.round(100 * state.confidence)} % sure` : "";
      shape.setAttribute("aria-label", `${spot}: ${occupancy}${sure}`);
    }
  }

  /** Mark one spot as the chosen one (null: none). */
  choose(spot) {
    this.#chosen = spot;
    if (this.#regions.has(spot)) this.roving.stop(spot);
    for (const [id, shape] of this.#regions) shape.classList.toggle("chosen", id === spot);
  }

  /** Show the picture at that address; called with null where there is none. */
  source(url, words) {
    this.tag.textContent = words;
    if (url === null) {
      this.image.hidden = true;
      this.image.removeAttribute("src");
    } else {
      this.image.hidden = false;
      this.image.src = url;
    }
  }
}

/** The size at which a name fits its region, in the overlay's units; 0 where none could be read. */
export function nameSize(name, points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [width, height] = [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
  const fits = Math.min(width / (0.75 * name.length), 0.6 * height);
  return fits < 9 ? 0 : Math.min(30, fits);
}

/** The pattern of what is unknown. */
export function hatch() {
  const pattern = { id: "hatch", width: 12, height: 12, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  return s("defs", {}, s("pattern", pattern,
    s("rect", { width: 12, height: 12, fill: "rgb(20 24 28 / .35)" }),
    s("line", { x1: 0, x2: 0, y1: 0, y2: 12, stroke: "#dfe5ec", "stroke-width": 4, opacity: 0.55 })));
}
