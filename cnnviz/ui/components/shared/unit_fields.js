// Which pixels the units of a map see, and how a unit's field is drawn on the picture. The edges come from
// analysis/field/receptive_field.py.

import { contextOf } from "./elements.js";
import { formatCount, inWords } from "./numbers.js";

/**
 * The colours of the page.
 *
 * @typedef {{ accent: string, text: string, ground: string }} PageColours
 *
 * A picture that stands on a canvas at left and top, `wide` × `high`, `scale` CSS pixels a pixel.
 *
 * @typedef {{ left: number, top: number, wide: number, high: number, scale: number }} PlacedPicture
 */

/**
 * Strokes of an outline that is seen on any picture: colours and widths, the widest first.
 *
 * @param {string} accent
 * @returns {[colour: string, width: number][]}
 */
export const outlineStrokes = (accent) => [["#000", 4], ["#fff", 3], [accent, 2]];

// Events of the page: the wall of maps has pinned a unit or let it go; the story shows one, or none.
export const UNIT_PINNED = "cnnviz-unit-pinned";
export const STORY_SHOWN = "cnnviz-story-shown";

/** @param {Interval} interval */
export const rangeText = ([first, last]) => (first === last ? formatCount(first) : `${formatCount(first)} to ${formatCount(last)}`);

/**
 * First and last pixel that each unit along an axis sees, as `Axis.at`; null where it sees nothing.
 *
 * @param {{ advance: number, edges: (Interval | null)[] }} axis
 * @param {number} units
 * @returns {(Interval | null)[]}
 */
export function fieldsAlong({ advance, edges }, units) {
  return Array.from({ length: units }, (_, unit) => {
    const period = Math.floor(unit / edges.length);
    const edge = edges[unit % edges.length];
    return edge && [edge[0] + period * advance, edge[1] + period * advance];
  });
}

/**
 * Units along one axis whose field holds a pixel.
 *
 * @param {(Interval | null)[]} fields
 * @param {number} pixel
 */
export function unitsSeeing(fields, pixel) {
  return fields.flatMap((edge, unit) => (edge && edge[0] <= pixel && pixel <= edge[1] ? [unit] : []));
}

/**
 * The share of an interval of pixels that lies in the picture.
 *
 * @param {Interval} interval
 * @param {number} size
 */
export function shareInside([first, last], size) {
  return Math.max(0, Math.min(last, size - 1) - Math.max(first, 0) + 1) / (last - first + 1);
}

/**
 * @param {Element} root
 * @returns {PageColours}
 */
export function pageColours(root) {
  const style = getComputedStyle(root);
  /** @param {string} name */
  const value = (name) => style.getPropertyValue(name).trim();
  return { accent: value("--st-primary-color"), text: value("--st-text-color"), ground: style.backgroundColor };
}

/**
 * A canvas sharp on this screen: size in CSS pixels; what is drawn counts in them.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} wide
 * @param {number} high
 */
export function prepared(canvas, wide, high) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(high * ratio);
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  return context;
}

/**
 * A pattern of diagonal lines.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 */
export function hatched(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = contextOf(tile);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
    pen.stroke();
  }
  return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
}

/**
 * Where a field lies on a canvas with a picture: x, y, width, height.
 *
 * @param {Field} field
 * @param {PlacedPicture} picture
 * @returns {[number, number, number, number]}
 */
function placeOfField([rows, columns], { left, top, scale }) {
  /** @param {Interval} interval */
  const length = ([first, last]) => (last - first + 1) * scale;
  return [left + columns[0] * scale, top + rows[0] * scale, length(columns), length(rows)];
}

/**
 * A field over a picture: the rest steps back, what lies in the padding is hatched.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Field} field
 * @param {PlacedPicture} picture
 * @param {PageColours} colours
 */
export function drawField(context, field, picture, { accent, text, ground }) {
  const { left, top, wide, high } = picture;
  const box = placeOfField(field, picture);
  const canvas = context.canvas;
  context.save();
  context.beginPath();
  context.rect(left, top, wide, high);
  context.rect(...box);
  context.clip("evenodd");
  context.beginPath();
  context.rect(left, top, wide, high);
  context.clip();
  context.fillStyle = ground;
  context.globalAlpha = 0.55; // what the unit does not see steps back
  context.fillRect(left, top, wide, high);
  context.restore();
  context.save();
  context.beginPath();
  context.rect(0, 0, canvas.width, canvas.height);
  context.rect(left, top, wide, high);
  context.clip("evenodd");
  context.fillStyle = hatched(context, text);
  context.globalAlpha = 0.45;
  context.fillRect(...box);
  context.restore();
  for (const [colour, line] of outlineStrokes(accent)) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(...box);
  }
  context.lineWidth = 1;
}

/**
 * A pixel under the pointer, on a picture.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Place} pixel
 * @param {PlacedPicture} picture
 * @param {string} accent
 */
export function drawPixel(context, [row, column], { left, top, scale }, accent) {
  const size = Math.max(5, scale);
  /**
   * @param {number} start
   * @param {number} n
   */
  const at = (start, n) => start + (n + 0.5) * scale - size / 2;
  const [x, y] = [at(left, column), at(top, row)];
  context.strokeStyle = "#000";
  context.strokeRect(x - 1, y - 1, size + 2, size + 2);
  context.fillStyle = accent;
  context.fillRect(x, y, size, size);
}

/**
 * Which units see a pixel: a headline and where they stand.
 *
 * @param {Place} pixel
 * @param {(Interval | null)[][]} fields along rows and columns
 * @param {string} globalWords
 * @returns {[headline: string, detail: string]}
 */
export function pixelWords([row, column], fields, globalWords) {
  const seeing = fields.map((along, axis) => unitsSeeing(along, [row, column][axis]));
  const many = seeing[0].length * seeing[1].length;
  const all = fields[0].length * fields[1].length;
  const headline = `Pixel row ${row}, column ${column} lies in the field of ${formatCount(many)} of ${formatCount(all)} units`;
  return [headline, many ? `Units in rows ${inWords(seeing[0])}, columns ${inWords(seeing[1])}.${globalWords}` : "No unit sees it this way."];
}
