import { readersOf, taps } from "../shared/arithmetic.js";
import { CHANNEL_NAMES, isDark, scaleColours } from "../shared/colours.js";
import { writeReadout } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { countEdit, isCurrent, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, inWords } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import { followSliders, isInUse, sliderOf } from "../shared/sliders.js";
import { convolvePlanes, planesOf } from "../shared/whole_picture.js";

const MAX_BOX = 440;

const named = (noun, list) => `${noun}${list.length > 1 ? "s" : ""} ${inWords(list)}`;

function ends(list) {
  const both = list.length === 1 ? [list[0]] : [list[0], list.at(-1)];
  return both.map((index) => String(index).replace("-", "−")).join("–");
}

const REST_MS = 200;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({ pinned: null, hovered: null, channel: null, knob: null }));
  const message = unpack(data);
  if (isCurrent(state, message.header.edit_version) && !isBehind()) takeMessage();
  const { input, output } = parts(root);
  let inputHeight, inputWidth, outputChannels, outputHeight, outputWidth, views, centre, rows, columns, mode;
  takeSizes();

  /** Python's picture, numbers and settings. */
  function takeMessage() {
    cancelAnimationFrame(state.coming);
    const changed = state.header?.digest !== message.header.digest;
    Object.assign(state, message);
    if (changed) state.planes = null;
    state.known = Object.fromEntries(state.header.knobs.map(({ name, value }) => [name, value]));
    dimNumbers(false);
    const { rows, columns, bias, kernel_shape: [height, width] } = state.header;
    const kernel = { values: state.arrays.kernel.values, height, width };
    state.settings = { rows: { ...rows }, columns: { ...columns }, kernel, bias, mode: state.header.padding_mode };
  }

  /** Whether the slider under the user's hand has moved on since Python computed this: a newer answer comes. */
  function isBehind() {
    const { hand, header } = state;
    const knob = hand && message.header.knobs.find(({ name }) => name === hand.name);
    if (!knob) return false;
    const slider = sliderOf(header.controls + hand.name);
    const stays = (value) => Math.abs(value - hand.value) < knob.step / 2;
    return !stays(knob.value) && isInUse(slider) && stays(Number(slider.getAttribute("value")));
  }

  function takeSizes() {
    [inputHeight, inputWidth] = state.arrays.input.shape;
    [outputChannels, outputHeight, outputWidth] = state.arrays.output.shape;
    ({ rows, columns, mode } = state.settings);
    views = outputChannels > 1 ? ["together", ...CHANNEL_NAMES] : ["0"];
    if (!views.includes(state.channel)) state.channel = views[0];
    centre = { row: outputHeight >> 1, column: outputWidth >> 1 };
    const { pinned } = state;
    if (pinned && (pinned.row >= outputHeight || pinned.column >= outputWidth)) state.pinned = null;
  }

  function draw() {
    const dark = isDark(root);
    const colours = scaleColours("activation", dark);
    layout();
    putImage(input.picture, rgbImage(state.arrays.input.values, inputHeight, inputWidth));
    putImage(output.picture, outputImage(colours));
    drawLegend(root, "activation", state.header.limit, dark);
    drawChannels();
    drawKnobs();
    show();
  }

  // ---- dragging: the browser convolves until the hand rests, then Python's exact result comes ----

  function follow(name, value) {
    const knob = state.header.knobs.find((known) => known.name === name);
    if (!knob || value === knob.value || !(knob.low <= value && value <= knob.high)) return;
    state.hand = { name, value };
    turnTo(knob, value);
  }

  /** Numbers beside the picture are Python's: while the picture is ahead of them, they stand back. */
  function dimNumbers(ahead) {
    for (const key of state.header.numbers) {
      const numbers = document.querySelector(`.st-key-${key}`);
      if (!numbers) continue;
      numbers.style.transition = ahead ? "opacity 0.15s 0.25s" : ""; // a quick answer spares the flicker
      numbers.style.opacity = ahead ? "0.35" : "";
    }
  }

  function turnTo(knob, value) {
    knob.value = value;
    dimNumbers(value !== state.known[knob.name]);
    cancelAnimationFrame(state.coming);
    state.coming = requestAnimationFrame(() => convolveHere(knob));
  }

  function drawKnobs() {
    const { knobs } = state.header;
    at(".live").hidden = !knobs.length;
    if (!knobs.length) return;
    const names = knobs.map((knob) => knob.name);
    if (!names.includes(state.knob)) state.knob = names[0];
    const select = at(".live select");
    if (select.dataset.names !== names.join()) {
      select.dataset.names = names.join();
      select.replaceChildren(...knobs.map((knob) => new Option(knob.label, knob.name)));
    }
    select.value = state.knob;
    const knob = knobs.find(({ name }) => name === state.knob);
    const range = at(".live input");
    const attributes = { min: knob.low, max: knob.high, step: knob.step, "aria-label": knob.label };
    Object.entries(attributes).forEach(([name, value]) => range.setAttribute(name, value));
    range.disabled = knob.high <= knob.low;
    range.value = String(knob.value);
    at(".live output").textContent = String(Number(knob.value.toFixed(2))).replace("-", "−");
    select.onchange = () => {
      state.knob = select.value;
      drawKnobs();
    };
    range.oninput = () => {
      state.hand = null;
      countEdit(state);
      clearTimeout(state.resting);
      state.resting = setTimeout(() => tellPython(knob), REST_MS);
      state.held = knob;
      turnTo(knob, Number(range.value));
    };
    range.onchange = () => tellPython(knob);
  }

  function tellPython(knob) {
    clearTimeout(state.resting);
    state.resting = null;
    if (state.told === state.edits) return;
    state.told = state.edits;
    setTriggerValue("drag", { count: state.edits, value: { name: knob.name, value: knob.value } });
  }

  function convolveHere(knob) {
    const { settings } = state;
    turnKnob(knob, settings);
    state.planes ??= planesOf((state.arrays.rgb ?? state.arrays.input).values, state.header.channels);
    const result = convolvePlanes(state.planes, inputHeight, inputWidth, settings);
    if (!result) return;
    state.arrays.output = result;
    state.header.limit = result.limit;
    takeSizes();
    draw();
    root.dataset.live = Number(root.dataset.live ?? 0) + 1;
  }

  function turnKnob(knob, settings) {
    if (knob.name === "bias") settings.bias = knob.value;
    else if (!knob.kernels) for (const axis of knob.axes) settings[axis][knob.setting] = knob.value;
    else {
      const index = Math.round((knob.value - knob.low) / knob.step);
      const { shape, start } = knob.kernels[index];
      const values = state.arrays.kernels.values.slice(start, start + shape[0] * shape[1]);
      settings.kernel = { values, height: shape[0], width: shape[1] };
      [settings.rows.kernel_size, settings.columns.kernel_size] = shape;
    }
  }

  function layout() {
    const wide = root.clientWidth >= 660;
    const box = Math.min(MAX_BOX, wide ? (root.clientWidth - 20) / 2 : root.clientWidth);
    const zoom = wholeZoom(inputHeight, inputWidth, box, box);
    // A little room beyond the input's own size, so that padding does not halve the zoom.
    const room = inputHeight * zoom + 24;
    state.zoom = { input: zoom, output: wholeZoom(outputHeight, outputWidth, room, box) };
    resize(input, inputHeight, inputWidth, state.zoom.input, `${room}px`);
    resize(output, outputHeight, outputWidth, state.zoom.output, wide ? `${room}px` : "auto");
    const sizes = [input, output].map(({ stage }) => [stage.clientWidth, stage.clientHeight]);
    [input, output].forEach(({ mark }, i) => sizeMark(mark, ...sizes[i]));
    input.picture.setAttribute("aria-label", state.header.input_text);
    output.picture.setAttribute("aria-label", state.header.output_text);
    output.stage.setAttribute("aria-label", "Output: move with the arrow keys, pin with a click");
  }

  function resize(part, height, width, factor, stageHeight) {
    sizeCanvas(part.picture, height, width, factor);
    part.stage.style.height = stageHeight;
    part.size.textContent = `${height}×${width}${factor > 1 ? `, each pixel drawn ${factor}×${factor}` : ""}`;
  }

  function outputImage(colours) {
    const values = state.arrays.output.values;
    const size = outputHeight * outputWidth;
    if (state.channel !== "together") {
      const start = Math.max(0, CHANNEL_NAMES.indexOf(state.channel)) * size;
      return signedImage(values, start, outputHeight, outputWidth, state.header.limit, colours);
    }
    const image = new ImageData(outputWidth, outputHeight);
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * values[c * size + i]);
      image.data[4 * i + 3] = 255;
    }
    return image;
  }

  function drawChannels() {
    const group = root.querySelector(".channels");
    group.replaceChildren(
      ...(views.length > 1 ? views : []).map((name) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name === "together" ? "Together" : name;
        button.setAttribute("aria-pressed", String(state.channel === name));
        button.onclick = () => {
          state.channel = name;
          draw();
        };
        return button;
      }),
    );
    root.querySelector(".legend").style.visibility = state.channel === "together" ? "hidden" : "visible";
  }

  function show() {
    for (const part of [input, output]) {
      part.mark.getContext("2d").clearRect(0, 0, part.mark.width, part.mark.height);
    }
    if (state.hovered?.on === "input") showReaders(state.hovered);
    else showWindow(state.hovered ?? state.pinned ?? centre);
  }

  function showWindow({ row, column }) {
    const rowTaps = taps(rows, row);
    const columnTaps = taps(columns, column);
    const zoom = state.zoom.input;
    outline(input, rowTaps[0], columnTaps[0], rowTaps.at(-1) + 1, columnTaps.at(-1) + 1, zoom);
    if (zoom * Math.min(rows.dilation, columns.dilation) >= 3 || rows.dilation + columns.dilation > 2) {
      for (const r of rowTaps) for (const c of columnTaps) dot(input, r, c, zoom);
    }
    outline(output, row, column, row + 1, column + 1, state.zoom.output);
    const outside = (list, size) => list.filter((i) => i < 0 || i >= size).length;
    const inside =
      (rowTaps.length - outside(rowTaps, inputHeight)) * (columnTaps.length - outside(columnTaps, inputWidth));
    const padded = rowTaps.length * columnTaps.length - inside;
    const gaps = rows.dilation > 1 || columns.dilation > 1 ? `, every ${everyTap()}` : "";
    say(
      `Output row ${row}, column ${column}: ${valueText(row, column)}`,
      `reads input ${rowTaps.length > 1 ? "rows" : "row"} ${ends(rowTaps)}, ` +
        `${columnTaps.length > 1 ? "columns" : "column"} ${ends(columnTaps)}${gaps}` +
        (padded ? ` · ${padded} of ${rowTaps.length * columnTaps.length} taps lie in the padding` : ""),
    );
  }

  function everyTap() {
    const same = rows.dilation === columns.dilation;
    return same ? `${rows.dilation} pixels` : `${rows.dilation} rows and ${columns.dilation} columns`;
  }

  function valueText(row, column) {
    const size = outputHeight * outputWidth;
    const at = (c) => format(state.arrays.output.values[c * size + row * outputWidth + column]);
    if (outputChannels === 1) return at(0);
    if (state.channel !== "together") return `${state.channel} ${at(CHANNEL_NAMES.indexOf(state.channel))}`;
    return CHANNEL_NAMES.map((name, c) => `${name} ${at(c)}`).join(" · ");
  }

  function showReaders({ row, column }) {
    const rowReaders = readersOf(rows, row, inputHeight, outputHeight, mode);
    const columnReaders = readersOf(columns, column, inputWidth, outputWidth, mode);
    outline(input, row, column, row + 1, column + 1, state.zoom.input);
    const at = 3 * (row * inputWidth + column);
    const rgb = CHANNEL_NAMES.map((name, c) => `${name} ${format(state.arrays.input.values[at + c] / 255)}`);
    const count = rowReaders.length * columnReaders.length;
    if (count) {
      for (const r of rowReaders) for (const c of columnReaders) dot(output, r, c, state.zoom.output);
      const unbroken = (list) => list.at(-1) - list[0] === list.length - 1;
      const [z, last] = [state.zoom.output, (list) => list.at(-1) + 1];
      if (unbroken(rowReaders) && unbroken(columnReaders)) {
        outline(output, rowReaders[0], columnReaders[0], last(rowReaders), last(columnReaders), z);
      }
    }
    const who = count
      ? `is read by ${count} output${count > 1 ? "s" : ""}: ${named("row", rowReaders)}, ${named("column", columnReaders)}`
      : "is read by no output: the stride, the gaps of dilation or the floor skip it";
    say(`Input row ${row}, column ${column}: ${rgb.join(" · ")}`, who);
  }

  function outline(part, top, left, bottom, right, zoom) {
    const context = scaled(part);
    const box = [left * zoom, top * zoom, (right - left) * zoom, (bottom - top) * zoom];
    for (const [colour, width] of [["#000", 4], ["#fff", 2.5], [accent(), 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(...box);
    }
  }

  function dot(part, row, column, zoom) {
    const context = scaled(part);
    context.fillStyle = "#fff";
    context.strokeStyle = "#000";
    context.lineWidth = 0.75;
    context.beginPath();
    context.arc((column + 0.5) * zoom, (row + 0.5) * zoom, Math.max(1, Math.min(2.5, zoom / 3)), 0, 7);
    context.fill();
    context.stroke();
  }

  function scaled(part) {
    const context = part.mark.getContext("2d");
    context.setTransform(window.devicePixelRatio, 0, 0, window.devicePixelRatio, 0, 0);
    return context;
  }

  function accent() {
    return getComputedStyle(root).getPropertyValue("--st-primary-color");
  }

  function say(headline, detail) {
    writeReadout(root, headline, detail);
  }

  function hover(part, on, shape) {
    part.picture.onpointermove = (event) => {
      const pixel = pixelAt(event, part.picture, ...shape());
      state.hovered = pixel && { ...pixel, on };
      show();
    };
    part.picture.onpointerleave = () => {
      state.hovered = null;
      show();
    };
  }

  function move(event) {
    const step = arrowStep(event);
    if (!step) return;
    state.hovered = null;
    const here = state.pinned ?? centre;
    state.pinned = {
      row: clamp(here.row + step[0], 0, outputHeight - 1),
      column: clamp(here.column + step[1], 0, outputWidth - 1),
    };
    show();
  }

  hover(input, "input", () => [inputHeight, inputWidth]);
  hover(output, "output", () => [outputHeight, outputWidth]);
  output.picture.onclick = (event) => {
    state.pinned = pixelAt(event, output.picture, outputHeight, outputWidth) ?? state.pinned;
    output.stage.focus({ preventScroll: true });
    show();
  };
  output.stage.onkeydown = move;
  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  // One observer for good: another one would miss what changed in the moment of the exchange.
  state.follow = follow;
  if (state.header.controls) {
    state.unfollow ??= followSliders(state.header.controls, (name, value) => state.follow(name, value));
  }
  return whenGone(parentElement, () => {
    cancelAnimationFrame(state.coming);
    if (state.resting) tellPython(state.held);
    state.stop();
    state.unfollow?.();
    state.unfollow = null;
  });
}

/** A canvas that is given a size loses its memory, so one of the right size is left as it is. */
function sizeMark(mark, width, height) {
  const ratio = window.devicePixelRatio;
  if (mark.width === Math.floor(width * ratio) && mark.height === Math.floor(height * ratio)) return;
  [mark.width, mark.height] = [width * ratio, height * ratio];
  [mark.style.width, mark.style.height] = [`${width}px`, `${height}px`];
}

function parts(root) {
  const part = (name) => {
    const figure = root.querySelector(`.${name}`);
    return {
      stage: figure.querySelector(".stage"),
      picture: figure.querySelector(".picture"),
      mark: figure.querySelector(".mark"),
      size: figure.querySelector(".size"),
    };
  };
  return { input: part("input"), output: part("output") };
}
