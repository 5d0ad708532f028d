// Architectures in the order of their years: an axis true to scale, and a card for each with its links.

import { find, make } from "../shared/elements.js";

/**
 * @typedef {{ label: string, page: string, model: string, href: string }} Link
 * @typedef {{ name: string, year: number, idea: string, figures: [term: string, value: string][], error: string,
 *   meaning: string, comparable: string, paper: string, variant: string, links: Link[] }} Card
 * @typedef {{ cards: Card[], follow: { page: string, model: string } | null }} Data
 */

/** @param {ComponentArguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const axis = find(parentElement, ".axis");
  const cards = find(parentElement, ".cards");
  axis.replaceChildren(...marks());
  cards.replaceChildren(...data.cards.map(card));
  if (data.follow) follow(data.follow);

  /** A dot for each year, with the names of that year over or under it, in turns. */
  function marks() {
    const years = [...new Set(data.cards.map(({ year }) => year))];
    const [first, last] = [Math.min(...years), Math.max(...years)];
    return years.flatMap((year, i) => {
      const members = data.cards.filter((one) => one.year === year);
      const place = `${(100 * (year - first)) / (last - first)}%`;
      const [dot, label] = [make("span", "dot"), make("span", i % 2 ? "label below" : "label", [year, ...members.map(({ name }) => name)].join("\n"))];
      dot.dataset.year = String(year);
      dot.style.left = label.style.left = place;
      return [dot, label];
    });
  }

  /** @param {Card} card_ */
  function card({ name, year, idea, figures, error, meaning, comparable, paper, variant, links }) {
    const box = make("li", "card");
    const head = make("div", "head");
    head.append(make("h3", "", name), make("span", "year", String(year)));
    const list = make("dl", "figures");
    for (const [term, value] of figures) list.append(make("dt", "", term), make("dd", "", value));
    box.append(head, make("p", "idea", idea), list, quoted(error, meaning), make("p", "comparable", comparable));
    if (variant) box.append(make("p", "small muted variant", variant));
    box.append(make("p", "small muted paper", paper), linksOf(name, links));
    /** @param {boolean} on */
    const light = (on) => find(axis, `[data-year="${year}"]`).classList.toggle("lit", on);
    for (const event of ["pointerenter", "focusin"]) box.addEventListener(event, () => light(true));
    for (const event of ["pointerleave", "focusout"]) box.addEventListener(event, () => light(false));
    return box;
  }

  /** @type {(error: string, meaning: string) => HTMLElement} */
  function quoted(error, meaning) {
    const box = make("div", "error");
    if (error) box.append("Often quoted: ", make("strong", "", error), document.createElement("br"));
    box.append(make("span", "meaning", meaning));
    return box;
  }

  /**
   * Links with an address of their own, for a new tab; a plain click stays in this session, with its picture.
   *
   * @type {(name: string, links: Link[]) => HTMLElement}
   */
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

  /**
   * Python has set the model; the app's own navigation goes there without a new session.
   *
   * @param {NonNullable<Data["follow"]>} target
   */
  function follow({ page, model }) {
    const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-testid="stSidebarNavLink"]'));
    const own = [...links].find((link) => new URL(link.href).pathname.endsWith(`/${page}`));
    if (own) setTimeout(() => own.click());
    else location.assign(withRest(`${page}?model=${encodeURIComponent(model)}`));
  }

  /** @param {string} href */
  function withRest(href) {
    const address = new URL(href, location.href);
    for (const [key, value] of new URLSearchParams(location.search)) {
      if (!key.startsWith("arch_") && !address.searchParams.has(key)) address.searchParams.append(key, value);
    }
    return address.href;
  }
}
