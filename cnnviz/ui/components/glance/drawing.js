// The picture, a column for each layer and the prediction, side by side.

import { isDark, scaleColours } from "../shared/colours.js";
import { find, make, writeReadout } from "../shared/elements.js";
import { putImage, rgbImage, sizeCanvas } from "../shared/images.js";
import { drawTile, fitCanvas, placeBox } from "../shared/tile_grid.js";
import { GAP, boxOfMap, layoutGlance, mapsOf, placeWords, placesOf, selectPlace } from "./model.js";

/**
 * @import { Box } from "../shared/tile_grid.js"
 * @import { Column, Glance, Header, Layout } from "./model.js"
 */

/**
 * @typedef {object} View
 * @property {HTMLElement} root
 * @property {Glance} glance
 * @property {HTMLElement} network
 * @property {HTMLElement[]} layers the columns
 * @property {HTMLCanvasElement[]} canvases one in each column
 * @property {HTMLElement} chosen
 * @property {HTMLElement} over
 * @property {Layout} layout
 */

const [PICTURE, PREDICTION] = [84, 186];

/**
 * Put all columns in place, still empty.
 *
 * @param {HTMLElement} root
 * @param {Glance} glance
 * @returns {View}
 */
export function buildView(root, glance) {
  const { header } = glance;
  const network = find(root, ".network");
  const [chosen, over] = [make("div", "mark chosen"), make("div", "mark over")];
  over.hidden = true;
  const layers = header.columns.map((column, index) => layerOf(column, header.columns[index - 1]));
  network.replaceChildren(pictureOf(header), ...layers, predictionOf(header), chosen, over);
  find(root, ".scroller").setAttribute("aria-label", header.alt);
  const canvases = layers.map((layer) => find(layer, "canvas"));
  return { root, glance, network, layers, canvases, chosen, over, layout: measureRoom(root, glance) };
}

/** @param {Header} header */
function pictureOf(header) {
  const [element, list] = [make("div", "ends"), make("ul")];
  list.append(...["channels", "size", "unit sees"].map((text) => make("li", "", text)));
  element.append(make("div", "flow"), make("div", "name", "Picture"), make("div", "kind", header.input_shape), imageCanvas(header.picture_text), list);
  return element;
}

