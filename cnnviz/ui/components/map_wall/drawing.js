// Draws the wall, the picture beside it and the large map, and marks units and fields on them.

import { isDark, scaleColours } from "../shared/colours.js";
import { find, make, writeReadout } from "../shared/elements.js";
import { putImage, rgbImage, signedImage, sizeCanvas } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { format } from "../shared/numbers.js";
import { boxOfTile, drawTile, fitCanvas, placeBox, wholeOnScreen } from "../shared/tile_grid.js";
import { drawField, drawPixel, pageColours, prepared } from "../shared/unit_fields.js";
import { layoutWall } from "./layout.js";
import { fieldOf, numberOf, pinnedUnit, startOf } from "./model.js";
import { MARGIN, restingText } from "./texts.js";

/**
 * @import { WallLayout } from "./layout.js"
 * @import { Unit, Wall } from "./model.js"
 *
 * What is on screen; `colours` is the scale of activations.
 *
 * @typedef {{ root: HTMLElement, wall: Wall, layout: WallLayout, colours: Uint8Array }} View
 */

/**
 * What depends on the width and the theme of the page.
 *
 * @param {HTMLElement} root
 * @param {Wall} wall
 */
export function measure(root, { channels, height, width }) {
  const layout = layoutWall(channels, height, width, find(root, ".wall").clientWidth, window.devicePixelRatio);
  return { layout, colours: scaleColours("activation", isDark(root)) };
}

/** @param {View} view */
export function drawAll(view) {
  drawPicture(view);
  drawWall(view);
  drawSelected(view);
}

/** @param {View} view */
function drawPicture({ root, wall: { header, arrays, picture } }) {
  const canvas = find(root, ".picture canvas");
  putImage(canvas, rgbImage(arrays.picture.values, picture.height, picture.width));
  sizeCanvas(canvas, picture.height, picture.width, picture.zoom);
  find(root, ".picture .stage").setAttribute("aria-label", "The picture: arrow keys choose a pixel and tell which units see it");
  find(root, ".picture .size").textContent = `${picture.height}×${picture.width}`;
  canvas.setAttribute("aria-label", header.picture_text);
}

/** @param {View} view */
function drawWall(view) {
  const { root, wall: { header }, layout } = view;
  const canvas = find(root, ".wall canvas");
  const context = fitCanvas(canvas, wholeOnScreen(layout.wallWidth), wholeOnScreen(layout.wallHeight));
  context.imageSmoothingEnabled = layout.scale * window.devicePixelRatio < 1;
  context.imageSmoothingQuality = "high";
  const tile = document.createElement("canvas");
  header.order.forEach((channel, index) => {
    putImage(tile, imageOf(view, channel));
    drawTile(context, tile, boxOfTile(layout, index));
  });
  canvas.setAttribute("aria-label", header.wall_text);
  find(root, ".wall").setAttribute("aria-label", "Feature maps: choose one with the arrow keys or a click");
  root.dataset.channels = String(header.order.length);
}

/**
 * @param {View} view
 * @param {number} channel
 */
function imageOf({ wall, colours }, channel) {
  const limit = numberOf(wall, "limits", channel);
  return signedImage(wall.arrays.maps.values, startOf(wall, channel), wall.height, wall.width, limit, colours);
}

/**
 * The selected channel: its frame on the wall, its map and its numbers.
 *
 * @param {View} view
 */
export function drawSelected(view) {
  const { root, wall, layout } = view;
  const { header, height, width, state: { selected } } = wall;
  const canvas = find(root, ".large canvas");
  putImage(canvas, imageOf(view, selected));
  sizeCanvas(canvas, height, width, wall.zoom);
  const label = `Channel ${selected}`;
  find(root, ".large .name").textContent = label;
  find(root, ".large .size").textContent = `${height}×${width}`;
  canvas.setAttribute("aria-label", `${label} of ${header.layer}, ${height} by ${width}`);
  find(root, ".large .stage").setAttribute("aria-label", `${label}: arrow keys read its values, Enter pins a unit`);
  placeBox(find(root, ".chosen"), boxOfTile(layout, header.order.indexOf(selected)));
  drawLegend(root, "activation", numberOf(wall, "limits", selected), isDark(root));
  drawNumbers(root, wall);
  drawResting(view);
}

/**
 * @param {HTMLElement} root
 * @param {Wall} wall
 */
function drawNumbers(root, wall) {
  const { header, state: { selected } } = wall;
  const rows = header.statistics.map(([label, name]) => [label, format(numberOf(wall, name, selected))]);
  rows.push(["zeros", `${format(100 * numberOf(wall, "sparsity", selected), 3)} %`]);
  const dead = numberOf(wall, "maximum", selected) <= 0 ? header.dead_text : "";
  find(root, ".numbers").replaceChildren(
    ...rows.flatMap(([label, value]) => [make("dt", "", label), make("dd", "", value)]),
    make("dt", "words", dead),
  );
}

/**
 * What is shown while nothing is pointed at.
 *
 * @param {View} view
 */
export function drawResting(view) {
  const { root, wall } = view;
  const pin = pinnedUnit(wall);
  clearMarks(root);
  markUnits(view, ".large .pin", pin);
  drawOnPicture(view, pin);
  writeReadout(root, ...restingText(wall));
}

/**
 * The field of a unit on the picture, or the pixel under the pointer.
 *
 * @param {View} view
 * @param {Unit | null} unit
 * @param {Place | null} pixel
 */
export function drawOnPicture({ root, wall }, unit, pixel = null) {
  const { width, height, zoom } = wall.picture;
  const placed = { left: MARGIN, top: MARGIN, wide: width * zoom, high: height * zoom, scale: zoom };
  const context = prepared(find(root, ".picture canvas.field"), placed.wide + 2 * MARGIN, placed.high + 2 * MARGIN);
  const field = unit && fieldOf(wall, unit);
  if (field) drawField(context, field, placed, pageColours(root));
  if (pixel) drawPixel(context, pixel, placed, pageColours(root).accent);
  root.dataset.field = field ? JSON.stringify(field) : "";
}

/**
 * Frame a unit of the large map, or those from one to another; with none, take the frame away.
 *
 * @param {View} view
 * @param {string} selector of the frame
 * @param {Unit | null} first
 * @param {Unit | null} last
 */
export function markUnits({ root, wall: { zoom } }, selector, first, last = first) {
  const frame = find(root, selector);
  if (!first || !last) {
    frame.hidden = true;
    return;
  }
  placeBox(frame, {
    left: first.column * zoom,
    top: first.row * zoom,
    width: Math.max(4, (last.column - first.column + 1) * zoom),
    height: Math.max(4, (last.row - first.row + 1) * zoom),
  });
}

/** @param {HTMLElement} root */
export function clearMarks(root) {
  for (const mark of ["over", "place"]) find(root, `.${mark}`).hidden = true;
}
