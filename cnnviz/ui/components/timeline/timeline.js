// Architectures in the order of their years: an axis true to scale, and a card for each with its links.

import { make } from "../shared/elements.js";

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const axis = parentElement.querySelector(".axis");
  const cards = parentElement.querySelector(".cards");
  axis.replaceChildren(...marks());
  cards.replaceChildren(...data.cards.map(card));
  if (data.follow) follow(data.follow);

  /** A dot for each year, with the names of that year over or under it, in turns. */
  function marks() {
    const years = [...new Set(data.cards.map(({ year }) => year))];
    const [first, last] = [Math.min(...years), Math.max(...years)];
    return years.flatMap((year, i) => {
      const members = data.cards.filter((card) => card.year === year);
      const place = `${(100 * (year - first)) / (last - first)}%`;
      const [dot, label] = [make("span", "dot"), make("span", i % 2 ? "label below" : "label", [year, ...members.map(({ name }) => name)].join("\n"))];
      dot.dataset.year = year;
      dot.style.left = label.style.left = place;
      return [dot, label];
    });
  }

  function card({ name, year, idea, figures, error, meaning, comparable, paper, variant, links }) {
    const box = make("li", "card");
    const head = make("div", "head");
    head.append(make("h3", "", name), make("span", "year", year));
    const list = make("dl", "figures");
    for (const [term, value] of figures) list.append(make("dt", "", term), make("dd", "", value));
    box.append(head, make("p", "idea", idea), list, quoted(error, meaning), make("p", "comparable", comparable));
    if (variant) box.append(make("p", "small muted variant", variant));
    box.append(make("p", "small muted paper", paper), linksOf(name, links));
    const light = (on) => axis.querySelector(`[data-year="${year}"]`).classList.toggle("lit", on);
    box.onpointerenter = box.onfocusin = () => light(true);
    box.onpointerleave = box.onfocusout = () => light(false);
    return box;
  }

  function quoted(error, meaning) {
    const box = make("div", "error");
    if (error) box.append("Often quoted: ", make("strong", "", error), document.createElement("br"));
    box.append(make("span", "meaning", meaning));
    return box;
  }

  /** Links with an address of their own, for a new tab; a plain click stays in this session, with its picture. */
  function linksOf(name, links) {
    const box = make("nav", "links");
    box.setAttribute("aria-label", `Open ${name} in`);
    for (const { label, page, model, href } of links) {
      const link = make("a", "", label);
      link.href = href;
      link.onclick = (event) => {
        link.href = withRest(href);
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        setTriggerValue("go", { page, model });
      };
      box.append(link);
    }
    return box;
  }

  /** Python has set the model; the app's own navigation goes there without a new session. */
  function follow({ page, model }) {
    const links = [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')];
    const own = links.find((link) => new URL(link.href).pathname.endsWith(`/${page}`));
    if (own) setTimeout(() => own.click());
    else location.assign(withRest(`${page}?model=${encodeURIComponent(model)}`));
  }

  function withRest(href) {
    const address = new URL(href, location.href);
    for (const [key, value] of new URLSearchParams(location.search)) {
      if (!key.startsWith("arch_") && !address.searchParams.has(key)) address.searchParams.append(key, value);
    }
    return address.href;
  }
}
