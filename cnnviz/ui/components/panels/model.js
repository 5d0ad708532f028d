// The panels' values, and which cell of each belongs to the place that is pointed at.

import { clamp, format, formatCount } from "../shared/numbers.js";

/**
 * A window that slides over the first panel: its kernel size, stride and padding.
 *
 * @typedef {[kernelSize: number, stride: number, padding: number]} Window
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} size
 * @property {string} words
 * @property {string} alt
 * @property {"picture" | "signed" | "count"} kind
 * @property {number} limit magnitude at which the colours end
 * @property {number} least share of the limit that the smallest positive value is painted as
 * @property {Window | null} window of what slides over the first panel and gives this one
 *
 * @typedef {object} Header
 * @property {Panel[]} panels
 * @property {number} box CSS pixels that a panel may take
 * @property {number} panel_rem
 * @property {number} most panels in a row
 *
 * The arrays (C, H, W) are called panel0, panel1 and so on.
 *
 * @typedef {Record<string, PackedArray>} Arrays
 *
 * What is pointed at: a panel, a cell of it, and the place of that cell as shares of the panel's height and width.
 *
 * @typedef {{ from: number, cell: Place, at: [down: number, across: number], stop?: () => void }} State
 *
 * @typedef {{ header: Header, arrays: Arrays, state: State }} Panels
 * @typedef {{ row: number, column: number, height: number, width: number }} Cell
 * @typedef {0 | 1} AxisIndex
 */

/**
 * Nothing is pointed at; the middle is read.
 *
 * @returns {State}
 */
export const newState = () => ({ from: -1, cell: [0, 0], at: [0.5, 0.5] });

/**
 * @param {Panels} panels
 * @param {number} i
 */
export const sizeOf = ({ arrays }, i) => /** @type {[height: number, width: number]} */ (arrays[`panel${i}`].shape.slice(1));

/**
 * Point at a cell of a panel.
 *
 * @param {Panels} panels
 * @param {number} i
 * @param {number} row
 * @param {number} column
 */
export function pointAt(panels, i, row, column) {
  const [height, width] = sizeOf(panels, i);
  const [y, x] = [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
  Object.assign(panels.state, { from: i, cell: [y, x], at: [(y + 0.5) / height, (x + 0.5) / width] });
}

/**
 * The cell of a panel that belongs to the place pointed at.
 *
 * @param {Panels} panels
 * @param {number} i
 * @returns {Cell}
 */
export function cellOf(panels, i) {
  const [height, width] = sizeOf(panels, i);
  const row = clamp(indexOnAxis(panels, i, 0, height), 0, height - 1);
  const column = clamp(indexOnAxis(panels, i, 1, width), 0, width - 1);
  return { row, column, height, width };
}

/**
 * Where windows slide, an output belongs to the middle of its window; elsewhere cells at the same share of
 * the panel's height and width belong together.
 *
 * @param {Panels} panels
 * @param {number} i
 * @param {AxisIndex} axis
 * @param {number} size
 */
function indexOnAxis(panels, i, axis, size) {
  const { header, state } = panels;
  const pointed = state.cell[axis];
  if (state.from === i) return pointed;
  const [there, here] = [header.panels[state.from]?.window, header.panels[i].window];
  if (there && here) return pointed;
  if (there && i === 0) return Math.floor(pointed * there[1] - there[2] + (there[0] - 1) / 2);
  const input = state.from === 0 ? pointed : Math.floor(state.at[axis] * sizeOf(panels, 0)[axis]);
  const window = there ?? here;
  if (here && window) return Math.round((input + window[2] - (window[0] - 1) / 2) / window[1]);
  return Math.floor(state.at[axis] * size);
}

/**
 * The part of the first panel under the window of the place pointed at; null where nothing slides over it.
 *
 * @param {Panels} panels
 * @returns {{ rows: Interval, columns: Interval } | null}
 */
export function windowOf(panels) {
  const { header, state } = panels;
  const slides = header.panels[state.from]?.window ? state.from : header.panels.findIndex((panel) => panel.window);
  const window = header.panels[slides]?.window;
  if (!window) return null;
  const [kernelSize, stride, padding] = window;
  const cell = cellOf(panels, slides);
  const [height, width] = sizeOf(panels, 0);
  /**
   * @param {number} index
   * @param {number} size
   * @returns {Interval}
   */
  const covered = (index, size) => {
    const first = index * stride - padding;
    return [Math.max(0, first), Math.min(size, first + kernelSize) - 1];
  };
  return { rows: covered(cell.row, height), columns: covered(cell.column, width) };
}

/**
 * What is written of a cell: the value of each channel.
 *
 * @param {Panels} panels
 * @param {number} i
 * @param {Cell} cell
 */
export function valueText({ header, arrays }, i, { row, column, height, width }) {
  const { values, shape } = arrays[`panel${i}`];
  /** @param {number} value */
  const written = (value) => {
    if (Number.isNaN(value)) return "outside";
    return header.panels[i].kind === "count" ? formatCount(value) : format(value);
  };
  return Array.from({ length: shape[0] }, (_, c) => written(values[(c * height + row) * width + column])).join(" · ");
}
