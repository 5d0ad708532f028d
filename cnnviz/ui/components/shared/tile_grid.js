// Equal tiles in rows on one canvas: where each stands, and which one lies under a point. All in CSS pixels.

import { contextOf } from "./elements.js";

/**
 * @typedef {object} TileGrid
 * @property {number} count of the tiles
 * @property {number} columns how many tiles stand in a row
 * @property {number} stepX from one tile to the next one in its row
 * @property {number} stepY from one row to the next one
 * @property {number} left of the first tile
 * @property {number} top of the first tile
 * @property {number} tileWidth
 * @property {number} tileHeight
 *
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

/**
 * How many tiles stand in a row of this width, with this gap between two of them; one at least.
 *
 * @param {number} width
 * @param {number} tileWidth
 * @param {number} gap
 */
export const tilesAcross = (width, tileWidth, gap) => Math.max(1, Math.floor((width + gap) / (tileWidth + gap)));

/**
 * Where a tile stands.
 *
 * @param {TileGrid} grid
 * @param {number} index
 * @returns {Box}
 */
export function boxOfTile({ columns, stepX, stepY, left, top, tileWidth, tileHeight }, index) {
  const [row, column] = [Math.floor(index / columns), index % columns];
  return { left: left + column * stepX, top: top + row * stepY, width: tileWidth, height: tileHeight };
}

/**
 * The tile under a point, and the point seen from the tile's corner; null between tiles and outside.
 *
 * @param {TileGrid} grid
 * @param {number} x
 * @param {number} y
 */
export function tileAt({ count, columns, stepX, stepY, left, top, tileWidth, tileHeight }, x, y) {
  const [column, row] = [Math.floor((x - left) / stepX), Math.floor((y - top) / stepY)];
  const index = row * columns + column;
  const [insideX, insideY] = [x - left - column * stepX, y - top - row * stepY];
  const isTile = column >= 0 && column < columns && row >= 0 && index < count;
  return isTile && insideX < tileWidth && insideY < tileHeight ? { index, x: insideX, y: insideY } : null;
}

/**
 * The tile of a canvas under the pointer, as `tileAt`.
 *
 * @param {MouseEvent} event
 * @param {Element} canvas
 * @param {TileGrid} grid
 */
export function tileUnderPointer(event, canvas, grid) {
  const box = canvas.getBoundingClientRect();
  return tileAt(grid, event.clientX - box.left, event.clientY - box.top);
}

/**
 * Show an element that lies over the canvas at this place.
 *
 * @param {HTMLElement} element
 * @param {Box} box
 */
export function placeBox(element, { left, top, width, height }) {
  element.hidden = false;
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

/**
 * Give a canvas this size, at the resolution of the screen.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  return contextOf(canvas);
}

/**
 * The nearest length that is whole in pixels of the screen.
 *
 * @param {number} length
 */
export const wholeOnScreen = (length) => Math.round(length * window.devicePixelRatio) / window.devicePixelRatio;

/**
 * Draw an image on a canvas as `fitCanvas` leaves it. Multiplied here: a scaled context rounds otherwise.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {CanvasImageSource} image
 * @param {Box} box
 */
export function drawTile(context, image, { left, top, width, height }) {
  const ratio = window.devicePixelRatio;
  context.drawImage(image, left * ratio, top * ratio, width * ratio, height * ratio);
}
