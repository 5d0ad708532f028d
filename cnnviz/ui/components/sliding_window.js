const RESERVE = 2;
const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const STEP_MS = 700;
const CHANNEL_NAMES = ["R", "G", "B"];

const twoDecimals = (value) => (Number.isFinite(value) ? value.toFixed(2).replace("-0.00", "0.00") : format(value)).replace("-", "−");

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const at = (selector) => root.querySelector(selector);
  const state = stateOf(parentElement, () => ({ step: null, hover: null, playing: null, speed: 2 }));
  const message = unpack(data);
  if (knowsAll(state, message.header.turn)) state.settings = structuredClone(message.header.settings);
  state.header = message.header;
  state.picture = message.arrays.picture;
  let op, looks, cells;

  // ---- the operation -------------------------------------------------------------------------

  function compute() {
    const { settings, header } = state;
    const input = header.matrix ? [header.matrix] : patchOf(settings.patch);
    const axis = (i) => ({
      kernel_size: settings.kernel_size[i],
      stride: settings.stride[i],
      padding: settings.padding[i],
      dilation: settings.dilation[i],
    });
    const weights = settings.weights && input.map(() => settings.weights);
    const options = { weights, bias: settings.bias, mode: settings.mode, ...header.options };
    op = operation(header.kind, input, axis(0), axis(1), options);
    const count = op.output.rows * op.output.columns;
    const { output } = op;
    const values = [];
    for (let i = 0; i < count; i++) values.push(op.value(...place(i)));
    op.values = values;
    op.limit = values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
    state.step = state.step === null ? (output.rows >> 1) * output.columns + (output.columns >> 1) : Math.max(0, Math.min(state.step, count - 1));
    const padding = Math.max(RESERVE, settings.padding[0], settings.padding[1]);
    const longest = Math.max(op.size.rows, op.size.columns) + 2 * padding;
    cells = { offset: padding, count: Math.max(longest, op.output.rows, op.output.columns) };
    op.read = { rows: readAlong(op.rows, op.output.rows), columns: readAlong(op.columns, op.output.columns) };
    looks = { range: rangeOf(input) };
  }

  function readAlong(axis, outputs) {
    const read = new Set();
    if (op.kind === "transposed") return null;
    for (let i = 0; i < outputs; i++) {
      for (let m = 0; m < axis.kernel_size; m++) read.add(i * axis.stride + m * axis.dilation - axis.padding);
    }
    return read;
  }

  const place = (index) => [Math.floor(index / op.output.columns), index % op.output.columns];

  function patchOf({ top, left, size }) {
    const { values, shape } = state.picture;
    const [height, width] = [Math.min(size, shape[0]), Math.min(size, shape[1])];
    const [first, start] = [clamp(top, shape[0] - height), clamp(left, shape[1] - width)];
    const pixel = (r, c, k) => values[3 * ((first + r) * shape[1] + start + c) + k] / 255;
    const plane = (k) =>
      Array.from({ length: height }, (_, r) => Array.from({ length: width }, (_, c) => pixel(r, c, k)));
    return state.header.rgb ? [0, 1, 2].map(plane) : [plane(0)];
  }

  const clamp = (value, most) => Math.max(0, Math.min(most, value));

  function rangeOf(input) {
    const all = input.flat(2);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return state.header.matrix ? [low, high > low ? high : low + 1] : [0, 1];
  }

  // ---- drawing -------------------------------------------------------------------------------

  function draw() {
    const started = performance.now();
    const style = getComputedStyle(root);
    const dark = isDark(root);
    looks.style = { line: dark ? "rgba(255,255,255,.16)" : "rgba(0,0,0,.14)", font: style.fontFamily };
    looks.accent = style.getPropertyValue("--st-primary-color");
    looks.colours = scaleColours("activation", dark);
    looks.empty = dark ? [18, 21, 24] : [255, 255, 255];
    drawInput();
    drawOutput();
    drawKernel();
    tell();
    root.dataset.drawMs = (performance.now() - started).toFixed(2);
  }

  /** What is in focus: the hovered thing, else the current output. */
  function focus() {
    const { hover } = state;
    if (hover?.on === "output") return { output: [hover.row, hover.column] };
    if (hover?.on === "term") return { output: place(state.step), tap: hover };
    if (hover?.on === "input" || hover?.on === "tap") return { ...hover };
    return { output: place(state.step) };
  }

  function drawInput() {
    const grid = gridCanvas(at(".input canvas"), boxOf(".input"), cells.count);
    const { padding: [top, left] } = state.settings;
    const padded = op.kind === "transposed" ? [0, 0] : [top, left];
    for (let r = -padded[0]; r < op.size.rows + padded[0]; r++) {
      for (let c = -padded[1]; c < op.size.columns + padded[1]; c++) {
        drawCell(grid, r + cells.offset, c + cells.offset, inputLook(r, c), looks.style);
      }
    }
    const now = focus();
    if (now.output) {
      markWindow(grid, now.output, now.tap);
    } else if (now.on === "input") {
      outlineCells(grid, now.row + cells.offset, now.column + cells.offset, 1, 1, looks.accent);
    } else if (now.on === "tap") {
      for (const [r, c] of metBy(now)) outlineCells(grid, r + cells.offset, c + cells.offset, 1, 1, looks.accent, 1.5);
    }
  }

  function inputLook(r, c) {
    const inside = op.inside(r, c);
    const values = op.input.map((plane, k) => inputValue(k, r, c));
    const [low, high] = looks.range;
    const shade = (value) => Math.round(255 * clamp((value - low) / (high - low), 1));
    const fill = values.length === 3 ? values.map(shade) : Array(3).fill(shade(values[0]));
    const shown = op.kind === "max" && !inside ? -Infinity : values[state.channel ?? 0];
    const unread = op.read.rows && !(op.read.rows.has(r) && op.read.columns.has(c));
    return { fill, text: twoDecimals(shown), hatched: !inside, crossed: unread };
  }

  function inputValue(channel, r, c) {
    const [a, b] = [sourceOf(r, op.size.rows, op.mode), sourceOf(c, op.size.columns, op.mode)];
    return a < 0 || b < 0 ? 0 : op.input[channel][a][b];
  }

  /** The inputs that one kernel tap meets, over all outputs. */
  function metBy({ m, n }) {
    return op.values.flatMap((_, i) => {
      const term = op.terms(...place(i)).find((t) => t.m === m && t.n === n && t.channel === 0);
      return term ? [[term.row, term.column]] : [];
    });
  }

  function markWindow(grid, [row, column], tap) {
    const list = op.terms(row, column).filter((term) => term.channel === 0);
    if (!list.length) return;
    const rowsOf = list.map((term) => term.row);
    const columnsOf = list.map((term) => term.column);
    const [top, left] = [Math.min(...rowsOf), Math.min(...columnsOf)];
    const [bottom, right] = [Math.max(...rowsOf), Math.max(...columnsOf)];
    const dense = list.length === (bottom - top + 1) * (right - left + 1);
    if (!dense) {
      for (const t of list) outlineCells(grid, t.row + cells.offset, t.column + cells.offset, 1, 1, looks.accent, 1.5);
    }
    outlineCells(grid, top + cells.offset, left + cells.offset, bottom - top + 1, right - left + 1, looks.accent, dense ? 2.5 : 1);
    const best = op.kind === "max" ? op.winner(list) : null;
    const marked = tap ? list.find((term) => term.m === tap.m && term.n === tap.n) : best;
    if (marked) {
      outlineCells(grid, marked.row + cells.offset, marked.column + cells.offset, 1, 1, tap ? looks.accent : "#d9480f", 3.5);
    }
  }

  function drawOutput() {
    const grid = gridCanvas(at(".output canvas"), boxOf(".output"), cells.count);
    const now = focus();
    op.values.forEach((value, i) => {
      const [row, column] = place(i);
      const shown = i <= state.step || (now.output && now.output[0] === row && now.output[1] === column);
      const c = colourIndex(value, op.limit);
      const fill = shown ? looks.colours.subarray(c, c + 3) : looks.empty;
      drawCell(grid, row, column, { fill, text: shown ? twoDecimals(value) : undefined }, looks.style);
    });
    if (now.output && op.fits) outlineCells(grid, ...now.output, 1, 1, looks.accent);
    if (now.on === "input") {
      for (const [row, column] of readersOf(now)) outlineCells(grid, row, column, 1, 1, looks.accent, 1.5);
    }
  }

  /** The outputs that read one input. */
  function readersOf({ row, column }) {
    return op.values.flatMap((_, i) => {
      const reads = op.terms(...place(i)).some((term) => term.row === row && term.column === column);
      return reads ? [place(i)] : [];
    });
  }

  function boxOf(selector) {
    return Math.min(416, at(selector).clientWidth);
  }

  function drawKernel() {
    const grid = at(".kernel .grid");
    const { weights } = state.settings;
    const [height, width] = state.settings.kernel_size;
    at(".kernel .name").textContent = state.header.kernel_label;
    at(".kernel .size").textContent = `${height}×${width}`;
    const side = (9 - (Math.max(3, height, width) - 1) / 8) / Math.max(3, height, width);
    grid.style.gridTemplateColumns = `repeat(${width}, ${side}rem)`;
    grid.style.gridAutoRows = `${side}rem`;
    if (grid.dataset.shape !== `${height}×${width}`) {
      grid.dataset.shape = `${height}×${width}`;
      grid.replaceChildren(...Array.from({ length: height * width }, (_, i) => kernelCell(Math.floor(i / width), i % width)));
    }
    const limit = weights ? Math.max(...weights.flat().map(Math.abs)) : 1;
    const colours = scaleColours("weight", isDark(root));
    const tap = state.hover?.m === undefined ? null : state.hover;
    [...grid.children].forEach((input, i) => {
      const [m, n] = [Math.floor(i / width), i % width];
      const weight = weights ? weights[m][n] : null;
      const c = colourIndex(weight ?? 0, limit);
      const [r, g, b] = colours.subarray(c, c + 3);
      input.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
      input.style.color = 0.299 * r + 0.587 * g + 0.114 * b < 135 ? "#fff" : "#111";
      input.readOnly = !weights;
      input.classList.toggle("lit", Boolean(tap && tap.m === m && tap.n === n));
      if (input !== parentElement.activeElement && input.getAttribute("aria-invalid") !== "true") {
        input.value = weight === null ? "" : shortNumber(weight);
      }
    });
  }

  function shortNumber(value) {
    return (Number.isInteger(value) ? String(value) : String(Number(value.toFixed(2)))).replace("-", "−");
  }

  function kernelCell(m, n) {
    const input = document.createElement("input");
    input.inputMode = "decimal";
    input.setAttribute("aria-label", `Kernel row ${m + 1}, column ${n + 1}`);
    input.onpointerenter = () => setHover({ on: "tap", m, n });
    input.onpointerleave = () => setHover(null);
    input.onfocus = () => input.select();
    input.onclick = () => input.select();
    input.onblur = () => commit(input, m, n);
    input.onkeydown = (event) => {
      if (event.key === "Enter") input.blur();
      event.stopPropagation();
    };
    return input;
  }

  function commit(input, m, n) {
    if (!state.settings.weights) return;
    const text = input.value.trim().replace("−", "-").replace(",", ".");
    const value = text === "" ? NaN : Number(text);
    const good = Number.isFinite(value) && Math.abs(value) <= 1000;
    input.setAttribute("aria-invalid", String(!good));
    at(".note").textContent = good ? "" : "A weight is a number from −1000 to 1000.";
    if (!good || shortNumber(value) === shortNumber(state.settings.weights[m][n])) return;
    state.settings.weights[m][n] = value;
    change({}, true);
  }

  // ---- words ---------------------------------------------------------------------------------

  function tell() {
    const [rows, columns] = [op.output.rows, op.output.columns];
    at(".input .size").textContent = `${op.size.rows}×${op.size.columns}${paddingWords()}`;
    at(".output .size").textContent = op.fits ? `${rows}×${columns}` : "";
    at(".input canvas").setAttribute("aria-label", `Input, ${op.size.rows} by ${op.size.columns} numbers`);
    at(".output canvas").setAttribute("aria-label", `Output, ${rows} by ${columns} numbers`);
    at(".input .stage").setAttribute("aria-label", "Input grid: arrow keys move the window");
    at(".output .stage").setAttribute("aria-label", "Output grid: arrow keys move the window");
    const scrub = at(".scrub");
    scrub.max = String(Math.max(0, op.values.length - 1));
    scrub.value = String(state.step);
    at(".where").textContent = op.fits ? `output ${state.step + 1} of ${op.values.length}` : "";
    at(".play").textContent = state.playing ? "Pause" : "Play";
    at(".play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
    tellFocus();
    drawSteppers();
  }

  function paddingWords() {
    const { padding } = state.settings;
    if (op.kind === "transposed" || !Math.max(...padding)) return "";
    const mode = op.kind === "max" ? "never wins" : { zeros: "zeros" }[op.mode] ?? op.mode;
    return `, padded by ${padding[0] === padding[1] ? padding[0] : padding.join(" and ")}: ${mode}`;
  }

  function tellFocus() {
    const now = focus();
    if (!op.fits) return say("No place to put the window.", state.header.no_fit);
    if (now.output) return tellOutput(...now.output);
    if (now.on === "input") {
      const count = readersOf(now).length;
      const inside = op.inside(now.row, now.column);
      const value = op.input.map((_, k) => twoDecimals(inputValue(k, now.row, now.column))).join(" · ");
      const reader = count ? `read by ${count} output${count > 1 ? "s" : ""}` : "read by no output";
      return say(`${inside ? "Input" : "Padding"} row ${now.row}, column ${now.column}: ${value}`, reader);
    }
    return say(`Kernel row ${now.m + 1}, column ${now.n + 1}`, `meets ${metBy(now).length} inputs, one for each output`);
  }

  function tellOutput(row, column) {
    const list = op.terms(row, column);
    const value = op.value(row, column);
    const over = op.leftOver.rows || op.leftOver.columns;
    const left = over ? ` · ${op.leftOver.rows} rows and ${op.leftOver.columns} columns left over (crossed)` : "";
    say(`Output row ${row}, column ${column} = ${format(value)}`, `${list.length} term${list.length === 1 ? "" : "s"}${left}`);
    at(".expression").replaceChildren(...lines(list, row, column, value));
  }

  function lines(list, row, column, value) {
    const perChannel = op.input.map((_, k) => list.filter((term) => term.channel === k));
    const result = perChannel.map((terms, k) => line(terms, perChannel.length > 1 ? CHANNEL_NAMES[k] : "", row, column));
    if (perChannel.length > 1 || op.bias) result.push(totalLine(perChannel, value));
    return result;
  }

  const termSum = (terms) => terms.reduce((sum, term) => sum + term.x * term.w, 0);

  function line(terms, name, row, column) {
    const box = document.createElement("div");
    box.className = "line";
    if (name) box.append(`${name}: `);
    if (op.kind === "max") box.append("max(");
    if (op.kind === "average") box.append("(");
    terms.forEach((term, i) => {
      if (i) box.append(op.kind === "max" ? ", " : " + ");
      box.append(termSpan(term));
    });
    if (!terms.length) box.append("no stamp reaches this place: 0");
    else if (op.kind === "max") box.append(`) = ${format(op.winner(terms)?.x ?? -Infinity)}`);
    else if (op.kind === "average") box.append(`) / ${op.divisor(row, column)} = ${format(op.value(row, column))}`);
    else box.append(` = ${format(termSum(terms))}`);
    return box;
  }

  function termSpan(term) {
    const span = document.createElement("span");
    const weighted = op.kind === "conv" || op.kind === "transposed";
    const weight = term.w < 0 ? `(${shortNumber(term.w)})` : shortNumber(term.w);
    const shown = op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x);
    span.className = `term${term.x * term.w === 0 ? " zero" : ""}${term.padded ? " padded" : ""}`;
    span.textContent = weighted ? `${shown}·${weight}` : shown;
    span.dataset.tap = `${term.m},${term.n}`;
    const winner = op.kind === "max" && !term.padded && term === op.winner(op.terms(...focus().output ?? [0, 0]));
    if (winner || (state.hover?.on === "term" && state.hover.m === term.m && state.hover.n === term.n)) span.classList.add("lit");
    span.onpointerenter = () => {
      if (state.hover?.m !== term.m || state.hover?.n !== term.n) setHover({ on: "term", m: term.m, n: term.n }, false);
    };
    span.onpointerleave = () => setHover(null, false);
    return span;
  }

  function totalLine(perChannel, value) {
    const box = document.createElement("div");
    box.className = "line";
    const sums = perChannel.map((terms) => twoDecimals(termSum(terms)));
    const bias = op.bias ? ` + ${twoDecimals(op.bias)} (bias)` : "";
    box.textContent = `${sums.join(" + ")}${bias} = ${format(value)}`;
    return box;
  }

  function say(headline, detail) {
    writeReadout(root, headline, detail);
  }

  // ---- changing things -----------------------------------------------------------------------

  function setHover(hover, rewrite = true) {
    state.hover = hover;
    if (rewrite) return draw();
    drawInput();
    drawOutput();
    drawKernel();
    root.querySelectorAll(".term").forEach((span) => {
      span.classList.toggle("lit", Boolean(hover) && span.dataset.tap === `${hover.m},${hover.n}`);
    });
  }

  function goTo(step) {
    state.hover = null;
    state.step = clamp(step, op.values.length - 1);
    draw();
  }

  function play(on) {
    clearInterval(state.playing);
    state.playing = null;
    if (on && op.fits) {
      if (state.step >= op.values.length - 1) state.step = -1;
      state.playing = setInterval(() => {
        if (state.step >= op.values.length - 1) play(false);
        else goTo(state.step + 1);
      }, STEP_MS / state.speed);
    }
    draw();
  }

  /** Take new settings, redraw at once, and tell Python when the hand has rested. */
  function change(settings, edited = false) {
    Object.assign(state.settings, settings);
    if (edited) state.settings.edited = true;
    compute();
    draw();
    clearTimeout(state.pending);
    const turn = takeTurn(state);
    state.pending = setTimeout(() => setTriggerValue("settings", { turn, value: state.settings }), 250);
  }

  const STEPPERS = [
    ["kernel_size", "Kernel", "k"],
    ["stride", "Stride", "s"],
    ["padding", "Padding", "p"],
    ["dilation", "Dilation", "d"],
  ];

  /** Which values of one setting leave the window a place, with the others as they are. */
  function allowed(name, value) {
    const trial = { ...state.settings, [name]: [value, value] };
    const [low, high] = state.header.limits[name];
    if (value < low || value > high) return state.header.reasons[name];
    if (name === "kernel_size" && state.settings.weights && !kernelAt(value)) return state.header.reasons[name];
    const mode = paddingLimit(Math.min(op.size.rows, op.size.columns), op.mode);
    if (name === "padding" && value > mode) return `${op.mode} padding can fill at most ${mode} here`;
    if (op.kind === "max" || op.kind === "average") {
      if (trial.padding[0] > trial.kernel_size[0] / 2) return "pooling pads by at most half its window";
    }
    const fits = [0, 1].every((i) => {
      const axis = { kernel_size: trial.kernel_size[i], stride: 1, padding: trial.padding[i], dilation: trial.dilation[i] };
      return outputSize(op.kind, axis, i ? op.size.columns : op.size.rows, false) > 0;
    });
    return fits ? "" : "the window would be larger than the padded patch";
  }

  const kernelAt = (size) => state.header.kernels[size];

  function drawSteppers() {
    const wanted = STEPPERS.filter(([name]) => state.header.limits[name]);
    const group = at(".steppers");
    if (group.children.length !== wanted.length) {
      group.replaceChildren(...wanted.map(([name, label, letter]) => stepper(name, label, letter)));
    }
    wanted.forEach(([name], i) => {
      const [less, more] = group.children[i].querySelectorAll("button");
      const values = state.settings[name];
      group.children[i].querySelector("b").textContent = values[0] === values[1] ? values[0] : values.join("×");
      for (const [button, value] of [[less, values[0] - 1], [more, values[0] + 1]]) {
        const why = allowed(name, value);
        button.setAttribute("aria-disabled", String(Boolean(why)));
        button.title = why || `to ${value}`;
        button.style.opacity = why ? 0.45 : 1;
      }
    });
  }

  function stepper(name, label, letter) {
    const box = document.createElement("span");
    box.className = "stepper";
    const number = document.createElement("b");
    const button = (text, delta) => {
      const element = document.createElement("button");
      element.type = "button";
      element.textContent = text;
      element.setAttribute("aria-label", `${label} ${delta < 0 ? "smaller" : "larger"}`);
      element.onclick = () => step(name, delta);
      return element;
    };
    const text = document.createElement("span");
    text.textContent = `${label} `;
    const symbol = document.createElement("i");
    symbol.textContent = letter;
    text.append(symbol);
    box.append(text, button("−", -1), number, button("+", 1));
    return box;
  }

  function step(name, delta) {
    const value = state.settings[name][0] + delta;
    const why = allowed(name, value);
    if (why) return say("Not further.", why);
    const settings = { [name]: [value, value] };
    if (name === "kernel_size" && state.settings.weights) settings.weights = structuredClone(kernelAt(value));
    return change(settings);
  }

  // ---- events --------------------------------------------------------------------------------

  function cellUnder(event, selector, offset) {
    const canvas = at(`${selector} canvas`);
    const found = pixelAt(event, canvas, cells.count, cells.count);
    return found && { row: found.row - offset, column: found.column - offset };
  }

  function onInput(event) {
    const cell = cellUnder(event, ".input", cells.offset);
    const [top, left] = op.kind === "transposed" ? [0, 0] : state.settings.padding;
    const known = cell && cell.row >= -top && cell.row < op.size.rows + top && cell.column >= -left && cell.column < op.size.columns + left;
    setHover(known ? { on: "input", ...cell } : null);
  }

  function onOutput(event) {
    const cell = cellUnder(event, ".output", 0);
    const known = cell && cell.row < op.output.rows && cell.column < op.output.columns;
    setHover(known ? { on: "output", ...cell } : null);
    return known ? cell : null;
  }

  function onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -op.output.columns, ArrowDown: op.output.columns };
    const to = { Home: 0, End: op.values.length - 1 }[event.key];
    if (event.key === " ") play(!state.playing);
    else if (to !== undefined) goTo(to);
    else if (steps[event.key] !== undefined) goTo(state.step + steps[event.key]);
    else return;
    event.preventDefault();
  }

  at(".input .stage").onpointermove = onInput;
  at(".input .stage").onpointerdown = onInput;
  at(".output .stage").onpointermove = onOutput;
  for (const selector of [".input .stage", ".output .stage"]) {
    at(selector).onpointerleave = () => setHover(null);
    at(selector).onkeydown = onKey;
  }
  at(".output .stage").onclick = (event) => {
    const cell = onOutput(event);
    if (cell) goTo(cell.row * op.output.columns + cell.column);
  };
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

  // ---- the patch -----------------------------------------------------------------------------

  function drawThumb() {
    const shown = !state.header.matrix;
    at(".patch").hidden = !shown;
    if (!shown) return;
    const [height, width] = state.picture.shape;
    const canvas = at(".thumb canvas");
    putImage(canvas, rgbImage(state.picture.values, height, width));
    state.thumbZoom = wholeZoom(height, width, 128, 128);
    sizeCanvas(canvas, height, width, state.thumbZoom);
    canvas.setAttribute("aria-label", "The picture, with the patch framed");
    at(".thumb").setAttribute("aria-label", "Patch: move it with the arrow keys");
    moveFrame();
  }

  function moveFrame() {
    const { top, left, size } = state.settings.patch;
    const zoom = state.thumbZoom;
    const [height, width] = state.picture.shape;
    Object.assign(at(".frame").style, {
      top: `${clamp(top, Math.max(0, height - size)) * zoom}px`,
      left: `${clamp(left, Math.max(0, width - size)) * zoom}px`,
      width: `${Math.min(size, width) * zoom}px`,
      height: `${Math.min(size, height) * zoom}px`,
    });
  }

  function movePatch(top, left) {
    const { size } = state.settings.patch;
    const [height, width] = state.picture.shape;
    const patch = { size, top: clamp(top, Math.max(0, height - size)), left: clamp(left, Math.max(0, width - size)) };
    change({ patch });
    moveFrame();
  }

  function patchTo(event) {
    const box = at(".thumb canvas").getBoundingClientRect();
    const { size } = state.settings.patch;
    const row = (event.clientY - box.top) / state.thumbZoom - size / 2;
    const column = (event.clientX - box.left) / state.thumbZoom - size / 2;
    movePatch(Math.round(row), Math.round(column));
  }

  const thumb = at(".thumb");
  thumb.onpointerdown = (event) => {
    thumb.setPointerCapture(event.pointerId);
    patchTo(event);
  };
  thumb.onpointermove = (event) => {
    if (thumb.hasPointerCapture(event.pointerId)) patchTo(event);
  };
  thumb.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    movePatch(state.settings.patch.top + step[0], state.settings.patch.left + step[1]);
  };

  function all() {
    compute();
    drawThumb();
    draw();
  }

  all();
  state.stop?.();
  state.stop = redrawOnChange(root, all);
  return () => {
    clearInterval(state.playing);
    state.playing = null;
    state.stop();
  };
}
