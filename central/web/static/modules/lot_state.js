// A lot's spots as the API told them and events changed them; and its counts over a day. No screen.

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
      this.spots.set(change.spot, { ...spot, occupancy: change.occupancy, confidence: change.confidence,
        camera: change.camera, since: change.captured_at });
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
  const points = [
    [from, free]
  ];
  for (const change of changes) {
    free += (change.occupancy === "vacant") - (now.get(change.spot) === "vacant");
    now.set(change.spot, change.occupancy);
    points.push([Date.parse(change.committed_at), free]);
  }
  return thin(points);
}

/** Drop what a chart cannot show: changes within the same few seconds. */
function thin(points) {
  const out = [];
  for (const point of points) {
    if (out.length && point[0] - out[out.length - 1][0] < 5000) out[out.length - 1] = [out[out.length - 1][
      0], point[1]];
    else out.push(point);
  }
  return out;
}

/** The latest instant that was midnight in a time zone, in ms. */
export function midnight(now, timeZone) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23" }).formatToParts(now);
  const at = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Math.floor(now / 1000) * 1000 - ((at.hour * 60 + at.minute) * 60 + at.second) * 1000;
}
