// The window's geometry under its grids: a pair of buttons for each setting, with the reason at its limit.

import { outputSize } from "../shared/arithmetic.js";
import { find, make } from "../shared/elements.js";
import { paddingLimit } from "../shared/padding.js";
import { axisOf } from "./model.js";

/** @import { Operation } from "../shared/operation.js" */
/** @import { Geometry, Header, Settings } from "./model.js" */

/** @type {[name: Geometry, label: string, letter: string][]} */
const STEPPERS = [
  ["kernel_size", "Kernel", "k"],
  ["stride", "Stride", "s"],
  ["padding", "Padding", "p"],
  ["dilation", "Dilation", "d"],
];

/**
 * Why a setting cannot have a value on both axes, the others as they are; empty if it can.
 *
 * @param {Geometry} name
 * @param {number} value
 * @param {Operation} op
 * @param {Settings} settings
 * @param {Header} header
 */
export function refusal(name, value, op, settings, header) {
  const [low, high] = header.limits[name] ?? [value, value];
  const reason = header.reasons[name] ?? "";
  if (value < low || value > high) return reason;
  if (name === "kernel_size" && settings.weights && !header.kernels[value]) return reason;
  const wanted = /** @type {Settings} */ ({ ...settings, [name]: [value, value] });
  const { kernel_size, padding } = wanted;
  const fillable = paddingLimit(Math.min(op.size.rows, op.size.columns), op.mode);
  if (name === "padding" && value > fillable) return `${op.mode} padding can fill at most ${fillable} here`;
  const pools = op.kind === "max" || op.kind === "average";
  if (pools && padding[0] > kernel_size[0] / 2) return "pooling pads by at most half its window";
  if (op.kind === "transposed" && 2 * padding[0] > kernel_size[0] - 1) return header.reasons.padding ?? "";
  if (!op.fits) return ""; // any step may be the one that makes it fit
  const fits =
    outputSize(op.kind, axisOf(wanted, 0), op.size.rows, false) > 0 &&
    outputSize(op.kind, axisOf(wanted, 1), op.size.columns, false) > 0;
  return fits ? "" : "the window would not fit into the padded patch";
}

/**
 * One less and one more; from beyond the limits, back to the nearest.
 *
 * @param {number} value
 * @param {[number, number]} limits
 */
function neighbours(value, [low, high]) {
  return [value > high ? high : value - 1, value < low ? low : value + 1];
}

/**
 * Draw the steppers into `group`; `step(name, value)` is called with what was asked for.
 *
 * @param {HTMLElement} group
 * @param {Operation} op
 * @param {Settings} settings
 * @param {Header} header
 * @param {(name: Geometry, value: number) => void} step
 */
export function drawSteppers(group, op, settings, header, step) {
  const wanted = STEPPERS.filter(([name]) => header.limits[name]);
  if (group.children.length !== wanted.length) group.replaceChildren(...wanted.map(stepper));
  wanted.forEach(([name], i) => {
    const values = settings[name];
    const [less, more] = group.children[i].querySelectorAll("button");
    find(group.children[i], "b").textContent = values[0] === values[1] ? String(values[0]) : values.join("×");
    const [below, above] = neighbours(values[0], header.limits[name] ?? [values[0], values[0]]);
    for (const [button, value] of /** @type {[HTMLButtonElement, number][]} */ ([[less, below], [more, above]])) {
      const why = refusal(name, value, op, settings, header);
      button.setAttribute("aria-disabled", String(Boolean(why)));
      button.title = why || `to ${value}`;
      button.onclick = () => step(name, value);
    }
  });
}

/** @param {(typeof STEPPERS)[number]} stepper */
function stepper([, label, letter]) {
  /** @type {(sign: string, words: string) => HTMLButtonElement} */
  const button = (sign, words) => {
    const element = make("button", "", sign);
    element.type = "button";
    element.setAttribute("aria-label", `${label} ${words}`);
    return element;
  };
  const [box, text] = [make("span", "stepper"), make("span")];
  text.append(`${label} `, make("i", "", letter));
  box.append(text, button("−", "smaller"), make("b"), button("+", "larger"));
  return box;
}
