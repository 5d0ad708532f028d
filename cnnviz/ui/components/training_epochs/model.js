// A network after each epoch: the epoch shown, the places read on its walls, and what it takes for what.

import { clamp, format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

/**
 * @typedef {object} Header
 * @property {string} run
 * @property {number[]} epochs
 * @property {string} note
 * @property {number | null} shown the epoch to begin with; null for the newest
 * @property {string} filter_title
 * @property {number} filter_limit
 * @property {string[]} changes how far the filters have moved, in words, by epoch
 * @property {string} map_title
 * @property {number} map_limit
 * @property {string[]} classes
 *
 * @typedef {object} Arrays
 * @property {PackedArray} filters (epochs, filters, colours, rows, columns)
 * @property {PackedArray} maps (epochs, channels, rows, columns)
 * @property {PackedArray<Uint8Array>} [thumbs] (pictures, 3, rows, columns), the first ones alone
 * @property {PackedArray<Uint8Array>} [labels] (pictures)
 * @property {PackedArray<Uint8Array>} [predicted] (epochs, pictures)
 * @property {PackedArray<Uint8Array>} [certainty] (epochs, pictures), in percent
 *
 * @typedef {"filters" | "maps"} Wall tiles beside each other, one for each filter or channel
 *
 * @typedef {{ index: number, row: number, column: number }} TilePlace a pixel of a tile
 *
 * `epoch` is the one that the slider was moved to, null while it follows the newest; `index` the one shown.
 *
 * @typedef {object} State
 * @property {string} run
 * @property {number | null} epoch
 * @property {number} index
 * @property {Record<Wall, TilePlace>} places that are read
 * @property {() => void} [stop]
 *
 * @typedef {{ header: Header, arrays: Arrays, state: State }} Epochs
 *
 * @typedef {{ labels: Uint8Array, predicted: Uint8Array, certainty: Uint8Array }} Predictions
 */

const COLOURS = ["red", "green", "blue"];
const FIRST = { index: 0, row: 0, column: 0 };

/** @returns {State} */
export const newState = () => ({ run: "", epoch: null, index: 0, places: { filters: FIRST, maps: FIRST } });

/**
 * The epochs of a message from Python. The one that the slider was moved to stays, as long as the run keeps it.
 *
 * @param {Packed<Header, Arrays>} data
 * @param {State} state
 * @returns {Epochs}
 */
export function epochsOf(data, state) {
  const { header, arrays } = unpack(data);
  const epochs = { header, arrays, state };
  if (state.run !== header.run) Object.assign(state, { run: header.run, epoch: header.shown });
  state.index = header.epochs.indexOf(state.epoch ?? -1);
  if (state.index < 0) Object.assign(state, { epoch: null, index: lastIndex(epochs) });
  keepOnTiles(epochs, "filters");
  keepOnTiles(epochs, "maps");
  return epochs;
}

/** @param {Epochs} epochs */
export const lastIndex = ({ header }) => header.epochs.length - 1;

/**
 * Show another epoch; the newest is then followed.
 *
 * @param {Epochs} epochs
 * @param {number} index
 */
export function showEpoch(epochs, index) {
  Object.assign(epochs.state, { index, epoch: index === lastIndex(epochs) ? null : epochs.header.epochs[index] });
}

/**
 * How many tiles a wall has, and their height and width. The kernels of a filter stand side by side, one apart.
 *
 * @param {Epochs} epochs
 * @param {Wall} wall
 */
export function tilesOf({ arrays }, wall) {
  if (wall === "maps") {
    const [, count, height, width] = arrays.maps.shape;
    return { count, height, width };
  }
  const [, count, channels, height, width] = arrays.filters.shape;
  return { count, height, width: channels * (width + 1) - 1 };
}

/**
 * @param {Epochs} epochs
 * @param {Wall} wall
 */
function keepOnTiles(epochs, wall) {
  const { count, height, width } = tilesOf(epochs, wall);
  const { index, row, column } = epochs.state.places[wall];
  if (index >= count || row >= height || column >= width) epochs.state.places[wall] = FIRST;
}

/**
 * A weight in the tile of its filter after an epoch; null between two kernels.
 *
 * @param {Epochs} epochs
 * @param {number} epoch its index
 * @param {TilePlace} place
 */
export function weightAt({ arrays: { filters } }, epoch, { index, row, column }) {
  const [, count, channels, height, width] = filters.shape;
  const [channel, across] = [Math.floor(column / (width + 1)), column % (width + 1)];
  if (across === width) return null;
  return { channel, across, value: filters.values[(((epoch * count + index) * channels + channel) * height + row) * width + across] };
}

/**
 * What is said of a place on a wall, now and at first; empty between two kernels.
 *
 * @param {Epochs} epochs
 * @param {Wall} wall
 * @param {TilePlace} place
 */
export const placeWords = (epochs, wall, place) => (wall === "maps" ? unitWords : weightWords)(epochs, place);

/**
 * @param {Epochs} epochs
 * @param {TilePlace} place
 */
function weightWords(epochs, place) {
  const { header, state } = epochs;
  const [now, first] = [weightAt(epochs, state.index, place), weightAt(epochs, 0, place)];
  if (!now || !first) return "";
  const where = `Filter ${place.index}, ${COLOURS[now.channel]}, row ${place.row}, column ${now.across}`;
  return `${where}: ${format(now.value, 3)}; epoch ${header.epochs[0]}: ${format(first.value, 3)}. ${header.changes[state.index]}`;
}

/**
 * @param {Epochs} epochs
 * @param {TilePlace} place
 */
function unitWords({ header, arrays: { maps }, state }, { index, row, column }) {
  const [, count, height, width] = maps.shape;
  /** @param {number} epoch */
  const read = (epoch) => format(maps.values[((epoch * count + index) * height + row) * width + column], 3);
  return `Channel ${index}, row ${row}, column ${column}: ${read(state.index)}; epoch ${header.epochs[0]}: ${read(0)}.`;
}

/**
 * Read a place, unless there is nothing to say of it.
 *
 * @param {Epochs} epochs
 * @param {Wall} wall
 * @param {TilePlace} place
 */
export function readPlace(epochs, wall, place) {
  if (placeWords(epochs, wall, place)) epochs.state.places[wall] = place;
}

/**
 * Read the place so many rows and columns further, from one tile on into the next and over the gap between kernels.
 *
 * @param {Epochs} epochs
 * @param {Wall} wall
 * @param {Place} step
 */
export function readNext(epochs, wall, [rows, columns]) {
  const { count, height, width } = tilesOf(epochs, wall);
  const { index, row, column } = epochs.state.places[wall];
  const by = rows * width + columns;
  /** @param {number} n */
  const placeAt = (n) => ({ index: Math.floor(n / (height * width)), row: Math.floor(n / width) % height, column: n % width });
  /** @param {number} n */
  const bounded = (n) => clamp(n, 0, count * height * width - 1);
  let next = bounded((index * height + row) * width + column + by);
  if (!placeWords(epochs, wall, placeAt(next))) next = bounded(next + by);
  epochs.state.places[wall] = placeAt(next);
}

/**
 * What the network takes the held-out pictures for after the epoch shown; null where that was not measured.
 *
 * @param {Epochs} epochs
 * @returns {Predictions | null}
 */
export function predictionsOf({ header, arrays: { labels, predicted, certainty }, state: { index } }) {
  if (!header.classes.length || !labels || !predicted || !certainty) return null;
  const pictures = labels.values.length;
  /** @param {PackedArray<Uint8Array>} all */
  const shown = (all) => all.values.subarray(index * pictures, (index + 1) * pictures);
  return { labels: labels.values, predicted: shown(predicted), certainty: shown(certainty) };
}

/**
 * The indices of the pictures that are taken for another class.
 *
 * @param {Predictions} predictions
 */
export function wrongOf({ labels, predicted }) {
  return Array.from(labels.keys()).filter((picture) => predicted[picture] !== labels[picture]);
}

/**
 * Counts by true class (row) and predicted class.
 *
 * @param {ArrayLike<number> & Iterable<number>} labels
 * @param {ArrayLike<number>} predicted
 * @param {number} classes
 */
export function confusion(labels, predicted, classes) {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  let picture = 0;
  for (const label of labels) counts[label][predicted[picture++]]++;
  return counts;
}

/**
 * What a cell of the counts says.
 *
 * @param {number[][]} counts
 * @param {string[]} names
 * @param {Place} cell
 */
export function countWords(counts, names, [row, column]) {
  const count = counts[row][column];
  const total = counts[row].reduce((sum, value) => sum + value, 0);
  const of = `${count} of the ${total} pictures of “${names[row]}” ${count === 1 ? "is" : "are"}`;
  return row === column ? `${of} recognised.` : `${of} taken for “${names[column]}”.`;
}
