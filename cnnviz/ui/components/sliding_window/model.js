// The sliding window without its screen: the operation on the patch, what is in focus, and what follows from settings.

import { resizedKernel } from "../shared/kernel_cells.js";
import { clamp } from "../shared/numbers.js";
import { Operation } from "../shared/operation.js";
import { paddingLimit } from "../shared/padding.js";
import { cellSide } from "./grid.js";

/** @import { Kind } from "../shared/arithmetic.js" */

/**
 * @typedef {"kernel_size" | "stride" | "padding" | "dilation"} Geometry
 *
 * @typedef {{ top: number, left: number, size: number }} Patch
 *
 * What the user can change; the geometry by axis, rows first.
 *
 * @typedef {Record<Geometry, [number, number]> & {
 *   weights: number[][] | null, bias: number, mode: PaddingMode, patch: Patch, edited?: boolean,
 * }} Settings
 *
 * @typedef {object} Header
 * @property {Kind} kind
 * @property {Settings} settings
 * @property {EditVersion} edit_version
 * @property {number[][] | null} matrix
 * @property {"grey" | "summed" | "depthwise"} channels
 * @property {{ ceil?: boolean, countPadding?: boolean, outputPadding: number }} options
 * @property {string} kernel_label
 * @property {Partial<Record<Geometry, [number, number]>>} limits
 * @property {Partial<Record<Geometry, string>>} reasons
 * @property {Record<number, number[][]>} kernels
 * @property {string} no_fit
 *
 * Something that the user points at or has pinned: an input or an output, a tap of the kernel, a term of the sum.
 *
 * @typedef {{ on: "input" | "output", row: number, column: number }} PinnedCell
 * @typedef {{ on: "tap" | "term", m: number, n: number }} PointedTap
 *
 * @typedef {EditState & {
 *   settings: Settings, step: number | null, hover: PinnedCell | PointedTap | null, pin: PinnedCell | null,
 *   channel: number, playing: number | undefined, speed: number, expressed: Place,
 *   layers: { input: HTMLCanvasElement, output: HTMLCanvasElement },
 *   pending?: number, advance?: () => void, stop?: () => void,
 * }} State
 *
 * The operation on the patch, its outputs, and what of it the grids show.
 *
 * @typedef {object} Result
 * @property {Operation} op
 * @property {number[]} values of all outputs, row by row
 * @property {number} limit largest magnitude of an output
 * @property {number[][][]} planes the patch, channel by channel
 * @property {[number, number]} range input values shown black and white
 */

/** Rows and columns of padding for which the input grid keeps room. */
const RESERVES = [2, 5];

/**
 * @param {Header} header
 * @param {State} state
 * @param {PackedArray} picture
 * @returns {Result}
 */
export function compute(header, state, picture) {
  const { settings } = state;
  const planes = header.matrix ? [header.matrix] : patchOf(picture, settings.patch);
  const apart = header.channels === "depthwise" && planes.length > 1;
  const input = apart ? [planes[state.channel]] : planes;
  const { weights } = settings;
  const mostExtra = Math.max(settings.stride[0], settings.dilation[0]) - 1;
  const op = new Operation(header.kind, input, axisOf(settings, 0), axisOf(settings, 1), {
    weights: weights && input.map(() => weights),
    bias: settings.bias,
    mode: settings.mode,
    ...header.options,
    outputPadding: Math.min(header.options.outputPadding, mostExtra),
  });
  const values = Array.from({ length: op.output.rows * op.output.columns }, (_, i) => op.value(...placeOf(op, i)));
  const limit = values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  return { op, values, limit, planes, range: header.matrix ? rangeOf(planes.flat(2)) : [0, 1] };
}

/**
 * @param {Settings} settings
 * @param {0 | 1} i
 */
export function axisOf(settings, i) {
  const { kernel_size, stride, padding, dilation } = settings;
  return { kernel_size: kernel_size[i], stride: stride[i], padding: padding[i], dilation: dilation[i] };
}

/**
 * @param {PackedArray} picture (C, H, W)
 * @param {Patch} patch
 */
function patchOf({ values, shape: [channels, height, width] }, { top, left, size }) {
  const [rows, columns] = [Math.min(size, height), Math.min(size, width)];
  const [first, begin] = [clamp(top, 0, height - rows), clamp(left, 0, width - columns)];
  return Array.from({ length: channels }, (_, k) =>
    Array.from({ length: rows }, (__, r) =>
      Array.from({ length: columns }, (___, c) => values[(k * height + first + r) * width + begin + c]),
    ),
  );
}

/**
 * @param {number[]} values
 * @returns {[number, number]}
 */
function rangeOf(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return [low, high > low ? high : low + 1];
}

