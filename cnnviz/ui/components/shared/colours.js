// The colour scales of cnnviz/figures/theme.py. The bundle puts them in front as the constant SCALES.

import { clamp } from "./numbers.js";

/** Names of the channels of a picture in colour. */
export const CHANNEL_NAMES = ["R", "G", "B"];

/**
 * The brightness of a colour, from 0 to 255 (ITU-R BT.601).
 *
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
export const luma = (red, green, blue) => 0.299 * red + 0.587 * green + 0.114 * blue;

/**
 * The colour of text that is read on a ground of this colour: white or nearly black.
 *
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
export const textColourOn = (red, green, blue) => (luma(red, green, blue) < 135 ? "#fff" : "#111");

/**
 * Whether the page around `element` is dark, by the brightness of its background.
 *
 * @param {Element} element
 */
export function isDark(element) {
  const [red, green, blue] = [...getComputedStyle(element).backgroundColor.matchAll(/[\d.]+/g)].map(Number);
  return luma(red, green, blue) < 128;
}

/**
 * The scale as a flat array of red, green, blue; 255 steps, the middle one for zero.
 *
 * @param {string} name
 * @param {boolean} dark
 */
export function scaleColours(name, dark) {
  const text = atob(SCALES[`${name}/${dark ? "dark" : "light"}`]);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Where the colour of a value begins in a scale from −limit to +limit, as `scaleColours` gives it.
 *
 * @param {number} value
 * @param {number} limit
 */
export function colourIndex(value, limit) {
  const share = limit > 0 && Number.isFinite(value) ? clamp(value / limit, -1, 1) : 0;
  return Math.round(127 + 127 * share) * 3;
}
