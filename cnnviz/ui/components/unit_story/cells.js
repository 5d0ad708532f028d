// Numbers as grids of coloured cells, linked under the pointer.

import { colourIndex, textColourOn } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { arrowStep } from "../shared/keyboard.js";
import { clamp, format } from "../shared/numbers.js";

const LARGEST_CELL = 44;
const READABLE_CELL = 28;

/**
 * The side of a cell, in CSS pixels, where `grids` grids of `columns` columns stand in a line.
 *
 * @param {number} lineWidth
 * @param {number} columns
 * @param {number} grids
 */
export function cellSize(lineWidth, columns, grids) {
  const room = Math.min(lineWidth - 30 - 36 * (grids - 1), 560);
  return Math.max(5, Math.min(LARGEST_CELL, Math.floor(room / (grids * columns)) - 1));
}

/**
 * Numbers as cells of `rows` × `columns`; `look(i)` gives the classes of cell i.
 *
 * @param {Float32Array} values
 * @param {[rows: number, columns: number]} shape
 * @param {number} limit
 * @param {Uint8Array} colours
 * @param {number} cell
 * @param {(i: number) => string} look
 */
export function cellGrid(values, [rows, columns], limit, colours, cell, look) {
  const box = make("div", "cells");
  box.style.setProperty("--cell", `${cell}px`);
  box.style.gridTemplateColumns = `repeat(${columns}, ${cell}px)`;
  for (let i = 0; i < rows * columns; i++) {
    const c = colourIndex(values[i], limit);
    const [r, g, b] = colours.subarray(c, c + 3);
    const isWritten = cell >= READABLE_CELL && Number.isFinite(values[i]);
    const element = make("div", `cell ${look(i)}`, isWritten ? format(values[i], 2) : "");
    element.dataset.tap = String(i);
    element.style.fontSize = `${Math.min(11, cell * 0.27)}px`;
    element.style.backgroundColor = `rgb(${r},${g},${b})`;
    element.style.color = textColourOn(r, g, b);
    box.append(element);
  }
  return box;
}

/**
 * A grid under its title.
 *
 * @param {string} text
 * @param {HTMLElement} element
 */
export function titled(text, element) {
  const box = make("div");
  box.append(make("div", "caption muted", text), element);
  return box;
}

/**
 * The number of the cell that an event is about; −1 if it is about none.
 *
 * @param {Event} event
 */
const cellOf = (event) => Number((event.target instanceof HTMLElement && event.target.dataset.tap) || -1);

/**
 * Mark one tap in all grids of a box and read it out; arrow keys walk over the taps, Enter opens.
 *
 * @param {HTMLElement} box
 * @param {[rows: number, columns: number]} shape
 * @param {(tap: number) => void} read
 * @param {(tap: number) => void} open
 */
export function linkTaps(box, [rows, columns], read, open) {
  let [now, tapped] = [-1, -1];
  /** @param {number} tap */
  const touch = (tap) => {
    now = tap;
    const cells = /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll(".cell"));
    cells.forEach((cell) => cell.classList.toggle("over", Number(cell.dataset.tap) === tap));
    read(tap);
  };
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.onpointerover = (event) => touch(cellOf(event));
  box.onpointerleave = box.onblur = () => touch(-1);
  box.onclick = (event) => {
    const tap = cellOf(event);
    const isFirst = event instanceof PointerEvent && event.pointerType === "touch" && tap !== tapped;
    tapped = tap; // a finger reads before it opens
    if (tap >= 0 && !isFirst) open(tap);
  };
  box.onkeydown = (event) => {
    if (event.key === "Enter" && now >= 0) return open(now);
    const step = arrowStep(event);
    if (!step) return;
    const next = now < 0 ? 0 : now + step[0] * columns + step[1];
    if (next === clamp(next, 0, rows * columns - 1)) touch(next);
  };
}
