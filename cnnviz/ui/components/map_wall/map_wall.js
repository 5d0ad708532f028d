// The feature maps of a layer as a wall, one of them large, beside the picture that the network sees.

import { find, writeReadout } from "../shared/elements.js";
import { pixelAt } from "../shared/images.js";
import { arrowStep, arrowStepInList } from "../shared/keyboard.js";
import { isCurrent, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { boxOfTile, placeBox, tileUnderPointer } from "../shared/tile_grid.js";
import { pixelWords, STORY_SHOWN, UNIT_PINNED } from "../shared/unit_fields.js";
import { clearMarks, drawAll, drawOnPicture, drawResting, drawSelected, markUnits, measure } from "./drawing.js";
import { channelAfter, newState, pixelAfter, selectChannel, togglePin, unitAfter, unitsOn, wallOf } from "./model.js";
import { unitDetail, unitText } from "./texts.js";

/**
 * @import { View } from "./drawing.js"
 * @import { Arrays, Header, Unit } from "./model.js"
 */

/** @param {ComponentArguments<Packed<Header, Arrays>>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, newState);
  const wall = wallOf(unpack(data), state);
  /** @type {View} */
  const view = { root, wall, ...measure(root, wall) };
  listenToWall(view, setTriggerValue);
  listenToLargeMap(view);
  listenToPicture(view);
  for (const stage of ["large", "picture"]) find(root, `.${stage} .stage`).onblur = () => drawResting(view);
  drawAll(view);
  root.dataset.layer = wall.header.layer;
  state.stop?.();
  const stopRedrawing = redrawOnChange(root, () => drawAll(Object.assign(view, measure(root, wall))));
  const stopFollowing = followStory(view);
  state.stop = () => {
    stopRedrawing();
    stopFollowing();
  };
  return whenGone(parentElement, () => state.stop?.());
}

/**
 * @param {View} view
 * @param {ComponentArguments<unknown>["setTriggerValue"]} setTriggerValue
 */
function listenToWall(view, setTriggerValue) {
  const { root, wall } = view;
  const stage = find(root, ".wall");
  /**
   * @param {number} channel
   * @param {Unit} [unit]
   */
  const choose = (channel, unit) => {
    const edit = selectChannel(wall, channel, unit);
    drawSelected(view);
    setTriggerValue("channel", edit);
  };
  stage.onpointermove = (event) => readOnWall(view, event);
  stage.onpointerleave = () => drawResting(view);
  stage.onclick = (event) => {
    const found = unitOnWall(view, event);
    if (found) choose(found.channel, found.unit);
  };
  stage.onkeydown = (event) => {
    const step = arrowStepInList(event, view.layout.columns);
    const next = step && channelAfter(wall, step);
    if (next !== undefined) choose(next);
  };
}

/**
 * The unit under the pointer on the wall, with its channel and the tile that shows it; null in the gaps.
 *
 * @param {View} view
 * @param {MouseEvent} event
 */
function unitOnWall({ root, wall, layout }, event) {
  const found = tileUnderPointer(event, find(root, ".wall canvas"), layout);
  if (!found) return null;
  const unit = { row: Math.floor(found.y / layout.scale), column: Math.floor(found.x / layout.scale) };
  return { index: found.index, channel: wall.header.order[found.index], unit };
}

/**
 * @param {View} view
 * @param {MouseEvent} event
 */
function readOnWall(view, event) {
  const { root, wall, layout } = view;
  const found = unitOnWall(view, event);
  clearMarks(root);
  if (!found) return;
  const { index, channel, unit } = found;
  placeBox(find(root, ".over"), boxOfTile(layout, index));
  drawOnPicture(view, unit);
  if (channel === wall.state.selected) markUnits(view, ".large .place", unit);
  writeReadout(root, unitText(wall, channel, unit), unitDetail(wall, channel, unit));
}

/** @param {View} view */
function listenToLargeMap(view) {
  const { root, wall } = view;
  const [canvas, stage] = [find(root, ".large canvas"), find(root, ".large .stage")];
  /** @param {MouseEvent} event */
  const unitUnder = (event) => pixelAt(event, canvas, wall.height, wall.width);
  canvas.onpointermove = (event) => {
    const unit = unitUnder(event);
    clearMarks(root);
    if (unit) readUnit(view, unit);
  };
  canvas.onpointerleave = () => drawResting(view);
  canvas.onclick = (event) => {
    const unit = unitUnder(event);
    if (unit) pin(view, unit);
  };
  stage.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pin(view, wall.state.unit);
    }
    const step = arrowStepInList(event, wall.width);
    const unit = step && unitAfter(wall, step);
    if (unit) readUnit(view, unit);
  };
}

/**
 * Read a unit of the large map.
 *
 * @param {View} view
 * @param {Unit} unit
 */
function readUnit(view, unit) {
  const { root, wall } = view;
  Object.assign(wall.state, { unit, isRead: true });
  markUnits(view, ".large .place", unit);
  drawOnPicture(view, unit);
  writeReadout(root, unitText(wall, wall.state.selected, unit), unitDetail(wall, wall.state.selected, unit));
}

/**
 * Pin a unit, or let go of the one that is pinned; what shows its story hears of it.
 *
 * @param {View} view
 * @param {Unit} unit
 */
function pin(view, unit) {
  const detail = togglePin(view.wall, unit);
  drawResting(view);
  window.dispatchEvent(new CustomEvent(UNIT_PINNED, { detail }));
}

/** @param {View} view */
function listenToPicture(view) {
  const { root, wall } = view;
  const [photo, stage] = [find(root, ".picture canvas.photo"), find(root, ".picture .stage")];
  photo.onpointermove = photo.onpointerdown = (/** @type {PointerEvent} */ event) => {
    const pixel = pixelAt(event, photo, wall.picture.height, wall.picture.width);
    if (pixel) readPixel(view, [pixel.row, pixel.column]);
  };
  photo.onpointerleave = (event) => event.pointerType === "mouse" && drawResting(view);
  stage.onkeydown = (event) => {
    const step = arrowStep(event);
    if (step) readPixel(view, pixelAfter(wall, step));
  };
}

/**
 * Mark the units of the large map whose fields hold a pixel.
 *
 * @param {View} view
 * @param {Place} pixel
 */
function readPixel(view, pixel) {
  const { root, wall } = view;
  const { header, fields } = wall;
  wall.state.pixel = pixel;
  clearMarks(root);
  drawOnPicture(view, null, pixel);
  if (!fields) return writeReadout(root, `Pixel row ${pixel[0]}, column ${pixel[1]}`, header.field_note);
  const units = unitsOn(fields, pixel);
  if (units) markUnits(view, ".large .place", ...units);
  writeReadout(root, ...pixelWords(pixel, fields, header.global_words && ` (${header.global_words.trim()})`));
}

/**
 * Mark the unit whose story is shown, when another part of the page has chosen it.
 *
 * @param {View} view
 * @returns a function that ends it.
 */
function followStory(view) {
  const { header, state } = view.wall;
  /** @param {WindowEventMap["cnnviz-story-shown"]} event */
  const follow = ({ detail }) => {
    if (detail.layer !== header.layer || !isCurrent(state, detail.edit_version)) return;
    state.pinned = detail.value;
    drawResting(view);
  };
  window.addEventListener(STORY_SHOWN, follow);
  return () => window.removeEventListener(STORY_SHOWN, follow);
}
