import { colourIndex, isDark, scaleColours, textColourOn } from "../shared/colours.js";
import { pixelAt, putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const BOX = 300;

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const state = stateOf(parentElement, () => ({ at: null }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const [height, width] = arrays.input.shape;
  const [source, result] = [root.querySelector(".source"), root.querySelector(".result")];
  const grid = root.querySelector(".grid");
  const centre = { row: Math.round(height * header.focus[0]), column: Math.round(width * header.focus[1]) };
  if (state.shown !== header.digest) state.at = centre;
  state.shown = header.digest;

  function draw() {
    const dark = isDark(root);
    const zoom = wholeZoom(height, width, BOX, Math.min(BOX, root.clientWidth));
    state.zoom = zoom;
    const input = source.querySelector("canvas");
    putImage(input, rgbImage(arrays.input.values, height, width));
    input.setAttribute("aria-label", header.input_text);
    source.setAttribute("aria-label", "Picture: move the window with the arrow keys");
    const output = result.querySelector("canvas");
    const colours = scaleColours("activation", dark);
    putImage(output, signedImage(arrays.output.values, 0, height, width, header.limit, colours));
    output.setAttribute("aria-label", header.output_text);
    for (const canvas of [input, output]) sizeCanvas(canvas, height, width, zoom);
    drawStrip(colours);
    root.querySelector(".name").textContent = header.kernel_label;
    show();
  }

  function drawStrip(colours) {
    const [count, mapHeight, mapWidth] = arrays.maps.shape;
    root.querySelector(".strip-title").textContent = header.strip_text;
    const canvases = Array.from({ length: count }, (_, i) => {
      const canvas = document.createElement("canvas");
      const start = i * mapHeight * mapWidth;
      putImage(canvas, signedImage(arrays.maps.values, start, mapHeight, mapWidth, header.map_limits[i], colours));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Feature map of channel ${header.channels[i]}`);
      canvas.title = `channel ${header.channels[i]}`;
      return canvas;
    });
    root.querySelector(".maps").replaceChildren(...canvases);
  }

  /** Brightness of the input as the convolution saw it; beyond the border its nearest pixel repeats. */
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
    root.querySelector(".sum").textContent = `Sum of the nine products: ${format(value, 3)}`;
    place(source, row - 1, column - 1, 3);
    place(result, row, column, 1);
  }

  function cell(weight, pixel, colours, largest) {
    const box = document.createElement("div");
    const c = colourIndex(weight, largest);
    const [r, g, b] = colours.subarray(c, c + 3);
    box.className = "cell";
    box.style.background = `rgb(${r}, ${g}, ${b})`;
    box.style.color = textColourOn(r, g, b);
    const [strong, small] = [document.createElement("b"), document.createElement("span")];
    strong.textContent = format(weight, 1);
    small.textContent = `× ${pixel.toFixed(2)}`;
    box.append(strong, small);
    return box;
  }

  function place(stage, row, column, size) {
    const side = Math.max(6, size * state.zoom);
    const shift = (size * state.zoom - side) / 2;
    Object.assign(stage.querySelector(".box").style, {
      left: `${column * state.zoom + shift}px`,
      top: `${row * state.zoom + shift}px`,
      width: `${side}px`,
      height: `${side}px`,
    });
  }

  for (const stage of [source, result]) {
    stage.onpointermove = (event) => {
      const at = pixelAt(event, stage.querySelector("canvas"), height, width);
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
  return whenGone(parentElement, () => state.stop());
}
