// The words around the sliding window's grids: sizes, the step, the channels, what is in focus.

import { CHANNEL_NAMES } from "../shared/colours.js";
import { find, make, writeReadout } from "../shared/elements.js";
import { format } from "../shared/numbers.js";
import { contributionLine, expressionLines } from "./expression.js";
import { currentStep, focusOf } from "./model.js";
import { drawSteppers } from "./steppers.js";
import { counted, inputTexts, noFitText, paddingText } from "./texts.js";

/** @import { View } from "./drawing.js" */

/**
 * Sizes, step, channels and steppers: what changes with the settings.
 *
 * @param {View} view
 */
export function writeSettings(view) {
  const { root, header, state, result, on } = view;
  writeSizes(view);
  writeStep(view);
  drawChannels(view);
  drawSteppers(find(root, ".steppers"), result.op, state.settings, header, on.step);
}

/** @param {View} view */
function writeSizes({ root, state, result: { op } }) {
  const { rows, columns } = op.output;
  find(root, ".input .size").textContent = `${op.size.rows}×${op.size.columns}${paddingText(state.settings, op)}`;
  find(root, ".output .size").textContent = op.fits ? `${rows}×${columns}` : "";
  const labels = {
    ".input canvas": `Input, ${op.size.rows} by ${op.size.columns} numbers`,
    ".output canvas": `Output, ${rows} by ${columns} numbers`,
    ".input .stage": "Input grid: arrow keys walk over its pixels, escape ends",
    ".output .stage": "Output grid: arrow keys move the window, space plays",
  };
  for (const [selector, label] of Object.entries(labels)) find(root, selector).setAttribute("aria-label", label);
}

/**
 * Where the window is, and whether it plays.
 *
 * @param {View} view
 */
export function writeStep({ root, state, result }) {
  const { op, values } = result;
  const step = currentStep(state, result);
  const scrub = find(root, "input.scrub");
  scrub.max = String(Math.max(0, values.length - 1));
  scrub.value = String(step);
  find(root, ".where").textContent = op.fits ? `output ${step + 1} of ${values.length}` : "";
  const play = find(root, ".play");
  play.textContent = state.playing ? "Pause" : "Play";
  play.setAttribute("aria-label", play.textContent);
}

/**
 * For a picture in colour: whose numbers the cells show, or, depthwise, which channel is convolved.
 *
 * @param {View} view
 */
function drawChannels({ root, header, state, result, on }) {
  const group = find(root, ".channels");
  const names = result.planes.length === 3 ? CHANNEL_NAMES : [];
  if (group.children.length !== names.length) group.replaceChildren(...names.map((name) => make("button", "", name)));
  [...group.querySelectorAll("button")].forEach((button, i) => {
    button.type = "button";
    button.title = header.channels === "depthwise" ? `Convolve ${names[i]}` : `Show the numbers of ${names[i]}`;
    button.setAttribute("aria-pressed", String(i === state.channel));
    button.onclick = () => on.showChannel(i);
  });
}

/**
 * The readout and the sum of what is in focus.
 *
 * @param {View} view
 */
export function writeFocus({ root, header, state, result, unread, on }) {
  const { op } = result;
  const { output, input, met } = focusOf(state, result);
  const expression = find(root, ".expression");
  if (output) {
    state.expressed = output;
    const terms = op.terms(...output);
    const headline = `Output row ${output[0]}, column ${output[1]} = ${format(op.value(...output))}`;
    writeReadout(root, headline, counted(terms.length, "term") + unread);
    expression.replaceChildren(...expressionLines(op, terms, ...output, on.lightTerm));
  } else if (input) {
    writeReadout(root, ...inputTexts(op, input, Boolean(state.pin && !state.hover)));
    expression.replaceChildren(contributionLine(op, input, op.input.length > 1 ? state.channel : 0));
  } else {
    expression.replaceChildren();
    if (!met) return writeReadout(root, "No place to put the window.", noFitText(header, state.settings, op));
    const count = counted(op.met(met.m, met.n).length, "input");
    writeReadout(root, `Kernel row ${met.m}, column ${met.n}`, `meets ${count}, one for each output it is part of`);
  }
}
