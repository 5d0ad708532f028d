// Draws the sliding window: both grids with their marks, and the kernel.

import { colourIndex, isDark, scaleColours } from "../shared/colours.js";
import { find } from "../shared/elements.js";
import { drawKernelCells } from "../shared/kernel_cells.js";
import { clamp } from "../shared/numbers.js";
import { winningTerm } from "../shared/operation.js";
import { twoDecimals } from "./expression.js";
import { copyGrid, drawCell, gridCanvas, outlineCells } from "./grid.js";
import { currentStep, focusOf, paddingOf, placeOf } from "./model.js";

/** @import { CellStyle, Grid } from "./grid.js" */
/** @import { Geometry, Header, layOut, PinnedCell, PointedTap, Result, State } from "./model.js" */

/**
 * What a drawing needs: the state, what was computed from it, how it looks, and what the user can do.
 *
 * @typedef {object} View
 * @property {HTMLElement} root
 * @property {Header} header
 * @property {State} state
 * @property {Result} result
 * @property {string} unread what no output reads, in words
 * @property {ReturnType<typeof layOut>} cells
 * @property {Looks} looks
 * @property {Actions} on
 *
 * @typedef {object} Looks
 * @property {CellStyle} style
 * @property {string} accent
 * @property {Uint8Array} colours of activations
 * @property {ArrayLike<number>} empty red, green, blue of an output that is not yet shown
 *
 * @typedef {object} Actions
 * @property {(hover: PinnedCell | PointedTap | null) => void} hover
 * @property {(term: PointedTap | null) => void} lightTerm
 * @property {(row: number, column: number, weight: number) => void} edit
 * @property {(name: Geometry, value: number) => void} step
 * @property {(channel: number) => void} showChannel
 */

/** The term that wins a max pooling. */
const WINNER = "#d9480f";

/**
 * Colours of the page.
 *
 * @param {HTMLElement} root
 * @returns {Looks}
 */
export function looksOf(root) {
  const style = getComputedStyle(root);
  const dark = isDark(root);
  return {
    style: { line: dark ? "rgba(255,255,255,.16)" : "rgba(0,0,0,.14)", font: style.fontFamily },
    accent: style.getPropertyValue("--st-primary-color"),
    colours: scaleColours("activation", dark),
    empty: dark ? [18, 21, 24] : [255, 255, 255],
  };
}

/**
 * Grids and kernel without marks.
 *
 * @param {View} view
 */
export function drawGrids(view) {
  paintInput(view);
  paintOutput(view);
  drawKernel(view);
}

/**
 * The marks on input, output and kernel.
 *
 * @param {View} view
 */
export function drawMarks(view) {
  markInput(view);
  markOutput(view);
  lightTap(view);
}

/** @param {View} view */
function paintInput({ state, result, cells, looks }) {
  const { op } = result;
  const grid = gridCanvas(state.layers.input, cells.side.input, cells.input);
  const [top, left] = paddingOf(state, op);
  for (let r = -top; r < op.size.rows + top; r++) {
    for (let c = -left; c < op.size.columns + left; c++) {
      drawCell(grid, r + cells.offset, c + cells.offset, inputLook(result, state.channel, r, c), looks.style);
    }
  }
}

/**
 * @param {Result} result
 * @param {number} channel
 * @param {number} row
 * @param {number} column
 */
function inputLook({ op, range: [low, high] }, channel, row, column) {
  const inside = op.inside(row, column);
  const values = op.input.map((_, k) => op.read(k, row, column));
  /** @param {number} value */
  const shade = (value) => Math.round(255 * clamp((value - low) / (high - low), 0, 1));
  const isColour = values.length === 3;
  const fill = isColour ? values.map(shade) : [0, 1, 2].map(() => shade(values[0]));
  const shown = op.kind === "max" && !inside ? -Infinity : values[isColour ? channel : 0];
  return { fill, text: twoDecimals(shown), hatched: !inside, crossed: !op.isRead(row, column) };
}

/** @param {View} view */
function markInput(view) {
  const { root, state, result, cells, looks } = view;
  const grid = copyGrid(state.layers.input, find(root, ".input canvas"), cells.side.input, cells.input);
  const { output, tap, input, met } = focusOf(state, result);
  /** @type {(row: number, column: number, thickness?: number) => void} */
  const outline = (row, column, thickness) =>
    outlineCells(grid, row + cells.offset, column + cells.offset, 1, 1, looks.accent, thickness);
  if (output) markWindow(view, grid, output, tap);
  else if (input) outline(input.row, input.column);
  else if (met) for (const [row, column] of result.op.met(met.m, met.n)) outline(row, column, 1.5);
}

