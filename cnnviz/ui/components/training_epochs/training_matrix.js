// What a network takes for what: a table of counts, and the pictures that it gets wrong.

import { colourIndex, luma, scaleColours } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { putImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";

const MATRIX_HELP = "A row for each true class. Point at a cell to read it; the framed ones are right.";

/** Counts by true class (row) and predicted class. */
export function confusion(labels, predicted, classes) {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  labels.forEach((label, i) => counts[label][predicted[i]]++);
  return counts;
}

function matrixWords(counts, names, row, column) {
  const count = counts[row][column];
  const total = counts[row].reduce((sum, value) => sum + value, 0);
  const of = `${count} of the ${total} pictures of “${names[row]}”`;
  return row === column ? `${of} ${count === 1 ? "is" : "are"} recognised.` : `${of} ${count === 1 ? "is" : "are"} taken for “${names[column]}”.`;
}

export function drawMatrix(section, counts, names, dark) {
  const table = section.querySelector("table");
  const kept = section.cnnvizMatrix?.names.join("\n") === names.join("\n");
  const state = (section.cnnvizMatrix = kept ? section.cnnvizMatrix : { names, read: null });
  if (!kept) table.replaceChildren(matrixHead(names), matrixBody(names));
  const most = Math.max(1, ...counts.flat());
  const colours = scaleColours("count", dark);
  [...table.tBodies[0].rows].forEach((line, row) =>
    [...line.cells].slice(1).forEach((cell, column) => {
      const c = colourIndex(counts[row][column], most);
      const [r, g, b] = colours.slice(c, c + 3);
      cell.textContent = counts[row][column] || "";
      cell.style.background = `rgb(${r}, ${g}, ${b})`;
      cell.style.color = luma(r, g, b) < 128 ? "#fff" : "#111";
      cell.setAttribute("aria-label", matrixWords(counts, names, row, column));
      cell.onpointerenter = cell.onclick = cell.onfocus = () => {
        state.read = [row, column];
        say();
      };
    }),
  );
  const say = () => {
    const words = state.read ? matrixWords(counts, names, ...state.read) : MATRIX_HELP;
    section.querySelector(".words").textContent = words;
  };
  say();
}

function matrixHead(names) {
  const [head, line] = [document.createElement("thead"), document.createElement("tr")];
  line.append(make("th", "", "true ↓ taken for →"), ...names.map(standing));
  head.append(line);
  return head;
}

function standing(name) {
  const cell = make("th");
  cell.append(make("span", "", name));
  cell.title = name;
  return cell;
}

function matrixBody(names) {
  const body = document.createElement("tbody");
  for (const name of names) {
    const [line, head] = [document.createElement("tr"), make("th", "", name)];
    head.title = name;
    line.append(head);
    names.forEach((other) => {
      const cell = make("td", other === name ? "same" : "");
      cell.tabIndex = other === name ? 0 : -1;
      line.append(cell);
    });
    body.append(line);
  }
  body.onkeydown = matrixMove;
  return body;
}

function matrixMove(event) {
  const cell = event.target.closest("td");
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step || !cell) return;
  const line = cell.parentElement.parentElement.rows[cell.parentElement.sectionRowIndex + step[0]];
  const next = line?.cells[cell.cellIndex + step[1]];
  event.preventDefault();
  if (next?.tagName === "TD") next.focus();
}

/** The first pictures of those sent that are wrong, each with what it is and what it is taken for. */
export function drawWrong(section, { labels, predicted, certainty, thumbs, names, most }) {
  const [count, , height, width] = thumbs.shape;
  const wrong = Array.from({ length: count }, (_, i) => i).filter((i) => predicted[i] !== labels[i]);
  const all = [...labels].filter((label, i) => predicted[i] !== label).length;
  const shown = wrong.slice(0, most);
  const words = all > shown.length ? `Wrong: ${all} of ${labels.length} held-out pictures, ${shown.length} of them here` : `Wrong: ${all} of ${labels.length} held-out pictures`;
  section.querySelector(".name").textContent = words;
  section.querySelector(".pictures").replaceChildren(
    ...shown.map((i) => {
      const [item, canvas] = [make("li"), document.createElement("canvas")];
      const size = 3 * height * width;
      putImage(canvas, unitImage(thumbs.values.subarray(i * size, (i + 1) * size), 3, height, width, 255));
      sizeCanvas(canvas, height, width, wholeZoom(height, width, 64, 64));
      const [was, taken] = [names[labels[i]], names[predicted[i]]];
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `A picture of “${was}”`);
      item.append(canvas, make("strong", "", was), ` taken for ${taken}, ${certainty[i]} % certain`);
      return item;
    }),
  );
}
