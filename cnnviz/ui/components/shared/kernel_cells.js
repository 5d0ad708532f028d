// A kernel as a grid of numbers that can be typed over: used by the kernel grid and the sliding window.

import { colourIndex, isDark, scaleColours } from "./colours.js";

const NO_WEIGHT = "A weight is a number from −1000 to 1000.";

/** Two decimals for the eye; the exact number stands in the tooltip and appears on focus. */
function shortText(value) {
  const rounded = Math.round(value * 100) / 100;
  const text = Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(2).replace(/^(-?)0\./, "$1.");
  return text.replace("-", "−");
}

function exactText(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** `weights` cropped or surrounded with zeros, about the middle, to `size` × `size`; as kernel_text.py. */
export function resizedKernel(weights, size) {
  const from = (old) => Math.floor((old - Math.min(old, size)) / 2) - Math.floor((size - Math.min(old, size)) / 2);
  const [top, left] = [from(weights.length), from(weights[0].length)];
  return Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_, c) => weights[r + top]?.[c + left] ?? 0),
  );
}

/** A typed weight, or null. */
function parseWeight(text) {
  const cleaned = text.trim().replace("−", "-").replace(",", ".");
  const value = cleaned === "" ? NaN : Number(cleaned);
  return Number.isFinite(value) && Math.abs(value) <= 1000 ? value : null;
}

/**
 * Draw `weights` (rows of numbers; null: a window without weights) of `height` × `width` into `grid`, a
 * place of `rem` × `rem`. `hands.edit(row, column, value)` is called for a typed weight, `hands.tap(row,
 * column)` as a cell gets the pointer or the focus, `hands.leave()` as it loses them.
 */
export function drawKernelCells(grid, note, weights, height, width, rem, hands) {
  const most = Math.max(3, width, height);
  const side = (rem - (most - 1) / 8) / most;
  grid.style.gridTemplateColumns = `repeat(${width}, ${side}rem)`;
  grid.style.gridAutoRows = `${side}rem`;
  grid.classList.toggle("small", side < 1.7);
  if (grid.dataset.shape !== `${height}×${width}`) {
    grid.dataset.shape = `${height}×${width}`;
    grid.replaceChildren(...Array.from({ length: height * width }, (_, i) => kernelCell(Math.floor(i / width), i % width)));
    note.textContent = "";
  }
  const limit = weights ? Math.max(...weights.flat().map(Math.abs)) : 1;
  const colours = scaleColours("weight", isDark(grid.closest(".root")));
  const inputs = [...grid.querySelectorAll("input")];
  const active = grid.getRootNode().activeElement;
  inputs.forEach((input, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const value = weights ? weights[row][column] : 0;
    const c = colourIndex(value, limit);
    const [r, g, b] = colours.subarray(c, c + 3);
    input.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
    input.style.color = 0.299 * r + 0.587 * g + 0.114 * b < 135 ? "#fff" : "#111";
    input.readOnly = !weights;
    input.title = weights ? exactText(value) : "";
    if (input !== active && input.ariaInvalid !== "true") input.value = weights ? shortText(value) : "";
    input.onfocus = () => {
      hands.tap?.(row, column);
      if (!weights) return;
      input.value = exactText(value);
      input.select();
    };
    input.onclick = () => input.select();
    input.onblur = () => {
      if (weights) commit(input, row, column);
      hands.leave?.();
    };
    input.onpointerenter = () => hands.tap?.(row, column);
    input.onpointerleave = () => hands.leave?.();
    input.onkeydown = (event) => onKey(event, i);
  });

  function commit(input, row, column) {
    const value = parseWeight(input.value);
    input.ariaInvalid = String(value === null);
    const wrong = inputs.some((other) => other.ariaInvalid === "true");
    note.textContent = wrong ? NO_WEIGHT : "";
    if (value === null) return;
    const changed = exactText(value) !== exactText(weights[row][column]);
    input.value = shortText(changed ? value : weights[row][column]);
    if (changed) hands.edit(row, column, value);
  }

  function onKey(event, index) {
    const to = { Enter: 1, ArrowDown: width, ArrowUp: -width }[event.key];
    if (event.key === "Escape") {
      if (weights) event.target.value = exactText(weights[Math.floor(index / width)][index % width]);
      event.target.blur();
    } else if (to !== undefined) {
      event.preventDefault();
      (inputs[index + to] ?? event.target).focus();
      if (!inputs[index + to]) event.target.blur();
    }
    event.stopPropagation();
  }
}

function kernelCell(row, column) {
  const box = document.createElement("div");
  box.className = "cell";
  const input = document.createElement("input");
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.setAttribute("aria-label", `Weight in row ${row}, column ${column}`);
  box.append(input);
  return box;
}
