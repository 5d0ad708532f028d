// The likeliest classes with their probabilities; a click takes one.

import { find, make } from "../shared/elements.js";

/**
 * @typedef {{ index: number, name: string, share: number, text: string }} Class
 * @typedef {{ label: string, selected: number, classes: Class[] }} Data
 *
 * @param {ComponentArguments<Data>} component
 */
export default function ({ data, parentElement, setTriggerValue }) {
  const bars = find(parentElement, ".bars");
  bars.setAttribute("aria-label", data.label);
  bars.replaceChildren(...data.classes.map(button));

  /** @param {Class} class_ */
  function button({ index, name, share, text }) {
    const element = make("button");
    element.type = "button";
    element.dataset.index = String(index);
    element.title = name;
    element.setAttribute("aria-pressed", String(index === data.selected));
    element.setAttribute("aria-label", `Explain ${name}, probability ${text}`);
    const [track, bar] = [make("span", "track"), make("span", "bar")];
    track.style.display = bar.style.display = "block";
    bar.style.width = `${100 * share}%`;
    track.append(bar);
    element.append(make("span", "name", name), make("span", "", text), track);
    element.onclick = () => setTriggerValue("index", index);
    return element;
  }
}
