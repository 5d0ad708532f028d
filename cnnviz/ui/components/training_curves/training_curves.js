// Loss and accuracy by step, drawn anew in place whenever there are more steps.

import { makeSvg } from "../shared/elements.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, formatCount, powerOfTen } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const EDGE = { left: 44, right: 8, top: 8, bottom: 34 };
const HEIGHT = 210;

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const state = stateOf(parentElement, () => ({ at: null }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const [at, loss, accuracy] = ["at", "loss", "accuracy"].map((name) => arrays[name].values);
  if (state.of !== header.steps || state.at >= at.length) Object.assign(state, { of: header.steps, at: null });
  const held = { at: arrays.held_at.values, share: arrays.held.values };
  const top = Math.max(...loss, header.guess);
  const charts = [
    { title: header.loss_title, log: header.log, low: header.log ? Math.min(...loss, header.guess) / 2 : 0, high: top * 1.08, mark: loss, unit: 1 },
    { title: "Right answers (%)", log: false, low: 0, high: 100, mark: accuracy.map((share) => 100 * share), unit: 100 },
  ];
  const figures = [...root.querySelectorAll("figure")];

  function draw() {
    charts.forEach((chart, i) => drawChart(figures[i], chart, i));
    say();
  }

  function drawChart(figure, chart, i) {
    const svg = figure.querySelector("svg");
    const width = svg.clientWidth;
    const x = (step) => EDGE.left + (step / Math.max(1, header.steps)) * (width - EDGE.left - EDGE.right);
    const scaled = (value) => (chart.log ? Math.log(value) : value);
    const [low, high] = [scaled(chart.low || (chart.log ? 1e-6 : 0)), scaled(chart.high)];
    const y = (value) => HEIGHT - EDGE.bottom - ((scaled(value) - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
    Object.assign(chart, { x, y, width });
    figure.querySelector(".title").textContent = chart.title;
    svg.setAttribute("aria-label", header.alt[i]);
    svg.replaceChildren(...rows(chart, width), ...epochs(chart), ...lines(chart, i), pointer(chart));
    svg.onpointermove = (event) => point(event.clientX - svg.getBoundingClientRect().left, chart);
    svg.onpointerleave = () => choose(null);
    svg.onkeydown = move;
  }

  function rows({ log, low, high, y }, width) {
    return ticks(log, low, high).flatMap((value) => [
      makeSvg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      makeSvg("text", { x: EDGE.left - 5, y: y(value) + 4, "text-anchor": "end" }, tick(value)),
    ]);
  }

  function epochs({ x, width }) {
    const each = Math.ceil(header.epochs / Math.max(2, Math.floor(width / 45)));
    const found = [makeSvg("text", { x: width - EDGE.right, y: HEIGHT - 4, "text-anchor": "end" }, "epochs done")];
    for (let epoch = 0; epoch <= header.epochs; epoch += each) {
      const place = x(epoch * header.per_epoch);
      found.push(makeSvg("text", { x: place, y: HEIGHT - EDGE.bottom + 14, "text-anchor": "middle" }, String(epoch)));
    }
    return found;
  }

  function lines({ x, y, mark }, i) {
    const path = (xs, ys) => Array.from(xs, (step, k) => `${x(step).toFixed(1)},${y(ys[k]).toFixed(1)}`).join(" ");
    const found = [makeSvg("polyline", { class: "curve", points: path(at, mark), stroke: header.colours[0] })];
    if (at.length === 1) found.push(makeSvg("circle", { cx: x(at[0]), cy: y(mark[0]), r: 3, fill: header.colours[0] }));
    const guessed = i ? 100 * header.guess_share : header.guess;
    found.push(makeSvg("line", { class: "grid held", x1: EDGE.left, x2: x(header.steps), y1: y(guessed), y2: y(guessed) }));
    const label = makeSvg("text", { x: x(header.steps), y: y(guessed) - 4, "text-anchor": "end", class: "guessing" }, "guessing");
    if (!i) return [...found, label];
    const shares = held.share.map((share) => 100 * share);
    if (held.at.length) found.push(...legend(x, mark));
    found.push(makeSvg("polyline", { class: "curve held", points: path(held.at, shares), stroke: header.colours[1] }));
    held.at.forEach((step, k) => found.push(makeSvg("circle", { cx: x(step), cy: y(shares[k]), r: 3, fill: header.colours[1] })));
    return [...found, label];
  }

  /** In the corner that the curves stay out of: above those that stay low, below those that rise. */
  function legend(x, mark) {
    const rises = mark.at(-1) > 50;
    const place = rises ? { x: x(header.steps), "text-anchor": "end" } : { x: EDGE.left + 8 };
    const y = rises ? HEIGHT - EDGE.bottom - 60 : EDGE.top + 12;
    return [
      named({ ...place, y }, "—", header.colours[0], "while training"),
      named({ ...place, y: y + 15 }, "- ● -", header.colours[1], "held-out pictures"),
    ];
  }

  /** What a line means: its sign in its colour, and the words. */
  function named(place, sign, colour, words) {
    const text = makeSvg("text", place);
    text.append(makeSvg("tspan", { fill: colour }, sign), ` ${words}`);
    return text;
  }

  function pointer({ x }) {
    const place = state.at === null || !at.length ? -9 : x(at[state.at]);
    return makeSvg("line", { class: "pointer", x1: place, x2: place, y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: place < 0 ? "hidden" : "visible" });
  }

  function point(place, { x }) {
    if (!at.length) return;
    let best = 0;
    at.forEach((step, k) => Math.abs(x(step) - place) < Math.abs(x(at[best]) - place) && (best = k));
    choose(best);
  }

  function move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !at.length) return;
    event.preventDefault();
    choose(clamp((state.at ?? at.length - 1) + step, 0, at.length - 1));
  }

  function choose(index) {
    state.at = index;
    figures.forEach((figure, i) => figure.querySelector("svg").lastChild.replaceWith(pointer(charts[i])));
    say();
  }

  function say() {
    const k = state.at ?? at.length - 1;
    const last = held.share.length - 1;
    const words = at.length
      ? `Step ${formatCount(at[k])}: loss ${format(loss[k])}, ${format(100 * accuracy[k], 3)} % right while training${header.mean}`
      : "No step is done yet";
    const tested = last >= 0 ? `; held-out pictures after epoch ${header.held_epochs[last]}: ${format(100 * held.share[last], 3)} % right` : "";
    root.querySelector(".readout").textContent = `${words}${tested}.`;
  }

  draw();
  root.dataset.steps = at.length ? at.at(-1) : 0;
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}

/** About five round numbers between two ends; powers of ten on a logarithmic axis. */
function ticks(log, low, high) {
  if (log) {
    const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const each = Math.max(1, Math.ceil((last - first + 1) / 6));
    return Array.from({ length: Math.floor((last - first) / each) + 1 }, (_, i) => 10 ** (first + i * each));
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  return Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, i) => low + i * step);
}

function tick(value) {
  return value >= 1e5 || (value > 0 && value < 1e-3) ? powerOfTen(value, 1) : String(Number(value.toPrecision(3)));
}
