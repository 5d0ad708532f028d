// Maps of two networks in pairs, all on one scale.

import { isDark, scaleColours } from "../shared/colours.js";
import { make, writeReadout } from "../shared/elements.js";
import { putImage, signedImage } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const GAP = 12;
const LABEL = 15;
const EDGE = 3;
const TALLEST = 500;

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({ pair: 0, unit: null }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const [count, height, width] = arrays.left.shape;
  const stage = at(".pairs");
  const canvas = stage.querySelector("canvas");
  const middle = { row: height >> 1, column: width >> 1 };
  if (state.shown !== header.shown) Object.assign(state, { shown: header.shown, pair: 0, unit: middle });
  let grid;

  function draw() {
    state.dark = isDark(root);
    at(".heads").replaceChildren(...header.names.map(head));
    drawPairs();
    drawLegend(root, "activation", header.limit, state.dark);
    read(Math.min(state.pair, count - 1), state.unit ?? middle);
    root.dataset.pairs = count;
    root.dataset.shown = header.shown;
  }

  function head(name, index) {
    const element = make("span");
    element.append(make("span", `sign ${index ? "right" : "left"}`), make("span", "title", name));
    return element;
  }

  /** Width and height of a pair at a zoom, and how many stand in a row. */
  function layout(zoom) {
    const pair = { x: 2 * width * zoom + 1, y: height * zoom + LABEL };
    const columns = Math.max(1, Math.floor((stage.clientWidth - 2 * EDGE + GAP) / (pair.x + GAP)));
    return { ...pair, zoom, columns, tall: Math.ceil(count / columns) * (pair.y + GAP) };
  }

  function drawPairs() {
    const least = Math.max(36 / width, 0.05);
    let zoom = Math.max(least, Math.min(120 / width, (stage.clientWidth - 2 * EDGE - 1) / 2 / width));
    while (zoom > least && layout(zoom).tall > TALLEST) zoom = Math.max(least, zoom * 0.97);
    grid = layout(zoom);
    const ratio = window.devicePixelRatio;
    const size = [Math.min(stage.clientWidth, 2 * EDGE + grid.columns * (grid.x + GAP)), grid.tall];
    [canvas.width, canvas.height] = size.map((length) => Math.round(length * ratio));
    [canvas.style.width, canvas.style.height] = size.map((length) => `${length}px`);
    canvas.setAttribute("aria-label", header.alt);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.imageSmoothingEnabled = zoom * ratio < 1;
    context.fillStyle = getComputedStyle(root).color;
    context.font = `11px ${getComputedStyle(root).fontFamily}`;
    for (let pair = 0; pair < count; pair++) drawPair(context, pair);
  }

  function drawPair(context, pair) {
    const { left, top } = placeOf(pair);
    context.fillText(String(header.channels[pair]), left, top + 10);
    const colours = scaleColours("activation", state.dark);
    const source = document.createElement("canvas");
    ["left", "right"].forEach((side, index) => {
      putImage(source, signedImage(arrays[side].values, pair * height * width, height, width, header.limit, colours));
      const x = left + index * (width * grid.zoom + 1);
      context.drawImage(source, x, top + LABEL, width * grid.zoom, height * grid.zoom);
    });
    context.strokeStyle = getComputedStyle(root).getPropertyValue("--st-border-color") || "#888";
    context.strokeRect(left - 0.5, top + LABEL - 0.5, grid.x + 1, height * grid.zoom + 1);
  }

  function placeOf(pair) {
    const [row, column] = [Math.floor(pair / grid.columns), pair % grid.columns];
    return { left: EDGE + column * (grid.x + GAP), top: row * (grid.y + GAP) };
  }

  function read(pair, unit) {
    Object.assign(state, { pair, unit });
    const { left, top } = placeOf(pair);
    const box = { left, top: top + LABEL, width: grid.x, height: height * grid.zoom };
    for (const [name, length] of Object.entries(box)) at(".chosen").style[name] = `${length}px`;
    const place = pair * height * width + unit.row * width + unit.column;
    const [left_, right] = ["left", "right"].map((side) => format(arrays[side].values[place], header.exact ? 4 : 3));
    const about = header.exact ? "" : "≈ ";
    const headline = `Channel ${header.channels[pair]}, row ${unit.row}, column ${unit.column}: left ${about}${left_}, right ${about}${right}`;
    const difference = format(arrays.difference.values[pair]);
    writeReadout(root, headline, `mean magnitude of the difference over this pair: ${difference}`);
  }

  stage.onpointermove = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const [column, row] = [Math.floor(x / (grid.x + GAP)), Math.floor(y / (grid.y + GAP))];
    const pair = row * grid.columns + column;
    const [inX, inY] = [x - EDGE - column * (grid.x + GAP), y - row * (grid.y + GAP) - LABEL];
    if (column < 0 || column >= grid.columns || row < 0 || pair >= count) return;
    if (inX < 0 || inX >= grid.x || inY < 0 || inY >= height * grid.zoom) return;
    const across = inX >= width * grid.zoom + 1 ? inX - width * grid.zoom - 1 : Math.min(inX, width * grid.zoom - 1e-6);
    const unit = { row: Math.floor(inY / grid.zoom), column: Math.floor(across / grid.zoom) };
    read(pair, { row: Math.min(height - 1, unit.row), column: Math.min(width - 1, unit.column) });
  };
  stage.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (state.pair + step >= 0 && state.pair + step < count) read(state.pair + step, state.unit);
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
