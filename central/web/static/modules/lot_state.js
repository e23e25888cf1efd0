// A lot's spots as the API told them and events changed them; and its counts over a day. No screen.

const SAME_MS = 5_000;

/** Spots by id, kept up to date. */
export class LotState {
  constructor(lot, spots, index) {
    this.lot = lot;
    this.spots = new Map(spots.map((spot) => [spot.id, spot]));
    this.index = index;
  }

  /** Apply one event; returns the ids of this lot's spots that changed. An old event changes nothing. */
  apply(event) {
    if (event.index <= this.index) return [];
    this.index = event.index;
    const changed = [];
    for (const change of event.changes) {
      const spot = this.spots.get(change.spot);
      if (change.lot !== this.lot || !spot) continue;
      const { occupancy, confidence, camera, captured_at: since } = change;
      this.spots.set(change.spot, { ...spot, occupancy, confidence, camera, since });
      changed.push(change.spot);
    }
    return changed;
  }

  get counts() {
    return countsOf(this.spots.values());
  }
}

/** {total, vacant, occupied, unknown} of spots. */
export function countsOf(spots) {
  const counts = { total: 0, vacant: 0, occupied: 0, unknown: 0 };
  for (const { occupancy } of spots) {
    counts.total += 1;
    counts[occupancy] += 1;
  }
  return counts;
}

/** Free spots over time: [[time in ms, free], ...], from the spots at `from` and the changes after it. */
export function freeOverTime(spots, changes, from) {
  const now = new Map([...spots].map((spot) => [spot.id, spot.occupancy]));
  let free = [...now.values()].filter((one) => one === "vacant").length;
  const points = [[from, free]];
  for (const change of changes) {
    free += (change.occupancy === "vacant") - (now.get(change.spot) === "vacant");
    now.set(change.spot, change.occupancy);
    addPoint(points, Date.parse(change.committed_at), free);
  }
  return points;
}

/** Add a point to such a line; within the same few seconds, which no chart can tell apart, the last holds. */
export function addPoint(points, at, free) {
  const last = points[points.length - 1];
  if (last && at - last[0] < SAME_MS) last[1] = free;
  else points.push([at, free]);
}

/** The date of an instant in a time zone, as "2026-03-29". */
export function dateOf(instant, timeZone) {
  return new Date(instant).toLocaleDateString("en-CA", { timeZone });
}

/** When the day of an instant began in a time zone, in ms.
 *
 * Looked for by halving, since a day may have 23 or 25 hours, or begin at one o'clock.
 */
export function midnight(instant, timeZone) {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone });
  const date = format.format(instant);
  let within = Math.floor(instant / 1000);
  let before = within - 26 * 3600;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (format.format(middle * 1000) === date) within = middle;
    else before = middle;
  }
  return within * 1000;
}

/** When the day after that one begins; `begin` is what midnight() gave. */
export function nextMidnight(begin, timeZone) {
  return midnight(begin + 36 * 3_600_000, timeZone);
}
