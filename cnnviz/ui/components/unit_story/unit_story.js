// One unit's story, from its field on the picture to its value. The wall of maps says which unit.

import { isDark } from "../shared/colours.js";
import { find, make } from "../shared/elements.js";
import { withParts } from "../shared/formula_parts.js";
import { putImage, rgbImage } from "../shared/images.js";
import { nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { hatched, pageColours, prepared, STORY_SHOWN, UNIT_PINNED } from "../shared/unit_fields.js";
import { poolBody, tapsBody } from "./steps.js";

/** @import { Formula, Header, JoinStep, State, Step, Unit } from "./model.js" */
/** @import { Page } from "./steps.js" */

const FIELD_BOX = 176;

/** @param {ComponentArguments<Packed<Header>>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".root");
  const message = unpack(data);
  const state = stateOf(parentElement, () => /** @type {State} */ ({ edits: 0, ...message }));
  Object.assign(state, message);
  const { header } = state;
  /** @param {Unit} unit */
  const open = (unit) => setTriggerValue("open", nextEdit(state, unit));
  const draw = () => drawStory(root, { state, dark: isDark(root), width: root.clientWidth, open });

  draw();
  root.dataset.unit = header.steps ? header.title : "";
  state.stop?.();
  const ignore = redrawOnChange(root, draw);
  /** @param {WindowEventMap[typeof UNIT_PINNED]} event */
  const hear = ({ detail }) => setTriggerValue("unit", detail);
  window.addEventListener(UNIT_PINNED, hear);
  state.stop = () => {
    ignore();
    window.removeEventListener(UNIT_PINNED, hear);
  };
  const { layer, pinned: value, edit_version } = header;
  window.dispatchEvent(new CustomEvent(STORY_SHOWN, { detail: { layer, value, edit_version } }));
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * @param {HTMLElement} root
 * @param {Page} page
 */
function drawStory(root, page) {
  const { header } = page.state;
  find(root, ".hint").textContent = header.hint;
  find(root, ".hint").hidden = !header.hint;
  find(root, ".story").hidden = !header.steps;
  if (!header.steps) return;
  find(root, ".head").textContent = header.title;
  find(root, ".end").textContent = header.end;
  const steps = header.steps.map((step, i) => stepItem(page, step, i));
  find(root, "ol").replaceChildren(fieldItem(root, page.state), ...steps);
}

/**
 * @param {HTMLElement} root
 * @param {State} state
 */
function fieldItem(root, { header, arrays }) {
  const [item, box] = [make("li"), make("div", "body")];
  item.append(make("h4", "", "What it sees"), make("p", "seen", header.field_words));
  if (!header.field) return item;
  const canvas = cutout(header.field, arrays.picture, pageColours(root).text);
  canvas.setAttribute("aria-label", `The field cut out of the picture. ${header.field_words}`);
  box.append(canvas);
  item.append(box);
  return item;
}

/**
 * The field alone: its pixels of the picture, what lies in the padding hatched.
 *
 * @param {NonNullable<Header["field"]>} field
 * @param {PackedArray} picture the pixels inside, (H, W, 3)
 * @param {string} colour
 */
function cutout({ rows, columns, inside }, picture, colour) {
  const [tall, wide] = [rows, columns].map(([first, last]) => last - first + 1);
  const scale = Math.min(FIELD_BOX / Math.max(tall, wide), 24);
  const canvas = make("canvas", "cutout");
  canvas.setAttribute("role", "img");
  const context = prepared(canvas, wide * scale, tall * scale);
  context.fillStyle = hatched(context, colour);
  context.globalAlpha = 0.45;
  context.fillRect(0, 0, wide * scale, tall * scale);
  context.globalAlpha = 1;
  if (inside) {
    const photo = document.createElement("canvas");
    const [high, broad] = picture.shape;
    putImage(photo, rgbImage(picture.values, high, broad));
    context.imageSmoothingEnabled = scale < 1;
    const [left, top] = [inside[1][0] - columns[0], inside[0][0] - rows[0]].map((n) => n * scale);
    context.drawImage(photo, left, top, broad * scale, high * scale);
  }
  context.strokeStyle = colour;
  context.strokeRect(0.5, 0.5, wide * scale - 1, tall * scale - 1);
  return canvas;
}

/**
 * @param {Page} page
 * @param {Step} step
 * @param {number} number
 */
function stepItem(page, step, number) {
  const [item, name] = [make("li"), make("h4")];
  item.dataset.layer = step.layer;
  const isLast = number === (page.state.header.steps ?? []).length - 1;
  name.append(unitLink(page, step.layer, isLast ? null : step.unit), make("span", "muted", step.operation));
  item.append(name);
  if (step.kind === "taps") item.append(tapsBody(page, step, number));
  if (step.kind === "pool") item.append(poolBody(page, step, number));
  if (step.kind === "join") item.append(joinBody(page, step));
  item.append(formulaLine(step));
  if (step.words) item.append(make("p", "", step.words));
  item.append(make("p", "check muted", step.check));
  return item;
}

/**
 * A layer's name; a button where a unit of it can be opened.
 *
 * @param {Page} page
 * @param {string} name
 * @param {Unit | null} unit
 */
function unitLink(page, name, unit) {
  if (!unit) return make("span", "", name);
  const button = make("button", "unit", name);
  const [layer, channel, row, column] = unit;
  button.title = `Open ${layer} with channel ${channel}, row ${row}, column ${column} pinned`;
  button.onclick = () => page.open(unit);
  return button;
}

/** @param {Formula} formula */
function formulaLine({ symbols, numbers, text, value }) {
  const box = make("div", "lines");
  const right = withParts("span", "", [...numbers, " = "]);
  right.append(make("span", "value", value));
  right.setAttribute("role", "math");
  right.setAttribute("aria-label", text);
  const y = () => make("span", "symbol", "y");
  box.append(y(), "=", withParts("span", "", symbols), y(), "=", right);
  return box;
}

/**
 * @param {Page} page
 * @param {JoinStep} step
 */
function joinBody(page, { parts }) {
  const box = make("div", "parts");
  parts.forEach(({ layer, value, unit }, i) => {
    const name = unitLink(page, layer || "another value", unit);
    box.append(make("span", "symbol", "ab"[i]), make("span", "number", value), name);
  });
  return box;
}
