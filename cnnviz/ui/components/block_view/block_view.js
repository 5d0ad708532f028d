// A network as a list of stages, and the inside of one block as a diagram with its branches and joins.

import { make, makeSvg } from "../shared/elements.js";
import { stateOf } from "../shared/lifecycle.js";


export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  const list = root.querySelector(".stages");
  const scroll = root.querySelector(".stage-scroll");
  const state = stateOf(parentElement, () => ({ open: null }));
  const [boxWidth, boxHeight] = data.box;

  const open = (path) => setTriggerValue("open", path);
  const focused = root.getRootNode().activeElement;
  const inStages = list.contains(focused);
  const place = scroll.contains(focused) ? (state.open === data.open ? focused.dataset.node : "0") : null;
  root.dataset.open = data.open;
  drawStages();
  drawCrumbs();
  drawDiagram();
  drawKey();
  say();
  if (inStages) list.querySelector('[tabindex="0"]')?.focus();
  if (place) scroll.querySelector(`[data-node="${place}"]`)?.focus();
  if (state.open !== data.open) {
    const selected = list.querySelector('[aria-selected="true"]');
    if (selected) list.scrollTop = selected.offsetTop - list.offsetTop - list.clientHeight / 3;
    scroll.scrollTop = 0;
    scroll.scrollLeft = Math.max(0, (scroll.scrollWidth - scroll.clientWidth) / 2);
  }
  state.open = data.open;

  function drawStages() {
    list.replaceChildren(
      ...data.stages.map(({ path, name, what, shape, parameters, share, opens, selected }) => {
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
        row.onclick = () => (opens ? open(opens) : say(`${name}: ${what}; a single operation, nothing to open.`));
        return row;
      }),
    );
    if (!list.querySelector('[tabindex="0"]') && list.firstChild) list.firstChild.tabIndex = 0;
    list.onkeydown = (event) => walk(event, [...list.children]);
  }

  /** Arrow keys from one to the next; Enter and Space press it. */
  function walk(event, all) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const here = all.indexOf(event.target.closest("button, .node"));
    if (!step || here < 0) return;
    event.preventDefault();
    const next = all[here + step];
    if (!next) return;
    all[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  function drawCrumbs() {
    const crumbs = root.querySelector(".crumbs");
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

  function drawDiagram() {
    const [width, height] = data.size;
    const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group" });
    svg.style.maxWidth = `${width}px`;
    svg.style.minWidth = `${data.least_zoom * width}px`; // smaller, and the words could not be read: it scrolls
    svg.setAttribute("aria-label", data.alt);
    const lines = data.lines.map(([from, to, points]) => makeSvg("path", { class: "line", d: curve(points), "data-from": from, "data-to": to }));
    const heads = data.lines.map(([, , points]) => arrow(points));
    const nodes = data.nodes.map(node);
    nodes[0]?.setAttribute("tabindex", "0");
    svg.append(...lines, ...heads, ...nodes);
    svg.onkeydown = (event) => walk(event, nodes);
    scroll.replaceChildren(svg);
  }

  function node({ name, detail, words, colour, opens, x, y }, index) {
    const box = makeSvg("g", { class: opens ? "node opens" : "node", tabindex: "-1", role: opens ? "button" : "img" });
    box.setAttribute("aria-label", opens ? `Open ${words}` : words);
    box.dataset.node = index;
    const [left, top] = [x - boxWidth / 2, y - boxHeight / 2];
    box.append(
      makeSvg("rect", { class: "box", x: left, y: top, width: boxWidth, height: boxHeight, rx: 4 }),
      makeSvg("rect", { x: left, y: top, width: 5, height: boxHeight, rx: 2, fill: colour }),
      line("name", name, left + 12, y - 4),
      line("detail", detail, left + 12, y + 14),
    );
    if (opens) box.append(line("more", "⤢", left + boxWidth - 16, y - 5));
    box.onpointerenter = box.onfocus = () => point(index, words, opens);
    box.onpointerleave = box.onblur = () => point(-1);
    box.onclick = () => (opens ? open(opens) : point(index, words));
    box.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (opens) open(opens);
    };
    return box;
  }

  /** Mark a node and the lines that reach it or leave it; say what it is. */
  function point(index, words = "", opens = null) {
    for (const path of scroll.querySelectorAll(".line")) {
      path.classList.toggle("pointed", +path.dataset.from === index || +path.dataset.to === index);
    }
    for (const box of scroll.querySelectorAll(".node")) box.classList.toggle("pointed", +box.dataset.node === index);
    if (index >= 0) say(opens ? `${words} A click opens it.` : words);
  }

  function say(words = data.words) {
    root.querySelector(".readout").textContent = words;
  }

  function drawKey() {
    root.querySelector(".key").replaceChildren(
      ...data.key.map(([name, colour]) => {
        const entry = make("span", "", name);
        entry.style.setProperty("--colour", colour);
        return entry;
      }),
    );
  }

  function line(className, text, x, y) {
    const element = makeSvg("text", { class: className, x, y });
    element.textContent = text;
    return element;
  }
}

function curve([start, ...rest]) {
  const pieces = [];
  for (let i = 0; i < rest.length; i += 3) pieces.push(`C ${rest.slice(i, i + 3).flat().join(" ")}`);
  return `M ${start.join(" ")} ${pieces.join(" ")}`;
}

/** The head of an arrow at the end of a curve, along its last control line. */
function arrow(points) {
  const [[cx, cy], [x, y]] = points.slice(-2);
  const angle = Math.atan2(y - cy, x - cx);
  const corner = (turn) => `${x - 7 * Math.cos(angle + turn)} ${y - 7 * Math.sin(angle + turn)}`;
  return makeSvg("path", { class: "head", d: `M ${x} ${y} L ${corner(0.45)} L ${corner(-0.45)} Z` });
}
