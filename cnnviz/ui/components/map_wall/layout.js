// Where the maps of the wall stand and how large they are. Which channels are on it, and in which order, is
// Python's choice, the header's `order`: ui/feature_maps/controls.py asks, `FeatureMaps.ranked` sorts.

import { tilesAcross } from "../shared/tile_grid.js";

/** @import { TileGrid } from "../shared/tile_grid.js" */

/**
 * In CSS pixels: the tiles, the side of a unit, and the size of the whole wall.
 *
 * @typedef {TileGrid & { scale: number, wallWidth: number, wallHeight: number }} WallLayout
 */

const GAP = 3;
const WIDEST_TILE = 200;
const HIGHEST_FACTOR = 224;
const TALLEST_WALL = 720;
const TALLEST_SHRUNK_WALL = 560;
const SMALLEST_SHARE = 0.05;

/**
 * The layout of `count` maps of `height` × `width` units in a place of this width.
 *
 * @param {number} count
 * @param {number} height
 * @param {number} width
 * @param {number} placeWidth
 * @param {number} pixelRatio device pixels in a CSS pixel
 * @returns {WallLayout}
 */
export function layoutWall(count, height, width, placeWidth, pixelRatio) {
  const scale = wallFactor(count, height, width, placeWidth, pixelRatio) / pixelRatio;
  const [tileWidth, tileHeight] = [width * scale, height * scale];
  const [stepX, stepY] = [tileWidth + GAP, tileHeight + GAP];
  const columns = tilesAcross(placeWidth - 2 * GAP, tileWidth, GAP);
  const rows = Math.ceil(count / columns);
  return {
    count, columns, stepX, stepY, left: GAP, top: GAP, tileWidth, tileHeight, scale,
    wallWidth: columns * stepX + GAP, wallHeight: rows * stepY + GAP,
  };
}

/**
 * The factor by which maps are drawn, in device pixels: the largest whole one at which the wall is
 * not too tall, or, for maps too large for that, the share at which all of them fit.
 *
 * @param {number} count
 * @param {number} height
 * @param {number} width
 * @param {number} placeWidth
 * @param {number} pixelRatio
 */
function wallFactor(count, height, width, placeWidth, pixelRatio) {
  /** @param {number} factor */
  const wallHeight = (factor) => {
    const tile = (width * factor) / pixelRatio;
    return Math.ceil(count / tilesAcross(placeWidth - 2 * GAP, tile, GAP)) * (tile * (height / width) + GAP);
  };
  let whole = 0;
  while (whole < HIGHEST_FACTOR && width * (whole + 1) <= WIDEST_TILE * pixelRatio && wallHeight(whole + 1) <= TALLEST_WALL) whole++;
  if (whole) return whole;
  let share = 1;
  while (share > SMALLEST_SHARE && (wallHeight(share) > TALLEST_SHRUNK_WALL || (width * share) / pixelRatio > placeWidth)) share *= 0.97;
  return share;
}
