// The arithmetic of a sliding window along one axis. cnnviz/ops is the truth; a browser test compares the two
// over random settings.

import { sourceOf } from "./padding.js";

/** @typedef {"conv" | "max" | "average" | "transposed"} Kind what becomes of the values under a window */

/**
 * Along one axis: samples from the first tap to the last.
 *
 * @param {Axis} axis
 */
const effectiveKernelSize = (axis) => axis.dilation * (axis.kernel_size - 1) + 1;

/**
 * Samples of the padded axis beyond the first window; negative if none fits.
 *
 * @param {Axis} axis
 * @param {number} size
 */
const slack = (axis, size) => size + 2 * axis.padding - effectiveKernelSize(axis);

/**
 * The input samples under the taps of a convolution's or pooling's window, along one axis; they may lie in the padding.
 *
 * @param {Axis} axis
 * @param {number} output
 */
export function taps(axis, output) {
  const first = output * axis.stride - axis.padding;
  return Array.from({ length: axis.kernel_size }, (_, m) => first + m * axis.dilation);
}

/**
 * The outputs along one axis whose window reads input `index`, by itself or as what padding copies.
 *
 * @param {Axis} axis
 * @param {number} index
 * @param {number} size
 * @param {number} outputs
 * @param {PaddingMode} mode
 */
export function readersOf(axis, index, size, outputs, mode) {
  /** @param {number} output */
  const reads = (output) => taps(axis, output).some((tap) => sourceOf(tap, size, mode) === index);
  return Array.from({ length: outputs }, (_, output) => output).filter(reads);
}

/**
 * Number of outputs along one axis; 0 if the window does not fit.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} size
 * @param {boolean} [ceil]
 */
export function outputSize(kind, axis, size, ceil, extra = 0) {
  if (kind === "transposed") return Math.max(0, (size - 1) * axis.stride - 2 * axis.padding + effectiveKernelSize(axis) + extra);
  const room = slack(axis, size);
  if (!ceil) return room < 0 ? 0 : Math.floor(room / axis.stride) + 1;
  const outputs = Math.ceil(room / axis.stride) + 1;
  const begins = (outputs - 1) * axis.stride >= size + axis.padding;
  return Math.max(0, begins ? outputs - 1 : outputs);
}

/**
 * Along one axis, the input that each tap reads for one output; a transposed convolution's may lie between two.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} output
 */
export function inputsOf(kind, axis, output) {
  if (kind !== "transposed") return taps(axis, output);
  return Array.from({ length: axis.kernel_size }, (_, m) => (output + axis.padding - m * axis.dilation) / axis.stride);
}

/**
 * The outputs along one axis that read an input or a place in the padding.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} index
 * @param {number} outputs
 */
export function readersAlong(kind, axis, index, outputs) {
  const found = Array.from({ length: axis.kernel_size }, (_, m) =>
    kind === "transposed"
      ? index * axis.stride + m * axis.dilation - axis.padding
      : (index + axis.padding - m * axis.dilation) / axis.stride,
  );
  return found.filter((i) => Number.isInteger(i) && i >= 0 && i < outputs).sort((a, b) => a - b);
}

/**
 * The inputs along one axis, and the places in its padding, that any output reads.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} size
 * @param {number} outputs
 */
export function readAlong(kind, axis, size, outputs) {
  const places = Array.from({ length: size + 2 * axis.padding }, (_, i) => i - axis.padding);
  return new Set(places.filter((place) => readersAlong(kind, axis, place, outputs).length > 0));
}

/**
 * The inputs along one axis that one tap meets over all outputs.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} tap
 * @param {number} inputs
 * @param {number} outputs
 */
export function metAlong(kind, axis, tap, inputs, outputs) {
  const shift = tap * axis.dilation - axis.padding;
  if (kind !== "transposed") return Array.from({ length: outputs }, (_, i) => i * axis.stride + shift);
  /** @param {number} i */
  const hit = (i) => i * axis.stride + shift >= 0 && i * axis.stride + shift < outputs;
  return Array.from({ length: inputs }, (_, i) => i).filter(hit);
}

/**
 * Padded samples at the far end of an axis that no window reaches.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} size
 * @param {boolean} ceil
 */
export function leftOver(kind, axis, size, ceil) {
  if (kind === "transposed") return 0;
  return Math.max(0, slack(axis, size) - (outputSize(kind, axis, size, ceil) - 1) * axis.stride);
}
