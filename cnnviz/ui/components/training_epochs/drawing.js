// The walls of filters and feature maps after the epoch shown.

import { isDark, scaleColours } from "../shared/colours.js";
import { find } from "../shared/elements.js";
import { putImage, signedImage } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { boxOfTile, drawTile, fitCanvas, tilesAcross, wholeOnScreen } from "../shared/tile_grid.js";
import { drawMatrix, drawWrong } from "./training_matrix.js";
import { lastIndex, placeWords, predictionsOf, tilesOf, weightAt } from "./model.js";

/**
 * @import { TileGrid } from "../shared/tile_grid.js"
 * @import { Epochs, Wall } from "./model.js"
 */

/**
 * @typedef {TileGrid & { zoom: number }} WallGrid
 *
 * @typedef {{ root: HTMLElement, epochs: Epochs, grids: Partial<Record<Wall, WallGrid>> }} View
 */

const MAP_GAP = 3;
const LARGEST_MAP = 96;
const LABELS = {
  filters: "First filters: read their weights with the arrow keys",
  maps: "Feature maps: read their values with the arrow keys",
};

/** @param {View} view */
export function drawAll(view) {
  const { root, epochs } = view;
  const dark = isDark(root);
  drawSlider(view);
  drawWall(view, "filters", dark);
  drawWall(view, "maps", dark);
  drawPredictions(view, dark);
  root.dataset.epoch = String(epochs.header.epochs[epochs.state.index]);
}

/** @param {View} view */
function drawSlider({ root, epochs }) {
  const { header, state } = epochs;
  const slider = find(root, "input");
  const [epoch, last] = [header.epochs[state.index], lastIndex(epochs)];
  Object.assign(slider, { max: last, value: state.index, disabled: !last });
  slider.setAttribute("aria-label", "Epoch shown");
  slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
  find(root, ".epoch").textContent = epoch ? `Epoch ${epoch}` : "Epoch 0, untrained";
  find(root, ".note").textContent = header.note;
}

/**
 * Tiles on one scale.
 *
 * @param {View} view
 * @param {Wall} wall
 * @param {boolean} dark
 */
function drawWall(view, wall, dark) {
  const { root, epochs, epochs: { header, state } } = view;
  const section = find(root, `section.${wall}`);
  const [title, limit, scale] = wall === "maps" ? [header.map_title, header.map_limit, "activation"] : [header.filter_title, header.filter_limit, "weight"];
  find(section, ".name").textContent = title;
  find(section, ".stage").setAttribute("aria-label", LABELS[wall]);
  const canvas = find(section, ".stage canvas");
  canvas.setAttribute("aria-label", `${title}, epoch ${header.epochs[state.index]}`);
  const grid = (view.grids[wall] = gridOf(epochs, wall, section.clientWidth));
  paintWall(canvas, grid, (index) => (wall === "maps" ? mapImage : filterImage)(epochs, index, scaleColours(scale, dark)));
  drawLegend(section, scale, limit, dark);
  drawWords(view, wall);
}

/**
 * @param {Epochs} epochs
 * @param {Wall} wall
 * @param {number} room
 * @returns {WallGrid}
 */
function gridOf(epochs, wall, room) {
  const { count, height, width } = tilesOf(epochs, wall);
  const zoom = wall === "maps" ? mapZoom(count, height, width, room) : height > 5 ? 4 : count > 32 ? 6 : 9;
  // The kernels of a filter stand one weight apart, and so closer together than two filters.
  const gap = wall === "maps" ? MAP_GAP : 2 * zoom;
  const [tileWidth, tileHeight] = [width * zoom, height * zoom];
  const columns = Math.min(count, tilesAcross(room, tileWidth, gap));
  return { zoom, count, columns, stepX: tileWidth + gap, stepY: tileHeight + gap, left: 0, top: 0, tileWidth, tileHeight };
}

/**
 * Four maps in a row, eight if there are many, each a whole factor larger where it can be.
 *
 * @param {number} count
 * @param {number} height
 * @param {number} width
 * @param {number} room
 */
function mapZoom(count, height, width, room) {
  const columns = Math.min(count, count > 16 ? 8 : 4);
  const fit = Math.min(LARGEST_MAP / height, ((room + MAP_GAP) / columns - MAP_GAP) / width);
  return fit >= 1 ? Math.floor(fit) : fit;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {WallGrid} grid
 * @param {(index: number) => ImageData} imageOf
 */
function paintWall(canvas, grid, imageOf) {
  const { zoom, count, columns, stepX, stepY, tileWidth, tileHeight } = grid;
  const [width, height] = [columns * stepX - stepX + tileWidth, (Math.ceil(count / columns) - 1) * stepY + tileHeight];
  const context = fitCanvas(canvas, wholeOnScreen(width), wholeOnScreen(height));
  context.imageSmoothingEnabled = zoom < 1;
  const tile = document.createElement("canvas");
  for (let index = 0; index < count; index++) {
    putImage(tile, imageOf(index));
    drawTile(context, tile, boxOfTile(grid, index));
  }
}

/**
 * The kernels of a filter side by side; nothing is drawn between them.
 *
 * @param {Epochs} epochs
 * @param {number} index
 * @param {Uint8Array} colours
 */
function filterImage(epochs, index, colours) {
  const { header, state } = epochs;
  const { height, width } = tilesOf(epochs, "filters");
  const weights = Float32Array.from({ length: height * width }, (_, p) => {
    const place = { index, row: Math.floor(p / width), column: p % width };
    return weightAt(epochs, state.index, place)?.value ?? NaN;
  });
  const image = signedImage(weights, 0, height, width, header.filter_limit, colours);
  weights.forEach((weight, p) => {
    if (Number.isNaN(weight)) image.data[4 * p + 3] = 0;
  });
  return image;
}

/**
 * @param {Epochs} epochs
 * @param {number} index
 * @param {Uint8Array} colours
 */
function mapImage(epochs, index, colours) {
  const { header, arrays: { maps }, state } = epochs;
  const { count, height, width } = tilesOf(epochs, "maps");
  return signedImage(maps.values, (state.index * count + index) * height * width, height, width, header.map_limit, colours);
}

/**
 * What is said of the place that is read on a wall.
 *
 * @param {View} view
 * @param {Wall} wall
 */
export function drawWords({ root, epochs }, wall) {
  find(root, `section.${wall} .words`).textContent = placeWords(epochs, wall, epochs.state.places[wall]);
}

/**
 * @param {View} view
 * @param {boolean} dark
 */
function drawPredictions({ root, epochs }, dark) {
  const predictions = predictionsOf(epochs);
  const [matrix, wrong] = [find(root, ".matrix"), find(root, ".wrong")];
  matrix.hidden = wrong.hidden = !predictions;
  if (!predictions) return;
  drawMatrix(matrix, predictions, epochs.header.classes, dark);
  if (epochs.arrays.thumbs) drawWrong(wrong, predictions, epochs.header.classes, epochs.arrays.thumbs);
}
