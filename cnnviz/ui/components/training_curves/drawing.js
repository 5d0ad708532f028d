// Both charts as SVG images, and the words under them.

import { find, makeSvg } from "../shared/elements.js";
import { epochTicks, heightOf, pointWords, tickText, ticks } from "./model.js";

/**
 * @import { Chart, Curves } from "./model.js"
 */

/** @typedef {{ root: HTMLElement, figures: HTMLElement[], curves: Curves }} View */

/**
 * A chart on its image; `x` and `y` are in CSS pixels from the upper left corner.
 *
 * @typedef {object} Plot
 * @property {Chart} chart
 * @property {Curves} curves
 * @property {number} width
 * @property {(step: number) => number} x
 * @property {(value: number) => number} y
 */

const EDGE = { left: 44, right: 8, top: 8, bottom: 34 };
const HEIGHT = 210;

/** @param {View} view */
export function drawAll(view) {
  view.curves.charts.forEach((_, index) => drawChart(view, index));
  readPoint(view);
}

/**
 * @param {View} view
 * @param {number} index
 */
function drawChart({ figures, curves }, index) {
  const chart = curves.charts[index];
  const svg = find(figures[index], "svg");
  const plot = plotOf(curves, chart, svg.clientWidth);
  find(figures[index], ".title").textContent = chart.title;
  svg.setAttribute("aria-label", chart.alt);
  svg.replaceChildren(...rowsOf(plot), ...epochsOf(plot), ...linesOf(plot), pointerOf(plot));
}

/**
 * @param {Curves} curves
 * @param {Chart} chart
 * @param {number} width
 * @returns {Plot}
 */
function plotOf(curves, chart, width) {
  const across = width - EDGE.left - EDGE.right;
  return {
    chart, curves, width,
    x: (step) => EDGE.left + (step / Math.max(1, curves.header.steps)) * across,
    y: (value) => HEIGHT - EDGE.bottom - heightOf(chart, value) * (HEIGHT - EDGE.top - EDGE.bottom),
  };
}

/**
 * The step at this many CSS pixels from the left of an image.
 *
 * @param {View} view
 * @param {number} index
 * @param {number} x
 */
export function stepAt({ figures, curves }, index, x) {
  const across = find(figures[index], "svg").clientWidth - EDGE.left - EDGE.right;
  return ((x - EDGE.left) / across) * Math.max(1, curves.header.steps);
}

/** @param {Plot} plot */
function rowsOf({ chart, width, y }) {
  return ticks(chart).flatMap((value) => [
    makeSvg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
    makeSvg("text", { x: EDGE.left - 5, y: y(value) + 4, "text-anchor": "end" }, tickText(value)),
  ]);
}

/** @param {Plot} plot */
function epochsOf({ curves: { header }, width, x }) {
  const y = HEIGHT - EDGE.bottom + 14;
  return [
    makeSvg("text", { x: width - EDGE.right, y: HEIGHT - 4, "text-anchor": "end" }, "epochs done"),
    ...epochTicks(header, width).map((epoch) => makeSvg("text", { x: x(epoch * header.per_epoch), y, "text-anchor": "middle" }, String(epoch))),
  ];
}

/** @param {Plot} plot */
function linesOf(plot) {
  const { chart: { values, guessed, held }, curves: { header, arrays }, x, y } = plot;
  const at = arrays.at.values;
  const [trained, heldOut] = header.colours;
  const found = [lineOf(plot, at, values, { class: "curve", stroke: trained })];
  if (at.length === 1) found.push(dotOf(plot, at[0], values[0], trained));
  found.push(makeSvg("line", { class: "grid held", x1: EDGE.left, x2: x(header.steps), y1: y(guessed), y2: y(guessed) }));
  if (held?.at.length) found.push(...legendOf(plot));
  if (held) {
    found.push(lineOf(plot, held.at, held.values, { class: "curve held", stroke: heldOut }));
    held.at.forEach((step, k) => found.push(dotOf(plot, step, held.values[k], heldOut)));
  }
  return [...found, makeSvg("text", { x: x(header.steps), y: y(guessed) - 4, "text-anchor": "end", class: "guessing" }, "guessing")];
}

/**
 * @param {Plot} plot
 * @param {Float32Array} at
 * @param {Float32Array} values
 * @param {Record<string, string>} attributes
 * @returns {SVGElement}
 */
function lineOf({ x, y }, at, values, attributes) {
  const points = Array.from(at, (step, k) => `${x(step).toFixed(1)},${y(values[k]).toFixed(1)}`).join(" ");
  return makeSvg("polyline", { points, ...attributes });
}

/**
 * @param {Plot} plot
 * @param {number} step
 * @param {number} value
 * @param {string} fill
 */
const dotOf = ({ x, y }, step, value, fill) => makeSvg("circle", { cx: x(step), cy: y(value), r: 3, fill });

/**
 * In the corner that the curves stay out of: above those that stay low, below those that rise.
 *
 * @param {Plot} plot
 */
function legendOf({ chart: { values }, curves: { header }, x }) {
  const rises = (values.at(-1) ?? 0) > 50;
  const place = rises ? { x: x(header.steps), "text-anchor": "end" } : { x: EDGE.left + 8, "text-anchor": "start" };
  const y = rises ? HEIGHT - EDGE.bottom - 60 : EDGE.top + 12;
  return [
    namedLine({ ...place, y }, "—", header.colours[0], "while training"),
    namedLine({ ...place, y: y + 15 }, "- ● -", header.colours[1], "held-out pictures"),
  ];
}

/**
 * What a line means: its sign in its colour, and the words.
 *
 * @param {Record<string, string | number>} place
 * @param {string} sign
 * @param {string} fill
 * @param {string} words
 */
function namedLine(place, sign, fill, words) {
  const text = makeSvg("text", place);
  text.append(makeSvg("tspan", { fill }, sign), ` ${words}`);
  return text;
}

/** @param {Plot} plot */
function pointerOf({ curves: { arrays, state }, x }) {
  const visible = state.at !== null && arrays.at.values.length > 0;
  const place = visible ? x(arrays.at.values[state.at ?? 0]) : 0;
  const ends = { x1: place, x2: place, y1: EDGE.top, y2: HEIGHT - EDGE.bottom };
  return makeSvg("line", { class: "pointer", ...ends, visibility: visible ? "visible" : "hidden" });
}

/**
 * Show the point that is read on both charts and in words.
 *
 * @param {View} view
 */
export function showPoint(view) {
  const { figures, curves } = view;
  curves.charts.forEach((chart, index) => {
    const svg = find(figures[index], "svg");
    svg.lastChild?.replaceWith(pointerOf(plotOf(curves, chart, svg.clientWidth)));
  });
  readPoint(view);
}

/** @param {View} view */
const readPoint = ({ root, curves }) => (find(root, ".readout").textContent = pointWords(curves));
