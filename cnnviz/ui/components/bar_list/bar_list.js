// Names with a bar and a number each.

import { made } from "../shared/elements.js";

export default function (component) {
  const { data, parentElement } = component;
  const box = parentElement.querySelector(".bars");
  box.setAttribute("aria-label", data.label);
  box.replaceChildren(
    ...data.bars.map(({ name, share, number }) => {
      const [line, bar, fill] = [made("div", "line"), made("span", "bar"), made("i")];
      line.setAttribute("role", "listitem");
      fill.style.width = `${100 * share}%`;
      bar.append(fill);
      const label = made("span", "name", name);
      label.title = name;
      line.append(label, bar, made("span", "number", number));
      return line;
    }),
  );
}
