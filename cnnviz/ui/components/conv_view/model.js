// The state of the two pictures, what changes it, and what is said of it. Nothing here touches the page.

import { readersOf, taps } from "../shared/arithmetic.js";
import { CHANNEL_NAMES } from "../shared/colours.js";
import { clamp, format, inWords, withMinus } from "../shared/numbers.js";
import { convolvePlanes, planesOf } from "../shared/whole_picture.js";

/** @import { ConvolutionSettings } from "../shared/whole_picture.js" */

/**
 * @typedef {object} LiveControl as in __init__.py
 * @property {string} name
 * @property {string} label
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {number} value
 * @property {"stride" | "padding" | "dilation"} setting
 * @property {("rows" | "columns")[]} axes
 * @property {{ shape: [height: number, width: number], start: number }[] | null} kernels
 *
 * @typedef {object} Header
 * @property {Axis} rows
 * @property {Axis} columns
 * @property {PaddingMode} padding_mode
 * @property {number} limit
 * @property {number} bias
 * @property {string} channels
 * @property {[height: number, width: number]} kernel_shape
 * @property {string} digest
 * @property {LiveControl[]} live_controls
 * @property {EditVersion} edit_version
 * @property {string} controls
 * @property {string[]} numbers
 * @property {string} input_text
 * @property {string} output_text
 *
 * @typedef {object} Arrays
 * @property {PackedArray<Uint8Array>} input
 * @property {PackedArray<Uint8Array>} [rgb]
 * @property {PackedArray} output
 * @property {PackedArray} kernel
 * @property {PackedArray} kernels
 *
 * @typedef {object} OwnState what the user has chosen, and what is under way
 * @property {Pixel | null} pinned an output
 * @property {(Pixel & { on: "input" | "output" }) | null} hovered
 * @property {string} channel "together" or a channel's name
 * @property {string} control name of the live control under the pictures
 * @property {{ name: string, value: number } | null} moved a slider of Streamlit that the user moves
 * @property {number} sent the last edit that Python has got
 * @property {LiveControl | null} unsent the live control whose value Python has not got
 * @property {Float32Array[] | null} planes the input as the kernel slides over it
 * @property {ConvolutionSettings} settings as they are while a control is dragged
 * @property {Record<string, number>} known values of the live controls in Python's result
 * @property {number} frame in which the browser convolves next
 * @property {number} timer after which Python gets the unsent value
 * @property {(name: string, value: number) => void} [follow]
 * @property {() => void} [stop]
 * @property {() => void} [unfollow]
 *
 * @typedef {Message<Header, Arrays> & EditState & OwnState} State
 */

/**
 * @param {Message<Header, Arrays>} message
 * @returns {State}
 */
export function newState(message) {
  const nothing = { pinned: null, hovered: null, moved: null, unsent: null, planes: null };
  return { ...nothing, ...contentsOf(message), channel: "", control: "", edits: 0, sent: -1, frame: 0, timer: 0 };
}

/**
 * Take Python's picture, numbers and settings.
 *
 * @param {State} state
 * @param {Message<Header, Arrays>} message
 */
export function takeMessage(state, message) {
  if (state.header.digest !== message.header.digest) state.planes = null;
  Object.assign(state, contentsOf(message));
}

/** @param {Message<Header, Arrays>} message */
function contentsOf({ header, arrays }) {
  const { rows, columns, bias, padding_mode: mode, kernel_shape: [height, width] } = header;
  const kernel = { values: arrays.kernel.values, height, width };
  const settings = { rows: { ...rows }, columns: { ...columns }, kernel, bias, mode };
  return { header, arrays, settings, known: Object.fromEntries(header.live_controls.map(({ name, value }) => [name, value])) };
}

/**
 * Whether Streamlit's slider that the user moves has moved on since Python computed a message: a newer one comes.
 *
 * @param {State} state
 * @param {Header} header of the message
 * @param {number | null} value where the slider is; null if nobody moves it
 */
export function isBehind({ moved }, { live_controls: controls }, value) {
  const control = moved && controls.find(({ name }) => name === moved.name);
  if (!control || value === null) return false;
  /** @param {number} other */
  const isThere = (other) => Math.abs(other - moved.value) < control.step / 2;
  return !isThere(control.value) && isThere(value);
}

/** @param {State} state */
export function sizesOf({ arrays }) {
  const [height, width] = arrays.input.shape;
  const [channels, outputHeight, outputWidth] = arrays.output.shape;
  return { height, width, channels, outputHeight, outputWidth };
}

/**
 * What the output can be looked at as: its channels together, or one of them.
 *
 * @param {State} state
 */
export const viewsOf = ({ arrays }) => (arrays.output.shape[0] > 1 ? ["together", ...CHANNEL_NAMES] : ["0"]);

/**
 * Another output may lack the channel and the pixel that were chosen.
 *
 * @param {State} state
 */
export function keepChoice(state) {
  const { outputHeight, outputWidth } = sizesOf(state);
  const [views, { pinned }] = [viewsOf(state), state];
  if (!views.includes(state.channel)) state.channel = views[0];
  if (pinned && (pinned.row >= outputHeight || pinned.column >= outputWidth)) state.pinned = null;
}