/**
 * Row and column of an output by its number.
 *
 * @param {Operation} op
 * @param {number} index
 * @returns {Place}
 */
export const placeOf = (op, index) => [Math.floor(index / op.output.columns), index % op.output.columns];

/**
 * The number of the output that the window is at; the middle one at first.
 *
 * @param {State} state
 * @param {Result} result
 */
export function currentStep({ step }, { op, values }) {
  const middle = (op.output.rows >> 1) * op.output.columns + (op.output.columns >> 1);
  return clamp(step ?? middle, 0, Math.max(0, values.length - 1));
}

/**
 * Keep step, pin and hover within a new result.
 *
 * @param {State} state
 * @param {Result} result
 */
export function keepWithin(state, result) {
  state.step = currentStep(state, result);
  if (!isThere(state, result.op, state.pin)) state.pin = null;
  if (!isThere(state, result.op, state.hover)) state.hover = null;
}

/**
 * @param {State} state
 * @param {Operation} op
 * @param {PinnedCell | PointedTap | null} thing
 */
function isThere(state, op, thing) {
  if (!thing) return true;
  if ("m" in thing) return thing.m < op.rows.kernel_size && thing.n < op.columns.kernel_size;
  if (thing.on === "input") return isInput(state, op, thing.row, thing.column);
  return thing.row < op.output.rows && thing.column < op.output.columns;
}

/**
 * Rows above and columns left of the input that belong to its padding.
 *
 * @param {State} state
 * @param {Operation} op
 */
export const paddingOf = (state, op) => (op.kind === "transposed" ? [0, 0] : state.settings.padding);

/**
 * Whether the input or its padding has this cell.
 *
 * @param {State} state
 * @param {Operation} op
 * @param {number} row
 * @param {number} column
 */
export function isInput(state, op, row, column) {
  const [top, left] = paddingOf(state, op);
  return row >= -top && column >= -left && row < op.size.rows + top && column < op.size.columns + left;
}

/**
 * What is shown: an output with its window and perhaps one tap of it, an input, or what a tap meets. It is
 * what the user points at, else what is pinned, else the current output; nothing if the window does not fit.
 *
 * @param {State} state
 * @param {Result} result
 * @returns {{ output?: Place, tap?: PointedTap, input?: PinnedCell, met?: PointedTap }}
 */
export function focusOf(state, result) {
  if (!result.op.fits) return {};
  const now = state.hover ?? state.pin;
  if (!now) return { output: placeOf(result.op, currentStep(state, result)) };
  if ("m" in now) return now.on === "term" ? { output: state.expressed, tap: now } : { met: now };
  return now.on === "input" ? { input: now } : { output: [now.row, now.column] };
}

/**
 * Cells in a grid's side, the input's distance from the top left, and a cell's side in CSS pixels. Room stays
 * the same while settings change, so that cells keep their place.
 *
 * @param {Header} header
 * @param {Settings} settings
 * @param {Operation} op
 * @param {number} box CSS pixels that a grid may take
 */
export function layOut(header, settings, op, box) {
  const longest = Math.max(op.size.rows, op.size.columns);
  const outputs = Math.max(op.output.rows, op.output.columns);
  if (op.kind === "transposed") {
    const [input, output] = [Math.max(8, longest), 6 * Math.ceil(outputs / 6)];
    return { offset: 0, input, output, side: { input: cellSide(box, input), output: cellSide(box, output) } };
  }
  const most = Math.max(...settings.padding);
  const offset = (header.limits.padding ? RESERVES : [0]).find((reserve) => reserve >= most) ?? most;
  const input = longest + 2 * offset;
  const side = cellSide(box, Math.max(input, outputs));
  return { offset, input, output: Math.max(longest + Math.min(offset, 2), outputs), side: { input: side, output: side } };
}

/**
 * The settings that change where a stepper sets one of the geometry on both axes.
 *
 * @param {Header} header
 * @param {Settings} settings
 * @param {Geometry} name
 * @param {number} value
 * @returns {Partial<Settings>}
 */
export function afterStep(header, { weights, edited }, name, value) {
  const both = /** @type {[number, number]} */ ([value, value]);
  if (name !== "kernel_size" || !weights) return { [name]: both };
  return { kernel_size: both, weights: edited ? resizedKernel(weights, value) : structuredClone(header.kernels[value]) };
}

/**
 * Whether the padding mode can fill as much padding as is set.
 *
 * @param {Settings} settings
 * @param {Operation} op
 */
export function isFillable({ padding }, { size, mode }) {
  return padding[0] <= paddingLimit(size.rows, mode) && padding[1] <= paddingLimit(size.columns, mode);
}
