import { isDark, scaleColours } from "../shared/colours.js";
import { writeReadout } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import {
  drawField,
  drawPixel,
  fieldsAlong,
  pageColours,
  pixelWords,
  prepared,
  rangeText,
  shareInside,
  STORY_SHOWN,
  UNIT_PINNED,
  unitsSeeing,
} from "../shared/unit_fields.js";

const GAP = 3;
const WALL_HEIGHT = 560;
const TALLEST_WALL = 720;
const LARGE = 224;
const MARGIN = 16; // room around the picture for fields that reach into the padding

/** Columns and height of a wall of tiles `tile` wide. */
function wallOf(tile, count, ratio, wallWidth) {
  const columns = Math.max(1, Math.floor((wallWidth - GAP) / (tile + GAP)));
  return { columns, height: Math.ceil(count / columns) * (tile * ratio + GAP) };
}

/**
 * The factor by which maps are drawn, in device pixels: the largest whole one at which the wall is
 * not too tall, or, for maps too large for that, the share at which all of them fit.
 */
function wallFactor(count, height, width, wallWidth, pixelRatio) {
  const tall = (factor) => wallOf((width * factor) / pixelRatio, count, height / width, wallWidth).height;
  let whole = 0;
  while (whole < LARGE && width * (whole + 1) <= 200 * pixelRatio && tall(whole + 1) <= TALLEST_WALL) whole++;
  if (whole) return whole;
  let share = 1;
  while (share > 0.05 && (tall(share) > WALL_HEIGHT || (width * share) / pixelRatio > wallWidth)) share *= 0.97;
  return share;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({}));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const [channels, height, width] = arrays.maps.shape;
  const slots = new Map(header.kept.map((channel, slot) => [channel, slot]));
  const [pictureHeight, pictureWidth] = arrays.picture.shape;
  const size = height * width;
  const wall = at(".wall");
  const known = state.layer === header.layer && slots.has(state.selected);
  if (isCurrent(state, header.edit_version) || !known) Object.assign(state, { selected: header.selected, pinned: header.pinned });
  const fields = header.axes && header.axes.map((axis, i) => fieldsAlong(axis, [height, width][i]));
  state.layer = header.layer;
  let grid;

  const middle = { row: height >> 1, column: width >> 1 };
  if (state.shown !== `${header.layer} ${height}×${width}`) {
    Object.assign(state, { shown: `${header.layer} ${height}×${width}`, unit: middle, pointed: false });
  }

  function draw() {
    const dark = isDark(root);
    state.colours = scaleColours("activation", dark);
    drawPicture();
    drawWall();
    drawSelected();
  }

  function drawPicture() {
    const canvas = at(".picture canvas");
    putImage(canvas, rgbImage(arrays.picture.values, pictureHeight, pictureWidth));
    state.scale = wholeZoom(pictureHeight, pictureWidth, LARGE, LARGE);
    sizeCanvas(canvas, pictureHeight, pictureWidth, state.scale);
    at(".picture .stage").setAttribute("aria-label", "The picture: arrow keys choose a pixel and tell which units see it");
    at(".picture .size").textContent = `${pictureHeight}×${pictureWidth}`;
    canvas.setAttribute("aria-label", header.picture_text);
  }

  /** The field of a unit on the picture, or the pixel under the pointer. */
  function drawOnPicture(unit, pixel = null) {
    const [wide, high] = [pictureWidth, pictureHeight].map((n) => n * state.scale);
    const context = prepared(at(".picture .field"), wide + 2 * MARGIN, high + 2 * MARGIN);
    const placed = { left: MARGIN, top: MARGIN, wide, high, scale: state.scale };
    const box = unit && fieldOf(unit);
    if (box) drawField(context, box, placed, pageColours(root));
    if (pixel) drawPixel(context, pixel, placed, pageColours(root).accent);
    root.dataset.field = box ? JSON.stringify(box) : "";
  }

  /** First and last row, first and last column that a unit sees; null if nothing, or if that is not known. */
  function fieldOf({ row, column }) {
    const box = fields && [fields[0][row], fields[1][column]];
    return box?.every(Boolean) ? box : null;
  }

  function fieldWords(unit) {
    if (!fields) return header.field_note;
    const box = fieldOf(unit);
    if (!box) return `sees nothing of the picture${header.global_words}`;
    const [tall, wide] = box.map(([first, last]) => formatCount(last - first + 1));
    const inside = shareInside(box[0], pictureHeight) * shareInside(box[1], pictureWidth);
    const over = box.map(([first, last], axis) => Math.max(-first, last - [pictureHeight, pictureWidth][axis] + 1));
    const cut = Math.max(...over) * state.scale > MARGIN ? ", farther out than is drawn" : "";
    const outside = inside < 1 ? `, ${format(100 * (1 - inside), 3)} % of them in the padding${cut}` : "";
    return `sees ${tall}×${wide} pixels, rows ${rangeText(box[0])}, columns ${rangeText(box[1])}${outside}${header.global_words}`;
  }

  function drawWall() {
    const ratio = window.devicePixelRatio;
    const scale = wallFactor(channels, height, width, wall.clientWidth, ratio) / ratio;
    const { columns } = wallOf(width * scale, channels, height / width, wall.clientWidth);
    grid = { columns, scale, stepX: width * scale + GAP, stepY: height * scale + GAP };
    const rows = Math.ceil(channels / columns);
    const canvas = at(".wall canvas");
    canvas.width = Math.round((columns * grid.stepX + GAP) * ratio);
    canvas.height = Math.round((rows * grid.stepY + GAP) * ratio);
    canvas.style.width = `${canvas.width / ratio}px`;
    canvas.style.height = `${canvas.height / ratio}px`;
    canvas.setAttribute("aria-label", header.wall_text);
    wall.setAttribute("aria-label", "Feature maps: choose one with the arrow keys or a click");
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = scale * ratio < 1;
    context.imageSmoothingQuality = "high";
    const tile = document.createElement("canvas");
    let painted = 0;
    header.order.forEach((channel, index) => {
      putImage(tile, imageOf(channel));
      const { left, top } = placeOf(index);
      context.drawImage(tile, left * ratio, top * ratio, width * scale * ratio, height * scale * ratio);
      painted++;
    });
    root.dataset.channels = painted;
  }

  /** A number of a channel; the arrays hold the channels on the wall only. */
  function numberOf(name, channel) {
    return arrays[name].values[slots.get(channel)];
  }

  function limitOf(channel) {
    return numberOf("limits", channel);
  }

  function imageOf(channel) {
    const start = slots.get(channel) * size;
    return signedImage(arrays.maps.values, start, height, width, limitOf(channel), state.colours);
  }

  function placeOf(index) {
    return {
      left: GAP + (index % grid.columns) * grid.stepX,
      top: GAP + Math.floor(index / grid.columns) * grid.stepY,
    };
  }

  function frame(mark, index) {
    const { left, top } = placeOf(index);
    Object.assign(mark.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${width * grid.scale}px`,
      height: `${height * grid.scale}px`,
    });
  }

  function drawSelected() {
    const channel = state.selected;
    const canvas = at(".large canvas");
    putImage(canvas, imageOf(channel));
    state.zoom = wholeZoom(height, width, LARGE, LARGE);
    sizeCanvas(canvas, height, width, state.zoom);
    const label = `Channel ${channel}`;
    at(".large .name").textContent = label;
    at(".large .size").textContent = `${height}×${width}`;
    canvas.setAttribute("aria-label", `${label} of ${header.layer}, ${height} by ${width}`);
    at(".large .stage").setAttribute("aria-label", `${label}: arrow keys read its values, Enter pins a unit`);
    frame(at(".chosen"), header.order.indexOf(channel));
    drawLegend(root, "activation", limitOf(channel), isDark(root));
    drawNumbers(channel);
    rest();
  }

  /** What is shown while nothing is pointed at: the pinned unit, the one read last, or the middle. */
  function rest() {
    clearMarks();
    const pin = pinned();
    markUnits(at(".large .pin"), pin);
    drawOnPicture(pin);
    const unit = pin ?? state.unit;
    const middling =
      "the middle of the selected map; point to read a value, click to choose a map, click in the large map to pin a unit";
    const detail = unitDetail(state.selected, unit);
    if (pin) say(unitText(state.selected, unit), `pinned, its story stands below · ${detail}`);
    else if (state.pointed) say(unitText(state.selected, unit), detail);
    else say(unitText(state.selected, unit), middling);
  }

  function pinned() {
    const [row, column] = state.pinned ?? [-1, -1];
    return row >= 0 && row < height && column >= 0 && column < width ? { row, column } : null;
  }

  function drawNumbers(channel) {
    const rows = header.statistics.map(([label, key]) => [label, format(numberOf(key, channel))]);
    rows.push(["zeros", `${format(100 * numberOf("sparsity", channel), 3)} %`]);
    const list = rows.flatMap(([label, value]) => {
      const [term, number] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, number.textContent] = [label, value];
      return [term, number];
    });
    const words = document.createElement("dt");
    words.className = "words";
    words.textContent = numberOf("maximum", channel) <= 0 ? header.dead_text : "";
    list.push(words);
    at(".numbers").replaceChildren(...list);
  }

  function unitText(channel, { row, column }) {
    const value = arrays.maps.values[slots.get(channel) * size + row * width + column];
    const text = header.exact ? format(value) : `≈ ${format(value, 3)}`;
    return `Channel ${channel}, row ${row}, column ${column}: ${text}`;
  }

  function say(headline, detail) {
    writeReadout(root, headline, detail);
  }

  function unitDetail(channel, unit) {
    const values = ["minimum", "mean", "maximum"].map((key) => format(numberOf(key, channel), 3));
    const why = header.exact ? "" : " · ≈: so many values are sent with three digits";
    return `${fieldWords(unit)} · map: least ${values[0]}, mean ${values[1]}, greatest ${values[2]}${why}`;
  }

  /** The unit under the pointer on the wall, with its channel; null in the gaps. */
  function unitOnWall(event) {
    const box = at(".wall canvas").getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - GAP, event.clientY - box.top - GAP];
    const [tileColumn, tileRow] = [Math.floor(x / grid.stepX), Math.floor(y / grid.stepY)];
    const index = tileRow * grid.columns + tileColumn;
    const column = Math.floor((x - tileColumn * grid.stepX) / grid.scale);
    const row = Math.floor((y - tileRow * grid.stepY) / grid.scale);
    const inside = tileColumn >= 0 && tileColumn < grid.columns && row >= 0 && row < height;
    if (!inside || column < 0 || column >= width || index < 0 || index >= channels) return null;
    return { index, channel: header.order[index], row, column };
  }

  function mark(place, top, left, boxHeight, boxWidth) {
    place.hidden = false;
    Object.assign(place.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${Math.max(4, boxWidth)}px`,
      height: `${Math.max(4, boxHeight)}px`,
    });
  }

  /** Frame a unit of the large map, or those from one to another. */
  function markUnits(place, first, last = first) {
    place.hidden = !first;
    if (!first) return;
    const [tall, wide] = [last.row - first.row + 1, last.column - first.column + 1];
    mark(place, first.row * state.zoom, first.column * state.zoom, tall * state.zoom, wide * state.zoom);
  }

  function clearMarks() {
    root.querySelectorAll(".place, .over").forEach((element) => (element.hidden = true));
  }

  function choose(channel, unit) {
    state.selected = channel;
    state.pointed = Boolean(unit);
    state.unit = unit ? { row: unit.row, column: unit.column } : middle;
    drawSelected();
    setTriggerValue("channel", nextEdit(state, channel));
  }

  function readUnit(unit) {
    state.unit = unit;
    state.pointed = true;
    markUnits(at(".large .place"), unit);
    drawOnPicture(unit);
    say(unitText(state.selected, unit), unitDetail(state.selected, unit));
  }

  /** Mark the units of the large map whose fields hold a pixel. */
  function readPixel(pixel) {
    state.pixel = pixel;
    clearMarks();
    drawOnPicture(null, pixel);
    if (!fields) return say(`Pixel row ${pixel[0]}, column ${pixel[1]}`, header.field_note);
    const [rows, columns] = fields.map((along, axis) => unitsSeeing(along, pixel[axis]));
    const many = rows.length && columns.length;
    if (many) {
      const [first, last] = [0, -1].map((n) => ({ row: rows.at(n), column: columns.at(n) }));
      markUnits(at(".large .place"), first, last);
    }
    say(...pixelWords(pixel, fields, header.global_words && ` (${header.global_words.trim()})`));
  }

  /** Pin a unit, or let go of the one that is pinned; who tells its story hears of it. */
  function pin({ row, column }) {
    const before = pinned();
    const same = before && before.row === row && before.column === column;
    state.pinned = same ? null : [row, column];
    state.unit = { row, column };
    rest();
    const detail = nextEdit(state, state.pinned);
    window.dispatchEvent(new CustomEvent(UNIT_PINNED, { detail }));
  }

  function steps(event, columns) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step !== undefined) event.preventDefault();
    return step;
  }

  wall.onpointermove = (event) => {
    const unit = unitOnWall(event);
    clearMarks();
    if (!unit) return;
    at(".over").hidden = false;
    frame(at(".over"), unit.index);
    drawOnPicture(unit);
    if (unit.channel === state.selected) markUnits(at(".large .place"), unit);
    say(unitText(unit.channel, unit), unitDetail(unit.channel, unit));
  };
  wall.onpointerleave = rest;
  wall.onclick = (event) => {
    const unit = unitOnWall(event);
    if (unit) choose(unit.channel, unit);
  };
  wall.onkeydown = (event) => {
    const step = steps(event, grid.columns);
    const next = header.order.indexOf(state.selected) + step;
    if (step !== undefined && next >= 0 && next < channels) choose(header.order[next]);
  };
  at(".large canvas").onpointermove = (event) => {
    const unit = pixelAt(event, at(".large canvas"), height, width);
    clearMarks();
    if (unit) readUnit(unit);
  };
  at(".large canvas").onpointerleave = rest;
  at(".large canvas").onclick = (event) => {
    const unit = pixelAt(event, at(".large canvas"), height, width);
    if (unit) pin(unit);
  };
  at(".large .stage").onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return pin(state.unit);
    }
    const step = steps(event, width);
    if (step === undefined) return;
    const next = state.unit.row * width + state.unit.column + step;
    if (next >= 0 && next < size) readUnit({ row: Math.floor(next / width), column: next % width });
  };
  const photo = at(".picture .photo");
  const overPicture = (event) => {
    const pixel = pixelAt(event, photo, pictureHeight, pictureWidth);
    if (pixel) readPixel([pixel.row, pixel.column]);
  };
  photo.onpointermove = overPicture;
  photo.onpointerdown = overPicture;
  photo.onpointerleave = (event) => event.pointerType === "mouse" && rest();
  at(".picture .stage").onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    const [from, sizes] = [state.pixel ?? [pictureHeight >> 1, pictureWidth >> 1], [pictureHeight, pictureWidth]];
    readPixel(from.map((n, axis) => clamp(n + step[axis], 0, sizes[axis] - 1)));
  };
  root.querySelectorAll(".large .stage, .picture .stage").forEach((stage) => (stage.onblur = rest));

  /** The story tells another unit than the one that is marked here. */
  function hear({ detail }) {
    if (detail.layer !== header.layer || !isCurrent(state, detail.edit_version)) return;
    state.pinned = detail.value;
    rest();
  }

  draw();
  root.dataset.layer = header.layer;
  state.stop?.();
  const ignore = redrawOnChange(root, draw);
  window.addEventListener(STORY_SHOWN, hear);
  state.stop = () => {
    ignore();
    window.removeEventListener(STORY_SHOWN, hear);
  };
  return whenGone(parentElement, () => state.stop());
}
