// Maps of two networks in pairs, all on one scale.

import { isDark, scaleColours } from "../shared/colours.js";
import { find, make, writeReadout } from "../shared/elements.js";
import { putImage, signedImage } from "../shared/images.js";
import { arrowStepInList } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import { fitCanvas, placeBox, tilesAcross } from "../shared/tile_grid.js";

/**
 * @typedef {object} Header
 * @property {[left: string, right: string]} names of the two networks
 * @property {number[]} channels
 * @property {number} limit
 * @property {boolean} exact the values are float32, not float16
 * @property {string} shown names the maps; another one starts at the first pair
 * @property {string} alt
 *
 * @typedef {Record<"left" | "right" | "difference", PackedArray>} Arrays
 *
 * The pair and the unit read last.
 *
 * @typedef {{ shown: string, pair: number, unit: Pixel, stop?: () => void }} State
 *
 * In CSS pixels: a pair is `pairWidth` × `pairHeight` with its label above, a unit `zoom` wide.
 *
 * @typedef {{ zoom: number, columns: number, pairWidth: number, pairHeight: number, tall: number }} Layout
 *
 * @typedef {object} View
 * @property {HTMLElement} root
 * @property {HTMLElement} stage
 * @property {HTMLCanvasElement} canvas
 * @property {Header} header
 * @property {Arrays} arrays
 * @property {State} state
 * @property {number} count
 * @property {number} height of a map, in units
 * @property {number} width
 * @property {Layout} layout
 */

const GAP = 12;
const LABEL = 15;
const EDGE = 3;
const TALLEST = 500;
const SIDES = /** @type {const} */ (["left", "right"]);

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement } = component;
  const root = find(parentElement, ".root");
  const { header, arrays } = unpack(data);
  const [count, height, width] = arrays.left.shape;
  const middle = { row: height >> 1, column: width >> 1 };
  const state = stateOf(parentElement, /** @returns {State} */ () => ({ shown: "", pair: 0, unit: middle }));
  if (state.shown !== header.shown) Object.assign(state, { shown: header.shown, pair: 0, unit: middle });
  const stage = find(root, ".pairs");
  const maps = { root, stage, canvas: find(stage, "canvas"), header, arrays, state, count, height, width };
  /** @type {View} */
  const view = { ...maps, layout: layOut(stage.clientWidth, count, height, width) };
  listen(view);
  const redraw = () => {
    view.layout = layOut(stage.clientWidth, count, height, width);
    draw(view);
  };
  redraw();
  state.stop?.();
  state.stop = redrawOnChange(root, redraw);
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * The largest pairs at which all of them are not too tall, within limits.
 *
 * @param {number} room
 * @param {number} count
 * @param {number} height
 * @param {number} width
 * @returns {Layout}
 */
function layOut(room, count, height, width) {
  const least = Math.max(36 / width, 0.05);
  /** @param {number} zoom */
  const at = (zoom) => {
    const [pairWidth, pairHeight] = [2 * width * zoom + 1, height * zoom + LABEL];
    const columns = tilesAcross(room - 2 * EDGE, pairWidth, GAP);
    return { zoom, columns, pairWidth, pairHeight, tall: Math.ceil(count / columns) * (pairHeight + GAP) };
  };
  let zoom = Math.max(least, Math.min(120 / width, (room - 2 * EDGE - 1) / 2 / width));
  while (zoom > least && at(zoom).tall > TALLEST) zoom = Math.max(least, zoom * 0.97);
  return at(zoom);
}

/** @param {View} view */
function draw(view) {
  const { root, header, state, count } = view;
  const dark = isDark(root);
  find(root, ".heads").replaceChildren(...header.names.map(headOf));
  drawPairs(view, dark);
  drawLegend(root, "activation", header.limit, dark);
  read(view, Math.min(state.pair, count - 1), state.unit);
  Object.assign(root.dataset, { pairs: count, shown: header.shown });
}

/**
 * @param {string} name
 * @param {number} index
 */
function headOf(name, index) {
  const element = make("span");
  element.append(make("span", `sign ${index ? "right" : "left"}`), make("span", "title", name));
  return element;
}

/**
 * @param {View} view
 * @param {boolean} dark
 */
