// The sum of each input channel as a list of bars, of which one is chosen.

import { make } from "../shared/elements.js";
import { format, formatCount } from "../shared/numbers.js";

const ROWS_AT_ONCE = 64;
// Places in a colour scale: a clear negative and a clear positive colour.
const [NEGATIVE, POSITIVE] = [126, 636];

/**
 * Every channel's sum as a bar, the largest first; more of them come as the list is scrolled.
 *
 * @param {number[]} ranked the places in `sums`, the largest first
 * @param {Float32Array} sums
 * @param {(slot: number) => string} name
 * @param {Uint8Array} colours
 * @param {(slot: number) => void} show is called with the place that is chosen
 */
export function sumList(ranked, sums, name, colours, show) {
  const [box, list] = [make("div", "sums"), make("div", "list")];
  const most = Math.abs(sums[ranked[0]]) || 1;
  /** @type {HTMLElement[]} */
  const rows = [];
  let selected = -1;
  box.append(make("div", "caption", `Sum of each of ${formatCount(ranked.length)} input channels, the largest first`), list);
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Sums by input channel: arrow keys choose one");

  function grow() {
    const more = ranked.slice(rows.length, rows.length + ROWS_AT_ONCE).map((slot) => {
      const row = sumRow(name(slot), sums[slot], sums[slot] / most, colours);
      row.onclick = () => select(slot);
      return row;
    });
    rows.push(...more);
    list.append(...more);
  }

  /** @param {number} slot */
  function select(slot) {
    const place = ranked.indexOf(slot);
    while (rows.length <= place) grow();
    rows[selected]?.setAttribute("aria-selected", "false");
    selected = place;
    rows[place].setAttribute("aria-selected", "true");
    scrollTo(list, rows[place]);
    show(slot);
  }

  list.onscroll = () => {
    if (rows.length < ranked.length && list.scrollTop + 2 * list.clientHeight > list.scrollHeight) grow();
  };
  list.onkeydown = (event) => {
    const by = new Map([["ArrowUp", -1], ["ArrowDown", 1]]).get(event.key);
    if (!by) return;
    event.preventDefault();
    const next = ranked[selected + by];
    if (next !== undefined) select(next);
  };
  return { box, select };
}

/**
 * @param {string} name
 * @param {number} sum
 * @param {number} share of the largest sum, signed
 * @param {Uint8Array} colours
 */
function sumRow(name, sum, share, colours) {
  const [row, bar, fill] = [make("div", "row"), make("span", "bar"), make("i")];
  const start = sum < 0 ? NEGATIVE : POSITIVE;
  const [r, g, b] = colours.subarray(start, start + 3);
  const side = sum < 0 ? "right" : "left";
  Object.assign(fill.style, { width: `${50 * Math.abs(share)}%`, [side]: "50%", background: `rgb(${r},${g},${b})` });
  bar.append(fill);
  row.append(make("span", "", name), bar, make("span", "number", format(sum)));
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  return row;
}

/**
 * Scroll a list no further than it takes to see a row of it.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} row
 */
function scrollTo(list, row) {
  const [top, height] = [row.offsetTop - list.offsetTop, row.offsetHeight];
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
}
