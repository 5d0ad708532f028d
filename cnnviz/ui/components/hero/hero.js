// One kernel at work: the picture, the nine products under the pointer, the feature map; and a few maps of a network.

import { colourIndex, isDark, scaleColours, textColourOn } from "../shared/colours.js";
import { find, make } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const BOX = 300;

/**
 * @typedef {object} Header
 * @property {string} digest
 * @property {number[][]} kernel
 * @property {string} kernel_label
 * @property {[number, number]} focus
 * @property {number} limit
 * @property {number[]} map_limits
 * @property {number[]} channels
 * @property {string} input_text
 * @property {string} output_text
 * @property {string} strip_text
 *
 * @typedef {{ at: Pixel, shown: string, zoom: number, stop?: () => void }} State
 */

/** @param {ComponentArguments<Packed<Header>>} component */
export default function ({ data, parentElement }) {
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, () => /** @type {State} */ ({ at: { row: 0, column: 0 }, shown: "", zoom: 1 }));
  const { header, arrays } = unpack(data);
  const [height, width] = arrays.input.shape;
  const [source, result] = [find(root, ".source"), find(root, ".result")];
  const grid = find(root, ".grid");
  const centre = { row: Math.round(height * header.focus[0]), column: Math.round(width * header.focus[1]) };
  if (state.shown !== header.digest) state.at = centre;
  state.shown = header.digest;

  function draw() {
    const dark = isDark(root);
    const zoom = wholeZoom(height, width, BOX, Math.min(BOX, root.clientWidth));
    state.zoom = zoom;
    const input = find(source, "canvas");
    putImage(input, rgbImage(arrays.input.values, height, width));
    input.setAttribute("aria-label", header.input_text);
    source.setAttribute("aria-label", "Picture: move the window with the arrow keys");
    const output = find(result, "canvas");
    const colours = scaleColours("activation", dark);
    putImage(output, signedImage(arrays.output.values, 0, height, width, header.limit, colours));
    output.setAttribute("aria-label", header.output_text);
    for (const canvas of [input, output]) sizeCanvas(canvas, height, width, zoom);
    drawStrip(colours);
    find(root, ".name").textContent = header.kernel_label;
    show();
  }

  /** @param {Uint8Array} colours */
  function drawStrip(colours) {
    const [count, mapHeight, mapWidth] = arrays.maps.shape;
    find(root, ".strip-title").textContent = header.strip_text;
    const canvases = Array.from({ length: count }, (_, i) => {
      const canvas = document.createElement("canvas");
      const start = i * mapHeight * mapWidth;
      putImage(canvas, signedImage(arrays.maps.values, start, mapHeight, mapWidth, header.map_limits[i], colours));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Feature map of channel ${header.channels[i]}`);
      canvas.title = `channel ${header.channels[i]}`;
      return canvas;
    });
    find(root, ".maps").replaceChildren(...canvases);
  }

  /**
   * Brightness of the input as the convolution saw it; beyond the border its nearest pixel repeats.
   *
   * @type {(row: number, column: number) => number}
   */
  function brightness(row, column) {
    const [r, c] = [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
    return arrays.input.values[3 * (r * width + c)] / 255;
  }

  function show() {
    const { row, column } = state.at;
    const colours = scaleColours("weight", isDark(root));
    const largest = Math.max(...header.kernel.flat().map(Math.abs));
    const cells = header.kernel.flatMap((weights, m) =>
      weights.map((weight, n) => cell(weight, brightness(row + m - 1, column + n - 1), colours, largest)),
    );
    grid.replaceChildren(...cells);
    grid.setAttribute("aria-label", `${header.kernel_label}, weights times pixels`);
    const value = arrays.output.values[row * width + column];
    find(root, ".sum").textContent = `Sum of the nine products: ${format(value, 3)}`;
    place(source, row - 1, column - 1, 3);
    place(result, row, column, 1);
  }

  /** @type {(weight: number, pixel: number, colours: Uint8Array, largest: number) => HTMLElement} */
  function cell(weight, pixel, colours, largest) {
    const box = make("div", "cell");
    const c = colourIndex(weight, largest);
    const [r, g, b] = colours.subarray(c, c + 3);
    box.style.background = `rgb(${r}, ${g}, ${b})`;
    box.style.color = textColourOn(r, g, b);
    box.append(make("b", "", format(weight, 1)), make("span", "", `× ${pixel.toFixed(2)}`));
    return box;
  }

  /** @type {(stage: HTMLElement, row: number, column: number, size: number) => void} */
  function place(stage, row, column, size) {
    const side = Math.max(6, size * state.zoom);
    const shift = (size * state.zoom - side) / 2;
    Object.assign(find(stage, ".box").style, {
      left: `${column * state.zoom + shift}px`,
      top: `${row * state.zoom + shift}px`,
      width: `${side}px`,
      height: `${side}px`,
    });
  }

  for (const stage of [source, result]) {
    stage.onpointermove = (event) => {
      const at = pixelAt(event, find(stage, "canvas"), height, width);
      if (!at) return;
      state.at = at;
      show();
    };
  }
  source.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    state.at = { row: clamp(state.at.row + step[0], 0, height - 1), column: clamp(state.at.column + step[1], 0, width - 1) };
    show();
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop?.());
}
