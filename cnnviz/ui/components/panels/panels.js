// Several pictures and maps beside each other; the place under the pointer is marked in all of them.

import { isDark, scaleColours } from "../shared/colours.js";
import { pixelAt, putImage, signedImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const scaleOf = (kind) => (kind === "signed" ? "activation" : kind);

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const grid = root.querySelector(".panels");
  const readout = root.querySelector(".readout");
  const state = stateOf(parentElement, () => ({ at: [0.5, 0.5], from: null, cell: null }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  grid.style.setProperty("--panel", `max(${header.panel_rem}rem, 100% / ${header.most} - 1rem)`);

  function draw() {
    const dark = isDark(root);
    if (grid.children.length !== header.panels.length) grid.replaceChildren(...header.panels.map(figure));
    // All panels are as large as the largest at a whole zoom, so that places can be compared by eye.
    const place = Math.min(grid.children[0].clientWidth, header.box);
    const sizes = header.panels.map((_, i) => arrays[`panel${i}`].shape.slice(1));
    const extent = Math.max(...sizes.map(([h, w]) => Math.max(h, w) * wholeZoom(h, w, place, place)));
    const tallest = (extent * Math.min(1, (1.05 * sizes[0][0]) / sizes[0][1]));
    const zoomOf = ([height, width]) => Math.min(tallest / height, extent / width);
    // The first one's height is kept free for all, so that nothing moves when the others change.
    const reserve = sizes[0][0] * zoomOf(sizes[0]);
    header.panels.forEach((panel, i) => drawPanel(grid.children[i], panel, i, zoomOf(sizes[i]), reserve, dark));
    show();
  }

  function figure() {
    const element = document.createElement("figure");
    element.innerHTML =
      '<figcaption><span class="title"></span><span class="muted size"></span></figcaption>' +
      '<div class="stage" role="group"><canvas role="img"></canvas><div class="mark" hidden></div></div>' +
      '<div class="legend"><canvas aria-hidden="true"></canvas><span></span><span></span><span></span></div>' +
      '<div class="words muted"></div>';
    element.querySelector(".stage").tabIndex = 0;
    return element;
  }

  function drawPanel(element, panel, i, zoom, reserve, dark) {
    const { values, shape } = arrays[`panel${i}`];
    const [channels, height, width] = shape;
    const canvas = element.querySelector(".stage canvas");
    const signed = panel.kind !== "picture";
    const colours = signed && scaleColours(scaleOf(panel.kind), dark);
    const seen = panel.least ? values.map((value) => (value > 0 ? Math.max(value, panel.least * panel.limit) : value)) : values;
    const image = signed
      ? signedImage(seen, 0, height, width, panel.limit, colours)
      : unitImage(values, channels, height, width, panel.limit);
    if (signed) values.forEach((value, p) => Number.isNaN(value) && (image.data[4 * p + 3] = 0)); // what lies outside
    putImage(canvas, image);
    sizeCanvas(canvas, height, width, zoom);
    canvas.setAttribute("aria-label", panel.alt);
    const stage = element.querySelector(".stage");
    stage.onpointermove = (event) => point(i, event);
    stage.onpointerdown = (event) => point(i, event);
    stage.onkeydown = (event) => move(i, event);
    stage.setAttribute("aria-label", `${panel.title}: read its values with the arrow keys`);
    stage.style.minHeight = `${reserve}px`;
    element.querySelector(".title").textContent = panel.title;
    element.querySelector(".size").textContent = panel.size;
    element.querySelector(".words").textContent = panel.words;
    const legend = element.querySelector(".legend");
    legend.style.display = signed ? "" : "none";
    if (signed) drawLegend(element, scaleOf(panel.kind), panel.limit, dark);
  }

  /** The cell of panel `i` that belongs to the place pointed at. */
  function cellOf(i) {
    const [, height, width] = arrays[`panel${i}`].shape;
    const [row, column] = [height, width].map((size, axis) => clamp(onAxis(i, axis, size), 0, size - 1));
    return { row, column, height, width };
  }

  function onAxis(i, axis, size) {
    const pointed = state.cell?.[axis];
    if (state.from === i) return pointed;
    const [there, here] = [header.panels[state.from]?.window, header.panels[i].window];
    if (there && here) return pointed;
    const [kernel, stride, padding] = there ?? here ?? [];
    if (there && i === 0) return Math.floor(pointed * stride - padding + (kernel - 1) / 2);
    const input = state.from === 0 ? pointed : Math.floor(state.at[axis] * arrays.panel0.shape[axis + 1]);
    if (here) return Math.round((input + padding - (kernel - 1) / 2) / stride);
    return Math.floor(state.at[axis] * size);
  }

  /** The part of the first panel under the window of the place pointed at; null where nothing slides over it. */
  function windowOf() {
    const slides = header.panels[state.from]?.window ? state.from : header.panels.findIndex((panel) => panel.window);
    if (slides < 0) return null;
    const [kernel, stride, padding] = header.panels[slides].window;
    const cell = cellOf(slides);
    const [, height, width] = arrays.panel0.shape;
    const [rows, columns] = [[cell.row, height], [cell.column, width]].map(([index, size]) => {
      const first = index * stride - padding;
      return [Math.max(0, first), Math.min(size, first + kernel) - 1];
    });
    return { rows, columns };
  }

  function valueOf(i, { row, column, height, width }) {
    const { values, shape } = arrays[`panel${i}`];
    const written = (value) => {
      if (Number.isNaN(value)) return "outside";
      return header.panels[i].kind === "count" ? formatCount(value) : format(value);
    };
    return Array.from({ length: shape[0] }, (_, c) => written(values[c * height * width + row * width + column])).join(" · ");
  }

  function show() {
    const lines = header.panels.map((panel, i) => {
      const cell = cellOf(i);
      const element = grid.children[i];
      const canvas = element.querySelector(".stage canvas");
      const [stepY, stepX] = [canvas.clientHeight / cell.height, canvas.clientWidth / cell.width];
      const mark = element.querySelector(".mark");
      const under = i === 0 ? windowOf() : null;
      const [top, bottom] = under?.rows ?? [cell.row, cell.row];
      const [left, right] = under?.columns ?? [cell.column, cell.column];
      mark.hidden = false;
      Object.assign(mark.style, {
        top: `${top * stepY}px`,
        left: `${left * stepX}px`,
        height: `${Math.max(5, (bottom - top + 1) * stepY)}px`,
        width: `${Math.max(5, (right - left + 1) * stepX)}px`,
      });
      const line = document.createElement("span");
      const strong = document.createElement("strong");
      strong.textContent = `${panel.title} `;
      const window = under ? `; window: rows ${top}–${bottom}, columns ${left}–${right}` : "";
      line.append(strong, `row ${cell.row}, column ${cell.column}: ${valueOf(i, cell)}${window}`);
      line.style.marginRight = "1.5em";
      line.style.display = "inline-block";
      return line;
    });
    readout.replaceChildren(...lines);
  }

  function point(i, event) {
    const [, height, width] = arrays[`panel${i}`].shape;
    const cell = pixelAt(event, grid.children[i].querySelector(".stage canvas"), height, width);
    if (cell) goTo(i, cell.row, cell.column);
  }

  function goTo(i, row, column) {
    const [, height, width] = arrays[`panel${i}`].shape;
    state.from = i;
    state.cell = [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
    state.at = [(state.cell[0] + 0.5) / height, (state.cell[1] + 0.5) / width];
    show();
  }

  function move(i, event) {
    const step = arrowStep(event);
    if (!step) return;
    const cell = cellOf(i);
    goTo(i, cell.row + step[0], cell.column + step[1]);
  }

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