/**
 * The output that is marked while none is pointed at.
 *
 * @param {State} state
 */
export function restingPixel(state) {
  const { outputHeight, outputWidth } = sizesOf(state);
  return state.pinned ?? { row: outputHeight >> 1, column: outputWidth >> 1 };
}

/**
 * Pin the output that lies a step further.
 *
 * @param {State} state
 * @param {Place} step
 */
export function movePin(state, [rows, columns]) {
  const { outputHeight, outputWidth } = sizesOf(state);
  const { row, column } = restingPixel(state);
  state.hovered = null;
  state.pinned = {
    row: clamp(row + rows, 0, outputHeight - 1),
    column: clamp(column + columns, 0, outputWidth - 1),
  };
}

/**
 * Convolve as a live control is now; false if the window does not fit.
 *
 * @param {State} state
 * @param {LiveControl} control
 */
export function convolve(state, control) {
  const { settings, arrays, header } = state;
  applyControl(settings, control, arrays.kernels.values);
  state.planes ??= planesOf((arrays.rgb ?? arrays.input).values, header.channels);
  const { height, width } = sizesOf(state);
  const result = convolvePlanes(state.planes, height, width, settings);
  if (!result) return false;
  arrays.output = result;
  header.limit = result.limit;
  keepChoice(state);
  return true;
}

/**
 * @param {ConvolutionSettings} settings
 * @param {LiveControl} control
 * @param {Float32Array} kernels
 */
export function applyControl(settings, { name, value, low, step, axes, setting, kernels: places }, kernels) {
  if (name === "bias") settings.bias = value;
  else if (!places) for (const axis of axes) settings[axis][setting] = value;
  else {
    const { shape: [height, width], start } = places[Math.round((value - low) / step)];
    settings.kernel = { values: kernels.slice(start, start + height * width), height, width };
    [settings.rows.kernel_size, settings.columns.kernel_size] = [height, width];
  }
}

/**
 * What an output reads: rows and columns of the input, a headline and a line below it.
 *
 * @param {State} state
 * @param {Pixel} output
 */
export function readWindow(state, { row, column }) {
  const { rows, columns } = state.settings;
  const { height, width } = sizesOf(state);
  const [rowTaps, columnTaps] = [taps(rows, row), taps(columns, column)];
  /**
   * @param {number[]} list
   * @param {number} size
   */
  const inside = (list, size) => list.filter((i) => i >= 0 && i < size).length;
  const all = rowTaps.length * columnTaps.length;
  const padded = all - inside(rowTaps, height) * inside(columnTaps, width);
  const detail =
    `reads input ${rowTaps.length > 1 ? "rows" : "row"} ${endsOf(rowTaps)}, ` +
    `${columnTaps.length > 1 ? "columns" : "column"} ${endsOf(columnTaps)}${gapText(rows.dilation, columns.dilation)}` +
    (padded ? ` · ${padded} of ${all} taps lie in the padding` : "");
  return { rowTaps, columnTaps, headline: `Output row ${row}, column ${column}: ${valueText(state, row, column)}`, detail };
}

/** @param {number[]} list */
const endsOf = (list) => [...new Set([list[0], list[list.length - 1]])].map(withMinus).join("–");

/**
 * @param {number} rows
 * @param {number} columns
 */
function gapText(rows, columns) {
  if (rows === 1 && columns === 1) return "";
  return rows === columns ? `, every ${rows} pixels` : `, every ${rows} rows and ${columns} columns`;
}

/**
 * @param {State} state
 * @param {number} row
 * @param {number} column
 */
function valueText(state, row, column) {
  const { channels, outputHeight, outputWidth } = sizesOf(state);
  /** @param {number} c */
  const at = (c) => format(state.arrays.output.values[(c * outputHeight + row) * outputWidth + column]);
  if (channels === 1) return at(0);
  if (state.channel !== "together") return `${state.channel} ${at(CHANNEL_NAMES.indexOf(state.channel))}`;
  return CHANNEL_NAMES.map((name, c) => `${name} ${at(c)}`).join(" · ");
}

/**
 * The outputs that read an input: their rows and columns, a headline and a line below it.
 *
 * @param {State} state
 * @param {Pixel} input
 */
export function readInput(state, { row, column }) {
  const { rows, columns, mode } = state.settings;
  const { height, width, outputHeight, outputWidth } = sizesOf(state);
  const rowReaders = readersOf(rows, row, height, outputHeight, mode);
  const columnReaders = readersOf(columns, column, width, outputWidth, mode);
  const colour = CHANNEL_NAMES.map((name, c) => `${name} ${format(state.arrays.input.values[3 * (row * width + column) + c] / 255)}`);
  const count = rowReaders.length * columnReaders.length;
  const detail = count
    ? `is read by ${count} output${count > 1 ? "s" : ""}: ${named("row", rowReaders)}, ${named("column", columnReaders)}`
    : "is read by no output: the stride, the gaps of dilation or the floor skip it";
  return { rowReaders, columnReaders, headline: `Input row ${row}, column ${column}: ${colour.join(" · ")}`, detail };
}

/**
 * @param {string} noun
 * @param {number[]} list
 */
const named = (noun, list) => `${noun}${list.length > 1 ? "s" : ""} ${inWords(list)}`;
