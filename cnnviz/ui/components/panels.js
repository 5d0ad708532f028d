// Several pictures and maps beside each other; the place under the pointer is marked in all of them.

const scaleOf = (kind) => (kind === "signed" ? "activation" : kind);

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  const grid = root.querySelector(".panels");
  const readout = root.querySelector(".readout");
  const state = stateOf(parentElement, () => ({ at: [0.5, 0.5] }));
  Object.assign(state, unpack(data));
  const { header, arrays } = state;
  grid.style.setProperty("--panel", `max(${header.panel_rem}rem, 100% / ${header.most} - 1rem)`);

  function draw() {
    const dark = isDark(root);
    if (grid.children.length !== header.panels.length) grid.replaceChildren(...header.panels.map(figure));
    // All panels that share a picture's size share its zoom, so that places can be compared by eye.
    const box = grid.children[0].clientWidth;
    // The first one's height is kept free for all, so that nothing moves when the others change.
    const [, height, width] = arrays.panel0.shape;
    const place = Math.min(box, header.box);
    const reserve = height * wholeZoom(height, width, place, place);
    header.panels.forEach((panel, i) => drawPanel(grid.children[i], panel, i, place, reserve, dark));
    show();
  }

  function figure(_, i) {
    const element = document.createElement("figure");
    element.innerHTML =
      '<figcaption><span class="title"></span><span class="muted size"></span></figcaption>' +
      '<div class="stage" role="group"><canvas role="img"></canvas><div class="mark" hidden></div></div>' +
      '<div class="legend"><canvas aria-hidden="true"></canvas><span></span><span></span><span></span></div>' +
      '<div class="words muted"></div>';
    const stage = element.querySelector(".stage");
    stage.tabIndex = 0;
    stage.onpointermove = (event) => point(i, event);
    stage.onpointerdown = (event) => point(i, event);
    stage.onkeydown = (event) => move(i, event);
    return element;
  }

  function drawPanel(element, panel, i, place, reserve, dark) {
    const { values, shape } = arrays[`panel${i}`];
    const [channels, height, width] = shape;
    const canvas = element.querySelector(".stage canvas");
    const signed = panel.kind !== "picture";
    const colours = signed && scaleColours(scaleOf(panel.kind), dark);
    const image = signed
      ? signedImage(values, 0, height, width, panel.limit, colours)
      : unitImage(values, channels, height, width, panel.limit);
    putImage(canvas, image);
    sizeCanvas(canvas, height, width, wholeZoom(height, width, place, place));
    canvas.setAttribute("aria-label", panel.alt);
    element.querySelector(".stage").setAttribute("aria-label", `${panel.title}: read its values with the arrow keys`);
    element.querySelector(".stage").style.minHeight = `${reserve}px`;
    element.querySelector(".title").textContent = panel.title;
    element.querySelector(".size").textContent = `${height}×${width}`;
    element.querySelector(".words").textContent = panel.words;
    const legend = element.querySelector(".legend");
    legend.style.display = signed ? "" : "none";
    if (signed) drawLegend(element, scaleOf(panel.kind), panel.limit, dark);
  }

  function cellOf(i) {
    const [, height, width] = arrays[`panel${i}`].shape;
    const clamp = (value, size) => Math.max(0, Math.min(size - 1, Math.floor(value * size)));
    return { row: clamp(state.at[0], height), column: clamp(state.at[1], width), height, width };
  }

  function valueOf(i, { row, column, height, width }) {
    const { values, shape } = arrays[`panel${i}`];
    return Array.from({ length: shape[0] }, (_, c) => format(values[c * height * width + row * width + column])).join(" · ");
  }

  function show() {
    const lines = header.panels.map((panel, i) => {
      const cell = cellOf(i);
      const element = grid.children[i];
      const canvas = element.querySelector(".stage canvas");
      const [stepY, stepX] = [canvas.clientHeight / cell.height, canvas.clientWidth / cell.width];
      const mark = element.querySelector(".mark");
      mark.hidden = false;
      Object.assign(mark.style, {
        top: `${cell.row * stepY}px`,
        left: `${cell.column * stepX}px`,
        height: `${Math.max(5, stepY)}px`,
        width: `${Math.max(5, stepX)}px`,
      });
      const line = document.createElement("span");
      const strong = document.createElement("strong");
      strong.textContent = `${panel.title} `;
      line.append(strong, `row ${cell.row}, column ${cell.column}: ${valueOf(i, cell)}`);
      line.style.marginRight = "1.5em";
      line.style.display = "inline-block";
      return line;
    });
    readout.replaceChildren(...lines);
  }

  function point(i, event) {
    const [, height, width] = arrays[`panel${i}`].shape;
    const cell = pixelAt(event, grid.children[i].querySelector(".stage canvas"), height, width);
    if (!cell) return;
    state.at = [(cell.row + 0.5) / height, (cell.column + 0.5) / width];
    show();
  }

  function move(i, event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const cell = cellOf(i);
    const next = (value, delta, size) => (Math.max(0, Math.min(size - 1, value + delta)) + 0.5) / size;
    state.at = [next(cell.row, step[0], cell.height), next(cell.column, step[1], cell.width)];
    show();
  }

  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, draw);
  return () => state.stop();
}
