// What the user does with the sliding window: points, pins, steps, plays, changes settings.

import { find, writeReadout } from "../shared/elements.js";
import { countEdit } from "../shared/lifecycle.js";
import { clamp } from "../shared/numbers.js";
import { drawMarks, paintOutput } from "./drawing.js";
import { afterStep, currentStep } from "./model.js";
import { writeFocus, writeStep } from "./readout.js";
import { refusal } from "./steppers.js";

/** @import { View } from "./drawing.js" */
/** @import { Geometry, PinnedCell, PointedTap, Settings, State } from "./model.js" */

const STEP_MS = 700;
const REST_MS = 250;

/**
 * Marks and words of what is in focus now.
 *
 * @param {View} view
 */
export function drawFocus(view) {
  drawMarks(view);
  writeFocus(view);
}

/**
 * @param {View} view
 * @param {PinnedCell | PointedTap | null} hover
 */
export function setHover(view, hover) {
  if (!hover && !view.state.hover) return;
  view.state.hover = hover;
  drawFocus(view);
}

/**
 * Light a term, its tap and its pixel; the sum itself stays, it is what is pointed at.
 *
 * @param {View} view
 * @param {PointedTap | null} term
 */
export function lightTerm(view, term) {
  view.state.hover = term;
  drawMarks(view);
  const spans = /** @type {NodeListOf<HTMLElement>} */ (view.root.querySelectorAll(".term"));
  spans.forEach((span) => span.classList.toggle("lit", span.dataset.tap === (term && `${term.m},${term.n}`)));
}

/**
 * Pin what was clicked, or let go of it.
 *
 * @param {View} view
 * @param {PinnedCell | null} cell
 */
export function pin(view, cell) {
  const { pin: before } = view.state;
  const same = before?.on === cell?.on && before?.row === cell?.row && before?.column === cell?.column;
  view.state.pin = same ? null : cell;
  drawFocus(view);
}

/**
 * Move the window to an output.
 *
 * @param {View} view
 * @param {number} index
 */
export function goTo(view, index) {
  Object.assign(view.state, { hover: null, pin: null, step: clamp(index, 0, view.result.values.length - 1) });
  drawStep(view);
}

/** @param {View} view */
function drawStep(view) {
  paintOutput(view);
  writeStep(view);
  drawFocus(view);
}

/**
 * Play, from the start where the last output is reached, or pause.
 *
 * @param {View} view
 * @param {boolean} isOn
 */
export function play(view, isOn) {
  const { state, result } = view;
  stopPlaying(state);
  if (isOn && result.op.fits) {
    if (currentStep(state, result) >= result.values.length - 1) state.step = 0;
    state.playing = setInterval(() => state.advance?.(), STEP_MS / state.speed);
  }
  drawStep(view);
}

/** @param {State} state */
export function stopPlaying(state) {
  clearInterval(state.playing);
  state.playing = undefined;
}

/**
 * The next output while it plays; the last one ends it.
 *
 * @param {View} view
 */
export function advance(view) {
  const step = currentStep(view.state, view.result);
  if (step >= view.result.values.length - 1) play(view, false);
  else goTo(view, step + 1);
}

/**
 * Take new settings, redraw at once, and send them to Python when the user rests.
 *
 * @param {State} state
 * @param {Partial<Settings>} settings
 * @param {() => void} redraw
 * @param {() => void} send
 */
export function change(state, settings, redraw, send) {
  Object.assign(state.settings, settings);
  redraw();
  clearTimeout(state.pending);
  countEdit(state);
  state.pending = setTimeout(send, REST_MS);
}

/**
 * What a stepper's button changes; undefined if that cannot be, which the readout then explains.
 *
 * @param {View} view
 * @param {Geometry} name
 * @param {number} value
 */
export function stepped({ root, header, state, result }, name, value) {
  const why = refusal(name, value, result.op, state.settings, header);
  if (!why) return afterStep(header, state.settings, name, value);
  writeReadout(root, "Not further.", why);
}

/**
 * Light the next or the last term of the sum.
 *
 * @param {View} view
 * @param {number} by
 */
export function walkTerms(view, by) {
  const terms = /** @type {HTMLElement[]} */ ([...find(view.root, ".expression").querySelectorAll(".term")]);
  const lit = terms.findIndex((span) => span.classList.contains("lit"));
  const next = terms[lit < 0 ? 0 : clamp(lit + by, 0, terms.length - 1)];
  if (!next?.dataset.tap) return;
  const [m, n] = next.dataset.tap.split(",").map(Number);
  lightTerm(view, { on: "term", m, n });
  next.scrollIntoView({ block: "nearest" });
}
