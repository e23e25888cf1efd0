// Plane geometry of regions. Points are [x, y] in shares of the picture's width and height.

/** The 3x3 homography (row by row, 9 numbers) that takes four points to four others. */
export function homography(from, to) {
  const rows = [];
  for (let i = 0; i < 4; i += 1) {
    const [x, y] = from[i];
    const [u, v] = to[i];
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u]);
    rows.push([0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  }
  for (let column = 0; column < 8; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < 8; row += 1) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    if (Math.abs(rows[pivot][column]) < 1e-12) throw new RangeError("the corners lie on one line");
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < 8; row += 1) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k < 9; k += 1) rows[row][k] -= factor * rows[column][k];
    }
  }
  return [...rows.map((row, i) => row[8] / row[i]), 1];
}

/** Where a homography takes a point. */
export function project(h, [x, y]) {
  const w = h[6] * x + h[7] * y + h[8];
  return [(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w];
}

const UNIT = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1]
];

/** Split a row's quadrilateral into n spots, equally wide on the ground.
 *
 * The row runs along its first side (corner 0 to corner 1). Where only the outline is known, the
 * homography from the unit square to it is the perspective of equal spots (Hartley and Zisserman,
 * Multiple View Geometry, 2.3), so far spots come out narrower than near ones.
 */
export function splitRow(corners, n) {
  const h = homography(UNIT, corners);
  const spots = [];
  for (let i = 0; i < n; i += 1) {
    spots.push([
      [i / n, 0],
      [(i + 1) / n, 0],
      [(i + 1) / n, 1],
      [i / n, 1]
    ].map((p) => project(h, p)));
  }
  return spots;
}

/** The mean of a region's corners. */
export function middle(corners) {
  const sum = corners.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [sum[0] / corners.length, sum[1] / corners.length];
}

/** Twice the signed area, positive when the corners go clockwise on a screen (y grows downwards). */
export function turn(corners) {
  return corners.reduce((sum, [x, y], i) => {
    const [u, v] = corners[(i + 1) % corners.length];
    return sum + x * v - u * y;
  }, 0);
}

/** Whether four corners make a region that can be rectified: convex, and not a sliver. */
export function isRegion(corners) {
  if (corners.length !== 4) return false;
  const bends = corners.map((corner, i) => {
    const [a, b] = [corners[(i + 1) % 4], corners[(i + 2) % 4]];
    return (a[0] - corner[0]) * (b[1] - a[1]) - (a[1] - corner[1]) * (b[0] - a[0]);
  });
  const sign = Math.sign(bends[0]);
  return bends.every((bend) => Math.sign(bend) === sign && sign !== 0) && Math.abs(turn(corners)) > 1e-5;
}

/** A point held inside the picture. */
export function clamp([x, y]) {
  return [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
}

/** The nearest of `others` within `reach` (in picture heights; `aspect` = width / height), or the point itself. */
export function snap(point, others, { reach, aspect }) {
  let best = point;
  let nearest = reach;
  for (const other of others) {
    const distance = Math.hypot((other[0] - point[0]) * aspect, other[1] - point[1]);
    if (distance < nearest) {
      nearest = distance;
      best = other;
    }
  }
  return [...best];
}

/** Whether a point lies inside a polygon (even-odd rule). */
export function contains(corners, [x, y]) {
  let inside = false;
  corners.forEach(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % corners.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** Which of the points comes next from point `at` in a direction such as [1, 0]; `at` where none lies there.
 *
 * What lies aside counts thrice, so that one stays in one's row; what lies more aside than ahead is not there.
 */
export function neighbour(points, at, [dx, dy]) {
  let [best, least] = [at, Infinity];
  points.forEach(([x, y], i) => {
    const [right, down] = [x - points[at][0], y - points[at][1]];
    const ahead = right * dx + down * dy;
    const aside = Math.abs(right * dy - down * dx);
    const cost = ahead + 3 * aside;
    if (i !== at && ahead > 0 && aside <= ahead && cost < least) [best, least] = [i, cost];
  });
  return best;
}
