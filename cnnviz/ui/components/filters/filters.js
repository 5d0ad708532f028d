// The kernels of a convolution as a wall; one of them with its numbers, beside its feature map.

import { find, writeReadout } from "../shared/elements.js";
import { pixelAt } from "../shared/images.js";
import { arrowStepInList } from "../shared/keyboard.js";
import { nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { tileUnderPointer } from "../shared/tile_grid.js";
import { drawAll, drawSelected, frameFilter, measure, readTap } from "./drawing.js";
import { filtersOf, newState, unitWords } from "./model.js";

/**
 * @import { View } from "./drawing.js"
 * @import { Arrays, Header, Tap } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = find(parentElement, ".root");
  const filters = filtersOf(data, stateOf(parentElement, newState));
  const { state } = filters;
  const view = measure(root, filters);
  listenToWall(view, (filter) => setTriggerValue("channel", nextEdit(state, filter)));
  listenToAnswer(view);
  drawAll(view);
  state.stop?.();
  state.stop = redrawOnChange(root, () => drawAll(Object.assign(view, measure(root, filters))));
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * @param {View} view
 * @param {(filter: number) => void} send
 */
function listenToWall(view, send) {
  const { root, filters: { state, count } } = view;
  const [wall, over] = [find(root, ".wall"), find(root, ".over")];
  /** @param {number} filter */
  const choose = (filter) => {
    state.selected = filter;
    drawSelected(view);
    send(filter);
  };
  wall.onpointermove = (event) => {
    const tap = tapUnderPointer(event, view);
    over.hidden = true;
    if (!tap) return;
    frameFilter(view, ".over", tap.filter);
    readTap(view, tap, "under the pointer");
  };
  wall.onpointerleave = () => (over.hidden = true);
  wall.onclick = (event) => {
    const tap = tapUnderPointer(event, view);
    if (tap) choose(tap.filter);
  };
  wall.onkeydown = (event) => {
    const next = state.selected + (arrowStepInList(event, view.grid.columns) ?? NaN);
    if (next >= 0 && next < count) choose(next);
  };
}

/**
 * @param {MouseEvent} event
 * @param {View} view
 * @returns {Tap | null}
 */
function tapUnderPointer(event, { root, grid, filters: { height } }) {
  const tile = tileUnderPointer(event, find(root, ".wall canvas"), grid);
  return tile && { filter: tile.index, row: Math.floor(tile.y / grid.zoom) % height, column: Math.floor(tile.x / grid.zoom) };
}

/** @param {View} view */
function listenToAnswer({ root, filters }) {
  const canvas = find(root, ".answer .stage canvas");
  canvas.onpointermove = (event) => {
    const [height, width] = filters.arrays.map.shape;
    const unit = pixelAt(event, canvas, height, width);
    if (unit) writeReadout(root, ...unitWords(filters, unit));
  };
}
