// How many spots were free over a stretch of time, read from the API.
import { getAll, lotPath, spotsAt } from "./api.js";
import { freeOverTime } from "./lot_state.js";

/** A lot's course from `from` (ms) to `to` (ms; null: now), of at most `most` changes.
 *
 * points are as freeOverTime() gives them, from `begin` on: `from`, or when the ledger came to know the
 * lot. occupancies (by spot id) and index are those at the end.
 */
export async function readCourse(lot, { from, to = null, most }) {
  const since = new Date(from).toISOString();
  const until = to === null ? null : new Date(to).toISOString();
  const [spots, changes] = await Promise.all([
    spotsAt(lot.id, since),
    getAll(lotPath(lot.id, "/history"), "changes", { since, until }, { most }),
  ]);
  const first = changes.length ? Date.parse(changes[0].committed_at) : to ?? Date.now();
  const begin = spots.length ? from : first;
  const occupancies = new Map(spots.map((spot) => [spot.id, spot.occupancy]));
  for (const change of changes) occupancies.set(change.spot, change.occupancy);
  return {
    points: freeOverTime(spots, changes, begin),
    begin,
    occupancies,
    index: changes[changes.length - 1]?.index ?? 0,
    whole: changes.length < most,
  };
}
