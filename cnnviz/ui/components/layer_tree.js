export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const tree = parentElement.querySelector(".tree");
  tree.setAttribute("aria-label", "Layers, as the model reads");
  tree.replaceChildren(...data.layers.map(item));

  function item({ layer, name, depth, kind, block, shape, selectable }) {
    const row = document.createElement("div");
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", String(depth + 1));
    row.setAttribute("aria-selected", String(layer === data.selected));
    row.tabIndex = layer === data.selected ? 0 : -1;
    row.classList.toggle("block", block);
    row.style.paddingLeft = `${0.5 + 0.7 * depth}rem`;
    row.dataset.layer = layer;
    row.append(text("name", name), text("kind", kind), text("shape", shape));
    if (!selectable) {
      row.setAttribute("aria-disabled", "true");
      row.title = "A vector: it has no feature maps";
    }
    if (selectable) row.onclick = () => choose(row);
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
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const here = rows.indexOf(event.target);
    if (step) {
      event.preventDefault();
      const next = rows[here + step];
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
