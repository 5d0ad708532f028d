// Formulas with live numbers, and sentences. Drawn after the picture above it has been painted.

export default function (component) {
  const { data, parentElement } = component;
  const state = stateOf(parentElement, () => ({}));
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(() => {
    parentElement.querySelector(".facts").replaceChildren(...data.map(block));
  });
}

function block({ title, equations, sentences }) {
  const box = element("section");
  box.append(element("div", "title", title), grid(equations));
  for (const { head, text } of sentences) {
    const paragraph = element("p");
    paragraph.append(element("strong", "", head), ` ${text}`);
    box.append(paragraph);
  }
  return box;
}

function grid(equations) {
  const box = element("div", "equations");
  for (const { left, right, text } of equations) {
    const sides = [draw("span", "left", left), element("span", "", "="), draw("span", "right", right)];
    sides[2].setAttribute("role", "math");
    sides[2].setAttribute("aria-label", text);
    box.append(...sides);
  }
  return box;
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function draw(tag, className, parts) {
  const box = element(tag, className);
  box.append(...parts.map(drawPart));
  return box;
}

function drawPart(part) {
  if (typeof part === "string") return part;
  if (part.floor) return draw("span", "floor", part.floor);
  if (part.ceiling) return draw("span", "ceiling", part.ceiling);
  if (part.fraction) {
    const box = element("span", "fraction");
    box.append(...part.fraction.map((half) => draw("span", "", half)));
    return box;
  }
  const [[kind, text]] = Object.entries(part);
  return element("span", kind, text);
}