/**
 * @param {View} view
 * @param {Grid} grid
 * @param {Place} output
 * @param {PointedTap} [tap]
 */
function markWindow({ result: { op }, cells, looks }, grid, output, tap) {
  const terms = op.terms(...output).filter((term) => term.channel === 0);
  if (!terms.length) return;
  const [rows, columns] = [terms.map((term) => term.row), terms.map((term) => term.column)];
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const [height, width] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
  const isDense = terms.length === height * width;
  /** @type {(row: number, column: number, size: [number, number], colour: string, thickness: number) => void} */
  const outline = (row, column, size, colour, thickness) =>
    outlineCells(grid, row + cells.offset, column + cells.offset, ...size, colour, thickness);
  if (!isDense) for (const { row, column } of terms) outline(row, column, [1, 1], looks.accent, 1.5);
  outline(top, left, [height, width], looks.accent, isDense ? 2.5 : 1);
  const marked = tap ? terms.find(({ m, n }) => m === tap.m && n === tap.n) : op.kind === "max" && winningTerm(terms);
  if (marked) outline(marked.row, marked.column, [1, 1], tap ? looks.accent : WINNER, 3.5);
}

/** @param {View} view */
export function paintOutput(view) {
  const { state, result, cells } = view;
  const grid = gridCanvas(state.layers.output, cells.side.output, cells.output);
  const step = currentStep(state, result);
  result.values.forEach((_, i) => drawOutputCell(view, grid, i, i <= step));
}

/**
 * @param {View} view
 * @param {Grid} grid
 * @param {number} index
 * @param {boolean} isShown
 */
function drawOutputCell({ result, looks }, grid, index, isShown) {
  const value = result.values[index];
  const c = colourIndex(value, result.limit);
  const fill = isShown ? looks.colours.subarray(c, c + 3) : looks.empty;
  drawCell(grid, ...placeOf(result.op, index), { fill, text: isShown ? twoDecimals(value) : undefined }, looks.style);
}

/** @param {View} view */
function markOutput(view) {
  const { root, state, result, cells, looks } = view;
  const grid = copyGrid(state.layers.output, find(root, ".output canvas"), cells.side.output, cells.output);
  const { output, input } = focusOf(state, result);
  if (output) {
    drawOutputCell(view, grid, output[0] * result.op.output.columns + output[1], true);
    outlineCells(grid, ...output, 1, 1, looks.accent);
  }
  const readers = input ? result.op.readers(input.row, input.column) : [];
  for (const [row, column] of readers) outlineCells(grid, row, column, 1, 1, looks.accent, 1.5);
}

/** @param {View} view */
function drawKernel({ root, header, state: { settings }, on }) {
  const [height, width] = settings.kernel_size;
  find(root, ".kernel .name").textContent = header.kernel_label;
  find(root, ".kernel .size").textContent = `${height}×${width}`;
  drawKernelCells(find(root, ".kernel .grid"), find(root, ".kernel .note"), settings.weights, height, width, 9, {
    edit: on.edit,
    tap: (m, n) => on.hover({ on: "tap", m, n }),
    leave: () => on.hover(null),
  });
}

/** @param {View} view */
function lightTap({ root, state, result }) {
  const now = state.hover ?? state.pin;
  const lit = now && "m" in now ? now : null;
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll(".kernel input"));
  const width = state.settings.kernel_size[1];
  inputs.forEach((input, i) => {
    input.classList.toggle("lit", lit?.m === Math.floor(i / width) && lit?.n === i % width);
  });
  if (!state.settings.weights) fillWindow(inputs, state, result);
}

/**
 * Pooling has no weights: its window shows what lies under it.
 *
 * @param {NodeListOf<HTMLInputElement>} inputs
 * @param {State} state
 * @param {Result} result
 */
function fillWindow(inputs, state, result) {
  const { output } = focusOf(state, result);
  const terms = output ? result.op.terms(...output) : [];
  inputs.forEach((input, i) => {
    const term = terms[i];
    input.value = term ? (result.op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x)) : "";
  });
}
