// Making elements without a framework. Text is always set as text, never as HTML.
const SVG = "http://www.w3.org/2000/svg";

function shown(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (name in element && !(element instanceof SVGElement) && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...shown(children));
  return element;
}

/** An HTML element: h("p", {className: "quiet"}, "text", ...). */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** Put `children` in place of what an element holds. */
export function put(element, ...children) {
  element.replaceChildren(...shown(children));
}

/** Make `children` what an element holds; those that it holds already keep their focus. */
export function arrange(element, children) {
  children.forEach((child, i) => {
    if (element.childNodes[i] !== child) element.insertBefore(child, element.childNodes[i] ?? null);
  });
  while (element.childNodes.length > children.length) element.lastChild.remove();
}

const CONTROLS = "a[href], button, input, select, [tabindex]";

/** As put(), for what is made anew again and again: the focus stays on the control at the same place. */
export function renew(element, ...children) {
  const controls = () => [...element.querySelectorAll(CONTROLS)];
  const focused = document.activeElement;
  const place = controls().indexOf(focused);
  put(element, ...children);
  const now = place < 0 ? null : controls()[place];
  if (now?.textContent === focused.textContent) now.focus({ preventScroll: true });
}

/** The element with that id; an error that names it if the page lacks it. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element '${id}'`);
  return element;
}
