// What the readout says of units.

import { format, formatCount } from "../shared/numbers.js";
import { rangeText, shareInside } from "../shared/unit_fields.js";
import { fieldOf, numberOf, pinnedUnit, valueOf } from "./model.js";

/** @import { Unit, Wall } from "./model.js" */

/** Room around the picture for fields that reach into the padding, in CSS pixels. */
export const MARGIN = 16;

const HELP = "the middle of the selected map; point to read a value, click to choose a map, click in the large map to pin a unit";

/**
 * @param {Wall} wall
 * @param {number} channel
 * @param {Unit} unit
 */
export function unitText(wall, channel, unit) {
  const value = valueOf(wall, channel, unit);
  const text = wall.header.exact ? format(value) : `≈ ${format(value, 3)}`;
  return `Channel ${channel}, row ${unit.row}, column ${unit.column}: ${text}`;
}

/**
 * What a unit sees, and the range of its map.
 *
 * @param {Wall} wall
 * @param {number} channel
 * @param {Unit} unit
 */
export function unitDetail(wall, channel, unit) {
  const [least, mean, greatest] = /** @type {const} */ (["minimum", "mean", "maximum"]).map((name) => format(numberOf(wall, name, channel), 3));
  const why = wall.header.exact ? "" : " · ≈: so many values are sent with three digits";
  return `${fieldText(wall, unit)} · map: least ${least}, mean ${mean}, greatest ${greatest}${why}`;
}

/**
 * @param {Wall} wall
 * @param {Unit} unit
 */
function fieldText(wall, unit) {
  const { header, picture } = wall;
  if (!wall.fields) return header.field_note;
  const field = fieldOf(wall, unit);
  if (!field) return `sees nothing of the picture${header.global_words}`;
  const [tall, wide] = field.map(([first, last]) => formatCount(last - first + 1));
  const inside = shareInside(field[0], picture.height) * shareInside(field[1], picture.width);
  const over = field.map(([first, last], axis) => Math.max(-first, last - [picture.height, picture.width][axis] + 1));
  const cut = Math.max(...over) * picture.zoom > MARGIN ? ", farther out than is drawn" : "";
  const outside = inside < 1 ? `, ${format(100 * (1 - inside), 3)} % of them in the padding${cut}` : "";
  return `sees ${tall}×${wide} pixels, rows ${rangeText(field[0])}, columns ${rangeText(field[1])}${outside}${header.global_words}`;
}

/**
 * Headline and detail while nothing is pointed at: of the pinned unit, the one read last, or the middle.
 *
 * @param {Wall} wall
 * @returns {[headline: string, detail: string]}
 */
export function restingText(wall) {
  const { selected, unit: last, isRead } = wall.state;
  const pin = pinnedUnit(wall);
  const unit = pin ?? last;
  const detail = unitDetail(wall, selected, unit);
  const described = pin ? `pinned, its story stands below · ${detail}` : isRead ? detail : HELP;
  return [unitText(wall, selected, unit), described];
}