function drawPairs(view, dark) {
  const { root, stage, canvas, header, count, layout: { zoom, columns, pairWidth, tall } } = view;
  const context = fitCanvas(canvas, Math.min(stage.clientWidth, 2 * EDGE + columns * (pairWidth + GAP)), tall);
  canvas.setAttribute("aria-label", header.alt);
  const [ratio, style] = [window.devicePixelRatio, getComputedStyle(root)];
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = zoom * ratio < 1;
  context.fillStyle = style.color;
  context.font = `11px ${style.fontFamily}`;
  context.strokeStyle = style.getPropertyValue("--st-border-color") || "#888";
  const colours = scaleColours("activation", dark);
  for (let pair = 0; pair < count; pair++) drawPair(context, view, pair, colours);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {number} pair
 * @param {Uint8Array} colours
 */
function drawPair(context, view, pair, colours) {
  const { header, arrays, height, width, layout: { zoom, pairWidth } } = view;
  const { left, top } = placeOf(view, pair);
  context.fillText(String(header.channels[pair]), left, top + 10);
  const source = document.createElement("canvas");
  SIDES.forEach((side, index) => {
    putImage(source, signedImage(arrays[side].values, pair * height * width, height, width, header.limit, colours));
    context.drawImage(source, left + index * (width * zoom + 1), top + LABEL, width * zoom, height * zoom);
  });
  context.strokeRect(left - 0.5, top + LABEL - 0.5, pairWidth + 1, height * zoom + 1);
}

/**
 * @param {View} view
 * @param {number} pair
 */
function placeOf({ layout: { columns, pairWidth, pairHeight } }, pair) {
  const [row, column] = [Math.floor(pair / columns), pair % columns];
  return { left: EDGE + column * (pairWidth + GAP), top: row * (pairHeight + GAP) };
}

/**
 * Mark a pair, and say what both networks have at a unit of it.
 *
 * @param {View} view
 * @param {number} pair
 * @param {Pixel} unit
 */
function read(view, pair, unit) {
  const { root, header, arrays, state, height, width, layout: { zoom, pairWidth } } = view;
  Object.assign(state, { pair, unit });
  const { left, top } = placeOf(view, pair);
  placeBox(find(root, ".chosen"), { left, top: top + LABEL, width: pairWidth, height: height * zoom });
  const place = pair * height * width + unit.row * width + unit.column;
  const about = header.exact ? "" : "≈ ";
  const values = SIDES.map((side) => `${side} ${about}${format(arrays[side].values[place], header.exact ? 4 : 3)}`);
  const headline = `Channel ${header.channels[pair]}, row ${unit.row}, column ${unit.column}: ${values.join(", ")}`;
  const difference = format(arrays.difference.values[pair]);
  writeReadout(root, headline, `mean magnitude of the difference over this pair: ${difference}`);
}

/** @param {View} view */
function listen(view) {
  const { stage, state, count } = view;
  stage.onpointermove = (event) => {
    const found = unitUnder(event, view);
    if (found) read(view, found.pair, found.unit);
  };
  stage.onkeydown = (event) => {
    const next = state.pair + (arrowStepInList(event, view.layout.columns) ?? NaN);
    if (next >= 0 && next < count) read(view, next, state.unit);
  };
}

/**
 * The pair and the unit under the pointer, in whichever of the two maps; null between pairs.
 *
 * @param {MouseEvent} event
 * @param {View} view
 */
function unitUnder(event, { canvas, count, height, width, layout: { zoom, columns, pairWidth, pairHeight } }) {
  const box = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const [column, row] = [Math.floor(x / (pairWidth + GAP)), Math.floor(y / (pairHeight + GAP))];
  const pair = row * columns + column;
  const [inX, inY] = [x - EDGE - column * (pairWidth + GAP), y - row * (pairHeight + GAP) - LABEL];
  if (column < 0 || column >= columns || row < 0 || pair >= count) return null;
  if (inX < 0 || inX >= pairWidth || inY < 0 || inY >= height * zoom) return null;
  const mapWidth = width * zoom;
  const across = inX >= mapWidth + 1 ? inX - mapWidth - 1 : Math.min(inX, mapWidth - 1e-6);
  const unit = { row: Math.floor(inY / zoom), column: Math.floor(across / zoom) };
  return { pair, unit: { row: Math.min(height - 1, unit.row), column: Math.min(width - 1, unit.column) } };
}
