import { find, make } from "../shared/elements.js";
import { pixelAt } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { isCurrent, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { followSliders, isInUse, sliderOf } from "../shared/sliders.js";
import { drawMarks, drawPictures, partOf } from "./drawing.js";
import { dimNumbers, drawLiveControls, followControl, sendControl } from "./live_controls.js";
import { isBehind, keepChoice, movePin, newState, sizesOf, takeMessage, viewsOf } from "./model.js";

/** @import { Part } from "./drawing.js" */
/** @import { View } from "./live_controls.js" */
/** @import { Arrays, Header, State } from "./model.js" */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".root");
  const message = unpack(data);
  const state = stateOf(parentElement, () => newState(message));
  if (isCurrent(state, message.header.edit_version) && !isBehind(state, message.header, movingValue(state))) {
    cancelAnimationFrame(state.frame);
    takeMessage(state, message);
    dimNumbers(state.header.numbers, false);
  }
  keepChoice(state);
  /** @type {View} */
  const view = { root, state, input: partOf(root, "input"), output: partOf(root, "output"), redraw, setTriggerValue };

  function redraw() {
    drawPictures(view);
    drawChannels(view);
    drawLiveControls(view);
    drawMarks(view);
  }

  listen(view);
  redraw();
  state.stop?.();
  state.stop = redrawOnChange(root, redraw);
  // One observer for good: another one would miss what changed in the moment of the exchange.
  state.follow = (name, value) => followControl(view, name, value);
  if (state.header.controls) state.unfollow ??= followSliders(state.header.controls, (name, value) => state.follow?.(name, value));
  return whenGone(parentElement, () => end(view));
}

/**
 * Where the slider of Streamlit is that the user moves; null if nobody does.
 *
 * @param {State} state
 */
function movingValue({ moved, header }) {
  const slider = moved && sliderOf(header.controls + moved.name);
  return slider && isInUse(slider) ? Number(slider.getAttribute("value")) : null;
}

/** @param {View} view */
function drawChannels({ root, state, redraw }) {
  const views = viewsOf(state);
  const buttons = (views.length > 1 ? views : []).map((name) => {
    const button = make("button", "", name === "together" ? "Together" : name);
    button.type = "button";
    button.setAttribute("aria-pressed", String(state.channel === name));
    button.onclick = () => {
      state.channel = name;
      redraw();
    };
    return button;
  });
  find(root, ".channels").replaceChildren(...buttons);
}

/** @param {View} view */
function listen(view) {
  const { state, input, output } = view;
  const outputUnder = hoverOn(view, output, "output", () => [sizesOf(state).outputHeight, sizesOf(state).outputWidth]);
  hoverOn(view, input, "input", () => [sizesOf(state).height, sizesOf(state).width]);
  output.picture.onclick = (event) => {
    state.pinned = outputUnder(event) ?? state.pinned;
    output.stage.focus({ preventScroll: true });
    drawMarks(view);
  };
  output.stage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    movePin(state, step);
    drawMarks(view);
  };
}

/**
 * Mark what belongs to the pixel under the pointer.
 *
 * @param {View} view
 * @param {Part} part
 * @param {"input" | "output"} on
 * @param {() => [height: number, width: number]} size
 * @returns what finds the pixel under an event
 */
function hoverOn(view, { picture }, on, size) {
  const { state } = view;
  /** @param {MouseEvent} event */
  const pixelUnder = (event) => pixelAt(event, picture, ...size());
  picture.onpointermove = (event) => {
    const pixel = pixelUnder(event);
    state.hovered = pixel && { ...pixel, on };
    drawMarks(view);
  };
  picture.onpointerleave = () => {
    state.hovered = null;
    drawMarks(view);
  };
  return pixelUnder;
}

/** @param {View} view */
function end(view) {
  const { state } = view;
  cancelAnimationFrame(state.frame);
  if (state.unsent) sendControl(view, state.unsent);
  state.stop?.();
  state.unfollow?.();
  state.unfollow = undefined;
}
