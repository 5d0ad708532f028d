// What a network takes for what: a table of counts, and the pictures that it gets wrong.

import { colourIndex, luma, scaleColours } from "../shared/colours.js";
import { find, make } from "../shared/elements.js";
import { putImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { format } from "../shared/numbers.js";
import { confusion, countWords, wrongOf } from "./model.js";

/**
 * @import { Predictions } from "./model.js"
 */

/** @typedef {HTMLElement & { cnnvizMatrix?: { names: string[], read: Place | null } }} MatrixSection */

const HELP = "A row for each true class. Point at a cell to read it; the framed ones are right.";
const MOST_WRONG = 16;
const THUMB = 64;

/**
 * The counts by true and predicted class. The table stays, and so do the focus and the cell that is read,
 * while the classes are the same.
 *
 * @param {MatrixSection} section
 * @param {Predictions} predictions
 * @param {string[]} names
 * @param {boolean} dark
 */
export function drawMatrix(section, { labels, predicted }, names, dark) {
  const table = find(section, "table");
  const kept = section.cnnvizMatrix?.names.join("\n") === names.join("\n");
  const state = (section.cnnvizMatrix = kept && section.cnnvizMatrix ? section.cnnvizMatrix : { names, read: null });
  if (!kept) table.replaceChildren(matrixHead(names), matrixBody(names));
  const counts = confusion(labels, predicted, names.length);
  const right = counts.reduce((sum, row, i) => sum + row[i], 0);
  find(section, ".name").textContent = `Held-out pictures: ${right} of ${labels.length} right, test accuracy ${format((100 * right) / labels.length, 3)} %`;
  const read = () => (find(section, ".words").textContent = state.read ? countWords(counts, names, state.read) : HELP);
  const most = Math.max(1, ...counts.flat());
  const colours = scaleColours("count", dark);
  [...table.tBodies[0].rows].forEach((line, row) =>
    [...line.cells].slice(1).forEach((cell, column) => {
      paintCount(cell, counts[row][column], most, colours);
      cell.setAttribute("aria-label", countWords(counts, names, [row, column]));
      cell.onpointerenter = cell.onclick = cell.onfocus = () => {
        state.read = [row, column];
        read();
      };
    }),
  );
  read();
}

/**
 * @param {HTMLElement} cell
 * @param {number} count
 * @param {number} most
 * @param {Uint8Array} colours
 */
function paintCount(cell, count, most, colours) {
  const c = colourIndex(count, most);
  const [red, green, blue] = colours.slice(c, c + 3);
  cell.textContent = count ? String(count) : "";
  cell.style.background = `rgb(${red}, ${green}, ${blue})`;
  cell.style.color = luma(red, green, blue) < 128 ? "#fff" : "#111";
}

/** @param {string[]} names */
function matrixHead(names) {
  const [head, line] = [make("thead"), make("tr")];
  line.append(make("th", "", "true ↓ taken for →"), ...names.map(standingName));
  head.append(line);
  return head;
}

/** @param {string} name */
function standingName(name) {
  const cell = make("th");
  cell.append(make("span", "", name));
  cell.title = name;
  return cell;
}

/** @param {string[]} names */
function matrixBody(names) {
  const body = make("tbody");
  body.append(...names.map((name) => matrixRow(name, names)));
  body.onkeydown = moveInMatrix;
  return body;
}

/**
 * @param {string} name
 * @param {string[]} names
 */
function matrixRow(name, names) {
  const [line, head] = [make("tr"), make("th", "", name)];
  head.title = name;
  const cells = names.map((other) => {
    const cell = make("td", other === name ? "same" : "");
    cell.tabIndex = other === name ? 0 : -1;
    return cell;
  });
  line.append(head, ...cells);
  return line;
}

/** @param {KeyboardEvent} event */
function moveInMatrix(event) {
  const cell = /** @type {HTMLElement} */ (event.target).closest("td");
  const step = cell && arrowStep(event);
  if (!step) return;
  const line = /** @type {HTMLTableRowElement} */ (cell.parentElement);
  const next = line.closest("table")?.tBodies[0].rows[line.sectionRowIndex + step[0]]?.cells[cell.cellIndex + step[1]];
  if (next?.tagName === "TD") next.focus();
}

/**
 * The first pictures of those sent that are wrong, each with what it is and what it is taken for.
 *
 * @param {HTMLElement} section
 * @param {Predictions} predictions
 * @param {string[]} names
 * @param {PackedArray<Uint8Array>} thumbs
 */
export function drawWrong(section, predictions, names, thumbs) {
  const wrong = wrongOf(predictions);
  const shown = wrong.filter((picture) => picture < thumbs.shape[0]).slice(0, MOST_WRONG);
  const words = `Wrong: ${wrong.length} of ${predictions.labels.length} held-out pictures`;
  find(section, ".name").textContent = wrong.length > shown.length ? `${words}, ${shown.length} of them here` : words;
  find(section, ".pictures").replaceChildren(...shown.map((picture) => wrongItem(picture, predictions, names, thumbs)));
}

/**
 * @param {number} picture
 * @param {Predictions} predictions
 * @param {string[]} names
 * @param {PackedArray<Uint8Array>} thumbs
 */
function wrongItem(picture, { labels, predicted, certainty }, names, { values, shape: [, , height, width] }) {
  const [item, canvas, size] = [make("li"), make("canvas"), 3 * height * width];
  putImage(canvas, unitImage(values.subarray(picture * size, (picture + 1) * size), 3, height, width, 255));
  sizeCanvas(canvas, height, width, wholeZoom(height, width, THUMB, THUMB));
  const [was, taken] = [names[labels[picture]], names[predicted[picture]]];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A picture of “${was}”`);
  item.append(canvas, make("strong", "", was), ` taken for ${taken}, ${certainty[picture]} % certain`);
  return item;
}
