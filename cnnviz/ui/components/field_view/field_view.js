// The exact field of the unit under the pointer, on the picture; and who sees the pixel under it.

import { writeReadout } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import {
  drawField,
  drawPixel,
  fieldsAlong,
  outlineStrokes,
  pageColours,
  pixelWords,
  prepared,
  rangeText,
  shareInside,
  unitsSeeing,
} from "../shared/unit_fields.js";

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const [pictureStage, gridStage] = root.querySelectorAll(".stage");
  const [pictureCanvas, gridCanvas] = [pictureStage, gridStage].map((stage) => stage.querySelector("canvas"));
  const state = stateOf(parentElement, () => ({}));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const [height, width] = header.size;
  const [rows, columns] = header.units;
  if (isCurrent(state, header.edit_version) || state.layer !== header.layer) state.pinned = header.pinned;
  if (state.layer !== header.layer) Object.assign(state, { unit: null, pixel: null });
  state.layer = header.layer;
  state.pinned = held(state.pinned);
  if (state.unit) state.unit = held(state.unit);
  const photo = document.createElement("canvas");
  putImage(photo, rgbImage(arrays.picture.values, height, width));
  const fields = header.axes.map((axis, i) => fieldsAlong(axis, header.units[i]));
  const within = fields.map((edges, i) => edges.map((edge) => edge && shareInside(edge, header.size[i])));
  const margins = fields.map((edges, i) => marginOf(edges, header.size[i]));
  const margin = Math.max(...margins);

  /** Red, green and blue of a CSS colour. */
  function rgbOf(colour) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data.subarray(0, 3);
  }

  /** Room around the picture for what lies in the padding, in steps, at most three quarters of the picture. */
  function marginOf(edges, size) {
    const seen = edges.filter(Boolean);
    const over = Math.max(0, ...seen.map(([first, last]) => Math.max(-first, last - size + 1)));
    const step = Math.max(1, size / 8);
    return Math.min(0.75 * size, Math.ceil(over / step) * step);
  }

  function held([row, column]) {
    return [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];
  }

  const current = () => state.unit ?? state.pinned;
  const boxOf = ([row, column]) => [fields[0][row], fields[1][column]];

  function drawPicture() {
    const place = Math.min(root.querySelector(".seen").clientWidth, 460);
    state.scale = place / (Math.max(height, width) + 2 * margin);
    const [wide, high] = [width, height].map((n) => (n + 2 * margin) * state.scale);
    const context = prepared(pictureCanvas, wide, high);
    const colours = pageColours(root);
    const start = margin * state.scale;
    const [w, h] = [width * state.scale, height * state.scale];
    const placed = { left: start, top: start, wide: w, high: h, scale: state.scale };
    context.imageSmoothingEnabled = state.scale < 1;
    context.drawImage(photo, start, start, w, h);
    const box = boxOf(current());
    if (box[0] && box[1]) drawField(context, box, placed, colours);
    context.strokeStyle = colours.text;
    context.globalAlpha = 0.6;
    context.strokeRect(start, start, w, h);
    context.globalAlpha = 1;
    if (state.pixel) drawPixel(context, state.pixel, placed, colours.accent);
  }

  /** The share of a unit's field that lies in the padding. */
  function padded([row, column]) {
    return boxOf([row, column]).every(Boolean) ? 1 - within[0][row] * within[1][column] : 0;
  }

  /** A pixel for each unit: the heavier, the more padding it sees, or lit if it sees the pixel under the pointer. */
  function cells(accent, text) {
    const [lit, plain] = [accent, text].map(rgbOf);
    const [seesRow, seesColumn] = state.pixel ? fields.map((along, axis) => new Set(unitsSeeing(along, state.pixel[axis]))) : [];
    const image = new ImageData(columns, rows);
    for (let row = 0, p = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, p += 4) {
        const sees = state.pixel && seesRow.has(row) && seesColumn.has(column);
        const weight = sees ? 0.9 : state.pixel ? 0.12 : 0.1 + 0.4 * padded([row, column]);
        image.data.set(sees ? lit : plain, p);
        image.data[p + 3] = Math.round(255 * weight);
      }
    }
    const drawn = document.createElement("canvas");
    putImage(drawn, image);
    return drawn;
  }

  function drawGrid() {
    const place = Math.min(root.querySelector(".map").clientWidth, 300);
    const cell = Math.min(place / Math.max(rows, columns), 40);
    state.cell = cell;
    const context = prepared(gridCanvas, columns * cell, rows * cell);
    const { accent, text } = pageColours(root);
    context.imageSmoothingEnabled = false;
    context.drawImage(cells(accent, text), 0, 0, columns * cell, rows * cell);
    if (cell >= 6) {
      for (let row = 1; row <= rows; row++) context.clearRect(0, row * cell - 1, columns * cell, 1);
      for (let column = 1; column <= columns; column++) context.clearRect(column * cell - 1, 0, 1, rows * cell);
    }
    if (state.pixel) return;
    outline(context, state.pinned, [[text, 2]]);
    outline(context, current(), outlineStrokes(accent));
  }

  function outline(context, [row, column], edges) {
    const size = Math.max(state.cell, 5);
    const at = (n) => Math.max(1, (n + 0.5) * state.cell - size / 2);
    for (const [colour, line] of edges) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(at(column), at(row), size - 1, size - 1);
    }
  }

  function unitWords(unit) {
    const box = boxOf(unit);
    const name = `${unit[0] === state.pinned[0] && unit[1] === state.pinned[1] ? "Pinned unit" : "Unit"} row ${unit[0]}, column ${unit[1]}`;
    if (!box[0] || !box[1]) return [`${name} sees nothing of the picture.`, ""];
    const size = box.map(([first, last]) => last - first + 1);
    const [inRows, inColumns] = box.map(([first, last], i) => [Math.max(0, first), Math.min(header.size[i] - 1, last)]);
    const share = padded(unit);
    const headline = `${name} sees ${formatCount(size[0])}×${formatCount(size[1])} pixels: rows ${rangeText(box[0])}, columns ${rangeText(box[1])}`;
    if (share === 1) return [headline, `All of it lies in the padding.${header.global}`];
    const inside = `In the picture: rows ${rangeText(inRows)}, columns ${rangeText(inColumns)}.`;
    const cut = box.some(([first, last], i) => -first > margin + 0.5 || last - header.size[i] + 1 > margin + 0.5);
    const outside = share
      ? ` ${format(100 * share)} % of the field lies in the padding, hatched${cut ? "; it reaches beyond what is drawn" : ""}.`
      : " None of it lies in the padding.";
    return [headline, inside + outside + header.global];
  }

  function show() {
    drawPicture();
    drawGrid();
    writeReadout(root, ...(state.pixel ? pixelWords(state.pixel, fields, header.global) : unitWords(current())));
  }

  function draw() {
    const [pictureSize, gridSize] = root.querySelectorAll(".size");
    pictureSize.textContent = `${height}×${width}${margin ? ", padding around it" : ""}`;
    gridSize.textContent = `${rows}×${columns} in each channel of ${header.layer}`;
    root.querySelector(".key").textContent = header.padded
      ? "The heavier the shade, the more of the unit's field lies in the padding."
      : "No unit's field reaches into the padding.";
    pictureCanvas.setAttribute("aria-label", header.picture_text);
    gridCanvas.setAttribute("aria-label", `The ${rows} by ${columns} units of ${header.layer}`);
    pictureStage.setAttribute("aria-label", "The picture: arrow keys choose a pixel and tell which units see it");
    gridStage.setAttribute("aria-label", "The units: arrow keys show a unit's field, Enter pins it");
    show();
  }

  function unitAt(event) {
    const cell = pixelAt(event, gridCanvas, rows, columns);
    return cell && [cell.row, cell.column];
  }

  function pictureAt(event) {
    const box = pictureCanvas.getBoundingClientRect();
    const at = (position, start) => Math.floor((position - start) / state.scale - margin);
    const [row, column] = [at(event.clientY, box.top), at(event.clientX, box.left)];
    return row < 0 || column < 0 || row >= height || column >= width ? null : [row, column];
  }

  function look(unit, pixel) {
    Object.assign(state, { unit, pixel });
    show();
  }

  function pin(unit) {
    state.pinned = unit;
    look(null, null);
    setTriggerValue("unit", nextEdit(state, unit));
  }

  gridStage.onpointermove = (event) => unitAt(event) && look(unitAt(event), null);
  gridStage.onpointerleave = () => look(null, null);
  gridStage.onclick = (event) => unitAt(event) && pin(unitAt(event));
  gridStage.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return pin(current());
    }
    const step = arrowStep(event);
    if (!step) return;
    look(held(current().map((n, i) => n + step[i])), null);
  };
  const overPicture = (event) => look(null, pictureAt(event));
  pictureStage.onpointermove = overPicture;
  pictureStage.onpointerdown = overPicture;
  pictureStage.onpointerleave = (event) => event.pointerType === "mouse" && look(null, null);
  pictureStage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    const from = state.pixel ?? [height >> 1, width >> 1];
    look(null, from.map((n, i) => clamp(n + step[i], 0, header.size[i] - 1)));
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
