// Elements that many components have.

/** A new element with a class and a text. */
export function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A headline and a quieter line under it, in the component's readout. */
export function writeReadout(root, headline, detail) {
  const [strong, small] = [document.createElement("strong"), document.createElement("span")];
  strong.textContent = headline;
  small.className = "muted";
  small.textContent = detail;
  root.querySelector(".readout").replaceChildren(strong, document.createElement("br"), small);
}
