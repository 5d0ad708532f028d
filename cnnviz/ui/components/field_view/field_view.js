// The exact field of the unit under the pointer, on the picture; and who sees the pixel under it.

import { find } from "../shared/elements.js";
import { pixelAt, putImage, rgbImage } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { nextEdit, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { draw, show } from "./drawing.js";
import { currentUnit, heldWithin, newState, viewOf } from "./model.js";

/**
 * @import { Screen } from "./drawing.js"
 * @import { Arrays, Header, View } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { header, arrays } = unpack(data);
  const view = viewOf(header, stateOf(parentElement, newState));
  const screen = screenOf(find(parentElement, ".root"), header, arrays);
  listenToUnits(screen, view, (unit) => setTriggerValue("unit", nextEdit(view.state, unit)));
  listenToPicture(screen, view);
  const redraw = () => draw(screen, view);
  redraw();
  view.state.stop?.();
  view.state.stop = redrawOnChange(screen.root, redraw);
  return whenGone(parentElement, () => view.state.stop?.());
}

/**
 * @param {HTMLElement} root
 * @param {Header} header
 * @param {Arrays} arrays
 * @returns {Screen}
 */
function screenOf(root, { size }, { picture }) {
  const [pictureStage, gridStage] = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".stage"));
  const photo = document.createElement("canvas");
  putImage(photo, rgbImage(picture.values, ...size));
  return { root, pictureStage, gridStage, pictureCanvas: find(pictureStage, "canvas"), gridCanvas: find(gridStage, "canvas"), photo };
}

/**
 * Look at a unit or at a pixel; at the pinned unit if at neither.
 *
 * @param {Screen} screen
 * @param {View} view
 * @param {Place | null} unit
 * @param {Place | null} pixel
 */
function look(screen, view, unit, pixel) {
  Object.assign(view.state, { unit, pixel });
  show(screen, view);
}

/**
 * @param {Screen} screen
 * @param {View} view
 * @param {(unit: Place) => void} send
 */
function listenToUnits(screen, view, send) {
  const { gridStage, gridCanvas } = screen;
  const { header: { units }, state } = view;
  /** @param {Place} unit */
  const pin = (unit) => {
    state.pinned = unit;
    look(screen, view, null, null);
    send(unit);
  };
  /** @param {(unit: Place) => void} act */
  const withUnit = (act) => (/** @type {MouseEvent} */ event) => {
    const cell = pixelAt(event, gridCanvas, ...units);
    if (cell) act([cell.row, cell.column]);
  };
  gridStage.onpointermove = withUnit((unit) => look(screen, view, unit, null));
  gridStage.onpointerleave = () => look(screen, view, null, null);
  gridStage.onclick = withUnit(pin);
  gridStage.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return pin(currentUnit(view));
    }
    const step = arrowStep(event);
    if (step) look(screen, view, stepped(currentUnit(view), step, units), null);
  };
}

/**
 * @param {Screen} screen
 * @param {View} view
 */
function listenToPicture(screen, view) {
  const { pictureStage } = screen;
  const { header: { size }, state } = view;
  /** @param {PointerEvent} event */
  const overPicture = (event) => look(screen, view, null, pixelUnder(event, screen, view));
  pictureStage.onpointermove = overPicture;
  pictureStage.onpointerdown = overPicture;
  pictureStage.onpointerleave = (event) => event.pointerType === "mouse" && look(screen, view, null, null);
  pictureStage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (step) look(screen, view, null, stepped(state.pixel ?? [size[0] >> 1, size[1] >> 1], step, size));
  };
}

/**
 * @param {Place} from
 * @param {Place} step
 * @param {[rows: number, columns: number]} size
 */
const stepped = (from, step, size) => heldWithin([from[0] + step[0], from[1] + step[1]], size);

/**
 * The pixel under the pointer; null beside the picture.
 *
 * @param {MouseEvent} event
 * @param {Screen} screen
 * @param {View} view
 * @returns {Place | null}
 */
function pixelUnder(event, { pictureCanvas }, { header: { size: [height, width] }, state, margin }) {
  const box = pictureCanvas.getBoundingClientRect();
  /**
   * @param {number} position
   * @param {number} start
   */
  const at = (position, start) => Math.floor((position - start) / state.scale - margin);
  const [row, column] = [at(event.clientY, box.top), at(event.clientX, box.left)];
  return row < 0 || column < 0 || row >= height || column >= width ? null : [row, column];
}
