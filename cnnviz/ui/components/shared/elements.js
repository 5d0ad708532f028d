// Elements that many components have.

/**
 * An element of a component's own HTML, which is certainly there.
 *
 * @template {string} Selector
 * @param {ParentNode} root
 * @param {Selector} selector
 */
export const find = (root, selector) => /** @type {Selected<Selector>} */ (root.querySelector(selector));

/**
 * What draws on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 */
export const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * A new element with a class and a text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * A new element of an SVG image with a text.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 */
export function makeSvg(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

/**
 * A headline and a quieter line under it, in the component's readout.
 *
 * @param {ParentNode} root
 * @param {string} headline
 * @param {string} detail
 */
export function writeReadout(root, headline, detail) {
  find(root, ".readout").replaceChildren(make("strong", "", headline), make("br"), make("span", "muted", detail));
}
