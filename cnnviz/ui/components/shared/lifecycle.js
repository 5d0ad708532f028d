// What a component keeps between two messages from Python, and what it does when one comes or none will.

/**
 * State that outlives a redraw: Python's next message finds the same object on the same element.
 *
 * @template State
 * @param {ComponentParent} parentElement
 * @param {() => State} initial
 */
export function stateOf(parentElement, initial) {
  parentElement.cnnviz ??= initial();
  return /** @type {State} */ (parentElement.cnnviz);
}

/**
 * Count one more edit by the user. See edit_version.py.
 *
 * @param {EditState} state
 */
export function countEdit(state) {
  return ++state.edits;
}

/**
 * Count one more edit by the user, and number its value for Python.
 *
 * @template Value
 * @param {EditState} state
 * @param {Value} value
 * @returns {Edit<Value>}
 */
export function nextEdit(state, value) {
  return { count: countEdit(state), value };
}

/**
 * Whether a message from Python knows every edit made here; one that does not is late. A new session,
 * as after the server has started again, knows none and is believed.
 *
 * @param {EditState} state
 * @param {EditVersion} version
 */
export function isCurrent(state, { session, count }) {
  if (state.session !== session) Object.assign(state, { session, edits: count });
  return count >= state.edits;
}

/**
 * Call `draw` again when the width or the theme changes. The theme arrives as CSS variables, which
 * tell nobody when they change; a transition on the background does.
 *
 * @param {HTMLElement} element
 * @param {() => void} draw
 * @returns a function that ends it.
 */
export function redrawOnChange(element, draw) {
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (!element.clientWidth || element.clientWidth === width) return; // gone or hidden, or as before
    width = element.clientWidth;
    draw();
  });
  observer.observe(element);
  /** @param {TransitionEvent} event */
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
 *
 * @param {Node} parentElement
 * @param {() => void} end
 */
export function whenGone(parentElement, end) {
  return () => {
    if (!parentElement.isConnected) end();
  };
}
