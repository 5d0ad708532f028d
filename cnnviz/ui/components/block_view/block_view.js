// A network as a list of stages, and the inside of one block as a diagram with its branches and joins.

import { find, make } from "../shared/elements.js";
import { stateOf } from "../shared/lifecycle.js";
import { drawDiagram } from "./drawing.js";

/** @import { Diagram, Node } from "./drawing.js" */

/**
 * @typedef {object} Stage
 * @property {string} path
 * @property {string} name
 * @property {string} what
 * @property {string} shape
 * @property {string} parameters
 * @property {number} share of the network's parameters
 * @property {string | null} opens path of the block that a click opens
 * @property {boolean} selected
 *
 * @typedef {Diagram & {
 *   open: string, words: string, stages: Stage[], crumbs: { path: string, name: string }[], key: [name: string, colour: string][],
 * }} Data
 *
 * @typedef {object} View
 * @property {HTMLElement} root
 * @property {HTMLElement} list of the stages
 * @property {HTMLElement} scroll what the diagram scrolls in
 * @property {Data} data
 * @property {(path: string) => void} open
 */

/** @param {ComponentArguments<Data>} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, () => ({ open: /** @type {string | null} */ (null) }));
  const isNew = state.open !== data.open;
  /** @type {View} */
  const view = { root, list: find(root, ".stages"), scroll: find(root, ".stage-scroll"), data, open: (path) => setTriggerValue("open", path) };
  const focusAgain = focusKeeper(view, isNew);
  root.dataset.open = data.open;
  drawStages(view);
  drawCrumbs(view);
  drawBlock(view);
  drawKey(view);
  say(view, data.words);
  focusAgain();
  if (isNew) scrollToOpen(view);
  state.open = data.open;
}

/**
 * Gives the focus back to what has it now, once that is drawn anew: the selected stage, or the node of
 * the diagram; in another diagram, its first one.
 *
 * @param {View} view
 * @param {boolean} isNew
 */
function focusKeeper({ root, list, scroll }, isNew) {
  const focused = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (root.getRootNode()).activeElement);
  const inStages = list.contains(focused);
  const place = focused && scroll.contains(focused) ? (isNew ? "0" : focused.dataset.node) : null;
  return () => {
    if (inStages) find(list, '[tabindex="0"]')?.focus();
    if (place) find(scroll, `[data-node="${place}"]`)?.focus();
  };
}

/** @param {View} view */
function scrollToOpen({ list, scroll }) {
  const selected = find(list, '[aria-selected="true"]');
  if (selected) list.scrollTop = selected.offsetTop - list.offsetTop - list.clientHeight / 3;
  scroll.scrollTop = 0;
  scroll.scrollLeft = Math.max(0, (scroll.scrollWidth - scroll.clientWidth) / 2);
}

/** @param {View} view */
function drawStages(view) {
  const { list, data } = view;
  const rows = data.stages.map((stage) => stageRow(view, stage));
  list.replaceChildren(...rows);
  if (rows.length && !rows.some((row) => row.tabIndex === 0)) rows[0].tabIndex = 0;
  list.onkeydown = (event) => walk(event, rows);
}

/**
 * @param {View} view
 * @param {Stage} stage
 */
function stageRow(view, { path, name, what, shape, parameters, share, opens, selected }) {
  const row = make("button");
  row.type = "button";
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", String(selected));
  row.dataset.path = path;
  row.tabIndex = selected ? 0 : -1;
  const numbers = make("span", "numbers muted");
  numbers.append(make("span", "", shape), make("span", "", parameters));
  const [bar, filled] = [make("span", "bar"), make("span")];
  bar.title = "Share of the network's parameters";
  filled.style.width = `${100 * share}%`;
  bar.append(filled);
  row.append(make("span", "name", name), make("span", "what", what), numbers, bar);
  row.onclick = () => (opens ? view.open(opens) : say(view, `${name}: ${what}; a single operation, nothing to open.`));
  return row;
}

/** Steps that arrow keys go along a list. */
const STEPS = /** @type {Record<string, number | undefined>} */ ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 });

/**
 * Arrow keys from one to the next; Enter and Space press it.
 *
 * @param {KeyboardEvent} event
 * @param {(HTMLElement | SVGElement)[]} all
 */
function walk(event, all) {
  const step = STEPS[event.key];
  const here = all.findIndex((element) => element.contains(/** @type {Element} */ (event.target)));
  if (!step || here < 0) return;
  event.preventDefault();
  const next = all[here + step];
  if (!next) return;
  all[here].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** @param {View} view */
function drawCrumbs({ root, data, open }) {
  const crumbs = find(root, ".crumbs");
  crumbs.replaceChildren();
  data.crumbs.forEach(({ path, name }, i) => {
    if (i) crumbs.append("›");
    if (i === data.crumbs.length - 1) {
      const here = make("strong", "", name);
      here.setAttribute("aria-current", "true");
      return crumbs.append(here);
    }
    const button = make("button", "", name);
    button.type = "button";
    button.onclick = () => open(path);
    crumbs.append(button);
  });
}

/** @param {View} view */
function drawBlock(view) {
  const { svg, boxes } = drawDiagram(view.data);
  boxes.forEach((box, index) => listenToNode(view, box, view.data.nodes[index], index));
  svg.onkeydown = (event) => walk(event, boxes);
  view.scroll.replaceChildren(svg);
}

/**
 * @param {View} view
 * @param {SVGElement} box
 * @param {Node} node
 * @param {number} index
 */
function listenToNode(view, box, { words, opens }, index) {
  box.onpointerenter = box.onfocus = () => point(view, index, opens ? `${words} A click opens it.` : words);
  box.onpointerleave = box.onblur = () => point(view, -1);
  box.onclick = () => (opens ? view.open(opens) : point(view, index, words));
  box.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (opens) view.open(opens);
  };
}

/**
 * Mark a node and the lines that reach it or leave it, and say what it is; −1 marks none.
 *
 * @param {View} view
 * @param {number} index
 * @param {string} words
 */
function point(view, index, words = "") {
  for (const path of /** @type {NodeListOf<SVGElement>} */ (view.scroll.querySelectorAll(".line"))) {
    path.classList.toggle("pointed", Number(path.dataset.from) === index || Number(path.dataset.to) === index);
  }
  for (const box of /** @type {NodeListOf<SVGElement>} */ (view.scroll.querySelectorAll(".node"))) {
    box.classList.toggle("pointed", Number(box.dataset.node) === index);
  }
  if (index >= 0) say(view, words);
}

/**
 * @param {View} view
 * @param {string} words
 */
function say({ root }, words) {
  find(root, ".readout").textContent = words;
}

/** @param {View} view */
function drawKey({ root, data }) {
  find(root, ".key").replaceChildren(
    ...data.key.map(([name, colour]) => {
      const entry = make("span", "", name);
      entry.style.setProperty("--colour", colour);
      return entry;
    }),
  );
}
