// What the wall shows: the maps that Python has sent, the channel that is selected, the unit that is pinned.
// Nothing here is drawn.

import { wholeZoom } from "../shared/images.js";
import { isCurrent, nextEdit } from "../shared/lifecycle.js";
import { clamp } from "../shared/numbers.js";
import { fieldsAlong, unitsSeeing } from "../shared/unit_fields.js";

/**
 * A unit of a map.
 *
 * @typedef {Pixel} Unit
 *
 * @typedef {object} Header
 * @property {string} layer
 * @property {number[]} order the channels on the wall, from its beginning to its end
 * @property {number[]} kept the same channels, as the arrays have them
 * @property {number} selected the channel shown large
 * @property {Place | null} pinned
 * @property {EditVersion} edit_version
 * @property {{ advance: number, edges: (Interval | null)[] }[] | null} axes of the units' fields, if they are known
 * @property {string} field_note why they are not known
 * @property {string} global_words
 * @property {boolean} exact the values are float32, not float16
 * @property {[label: string, name: Statistic][]} statistics
 * @property {string} dead_text
 * @property {string} picture_text
 * @property {string} wall_text
 *
 * @typedef {"minimum" | "maximum" | "mean" | "variance" | "sparsity"} Statistic
 * @typedef {Record<"maps" | "picture" | "limits" | Statistic, PackedArray>} Arrays
 *
 * What outlives a message: `unit` is the one read last, `isRead` unless it is just the middle of the map;
 * `pixel` is the one of the picture that was chosen last; `shown` names the maps that these belong to.
 *
 * @typedef {{
 *   layer: string, shown: string, selected: number, pinned: Place | null,
 *   unit: Unit, isRead: boolean, pixel?: Place, stop?: () => void,
 * } & EditState} State
 *
 * @typedef {object} Wall
 * @property {Header} header
 * @property {Arrays} arrays
 * @property {State} state
 * @property {number} channels
 * @property {number} height of a map, in units
 * @property {number} width
 * @property {Map<number, number>} slots where the arrays have a channel
 * @property {(Interval | null)[][] | null} fields of the units along rows and columns
 * @property {number} zoom of the large map
 * @property {{ height: number, width: number, zoom: number }} picture
 */

/** The side of the place for the picture and of that for the large map, in CSS pixels. */
const LARGE = 224;

/** @returns {State} */
export const newState = () => ({
  edits: 0, layer: "", shown: "", selected: -1, pinned: null, unit: { row: 0, column: 0 }, isRead: false,
});

/**
 * The wall of a message from Python, whose choices `state` takes over unless newer ones are made here.
 *
 * @param {Message<Header, Arrays>} message
 * @param {State} state
 * @returns {Wall}
 */
export function wallOf({ header, arrays }, state) {
  const [channels, height, width] = arrays.maps.shape;
  const [pictureHeight, pictureWidth] = arrays.picture.shape;
  const slots = new Map(header.kept.map((channel, slot) => [channel, slot]));
  const known = state.layer === header.layer && slots.has(state.selected);
  if (isCurrent(state, header.edit_version) || !known) Object.assign(state, { selected: header.selected, pinned: header.pinned });
  const shown = `${header.layer} ${height}×${width}`;
  if (state.shown !== shown) Object.assign(state, { shown, unit: middleOf(height, width), isRead: false });
  state.layer = header.layer;
  return {
    header, arrays, state, channels, height, width, slots,
    fields: header.axes && header.axes.map((axis, i) => fieldsAlong(axis, [height, width][i])),
    zoom: wholeZoom(height, width, LARGE, LARGE),
    picture: { height: pictureHeight, width: pictureWidth, zoom: wholeZoom(pictureHeight, pictureWidth, LARGE, LARGE) },
  };
}

/**
 * @param {number} height
 * @param {number} width
 * @returns {Unit}
 */
const middleOf = (height, width) => ({ row: height >> 1, column: width >> 1 });

