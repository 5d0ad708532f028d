// Loss and accuracy by step: the two charts, the step that is read, and what is said of it.

import { clamp, format, formatCount, powerOfTen } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

/**
 * @typedef {object} Header
 * @property {number} steps of the whole run
 * @property {number} epochs of the whole run
 * @property {number} per_epoch steps
 * @property {string} loss_title
 * @property {boolean} log the loss has a logarithmic axis
 * @property {string} mean what a point is the mean of, if it is one
 * @property {number} guess the loss of who guesses
 * @property {number} guess_share how often who guesses is right
 * @property {[training: string, heldOut: string]} colours
 * @property {number[]} held_epochs
 * @property {[loss: string, accuracy: string]} alt
 *
 * @typedef {Record<"at" | "loss" | "accuracy" | "held_at" | "held", PackedArray>} Arrays
 *
 * The index of the point that is read, null for the last one; `of` is the number of steps of its run.
 *
 * @typedef {{ at: number | null, of: number, stop?: () => void }} State
 *
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} alt
 * @property {boolean} log
 * @property {number} low where the axis begins
 * @property {number} high where it ends
 * @property {Float32Array} values at each point
 * @property {number} guessed
 * @property {Held | null} held null where it is not measured
 *
 * On held-out pictures: the steps after which it was measured, and the shares of right answers in percent.
 *
 * @typedef {{ at: Float32Array, values: Float32Array }} Held
 *
 * @typedef {{ header: Header, arrays: Arrays, state: State, charts: Chart[] }} Curves
 */

/** @returns {State} */
export const newState = () => ({ at: null, of: 0 });

/**
 * The curves of a message from Python. The point that is read stays so, as long as the run has it.
 *
 * @param {Packed<Header, Arrays>} data
 * @param {State} state
 * @returns {Curves}
 */
export function curvesOf(data, state) {
  const { header, arrays } = unpack(data);
  const points = arrays.at.values.length;
  if (state.of !== header.steps || (state.at ?? 0) >= points) Object.assign(state, { of: header.steps, at: null });
  return { header, arrays, state, charts: [lossChart(header, arrays), accuracyChart(header, arrays)] };
}

/**
 * @param {Header} header
 * @param {Arrays} arrays
 * @returns {Chart}
 */
function lossChart({ loss_title: title, log, guess, alt }, { loss: { values } }) {
  const lowest = Math.min(...values, guess);
  const low = log ? lowest / 2 || 1e-6 : 0;
  return { title, alt: alt[0], log, low, high: Math.max(...values, guess) * 1.08, values, guessed: guess, held: null };
}

/**
 * @param {Header} header
 * @param {Arrays} arrays
 * @returns {Chart}
 */
function accuracyChart({ guess_share, alt }, { accuracy, held_at, held }) {
  /** @param {PackedArray} shares */
  const percent = (shares) => shares.values.map((share) => 100 * share);
  return {
    title: "Right answers (%)", alt: alt[1], log: false, low: 0, high: 100, values: percent(accuracy), guessed: 100 * guess_share,
    held: { at: held_at.values, values: percent(held) },
  };
}

/**
 * How far up a chart a value stands: 0 at the bottom, 1 at the top.
 *
 * @param {Chart} chart
 * @param {number} value
 */
export function heightOf({ log, low, high }, value) {
  /** @param {number} number */
  const scaled = (number) => (log ? Math.log(number) : number);
  return (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
}

/**
 * About five round numbers between two ends; powers of ten on a logarithmic axis.
 *
 * @param {Pick<Chart, "log" | "low" | "high">} axis
 */
export function ticks({ log, low, high }) {
  if (log) {
    const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const each = Math.max(1, Math.ceil((last - first + 1) / 6));
    return Array.from({ length: Math.floor((last - first) / each) + 1 }, (_, i) => 10 ** (first + i * each));
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, i) => low + i * step);
}

/**
 * The number at a tick.
 *
 * @param {number} value
 */
export function tickText(value) {
  return value >= 1e5 || (value > 0 && value < 1e-3) ? powerOfTen(value, 1) : String(Number(value.toPrecision(3)));
}

/**
 * The epochs named under an axis of this width in CSS pixels, from 0 on.
 *
 * @param {Header} header
 * @param {number} width
 */
export function epochTicks({ epochs }, width) {
  const each = Math.ceil(epochs / Math.max(2, Math.floor(width / 45)));
  return Array.from({ length: Math.floor(epochs / each) + 1 }, (_, i) => i * each);
}

/**
 * Read the point nearest to a step.
 *
 * @param {Curves} curves
 * @param {number} step
 */
export function readNearest({ arrays: { at: { values } }, state }, step) {
  if (!values.length) return;
  let best = 0;
  values.forEach((value, k) => {
    if (Math.abs(value - step) < Math.abs(values[best] - step)) best = k;
  });
  state.at = best;
}

/**
 * Read the next or the previous point.
 *
 * @param {Curves} curves
 * @param {number} by
 */
export function readNext({ arrays: { at: { values } }, state }, by) {
  if (values.length) state.at = clamp((state.at ?? values.length - 1) + by, 0, values.length - 1);
}

/**
 * What is said of the point that is read.
 *
 * @param {Curves} curves
 */
export function pointWords({ header, arrays, state }) {
  const { at, loss, accuracy, held } = arrays;
  const k = state.at ?? at.values.length - 1;
  const words = at.values.length
    ? `Step ${formatCount(at.values[k])}: loss ${format(loss.values[k])}, ${format(100 * accuracy.values[k], 3)} % right while training${header.mean}`
    : "No step is done yet";
  const last = held.values.length - 1;
  const tested = last >= 0 ? `; held-out pictures after epoch ${header.held_epochs[last]}: ${format(100 * held.values[last], 3)} % right` : "";
  return `${words}${tested}.`;
}
