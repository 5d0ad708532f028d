// Formulas with live numbers, and sentences. Drawn a frame later than the picture above it.

import { find, make } from "../shared/elements.js";
import { withParts } from "../shared/formula_parts.js";
import { stateOf } from "../shared/lifecycle.js";

/**
 * @typedef {{ left: FormulaPart[], right: FormulaPart[], text: string }} Equation
 * @typedef {{ title: string, equations: Equation[], sentences: { head: string, text: string }[] }} Block
 * @typedef {{ drawn: string[], frame: number }} State
 */

/** @param {ComponentArguments<Block[]>} component */
export default function ({ data, parentElement }) {
  const state = stateOf(parentElement, () => /** @type {State} */ ({ drawn: [], frame: 0 }));
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(() => {
    state.frame = requestAnimationFrame(() => draw(find(parentElement, ".facts"), data, state));
  });
}

/**
 * Blocks that say the same as before stay as they are.
 *
 * @param {HTMLElement} box
 * @param {Block[]} data
 * @param {State} state
 */
function draw(box, data, state) {
  const texts = data.map((one) => JSON.stringify(one));
  const kept = texts.map((text, i) => (text === state.drawn[i] ? box.children[i] : block(data[i])));
  box.replaceChildren(...kept);
  state.drawn = texts;
}

/** @param {Block} block */
function block({ title, equations, sentences }) {
  const box = make("section");
  box.append(make("div", "title", title), grid(equations));
  for (const { head, text } of sentences) {
    const paragraph = make("p");
    paragraph.append(make("strong", "", head), ` ${text}`);
    box.append(paragraph);
  }
  return box;
}

/** @param {Equation[]} equations */
function grid(equations) {
  const box = make("div", "equations");
  for (const { left, right, text } of equations) {
    const sides = [withParts("span", "left", left), make("span", "", "="), withParts("span", "right", right)];
    sides[2].setAttribute("role", "math");
    sides[2].setAttribute("aria-label", text);
    box.append(...sides);
  }
  return box;
}
