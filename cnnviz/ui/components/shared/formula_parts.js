// The parts of a formula, as components/equations.py has them, as elements.

import { make } from "./elements.js";

/**
 * A new element with the parts of a formula in it.
 *
 * @param {keyof HTMLElementTagNameMap} tag
 * @param {string} className
 * @param {FormulaPart[]} parts
 */
export function withParts(tag, className, parts) {
  const box = make(tag, className);
  box.append(...parts.map(drawPart));
  return box;
}

/** @param {FormulaPart} part @returns {string | HTMLElement} */
function drawPart(part) {
  if (typeof part === "string") return part;
  if ("floor" in part) return withParts("span", "floor", part.floor);
  if ("ceiling" in part) return withParts("span", "ceiling", part.ceiling);
  if ("fraction" in part) {
    const box = make("span", "fraction");
    box.append(...part.fraction.map((half) => withParts("span", "", half)));
    return box;
  }
  const [[kind, text]] = Object.entries(part);
  return make("span", kind, text);
}
