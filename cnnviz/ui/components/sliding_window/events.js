// Pointer, keys and buttons of the sliding window.

import { find } from "../shared/elements.js";
import { pixelAt } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { goTo, lightTerm, pin, play, setHover, walkTerms } from "./actions.js";
import { currentStep, isInput } from "./model.js";

/** @import { View } from "./drawing.js" */
/** @import { PinnedCell } from "./model.js" */

const SPEEDS = [0.5, 1, 2, 4, 8, 16];

/** @param {View} view */
export function listen(view) {
  listenToGrid(view, ".input .stage", inputUnder);
  listenToGrid(view, ".output .stage", outputUnder);
  const [input, output] = [find(view.root, ".input .stage"), find(view.root, ".output .stage")];
  input.onclick = (event) => pin(view, inputUnder(view, event));
  output.onclick = (event) => {
    const cell = outputUnder(view, event);
    if (cell) goTo(view, cell.row * view.result.op.output.columns + cell.column);
  };
  output.onkeydown = (event) => onOutputKey(view, event);
  input.onkeydown = (event) => onInputKey(view, event);
  const expression = find(view.root, ".expression");
  expression.onkeydown = (event) => onExpressionKey(view, event);
  expression.onblur = () => view.state.hover?.on === "term" && lightTerm(view, null);
  listenToPlayer(view);
}

/**
 * @param {View} view
 * @param {string} selector
 * @param {(view: View, event: MouseEvent) => PinnedCell | null} under
 */
function listenToGrid(view, selector, under) {
  const stage = find(view.root, selector);
  stage.onpointermove = stage.onpointerdown = (event) => setHover(view, under(view, event));
  stage.onpointerleave = () => setHover(view, null);
}

/** @param {View} view */
function listenToPlayer(view) {
  const { root, state } = view;
  find(root, ".first").onclick = () => goTo(view, 0);
  find(root, ".back").onclick = () => goTo(view, currentStep(state, view.result) - 1);
  find(root, ".forth").onclick = () => goTo(view, currentStep(state, view.result) + 1);
  find(root, ".play").onclick = () => play(view, !state.playing);
  const scrub = find(root, "input.scrub");
  scrub.oninput = () => goTo(view, Number(scrub.value));
  const speed = find(root, ".speed select");
  if (!speed.children.length) {
    speed.replaceChildren(...SPEEDS.map((value) => new Option(`${value}×`, String(value))));
    speed.value = String(state.speed);
  }
  speed.onchange = () => {
    state.speed = Number(speed.value);
    if (state.playing) play(view, true);
  };
}

/**
 * @param {View} view
 * @param {MouseEvent} event
 * @returns {PinnedCell | null}
 */
function inputUnder({ root, state, result, cells }, event) {
  const found = pixelAt(event, find(root, ".input canvas"), cells.input, cells.input);
  if (!found) return null;
  const [row, column] = [found.row - cells.offset, found.column - cells.offset];
  return isInput(state, result.op, row, column) ? { on: "input", row, column } : null;
}

/**
 * @param {View} view
 * @param {MouseEvent} event
 * @returns {PinnedCell | null}
 */
function outputUnder({ root, result: { op }, cells }, event) {
  const cell = pixelAt(event, find(root, ".output canvas"), cells.output, cells.output);
  return cell && cell.row < op.output.rows && cell.column < op.output.columns ? { on: "output", ...cell } : null;
}

/**
 * Keys on the output move the window.
 *
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function onOutputKey(view, event) {
  const { op, values } = view.result;
  const arrow = arrowStep(event);
  const to = new Map([["Home", 0], ["End", values.length - 1]]).get(event.key);
  if (event.key === " ") play(view, !view.state.playing);
  else if (to !== undefined) goTo(view, to);
  else if (arrow) goTo(view, currentStep(view.state, view.result) + arrow[0] * op.output.columns + arrow[1]);
  else return;
  event.preventDefault();
}

/**
 * Keys on the input walk over its pixels, the padding's too, and pin them.
 *
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function onInputKey(view, event) {
  const { state, result: { op } } = view;
  if (event.key === "Escape") return pin(view, null);
  if (event.key === " ") return onOutputKey(view, event);
  const arrow = arrowStep(event);
  if (!arrow) return;
  if (state.pin?.on !== "input") return pin(view, { on: "input", row: op.size.rows >> 1, column: op.size.columns >> 1 });
  const [row, column] = [state.pin.row + arrow[0], state.pin.column + arrow[1]];
  if (isInput(state, op, row, column)) pin(view, { on: "input", row, column });
}

/**
 * Keys on the sum light one term after the other.
 *
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function onExpressionKey(view, event) {
  if (event.key === "Escape") lightTerm(view, null);
  const by = new Map([["ArrowRight", 1], ["ArrowLeft", -1]]).get(event.key);
  if (!by) return;
  event.preventDefault();
  walkTerms(view, by);
}
