// The kernels of a convolution as a wall; one of them with its numbers, beside its feature map.

import { colourIndex, isDark, luma, scaleColours } from "../shared/colours.js";
import { make, writeReadout } from "../shared/elements.js";
import { pixelAt, putImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const GAP = 4;
const MAP = 224;
const READABLE = 27;

/** A number in a cell: two decimals, a real minus. */
const inCell = (value) => (Math.round(value * 100) / 100 || 0).toFixed(2).replace("-", "−");

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({}));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const { values, shape } = arrays.weight;
  const [count, inputs, height, width] = shape;
  const taps = height * width;
  const wall = at(".wall");
  const answer = at(".answer .stage canvas");
  if (isCurrent(state, header.edit_version) || state.network !== header.network) state.selected = header.selected;
  state.network = header.network;
  let grid;

  const weight = (filter, input, row, column) => values[(filter * inputs + input) * taps + row * width + column];
  const limitOf = (filter) => arrays.limits.values[filter];

  function draw() {
    state.dark = isDark(root);
    state.colours = scaleColours("weight", state.dark);
    drawWall();
    drawChosen();
    root.dataset.filters = count;
    root.dataset.network = header.network;
    root.dataset.channel = header.selected;
  }

  /** One input channel of a filter; all of them at once as colours, a half grey for zero. */
  function kernelImage(filter, input) {
    const start = (filter * inputs + input) * taps;
    if (!header.colours) return signedImage(values, start, height, width, limitOf(filter), state.colours);
    const image = new ImageData(width, height);
    for (let i = 0; i < taps; i++) {
      for (let c = 0; c < 3; c++) {
        const share = values[(filter * 3 + c) * taps + i] / (limitOf(filter) || 1);
        image.data[4 * i + c] = Math.round(127.5 + 127.5 * share);
      }
      image.data[4 * i + 3] = 255;
    }
    return image;
  }

  function drawWall() {
    const ratio = window.devicePixelRatio;
    const high = header.colours ? 1 : inputs;
    const zoom = wallZoom(wall.clientWidth, high);
    const [tileX, tileY] = [width * zoom, high * height * zoom];
    const columns = Math.max(1, Math.floor((wall.clientWidth - GAP) / (tileX + GAP)));
    grid = { zoom, columns, tileX, tileY };
    const canvas = wall.querySelector("canvas");
    const size = [columns * (tileX + GAP) + GAP, Math.ceil(count / columns) * (tileY + GAP) + GAP];
    [canvas.width, canvas.height] = size.map((length) => Math.round(length * ratio));
    [canvas.style.width, canvas.style.height] = size.map((length) => `${length}px`);
    canvas.setAttribute("aria-label", header.alt);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = zoom * ratio < 1;
    const tile = document.createElement("canvas");
    for (let filter = 0; filter < count; filter++) {
      const { left, top } = placeOf(filter);
      for (let input = 0; input < high; input++) {
        putImage(tile, kernelImage(filter, input));
        const y = top + input * height * zoom;
        context.drawImage(tile, left * ratio, y * ratio, tileX * ratio, height * zoom * ratio);
      }
    }
  }

  /** The largest whole zoom at which all filters are at most as tall as the map beside them. */
  function wallZoom(room, high) {
    const tall = (zoom) => {
      const columns = Math.max(1, Math.floor((room - GAP) / (width * zoom + GAP)));
      return Math.ceil(count / columns) * (high * height * zoom + GAP);
    };
    let zoom = 1;
    while ((zoom + 1) * width <= 64 && tall(zoom + 1) <= header.tallest) zoom++;
    return zoom;
  }

  function placeOf(filter) {
    const [row, column] = [Math.floor(filter / grid.columns), filter % grid.columns];
    return { left: GAP + column * (grid.tileX + GAP), top: GAP + row * (grid.tileY + GAP) };
  }

  function frame(mark, filter) {
    const { left, top } = placeOf(filter);
    mark.hidden = false;
    const box = { left, top, width: grid.tileX, height: grid.tileY };
    for (const [name, length] of Object.entries(box)) mark.style[name] = `${length}px`;
  }

  function drawChosen() {
    const filter = state.selected;
    frame(at(".chosen"), filter);
    const room = root.clientWidth - 16 * inputs;
    const cell = Math.max(6, Math.min(48, Math.floor(room / Math.max(3, inputs) / width)));
    at(".taps").replaceChildren(...Array.from({ length: inputs }, (_, input) => tapsOf(filter, input, cell)));
    paintLegend(".weights", "weight", limitOf(filter));
    drawAnswer();
    readTap(filter, height >> 1, width >> 1, "the middle tap");
  }

  function paintLegend(which, scale, limit) {
    const holder = at(which);
    drawLegend({ querySelector: () => holder.querySelector("canvas"), querySelectorAll: () => holder.querySelectorAll("span") }, scale, limit, state.dark);
  }

  /** One input channel of the chosen filter, each weight with its number where there is room. */
  function tapsOf(filter, input, cell) {
    const [figure, caption, canvas] = ["figure", "figcaption", "canvas"].map((tag) => document.createElement(tag));
    caption.append(make("span", "title", header.inputs[input]), make("span", "muted", `${height}×${width}`));
    const ratio = window.devicePixelRatio;
    [canvas.width, canvas.height] = [width, height].map((length) => Math.round(length * cell * ratio));
    [canvas.style.width, canvas.style.height] = [width, height].map((length) => `${length * cell}px`);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Weights of filter ${filter} for ${header.inputs[input]}`);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) paintTap(context, filter, input, row, column, cell);
    }
    canvas.onpointermove = (event) => {
      const tap = pixelAt(event, canvas, height, width);
      if (tap) readTap(filter, tap.row, tap.column, header.inputs[input]);
    };
    figure.append(caption, canvas);
    return figure;
  }

  function paintTap(context, filter, input, row, column, cell) {
    const value = weight(filter, input, row, column);
    const c = colourIndex(value, limitOf(filter));
    const [red, green, blue] = state.colours.slice(c, c + 3);
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(column * cell, row * cell, cell - 0.5, cell - 0.5);
    if (cell < READABLE) return;
    context.fillStyle = luma(red, green, blue) < 128 ? "#fff" : "#1d2321";
    context.font = `${Math.min(12, cell * 0.34)}px ${getComputedStyle(root).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(inCell(value), (column + 0.5) * cell, (row + 0.5) * cell);
  }

  /** The map in the answer belongs to the filter that Python knows; until the next one comes it is dimmed. */
  function drawAnswer() {
    const { values: map, shape: size } = arrays.map;
    putImage(answer, signedImage(map, 0, size[0], size[1], header.map_limit, scaleColours("activation", state.dark)));
    sizeCanvas(answer, size[0], size[1], wholeZoom(size[0], size[1], MAP, MAP));
    answer.style.opacity = state.selected === header.selected ? "1" : "0.4";
    at(".answer .title").textContent = `What filter ${state.selected} answers`;
    at(".answer .size").textContent = `${size[0]}×${size[1]}`;
    answer.setAttribute("aria-label", `Feature map ${header.selected} of ${header.layer}`);
    paintLegend(".activations", "activation", header.map_limit);
  }

  function readTap(filter, row, column, where) {
    const numbers = header.inputs.map((name, input) => `${name} ${format(weight(filter, input, row, column))}`);
    writeReadout(root, `Filter ${filter}, row ${row}, column ${column}: ${numbers.join(" · ")}`, `${where}; ${header.words}`);
  }

  function tapOnWall(event) {
    const box = wall.querySelector("canvas").getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - GAP, event.clientY - box.top - GAP];
    const [column, row] = [Math.floor(x / (grid.tileX + GAP)), Math.floor(y / (grid.tileY + GAP))];
    const filter = row * grid.columns + column;
    const [inX, inY] = [x - column * (grid.tileX + GAP), y - row * (grid.tileY + GAP)];
    if (x < 0 || y < 0 || column >= grid.columns || filter >= count || inX >= grid.tileX || inY >= grid.tileY) return null;
    return { filter, row: Math.floor(inY / grid.zoom) % height, column: Math.floor(inX / grid.zoom) };
  }

  function choose(filter) {
    state.selected = filter;
    drawChosen();
    setTriggerValue("channel", nextEdit(state, filter));
  }

  wall.onpointermove = (event) => {
    const tap = tapOnWall(event);
    at(".over").hidden = true;
    if (!tap) return;
    frame(at(".over"), tap.filter);
    readTap(tap.filter, tap.row, tap.column, "under the pointer");
  };
  wall.onpointerleave = () => (at(".over").hidden = true);
  wall.onclick = (event) => {
    const tap = tapOnWall(event);
    if (tap) choose(tap.filter);
  };
  wall.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = state.selected + step;
    if (next >= 0 && next < count) choose(next);
  };
  answer.onpointermove = (event) => {
    const { values: map, shape: size } = arrays.map;
    const unit = pixelAt(event, answer, size[0], size[1]);
    if (!unit) return;
    const value = format(map[unit.row * size[1] + unit.column]);
    writeReadout(root, `Feature map ${header.selected}, row ${unit.row}, column ${unit.column}: ${value}`, header.window_words(unit));
  };
  header.window_words = ({ row, column }) => {
    const [first, last] = [[row, 0], [column, 1]].map(([place, axis]) => {
      const start = place * header.stride[axis] - header.padding[axis];
      return [start, start + (axis ? width : height) - 1];
    });
    const span = ([from, to]) => `${from}–${to}`.replaceAll("-", "−");
    return `the filter lies on rows ${span(first)}, columns ${span(last)} of the picture`;
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
