const GAP = 3;
const WALL_HEIGHT = 560;
const TALLEST_WALL = 720;
const LARGE = 224;

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
  if (knowsAll(state, header.turn) || !known) state.selected = header.selected;
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
    sizeCanvas(canvas, pictureHeight, pictureWidth, wholeZoom(pictureHeight, pictureWidth, LARGE, LARGE));
    at(".picture .size").textContent = `${pictureHeight}×${pictureWidth}`;
    canvas.setAttribute("aria-label", header.picture_text);
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
    at(".large .stage").setAttribute("aria-label", `${label}: read its values with the arrow keys`);
    frame(at(".chosen"), header.order.indexOf(channel));
    drawLegend(root, "activation", limitOf(channel), isDark(root));
    drawNumbers(channel);
    if (state.pointed) say(unitText(channel, state.unit), unitDetail(channel));
    else say(unitText(channel, state.unit), "the middle of the selected map; point anywhere to read a value");
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

  function unitDetail(channel) {
    const values = ["minimum", "mean", "maximum"].map((key) => format(numberOf(key, channel), 3));
    const why = header.exact ? "" : " · ≈: so many values are sent with three digits";
    return `map: least ${values[0]}, mean ${values[1]}, greatest ${values[2]}${why}`;
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

  /** Show the same place, as a share of height and width, on the picture. */
  function markPicture({ row, column }) {
    const canvas = at(".picture canvas");
    const [stepY, stepX] = [canvas.clientHeight / height, canvas.clientWidth / width];
    mark(at(".picture .place"), row * stepY, column * stepX, stepY, stepX);
  }

  function clearMarks() {
    root.querySelectorAll(".place, .over").forEach((element) => (element.hidden = true));
  }

  function choose(channel, unit) {
    state.selected = channel;
    state.pointed = Boolean(unit);
    state.unit = unit ? { row: unit.row, column: unit.column } : middle;
    drawSelected();
    setTriggerValue("channel", { turn: takeTurn(state), value: channel });
  }

  function readUnit(unit) {
    state.unit = unit;
    state.pointed = true;
    mark(at(".large .place"), unit.row * state.zoom, unit.column * state.zoom, state.zoom, state.zoom);
    markPicture(unit);
    say(unitText(state.selected, unit), unitDetail(state.selected));
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
    markPicture(unit);
    say(unitText(unit.channel, unit), unitDetail(unit.channel));
  };
  wall.onpointerleave = clearMarks;
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
  at(".large canvas").onpointerleave = clearMarks;
  at(".large .stage").onkeydown = (event) => {
    const step = steps(event, width);
    if (step === undefined) return;
    const next = state.unit.row * width + state.unit.column + step;
    if (next >= 0 && next < size) readUnit({ row: Math.floor(next / width), column: next % width });
  };

  draw();
  root.dataset.layer = header.layer;
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return () => state.stop();
}
