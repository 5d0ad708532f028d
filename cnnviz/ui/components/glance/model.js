// A network at a glance: a column for each layer, the place chosen in it, and what is said of a place.

import { isCurrent } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

/**
 * @import { Box } from "../shared/tile_grid.js"
 */

/**
 * A layer.
 *
 * @typedef {object} Column
 * @property {string} layer
 * @property {boolean} maps its output is feature maps, not a vector or tokens
 * @property {boolean} opens a click opens the layer
 * @property {string} closed_words why it does not
 * @property {number[]} channels those shown, strongest first
 * @property {number} total how many channels there are
 * @property {string} name
 * @property {string} kind
 * @property {string[]} foot
 * @property {string} words
 * @property {string} alt
 * @property {string} group the module that it lies in
 * @property {string} join the sign of a block that joins what came in
 *
 * @typedef {object} Header
 * @property {string} network
 * @property {string} input_shape
 * @property {number} most how many maps a column may show
 * @property {Column[]} columns
 * @property {[name: string, share: number, text: string][]} classes
 * @property {string} prediction_words
 * @property {string} picture_text
 * @property {string} alt
 * @property {EditVersion} edit_version
 *
 * @typedef {Record<string, PackedArray>} Arrays `picture`; `maps`, `minimum`, `maximum` and `strength` with a column's index
 *
 * @typedef {EditState & { network: string, column: number, place: number, stop?: () => void }} State
 *
 * @typedef {{ header: Header, arrays: Arrays, state: State }} Glance
 *
 * How wide a column's maps are, how many stand in a column at most, and how tall those are; in CSS pixels.
 *
 * @typedef {{ tile: number, rows: number, tall: number }} Layout
 */

/** CSS pixels between two maps. */
export const GAP = 3;
const [TALLEST, FEWEST, VECTOR] = [430, 6, 18];
const [SMALLEST, LARGEST] = [42, 64];

/** @returns {State} */
export const newState = () => ({ edits: 0, network: "", column: 0, place: 0 });

/**
 * The network of a message from Python; a new one begins at the left again.
 *
 * @param {Packed<Header, Arrays>} data
 * @param {State} state
 * @returns {Glance}
 */
export function glanceOf(data, state) {
  const { header, arrays } = unpack(data);
  isCurrent(state, header.edit_version);
  if (state.network !== header.network) Object.assign(state, { network: header.network, column: 0, place: 0 });
  return { header, arrays, state };
}

/**
 * Columns as wide as the room lets them be, between two limits.
 *
 * @param {Glance} glance
 * @param {number} room CSS pixels for all columns
 * @returns {Layout}
 */
export function layoutGlance({ header }, room) {
  const tile = clamp(Math.floor(room / header.columns.length) - 2 * GAP, SMALLEST, LARGEST);
  const rows = Math.min(header.most, Math.max(FEWEST, Math.floor(TALLEST / (tile + GAP))));
  return { tile, rows, tall: rows * (tile + GAP) - GAP };
}

/**
 * The small maps of a column, as steps of the colour scale (channels × height × width).
 *
 * @param {Glance} glance
 * @param {number} column
 */
export const mapsOf = ({ arrays }, column) => arrays[`maps${column}`];

/**
 * How many places a column has to point at.
 *
 * @param {Glance} glance
 * @param {Layout} layout
 * @param {number} column
 */
export function placesOf(glance, { rows }, column) {
  return glance.header.columns[column].maps ? Math.min(rows, mapsOf(glance, column).shape[0]) : 1;
}

/**
 * Where a map lies on its canvas; a vector or tokens take the column's whole height.
 *
 * @param {Glance} glance
 * @param {Layout} layout
 * @param {number} column
 * @param {number} place
 * @returns {Box}
 */
export function boxOfMap(glance, { tile, tall }, column, place) {
  const [, height, width] = mapsOf(glance, column).shape;
  if (!glance.header.columns[column].maps) {
    const across = width === 1 ? Math.min(VECTOR, tile) : tile;
    return { left: (tile - across) / 2, top: 0, width: across, height: tall };
  }
  const zoom = tile / Math.max(height, width);
  return { left: 0, top: place * (tile + GAP), width: width * zoom, height: height * zoom };
}

/**
 * The place nearest to a height on a column's canvas.
 *
 * @param {Glance} glance
 * @param {Layout} layout
 * @param {number} column
 * @param {number} y
 */
export function placeAt(glance, layout, column, y) {
  const place = glance.header.columns[column].maps ? Math.floor(y / (layout.tile + GAP)) : 0;
  return clamp(place, 0, placesOf(glance, layout, column) - 1);
}

/**
 * Choose a place, or the nearest one that there is.
 *
 * @param {Glance} glance
 * @param {Layout} layout
 * @param {number} column
 * @param {number} place
 */
export function selectPlace(glance, layout, column, place) {
  const { header, state } = glance;
  state.column = clamp(column, 0, header.columns.length - 1);
  state.place = clamp(place, 0, placesOf(glance, layout, state.column) - 1);
}

/**
 * @param {Glance} glance
 * @param {number} index
 * @param {number} place
 * @returns {[headline: string, detail: string]}
 */
export function placeWords({ header, arrays }, index, place) {
  const column = header.columns[index];
  /** @param {"minimum" | "maximum" | "strength"} name */
  const number = (name) => format(arrays[`${name}${index}`].values[place]);
  const range = `${number("minimum")} to ${number("maximum")}`;
  const strength = `mean magnitude ${number("strength")}`;
  const last = column.opens ? "click to open the layer" : column.closed_words;
  const rank = column.maps ? `${strength}, place ${place + 1} of ${formatCount(column.total)}; ` : `${strength}; `;
  const who = column.maps ? `${column.layer}, channel ${column.channels[place]}` : column.layer;
  return [`${who}: ${range}`, `${column.words} · ${rank}${last}`];
}

/**
 * The layer and the channel at a place, as Python asks for them; null where nothing opens.
 *
 * @param {Glance} glance
 * @param {number} index
 * @param {number} place
 */
export function layerAt({ header }, index, place) {
  const column = header.columns[index];
  return column.opens ? { layer: column.layer, channel: column.channels[place] ?? null } : null;
}
