// The wall of filters, the selected one with its numbers, and its feature map.

import { colourIndex, isDark, luma, scaleColours } from "../shared/colours.js";
import { find, make, writeReadout } from "../shared/elements.js";
import { pixelAt, putImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { boxOfTile, drawTile, fitCanvas, placeBox, tilesAcross } from "../shared/tile_grid.js";
import { limitOf, tapWords, weightAt } from "./model.js";

/**
 * @import { TileGrid } from "../shared/tile_grid.js"
 * @import { Filters, Tap } from "./model.js"
 */

/** @typedef {{ root: HTMLElement, filters: Filters, grid: TileGrid & { zoom: number, tall: number }, dark: boolean, colours: Uint8Array }} View */

const GAP = 4;
const MAP = 224;
const READABLE = 27;
const WIDEST_TILE = 64;

/**
 * @param {HTMLElement} root
 * @param {Filters} filters
 * @returns {View}
 */
export function measure(root, filters) {
  const dark = isDark(root);
  return { root, filters, grid: layoutFilters(filters, find(root, ".wall").clientWidth), dark, colours: scaleColours("weight", dark) };
}

/** @param {View} view */
export function drawAll(view) {
  const { root, filters: { header, count } } = view;
  drawWall(view);
  drawSelected(view);
  Object.assign(root.dataset, { filters: count, network: header.network, channel: header.selected });
}

/**
 * Tiles at the largest whole zoom at which all filters are at most as tall as the map beside them.
 *
 * @param {Filters} filters
 * @param {number} room
 */
function layoutFilters(filters, room) {
  let zoom = 1;
  while ((zoom + 1) * filters.width <= WIDEST_TILE && gridAt(filters, room, zoom + 1).tall <= filters.header.tallest) zoom++;
  return gridAt(filters, room, zoom);
}

/**
 * @param {Filters} filters
 * @param {number} room
 * @param {number} zoom
 */
function gridAt({ header, count, inputs, height, width }, room, zoom) {
  const [tileWidth, tileHeight] = [width * zoom, (header.colours ? 1 : inputs) * height * zoom];
  const [stepX, stepY] = [tileWidth + GAP, tileHeight + GAP];
  const columns = tilesAcross(room - 2 * GAP, tileWidth, GAP);
  const tall = Math.ceil(count / columns) * stepY;
  return { zoom, count, columns, stepX, stepY, left: GAP, top: GAP, tileWidth, tileHeight, tall };
}

/** @param {View} view */
function drawWall({ root, filters, grid, colours }) {
  const { header, count, inputs, height, width } = filters;
  const canvas = find(root, ".wall canvas");
  const context = fitCanvas(canvas, grid.columns * grid.stepX + GAP, grid.tall + GAP);
  canvas.setAttribute("aria-label", header.alt);
  context.imageSmoothingEnabled = grid.zoom * window.devicePixelRatio < 1;
  const tile = document.createElement("canvas");
  for (let filter = 0; filter < count; filter++) {
    const { left, top } = boxOfTile(grid, filter);
    for (let input = 0; input < (header.colours ? 1 : inputs); input++) {
      putImage(tile, header.colours ? colouredImage(filters, filter) : kernelImage(filters, filter, input, colours));
      drawTile(context, tile, { left, top: top + input * height * grid.zoom, width: width * grid.zoom, height: height * grid.zoom });
    }
  }
}

/**
 * One input channel of a filter.
 *
 * @param {Filters} filters
 * @param {number} filter
 * @param {number} input
 * @param {Uint8Array} colours
 */
function kernelImage(filters, filter, input, colours) {
  const { arrays, inputs, height, width } = filters;
  const start = (filter * inputs + input) * height * width;
  return signedImage(arrays.weight.values, start, height, width, limitOf(filters, filter), colours);
}

/**
 * A filter's three input channels as red, green and blue; a half grey is zero.
 *
 * @param {Filters} filters
 * @param {number} filter
 */
function colouredImage(filters, filter) {
  const { arrays, height, width } = filters;
  const image = new ImageData(width, height);
  const [taps, limit] = [height * width, limitOf(filters, filter) || 1];
  for (let i = 0; i < taps; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = Math.round(127.5 + 127.5 * (arrays.weight.values[(filter * 3 + c) * taps + i] / limit));
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/**
 * Frame a filter on the wall.
 *
 * @param {View} view
 * @param {".chosen" | ".over"} mark
 * @param {number} filter
 */
export const frameFilter = ({ root, grid }, mark, filter) => placeBox(find(root, mark), boxOfTile(grid, filter));

/**
 * What is said of a tap.
 *
 * @param {View} view
 * @param {Tap} tap
 * @param {string} where
 */
export const readTap = ({ root, filters }, tap, where) => writeReadout(root, ...tapWords(filters, tap, where));

/** @param {View} view */
export function drawSelected(view) {
  const { root, filters, dark } = view;
  const { inputs, height, width, state: { selected } } = filters;
  frameFilter(view, ".chosen", selected);
  const room = root.clientWidth - 16 * inputs;
  const cell = Math.max(6, Math.min(48, Math.floor(room / Math.max(3, inputs) / width)));
  find(root, ".taps").replaceChildren(...Array.from({ length: inputs }, (_, input) => tapsOf(view, input, cell)));
  drawLegend(root, "weight", limitOf(filters, selected), dark, ".legend.weights");
  drawAnswer(view);
  readTap(view, { filter: selected, row: height >> 1, column: width >> 1 }, "the middle tap");
}

/**
 * One input channel of the selected filter, each weight with its number where there is room.
 *
 * @param {View} view
 * @param {number} input
 * @param {number} cell
 */
function tapsOf(view, input, cell) {
  const { header, height, width, state: { selected: filter } } = view.filters;
  const [figure, caption, canvas] = [make("figure"), make("figcaption"), make("canvas")];
  caption.append(make("span", "title", header.inputs[input]), make("span", "muted", `${height}×${width}`));
  const context = fitCanvas(canvas, width * cell, height * cell);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Weights of filter ${filter} for ${header.inputs[input]}`);
  context.scale(window.devicePixelRatio, window.devicePixelRatio);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) paintTap(context, view, { filter, row, column }, input, cell);
  }
  canvas.onpointermove = (event) => {
    const tap = pixelAt(event, canvas, height, width);
    if (tap) readTap(view, { filter, ...tap }, header.inputs[input]);
  };
  figure.append(caption, canvas);
  return figure;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {Tap} tap
 * @param {number} input
 * @param {number} cell
 */
function paintTap(context, { root, filters, colours }, tap, input, cell) {
  const value = weightAt(filters, tap, input);
  const c = colourIndex(value, limitOf(filters, tap.filter));
  const [red, green, blue] = colours.slice(c, c + 3);
  context.fillStyle = `rgb(${red} ${green} ${blue})`;
  context.fillRect(tap.column * cell, tap.row * cell, cell - 0.5, cell - 0.5);
  if (cell < READABLE) return;
  context.fillStyle = luma(red, green, blue) < 128 ? "#fff" : "#1d2321";
  context.font = `${Math.min(12, cell * 0.34)}px ${getComputedStyle(root).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(inCell(value), (tap.column + 0.5) * cell, (tap.row + 0.5) * cell);
}

/**
 * A number in a cell: two decimals, a real minus.
 *
 * @param {number} value
 */
const inCell = (value) => (Math.round(value * 100) / 100 || 0).toFixed(2).replace("-", "−");

/**
 * The feature map belongs to the filter that Python knows; until the next one comes it is dimmed.
 *
 * @param {View} view
 */
function drawAnswer({ root, filters: { header, arrays, state }, dark }) {
  const { values, shape: [height, width] } = arrays.map;
  const canvas = find(root, ".answer .stage canvas");
  putImage(canvas, signedImage(values, 0, height, width, header.map_limit, scaleColours("activation", dark)));
  sizeCanvas(canvas, height, width, wholeZoom(height, width, MAP, MAP));
  canvas.style.opacity = state.selected === header.selected ? "1" : "0.4";
  find(root, ".answer .title").textContent = `What filter ${state.selected} answers`;
  find(root, ".answer .size").textContent = `${height}×${width}`;
  canvas.setAttribute("aria-label", `Feature map ${header.selected} of ${header.layer}`);
  drawLegend(root, "activation", header.map_limit, dark, ".legend.activations");
}
