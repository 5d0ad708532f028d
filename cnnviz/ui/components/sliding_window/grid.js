// Draws a grid of numbers on a canvas: one cell a number, in one call, so that a whole redraw fits a frame.

import { luma } from "../shared/colours.js";
import { contextOf } from "../shared/elements.js";

/**
 * @typedef {{ context: CanvasRenderingContext2D, cell: number }} Grid
 *
 * A cell's red, green and blue, its number, and whether it is padding or is never read.
 *
 * @typedef {{ fill: ArrayLike<number>, text?: string, hatched?: boolean, crossed?: boolean }} CellLook
 *
 * @typedef {{ line: string, font: string }} CellStyle
 */

const READABLE = 22;

/**
 * The side of a cell, in CSS pixels, of which `count` fit into `box`.
 *
 * @param {number} box
 * @param {number} count
 */
export const cellSide = (box, count) => Math.max(6, Math.floor(box / count));

/**
 * Prepare a canvas of `count` × `count` cells of `cell` CSS pixels for the screen's resolution.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} cell
 * @param {number} count
 * @returns {Grid}
 */
export function gridCanvas(canvas, cell, count) {
  const ratio = window.devicePixelRatio;
  const side = cell * count + 1;
  const pixels = Math.round(side * ratio);
  if (canvas.width !== pixels) {
    canvas.width = canvas.height = pixels;
    canvas.style.width = canvas.style.height = `${side}px`;
  }
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, side, side);
  return { context, cell };
}

/**
 * `layer`, painted by way of `gridCanvas`, copied onto `canvas` of the same grid.
 *
 * @param {HTMLCanvasElement} layer
 * @param {HTMLCanvasElement} canvas
 * @param {number} cell
 * @param {number} count
 */
export function copyGrid(layer, canvas, cell, count) {
  const grid = gridCanvas(canvas, cell, count);
  const side = cell * count + 1;
  grid.context.drawImage(layer, 0, 0, side, side);
  return grid;
}

/**
 * One cell: its colour, its number where it can be read, and marks that do not rely on colour.
 *
 * @param {Grid} grid
 * @param {number} row
 * @param {number} column
 * @param {CellLook} look
 * @param {CellStyle} style
 */
export function drawCell({ context, cell }, row, column, look, style) {
  const [x, y] = [column * cell, row * cell];
  context.fillStyle = `rgb(${look.fill[0]}, ${look.fill[1]}, ${look.fill[2]})`;
  context.fillRect(x, y, cell, cell);
  const dark = luma(look.fill[0], look.fill[1], look.fill[2]) < 135;
  if (look.hatched) hatch(context, x, y, cell, dark ? "rgba(255,255,255,.35)" : "rgba(0,0,0,.28)");
  context.strokeStyle = style.line;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, cell, cell);
  if (look.crossed) cross(context, x, y, cell, dark ? "#fff" : "#000");
  if (cell < READABLE || look.text === undefined) return;
  context.fillStyle = dark ? "#fff" : "#111";
  context.font = `${Math.min(14, cell * 0.36)}px ${style.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(look.text, x + cell / 2 + 0.5, y + cell / 2 + 1, cell - 2);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {string} colour
 */
function hatch(context, x, y, cell, colour) {
  context.save();
  context.beginPath();
  context.rect(x, y, cell, cell);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let d = -cell; d < cell; d += 6) {
    context.moveTo(x + d, y + cell);
    context.lineTo(x + d + cell, y);
  }
  context.stroke();
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {string} colour
 */
function cross(context, x, y, cell, colour) {
  context.save();
  context.globalAlpha = 0.55;
  context.strokeStyle = colour;
  context.beginPath();
  const gap = cell * 0.18;
  context.moveTo(x + gap, y + gap);
  context.lineTo(x + cell - gap, y + cell - gap);
  context.moveTo(x + cell - gap, y + gap);
  context.lineTo(x + gap, y + cell - gap);
  context.stroke();
  context.restore();
}

/**
 * An outline around cells [row, row + height) × [column, column + width).
 *
 * @param {Grid} grid
 * @param {number} row
 * @param {number} column
 * @param {number} height
 * @param {number} width
 * @param {string} colour
 */
export function outlineCells({ context, cell }, row, column, height, width, colour, thickness = 2.5) {
  const [x, y] = [column * cell + 0.5, row * cell + 0.5];
  for (const [stroke, wider] of /** @type {[string, number][]} */ ([["#fff", 2], [colour, 0]])) {
    context.strokeStyle = stroke;
    context.lineWidth = thickness + wider;
    context.strokeRect(x, y, width * cell, height * cell);
  }
}
