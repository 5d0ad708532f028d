export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const tree = parentElement.querySelector(".tree");
  tree.setAttribute("aria-label", "Layers, as the model reads");
  // A deep model has over a thousand layers: they are drawn once, and then only marked.
  const drawn = JSON.stringify(data.layers);
  if (parentElement.cnnvizLayers !== drawn) {
    parentElement.cnnvizLayers = drawn;
    tree.replaceChildren(...data.layers.map(item));
  }
  for (const row of tree.children) mark(row);

  function mark(row) {
    const chosen = row.dataset.layer === data.selected;
    row.setAttribute("aria-selected", String(chosen));
    row.tabIndex = chosen ? 0 : -1;
    row.onclick = row.hasAttribute("aria-disabled") ? null : () => choose(row);
  }

  function item({ layer, name, depth, kind, block, shape, why_not: whyNot }) {
    const row = document.createElement("div");
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", String(depth + 1));
    row.classList.toggle("block", block);
    row.style.paddingLeft = `${0.5 + 0.7 * depth}rem`;
    row.dataset.layer = layer;
    row.append(text("name", name), text("kind", kind), text("shape", shape));
    if (whyNot) {
      row.setAttribute("aria-disabled", "true");
      row.title = `No maps: ${whyNot}`;
    }
    return row;
  }

  function text(className, content) {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = content;
    return span;
  }

  function choose(row) {
    tree.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    row.setAttribute("aria-selected", "true");
    setTriggerValue("layer", row.dataset.layer);
  }

  tree.onkeydown = (event) => {
    const rows = [...tree.children];
    const here = rows.indexOf(event.target);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = rows[to];
      if (!next) return;
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      rows[here]?.click();
    }
  };

  const selected = tree.querySelector('[aria-selected="true"]');
  if (selected && parentElement.cnnvizShown !== data.selected) {
    parentElement.cnnvizShown = data.selected;
    tree.scrollTop = selected.offsetTop - tree.offsetTop - tree.clientHeight / 2;
  }
}
