// One unit's story, from its field on the picture to its value. The wall of maps tells which unit.

import { colourIndex, isDark, scaleColours, textColourOn } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { withParts } from "../shared/formula_parts.js";
import { putImage, rgbImage, signedImage, sizeCanvas, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { format, formatCount } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import { hatched, pageColours, prepared, STORY_SHOWN, UNIT_PINNED } from "../shared/unit_fields.js";

const FIELD_BOX = 176;
const LARGEST_CELL = 44;
const READABLE_CELL = 28;
const MOST_CELLS = 32;
const ROWS_AT_ONCE = 64;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({ edits: 0 }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;

  function draw() {
    const dark = isDark(root);
    const told = header.steps !== undefined;
    at(".hint").textContent = header.hint;
    at(".hint").hidden = !header.hint;
    at(".story").hidden = !told;
    if (!told) return;
    at(".head").textContent = header.title;
    at(".end").textContent = header.end;
    at("ol").replaceChildren(fieldItem(), ...header.steps.map((step, i) => stepItem(step, i, dark)));
  }

  function fieldItem() {
    const item = make("li");
    item.append(make("h4", "", "What it sees"), make("p", "seen", header.field_words));
    if (header.field) item.append(cutout(header.field));
    return item;
  }

  /** The field alone: its pixels of the picture, what lies in the padding hatched. */
  function cutout({ rows, columns, inside }) {
    const [tall, wide] = [rows, columns].map(([first, last]) => last - first + 1);
    const scale = Math.min(FIELD_BOX / Math.max(tall, wide), 24);
    const canvas = make("canvas", "cutout");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The field cut out of the picture. ${header.field_words}`);
    const context = prepared(canvas, wide * scale, tall * scale);
    const { text } = pageColours(root);
    context.fillStyle = hatched(context, text);
    context.globalAlpha = 0.45;
    context.fillRect(0, 0, wide * scale, tall * scale);
    context.globalAlpha = 1;
    if (inside) {
      const photo = document.createElement("canvas");
      const [high, broad] = arrays.picture.shape;
      putImage(photo, rgbImage(arrays.picture.values, high, broad));
      context.imageSmoothingEnabled = scale < 1;
      const [left, top] = [inside[1][0] - columns[0], inside[0][0] - rows[0]].map((n) => n * scale);
      context.drawImage(photo, left, top, broad * scale, high * scale);
    }
    context.strokeStyle = text;
    context.strokeRect(0.5, 0.5, wide * scale - 1, tall * scale - 1);
    const box = make("div", "body");
    box.append(canvas);
    return box;
  }

  function stepItem(step, number, dark) {
    const item = make("li");
    item.dataset.layer = step.layer;
    const name = make("h4");
    name.append(unitLink(step.layer, step.unit, number === header.steps.length - 1), make("span", "muted", step.operation));
    item.append(name);
    if (step.kind === "taps") item.append(tapsBody(step, number, dark));
    if (step.kind === "pool") item.append(poolBody(step, number, dark));
    if (step.kind === "join") item.append(joinBody(step));
    item.append(lines(step));
    if (step.words) item.append(make("p", "", step.words));
    item.append(make("p", "check muted", step.check));
    return item;
  }

  /** A layer's name; a button where that unit can be opened. */
  function unitLink(name, unit, here = false) {
    if (!unit || here) return make("span", "", name);
    const button = make("button", "unit", name);
    const [layer, channel, row, column] = unit;
    button.title = `Open ${layer} with channel ${channel}, row ${row}, column ${column} pinned`;
    button.onclick = () => open(unit);
    return button;
  }

  function open(unit) {
    setTriggerValue("open", nextEdit(state, unit));
  }

  function lines({ symbols, numbers, text, value }) {
    const box = make("div", "lines");
    const right = withParts("span", "", [...numbers, " = "]);
    right.append(make("span", "value", value));
    right.setAttribute("role", "math");
    right.setAttribute("aria-label", text);
    box.append(make("span", "symbol", "y"), "=", withParts("span", "", symbols), make("span", "symbol", "y"), "=", right);
    return box;
  }

  function joinBody({ parts }) {
    const box = make("div", "parts");
    parts.forEach(({ layer, value, unit }, i) => {
      box.append(make("span", "symbol", "ab"[i]), make("span", "number", value), unitLink(layer || "another value", unit));
    });
    return box;
  }

  const cellSize = (columns, grids) => {
    const room = Math.min(root.clientWidth - 30 - 36 * (grids - 1), 560);
    return Math.max(5, Math.min(LARGEST_CELL, Math.floor(room / (grids * columns)) - 1));
  };

  /** Numbers as cells of `rows` × `columns`; `look(i)` gives the classes of cell i. */
  function grid(values, shape, limit, colours, cell, look) {
    const [rows, columns] = shape;
    const box = make("div", "cells");
    box.style.setProperty("--cell", `${cell}px`);
    box.style.gridTemplateColumns = `repeat(${columns}, ${cell}px)`;
    for (let i = 0; i < rows * columns; i++) {
      const colour = colours.subarray(colourIndex(values[i], limit), colourIndex(values[i], limit) + 3);
      const written = cell >= READABLE_CELL && Number.isFinite(values[i]);
      const element = make("div", `cell ${look(i)}`, written ? format(values[i], 2) : "");
      element.dataset.tap = i;
      element.style.fontSize = `${Math.min(11, cell * 0.27)}px`;
      element.style.backgroundColor = `rgb(${colour.join()})`;
      element.style.color = textColourOn(colour[0], colour[1], colour[2]);
      box.append(element);
    }
    return box;
  }

  /** Mark one tap in all grids of a box and say it; arrow keys walk over the taps, Enter opens. */
  function linkTaps(box, shape, say, choose) {
    const total = shape[0] * shape[1];
    let [now, tapped] = [-1, -1];
    const touch = (tap) => {
      now = tap;
      box.querySelectorAll(".cell").forEach((cell) => cell.classList.toggle("over", Number(cell.dataset.tap) === tap));
      say(tap);
    };
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.onpointerover = (event) => touch(Number(event.target.dataset?.tap ?? -1));
    box.onpointerleave = () => touch(-1);
    box.onblur = () => touch(-1);
    box.onclick = (event) => {
      const tap = Number(event.target.dataset?.tap ?? -1);
      const first = event.pointerType === "touch" && tap !== tapped; // a finger reads before it opens
      tapped = tap;
      if (tap >= 0 && !first) choose(tap);
    };
    box.onkeydown = (event) => {
      if (event.key === "Enter" && now >= 0) return choose(now);
      const step = arrowStep(event);
      if (!step) return;
      const next = now < 0 ? 0 : now + step[0] * shape[1] + step[1];
      if (next >= 0 && next < total) touch(next);
    };
  }

  const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);

  function channelName(step, channel) {
    const colours = !step.source && step.channels.length === 3 ? ["red", "green", "blue"] : [];
    return colours[channel] ?? `channel ${channel}`;
  }

  function tapsBody(step, number, dark) {
    const of = (name) => arrays[`${name}${number}`];
    const [channels, high, wide] = of("inputs").shape;
    const area = high * wide;
    const part = (name, slot) => of(name).values.subarray(slot * area, (slot + 1) * area);
    const sums = of("sums").values;
    const ranked = Array.from(sums.keys()).sort((a, b) => Math.abs(sums[b]) - Math.abs(sums[a]));
    const scale = { inputs: largest(of("inputs").values), weights: largest(of("weights").values) };
    const products = of("inputs").values.map((x, i) => x * of("weights").values[i]);
    scale.products = largest(products);
    const [activation, weight] = [scaleColours("activation", dark), scaleColours("weight", dark)];
    const body = make("div", "body");
    const [grids, tapWords] = [make("div", "grids"), make("div", "tap muted")];
    tapWords.setAttribute("aria-live", "polite");
    const list = sumList(step, ranked, sums, activation, show);

    function show(slot) {
      state.chosen = { layer: step.layer, slot };
      const [patch, kernel] = [part("inputs", slot), part("weights", slot)];
      const product = products.subarray(slot * area, (slot + 1) * area);
      const cell = cellSize(wide, 3);
      const padding = of("padding").values;
      const look = (i) => `${padding[i] ? "padded" : ""} ${step.opens && !padding[i] ? "opens" : ""}`;
      const line = make("div", "products");
      line.append(
        titled("Patch", grid(patch, [high, wide], scale.inputs, activation, cell, look)), make("span", "sign", "×"),
        titled("Kernel", grid(kernel, [high, wide], scale.weights, weight, cell, () => "")), make("span", "sign", "="),
        titled("Product", grid(product, [high, wide], scale.products, activation, cell, look)),
      );
      line.setAttribute("aria-label", "Patch, kernel and product: arrow keys read the taps");
      linkTaps(line, [high, wide], say, choose);
      const name = channelName(step, step.channels[slot]);
      const source = step.source || "the picture";
      grids.replaceChildren(make("div", "caption", `Input ${name} of ${source}: products add up to ${format(sums[slot])}`), line, tapWords);

      function say(tap) {
        const hint = step.opens ? " A click on the patch opens the unit that was read." : "";
        if (tap < 0) return (tapWords.textContent = `Point at a cell to read its numbers.${hint}`);
        const [m, n] = [Math.floor(tap / wide), tap % wide];
        const place = padding[tap] ? "padding" : `row ${step.rows[m]}, column ${step.columns[n]}`;
        const minus = (value) => (value < 0 ? `(${format(value)})` : format(value));
        tapWords.textContent = `Tap ${m}, ${n} reads ${place}: ${format(patch[tap])} · ${minus(kernel[tap])} = ${format(product[tap])}`;
      }

      function choose(tap) {
        if (!step.opens || padding[tap]) return;
        open([step.source, step.channels[slot], step.rows[Math.floor(tap / wide)], step.columns[tap % wide]]);
      }
      say(-1);
    }

    const kept = state.chosen?.layer === step.layer && state.chosen.slot < channels;
    list.select(kept ? state.chosen.slot : ranked[0]);
    body.append(grids);
    if (channels > 1) body.append(list.box);
    return body;
  }

  function titled(text, element) {
    const box = make("div");
    box.append(make("div", "caption muted", text), element);
    return box;
  }

  /** Every channel's sum as a bar, the largest first; more of them come as the list is scrolled. */
  function sumList(step, ranked, sums, colours, show) {
    const [box, list] = [make("div", "sums"), make("div", "list")];
    const most = Math.abs(sums[ranked[0]]) || 1;
    const rows = [];
    let selected = -1;
    box.append(make("div", "caption", `Sum of each of ${formatCount(ranked.length)} input channels, the largest first`), list);
    list.tabIndex = 0;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Sums by input channel: arrow keys choose one");

    function row(slot) {
      const element = make("div", "row");
      const [bar, fill] = [make("span", "bar"), make("i")];
      const share = 50 * Math.abs(sums[slot]) / most;
      const colour = colours.subarray(...(sums[slot] < 0 ? [126, 129] : [636, 639]));
      Object.assign(fill.style, { width: `${share}%`, [sums[slot] < 0 ? "right" : "left"]: "50%", background: `rgb(${colour.join()})` });
      bar.append(fill);
      element.append(make("span", "", channelName(step, step.channels[slot]).replace("channel", "ch.")), bar, make("span", "number", format(sums[slot])));
      element.setAttribute("role", "option");
      element.setAttribute("aria-selected", "false");
      element.onclick = () => select(slot);
      return element;
    }

    function grow() {
      const more = ranked.slice(rows.length, rows.length + ROWS_AT_ONCE).map(row);
      rows.push(...more);
      list.append(...more);
    }

    function select(slot) {
      const place = ranked.indexOf(slot);
      while (rows.length <= place) grow();
      rows[selected]?.setAttribute("aria-selected", "false");
      selected = place;
      rows[place].setAttribute("aria-selected", "true");
      const [top, bottom] = [rows[place].offsetTop - list.offsetTop, rows[place].offsetHeight];
      if (top < list.scrollTop) list.scrollTop = top;
      if (top + bottom > list.scrollTop + list.clientHeight) list.scrollTop = top + bottom - list.clientHeight;
      show(slot);
    }

    list.onscroll = () => {
      if (rows.length < ranked.length && list.scrollTop + 2 * list.clientHeight > list.scrollHeight) grow();
    };
    list.onkeydown = (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = selected + step;
      if (next >= 0 && next < ranked.length) select(ranked[next]);
    };
    return { box, select };
  }

  function poolBody(step, number, dark) {
    const [inputs, padding] = [arrays[`inputs${number}`], arrays[`padding${number}`].values];
    const [high, wide] = inputs.shape;
    const body = make("div", "body");
    const colours = scaleColours("activation", dark);
    if (Math.max(high, wide) > MOST_CELLS) {
      const canvas = make("canvas");
      putImage(canvas, signedImage(inputs.values, 0, high, wide, largest(inputs.values), colours));
      sizeCanvas(canvas, high, wide, wholeZoom(high, wide, 224, 224));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `The ${high} by ${wide} values under the window`);
      body.append(canvas);
      return body;
    }
    const isWinner = (i) => step.winner && step.rows[Math.floor(i / wide)] === step.winner[0] && step.columns[i % wide] === step.winner[1];
    const look = (i) => `${padding[i] ? "padded" : ""} ${isWinner(i) ? "winner" : ""} ${step.opens && !padding[i] ? "opens" : ""}`;
    const [box, tapWords] = [make("div", "grids"), make("div", "tap muted")];
    const cells = grid(inputs.values, [high, wide], largest(inputs.values), colours, Math.max(cellSize(wide, 2), 8), look);
    const line = make("div", "products");
    line.append(titled("Under the window", cells));
    line.setAttribute("aria-label", "The window: arrow keys read its values");
    linkTaps(line, [high, wide], say, (tap) => {
      if (!step.opens || padding[tap]) return;
      open([step.source, step.channel, step.rows[Math.floor(tap / wide)], step.columns[tap % wide]]);
    });

    function say(tap) {
      const first = Array.from(padding.keys()).find(isWinner);
      if (tap < 0) tap = first ?? -1;
      if (tap < 0) return (tapWords.textContent = "Point at a cell to read its number.");
      const place = `row ${step.rows[Math.floor(tap / wide)]}, column ${step.columns[tap % wide]}`;
      const what = isWinner(tap) ? "The winner, framed" : "Under the window";
      tapWords.textContent = padding[tap] ? `Padding at ${place}: nothing to choose.` : `${what}: ${place} of ${step.source || "the picture"}, ${format(inputs.values[tap])}`;
    }
    say(-1);
    box.append(line, tapWords);
    body.append(box);
    return body;
  }

  draw();
  root.dataset.unit = header.steps ? header.title : "";
  state.stop?.();
  const ignore = redrawOnChange(root, draw);
  const hear = ({ detail }) => setTriggerValue("unit", detail);
  window.addEventListener(UNIT_PINNED, hear);
  state.stop = () => {
    ignore();
    window.removeEventListener(UNIT_PINNED, hear);
  };
  window.dispatchEvent(new CustomEvent(STORY_SHOWN, { detail: { layer: header.layer, value: header.pinned, edit_version: header.edit_version } }));
  return whenGone(parentElement, () => state.stop());
}
