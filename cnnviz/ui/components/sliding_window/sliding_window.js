import { operation, paddingLimit } from "../shared/arithmetic.js";
import { CHANNEL_NAMES, colourIndex, isDark, scaleColours } from "../shared/colours.js";
import { writeReadout } from "../shared/elements.js";
import { pixelAt } from "../shared/images.js";
import { drawKernelCells, resizedKernel } from "../shared/kernel_cells.js";
import { arrowStep } from "../shared/keyboard.js";
import { countEdit, isCurrent, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { clamp, format, withMinus } from "../shared/numbers.js";
import { unpack } from "../shared/payload.js";
import { contributionLine, expressionLines, twoDecimals } from "./expression.js";
import { cellSide, copyGrid, drawCell, gridCanvas, outlineCells } from "./grid.js";
import { drawPatchPicker } from "./patch.js";
import { drawSteppers, refusal } from "./steppers.js";

const RESERVES = [2, 5];
const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const STEP_MS = 700;
const REST_MS = 250;
const LARGEST_GRID = 460;

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const start = { step: null, hover: null, pin: null, channel: 0, playing: null, speed: 2 };
  const state = stateOf(parentElement, () => start);
  const message = unpack(data);
  if (isCurrent(state, message.header.edit_version)) state.settings = structuredClone(message.header.settings);
  state.header = message.header;
  state.picture = message.arrays.picture;
  const { header } = state;
  state.layers ??= { input: document.createElement("canvas"), output: document.createElement("canvas") };
  const { layers } = state;
  let op, looks, cells;

  // ---- the operation -------------------------------------------------------------------------

  function compute() {
    const { settings } = state;
    const planes = header.matrix ? [header.matrix] : patchOf(settings.patch);
    const apart = header.channels === "depthwise" && planes.length > 1;
    const input = apart ? [planes[state.channel]] : planes;
    const axis = (i) => ({
      kernel_size: settings.kernel_size[i],
      stride: settings.stride[i],
      padding: settings.padding[i],
      dilation: settings.dilation[i],
    });
    const weights = settings.weights && input.map(() => settings.weights);
    const mostExtra = Math.max(settings.stride[0], settings.dilation[0]) - 1;
    const outputPadding = Math.min(header.options.outputPadding, mostExtra);
    const options = { weights, bias: settings.bias, mode: settings.mode, ...header.options, outputPadding };
    op = operation(header.kind, input, axis(0), axis(1), options);
    op.values = Array.from({ length: op.output.rows * op.output.columns }, (_, i) => op.value(...place(i)));
    op.limit = op.values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
    const middle = (op.output.rows >> 1) * op.output.columns + (op.output.columns >> 1);
    state.step = clamp(state.step ?? middle, 0, Math.max(0, op.values.length - 1));
    if (!stillThere(state.pin)) state.pin = null;
    if (!stillThere(state.hover)) state.hover = null;
    looks = { range: rangeOf(planes), planes: planes.length, unread: unreadWords() };
    layout();
  }

  /** Room for the grids that stays the same while settings change, so that cells keep their place. */
  function layout() {
    const most = Math.max(...state.settings.padding);
    const longest = Math.max(op.size.rows, op.size.columns);
    const outputs = Math.max(op.output.rows, op.output.columns);
    const box = Math.min(LARGEST_GRID, at(".input").clientWidth);
    if (op.kind === "transposed") {
      const [input, output] = [Math.max(8, longest), 6 * Math.ceil(outputs / 6)];
      cells = { offset: 0, input, output, side: { input: cellSide(box, input), output: cellSide(box, output) } };
      return;
    }
    const reserves = header.limits.padding ? RESERVES : [0];
    const offset = reserves.find((reserve) => reserve >= most) ?? most;
    const input = longest + 2 * offset;
    const side = cellSide(box, Math.max(input, outputs));
    cells = { offset, input, output: Math.max(longest + Math.min(offset, 2), outputs), side: { input: side, output: side } };
  }

  function stillThere(thing) {
    if (!thing) return true;
    if (thing.on === "input") return isInput(thing.row, thing.column);
    if (thing.on === "output") return thing.row < op.output.rows && thing.column < op.output.columns;
    return thing.m < op.rows.kernel_size && thing.n < op.columns.kernel_size;
  }

  function isInput(row, column) {
    const [top, left] = op.kind === "transposed" ? [0, 0] : state.settings.padding;
    return row >= -top && column >= -left && row < op.size.rows + top && column < op.size.columns + left;
  }

  const place = (index) => [Math.floor(index / op.output.columns), index % op.output.columns];

  function patchOf({ top, left, size }) {
    const { values, shape } = state.picture;
    const [channels, height, width] = shape;
    const [rows, columns] = [Math.min(size, height), Math.min(size, width)];
    const [first, begin] = [clamp(top, 0, height - rows), clamp(left, 0, width - columns)];
    return Array.from({ length: channels }, (_, k) =>
      Array.from({ length: rows }, (_, r) =>
        Array.from({ length: columns }, (_, c) => values[(k * height + first + r) * width + begin + c]),
      ),
    );
  }

  function rangeOf(planes) {
    if (!header.matrix) return [0, 1];
    const all = planes.flat(2);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return [low, high > low ? high : low + 1];
  }

  // ---- drawing -------------------------------------------------------------------------------

  /** Everything: after new settings, a new theme or another width. */
  function draw() {
    const style = getComputedStyle(root);
    const dark = isDark(root);
    looks.style = { line: dark ? "rgba(255,255,255,.16)" : "rgba(0,0,0,.14)", font: style.fontFamily };
    looks.accent = style.getPropertyValue("--st-primary-color");
    looks.colours = scaleColours("activation", dark);
    looks.empty = dark ? [18, 21, 24] : [255, 255, 255];
    paintInput();
    paintOutput();
    drawKernel();
    tell();
    look();
  }

  /** What changes with every move of the hand: the marks on the grids, and the words. */
  function look() {
    markInput();
    markOutput();
    lightTap();
    tellFocus();
  }

  /** What is looked at: the hovered thing, else the pinned one, else the current output. */
  function focus() {
    if (!op.fits) return {};
    const now = state.hover ?? state.pin;
    if (now?.on === "output") return { output: [now.row, now.column] };
    if (now?.on === "term") return { output: state.told, tap: now };
    return now ?? { output: place(state.step) };
  }

  function paintInput() {
    const grid = gridCanvas(layers.input, cells.side.input, cells.input);
    const [top, left] = op.kind === "transposed" ? [0, 0] : state.settings.padding;
    for (let r = -top; r < op.size.rows + top; r++) {
      for (let c = -left; c < op.size.columns + left; c++) {
        drawCell(grid, r + cells.offset, c + cells.offset, inputLook(r, c), looks.style);
      }
    }
  }

  function markInput() {
    const grid = copyGrid(layers.input, at(".input canvas"), cells.side.input, cells.input);
    const now = focus();
    const outline = (row, column, thickness) =>
      outlineCells(grid, row + cells.offset, column + cells.offset, 1, 1, looks.accent, thickness);
    if (now.output) markWindow(grid, now.output, now.tap);
    else if (now.on === "input") outline(now.row, now.column);
    else if (now.on) for (const [row, column] of op.met(now.m, now.n)) outline(row, column, 1.5);
  }

  function inputLook(r, c) {
    const inside = op.inside(r, c);
    const values = op.input.map((_, k) => op.read(k, r, c));
    const [low, high] = looks.range;
    const shade = (value) => Math.round(255 * clamp((value - low) / (high - low), 0, 1));
    const fill = values.length === 3 ? values.map(shade) : Array(3).fill(shade(values[0]));
    const shown = op.kind === "max" && !inside ? -Infinity : values[values.length === 3 ? state.channel : 0];
    return { fill, text: twoDecimals(shown), hatched: !inside, crossed: !(op.readsRow(r) && op.readsColumn(c)) };
  }

  function markWindow(grid, [row, column], tap) {
    const list = op.terms(row, column).filter((term) => term.channel === 0);
    if (!list.length) return;
    const [top, left] = [Math.min(...list.map((t) => t.row)), Math.min(...list.map((t) => t.column))];
    const [bottom, right] = [Math.max(...list.map((t) => t.row)), Math.max(...list.map((t) => t.column))];
    const dense = list.length === (bottom - top + 1) * (right - left + 1);
    const outline = (r, c, height, width, colour, thickness) =>
      outlineCells(grid, r + cells.offset, c + cells.offset, height, width, colour, thickness);
    if (!dense) for (const t of list) outline(t.row, t.column, 1, 1, looks.accent, 1.5);
    outline(top, left, bottom - top + 1, right - left + 1, looks.accent, dense ? 2.5 : 1);
    const best = op.kind === "max" ? op.winner(list) : null;
    const marked = tap ? list.find((term) => term.m === tap.m && term.n === tap.n) : best;
    if (marked) outline(marked.row, marked.column, 1, 1, tap ? looks.accent : "#d9480f", 3.5);
  }

  function paintOutput() {
    const grid = gridCanvas(layers.output, cells.side.output, cells.output);
    op.values.forEach((_, i) => drawOutputCell(grid, i, i <= state.step));
  }

  function drawOutputCell(grid, index, shown) {
    const value = op.values[index];
    const c = colourIndex(value, op.limit);
    const fill = shown ? looks.colours.subarray(c, c + 3) : looks.empty;
    drawCell(grid, ...place(index), { fill, text: shown ? twoDecimals(value) : undefined }, looks.style);
  }

  function markOutput() {
    const grid = copyGrid(layers.output, at(".output canvas"), cells.side.output, cells.output);
    const now = focus();
    if (now.output && op.fits) {
      drawOutputCell(grid, now.output[0] * op.output.columns + now.output[1], true);
      outlineCells(grid, ...now.output, 1, 1, looks.accent);
    }
    if (now.on !== "input") return;
    for (const [row, column] of op.readers(now.row, now.column)) {
      outlineCells(grid, row, column, 1, 1, looks.accent, 1.5);
    }
  }

  function drawKernel() {
    const [grid, note] = [at(".kernel .grid"), at(".kernel .note")];
    const [height, width] = state.settings.kernel_size;
    at(".kernel .name").textContent = header.kernel_label;
    at(".kernel .size").textContent = `${height}×${width}`;
    const tap = (m, n) => setHover({ on: "tap", m, n });
    drawKernelCells(grid, note, state.settings.weights, height, width, 9, { edit, tap, leave: () => setHover(null) });
  }

  function lightTap() {
    const now = state.hover ?? state.pin;
    root.querySelectorAll(".kernel input").forEach((input, i) => {
      const width = state.settings.kernel_size[1];
      input.classList.toggle("lit", now?.m === Math.floor(i / width) && now?.n === i % width);
    });
    if (!state.settings.weights) fillWindow();
  }

  /** Pooling has no weights: its window shows what lies under it. */
  function fillWindow() {
    const { output } = focus();
    const list = output ? op.terms(...output) : [];
    root.querySelectorAll(".kernel input").forEach((input, i) => {
      const term = list[i];
      input.value = term ? (op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x)) : "";
    });
  }

  function edit(row, column, value) {
    state.settings.weights[row][column] = value;
    state.settings.edited = true;
    change({});
  }

  // ---- words ---------------------------------------------------------------------------------

  function tell() {
    const [rows, columns] = [op.output.rows, op.output.columns];
    at(".input .size").textContent = `${op.size.rows}×${op.size.columns}${paddingWords()}`;
    at(".output .size").textContent = op.fits ? `${rows}×${columns}` : "";
    at(".input canvas").setAttribute("aria-label", `Input, ${op.size.rows} by ${op.size.columns} numbers`);
    at(".output canvas").setAttribute("aria-label", `Output, ${rows} by ${columns} numbers`);
    at(".input .stage").setAttribute("aria-label", "Input grid: arrow keys walk over its pixels, escape ends");
    at(".output .stage").setAttribute("aria-label", "Output grid: arrow keys move the window, space plays");
    tellStep();
    tellChannels();
    drawSteppers(at(".steppers"), op, state.settings, header, step);
  }

  function tellStep() {
    const scrub = at(".scrub");
    scrub.max = String(Math.max(0, op.values.length - 1));
    scrub.value = String(state.step);
    at(".where").textContent = op.fits ? `output ${state.step + 1} of ${op.values.length}` : "";
    at(".play").textContent = state.playing ? "Pause" : "Play";
    at(".play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  }

  /** For a picture in colour: whose numbers the cells show, or, depthwise, which channel is convolved. */
  function tellChannels() {
    const group = at(".channels");
    const wanted = looks.planes === 3 ? CHANNEL_NAMES : [];
    if (group.children.length !== wanted.length) {
      const buttons = wanted.map((name, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.title = header.channels === "depthwise" ? `Convolve ${name}` : `Show the numbers of ${name}`;
        button.onclick = () => {
          state.channel = index;
          compute();
          draw();
        };
        return button;
      });
      group.replaceChildren(...buttons);
    }
    [...group.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.channel)));
  }

  function paddingWords() {
    const { padding } = state.settings;
    if (op.kind === "transposed" || !Math.max(...padding)) return "";
    const mode = op.kind === "max" ? "never wins" : op.mode;
    return `, padded by ${padding[0] === padding[1] ? padding[0] : padding.join(" and ")}: ${mode}`;
  }

  function tellFocus() {
    const now = focus();
    const say = (headline, detail) => writeReadout(root, headline, detail);
    if (!op.fits) {
      at(".expression").replaceChildren();
      return say("No place to put the window.", whyNoFit());
    }
    if (now.output) {
      tellOutput(...now.output);
    } else if (now.on === "input") {
      const count = op.readers(now.row, now.column).length;
      const value = op.input.map((_, k) => twoDecimals(op.read(k, now.row, now.column))).join(" · ");
      const name = op.inside(now.row, now.column) ? "Input" : "Padding";
      const reader = count ? `read by ${counted(count, "output")}` : "read by no output";
      say(`${name} row ${withMinus(now.row)}, column ${withMinus(now.column)}: ${value}`, reader + pinned());
      const channel = op.input.length > 1 ? state.channel : 0;
      at(".expression").replaceChildren(contributionLine(op, now, channel));
    } else {
      const count = op.met(now.m, now.n).length;
      say(`Kernel row ${now.m}, column ${now.n}`, `meets ${counted(count, "input")}, one for each output it is part of`);
      at(".expression").replaceChildren();
    }
  }

  /** A mode that cannot fill so much padding, or a window that is too large. */
  function whyNoFit() {
    const [rows, columns] = [paddingLimit(op.size.rows, op.mode), paddingLimit(op.size.columns, op.mode)];
    const { padding } = state.settings;
    if (padding[0] <= rows && padding[1] <= columns) return header.no_fit;
    return `${op.mode} padding can fill at most ${Math.min(rows, columns)} here: the input has no more to copy.`;
  }

  const pinned = () => (state.pin && !state.hover ? " · pinned: click or tap it again to let go" : "");

  function tellOutput(row, column) {
    state.told = [row, column];
    const list = op.terms(row, column);
    const value = op.value(row, column);
    writeReadout(root, `Output row ${row}, column ${column} = ${format(value)}`, counted(list.length, "term") + looks.unread);
    at(".expression").replaceChildren(...expressionLines(op, list, row, column, lightTerm));
  }

  /** What no output reads, and how much of it the floor dropped. */
  function unreadWords() {
    if (op.kind === "transposed") return "";
    const read = (count, isRead) => Array.from({ length: count }, (_, i) => i).filter(isRead).length;
    const rows = read(op.size.rows, (r) => op.readsRow(r));
    const columns = read(op.size.columns, (c) => op.readsColumn(c));
    const missed = op.size.rows * op.size.columns - rows * columns;
    const { leftOver } = op;
    const dropped = [
      leftOver.rows && counted(leftOver.rows, "row"),
      leftOver.columns && counted(leftOver.columns, "column"),
    ].filter(Boolean);
    const floor = dropped.length ? ` · the floor drops ${dropped.join(" and ")} of the padded input` : "";
    return floor + (missed ? ` · ${counted(missed, "input pixel")} never read (crossed out)` : "");
  }

  // ---- changing things -----------------------------------------------------------------------

  function setHover(hover) {
    if (!hover && !state.hover) return;
    state.hover = hover;
    look();
  }

  /** Light a term, its tap and its pixel; the expression itself stays, it is what is pointed at. */
  function lightTerm(term) {
    state.hover = term;
    markInput();
    markOutput();
    lightTap();
    root.querySelectorAll(".term").forEach((span) => {
      span.classList.toggle("lit", Boolean(term) && span.dataset.tap === `${term.m},${term.n}`);
    });
  }

  /** Pin what was clicked, or let go of it. */
  function pin(thing) {
    const same = ["on", "row", "column"].every((name) => state.pin?.[name] === thing?.[name]);
    state.pin = same ? null : thing;
    look();
  }

  function goTo(index) {
    Object.assign(state, { hover: null, pin: null, step: clamp(index, 0, op.values.length - 1) });
    showStep();
  }

  function showStep() {
    paintOutput();
    tellStep();
    look();
  }

  function play(on) {
    clearInterval(state.playing);
    state.playing = null;
    if (on && op.fits) {
      if (state.step >= op.values.length - 1) state.step = 0;
      state.playing = setInterval(() => state.tick(), STEP_MS / state.speed);
    }
    showStep();
  }

  // The clock outlives this call: a message that arrives while it runs brings another operation.
  state.tick = () => {
    if (state.step >= op.values.length - 1) play(false);
    else goTo(state.step + 1);
  };

  /** Take new settings, redraw at once, and tell Python when the hand has rested. */
  function change(settings) {
    Object.assign(state.settings, settings);
    compute();
    draw();
    clearTimeout(state.pending);
    countEdit(state);
    state.pending = setTimeout(tellPython, REST_MS);
  }

  function tellPython() {
    clearTimeout(state.pending);
    state.pending = null;
    setTriggerValue("settings", { count: state.edits, value: state.settings });
  }

  function step(name, value) {
    const why = refusal(name, value, op, state.settings, header);
    if (why) return writeReadout(root, "Not further.", why);
    const settings = { [name]: [value, value] };
    if (name === "kernel_size" && state.settings.weights) {
      const { weights, edited } = state.settings;
      settings.weights = edited ? resizedKernel(weights, value) : structuredClone(header.kernels[value]);
    }
    return change(settings);
  }

  function movePatch(top, left) {
    change({ patch: { ...state.settings.patch, top, left } });
    drawPatch();
  }

  function drawPatch() {
    at(".patch").hidden = Boolean(header.matrix);
    if (!header.matrix) drawPatchPicker(at(".patch"), state.picture, state.settings.patch, movePatch);
  }

  // ---- events --------------------------------------------------------------------------------

  function inputUnder(event) {
    const found = pixelAt(event, at(".input canvas"), cells.input, cells.input);
    const cell = found && { row: found.row - cells.offset, column: found.column - cells.offset };
    return cell && isInput(cell.row, cell.column) ? { on: "input", ...cell } : null;
  }

  function outputUnder(event) {
    const cell = pixelAt(event, at(".output canvas"), cells.output, cells.output);
    return cell && cell.row < op.output.rows && cell.column < op.output.columns ? { on: "output", ...cell } : null;
  }

  /** Keys on the output move the window. */
  function onOutputKey(event) {
    const arrow = arrowStep(event);
    const to = { Home: 0, End: op.values.length - 1 }[event.key];
    if (event.key === " ") play(!state.playing);
    else if (to !== undefined) goTo(to);
    else if (arrow) goTo(state.step + arrow[0] * op.output.columns + arrow[1]);
    else return;
    event.preventDefault();
  }

  /** Keys on the input walk over its pixels, the padding's too, and pin them. */
  function onInputKey(event) {
    const arrow = arrowStep(event);
    if (event.key === "Escape") return pin(null);
    if (!arrow) return event.key === " " ? onOutputKey(event) : undefined;
    const middle = { on: "input", row: op.size.rows >> 1, column: op.size.columns >> 1 };
    if (state.pin?.on !== "input") return pin(middle);
    const next = { on: "input", row: state.pin.row + arrow[0], column: state.pin.column + arrow[1] };
    return isInput(next.row, next.column) ? pin(next) : undefined;
  }

  /** Keys on the expression light one term after the other. */
  function onExpressionKey(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") lightTerm(null);
    if (!by) return;
    event.preventDefault();
    const terms = [...root.querySelectorAll(".term")];
    const lit = terms.findIndex((span) => span.classList.contains("lit"));
    const next = terms[lit < 0 ? 0 : clamp(lit + by, 0, terms.length - 1)];
    if (!next) return;
    const [m, n] = next.dataset.tap.split(",").map(Number);
    lightTerm({ on: "term", m, n });
    next.scrollIntoView({ block: "nearest" });
  }

  for (const [selector, under] of [[".input .stage", inputUnder], [".output .stage", outputUnder]]) {
    at(selector).onpointermove = (event) => setHover(under(event));
    at(selector).onpointerdown = (event) => setHover(under(event));
    at(selector).onpointerleave = () => setHover(null);
  }
  at(".input .stage").onclick = (event) => pin(inputUnder(event));
  at(".output .stage").onclick = (event) => {
    const cell = outputUnder(event);
    if (cell) goTo(cell.row * op.output.columns + cell.column);
  };
  at(".output .stage").onkeydown = onOutputKey;
  at(".input .stage").onkeydown = onInputKey;
  at(".expression").onkeydown = onExpressionKey;
  at(".expression").onblur = () => state.hover?.on === "term" && lightTerm(null);
  at(".first").onclick = () => goTo(0);
  at(".back").onclick = () => goTo(state.step - 1);
  at(".forth").onclick = () => goTo(state.step + 1);
  at(".play").onclick = () => play(!state.playing);
  at(".scrub").oninput = (event) => goTo(Number(event.target.value));
  const speed = at(".speed select");
  if (!speed.children.length) {
    speed.replaceChildren(...SPEEDS.map((value) => new Option(`${value}×`, String(value))));
    speed.value = String(state.speed);
  }
  speed.onchange = () => {
    state.speed = Number(speed.value);
    if (state.playing) play(true);
  };

  function all() {
    compute();
    drawPatch();
    draw();
  }

  all();
  state.stop?.();
  state.stop = redrawOnChange(root, all);
  return whenGone(parentElement, () => {
    clearInterval(state.playing);
    state.playing = null;
    if (state.pending) tellPython();
    state.stop();
  });
}
