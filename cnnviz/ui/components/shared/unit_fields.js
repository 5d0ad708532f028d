// Which pixels the units of a map see, and how a unit's field is drawn on the picture. The edges come from
// analysis/field/receptive_field.py.

import { inWords } from "./numbers.js";

// Black, white and the accent: seen on any picture.
export const EDGES = (accent) => [["#000", 4], ["#fff", 3], [accent, 2]];

// Events of the page: the wall of maps pins a unit or lets it go; the story tells one, or none.
export const PIN = "cnnviz-pin";
export const TOLD = "cnnviz-told";

export const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export const countText = (value) => value.toLocaleString("en-US").replace("-", "−");
export const rangeText = ([first, last]) => (first === last ? countText(first) : `${countText(first)} to ${countText(last)}`);

/** First and last pixel that each unit along an axis sees, as `Axis.at`; null where it sees nothing. */
export function fieldsAlong({ advance, edges }, units) {
  return Array.from({ length: units }, (_, unit) => {
    const period = Math.floor(unit / edges.length);
    const edge = edges[unit % edges.length];
    return edge && [edge[0] + period * advance, edge[1] + period * advance];
  });
}

/** Units along one axis whose field holds a pixel. */
export function unitsSeeing(fields, pixel) {
  return fields.flatMap((edge, unit) => (edge && edge[0] <= pixel && pixel <= edge[1] ? [unit] : []));
}

/** The share of a stretch of pixels that lies in the picture. */
export function shareInside([first, last], size) {
  return Math.max(0, Math.min(last, size - 1) - Math.max(first, 0) + 1) / (last - first + 1);
}

export function pageColours(root) {
  const style = getComputedStyle(root);
  const value = (name) => style.getPropertyValue(name).trim();
  return { accent: value("--st-primary-color"), text: value("--st-text-color"), ground: style.backgroundColor };
}

/** A canvas sharp on this screen: size in CSS pixels; what is drawn counts in them. */
export function prepared(canvas, wide, high) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(high * ratio);
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  return context;
}

export function hatched(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
    pen.stroke();
  }
  return context.createPattern(tile, "repeat");
}

/** Where a field, [rows, columns] as first and last pixel, lies on a canvas with a picture. */
function placeOfField([rows, columns], { left, top, scale }) {
  const length = ([first, last]) => (last - first + 1) * scale;
  return [left + columns[0] * scale, top + rows[0] * scale, length(columns), length(rows)];
}

/**
 * A field over a picture that stands on the canvas at left and top, `wide` × `high`, `scale` CSS pixels a
 * pixel: the rest steps back, what lies in the padding is hatched.
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
  for (const [colour, line] of EDGES(accent)) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(...box);
  }
  context.lineWidth = 1;
}

/** A pixel under the pointer, on a picture as in `drawField`. */
export function drawPixel(context, [row, column], { left, top, scale }, accent) {
  const size = Math.max(5, scale);
  const at = (start, n) => start + (n + 0.5) * scale - size / 2;
  const [x, y] = [at(left, column), at(top, row)];
  context.strokeStyle = "#000";
  context.strokeRect(x - 1, y - 1, size + 2, size + 2);
  context.fillStyle = accent;
  context.fillRect(x, y, size, size);
}

/** Which units see a pixel: a headline and where they stand. */
export function pixelWords([row, column], fields, globalWords) {
  const seeing = fields.map((along, axis) => unitsSeeing(along, [row, column][axis]));
  const many = seeing[0].length * seeing[1].length;
  const all = fields[0].length * fields[1].length;
  const headline = `Pixel row ${row}, column ${column} lies in the field of ${countText(many)} of ${countText(all)} units`;
  return [headline, many ? `Units in rows ${inWords(seeing[0])}, columns ${inWords(seeing[1])}.${globalWords}` : "No unit sees it this way."];
}
