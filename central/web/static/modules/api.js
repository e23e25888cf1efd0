// The public API, /api/v1, as these pages use it. See /docs for all of it.
const BASE = "/api/v1";
const PATIENCE_MS = 20_000; // for an answer: a network that swallows packets must not hold a page for ever
const AGAIN_MS = 3_000; // until live events that were refused are asked for again

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
    throw new Problem(0, "the web service does not answer");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** GET a JSON answer. `query` leaves out what is null. */
export async function get(path, query = {}) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return (await ask(withQuery(path, query), { signal, headers: { accept: "application/json" } })).json();
}

/** GET every page of a list; `key` names it in the answers. Stops after `most` items. */
export async function getAll(path, key, query = {}, { most = 50_000 } = {}) {
  const items = [];
  let page = null;
  do {
    const answer = await get(path, { ...query, page });
    items.push(...answer[key]);
    page = answer.next_page;
  } while (page !== null && items.length < most);
  return items;
}

/** Send JSON; `token` is the bearer token that allows writing. Returns the parsed answer. */
export async function send(method, path, body, { token = "", headers = {} } = {}) {
  const bearer = token ? { authorization: `Bearer ${token}` } : {};
  const all = { "content-type": "application/json", ...bearer, ...headers };
  const answer = await ask(path, { method, headers: all, body: JSON.stringify(body) });
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

/** A lot's spots at a past instant; none where the ledger did not know the lot yet. */
export async function spotsAt(lot, at) {
  try {
    return await getAll(lotPath(lot, "/spots"), "spots", { at });
  } catch (error) {
    if (error.status === 404) return [];
    throw error;
  }
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
 * reconnects by itself and resumes by Last-Event-ID, but gives up for good when it is refused (503 of a
 * service that has just started): then, and when the page is taken out of the browser's cache, it is
 * begun anew where it ended. Returns a function that ends it.
 */
export function follow(lot, after, { onchange, onresync, onstate, onprogress }) {
  let source = null;
  let again = null;
  let last = after;
  const on = (kind, take) =>
    source.addEventListener(kind, (event) => {
      last = event.lastEventId || last;
      take(event);
    });
  const open = () => {
    source = new EventSource(BASE + withQuery("/events", { lot, after: last }));
    source.addEventListener("open", () => onstate?.("live"));
    source.addEventListener("error", () => {
      onstate?.("lost");
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
    });
    on("change", (event) => onchange(JSON.parse(event.data)));
    on("progress", (event) => onprogress?.(JSON.parse(event.data)));
    on("hello", (event) => onprogress?.(JSON.parse(event.data)));
    on("resync", () => onresync());
  };
  const leave = () => {
    clearTimeout(again);
    source.close();
  };
  open();
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  return leave;
}
