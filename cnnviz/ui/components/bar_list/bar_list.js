// Names with a bar and a number each.

import { find, make } from "../shared/elements.js";

/**
 * @typedef {{ label: string, bars: { name: string, share: number, number: string }[] }} Data
 *
 * @param {ComponentArguments<Data>} component
 */
export default function ({ data, parentElement }) {
  const box = find(parentElement, ".bars");
  box.setAttribute("aria-label", data.label);
  box.replaceChildren(
    ...data.bars.map(({ name, share, number }) => {
      const [line, bar, fill] = [make("div", "line"), make("span", "bar"), make("i")];
      line.setAttribute("role", "listitem");
      fill.style.width = `${100 * share}%`;
      bar.append(fill);
      const label = make("span", "name", name);
      label.title = name;
      line.append(label, bar, make("span", "number", number));
      return line;
    }),
  );
}