/** @param {string} label */
function imageCanvas(label) {
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/**
 * @param {Column} column
 * @param {Column | undefined} before
 */
function layerOf(column, before) {
  const [element, maps, list] = [make("div", column.opens ? "layer" : "layer closed"), make("div", "maps"), make("ul")];
  maps.append(imageCanvas(column.alt));
  list.append(...column.foot.map((text) => make("li", "", text)));
  element.append(flowOf(column, before), make("div", "name", fromTheEnd(column.name)), make("div", "kind", column.kind), maps, list);
  element.title = column.layer;
  return element;
}

/**
 * The end of a long name tells layers apart: its beginning is cut off. See .name in the CSS.
 *
 * @param {string} name
 */
const fromTheEnd = (name) => `\u200e${name}\u200e`;

/**
 * The line that leads through a column, with a bow where a block joins what came in, or the name of a new group.
 *
 * @param {Column} column
 * @param {Column | undefined} before
 */
function flowOf({ group, join }, before) {
  const [flow, bow] = [make("div", "flow"), make("div", "bow")];
  if (join) {
    bow.dataset.sign = join;
    flow.append(bow);
  } else if (group && group !== before?.group) flow.append(make("span", "group", group));
  return flow;
}

/** @param {Header} header */
function predictionOf({ classes, prediction_words }) {
  const [element, list] = [make("div", "end"), make("ol")];
  list.append(...classes.map(classOf));
  element.append(make("div", "flow"), make("div", "title", "Prediction"), list, make("p", "muted", prediction_words));
  return element;
}

/** @param {Header["classes"][number]} class_ */
function classOf([name, share, text]) {
  const [item, bar, filled] = [make("li"), make("div", "bar"), make("i")];
  filled.style.width = `${100 * share}%`;
  bar.append(filled);
  item.append(make("span", "", name), make("span", "muted", text), bar);
  item.title = name;
  return item;
}

/**
 * @param {HTMLElement} root
 * @param {Glance} glance
 */
const measureRoom = (root, glance) => layoutGlance(glance, find(root, ".scroller").clientWidth - PICTURE - PREDICTION);

/** @param {View} view */
export function drawAll(view) {
  const { root, glance: { header, state } } = view;
  view.layout = measureRoom(root, view.glance);
  drawPicture(view);
  const colours = scaleColours("activation", isDark(root));
  header.columns.forEach((_, column) => drawColumn(view, column, colours));
  Object.assign(root.dataset, { columns: header.columns.length, network: header.network });
  showPlace(view, state.column, state.place);
}

/** @param {View} view */
function drawPicture({ network, glance: { arrays }, layout }) {
  const { values, shape: [height, width] } = arrays.picture;
  const canvas = find(network, ".ends canvas");
  putImage(canvas, rgbImage(values, height, width));
  const zoom = (PICTURE - 12) / Math.max(height, width);
  sizeCanvas(canvas, height, width, zoom);
  canvas.style.marginBottom = `${layout.tall - height * zoom}px`;
}

/**
 * @param {View} view
 * @param {number} column
 * @param {Uint8Array} colours
 */
function drawColumn({ root, glance, layers, canvases, layout }, column, colours) {
  const { values, shape: [, height, width] } = mapsOf(glance, column);
  const context = fitCanvas(canvases[column], layout.tile, layout.tall);
  find(layers[column], ".maps").style.width = `${layout.tile}px`;
  layers[column].style.width = `${layout.tile + 2 * GAP}px`;
  const [source, ratio] = [make("canvas"), window.devicePixelRatio];
  for (let place = 0; place < placesOf(glance, layout, column); place++) {
    putImage(source, stepsImage(values, place * height * width, height, width, colours));
    const box = boxOfMap(glance, layout, column, place);
    context.imageSmoothingEnabled = width > box.width * ratio || height > box.height * ratio;
    drawTile(context, source, box);
    drawFrame(context, root, box);
  }
}

/**
 * Steps of the colour scale, 127 for zero, as an ImageData.
 *
 * @param {ArrayLike<number>} values
 * @param {number} start
 * @param {number} height
 * @param {number} width
 * @param {Uint8Array} colours
 */
function stepsImage(values, start, height, width, colours) {
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; i < height * width; i++, p += 4) {
    const c = values[start + i] * 3;
    image.data.set([colours[c], colours[c + 1], colours[c + 2], 255], p);
  }
  return image;
}

/**
 * A thin line around a map, so that one of zeros only can be seen.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLElement} root
 * @param {Box} box
 */
function drawFrame(context, root, { left, top, width, height }) {
  const ratio = window.devicePixelRatio;
  context.strokeStyle = getComputedStyle(root).getPropertyValue("--st-border-color") || "#888";
  context.strokeRect(left * ratio + 0.5, top * ratio + 0.5, width * ratio - 1, height * ratio - 1);
}

/**
 * Frame a map with one of the marks, and say what it is.
 *
 * @param {View} view
 * @param {HTMLElement} mark
 * @param {number} column
 * @param {number} place
 */
export function frameMap({ root, glance, network, canvases, layout }, mark, column, place) {
  const box = boxOfMap(glance, layout, column, place);
  const [inner, outer] = [canvases[column].getBoundingClientRect(), network.getBoundingClientRect()];
  placeBox(mark, { ...box, left: inner.left - outer.left + box.left, top: inner.top - outer.top + box.top });
  writeReadout(root, ...placeWords(glance, column, place));
}

/**
 * Choose a place, or the nearest one that there is, and frame it.
 *
 * @param {View} view
 * @param {number} column
 * @param {number} place
 */
export function showPlace(view, column, place) {
  const { glance, layout, chosen } = view;
  selectPlace(glance, layout, column, place);
  frameMap(view, chosen, glance.state.column, glance.state.place);
}
