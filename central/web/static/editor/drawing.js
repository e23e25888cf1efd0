// What is being drawn, without a screen: one camera's regions in one lot's layout, and undo.
// The layout is the API's JSON (the shape of a layout file); states are never changed in place.
import { clamp, isRegion } from "../modules/geometry.js";
import { nameFault } from "./names.js";

const DEPTH = 200; // steps of undo that are kept

export class Drawing {
  #states;
  #at = 0;
  #before;
  #saved;

  /** `layout` as the API gives it; `cameraId` is one of its cameras. */
  constructor(layout, cameraId) {
    this.base = layout;
    this.cameraId = cameraId;
    const camera = layout.cameras.find((one) => one.id === cameraId);
    const zones = new Map(layout.spots.map((spot) => [spot.id, spot.zone ?? ""]));
    const regions = (camera?.regions ?? []).map((region) => ({
      spot: region.spot,
      zone: zones.get(region.spot) ?? "",
      corners: region.polygon.map(([x, y]) => [x, y]),
    }));
    this.#states = [regions];
    this.#saved = regions;
    this.#before = new Set(regions.map((region) => region.spot));
  }

  get regions() {
    return this.#states[this.#at];
  }

  get changed() {
    return this.regions !== this.#saved;
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#states.length - 1;
  }

  undo() {
    if (this.canUndo) this.#at -= 1;
  }

  redo() {
    if (this.canRedo) this.#at += 1;
  }

  /** Every spot id of the lot: also those that only other cameras see, which a new spot may not take. */
  get taken() {
    return new Set([...this.base.spots.map(({ id }) => id), ...this.regions.map(({ spot }) => spot)]);
  }

  find(spot) {
    return this.regions.find((region) => region.spot === spot);
  }

  /** Add regions; throws RangeError naming what is wrong with the first that cannot be. */
  add(regions) {
    const present = new Set(this.regions.map((region) => region.spot));
    for (const region of regions) {
      const { spot } = region;
      const fault = nameFault(spot) || (present.has(spot) ? `spot '${spot}' has a region already` : "");
      if (fault) throw new RangeError(fault);
      const crossed = `spot '${spot}': its corners make no convex quadrilateral; draw them in order round it`;
      if (!isRegion(region.corners)) throw new RangeError(crossed);
      present.add(spot);
    }
    const held = regions.map((region) => ({ ...region, corners: region.corners.map(clamp) }));
    this.#step([...this.regions, ...held]);
  }

  /** Put a region's corners elsewhere; returns false, changing nothing, if they make no region. */
  reshape(spot, corners) {
    const held = corners.map(clamp);
    if (!isRegion(held)) return false;
    this.#change(spot, { corners: held });
    return true;
  }

  rename(spot, name) {
    if (name === spot) return;
    const fault = nameFault(name) || (this.find(name) ? `spot '${name}' has a region already` : "");
    if (fault) throw new RangeError(fault);
    this.#change(spot, { spot: name });
  }

  rezone(spot, zone) {
    this.#change(spot, { zone });
  }

  remove(spots) {
    this.#step(this.regions.filter((region) => !spots.has(region.spot)));
  }

  /** The whole layout as it would be saved: a spot that no camera sees any more is dropped. */
  toLayout() {
    const regions = this.regions.map(({ spot, corners }) => ({ spot, polygon: corners.map(rounded) }));
    const cameras = this.base.cameras.map((camera) => (camera.id === this.cameraId ? { ...camera, regions } : camera));
    const here = new Map(this.regions.map(({ spot, zone }) => [spot, zone]));
    const others = cameras.filter((camera) => camera.id !== this.cameraId);
    const elsewhere = new Set(others.flatMap((camera) => (camera.regions ?? []).map(({ spot }) => spot)));
    const kept = this.base.spots
      .filter((spot) => here.has(spot.id) || elsewhere.has(spot.id) || !this.#before.has(spot.id))
      .map((spot) => (here.has(spot.id) ? withZone(spot, here.get(spot.id)) : spot));
    const known = new Set(kept.map((spot) => spot.id));
    const fresh = [...here].filter(([id]) => !known.has(id)).map(([id, zone]) => withZone({ id }, zone));
    return { ...this.base, cameras, spots: [...kept, ...fresh] };
  }

  #change(spot, what) {
    this.#step(this.regions.map((region) => (region.spot === spot ? { ...region, ...what } : region)));
  }

  #step(regions) {
    this.#states = [...this.#states.slice(0, this.#at + 1), regions].slice(-DEPTH);
    this.#at = this.#states.length - 1;
  }
}

function withZone(spot, zone) {
  const { zone: _, ...rest } = spot;
  return zone ? { ...rest, zone } : rest;
}

function rounded([x, y]) {
  return [Math.round(x * 1e6) / 1e6, Math.round(y * 1e6) / 1e6];
}
