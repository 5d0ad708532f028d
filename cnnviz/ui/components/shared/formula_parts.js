// The parts of a formula, as components/equations.py has them, as elements.

import { made } from "./elements.js";

export function withParts(tag, className, parts) {
  const box = made(tag, className);
  box.append(...parts.map(drawPart));
  return box;
}

function drawPart(part) {
  if (typeof part === "string") return part;
  if (part.floor) return withParts("span", "floor", part.floor);
  if (part.ceiling) return withParts("span", "ceiling", part.ceiling);
  if (part.fraction) {
    const box = made("span", "fraction");
    box.append(...part.fraction.map((half) => withParts("span", "", half)));
    return box;
  }
  const [[kind, text]] = Object.entries(part);
  return made("span", kind, text);
}
