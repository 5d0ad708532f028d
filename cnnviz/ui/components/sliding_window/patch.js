// Which square of the picture the window slides over: a thumbnail with a frame to drag.

import { find } from "../shared/elements.js";
import { putImage, sizeCanvas, unitImage, wholeZoom } from "../shared/images.js";
import { arrowStep } from "../shared/keyboard.js";
import { clamp } from "../shared/numbers.js";

/** @import { Patch } from "./model.js" */

const THUMB = 128;

/**
 * `box` is the .patch element, `picture` { values, shape: [C, H, W] } from 0 to 1, `patch` { top, left,
 * size }; `move(top, left)` is called as the frame is dragged or pushed by an arrow key.
 *
 * @param {HTMLElement} box
 * @param {PackedArray} picture
 * @param {Patch} patch
 * @param {(top: number, left: number) => void} move
 */
export function drawPatchPicker(box, picture, patch, move) {
  const [channels, height, width] = picture.shape;
  const [canvas, thumb, frame] = [find(box, "canvas"), find(box, ".thumb"), find(box, ".frame")];
  const zoom = wholeZoom(height, width, THUMB, THUMB);
  putImage(canvas, unitImage(picture.values, channels, height, width));
  sizeCanvas(canvas, height, width, zoom);
  canvas.setAttribute("aria-label", "The picture, with the patch framed");
  thumb.setAttribute("aria-label", "Patch: move it with the arrow keys");
  const [tall, wide] = [Math.min(patch.size, height), Math.min(patch.size, width)];
  Object.assign(frame.style, {
    top: `${patch.top * zoom}px`,
    left: `${patch.left * zoom}px`,
    width: `${wide * zoom}px`,
    height: `${tall * zoom}px`,
  });
  /** @type {(top: number, left: number) => void} */
  const to = (top, left) => move(clamp(Math.round(top), 0, height - tall), clamp(Math.round(left), 0, width - wide));

  /** @param {PointerEvent} event */
  function drag(event) {
    const place = canvas.getBoundingClientRect();
    to((event.clientY - place.top) / zoom - tall / 2, (event.clientX - place.left) / zoom - wide / 2);
  }
  thumb.onpointerdown = (event) => {
    thumb.setPointerCapture(event.pointerId);
    drag(event);
  };
  thumb.onpointermove = (event) => thumb.hasPointerCapture(event.pointerId) && drag(event);
  thumb.onkeydown = (event) => {
    const step = arrowStep(event);
    if (!step) return;
    to(patch.top + step[0], patch.left + step[1]);
  };
}
