// Requests a rerun once neither the user nor Python has done anything for a moment; a run that comes
// first is as good. What the browser sends along is what it knows: asked for between a user's edit and the
// answer to it, the run would take back what the edit sets by code, as it does for a kernel typed by hand.

import { stateOf, whenGone } from "../shared/lifecycle.js";

const QUIET_MS = 1000;
const RUNNING = '[data-testid="stApp"]:not([data-test-script-state="notRunning"])';
const USER_EVENTS = ["keydown", "input", "pointerdown", "pointerup"];

/**
 * @typedef {{ timer: number, request: () => void, postpone?: () => void }} State
 *
 * @param {ComponentArguments<{ request: string }>} component
 */
export default function ({ parentElement, setTriggerValue }) {
  const state = stateOf(parentElement, () => /** @type {State} */ ({ timer: 0, request: () => {} }));
  state.request = () => setTriggerValue("rerun", true);
  if (!state.postpone) {
    const postpone = (state.postpone = () => state.timer && wait(state));
    USER_EVENTS.forEach((name) => window.addEventListener(name, postpone, true));
  }
  if (!state.timer) wait(state); // one that waits already goes on: what draws it every second would never end it
  return whenGone(parentElement, () => {
    clearTimeout(state.timer);
    const { postpone } = state;
    if (postpone) USER_EVENTS.forEach((name) => window.removeEventListener(name, postpone, true));
  });
}

/** @param {State} state */
function wait(state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    if (document.querySelector(RUNNING)) return wait(state);
    state.timer = 0;
    state.request();
  }, QUIET_MS);
}
