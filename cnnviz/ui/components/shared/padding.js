// What the modes of padding hold, along one axis.

import { clamp } from "./numbers.js";

/**
 * The input sample that padded sample `index` copies; −1 where it is zero or nothing.
 *
 * @param {number} index
 * @param {number} size
 * @param {PaddingMode} mode
 */
export function sourceOf(index, size, mode) {
  if (index >= 0 && index < size) return index;
  if (mode === "replicate") return clamp(index, 0, size - 1);
  if (mode === "circular") return ((index % size) + size) % size;
  if (mode !== "reflect") return -1;
  const period = Math.max(1, 2 * (size - 1));
  return size - 1 - Math.abs((((index % period) + period) % period) - (size - 1));
}

/**
 * The most padding that a mode can fill.
 *
 * @param {number} size
 * @param {PaddingMode} mode
 */
export function paddingLimit(size, mode) {
  return mode === "reflect" ? size - 1 : mode === "circular" ? size : Infinity;
}