/**
 * A number of a channel.
 *
 * @param {Wall} wall
 * @param {Statistic | "limits"} name
 * @param {number} channel
 */
export const numberOf = ({ arrays, slots }, name, channel) => arrays[name].values[slots.get(channel) ?? -1];

/**
 * Where the values of a channel begin.
 *
 * @param {Wall} wall
 * @param {number} channel
 */
export const startOf = ({ slots, height, width }, channel) => (slots.get(channel) ?? -1) * height * width;

/**
 * @param {Wall} wall
 * @param {number} channel
 * @param {Unit} unit
 */
export const valueOf = (wall, channel, { row, column }) =>
  wall.arrays.maps.values[startOf(wall, channel) + row * wall.width + column];

/**
 * What a unit sees; null if nothing, or if that is not known.
 *
 * @param {Wall} wall
 * @param {Unit} unit
 */
export function fieldOf({ fields }, { row, column }) {
  const field = fields && [fields[0][row], fields[1][column]];
  return field?.every(Boolean) ? /** @type {Field} */ (field) : null;
}

/**
 * The first and the last unit whose fields hold a pixel of the picture; null if there is none.
 *
 * @param {(Interval | null)[][]} fields
 * @param {Place} pixel
 * @returns {[first: Unit, last: Unit] | null}
 */
export function unitsOn(fields, pixel) {
  const [rows, columns] = fields.map((along, axis) => unitsSeeing(along, pixel[axis]));
  if (!rows.length || !columns.length) return null;
  return [
    { row: rows[0], column: columns[0] },
    { row: rows[rows.length - 1], column: columns[columns.length - 1] },
  ];
}

/**
 * The pinned unit, if the maps shown have it.
 *
 * @param {Wall} wall
 * @returns {Unit | null}
 */
export function pinnedUnit({ state, height, width }) {
  const [row, column] = state.pinned ?? [-1, -1];
  return row >= 0 && row < height && column >= 0 && column < width ? { row, column } : null;
}

/**
 * Pin a unit, or let go of it if it is pinned.
 *
 * @param {Wall} wall
 * @param {Unit} unit
 * @returns the edit.
 */
export function togglePin(wall, { row, column }) {
  const before = pinnedUnit(wall);
  const isPinned = before && before.row === row && before.column === column;
  wall.state.pinned = isPinned ? null : [row, column];
  wall.state.unit = { row, column };
  return nextEdit(wall.state, wall.state.pinned);
}

/**
 * Show a channel large, and read a unit of it, or its middle.
 *
 * @param {Wall} wall
 * @param {number} channel
 * @param {Unit} [unit]
 * @returns the edit.
 */
export function selectChannel({ state, height, width }, channel, unit) {
  state.selected = channel;
  state.isRead = Boolean(unit);
  state.unit = unit ?? middleOf(height, width);
  return nextEdit(state, channel);
}

/**
 * The channel that stands `step` further on the wall than the selected one; undefined beyond its ends.
 *
 * @param {Wall} wall
 * @param {number} step
 */
export function channelAfter({ header, state, channels }, step) {
  const next = header.order.indexOf(state.selected) + step;
  return next >= 0 && next < channels ? header.order[next] : undefined;
}

/**
 * The unit `step` further than the one read last, row by row; null beyond the map's ends.
 *
 * @param {Wall} wall
 * @param {number} step
 */
export function unitAfter({ state, height, width }, step) {
  const next = state.unit.row * width + state.unit.column + step;
  return next >= 0 && next < height * width ? { row: Math.floor(next / width), column: next % width } : null;
}

/**
 * The pixel of the picture a step from the one read last, or from the middle.
 *
 * @param {Wall} wall
 * @param {Place} step
 * @returns {Place}
 */
export function pixelAfter({ state, picture: { height, width } }, [rows, columns]) {
  const [row, column] = state.pixel ?? [height >> 1, width >> 1];
  return [clamp(row + rows, 0, height - 1), clamp(column + columns, 0, width - 1)];
}
