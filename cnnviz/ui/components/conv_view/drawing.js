// Draws the two pictures, and over them what an output reads or what reads an input.

import { CHANNEL_NAMES, isDark, scaleColours } from "../shared/colours.js";
import { contextOf, find, writeReadout } from "../shared/elements.js";
import { putImage, rgbImage, signedImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import { readInput, readWindow, restingPixel, sizesOf } from "./model.js";

/** @import { State } from "./model.js" */

/**
 * @typedef {object} Part one of the pictures
 * @property {HTMLElement} stage
 * @property {HTMLCanvasElement} picture
 * @property {HTMLCanvasElement} mark
 * @property {HTMLElement} size
 * @property {number} zoom
 *
 * @typedef {{ root: HTMLElement, state: State, input: Part, output: Part }} Drawing
 */

const MAX_BOX = 440;

/**
 * @param {HTMLElement} root
 * @param {string} name
 * @returns {Part}
 */
export function partOf(root, name) {
  const figure = find(root, `.${name}`);
  const [picture, mark] = [find(figure, "canvas.picture"), find(figure, "canvas.mark")];
  return { stage: find(figure, ".stage"), picture, mark, size: find(figure, ".size"), zoom: 1 };
}

/** @param {Drawing} drawing */
export function drawPictures({ root, state, input, output }) {
  const { height, width } = sizesOf(state);
  layOut(root, state, input, output);
  putImage(input.picture, rgbImage(state.arrays.input.values, height, width));
  putImage(output.picture, outputImage(state, isDark(root)));
  drawLegend(root, "activation", state.header.limit, isDark(root));
  find(root, ".legend").style.visibility = state.channel === "together" ? "hidden" : "visible";
  input.picture.setAttribute("aria-label", state.header.input_text);
  output.picture.setAttribute("aria-label", state.header.output_text);
  output.stage.setAttribute("aria-label", "Output: move with the arrow keys, pin with a click");
}

/**
 * @param {HTMLElement} root
 * @param {State} state
 * @param {Part} input
 * @param {Part} output
 */
function layOut(root, state, input, output) {
  const { height, width, outputHeight, outputWidth } = sizesOf(state);
  const wide = root.clientWidth >= 660;
  const box = Math.min(MAX_BOX, wide ? (root.clientWidth - 20) / 2 : root.clientWidth);
  input.zoom = wholeZoom(height, width, box, box);
  // A little room beyond the input's own size, so that padding does not halve the zoom.
  const room = height * input.zoom + 24;
  output.zoom = wholeZoom(outputHeight, outputWidth, room, box);
  resize(input, height, width, `${room}px`);
  resize(output, outputHeight, outputWidth, wide ? `${room}px` : "auto");
  const sizes = [input, output].map(({ stage }) => [stage.clientWidth, stage.clientHeight]);
  [input, output].forEach(({ mark }, i) => sizeMark(mark, sizes[i][0], sizes[i][1]));
}

/**
 * @param {Part} part
 * @param {number} height
 * @param {number} width
 * @param {string} stageHeight
 */
function resize({ picture, stage, size, zoom }, height, width, stageHeight) {
  sizeCanvas(picture, height, width, zoom);
  stage.style.height = stageHeight;
  size.textContent = `${height}×${width}${zoom > 1 ? `, each pixel drawn ${zoom}×${zoom}` : ""}`;
}

/**
 * A canvas that is given a size loses its memory, so one of the right size is left as it is.
 *
 * @param {HTMLCanvasElement} mark
 * @param {number} width
 * @param {number} height
 */
function sizeMark(mark, width, height) {
  const ratio = window.devicePixelRatio;
  if (mark.width === Math.floor(width * ratio) && mark.height === Math.floor(height * ratio)) return;
  [mark.width, mark.height] = [width * ratio, height * ratio];
  [mark.style.width, mark.style.height] = [`${width}px`, `${height}px`];
}

/**
 * @param {State} state
 * @param {boolean} dark
 */
function outputImage(state, dark) {
  const { outputHeight, outputWidth } = sizesOf(state);
  const { values } = state.arrays.output;
  if (state.channel === "together") return unitImage(values, 3, outputHeight, outputWidth);
  const start = Math.max(0, CHANNEL_NAMES.indexOf(state.channel)) * outputHeight * outputWidth;
  return signedImage(values, start, outputHeight, outputWidth, state.header.limit, scaleColours("activation", dark));
}

/** @param {Drawing} drawing */
export function drawMarks(drawing) {
  const { state, input, output } = drawing;
  for (const { mark } of [input, output]) contextOf(mark).clearRect(0, 0, mark.width, mark.height);
  if (state.hovered?.on === "input") drawReaders(drawing, state.hovered);
  else drawWindow(drawing, state.hovered ?? restingPixel(state));
}

/**
 * What an output reads.
 *
 * @param {Drawing} drawing
 * @param {Pixel} place
 */
function drawWindow({ root, state, input, output }, place) {
  const { rowTaps, columnTaps, headline, detail } = readWindow(state, place);
  const { rows, columns } = state.settings;
  outlineRange(root, input, rowTaps, columnTaps);
  if (input.zoom * Math.min(rows.dilation, columns.dilation) >= 3 || rows.dilation + columns.dilation > 2) {
    drawDots(input, rowTaps, columnTaps);
  }
  outlineRange(root, output, [place.row], [place.column]);
  writeReadout(root, headline, detail);
}

/**
 * What reads an input.
 *
 * @param {Drawing} drawing
 * @param {Pixel} place
 */
function drawReaders({ root, state, input, output }, place) {
  const { rowReaders, columnReaders, headline, detail } = readInput(state, place);
  outlineRange(root, input, [place.row], [place.column]);
  drawDots(output, rowReaders, columnReaders);
  /** @param {number[]} list */
  const isUnbroken = (list) => list.length > 0 && list[list.length - 1] - list[0] === list.length - 1;
  if (isUnbroken(rowReaders) && isUnbroken(columnReaders)) outlineRange(root, output, rowReaders, columnReaders);
  writeReadout(root, headline, detail);
}

/**
 * A line around the pixels from the first to the last of these rows and columns.
 *
 * @param {HTMLElement} root
 * @param {Part} part
 * @param {number[]} rows
 * @param {number[]} columns
 */
function outlineRange(root, part, rows, columns) {
  const [context, { zoom }] = [scaledContext(part), part];
  const [top, left] = [rows[0], columns[0]];
  const [height, width] = [rows[rows.length - 1] + 1 - top, columns[columns.length - 1] + 1 - left];
  const accent = getComputedStyle(root).getPropertyValue("--st-primary-color");
  const strokes = /** @type {[string, number][]} */ ([["#000", 4], ["#fff", 2.5], [accent, 1.5]]);
  for (const [colour, line] of strokes) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(left * zoom, top * zoom, width * zoom, height * zoom);
  }
}

/**
 * A dot on each pixel of these rows and columns.
 *
 * @param {Part} part
 * @param {number[]} rows
 * @param {number[]} columns
 */
function drawDots(part, rows, columns) {
  const [context, { zoom }] = [scaledContext(part), part];
  context.fillStyle = "#fff";
  context.strokeStyle = "#000";
  context.lineWidth = 0.75;
  for (const row of rows) {
    for (const column of columns) {
      context.beginPath();
      context.arc((column + 0.5) * zoom, (row + 0.5) * zoom, clamp(zoom / 3, 1, 2.5), 0, 7);
      context.fill();
      context.stroke();
    }
  }
}

/** @param {Part} part */
function scaledContext({ mark }) {
  const context = contextOf(mark);
  context.setTransform(window.devicePixelRatio, 0, 0, window.devicePixelRatio, 0, 0);
  return context;
}
