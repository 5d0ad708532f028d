// A network from the picture to the prediction: a column for each layer, its strongest channels as small maps.

import { find } from "../shared/elements.js";
import { arrowStep } from "../shared/keyboard.js";
import { nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { buildView, drawAll, frameMap, showPlace } from "./drawing.js";
import { glanceOf, layerAt, newState, placeAt } from "./model.js";

/**
 * @import { View } from "./drawing.js"
 * @import { Arrays, Header } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, newState);
  const view = buildView(root, glanceOf(data, state));
  /** @type {Open} */
  const open = (column, place) => {
    showPlace(view, column, place);
    const layer = layerAt(view.glance, column, place);
    if (layer) setTriggerValue("opened", nextEdit(state, layer));
  };
  view.canvases.forEach((_, column) => listenToColumn(view, column, open));
  listenToKeys(view, open);
  drawAll(view);
  state.stop?.();
  state.stop = redrawOnChange(root, () => drawAll(view));
  return whenGone(parentElement, () => state.stop?.());
}

/** @typedef {(column: number, place: number) => void} Open */

/**
 * @param {View} view
 * @param {number} column
 * @param {Open} open
 */
function listenToColumn(view, column, open) {
  const canvas = view.canvases[column];
  /** @param {MouseEvent} event */
  const pointed = (event) => placeAt(view.glance, view.layout, column, event.clientY - canvas.getBoundingClientRect().top);
  canvas.onpointermove = (event) => frameMap(view, view.over, column, pointed(event));
  canvas.onpointerleave = () => (view.over.hidden = true);
  canvas.onclick = (event) => open(column, pointed(event));
}

/**
 * @param {View} view
 * @param {Open} open
 */
function listenToKeys(view, open) {
  const { state } = view.glance;
  find(view.root, ".scroller").onkeydown = (event) => {
    const step = arrowStep(event);
    if (step) {
      showPlace(view, state.column + step[1], state.place + step[0]);
      view.canvases[state.column].scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (event.key === "Enter") {
      open(state.column, state.place);
      event.preventDefault();
    }
  };
}
