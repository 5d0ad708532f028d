// Several pictures and maps beside each other; the place under the pointer is marked in all of them.

import { isDark, scaleColours } from "../shared/colours.js";
import { find, make } from "../shared/elements.js";
import { pixelAt, putImage, signedImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { cellOf, newState, pointAt, sizeOf, valueText, windowOf } from "./model.js";

/** @import { Arrays, Header, Panel, Panels } from "./model.js" */

/** @typedef {{ root: HTMLElement, grid: HTMLElement, panels: Panels }} View */

const FIGURE =
  '<figcaption><span class="title"></span><span class="muted size"></span></figcaption>' +
  '<div class="stage" role="group"><canvas role="img"></canvas><div class="mark" hidden></div></div>' +
  '<div class="legend"><canvas aria-hidden="true"></canvas><span></span><span></span><span></span></div>' +
  '<div class="words muted"></div>';

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement } = component;
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, newState);
  const view = { root, grid: find(root, ".panels"), panels: { ...unpack(data), state } };
  const { panel_rem: rem, most } = view.panels.header;
  view.grid.style.setProperty("--panel", `max(${rem}rem, 100% / ${most} - 1rem)`);
  const redraw = () => draw(view);
  redraw();
  state.stop?.();
  state.stop = redrawOnChange(root, redraw);
  return whenGone(parentElement, () => state.stop?.());
}

/** @param {View} view */
function draw(view) {
  const { root, grid, panels } = view;
  const { header } = panels;
  const dark = isDark(root);
  if (grid.children.length !== header.panels.length) grid.replaceChildren(...header.panels.map(newFigure));
  // All panels are as large as the largest at a whole zoom, so that places can be compared by eye.
  const place = Math.min(grid.children[0].clientWidth, header.box);
  const sizes = header.panels.map((_, i) => sizeOf(panels, i));
  const extent = Math.max(...sizes.map(([h, w]) => Math.max(h, w) * wholeZoom(h, w, place, place)));
  const tallest = extent * Math.min(1, (1.05 * sizes[0][0]) / sizes[0][1]);
  const zooms = sizes.map(([height, width]) => Math.min(tallest / height, extent / width));
  // The first one's height is kept free for all, so that nothing moves when the others change.
  const reserve = sizes[0][0] * zooms[0];
  header.panels.forEach((_, i) => drawPanel(view, i, zooms[i], reserve, dark));
  show(view);
}

function newFigure() {
  const element = make("figure");
  element.innerHTML = FIGURE;
  find(element, ".stage").tabIndex = 0;
  return element;
}

/**
 * @param {View} view
 * @param {number} i
 * @param {number} zoom
 * @param {number} reserve CSS pixels kept free for the picture's height
 * @param {boolean} dark
 */
function drawPanel(view, i, zoom, reserve, dark) {
  const { grid, panels } = view;
  const [element, panel] = [grid.children[i], panels.header.panels[i]];
  const [canvas, stage] = [find(element, ".stage canvas"), find(element, ".stage")];
  putImage(canvas, imageOf(panels, i, dark));
  sizeCanvas(canvas, ...sizeOf(panels, i), zoom);
  canvas.setAttribute("aria-label", panel.alt);
  listen(view, stage, i);
  stage.setAttribute("aria-label", `${panel.title}: read its values with the arrow keys`);
  stage.style.minHeight = `${reserve}px`;
  find(element, ".title").textContent = panel.title;
  find(element, ".size").textContent = panel.size;
  find(element, ".words").textContent = panel.words;
  const isPicture = panel.kind === "picture";
  find(element, ".legend").style.display = isPicture ? "none" : "";
  if (!isPicture) drawLegend(element, scaleName(panel), panel.limit, dark);
}

/** @param {Panel} panel */
const scaleName = ({ kind }) => (kind === "signed" ? "activation" : kind);

/**
 * @param {Panels} panels
 * @param {number} i
 * @param {boolean} dark
 */
function imageOf({ header, arrays }, i, dark) {
  const panel = header.panels[i];
  const { values, shape: [channels, height, width] } = arrays[`panel${i}`];
  if (panel.kind === "picture") return unitImage(values, channels, height, width, panel.limit);
  const seen = panel.least ? values.map((value) => (value > 0 ? Math.max(value, panel.least * panel.limit) : value)) : values;
  const image = signedImage(seen, 0, height, width, panel.limit, scaleColours(scaleName(panel), dark));
  values.forEach((value, p) => Number.isNaN(value) && (image.data[4 * p + 3] = 0)); // what lies outside
  return image;
}

/**
 * Mark the place that is pointed at in all panels, and write what each has there.
 *
 * @param {View} view
 */
function show(view) {
  const { root, panels } = view;
  const lines = panels.header.panels.map((panel, i) => {
    const cell = cellOf(panels, i);
    const under = i === 0 ? windowOf(panels) : null;
    const { rows, columns } = under ?? { rows: [cell.row, cell.row], columns: [cell.column, cell.column] };
    markCells(view, i, rows, columns);
    const window = under ? `; window: rows ${rows.join("–")}, columns ${columns.join("–")}` : "";
    return lineOf(panel.title, `row ${cell.row}, column ${cell.column}: ${valueText(panels, i, cell)}${window}`);
  });
  find(root, ".readout").replaceChildren(...lines);
}

/**
 * @param {View} view
 * @param {number} i
 * @param {number[]} rows first and last
 * @param {number[]} columns first and last
 */
function markCells({ grid, panels }, i, [top, bottom], [left, right]) {
  const canvas = find(grid.children[i], ".stage canvas");
  const [height, width] = sizeOf(panels, i);
  const [stepY, stepX] = [canvas.clientHeight / height, canvas.clientWidth / width];
  const mark = find(grid.children[i], ".mark");
  mark.hidden = false;
  Object.assign(mark.style, {
    top: `${top * stepY}px`,
    left: `${left * stepX}px`,
    height: `${Math.max(5, (bottom - top + 1) * stepY)}px`,
    width: `${Math.max(5, (right - left + 1) * stepX)}px`,
  });
}

/**
 * @param {string} title
 * @param {string} text
 */
function lineOf(title, text) {
  const line = make("span");
  line.append(make("strong", "", `${title} `), text);
  Object.assign(line.style, { marginRight: "1.5em", display: "inline-block" });
  return line;
}

/**
 * @param {View} view
 * @param {HTMLElement} stage
 * @param {number} i
 */
function listen(view, stage, i) {
  const { panels } = view;
  /**
   * @param {number} row
   * @param {number} column
   */
  const goTo = (row, column) => {
    pointAt(panels, i, row, column);
    show(view);
  };
  stage.onpointermove = stage.onpointerdown = (event) => {
    const cell = pixelAt(event, find(stage, "canvas"), ...sizeOf(panels, i));
    if (cell) goTo(cell.row, cell.column);
  };
  stage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    const { row, column } = cellOf(panels, i);
    goTo(row + step[0], column + step[1]);
  };
}
