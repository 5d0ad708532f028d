// The window's geometry under its grids: a pair of buttons for each setting, with the reason at its limit.

import { outputSize, paddingLimit } from "../shared/arithmetic.js";

const STEPPERS = [
  ["kernel_size", "Kernel", "k"],
  ["stride", "Stride", "s"],
  ["padding", "Padding", "p"],
  ["dilation", "Dilation", "d"],
];

/** Why a setting cannot have a value on both axes, the others as they are; empty if it can. */
export function refusal(name, value, op, settings, header) {
  const [low, high] = header.limits[name];
  if (value < low || value > high) return header.reasons[name];
  if (name === "kernel_size" && settings.weights && !header.kernels[value]) return header.reasons[name];
  const { kernel_size, padding, dilation } = { ...settings, [name]: [value, value] };
  const fillable = paddingLimit(Math.min(op.size.rows, op.size.columns), op.mode);
  if (name === "padding" && value > fillable) return `${op.mode} padding can fill at most ${fillable} here`;
  const pools = op.kind === "max" || op.kind === "average";
  if (pools && padding[0] > kernel_size[0] / 2) return "pooling pads by at most half its window";
  if (op.kind === "transposed" && 2 * padding[0] > kernel_size[0] - 1) return header.reasons.padding;
  if (!op.fits) return ""; // any step may be the one that makes it fit
  const fits = [op.size.rows, op.size.columns].every((size, i) => {
    const axis = { kernel_size: kernel_size[i], stride: settings.stride[i], padding: padding[i], dilation: dilation[i] };
    return outputSize(op.kind, axis, size, false) > 0;
  });
  return fits ? "" : "the window would not fit into the padded patch";
}

/** One less and one more; from beyond the limits, back to the nearest. */
function neighbours(value, [low, high]) {
  return [value > high ? high : value - 1, value < low ? low : value + 1];
}

/** Draw the steppers into `group`; `step(name, value)` is called with what was asked for. */
export function drawSteppers(group, op, settings, header, step) {
  const wanted = STEPPERS.filter(([name]) => header.limits[name]);
  if (group.children.length !== wanted.length) group.replaceChildren(...wanted.map(stepper));
  wanted.forEach(([name], i) => {
    const values = settings[name];
    const [less, more] = group.children[i].querySelectorAll("button");
    group.children[i].querySelector("b").textContent = values[0] === values[1] ? values[0] : values.join("×");
    const [below, above] = neighbours(values[0], header.limits[name]);
    for (const [button, value] of [[less, below], [more, above]]) {
      const why = refusal(name, value, op, settings, header);
      button.setAttribute("aria-disabled", String(Boolean(why)));
      button.title = why || `to ${value}`;
      button.onclick = () => step(name, value);
    }
  });
}

function stepper([, label, letter]) {
  const [box, text, symbol, number] = ["span", "span", "i", "b"].map((tag) => document.createElement(tag));
  const button = (sign, words) => {
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = sign;
    element.setAttribute("aria-label", `${label} ${words}`);
    return element;
  };
  box.className = "stepper";
  symbol.textContent = letter;
  text.append(`${label} `, symbol);
  box.append(text, button("−", "smaller"), number, button("+", "larger"));
  return box;
}
