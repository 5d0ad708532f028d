// Asks for one more run as soon as nothing has come for a moment; a run that comes first is as good.

export default function ({ parentElement, setTriggerValue }) {
  const state = stateOf(parentElement, () => ({ timer: 0 }));
  clearTimeout(state.timer);
  state.timer = setTimeout(() => setTriggerValue("wanted", true), 1000);
  return whenGone(parentElement, () => clearTimeout(state.timer));
}
