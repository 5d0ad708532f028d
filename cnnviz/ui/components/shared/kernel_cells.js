// A kernel as a grid of numbers that can be typed over: used by the kernel grid and the sliding window.

import { colourIndex, isDark, scaleColours, textColourOn } from "./colours.js";
import { make } from "./elements.js";
import { withMinus } from "./numbers.js";

/**
 * @typedef {object} KernelEvents
 * @property {(row: number, column: number, value: number) => void} edit
 * @property {(row: number, column: number) => void} [tap]
 * @property {() => void} [leave]
 */

const NO_WEIGHT = "A weight is a number from −1000 to 1000.";

/**
 * Two decimals for the eye; the exact number stands in the tooltip and appears on focus.
 *
 * @param {number} value
 */
function shortText(value) {
  const rounded = Math.round(value * 100) / 100;
  const text = Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(2).replace(/^(-?)0\./, "$1.");
  return withMinus(text);
}

/** @param {number} value */
function exactText(value) {
  return withMinus(Number(value.toPrecision(6)));
}

/**
 * `weights` cropped or surrounded with zeros, about the middle, to `size` × `size`; as kernel_text.py.
 *
 * @param {number[][]} weights
 * @param {number} size
 */
export function resizedKernel(weights, size) {
  /** @param {number} old */
  const from = (old) => Math.floor((old - Math.min(old, size)) / 2) - Math.floor((size - Math.min(old, size)) / 2);
  const [top, left] = [from(weights.length), from(weights[0].length)];
  return Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_, c) => weights[r + top]?.[c + left] ?? 0),
  );
}

/**
 * A typed weight, or null.
 *
 * @param {string} text
 */
export function parseWeight(text) {
  const cleaned = text.trim().replace("−", "-").replace(",", ".");
  const value = cleaned === "" ? NaN : Number(cleaned);
  return Number.isFinite(value) && Math.abs(value) <= 1000 ? value : null;
}

/**
 * Draw `weights` (rows of numbers; null: a window without weights) of `height` × `width` into `grid`, a
 * place of `rem` × `rem`. `on.edit(row, column, value)` is called for a typed weight, `on.tap(row,
 * column)` as a cell gets the pointer or the focus, `on.leave()` as it loses them.
 *
 * @param {HTMLElement} grid
 * @param {HTMLElement} note
 * @param {number[][] | null} weights
 * @param {number} height
 * @param {number} width
 * @param {number} rem
 * @param {KernelEvents} on
 */
export function drawKernelCells(grid, note, weights, height, width, rem, on) {
  if (sizeGrid(grid, height, width, rem)) note.textContent = "";
  const inputs = [...grid.querySelectorAll("input")];
  paintCells(grid, inputs, weights);
  inputs.forEach((input, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const weight = weights ? weights[row][column] : null;
    input.onpointerenter = () => on.tap?.(row, column);
    input.onpointerleave = () => on.leave?.();
    input.onclick = () => input.select();
    input.onfocus = () => {
      on.tap?.(row, column);
      if (weight === null) return;
      input.value = exactText(weight);
      input.select();
    };
    input.onblur = () => {
      const value = weights && typedWeight(input, weights[row][column]);
      note.textContent = inputs.some((other) => other.ariaInvalid === "true") ? NO_WEIGHT : "";
      if (value !== null) on.edit(row, column, value);
      on.leave?.();
    };
    input.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key !== "Escape") return goToCell(event, inputs, i, width);
      if (weight !== null) input.value = exactText(weight);
      input.blur();
    };
  });
}

/**
 * Give the grid its cells; whether it has got new ones.
 *
 * @param {HTMLElement} grid
 * @param {number} height
 * @param {number} width
 * @param {number} rem
 */
function sizeGrid(grid, height, width, rem) {
  const most = Math.max(3, width, height);
  const side = (rem - (most - 1) / 8) / most;
  grid.style.gridTemplateColumns = `repeat(${width}, ${side}rem)`;
  grid.style.gridAutoRows = `${side}rem`;
  grid.classList.toggle("small", side < 1.7);
  if (grid.dataset.shape === `${height}×${width}`) return false;
  grid.dataset.shape = `${height}×${width}`;
  grid.replaceChildren(...Array.from({ length: height * width }, (_, i) => kernelCell(Math.floor(i / width), i % width)));
  return true;
}

/**
 * The weights as numbers and colours; a number that is being typed, or that is wrong, stays.
 *
 * @param {HTMLElement} grid
 * @param {HTMLInputElement[]} inputs
 * @param {number[][] | null} weights
 */
function paintCells(grid, inputs, weights) {
  const flat = weights?.flat();
  const limit = flat ? Math.max(...flat.map(Math.abs)) : 1;
  const page = /** @type {ShadowRoot | Document} */ (grid.getRootNode());
  const colours = scaleColours("weight", isDark(grid.closest(".root") ?? grid));
  inputs.forEach((input, i) => {
    const c = colourIndex(flat ? flat[i] : 0, limit);
    const [r, g, b] = colours.subarray(c, c + 3);
    input.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
    input.style.color = textColourOn(r, g, b);
    input.readOnly = !flat;
    input.title = flat ? exactText(flat[i]) : "";
    if (input !== page.activeElement && input.ariaInvalid !== "true") input.value = flat ? shortText(flat[i]) : "";
  });
}

/**
 * What has been typed into a cell instead of `weight`; null if it is no weight or the same one.
 *
 * @param {HTMLInputElement} input
 * @param {number} weight
 */
function typedWeight(input, weight) {
  const value = parseWeight(input.value);
  input.ariaInvalid = String(value === null);
  if (value === null) return null;
  const changed = exactText(value) !== exactText(weight);
  input.value = shortText(changed ? value : weight);
  return changed ? value : null;
}

/**
 * Enter goes to the next cell, arrows to the one below or above; out of the grid if there is none.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement[]} inputs
 * @param {number} index
 * @param {number} width
 */
function goToCell(event, inputs, index, width) {
  const step = new Map([["Enter", 1], ["ArrowDown", width], ["ArrowUp", -width]]).get(event.key);
  if (step === undefined) return;
  event.preventDefault();
  const next = inputs[index + step];
  if (next) next.focus();
  else inputs[index].blur();
}

/**
 * @param {number} row
 * @param {number} column
 */
function kernelCell(row, column) {
  const [box, input] = [make("div", "cell"), make("input")];
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.setAttribute("aria-label", `Weight in row ${row}, column ${column}`);
  box.append(input);
  return box;
}
