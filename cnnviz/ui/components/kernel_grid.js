/** Two decimals for the eye; the exact number stands in the tooltip and appears on focus. */
function shortText(value) {
  const rounded = Math.round(value * 100) / 100;
  const text = Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(2).replace(/^(-?)0\./, "$1.");
  return text.replace("-", "−");
}

function exactText(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

function parse(text) {
  const cleaned = text.trim().replace("−", "-").replace(",", ".");
  const value = cleaned === "" ? NaN : Number(cleaned);
  return Number.isFinite(value) && Math.abs(value) <= 1000 ? value : null;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const grid = root.querySelector(".grid");
  const note = root.querySelector(".note");
  const state = stateOf(parentElement, () => ({}));
  if (knowsAll(state, data.turn)) state.weights = data.weights.map((row) => [...row]);
  const [height, width] = [state.weights.length, state.weights[0].length];

  function build() {
    // One square place for every size, so that what stands below it never moves.
    const most = Math.max(3, width, height);
    const side = (12.25 - (most - 1) / 16) / most;
    grid.style.gridTemplateColumns = `repeat(${width}, ${side}rem)`;
    grid.style.gridAutoRows = `${side}rem`;
    grid.classList.toggle("small", side < 1.7);
    grid.setAttribute("aria-label", `Kernel weights, ${height} rows and ${width} columns`);
    if (grid.dataset.shape !== `${height}×${width}`) {
      grid.dataset.shape = `${height}×${width}`;
      grid.replaceChildren(...state.weights.flatMap((row, r) => row.map((_, c) => cell(r, c))));
    }
    paint();
  }

  function cell(row, column) {
    const box = document.createElement("div");
    box.className = "cell";
    const input = document.createElement("input");
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.setAttribute("aria-label", `Weight in row ${row + 1}, column ${column + 1}`);
    box.append(input);
    return box;
  }

  function paint() {
    const limit = Math.max(...state.weights.flat().map(Math.abs));
    const colours = scaleColours("weight", isDark(root));
    grid.querySelectorAll("input").forEach((input, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const value = state.weights[row][column];
      const c = colourIndex(value, limit);
      const [r, g, b] = colours.subarray(c, c + 3);
      input.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
      input.style.color = 0.299 * r + 0.587 * g + 0.114 * b < 135 ? "#fff" : "#111";
      input.title = exactText(value);
      const untouched = input !== parentElement.activeElement && input.ariaInvalid !== "true";
      if (untouched) input.value = shortText(value);
      input.onfocus = () => {
        input.value = exactText(state.weights[row][column]);
        input.select();
      };
      input.onclick = () => input.select();
      input.onblur = () => commit(input, row, column);
      input.onkeydown = (event) => onKey(event, i);
    });
  }

  function commit(input, row, column) {
    const value = parse(input.value);
    const bad = value === null;
    input.setAttribute("aria-invalid", String(bad));
    note.textContent = bad ? "A weight is a number from −1000 to 1000." : "";
    if (bad) return;
    if (exactText(value) !== exactText(state.weights[row][column])) {
      state.weights[row][column] = value;
      setTriggerValue("weights", { turn: takeTurn(state), value: state.weights });
    }
    paint();
    input.value = shortText(state.weights[row][column]);
  }

  function onKey(event, index) {
    const inputs = [...grid.querySelectorAll("input")];
    const to = { Enter: 1, ArrowDown: width, ArrowUp: -width }[event.key];
    if (event.key === "Escape") {
      const [row, column] = [Math.floor(index / width), index % width];
      event.target.value = exactText(state.weights[row][column]);
      event.target.blur();
    } else if (to !== undefined) {
      event.preventDefault();
      (inputs[index + to] ?? event.target).focus();
      if (!inputs[index + to]) event.target.blur();
    }
  }

  build();
  state.stop?.();
  state.stop = redrawOnChange(root, paint);
  return () => state.stop();
}
