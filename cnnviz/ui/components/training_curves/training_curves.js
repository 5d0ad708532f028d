// Loss and accuracy by step, drawn anew in place whenever there are more steps.

import { find } from "../shared/elements.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { drawAll, showPoint, stepAt } from "./drawing.js";
import { curvesOf, newState, readNearest, readNext } from "./model.js";

/**
 * @import { View } from "./drawing.js"
 * @import { Arrays, Header } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement } = component;
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, newState);
  const curves = curvesOf(data, state);
  /** @type {View} */
  const view = { root, figures: [...root.querySelectorAll("figure")], curves };
  view.figures.forEach((_, index) => listenToChart(view, index));
  drawAll(view);
  root.dataset.steps = String(curves.arrays.at.values.at(-1) ?? 0);
  state.stop?.();
  state.stop = redrawOnChange(root, () => drawAll(view));
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * @param {View} view
 * @param {number} index
 */
function listenToChart(view, index) {
  const { figures, curves } = view;
  const svg = find(figures[index], "svg");
  svg.onpointermove = (event) => {
    readNearest(curves, stepAt(view, index, event.clientX - svg.getBoundingClientRect().left));
    showPoint(view);
  };
  svg.onpointerleave = () => {
    curves.state.at = null;
    showPoint(view);
  };
  svg.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !curves.arrays.at.values.length) return;
    event.preventDefault();
    readNext(curves, step);
    showPoint(view);
  };
}
