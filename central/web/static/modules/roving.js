// One tab stop for many buttons: arrow keys go from one to the next (WAI-ARIA: roving tabindex).
import { neighbour } from "./geometry.js";

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Makes `container` one tab stop; `items()` gives its buttons, in order. */
export class Roving {
  #items;
  #key = null; // the spot whose button is the stop, also after its element was made anew

  constructor(container, items) {
    this.#items = items;
    container.addEventListener("keydown", (event) => this.#onkey(event));
    container.addEventListener("focusin", (event) => {
      if (this.#items().includes(event.target)) this.stop(event.target.dataset.spot);
    });
  }

  /** Make that spot's button the stop; where there is none, the first. Call it when buttons were made anew. */
  stop(key = this.#key) {
    this.#key = key;
    const items = this.#items();
    const stop = items.find((item) => item.dataset.spot === key) ?? items[0];
    for (const item of items) item.setAttribute("tabindex", item === stop ? "0" : "-1");
  }

  #onkey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const items = this.#items();
    const at = items.indexOf(event.target);
    if (at < 0) return;
    const next = goal(event.key, at, items);
    if (next === null) return;
    event.preventDefault(); // the page would scroll
    items[next].focus();
  }
}

function goal(key, at, items) {
  if (key === "Home") return 0;
  if (key === "End") return items.length - 1;
  const direction = DIRECTIONS[key];
  if (!direction) return null;
  const middles = items.map((item) => {
    const box = item.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  });
  return neighbour(middles, at, direction);
}
