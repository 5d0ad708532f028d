// One output of a sliding window written out: a line for each channel, a span for each term.

import { CHANNEL_NAMES } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { format, withMinus } from "../shared/numbers.js";
import { winningTerm } from "../shared/operation.js";

/** @import { Operation, Term } from "../shared/operation.js" */
/** @import { PinnedCell, PointedTap } from "./model.js" */

/**
 * Two decimals, as cells have them; large numbers in as few digits as a cell has room for.
 *
 * @param {number} value
 */
export function twoDecimals(value) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e5) return format(value, 3);
  if (Math.abs(value) >= 100) return withMinus(String(Math.round(value)));
  return withMinus(value.toFixed(2).replace("-0.00", "0.00"));
}

/**
 * The terms of one output and what they come to; `light` gets the term under the pointer, or null.
 *
 * @param {Operation} op
 * @param {Term[]} list
 * @param {number} row
 * @param {number} column
 * @param {(term: PointedTap | null) => void} light
 */
export function expressionLines(op, list, row, column, light) {
  const perChannel = op.input.map((_, k) => list.filter((term) => term.channel === k));
  const named = perChannel.length > 1;
  const lines = perChannel.map((terms, k) => channelLine(op, terms, named ? `${CHANNEL_NAMES[k]}: ` : "", row, column, light));
  if (named || op.bias) lines.unshift(totalLine(op, perChannel, op.value(row, column)));
  return lines;
}

/**
 * What one input adds to each output that reads it, one channel of it.
 *
 * @param {Operation} op
 * @param {PinnedCell} input
 * @param {number} channel
 */
export function contributionLine(op, input, channel) {
  const parts = op.readers(input.row, input.column).flatMap(([row, column]) => {
    /** @param {Term} term */
    const same = (term) => term.row === input.row && term.column === input.column && term.channel === channel;
    return op.terms(row, column).filter(same).map((term) => contribution(op, term, row, column));
  });
  return make("div", "line", parts.join(", "));
}

/**
 * @param {Operation} op
 * @param {Term} term
 * @param {number} row
 * @param {number} column
 */
function contribution(op, term, row, column) {
  const to = `to output ${row}, ${column}`;
  if (op.kind === "max") {
    const best = winningTerm(op.terms(row, column));
    return best?.m === term.m && best?.n === term.n ? `is output ${row}, ${column}` : `is not the largest of ${row}, ${column}`;
  }
  if (op.kind === "average") return `${twoDecimals(term.x)} / ${op.divisor(row, column)} ${to}`;
  return `${product(term)} ${to}`;
}

/**
 * A pixel times its weight, as written.
 *
 * @param {Term} term
 */
function product(term) {
  const rounded = Number(term.w.toFixed(2));
  return `${twoDecimals(term.x)}·${rounded < 0 ? `(${withMinus(rounded)})` : rounded}`;
}

/** @param {Term[]} terms */
const termSum = (terms) => terms.reduce((sum, term) => sum + term.x * term.w, 0);

/**
 * @param {Operation} op
 * @param {Term[]} terms
 * @param {string} name
 * @param {number} row
 * @param {number} column
 * @param {(term: PointedTap | null) => void} light
 */
function channelLine(op, terms, name, row, column, light) {
  const box = make("div", "line");
  box.append(name, op.kind === "max" ? "max(" : op.kind === "average" ? "(" : "");
  const best = op.kind === "max" ? winningTerm(terms) : null;
  terms.forEach((term, i) => {
    if (i) box.append(op.kind === "max" ? ", " : " + ");
    box.append(termSpan(op, term, term === best, light));
  });
  if (!terms.length) box.append("no stamp reaches this place: 0");
  else if (op.kind === "max") box.append(`) = ${format(best?.x ?? -Infinity)}`);
  else if (op.kind === "average") box.append(`) / ${op.divisor(row, column)} = ${format(op.value(row, column))}`);
  else box.append(` = ${format(termSum(terms))}`);
  return box;
}

/**
 * @param {Operation} op
 * @param {Term} term
 * @param {boolean} winner
 * @param {(term: PointedTap | null) => void} light
 */
function termSpan(op, term, winner, light) {
  const weighted = op.kind === "conv" || op.kind === "transposed";
  const shown = op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x);
  const marks = [term.x * term.w === 0 && "zero", term.padded && "padded", winner && "winner"];
  const span = make("span", ["term", ...marks.filter(Boolean)].join(" "), weighted ? product(term) : shown);
  span.dataset.tap = `${term.m},${term.n}`;
  span.onpointerenter = () => light({ on: "term", m: term.m, n: term.n });
  span.onpointerleave = () => light(null);
  return span;
}

/**
 * @param {Operation} op
 * @param {Term[][]} perChannel
 * @param {number} value
 */
function totalLine(op, perChannel, value) {
  /** @param {number} number */
  const bracketed = (number) => (number < 0 ? `(${format(number)})` : format(number));
  const sums = perChannel.map((terms) => bracketed(termSum(terms)));
  const bias = op.bias ? ` + ${bracketed(op.bias)} (bias)` : "";
  return make("div", "line", `${sums.join(" + ")}${bias} = ${format(value)}`);
}
