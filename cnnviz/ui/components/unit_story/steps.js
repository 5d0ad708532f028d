// What a step shows besides its formula: patch × kernel by channel, the values under a pooling's window, two parts.

import { scaleColours } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { putImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { format } from "../shared/numbers.js";
import { cellGrid, cellSize, linkTaps, titled } from "./cells.js";
import { channelName, isWinner, largest, placeRead, pooledText, rankedBySize, tapText } from "./model.js";
import { sumList } from "./sums.js";

/** @import { PoolStep, State, TapsStep, Unit } from "./model.js" */

/**
 * @typedef {object} Page
 * @property {State} state
 * @property {boolean} dark
 * @property {number} width CSS pixels of the story
 * @property {(unit: Unit) => void} open
 */

const MOST_CELLS = 32;

/**
 * Patch, kernel and product of one channel, and the list of all channels' sums to choose it from.
 *
 * @param {Page} page
 * @param {TapsStep} step
 * @param {number} number of the step
 */
export function tapsBody(page, step, number) {
  const { state, dark } = page;
  const [inputs, weights, sums] = ["inputs", "weights", "sums"].map((name) => state.arrays[`${name}${number}`].values);
  const [channels] = state.arrays[`inputs${number}`].shape;
  const numbers = { inputs, weights, products: inputs.map((x, i) => x * weights[i]), sums };
  const padding = state.arrays[`padding${number}`].values;
  const ranked = rankedBySize(sums);
  const [body, grids, tapWords] = [make("div", "body"), make("div", "grids"), make("div", "tap muted")];
  tapWords.setAttribute("aria-live", "polite");
  /** @param {number} slot */
  const name = (slot) => channelName(step, step.channels[slot]).replace("channel", "ch.");
  const list = sumList(ranked, sums, name, scaleColours("activation", dark), (slot) => {
    state.chosen = { layer: step.layer, slot };
    const caption = `Input ${channelName(step, step.channels[slot])} of ${step.source || "the picture"}`;
    grids.replaceChildren(
      make("div", "caption", `${caption}: products add up to ${format(sums[slot])}`),
      productsLine(page, step, numbers, padding, slot, tapWords),
      tapWords,
    );
  });
  const isKept = state.chosen?.layer === step.layer && state.chosen.slot < channels;
  list.select(isKept && state.chosen ? state.chosen.slot : ranked[0]);
  body.append(grids);
  if (channels > 1) body.append(list.box);
  return body;
}

/**
 * Patch × kernel = product of one channel, each on the scale of all channels.
 *
 * @param {Page} page
 * @param {TapsStep} step
 * @param {Record<"inputs" | "weights" | "products", Float32Array>} numbers
 * @param {Float32Array} padding 1 where a tap lies in the padding
 * @param {number} slot
 * @param {HTMLElement} tapWords
 */
function productsLine({ dark, width, open }, step, numbers, padding, slot, tapWords) {
  /** @type {[number, number]} */
  const shape = [step.rows.length, step.columns.length];
  const area = shape[0] * shape[1];
  const cell = cellSize(width, shape[1], 3);
  /** @param {number} i */
  const look = (i) => `${padding[i] ? "padded" : ""} ${step.opens && !padding[i] ? "opens" : ""}`;
  /** @param {keyof typeof numbers} name */
  const part = (name) => numbers[name].subarray(slot * area, (slot + 1) * area);
  /** @type {(title: string, name: keyof typeof numbers, scale: string, look: (i: number) => string) => HTMLElement} */
  const grid = (title, name, scale, classes) =>
    titled(title, cellGrid(part(name), shape, largest(numbers[name]), scaleColours(scale, dark), cell, classes));
  const line = make("div", "products");
  line.append(
    grid("Patch", "inputs", "activation", look), make("span", "sign", "×"),
    grid("Kernel", "weights", "weight", () => ""), make("span", "sign", "="),
    grid("Product", "products", "activation", look),
  );
  line.setAttribute("aria-label", "Patch, kernel and product: arrow keys read the taps");
  /** @param {number} tap */
  const read = (tap) => {
    const hint = step.opens ? " A click on the patch opens the unit that was read." : "";
    tapWords.textContent = tap < 0 ? `Point at a cell to read its numbers.${hint}` : tapText(step, tap, Boolean(padding[tap]), {
      x: part("inputs")[tap], w: part("weights")[tap], product: part("products")[tap],
    });
  };
  linkTaps(line, shape, read, (tap) => {
    if (step.opens && !padding[tap]) open([step.source, step.channels[slot], ...placeRead(step, tap)]);
  });
  read(-1);
  return line;
}

/**
 * The values under a pooling's window, the winner framed; a large window as a picture.
 *
 * @param {Page} page
 * @param {PoolStep} step
 * @param {number} number of the step
 */
export function poolBody({ state, dark, width, open }, step, number) {
  const { values } = state.arrays[`inputs${number}`];
  const padding = state.arrays[`padding${number}`].values;
  /** @type {[number, number]} */
  const shape = [step.rows.length, step.columns.length];
  const [body, box, tapWords] = [make("div", "body"), make("div", "grids"), make("div", "tap muted")];
  if (Math.max(...shape) > MOST_CELLS) {
    body.append(windowImage(values, shape, dark));
    return body;
  }
  /** @param {number} i */
  const look = (i) =>
    `${padding[i] ? "padded" : ""} ${isWinner(step, i) ? "winner" : ""} ${step.opens && !padding[i] ? "opens" : ""}`;
  const cell = Math.max(cellSize(width, shape[1], 2), 8);
  const line = make("div", "products");
  line.append(titled("Under the window", cellGrid(values, shape, largest(values), scaleColours("activation", dark), cell, look)));
  line.setAttribute("aria-label", "The window: arrow keys read its values");
  /** @param {number} pointed */
  const read = (pointed) => {
    const tap = pointed < 0 ? padding.findIndex((_, i) => isWinner(step, i)) : pointed;
    tapWords.textContent =
      tap < 0 ? "Point at a cell to read its number." : pooledText(step, tap, Boolean(padding[tap]), values[tap]);
  };
  linkTaps(line, shape, read, (tap) => {
    if (step.opens && !padding[tap]) open([step.source, step.channel, ...placeRead(step, tap)]);
  });
  read(-1);
  box.append(line, tapWords);
  body.append(box);
  return body;
}

/**
 * @param {Float32Array} values
 * @param {[rows: number, columns: number]} shape
 * @param {boolean} dark
 */
function windowImage(values, [high, wide], dark) {
  const canvas = make("canvas");
  putImage(canvas, signedImage(values, 0, high, wide, largest(values), scaleColours("activation", dark)));
  sizeCanvas(canvas, high, wide, wholeZoom(high, wide, 224, 224));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The ${high} by ${wide} values under the window`);
  return canvas;
}
