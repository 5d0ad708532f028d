// The legend of a colour scale.

import { scaleColours } from "./colours.js";
import { find } from "./elements.js";
import { putImage, signedImage } from "./images.js";
import { format, formatCount } from "./numbers.js";

/**
 * Paint a scale from −limit to +limit (counts: from 0) with its numbers under it.
 *
 * @param {ParentNode} root
 * @param {string} scaleName
 * @param {number} limit
 * @param {boolean} dark
 * @param {string} selector of the legend, where the component has several
 */
export function drawLegend(root, scaleName, limit, dark, selector = ".legend") {
  const legend = find(root, selector);
  const bar = find(legend, "canvas");
  const counts = scaleName === "count";
  const ramp = Float32Array.from({ length: 255 }, (_, i) => (counts ? i / 2 : i - 127));
  putImage(bar, signedImage(ramp, 0, 1, 255, 127, scaleColours(scaleName, dark)));
  const labels = legend.querySelectorAll("span");
  const ends = counts ? ["0", "", formatCount(limit)] : [-limit, 0, limit].map((value) => format(value));
  ends.forEach((text, i) => (labels[i].textContent = text));
}
