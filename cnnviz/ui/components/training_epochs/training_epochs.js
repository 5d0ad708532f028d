// A network after each epoch: first filters, feature maps, and what it takes for what; one slider for all.

import { isDark, scaleColours } from "../shared/colours.js";
import { putImage, signedImage } from "../shared/images.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import { confusion, drawMatrix, drawWrong } from "./training_matrix.js";

const GAP = 3;
const COLOURS = ["red", "green", "blue"];
const MOST_WRONG = 16;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({}));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const last = header.epochs.length - 1;
  if (state.run !== header.run) Object.assign(state, { run: header.run, epoch: header.shown });
  // The epoch that the slider was moved to; where that is not kept any more, or none was, the newest.
  state.index = header.epochs.indexOf(state.epoch ?? -1);
  if (state.index < 0) Object.assign(state, { epoch: null, index: last });
  const slider = at("input");
  slider.max = last;
  slider.value = state.index;
  slider.disabled = !last;
  at(".note").textContent = header.note;

  function draw() {
    const dark = isDark(root);
    const epoch = header.epochs[state.index];
    at(".epoch").textContent = epoch ? `Epoch ${epoch}` : "Epoch 0, untrained";
    slider.setAttribute("aria-label", "Epoch shown");
    slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
    drawFilters(dark);
    drawMaps(dark);
    drawAnswers(dark);
    root.dataset.epoch = epoch;
  }

  /** A wall of tiles on one scale; gives the tile and the place in it under a pointer. */
  function wall(section, count, height, width, zoomed, paint, scaleName, limit, dark, gap = GAP) {
    const canvas = section.querySelector(".stage canvas");
    const room = section.clientWidth;
    const zoom = zoomed(room);
    const [stepX, stepY] = [width * zoom + gap, height * zoom + gap];
    const columns = Math.max(1, Math.min(count, Math.floor((room + gap) / stepX)));
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round((columns * stepX - gap) * ratio);
    canvas.height = Math.round((Math.ceil(count / columns) * stepY - gap) * ratio);
    canvas.style.width = `${canvas.width / ratio}px`;
    canvas.style.height = `${canvas.height / ratio}px`;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = zoom < 1;
    const tile = document.createElement("canvas");
    for (let i = 0; i < count; i++) {
      putImage(tile, paint(i));
      const [left, top] = [(i % columns) * stepX, Math.floor(i / columns) * stepY];
      context.drawImage(tile, left * ratio, top * ratio, width * zoom * ratio, height * zoom * ratio);
    }
    drawLegend(section, scaleName, limit, dark);
    return (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const index = Math.floor(y / stepY) * columns + Math.floor(x / stepX);
      const [row, column] = [Math.floor((y % stepY) / zoom), Math.floor((x % stepX) / zoom)];
      return x < 0 || y < 0 || index < 0 || index >= count || row >= height || column >= width ? null : { index, row, column };
    };
  }

  /** Values under the pointer or under the arrow keys, in words. */
  function readable(section, name, count, height, width, find, words) {
    state[name] ??= { index: 0, row: 0, column: 0 };
    const stage = section.querySelector(".stage");
    const show = () => (section.querySelector(".words").textContent = words(state[name]));
    stage.onpointermove = (event) => {
      const found = find(event);
      if (!found || !words(found)) return; // between two tiles, or two kernels of one filter
      state[name] = found;
      show();
    };
    stage.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width }[event.key];
      if (!step) return;
      event.preventDefault();
      const { index, row, column } = state[name];
      const placeAt = (n) => ({ index: Math.floor(n / (height * width)), row: Math.floor(n / width) % height, column: n % width });
      const bounded = (n) => Math.max(0, Math.min(count * height * width - 1, n));
      let next = bounded((index * height + row) * width + column + step);
      if (!words(placeAt(next))) next = bounded(next + step); // over the gap between two kernels
      state[name] = placeAt(next);
      show();
    };
    if (state[name].index >= count || state[name].row >= height || state[name].column >= width) state[name] = { index: 0, row: 0, column: 0 };
    show();
  }

  function drawFilters(dark) {
    const section = at(".filters");
    const { values, shape } = arrays.filters;
    const [, count, channels, height, width] = shape;
    const all = channels * (width + 1) - 1;
    const valueAt = (index, { index: i, row, column }) => {
      const channel = Math.floor(column / (width + 1));
      const across = column % (width + 1);
      if (across === width) return null;
      return { channel, across, value: values[(((index * count + i) * channels + channel) * height + row) * width + across] };
    };
    const strip = new Float32Array(height * all);
    const paint = (i) => {
      for (let row = 0; row < height; row++)
        for (let column = 0; column < all; column++) strip[row * all + column] = valueAt(state.index, { index: i, row, column })?.value ?? NaN;
      const image = signedImage(strip, 0, height, all, header.filter_limit, scaleColours("weight", dark));
      strip.forEach((value, p) => Number.isNaN(value) && (image.data[4 * p + 3] = 0));
      return image;
    };
    const zoom = height > 5 ? 4 : count > 32 ? 6 : 9;
    // The three kernels of a filter stand one weight apart, and so closer together than two filters.
    const find = wall(section, count, height, all, () => zoom, paint, "weight", header.filter_limit, dark, 2 * zoom);
    section.querySelector(".name").textContent = header.filter_title;
    section.querySelector("canvas").setAttribute("aria-label", `${header.filter_title}, epoch ${header.epochs[state.index]}`);
    section.querySelector(".stage").setAttribute("aria-label", "First filters: read their weights with the arrow keys");
    readable(section, "filter", count, height, all, find, (place) => {
      const [now, first] = [valueAt(state.index, place), valueAt(0, place)];
      if (!now) return "";
      const where = `Filter ${place.index}, ${COLOURS[now.channel]}, row ${place.row}, column ${now.across}`;
      return `${where}: ${format(now.value, 3)}; epoch ${header.epochs[0]}: ${format(first.value, 3)}. ${header.changes[state.index]}`;
    });
  }

  function drawMaps(dark) {
    const section = at(".maps");
    const { values, shape } = arrays.maps;
    const [, count, height, width] = shape;
    const size = height * width;
    const colours = scaleColours("activation", dark);
    const paint = (i) => signedImage(values, (state.index * count + i) * size, height, width, header.map_limit, colours);
    const zoomed = (room) => {
      const columns = Math.min(count, count > 16 ? 8 : 4);
      const fit = Math.min(96 / height, ((room + GAP) / columns - GAP) / width);
      return fit >= 1 ? Math.floor(fit) : fit;
    };
    const find = wall(section, count, height, width, zoomed, paint, "activation", header.map_limit, dark);
    section.querySelector(".name").textContent = header.map_title;
    section.querySelector("canvas").setAttribute("aria-label", `${header.map_title}, epoch ${header.epochs[state.index]}`);
    section.querySelector(".stage").setAttribute("aria-label", "Feature maps: read their values with the arrow keys");
    readable(section, "map", count, height, width, find, ({ index, row, column }) => {
      const read = (shot) => format(values[(shot * count + index) * size + row * width + column], 3);
      return `Channel ${index}, row ${row}, column ${column}: ${read(state.index)}; epoch ${header.epochs[0]}: ${read(0)}.`;
    });
  }

  function drawAnswers(dark) {
    const tested = header.classes.length > 0 && arrays.labels;
    at(".matrix").hidden = at(".wrong").hidden = !tested;
    if (!tested) return;
    const labels = arrays.labels.values;
    const part = (name) => arrays[name].values.subarray(state.index * labels.length, (state.index + 1) * labels.length);
    const [predicted, certainty] = [part("predicted"), part("certainty")];
    const right = labels.filter((label, i) => predicted[i] === label).length;
    at(".matrix .name").textContent = `Held-out pictures: ${right} of ${labels.length} right, test accuracy ${format((100 * right) / labels.length, 3)} %`;
    drawMatrix(at(".matrix"), confusion(labels, predicted, header.classes.length), header.classes, dark);
    drawWrong(at(".wrong"), { labels, predicted, certainty, thumbs: arrays.thumbs, names: header.classes, most: MOST_WRONG });
  }

  slider.oninput = () => {
    state.index = Number(slider.value);
    state.epoch = state.index === last ? null : header.epochs[state.index];
    draw();
  };
  slider.onchange = () => setTriggerValue("epoch", { epoch: state.epoch });

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
