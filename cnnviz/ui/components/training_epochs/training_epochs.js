// A network after each epoch: first filters, feature maps, and what it takes for what; one slider for all.

import { find } from "../shared/elements.js";
import { arrowStep } from "../shared/keyboard.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { tileUnderPointer } from "../shared/tile_grid.js";
import { drawAll, drawWords } from "./drawing.js";
import { epochsOf, newState, readNext, readPlace, showEpoch } from "./model.js";

/**
 * @import { View } from "./drawing.js"
 * @import { Arrays, Header, Wall } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, newState);
  /** @type {View} */
  const view = { root, epochs: epochsOf(data, state), grids: {} };
  const slider = find(root, "input");
  slider.oninput = () => {
    showEpoch(view.epochs, Number(slider.value));
    drawAll(view);
  };
  slider.onchange = () => setTriggerValue("epoch", { epoch: state.epoch });
  listenToWall(view, "filters");
  listenToWall(view, "maps");
  drawAll(view);
  state.stop?.();
  state.stop = redrawOnChange(root, () => drawAll(view));
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * @param {View} view
 * @param {Wall} wall
 */
function listenToWall(view, wall) {
  const { root, epochs } = view;
  const stage = find(root, `section.${wall} .stage`);
  stage.onpointermove = (event) => {
    const grid = view.grids[wall];
    const tile = grid && tileUnderPointer(event, find(stage, "canvas"), grid);
    if (!tile) return;
    readPlace(epochs, wall, { index: tile.index, row: Math.floor(tile.y / grid.zoom), column: Math.floor(tile.x / grid.zoom) });
    drawWords(view, wall);
  };
  stage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    readNext(epochs, wall, step);
    drawWords(view, wall);
  };
}
