// The exact field of the unit under the pointer, on the picture; and who sees the pixel under it.

// Black, white and the accent: seen on any picture.
const EDGES = (accent) => [["#000", 4], ["#fff", 3], [accent, 2]];

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
  if (knowsAll(state, header.turn) || state.layer !== header.layer) state.pinned = header.pinned;
  if (state.layer !== header.layer) Object.assign(state, { unit: null, pixel: null });
  state.layer = header.layer;
  state.pinned = held(state.pinned);
  if (state.unit) state.unit = held(state.unit);
  const photo = document.createElement("canvas");
  putImage(photo, rgbImage(arrays.picture.values, height, width));
  const fields = header.axes.map((axis, i) => Array.from({ length: header.units[i] }, (_, unit) => edgesOf(axis, unit)));
  const within = fields.map((edges, i) => edges.map((edge) => edge && inside(edge, header.size[i])));
  const margins = fields.map((edges, i) => marginOf(edges, header.size[i]));
  const margin = Math.max(...margins);

  /** First and last pixel that a unit sees along one axis, as `Axis.at` in analysis/receptive_field.py. */
  function edgesOf({ advance, edges }, unit) {
    const period = Math.floor(unit / edges.length);
    const edge = edges[unit % edges.length];
    return edge && [edge[0] + period * advance, edge[1] + period * advance];
  }

  /** The share of a stretch of pixels that lies in the picture. */
  function inside([first, last], size) {
    return Math.max(0, Math.min(last, size - 1) - Math.max(first, 0) + 1) / (last - first + 1);
  }

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
    return [Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))];
  }

  const current = () => state.unit ?? state.pinned;
  const boxOf = ([row, column]) => [fields[0][row], fields[1][column]];

  /** Units along one axis whose field holds a pixel. */
  const seeing = (axis, pixel) =>
    fields[axis].flatMap((edge, unit) => (edge && edge[0] <= pixel && pixel <= edge[1] ? [unit] : []));

  function colours() {
    const style = getComputedStyle(root);
    const value = (name) => style.getPropertyValue(name).trim();
    return { accent: value("--st-primary-color"), text: value("--st-text-color"), ground: style.backgroundColor };
  }

  /** A canvas sharp on this screen: size in CSS pixels; what is drawn counts in them. */
  function prepared(canvas, wide, high) {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, high);
    return context;
  }

  function hatched(context, colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    for (const shift of [-8, 0, 8]) {
      pen.beginPath();
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
      pen.stroke();
    }
    return context.createPattern(tile, "repeat");
  }

  function drawPicture() {
    const place = Math.min(root.querySelector(".seen").clientWidth, 460);
    state.scale = place / (Math.max(height, width) + 2 * margin);
    const [wide, high] = [width, height].map((n) => (n + 2 * margin) * state.scale);
    const context = prepared(pictureCanvas, wide, high);
    const { accent, text, ground } = colours();
    const [left, top] = [margin * state.scale, margin * state.scale];
    const [w, h] = [width * state.scale, height * state.scale];
    context.imageSmoothingEnabled = state.scale < 1;
    context.drawImage(photo, left, top, w, h);
    const box = boxOf(current());
    if (box[0] && box[1]) drawBox(context, box, { accent, text, ground, left, top, w, h, wide, high });
    context.strokeStyle = text;
    context.globalAlpha = 0.6;
    context.strokeRect(left, top, w, h);
    context.globalAlpha = 1;
    if (state.pixel) markPixel(context, accent);
  }

  function drawBox(context, [[top, bottom], [first, last]], { accent, text, ground, left, top: up, w, h, wide, high }) {
    const at = (n) => (n + margin) * state.scale;
    const [x, y] = [at(first), at(top)];
    const [boxWide, boxHigh] = [(last - first + 1) * state.scale, (bottom - top + 1) * state.scale];
    context.save();
    context.beginPath();
    context.rect(left, up, w, h);
    context.rect(x, y, boxWide, boxHigh);
    context.clip("evenodd");
    context.beginPath();
    context.rect(left, up, w, h);
    context.clip();
    context.fillStyle = ground;
    context.globalAlpha = 0.55; // what the unit does not see steps back
    context.fillRect(left, up, w, h);
    context.restore();
    context.save();
    context.beginPath();
    context.rect(0, 0, wide, high);
    context.rect(left, up, w, h);
    context.clip("evenodd");
    context.fillStyle = hatched(context, text);
    context.globalAlpha = 0.45;
    context.fillRect(x, y, boxWide, boxHigh);
    context.restore();
    for (const [colour, line] of EDGES(accent)) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(x, y, boxWide, boxHigh);
    }
    context.lineWidth = 1;
  }

  function markPixel(context, accent) {
    const [row, column] = state.pixel;
    const size = Math.max(5, state.scale);
    const at = (n) => (n + margin + 0.5) * state.scale - size / 2;
    context.strokeStyle = "#000";
    context.strokeRect(at(column) - 1, at(row) - 1, size + 2, size + 2);
    context.fillStyle = accent;
    context.fillRect(at(column), at(row), size, size);
  }

  /** The share of a unit's field that lies in the padding. */
  function padded([row, column]) {
    return boxOf([row, column]).every(Boolean) ? 1 - within[0][row] * within[1][column] : 0;
  }

  /** A pixel for each unit: the heavier, the more padding it sees, or lit if it sees the pixel under the pointer. */
  function cells(accent, text) {
    const [lit, plain] = [accent, text].map(rgbOf);
    const [seesRow, seesColumn] = state.pixel ? [0, 1].map((axis) => new Set(seeing(axis, state.pixel[axis]))) : [];
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
    const { accent, text } = colours();
    context.imageSmoothingEnabled = false;
    context.drawImage(cells(accent, text), 0, 0, columns * cell, rows * cell);
    if (cell >= 6) {
      for (let row = 1; row <= rows; row++) context.clearRect(0, row * cell - 1, columns * cell, 1);
      for (let column = 1; column <= columns; column++) context.clearRect(column * cell - 1, 0, 1, rows * cell);
    }
    if (state.pixel) return;
    outline(context, state.pinned, [[text, 2]]);
    outline(context, current(), EDGES(accent));
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

  const count = (value) => value.toLocaleString("en-US").replace("-", "−");
  const span = ([first, last]) => (first === last ? count(first) : `${count(first)} to ${count(last)}`);

  function unitWords(unit) {
    const box = boxOf(unit);
    const name = `${unit[0] === state.pinned[0] && unit[1] === state.pinned[1] ? "Pinned unit" : "Unit"} row ${unit[0]}, column ${unit[1]}`;
    if (!box[0] || !box[1]) return [`${name} sees nothing of the picture.`, ""];
    const size = box.map(([first, last]) => last - first + 1);
    const [inRows, inColumns] = box.map(([first, last], i) => [Math.max(0, first), Math.min(header.size[i] - 1, last)]);
    const share = padded(unit);
    const headline = `${name} sees ${count(size[0])}×${count(size[1])} pixels: rows ${span(box[0])}, columns ${span(box[1])}`;
    if (share === 1) return [headline, `All of it lies in the padding.${header.global}`];
    const inside = `In the picture: rows ${span(inRows)}, columns ${span(inColumns)}.`;
    const cut = box.some(([first, last], i) => -first > margin + 0.5 || last - header.size[i] + 1 > margin + 0.5);
    const outside = share
      ? ` ${format(100 * share)} % of the field lies in the padding, hatched${cut ? "; it reaches beyond what is drawn" : ""}.`
      : " None of it lies in the padding.";
    return [headline, inside + outside + header.global];
  }

  function pixelWords([row, column]) {
    const [inRows, inColumns] = [seeing(0, row), seeing(1, column)];
    const many = inRows.length * inColumns.length;
    const headline = `Pixel row ${row}, column ${column} lies in the field of ${count(many)} of ${count(rows * columns)} units`;
    return [headline, many ? `Units in rows ${inWords(inRows)}, columns ${inWords(inColumns)}.${header.global}` : "No unit sees it this way."];
  }

  function show() {
    drawPicture();
    drawGrid();
    writeReadout(root, ...(state.pixel ? pixelWords(state.pixel) : unitWords(current())));
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
    setTriggerValue("unit", { turn: takeTurn(state), value: unit });
  }

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  gridStage.onpointermove = (event) => unitAt(event) && look(unitAt(event), null);
  gridStage.onpointerleave = () => look(null, null);
  gridStage.onclick = (event) => unitAt(event) && pin(unitAt(event));
  gridStage.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return pin(current());
    }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    look(held(current().map((n, i) => n + step[i])), null);
  };
  const overPicture = (event) => look(null, pictureAt(event));
  pictureStage.onpointermove = overPicture;
  pictureStage.onpointerdown = overPicture;
  pictureStage.onpointerleave = (event) => event.pointerType === "mouse" && look(null, null);
  pictureStage.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const from = state.pixel ?? [height >> 1, width >> 1];
    look(null, from.map((n, i) => Math.max(0, Math.min(header.size[i] - 1, n + step[i]))));
  };

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return () => state.stop();
}
