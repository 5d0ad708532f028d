// The slider below the pictures, and Streamlit's own: while one is dragged, the browser convolves. As soon as
// it rests, Python's exact result comes.

import { find } from "../shared/elements.js";
import { countEdit } from "../shared/lifecycle.js";
import { withMinus } from "../shared/numbers.js";
import { convolve } from "./model.js";

/** @import { Drawing } from "./drawing.js" */
/** @import { LiveControl } from "./model.js" */

/** @typedef {Drawing & { redraw: () => void, setTriggerValue: (name: string, value: unknown) => void }} View */

const REST_MS = 200;

/** @param {View} view */
export function drawLiveControls(view) {
  const { root, state } = view;
  const { live_controls: controls } = state.header;
  find(root, ".live").hidden = !controls.length;
  if (!controls.length) return;
  const control = controls.find(({ name }) => name === state.control) ?? controls[0];
  state.control = control.name;
  drawChoice(view, controls);
  drawSlider(view, control);
}

/**
 * @param {View} view
 * @param {LiveControl[]} controls
 */
function drawChoice(view, controls) {
  const select = find(view.root, ".live select");
  const names = controls.map(({ name }) => name).join();
  if (select.dataset.names !== names) {
    select.dataset.names = names;
    select.replaceChildren(...controls.map(({ label, name }) => new Option(label, name)));
  }
  select.value = view.state.control;
  select.onchange = () => {
    view.state.control = select.value;
    drawLiveControls(view);
  };
}

/**
 * @param {View} view
 * @param {LiveControl} control
 */
function drawSlider(view, control) {
  const { root, state } = view;
  const slider = find(root, ".live input");
  const attributes = { min: control.low, max: control.high, step: control.step, "aria-label": control.label };
  for (const [name, value] of Object.entries(attributes)) slider.setAttribute(name, String(value));
  slider.disabled = control.high <= control.low;
  slider.value = String(control.value);
  find(root, ".live output").textContent = withMinus(Number(control.value.toFixed(2)));
  slider.oninput = () => {
    state.moved = null;
    state.unsent = control;
    countEdit(state);
    clearTimeout(state.timer);
    state.timer = setTimeout(() => sendControl(view, control), REST_MS);
    setControl(view, control, Number(slider.value));
  };
  slider.onchange = () => sendControl(view, control);
}

/**
 * Send Python the value of a control, once for each edit.
 *
 * @param {View} view
 * @param {LiveControl} control
 */
export function sendControl({ state, setTriggerValue }, { name, value }) {
  clearTimeout(state.timer);
  state.unsent = null;
  if (state.sent === state.edits) return;
  state.sent = state.edits;
  setTriggerValue("drag", { count: state.edits, value: { name, value } });
}

/**
 * Follow a slider of Streamlit.
 *
 * @param {View} view
 * @param {string} name
 * @param {number} value
 */
export function followControl(view, name, value) {
  const control = view.state.header.live_controls.find((known) => known.name === name);
  if (!control || value === control.value || !(control.low <= value && value <= control.high)) return;
  view.state.moved = { name, value };
  setControl(view, control, value);
}

/**
 * Convolve with another value of a control, in the next frame.
 *
 * @param {View} view
 * @param {LiveControl} control
 * @param {number} value
 */
function setControl({ root, state, redraw }, control, value) {
  control.value = value;
  dimNumbers(state.header.numbers, value !== state.known[control.name]);
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(() => {
    if (!convolve(state, control)) return;
    redraw();
    root.dataset.live = String(Number(root.dataset.live ?? 0) + 1);
  });
}

/**
 * Numbers beside the picture are Python's: while the picture is ahead of them, they stand back.
 *
 * @param {string[]} keys
 * @param {boolean} ahead
 */
export function dimNumbers(keys, ahead) {
  for (const key of keys) {
    const numbers = /** @type {HTMLElement | null} */ (document.querySelector(`.st-key-${key}`));
    if (!numbers) continue;
    numbers.style.transition = ahead ? "opacity 0.15s 0.25s" : ""; // a quick answer spares the flicker
    numbers.style.opacity = ahead ? "0.35" : "";
  }
}
