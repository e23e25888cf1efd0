// What test_modules.py asks of the pages' own code; each is run in the browser by its name.
const checks = {
  async perspective() {
    const { homography, project, splitRow } = await import("/static/modules/geometry.js");
    const corners = [[0.2, 0.5], [0.6, 0.4], [0.9, 0.8], [0.1, 0.9]];
    const back = homography(corners, [[0, 0], [1, 0], [1, 1], [0, 1]]);
    return splitRow(corners, 4).map((part) => part.map((point) => project(back, point)));
  },

  async regions() {
    const { isRegion } = await import("/static/modules/geometry.js");
    return [
      [[0, 0], [1, 0], [1, 1], [0, 1]],
      [[0, 0], [0, 1], [1, 1], [1, 0]],
      [[0, 0], [1, 1], [1, 0], [0, 1]],
      [[0, 0], [1, 0], [0.2, 0.2], [0, 1]],
      [[0, 0], [0.5, 0], [1, 0], [0, 0]],
      [[0, 0], [1, 0], [1, 1]],
    ].map(isRegion);
  },

  async neighbours() {
    const { neighbour } = await import("/static/modules/geometry.js");
    const grid = Array.from({ length: 400 }, (_, i) => [i % 20, Math.floor(i / 20)]);
    const slanted = [[0, 0], [10, 3], [20, 6], [2, 12], [12, 15], [22, 18]]; // two rows of three
    const ways = [[1, 0], [-1, 0], [0, 1], [0, -1]];
    return {
      grid: ways.map((way) => neighbour(grid, 21, way)),
      edge: ways.map((way) => neighbour(grid, 0, way)),
      slanted: ways.map((way) => neighbour(slanted, 4, way)),
    };
  },

  async names() {
    const { namesByPattern, nameFault } = await import("/static/editor/names.js");
    return [
      namesByPattern("A##", 3, { taken: new Set(["A02"]) }),
      namesByPattern("P-#-x", 2, { start: 9 }),
      namesByPattern("Q", 2),
      nameFault("A 1") !== "",
      nameFault("A1"),
    ];
  },

  async drawing() {
    const { Drawing } = await import("/static/editor/drawing.js");
    const square = (x) => [[x, 0.1], [x + 0.1, 0.1], [x + 0.1, 0.2], [x, 0.2]];
    const crossed = [[0, 0], [1, 1], [1, 0], [0, 1]];
    const region = (spot, x) => ({ spot, polygon: square(x) });
    const base = {
      lot: { id: "l" },
      zones: [{ id: "z", name: "Z" }],
      spots: [{ id: "a", zone: "z" }, { id: "b" }, { id: "c" }],
      cameras: [
        { id: "one", regions: [region("a", 0), region("b", 0.2)] },
        { id: "two", masks: [1], regions: [region("b", 0.4)] },
      ],
    };
    const drawing = new Drawing(base, "one");
    const refused = (work) => {
      try {
        work();
        return "";
      } catch (error) {
        return error.message;
      }
    };
    const spots = () => drawing.regions.map((one) => one.spot);
    drawing.add([{ spot: "d", zone: "z", corners: square(0.6) }]);
    const twice = refused(() => drawing.add([{ spot: "d", zone: "", corners: square(0.8) }]));
    const bad = refused(() => drawing.add([{ spot: "e", zone: "", corners: crossed }]));
    drawing.remove(new Set(["a", "b"]));
    const saved = drawing.toLayout();
    drawing.undo();
    const undone = spots();
    drawing.undo();
    const changed = drawing.changed;
    drawing.redo();
    drawing.redo();
    return { saved, undone, changed, redone: spots(), twice, bad, untouched: base.spots.length };
  },

  async states() {
    const { LotState, freeOverTime, midnight } = await import("/static/modules/lot_state.js");
    const spots = [{ id: "a", occupancy: "vacant" }, { id: "b", occupancy: "unknown" }];
    const begin = Date.UTC(2026, 0, 1);
    const change = (spot, occupancy, s) => ({
      lot: "l", spot, occupancy, confidence: 1, camera: "c",
      committed_at: new Date(begin + s * 1000).toISOString(),
    });
    const changes = [change("a", "occupied", 10), change("b", "vacant", 20), change("b", "vacant", 30)];
    const state = new LotState("l", spots, 5);
    const event = (index) => ({
      index, changes: [change("a", "occupied", 1), { ...change("b", "occupied", 1), lot: "m" }],
    });
    const old = state.apply(event(5));
    const fresh = state.apply(event(6));
    return {
      line: freeOverTime(spots, changes, begin).map(([, free]) => free),
      old, fresh, counts: state.counts,
      midnight: new Date(midnight(Date.UTC(2026, 6, 1, 12), "Europe/Paris")).toISOString(),
    };
  },

  async cameras() {
    const { cameraWords } = await import("/static/modules/words.js");
    return ["ok", "frozen", "unheard"].map(cameraWords);
  },

  async days() {
    const { midnight, nextMidnight } = await import("/static/modules/lot_state.js");
    return [
      ["Europe/Paris", Date.UTC(2026, 2, 29, 12)], // clocks are put on: 23 hours
      ["Europe/Paris", Date.UTC(2026, 9, 25, 22)], // and back: 25 hours
      ["America/Santiago", Date.UTC(2026, 8, 6, 20)], // put on at midnight: the day begins at one
      ["Asia/Kolkata", Date.UTC(2026, 0, 1, 12)],
    ].map(([zone, at]) => {
      const begin = midnight(at, zone);
      return [new Date(begin).toISOString(), (nextMidnight(begin, zone) - begin) / 3_600_000];
    });
  },
};
