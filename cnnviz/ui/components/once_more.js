// Asks for one more run once neither the user nor Python has done anything for a moment; a run that comes
// first is as good. What the browser sends along is what it knows: asked for between a user's edit and the
// answer to it, the run would take back what the edit sets by code, as it does for a kernel typed by hand.

const MOMENT_MS = 1000;
const RUNNING = '[data-testid="stApp"]:not([data-test-script-state="notRunning"])';
const HANDS = ["keydown", "input", "pointerdown", "pointerup"];

export default function ({ parentElement, setTriggerValue }) {
  const state = stateOf(parentElement, () => ({ timer: 0 }));
  const wait = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => (document.querySelector(RUNNING) ? wait() : setTriggerValue("wanted", true)), MOMENT_MS);
  };
  const listen = (change) => HANDS.forEach((name) => window[change](name, state.wait, true));
  if (state.wait) listen("removeEventListener");
  state.wait = wait;
  listen("addEventListener");
  wait();
  return whenGone(parentElement, () => {
    clearTimeout(state.timer);
    listen("removeEventListener");
  });
}
