// The convolution of a whole picture in the browser, while a control is dragged. Python has the last word.

import { outputSize, sourceOf } from "./arithmetic.js";

/** The planes (Float32Array, height × width each) that a kernel slides over, from RGB bytes. */
export function planesOf(bytes, channels) {
  const count = bytes.length / 3;
  const plane = (value) => Float32Array.from({ length: count }, (_, i) => value(3 * i));
  if (channels === "grey") {
    return [plane((i) => (0.299 * bytes[i] + 0.587 * bytes[i + 1] + 0.114 * bytes[i + 2]) / 255)];
  }
  // One kernel for all three, then their sum: the kernel on the sum of the three.
  if (channels === "summed") return [plane((i) => (bytes[i] + bytes[i + 1] + bytes[i + 2]) / 255)];
  return [0, 1, 2].map((c) => plane((i) => bytes[i + c] / 255));
}

/** `planes` convolved: { values, shape: [C, H′, W′], limit }, or null if the window does not fit. */
export function convolvePlanes(planes, height, width, { rows, columns, kernel, bias, mode }) {
  const [tall, wide] = [outputSize("conv", rows, height), outputSize("conv", columns, width)];
  if (tall < 1 || wide < 1) return null;
  const size = tall * wide;
  const values = new Float32Array(planes.length * size).fill(bias);
  planes.forEach((plane, channel) => {
    const [padded, paddedWidth] = padPlane(plane, height, width, rows, columns, mode);
    const y = values.subarray(channel * size, (channel + 1) * size);
    kernel.values.forEach((weight, tap) => {
      if (weight === 0) return;
      const [m, n] = [Math.floor(tap / kernel.width), tap % kernel.width];
      for (let r = 0, out = 0; r < tall; r++) {
        let at = (r * rows.stride + m * rows.dilation) * paddedWidth + n * columns.dilation;
        for (let c = 0; c < wide; c++, out++, at += columns.stride) y[out] += weight * padded[at];
      }
    });
  });
  let limit = 0;
  for (const value of values) limit = Math.max(limit, Math.abs(value));
  return { values, shape: [planes.length, tall, wide], limit };
}

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
