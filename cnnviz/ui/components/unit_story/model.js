// A unit's story as numbers and words, without its screen.

import { format } from "../shared/numbers.js";

/**
 * A unit that can be opened: its layer, channel, row and column.
 *
 * @typedef {[layer: string, channel: number, row: number, column: number]} Unit
 *
 * What all steps have: a formula in symbols and numbers, its value, and how PyTorch's compares.
 *
 * @typedef {object} Formula
 * @property {string} layer
 * @property {string} operation
 * @property {Unit | null} unit
 * @property {FormulaPart[]} symbols
 * @property {FormulaPart[]} numbers
 * @property {string} text
 * @property {string} value
 * @property {string} words
 * @property {string} check
 *
 * What was read: of which layer ("" for the picture), whether a click opens it, and its rows and columns.
 *
 * @typedef {{ source: string, opens: boolean, rows: number[], columns: number[] }} Window
 *
 * @typedef {Formula & Window & { kind: "taps", channels: number[], bias: number }} TapsStep
 * @typedef {Formula & Window & { kind: "pool", channel: number, winner: Place | null }} PoolStep
 * @typedef {Formula & { kind: "join", parts: { layer: string, value: string, unit: Unit | null }[] }} JoinStep
 * @typedef {TapsStep | PoolStep | JoinStep | Formula & { kind: "" }} Step
 *
 * @typedef {object} Header
 * @property {string} layer
 * @property {Place | null} pinned
 * @property {EditVersion} edit_version
 * @property {string} hint
 * @property {Step[]} [steps] absent where the hint stands in the story's place
 * @property {string} title
 * @property {{ rows: Interval, columns: Interval, inside: Field | null } | null} field
 * @property {string} field_words
 * @property {string} end
 *
 * @typedef {EditState & Message<Header> & { chosen?: { layer: string, slot: number }, stop?: () => void }} State
 */

/**
 * The largest magnitude; what is no number counts as 0.
 *
 * @param {Float32Array} values
 */
export const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);

/**
 * Places of values, the largest magnitude first.
 *
 * @param {Float32Array} values
 */
export const rankedBySize = (values) =>
  Array.from(values.keys()).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));

/**
 * @param {TapsStep} step
 * @param {number} channel
 */
export function channelName(step, channel) {
  const colours = !step.source && step.channels.length === 3 ? ["red", "green", "blue"] : [];
  return colours[channel] ?? `channel ${channel}`;
}

/**
 * Row and column of what a tap has read, in the map that it was read from.
 *
 * @param {Window} step
 * @param {number} tap
 * @returns {Place}
 */
export function placeRead({ rows, columns }, tap) {
  return [rows[Math.floor(tap / columns.length)], columns[tap % columns.length]];
}

/**
 * One product in words.
 *
 * @param {TapsStep} step
 * @param {number} tap
 * @param {boolean} isPadding
 * @param {{ x: number, w: number, product: number }} numbers
 */
export function tapText(step, tap, isPadding, { x, w, product }) {
  const [row, column] = placeRead(step, tap);
  const width = step.columns.length;
  const place = isPadding ? "padding" : `row ${row}, column ${column}`;
  const weight = w < 0 ? `(${format(w)})` : format(w);
  return `Tap ${Math.floor(tap / width)}, ${tap % width} reads ${place}: ${format(x)} · ${weight} = ${format(product)}`;
}

/**
 * Whether a tap has read the value that a max pooling gives.
 *
 * @param {PoolStep} step
 * @param {number} tap
 */
export function isWinner(step, tap) {
  const [row, column] = placeRead(step, tap);
  return step.winner !== null && row === step.winner[0] && column === step.winner[1];
}

/**
 * One value under a pooling's window in words.
 *
 * @param {PoolStep} step
 * @param {number} tap
 * @param {boolean} isPadding
 * @param {number} value
 */
export function pooledText(step, tap, isPadding, value) {
  const [row, column] = placeRead(step, tap);
  const place = `row ${row}, column ${column}`;
  if (isPadding) return `Padding at ${place}: nothing to choose.`;
  const what = isWinner(step, tap) ? "The winner, framed" : "Under the window";
  return `${what}: ${place} of ${step.source || "the picture"}, ${format(value)}`;
}
