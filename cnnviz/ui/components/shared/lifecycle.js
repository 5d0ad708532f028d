// What a component keeps between two messages from Python, and what it does when one comes or none will.

/** State that outlives a redraw: Python's next message finds the same object on the same element. */
export function stateOf(parentElement, initial) {
  parentElement.cnnviz ??= initial();
  return parentElement.cnnviz;
}

/** Count one more turn of the user's hand; what is sent to Python carries the count. See turns.py. */
export function takeTurn(state) {
  return ++state.turn;
}

/**
 * Whether a message from Python knows every turn taken here; one that does not is late. A new session,
 * as after the server has started again, knows none and is believed.
 */
export function knowsAll(state, { session, count }) {
  if (state.session !== session) Object.assign(state, { session, turn: count });
  return count >= state.turn;
}

/**
 * Call `draw` again when the width or the theme changes. The theme arrives as CSS variables, which
 * tell nobody when they change; a transition on the background does.
 */
export function redrawOnChange(element, draw) {
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (!element.clientWidth || element.clientWidth === width) return; // gone or hidden, or as before
    width = element.clientWidth;
    draw();
  });
  observer.observe(element);
  const repaint = (event) => {
    const here = event.target === element && element.clientWidth > 0;
    if (here && event.propertyName === "background-color") draw();
  };
  element.addEventListener("transitionend", repaint);
  return () => {
    observer.disconnect();
    element.removeEventListener("transitionend", repaint);
  };
}

/**
 * What a component returns to be called at its end. Streamlit also calls it when a newer message overtakes
 * the drawing of an older one; `end` is then not called, or it would end what the newer one goes on with.
 */
export function whenGone(parentElement, end) {
  return () => {
    if (!parentElement.isConnected) end();
  };
}
