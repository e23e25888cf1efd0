// The public API, /api/v1, as these pages use it. See /docs for all of it.
const BASE = "/api/v1";

/** An answer other than success: RFC 9457 problem details, or what the network said. */
export class Problem extends Error {
  constructor(status, detail, type = "") {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

async function problemOf(answer) {
  try {
    const body = await answer.json();
    return new Problem(answer.status, body.detail ?? answer.statusText, body.type);
  } catch {
    return new Problem(answer.status, `the service answered ${answer.status} ${answer.statusText}`);
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(BASE + path, options);
  } catch {
    throw new Problem(0, "the web service does not answer; it is tried again");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** GET a JSON answer. `query` leaves out what is null. */
export async function get(path, query = {}, { signal } = {}) {
  return (await ask(withQuery(path, query), { signal, headers: { accept: "application/json" } })).json();
}

/** GET every page of a list; `key` names it in the answers. Stops after `most` items. */
export async function getAll(path, key, query = {}, { signal, most = 50_000 } = {}) {
  const items = [];
  let page = null;
  do {
    const answer = await get(path, { ...query, page }, { signal });
    items.push(...answer[key]);
    page = answer.next_page;
  } while (page !== null && items.length < most);
  return items;
}

/** Send JSON; `token` is the bearer token that allows writing. Returns the parsed answer. */
export async function send(method, path, body, { token = "", headers = {} } = {}) {
  const bearer = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await ask(path, { method, headers: { "content-type": "application/json", ...bearer, ...
      headers }, body: JSON.stringify(body) });
  return answer.status === 204 ? null : answer.json();
}

/** Send a file as it is. Returns the parsed answer. */
export async function sendFile(path, file, { token = "" } = {}) {
  const headers = { "content-type": "application/octet-stream", authorization: `Bearer ${token}` };
  return (await ask(path, { method: "POST", headers, body: file })).json();
}

export function withQuery(path, query) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** The path of a lot, or of something of it. */
export function lotPath(lot, rest = "") {
  return `/lots/${encodeURIComponent(lot)}${rest}`;
}

/** Where a camera's latest picture is; `turn` makes the browser fetch it anew. */
export function pictureUrl(camera, turn) {
  return `${BASE}/cameras/${encodeURIComponent(camera)}/picture?turn=${turn}`;
}

/** Follow live events of a lot (null: of all) from an index on: the one that the state was read at.
 *
 * onchange(event) gets every change once and in order; onresync() says that something was missed
 * and all must be read anew; onstate("live" | "lost") tells of the connection. The browser
 * reconnects by itself and resumes by Last-Event-ID. Returns a function that ends it.
 */
export function follow(lot, after, { onchange, onresync, onstate, onprogress }) {
  const source = new EventSource(BASE + withQuery("/events", { lot, after }));
  source.addEventListener("open", () => onstate?.("live"));
  source.addEventListener("error", () => onstate?.("lost"));
  source.addEventListener("change", (event) => onchange(JSON.parse(event.data)));
  source.addEventListener("progress", (event) => onprogress?.(JSON.parse(event.data)));
  source.addEventListener("hello", (event) => onprogress?.(JSON.parse(event.data)));
  source.addEventListener("resync", () => onresync());
  const leave = () => source.close();
  window.addEventListener("pagehide", leave);
  return leave;
}
