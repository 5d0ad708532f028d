// All layers of a model as a tree, one of which is chosen.

import { find, make } from "../shared/elements.js";
import { stateOf } from "../shared/lifecycle.js";

/**
 * @typedef {{ layer: string, name: string, depth: number, kind: string, block: boolean, shape: string, why_not: string }} Layer
 * @typedef {{ layers: Layer[], selected: string }} Data
 *
 * The layers that are drawn, as JSON, and the one that the tree has been scrolled to.
 *
 * @typedef {{ layers: string, shown: string }} State
 */

/** @param {ComponentArguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const tree = find(parentElement, ".tree");
  const state = stateOf(parentElement, () => /** @type {State} */ ({ layers: "", shown: "" }));
  tree.setAttribute("aria-label", "Layers, as the model reads");
  // A deep model has over a thousand layers: they are drawn once, and then only marked.
  const layers = JSON.stringify(data.layers);
  if (state.layers !== layers) tree.replaceChildren(...data.layers.map(layerRow));
  state.layers = layers;
  const rows = /** @type {HTMLElement[]} */ ([...tree.children]);
  rows.forEach(mark);

  /** @param {HTMLElement} row */
  function mark(row) {
    const chosen = row.dataset.layer === data.selected;
    row.setAttribute("aria-selected", String(chosen));
    row.tabIndex = chosen ? 0 : -1;
    row.onclick = row.hasAttribute("aria-disabled") ? null : () => choose(row);
  }

  /** @param {HTMLElement} row */
  function choose(row) {
    tree.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    row.setAttribute("aria-selected", "true");
    setTriggerValue("layer", row.dataset.layer);
  }

  tree.onkeydown = (event) => {
    const here = rows.findIndex((row) => row === event.target);
    const to = new Map([["ArrowDown", here + 1], ["ArrowUp", here - 1], ["Home", 0], ["End", rows.length - 1]]).get(event.key);
    if (to !== undefined) {
      event.preventDefault();
      const next = rows[to];
      if (!next) return;
      if (here >= 0) rows[here].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      rows[here]?.click();
    }
  };

  const selected = rows.find((row) => row.dataset.layer === data.selected);
  if (selected && state.shown !== data.selected) {
    state.shown = data.selected;
    tree.scrollTop = selected.offsetTop - tree.offsetTop - tree.clientHeight / 2;
  }
}

/** @param {Layer} layer */
function layerRow({ layer, name, depth, kind, block, shape, why_not: whyNot }) {
  const row = make("div");
  row.setAttribute("role", "treeitem");
  row.setAttribute("aria-level", String(depth + 1));
  row.classList.toggle("block", block);
  row.style.paddingLeft = `${0.5 + 0.7 * depth}rem`;
  row.dataset.layer = layer;
  row.append(make("span", "name", name), make("span", "kind", kind), make("span", "shape", shape));
  if (whyNot) {
    row.setAttribute("aria-disabled", "true");
    row.title = `No maps: ${whyNot}`;
  }
  return row;
}
