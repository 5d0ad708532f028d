// The kernel as a grid of numbers that can be typed over.

import { find } from "../shared/elements.js";
import { drawKernelCells } from "../shared/kernel_cells.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";

/**
 * @typedef {{ weights: number[][], edit_version: EditVersion }} Data
 * @typedef {EditState & { weights: number[][], stop?: () => void }} State
 */

/** @param {ComponentArguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".root");
  const [grid, note] = [find(root, ".grid"), find(root, ".note")];
  const state = stateOf(parentElement, () => /** @type {State} */ ({ edits: 0, weights: [] }));
  if (isCurrent(state, data.edit_version)) state.weights = data.weights.map((row) => [...row]);

  function draw() {
    const [height, width] = [state.weights.length, state.weights[0].length];
    grid.setAttribute("aria-label", `Kernel weights, ${height} rows and ${width} columns`);
    drawKernelCells(grid, note, state.weights, height, width, 12.25, { edit });
  }

  /** @type {(row: number, column: number, value: number) => void} */
  function edit(row, column, value) {
    state.weights[row][column] = value;
    setTriggerValue("weights", nextEdit(state, state.weights));
    draw();
  }

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop?.());
}
