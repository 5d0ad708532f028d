// What each unit of a layer sees of the picture, which unit and which pixel are looked at, and what is said of them.

import { isCurrent } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { fieldsAlong, pixelWords, rangeText, shareInside } from "../shared/unit_fields.js";

/**
 * @typedef {object} Header
 * @property {string} layer
 * @property {[height: number, width: number]} size of the picture
 * @property {[rows: number, columns: number]} units
 * @property {{ advance: number, edges: (Interval | null)[] }[]} axes of the units' fields
 * @property {Place} pinned the unit that is shown while none is pointed at
 * @property {boolean} padded whether any field reaches into the padding
 * @property {string} global
 * @property {string} picture_text
 * @property {EditVersion} edit_version
 *
 * @typedef {{ picture: PackedArray<Uint8Array> }} Arrays
 *
 * What outlives a message: the unit and the pixel under the pointer, the pinned unit, the scale of the two canvases.
 *
 * @typedef {EditState & {
 *   layer: string, pinned: Place, unit: Place | null, pixel: Place | null, scale: number, cell: number, stop?: () => void,
 * }} State
 *
 * @typedef {object} View
 * @property {Header} header
 * @property {State} state
 * @property {(Interval | null)[][]} fields along rows and columns
 * @property {(number | null)[][]} within the share of each field that lies in the picture
 * @property {number} margin room for the padding around the picture, in pixels
 */

/** @returns {State} */
export const newState = () => ({ edits: 0, layer: "", pinned: [0, 0], unit: null, pixel: null, scale: 1, cell: 1 });

/**
 * The view of a message from Python, whose pin `state` takes over unless a newer one was made here.
 *
 * @param {Header} header
 * @param {State} state
 * @returns {View}
 */
export function viewOf(header, state) {
  if (isCurrent(state, header.edit_version) || state.layer !== header.layer) state.pinned = header.pinned;
  if (state.layer !== header.layer) Object.assign(state, { unit: null, pixel: null });
  state.layer = header.layer;
  state.pinned = heldWithin(state.pinned, header.units);
  if (state.unit) state.unit = heldWithin(state.unit, header.units);
  const fields = header.axes.map((axis, i) => fieldsAlong(axis, header.units[i]));
  const within = fields.map((edges, i) => edges.map((edge) => edge && shareInside(edge, header.size[i])));
  return { header, state, fields, within, margin: Math.max(...fields.map((edges, i) => marginOf(edges, header.size[i]))) };
}

/**
 * Room around the picture for what lies in the padding, in steps, at most three quarters of the picture.
 *
 * @param {(Interval | null)[]} edges
 * @param {number} size
 */
function marginOf(edges, size) {
  const over = Math.max(0, ...edges.map((edge) => (edge ? Math.max(-edge[0], edge[1] - size + 1) : 0)));
  const step = Math.max(1, size / 8);
  return Math.min(0.75 * size, Math.ceil(over / step) * step);
}

/**
 * The nearest place in a grid of this size.
 *
 * @param {Place} place
 * @param {[rows: number, columns: number]} size
 * @returns {Place}
 */
export const heldWithin = ([row, column], [rows, columns]) => [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];

/** @param {View} view */
export const currentUnit = ({ state }) => state.unit ?? state.pinned;

/**
 * What a unit sees; null if nothing.
 *
 * @param {View} view
 * @param {Place} unit
 * @returns {Field | null}
 */
export function fieldOf({ fields }, [row, column]) {
  const [rows, columns] = [fields[0][row], fields[1][column]];
  return rows && columns && [rows, columns];
}

/**
 * The share of a unit's field that lies in the padding.
 *
 * @param {View} view
 * @param {Place} unit
 */
export function paddedShare({ within }, [row, column]) {
  const [rows, columns] = [within[0][row], within[1][column]];
  return rows === null || columns === null ? 0 : 1 - rows * columns;
}

/**
 * What is said of the pixel under the pointer, or else of the current unit: a headline and a line below it.
 *
 * @param {View} view
 * @returns {[headline: string, detail: string]}
 */
export function readoutOf(view) {
  const { state, fields, header } = view;
  return state.pixel ? pixelWords(state.pixel, fields, header.global) : unitWords(view, currentUnit(view));
}

/**
 * @param {View} view
 * @param {Place} unit
 * @returns {[headline: string, detail: string]}
 */
function unitWords(view, unit) {
  const { header, state: { pinned } } = view;
  const name = `${unit[0] === pinned[0] && unit[1] === pinned[1] ? "Pinned unit" : "Unit"} row ${unit[0]}, column ${unit[1]}`;
  const field = fieldOf(view, unit);
  if (!field) return [`${name} sees nothing of the picture.`, ""];
  const size = field.map(([first, last]) => last - first + 1);
  const headline = `${name} sees ${formatCount(size[0])}×${formatCount(size[1])} pixels: rows ${rangeText(field[0])}, columns ${rangeText(field[1])}`;
  if (paddedShare(view, unit) === 1) return [headline, `All of it lies in the padding.${header.global}`];
  return [headline, insideText(view, field) + paddingText(view, unit, field) + header.global];
}

/**
 * @param {View} view
 * @param {Field} field
 */
function insideText({ header }, field) {
  const [rows, columns] = field.map(([first, last], i) => rangeText([Math.max(0, first), Math.min(header.size[i] - 1, last)]));
  return `In the picture: rows ${rows}, columns ${columns}.`;
}

/**
 * @param {View} view
 * @param {Place} unit
 * @param {Field} field
 */
function paddingText(view, unit, field) {
  const share = paddedShare(view, unit);
  if (!share) return " None of it lies in the padding.";
  const most = view.margin + 0.5;
  const isCut = field.some(([first, last], i) => -first > most || last - view.header.size[i] + 1 > most);
  return ` ${format(100 * share)} % of the field lies in the padding, hatched${isCut ? "; it reaches beyond what is drawn" : ""}.`;
}
