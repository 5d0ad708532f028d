// Arrow keys.

/** Rows and columns that an arrow key goes. */
const ARROW_STEPS = /** @type {Record<string, Place | undefined>} */ ({
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
});

/**
 * Rows and columns that an arrow key goes, which then does not scroll the page; undefined for another key.
 *
 * @param {KeyboardEvent} event
 */
export function arrowStep(event) {
  const step = ARROW_STEPS[event.key];
  if (step) event.preventDefault();
  return step;
}

/**
 * As `arrowStep`, in a list that is drawn in rows of `columns`: how far the key goes along the list.
 *
 * @param {KeyboardEvent} event
 * @param {number} columns
 */
export function arrowStepInList(event, columns) {
  const step = arrowStep(event);
  return step && step[0] * columns + step[1];
}
