// Formulas with live numbers, and sentences. Drawn a frame later than the picture above it.

import { make } from "../shared/elements.js";
import { withParts } from "../shared/formula_parts.js";
import { stateOf } from "../shared/lifecycle.js";

export default function (component) {
  const { data, parentElement } = component;
  const state = stateOf(parentElement, () => ({ drawn: [] }));
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(() => {
    state.frame = requestAnimationFrame(() => draw(parentElement.querySelector(".facts"), data, state));
  });
}

/** Blocks that say the same as before stay as they are. */
function draw(box, data, state) {
  const texts = data.map((facts) => JSON.stringify(facts));
  const kept = texts.map((text, i) => (text === state.drawn[i] ? box.children[i] : block(data[i])));
  box.replaceChildren(...kept);
  state.drawn = texts;
}

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
