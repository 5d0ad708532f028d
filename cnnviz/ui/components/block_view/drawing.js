// The inside of a block as an SVG diagram: its nodes, and the lines between them.

import { makeSvg } from "../shared/elements.js";

/**
 * A part of the block; x and y are the middle of its box.
 *
 * @typedef {object} Node
 * @property {string} name
 * @property {string} detail
 * @property {string} words
 * @property {string} colour
 * @property {string | null} opens path of the block that a click opens
 * @property {number} x
 * @property {number} y
 *
 * @typedef {[x: number, y: number]} Point
 *
 * From one node to another: the start of a curve, then three points for each of its cubic pieces.
 *
 * @typedef {[from: number, to: number, points: Point[]]} Line
 *
 * @typedef {object} Diagram
 * @property {string} alt
 * @property {[width: number, height: number]} box of a node
 * @property {number} least_zoom
 * @property {[width: number, height: number]} size
 * @property {Line[]} lines
 * @property {Node[]} nodes
 */

/**
 * The diagram, and its nodes' elements in their order.
 *
 * @param {Diagram} diagram
 */
export function drawDiagram({ alt, box, least_zoom: leastZoom, size: [width, height], lines, nodes }) {
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group" });
  svg.style.maxWidth = `${width}px`;
  svg.style.minWidth = `${leastZoom * width}px`; // smaller, and the words could not be read: it scrolls
  svg.setAttribute("aria-label", alt);
  const paths = lines.map(([from, to, points]) => makeSvg("path", { class: "line", d: curve(points), "data-from": from, "data-to": to }));
  const boxes = nodes.map((node, index) => drawNode(node, index, box));
  boxes[0]?.setAttribute("tabindex", "0");
  svg.append(...paths, ...lines.map(([, , points]) => arrow(points)), ...boxes);
  return { svg, boxes };
}

/**
 * @param {Node} node
 * @param {number} index
 * @param {[width: number, height: number]} box
 */
function drawNode({ name, detail, words, colour, opens, x, y }, index, [width, height]) {
  const group = makeSvg("g", { class: opens ? "node opens" : "node", tabindex: "-1", role: opens ? "button" : "img" });
  group.setAttribute("aria-label", opens ? `Open ${words}` : words);
  group.dataset.node = String(index);
  const [left, top] = [x - width / 2, y - height / 2];
  group.append(
    makeSvg("rect", { class: "box", x: left, y: top, width, height, rx: 4 }),
    makeSvg("rect", { x: left, y: top, width: 5, height, rx: 2, fill: colour }),
    makeSvg("text", { class: "name", x: left + 12, y: y - 4 }, name),
    makeSvg("text", { class: "detail", x: left + 12, y: y + 14 }, detail),
  );
  if (opens) group.append(makeSvg("text", { class: "more", x: left + width - 16, y: y - 5 }, "⤢"));
  return group;
}

/** @param {Point[]} points */
function curve([start, ...rest]) {
  const pieces = [];
  for (let i = 0; i < rest.length; i += 3) pieces.push(`C ${rest.slice(i, i + 3).flat().join(" ")}`);
  return `M ${start.join(" ")} ${pieces.join(" ")}`;
}

/**
 * The head of an arrow at the end of a curve, along its last control line.
 *
 * @param {Point[]} points
 */
function arrow(points) {
  const [[cx, cy], [x, y]] = points.slice(-2);
  const angle = Math.atan2(y - cy, x - cx);
  /** @param {number} turn */
  const corner = (turn) => `${x - 7 * Math.cos(angle + turn)} ${y - 7 * Math.sin(angle + turn)}`;
  return makeSvg("path", { class: "head", d: `M ${x} ${y} L ${corner(0.45)} L ${corner(-0.45)} Z` });
}
