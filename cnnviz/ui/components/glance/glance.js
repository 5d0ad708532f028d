import { isDark, scaleColours } from "../shared/colours.js";
import { make, writeReadout } from "../shared/elements.js";
import { putImage, rgbImage, sizeCanvas } from "../shared/images.js";
import { isCurrent, nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";

const GAP = 3;
const TALLEST = 430;
// The end of a long name tells layers apart: its beginning is cut off. See .name in the CSS.
const fromTheEnd = (name) => `\u200e${name}\u200e`;

const [SMALLEST, LARGEST] = [42, 64];
const PICTURE = 84;
const PREDICTION = 186;

/** Signed values as bytes, 127 for zero, as an ImageData. */
function codedImage(values, start, height, width, colours) {
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; i < height * width; i++, p += 4) {
    const c = values[start + i] * 3;
    image.data.set([colours[c], colours[c + 1], colours[c + 2], 255], p);
  }
  return image;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({ column: 0, place: 0 }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  const { columns } = header;
  const scroller = at(".scroller");
  const network = at(".network");
  isCurrent(state, header.edit_version);
  if (state.network !== header.network) Object.assign(state, { network: header.network, column: 0, place: 0 });

  const mapsOf = (index) => arrays[`maps${index}`];
  const [picture, chosen, over] = [make("div", "ends"), make("div", "mark chosen"), make("div", "mark over")];
  const canvases = columns.map(() => document.createElement("canvas"));
  const layers = columns.map(layer);
  over.hidden = true;
  picture.append(...first());
  network.replaceChildren(picture, ...layers, prediction(), chosen, over);
  scroller.setAttribute("aria-label", header.alt);

  function first() {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", header.picture_text);
    const list = document.createElement("ul");
    list.append(...["channels", "size", "unit sees"].map((text) => make("li", "", text)));
    return [make("div", "flow"), make("div", "name", "Picture"), make("div", "kind", header.input_shape), canvas, list];
  }

  function layer(column, index) {
    const element = make("div", column.opens ? "layer" : "layer closed");
    const flow = make("div", "flow");
    const begins = column.group && column.group !== columns[index - 1]?.group;
    if (begins && !column.join) flow.append(make("span", "group", column.group));
    if (column.join) {
      const bow = make("div", "bow");
      bow.dataset.sign = column.join;
      flow.append(bow);
    }
    const maps = make("div", "maps");
    const canvas = canvases[index];
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", column.alt);
    canvas.onpointermove = (event) => point(index, event);
    canvas.onpointerleave = () => (over.hidden = true);
    canvas.onclick = (event) => open(index, placeAt(index, event));
    maps.append(canvas);
    const list = document.createElement("ul");
    list.append(...column.foot.map((text) => make("li", "", text)));
    element.append(flow, make("div", "name", fromTheEnd(column.name)), make("div", "kind", column.kind), maps, list);
    element.title = column.layer;
    return element;
  }

  function prediction() {
    const element = make("div", "end");
    const list = document.createElement("ol");
    list.append(
      ...header.classes.map(([name, share, text]) => {
        const item = document.createElement("li");
        const [bar, filled] = [make("div", "bar"), document.createElement("i")];
        filled.style.width = `${100 * share}%`;
        bar.append(filled);
        item.append(make("span", "", name), make("span", "muted", text), bar);
        item.title = name;
        return item;
      }),
    );
    element.append(make("div", "flow"), make("div", "title", "Prediction"), list, make("p", "muted", header.prediction_words));
    return element;
  }

  function draw() {
    const room = scroller.clientWidth - PICTURE - PREDICTION;
    const tile = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(room / columns.length) - 2 * GAP));
    const rows = Math.min(header.most, Math.max(6, Math.floor(TALLEST / (tile + GAP))));
    Object.assign(state, { tile, rows, colours: scaleColours("activation", isDark(root)) });
    drawPicture();
    columns.forEach(drawColumn);
    root.dataset.columns = columns.length;
    root.dataset.network = header.network;
    choose(state.column, state.place, false);
  }

  function drawPicture() {
    const { values, shape } = arrays.picture;
    const canvas = picture.querySelector("canvas");
    putImage(canvas, rgbImage(values, shape[0], shape[1]));
    const zoom = (PICTURE - 12) / Math.max(shape[0], shape[1]);
    sizeCanvas(canvas, shape[0], shape[1], zoom);
    canvas.style.marginBottom = `${tall() - shape[0] * zoom}px`;
  }

  const tall = () => state.rows * (state.tile + GAP) - GAP;

  /** How many places a column has to point at. */
  const placesOf = (index) => (columns[index].maps ? Math.min(state.rows, mapsOf(index).shape[0]) : 1);

  function drawColumn(column, index) {
    const ratio = window.devicePixelRatio;
    const canvas = canvases[index];
    const { values, shape } = mapsOf(index);
    const [, height, width] = shape;
    canvas.width = Math.round(state.tile * ratio);
    canvas.height = Math.round(tall() * ratio);
    Object.assign(canvas.style, { width: `${state.tile}px`, height: `${tall()}px` });
    canvas.parentElement.style.width = `${state.tile}px`;
    layers[index].style.width = `${state.tile + 2 * GAP}px`;
    const context = canvas.getContext("2d");
    const source = document.createElement("canvas");
    for (let place = 0; place < placesOf(index); place++) {
      putImage(source, codedImage(values, place * height * width, height, width, state.colours));
      const box = boxOf(index, place);
      context.imageSmoothingEnabled = width > box.width * ratio || height > box.height * ratio;
      context.drawImage(source, box.left * ratio, box.top * ratio, box.width * ratio, box.height * ratio);
      frame(context, box, ratio);
    }
  }

  /** A thin line around a map, so that one of zeros only can be seen. */
  function frame(context, { left, top, width, height }, ratio) {
    context.strokeStyle = getComputedStyle(root).getPropertyValue("--st-border-color") || "#888";
    context.strokeRect(left * ratio + 0.5, top * ratio + 0.5, width * ratio - 1, height * ratio - 1);
  }

  /** Where a map lies on its canvas; a vector or tokens take the column's whole height. */
  function boxOf(index, place) {
    const [, height, width] = mapsOf(index).shape;
    if (!columns[index].maps) {
      const across = width === 1 ? Math.min(18, state.tile) : state.tile;
      return { left: (state.tile - across) / 2, top: 0, width: across, height: tall() };
    }
    const zoom = state.tile / Math.max(height, width);
    return { left: 0, top: place * (state.tile + GAP), width: width * zoom, height: height * zoom };
  }

  function placeAt(index, event) {
    const box = canvases[index].getBoundingClientRect();
    const place = columns[index].maps ? Math.floor((event.clientY - box.top) / (state.tile + GAP)) : 0;
    return clamp(place, 0, placesOf(index) - 1);
  }

  function put(mark, index, place) {
    const box = boxOf(index, place);
    const [inner, outer] = [canvases[index].getBoundingClientRect(), network.getBoundingClientRect()];
    mark.hidden = false;
    Object.assign(mark.style, {
      left: `${inner.left - outer.left + box.left}px`,
      top: `${inner.top - outer.top + box.top}px`,
      width: `${box.width}px`,
      height: `${box.height}px`,
    });
  }

  function point(index, event) {
    const place = placeAt(index, event);
    put(over, index, place);
    say(index, place);
  }

  function say(index, place) {
    const column = columns[index];
    const number = (name) => format(arrays[`${name}${index}`].values[place]);
    const range = `${number("minimum")} to ${number("maximum")}`;
    const strength = `mean magnitude ${number("strength")}`;
    const last = column.opens ? "click to open the layer" : column.closed_words;
    const rank = column.maps ? `${strength}, place ${place + 1} of ${formatCount(column.total)}; ` : `${strength}; `;
    const who = column.maps ? `${column.layer}, channel ${column.channels[place]}` : column.layer;
    writeReadout(root, `${who}: ${range}`, `${column.words} · ${rank}${last}`);
  }

  function choose(index, place, show = true) {
    state.column = clamp(index, 0, columns.length - 1);
    state.place = clamp(place, 0, placesOf(state.column) - 1);
    put(chosen, state.column, state.place);
    say(state.column, state.place);
    if (show) canvases[state.column].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function open(index, place) {
    choose(index, place, false);
    const column = columns[index];
    if (!column.opens) return;
    const value = { layer: column.layer, channel: column.channels[place] ?? null };
    setTriggerValue("opened", nextEdit(state, value));
  }

  scroller.onkeydown = (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) choose(state.column + step[0], state.place + step[1]);
    else if (event.key === "Enter") open(state.column, state.place);
    else return;
    event.preventDefault();
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return whenGone(parentElement, () => state.stop());
}
