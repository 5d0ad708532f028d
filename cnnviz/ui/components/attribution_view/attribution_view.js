// A picture, and maps of what a score rests on laid over it; how much of each is a hand's choice.

import { isDark, luma, scaleColours } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { drawLegend } from "../shared/legend.js";
import { redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const grid = root.querySelector(".figures");
  const mix = root.querySelector(".mix input");
  const state = stateOf(parentElement, () => ({ share: 0.5, at: null }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const { values: picture, shape } = arrays.picture;
  const [height, width] = shape;
  grid.style.setProperty("--panel", `${header.panel_rem}rem`);
  root.dataset.done = header.maps.filter((_, i) => arrays[`map${i}`]).length;
  if (state.at === null || state.at[0] >= height || state.at[1] >= width || !state.pointed) state.at = strongest();
  mix.value = String(100 * state.share);
  mix.setAttribute("aria-label", "How much of the map, and how much of the picture, is shown");
  mix.oninput = () => {
    state.share = mix.value / 100;
    paint();
  };

  /** The place of the largest magnitude of the first map there is. */
  function strongest() {
    const map = header.maps.map((_, i) => arrays[`map${i}`]).find(Boolean);
    if (!map) return [Math.floor(height / 2), Math.floor(width / 2)];
    const p = map.values.reduce((best, value, i, all) => (Math.abs(value) > Math.abs(all[best]) ? i : best), 0);
    return [Math.floor(p / width), p % width];
  }

  function draw() {
    if (grid.children.length !== header.maps.length + 1) grid.replaceChildren(figure(), ...header.maps.map(figure));
    const place = Math.min(grid.children[0].clientWidth, header.box);
    const [whole, fit] = [wholeZoom(height, width, place, place), place / Math.max(height, width)];
    const zoom = whole > 0.9 * fit ? whole : fit;
    [...grid.children].forEach((element, i) => dress(element, i, zoom));
    paint();
    show();
  }

  function figure() {
    const element = make("figure");
    const stage = make("div", "stage");
    stage.setAttribute("role", "group");
    const [canvas, bar] = [make("canvas"), make("canvas")];
    canvas.setAttribute("role", "img");
    bar.setAttribute("aria-hidden", "true");
    const mark = make("div", "mark");
    stage.append(canvas, mark);
    const legend = make("div", "legend");
    legend.append(bar, make("span"), make("span"), make("span"));
    element.append(make("figcaption", "title"), stage, legend, make("div", "words muted"));
    return element;
  }

  /** Figure 0 is the picture; the maps follow. */
  function dress(element, i, zoom) {
    const map = header.maps[i - 1];
    const values = arrays[`map${i - 1}`];
    const [stage, canvas] = [element.querySelector(".stage"), element.querySelector(".stage canvas")];
    const there = i === 0 || Boolean(values);
    element.querySelector(".title").textContent = map ? map.title : header.picture_title;
    element.querySelector(".words").textContent = map ? map.words : header.picture_words;
    canvas.setAttribute("aria-label", map ? map.alt : header.picture_alt);
    sizeCanvas(canvas, height, width, zoom);
    if (zoom < 3 && zoom !== Math.round(zoom)) canvas.style.imageRendering = "auto";
    stage.classList.toggle("empty", !there);
    stage.querySelector(".mark").hidden = !there;
    stage.tabIndex = there ? 0 : -1;
    stage.setAttribute("aria-label", `${map ? map.title : header.picture_title}: read the values with the arrow keys`);
    stage.onpointermove = stage.onpointerdown = (event) => point(canvas, event);
    stage.onkeydown = move;
    const legend = element.querySelector(".legend");
    legend.style.visibility = values ? "" : "hidden";
    legend.style.display = map ? "" : "none";
    if (values) drawLegend(element, map.scale, map.limit, isDark(root));
  }

  function paint() {
    const dark = isDark(root);
    putImage(grid.children[0].querySelector("canvas"), rgbImage(picture, height, width));
    header.maps.forEach((map, i) => {
      const found = arrays[`map${i}`];
      if (found) putImage(grid.children[i + 1].querySelector("canvas"), blended(found.values, map, dark));
    });
  }

  /** In the middle of the slider a colour covers the grey picture as far as its value is strong. */
  function blended(values, { scale, limit }, dark) {
    const colours = scaleColours(scale, dark);
    const image = signedImage(values, 0, height, width, limit, colours);
    const [over, alone] = [Math.min(1, 2 * state.share), Math.max(0, 2 * state.share - 1)];
    for (let i = 0, p = 0; i < values.length; i++, p += 4) {
      const strength = limit > 0 ? Math.min(1, Math.abs(values[i]) / limit) : 0;
      const cover = over * strength + alone * (1 - strength);
      const grey = luma(picture[3 * i], picture[3 * i + 1], picture[3 * i + 2]);
      for (let c = 0; c < 3; c++) {
        const under = over * grey + (1 - over) * picture[3 * i + c];
        image.data[p + c] = Math.round(cover * image.data[p + c] + (1 - cover) * under);
      }
    }
    return image;
  }

  function show() {
    const [row, column] = state.at;
    const pixel = row * width + column;
    const colour = [0, 1, 2].map((c) => picture[3 * pixel + c]).join(" · ");
    const lines = [line(header.picture_title, colour)];
    header.maps.forEach(({ title }, i) => {
      const found = arrays[`map${i}`];
      if (found) lines.push(line(title, format(found.values[pixel])));
    });
    root.querySelector(".readout").replaceChildren(...lines);
    for (const element of grid.children) mark(element, row, column);
  }

  function line(title, text) {
    const span = make("span");
    span.append(make("strong", "", `${title} `), `row ${state.at[0]}, column ${state.at[1]}: ${text}`);
    return span;
  }

  function mark(element, row, column) {
    const canvas = element.querySelector(".stage canvas");
    const [stepY, stepX] = [canvas.clientHeight / height, canvas.clientWidth / width];
    Object.assign(element.querySelector(".mark").style, {
      top: `${row * stepY}px`,
      left: `${column * stepX}px`,
      height: `${Math.max(5, stepY)}px`,
      width: `${Math.max(5, stepX)}px`,
    });
  }

  function point(canvas, event) {
    const cell = pixelAt(event, canvas, height, width);
    if (cell) goTo(cell.row, cell.column);
  }

  function goTo(row, column) {
    state.at = [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
    state.pointed = true;
    show();
  }

  function move(event) {
    const step = arrowStep(event);
    if (!step) return;
    goTo(state.at[0] + step[0], state.at[1] + step[1]);
  }

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
