// Arrays of values as pictures on a canvas.

import { colourIndex } from "./colours.js";
import { contextOf } from "./elements.js";

/**
 * Signed values (height × width, from `start`) as an ImageData, in the colours of `scaleColours`.
 *
 * @param {ArrayLike<number>} values
 * @param {number} start
 * @param {number} height
 * @param {number} width
 * @param {number} limit
 * @param {Uint8Array} colours
 */
export function signedImage(values, start, height, width, limit, colours) {
  const image = new ImageData(width, height);
  const pixels = image.data;
  for (let i = 0, p = 0; i < height * width; i++, p += 4) {
    const c = colourIndex(values[start + i], limit);
    pixels[p] = colours[c];
    pixels[p + 1] = colours[c + 1];
    pixels[p + 2] = colours[c + 2];
    pixels[p + 3] = 255;
  }
  return image;
}

/**
 * Red, green, blue bytes (height × width × 3) as an ImageData.
 *
 * @param {ArrayLike<number>} values
 * @param {number} height
 * @param {number} width
 */
export function rgbImage(values, height, width) {
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; p < image.data.length; i += 3, p += 4) {
    image.data[p] = values[i];
    image.data[p + 1] = values[i + 1];
    image.data[p + 2] = values[i + 2];
    image.data[p + 3] = 255;
  }
  return image;
}

/**
 * Values from 0 to `white` (C × H × W), one channel as grey, as an ImageData; what lies outside is cut off.
 *
 * @param {ArrayLike<number>} values
 * @param {number} channels
 * @param {number} height
 * @param {number} width
 */
export function unitImage(values, channels, height, width, white = 1) {
  const image = new ImageData(width, height);
  const size = height * width;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round((255 / white) * values[(channels === 3 ? c : 0) * size + i]);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/**
 * Draw an image on a canvas, which takes its size.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} image
 */
export function putImage(canvas, image) {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  contextOf(canvas).putImageData(image, 0, 0);
}

/**
 * The largest whole factor at which a picture fits a box; below 1 just as small as needed.
 *
 * @param {number} height
 * @param {number} width
 * @param {number} boxHeight
 * @param {number} boxWidth
 */
export function wholeZoom(height, width, boxHeight, boxWidth) {
  const fit = Math.min(boxHeight / height, boxWidth / width);
  return fit >= 1 ? Math.floor(fit) : fit;
}

/**
 * Show a canvas of height × width pixels at this zoom.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} height
 * @param {number} width
 * @param {number} zoom
 */
export function sizeCanvas(canvas, height, width, zoom) {
  canvas.style.width = `${width * zoom}px`;
  canvas.style.height = `${height * zoom}px`;
  canvas.style.imageRendering = zoom >= 1 ? "pixelated" : "auto";
}

/**
 * The pixel of a canvas of height × width under a pointer event, or null outside it.
 *
 * @param {MouseEvent} event
 * @param {Element} canvas
 * @param {number} height
 * @param {number} width
 */
export function pixelAt(event, canvas, height, width) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * height);
  const column = Math.floor(((event.clientX - box.left) / box.width) * width);
  return row < 0 || column < 0 || row >= height || column >= width ? null : { row, column };
}
