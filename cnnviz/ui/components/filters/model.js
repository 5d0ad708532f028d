// The filters of a convolution: their weights, which one is selected, and what is said of their taps.

import { isCurrent } from "../shared/lifecycle.js";
import { format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

/**
 * @typedef {object} Header
 * @property {string} network
 * @property {string} layer
 * @property {number} selected the filter shown large
 * @property {boolean} colours the wall has filters as coloured pictures
 * @property {string[]} inputs names of the input channels
 * @property {[rows: number, columns: number]} stride
 * @property {[rows: number, columns: number]} padding
 * @property {number} tallest CSS pixels that the wall may be tall
 * @property {number} map_limit
 * @property {string} words
 * @property {string} alt
 * @property {EditVersion} edit_version
 *
 * @typedef {Record<"weight" | "limits" | "map", PackedArray>} Arrays
 *
 * @typedef {EditState & { network: string, selected: number, stop?: () => void }} State
 *
 * @typedef {object} Filters
 * @property {Header} header
 * @property {Arrays} arrays
 * @property {State} state
 * @property {number} count
 * @property {number} inputs
 * @property {number} height
 * @property {number} width
 *
 * A tap of a filter, for all its input channels.
 *
 * @typedef {{ filter: number, row: number, column: number }} Tap
 */

/** @returns {State} */
export const newState = () => ({ edits: 0, network: "", selected: 0 });

/**
 * The filters of a message from Python, whose selection `state` takes over unless a newer one was made here.
 *
 * @param {Packed<Header, Arrays>} data
 * @param {State} state
 * @returns {Filters}
 */
export function filtersOf(data, state) {
  const { header, arrays } = unpack(data);
  if (isCurrent(state, header.edit_version) || state.network !== header.network) state.selected = header.selected;
  state.network = header.network;
  const [count, inputs, height, width] = arrays.weight.shape;
  return { header, arrays, state, count, inputs, height, width };
}

/**
 * @param {Filters} filters
 * @param {Tap} tap
 * @param {number} input
 */
export function weightAt({ arrays, inputs, height, width }, { filter, row, column }, input) {
  return arrays.weight.values[((filter * inputs + input) * height + row) * width + column];
}

/**
 * The magnitude at which a filter's colours end.
 *
 * @param {Filters} filters
 * @param {number} filter
 */
export const limitOf = ({ arrays }, filter) => arrays.limits.values[filter];

/**
 * @param {Filters} filters
 * @param {Tap} tap
 * @param {string} where
 * @returns {[headline: string, detail: string]}
 */
export function tapWords(filters, tap, where) {
  const { header } = filters;
  const numbers = header.inputs.map((name, input) => `${name} ${format(weightAt(filters, tap, input))}`);
  return [`Filter ${tap.filter}, row ${tap.row}, column ${tap.column}: ${numbers.join(" · ")}`, `${where}; ${header.words}`];
}

/**
 * A unit of the feature map, and where the filter lies for it.
 *
 * @param {Filters} filters
 * @param {Pixel} unit
 * @returns {[headline: string, detail: string]}
 */
export function unitWords({ header, arrays: { map }, height, width }, { row, column }) {
  const value = format(map.values[row * map.shape[1] + column]);
  /**
   * @param {number} place
   * @param {0 | 1} axis
   */
  const covered = (place, axis) => {
    const start = place * header.stride[axis] - header.padding[axis];
    return `${start}–${start + (axis ? width : height) - 1}`.replaceAll("-", "−");
  };
  return [
    `Feature map ${header.selected}, row ${row}, column ${column}: ${value}`,
    `the filter lies on rows ${covered(row, 0)}, columns ${covered(column, 1)} of the picture`,
  ];
}
