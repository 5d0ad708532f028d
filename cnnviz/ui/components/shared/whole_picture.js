// The convolution of a whole picture in the browser, while a control is dragged. Python has the last word.

import { outputSize, sourceOf } from "./arithmetic.js";
import { luma } from "./colours.js";

/** @typedef {{ rows: Axis, columns: Axis, kernel: Kernel, bias: number, mode: PaddingMode }} ConvolutionSettings */
/** @typedef {{ values: ArrayLike<number>, height: number, width: number }} Kernel */

/**
 * The planes (height × width each) that a kernel slides over, from RGB bytes.
 *
 * @param {ArrayLike<number>} bytes
 * @param {string} channels
 */
export function planesOf(bytes, channels) {
  const count = bytes.length / 3;
  /** @param {(at: number) => number} value */
  const plane = (value) => Float32Array.from({ length: count }, (_, i) => value(3 * i));
  if (channels === "grey") {
    return [plane((i) => luma(bytes[i], bytes[i + 1], bytes[i + 2]) / 255)];
  }
  // One kernel for all three, then their sum: the kernel on the sum of the three.
  if (channels === "summed") return [plane((i) => (bytes[i] + bytes[i + 1] + bytes[i + 2]) / 255)];
  return [0, 1, 2].map((c) => plane((i) => bytes[i + c] / 255));
}

/**
 * `planes` convolved, and the largest magnitude in the outcome; null if the window does not fit.
 *
 * @param {Float32Array[]} planes
 * @param {number} height
 * @param {number} width
 * @param {ConvolutionSettings} settings
 */
export function convolvePlanes(planes, height, width, { rows, columns, kernel, bias, mode }) {
  const [tall, wide] = [outputSize("conv", rows, height), outputSize("conv", columns, width)];
  if (tall < 1 || wide < 1) return null;
  const size = tall * wide;
  const values = new Float32Array(planes.length * size).fill(bias);
  planes.forEach((plane, channel) => {
    const [padded, paddedWidth] = padPlane(plane, height, width, rows, columns, mode);
    const y = values.subarray(channel * size, (channel + 1) * size);
    for (let tap = 0; tap < kernel.values.length; tap++) {
      const weight = kernel.values[tap];
      if (weight === 0) continue;
      const [m, n] = [Math.floor(tap / kernel.width), tap % kernel.width];
      for (let r = 0, out = 0; r < tall; r++) {
        let at = (r * rows.stride + m * rows.dilation) * paddedWidth + n * columns.dilation;
        for (let c = 0; c < wide; c++, out++, at += columns.stride) y[out] += weight * padded[at];
      }
    }
  });
  let limit = 0;
  for (const value of values) limit = Math.max(limit, Math.abs(value));
  return { values, shape: [planes.length, tall, wide], limit };
}

/**
 * A plane with its padding, and the width of both.
 *
 * @param {Float32Array} plane
 * @param {number} height
 * @param {number} width
 * @param {Axis} rows
 * @param {Axis} columns
 * @param {PaddingMode} mode
 * @returns {[Float32Array, number]}
 */
function padPlane(plane, height, width, rows, columns, mode) {
  if (!rows.padding && !columns.padding) return [plane, width];
  const paddedWidth = width + 2 * columns.padding;
  const padded = new Float32Array((height + 2 * rows.padding) * paddedWidth);
  const sources = Array.from({ length: paddedWidth }, (_, c) => sourceOf(c - columns.padding, width, mode));
  for (let r = 0; r < height + 2 * rows.padding; r++) {
    const source = sourceOf(r - rows.padding, height, mode);
    if (source < 0) continue;
    for (let c = 0; c < paddedWidth; c++) {
      if (sources[c] >= 0) padded[r * paddedWidth + c] = plane[source * width + sources[c]];
    }
  }
  return [padded, paddedWidth];
}
