import { drawKernelCells } from "../shared/kernel_cells.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const [grid, note] = [root.querySelector(".grid"), root.querySelector(".note")];
  const state = stateOf(parentElement, () => ({}));
  if (isCurrent(state, data.edit_version)) state.weights = data.weights.map((row) => [...row]);

  function draw() {
    const [height, width] = [state.weights.length, state.weights[0].length];
    grid.setAttribute("aria-label", `Kernel weights, ${height} rows and ${width} columns`);
    drawKernelCells(grid, note, state.weights, height, width, 12.25, { edit });
  }

  function edit(row, column, value) {
    state.weights[row][column] = value;
    setTriggerValue("weights", nextEdit(state, state.weights));
    draw();
  }

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
