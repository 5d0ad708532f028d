// The picture with the field of the current unit on it, and the grid of units.

import { contextOf, find, writeReadout } from "../shared/elements.js";
import { putImage } from "../shared/images.js";
import { drawField, drawPixel, outlineStrokes, pageColours, prepared, unitsSeeing } from "../shared/unit_fields.js";
import { currentUnit, fieldOf, paddedShare, readoutOf } from "./model.js";

/** @import { View } from "./model.js" */

/**
 * Where all is drawn.
 *
 * @typedef {object} Screen
 * @property {HTMLElement} root
 * @property {HTMLElement} pictureStage
 * @property {HTMLElement} gridStage
 * @property {HTMLCanvasElement} pictureCanvas
 * @property {HTMLCanvasElement} gridCanvas
 * @property {HTMLCanvasElement} photo the picture, a pixel for each of its pixels
 */

/**
 * Labels, sizes and explanations, which stay until the next message, and all that follows the pointer.
 *
 * @param {Screen} screen
 * @param {View} view
 */
export function draw(screen, view) {
  const { root, pictureStage, gridStage, pictureCanvas, gridCanvas } = screen;
  const { header: { size, units, layer, padded, picture_text: text }, margin } = view;
  const [pictureSize, gridSize] = root.querySelectorAll(".size");
  pictureSize.textContent = `${size[0]}×${size[1]}${margin ? ", padding around it" : ""}`;
  gridSize.textContent = `${units[0]}×${units[1]} in each channel of ${layer}`;
  find(root, ".key").textContent = padded
    ? "The heavier the shade, the more of the unit's field lies in the padding."
    : "No unit's field reaches into the padding.";
  pictureCanvas.setAttribute("aria-label", text);
  gridCanvas.setAttribute("aria-label", `The ${units[0]} by ${units[1]} units of ${layer}`);
  pictureStage.setAttribute("aria-label", "The picture: arrow keys choose a pixel and tell which units see it");
  gridStage.setAttribute("aria-label", "The units: arrow keys show a unit's field, Enter pins it");
  show(screen, view);
}

/**
 * What follows the pointer.
 *
 * @param {Screen} screen
 * @param {View} view
 */
export function show(screen, view) {
  drawPicture(screen, view);
  drawGrid(screen, view);
  writeReadout(screen.root, ...readoutOf(view));
}

/**
 * @param {Screen} screen
 * @param {View} view
 */
function drawPicture({ root, pictureCanvas, photo }, view) {
  const { header: { size: [height, width] }, state, margin } = view;
  const place = Math.min(find(root, ".seen").clientWidth, 460);
  const scale = (state.scale = place / (Math.max(height, width) + 2 * margin));
  const [canvasWidth, canvasHeight] = [width, height].map((n) => (n + 2 * margin) * scale);
  const context = prepared(pictureCanvas, canvasWidth, canvasHeight);
  const colours = pageColours(root);
  const start = margin * scale;
  const placed = { left: start, top: start, wide: width * scale, high: height * scale, scale };
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(photo, start, start, placed.wide, placed.high);
  const field = fieldOf(view, currentUnit(view));
  if (field) drawField(context, field, placed, colours);
  context.strokeStyle = colours.text;
  context.globalAlpha = 0.6;
  context.strokeRect(start, start, placed.wide, placed.high);
  context.globalAlpha = 1;
  if (state.pixel) drawPixel(context, state.pixel, placed, colours.accent);
}

/**
 * @param {Screen} screen
 * @param {View} view
 */
function drawGrid({ root, gridCanvas }, view) {
  const { header: { units: [rows, columns] }, state } = view;
  const place = Math.min(find(root, ".map").clientWidth, 300);
  const cell = (state.cell = Math.min(place / Math.max(rows, columns), 40));
  const context = prepared(gridCanvas, columns * cell, rows * cell);
  const { accent, text } = pageColours(root);
  context.imageSmoothingEnabled = false;
  context.drawImage(drawnCells(view, accent, text), 0, 0, columns * cell, rows * cell);
  if (cell >= 6) {
    for (let row = 1; row <= rows; row++) context.clearRect(0, row * cell - 1, columns * cell, 1);
    for (let column = 1; column <= columns; column++) context.clearRect(column * cell - 1, 0, 1, rows * cell);
  }
  if (state.pixel) return;
  outline(context, cell, state.pinned, [[text, 2]]);
  outline(context, cell, currentUnit(view), outlineStrokes(accent));
}

/**
 * A pixel for each unit: the heavier, the more padding it sees, or lit if it sees the pixel under the pointer.
 *
 * @param {View} view
 * @param {string} accent
 * @param {string} text
 */
function drawnCells(view, accent, text) {
  const { header: { units: [rows, columns] }, state: { pixel }, fields } = view;
  const [lit, plain] = [accent, text].map(rgbOf);
  const seeing = pixel && fields.map((along, axis) => new Set(unitsSeeing(along, pixel[axis])));
  const image = new ImageData(columns, rows);
  for (let row = 0, p = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, p += 4) {
      const sees = seeing && seeing[0].has(row) && seeing[1].has(column);
      const weight = sees ? 0.9 : pixel ? 0.12 : 0.1 + 0.4 * paddedShare(view, [row, column]);
      image.data.set(sees ? lit : plain, p);
      image.data[p + 3] = Math.round(255 * weight);
    }
  }
  const drawn = document.createElement("canvas");
  putImage(drawn, image);
  return drawn;
}

/**
 * Red, green and blue of a CSS colour.
 *
 * @param {string} colour
 */
function rgbOf(colour) {
  const pen = contextOf(document.createElement("canvas"));
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data.subarray(0, 3);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} cell side of a unit's cell
 * @param {Place} unit
 * @param {[colour: string, width: number][]} strokes
 */
function outline(context, cell, [row, column], strokes) {
  const size = Math.max(cell, 5);
  /** @param {number} n */
  const at = (n) => Math.max(1, (n + 0.5) * cell - size / 2);
  for (const [colour, width] of strokes) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(at(column), at(row), size - 1, size - 1);
  }
}
