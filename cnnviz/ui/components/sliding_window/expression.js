// One output of a sliding window written out: a line for each channel, a span for each term.

import { CHANNEL_NAMES } from "../shared/colours.js";
import { format, withMinus } from "../shared/numbers.js";

/** Two decimals, as cells have them; large numbers in as few digits as a cell has room for. */
export function twoDecimals(value) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e5) return format(value, 3);
  if (Math.abs(value) >= 100) return withMinus(String(Math.round(value)));
  return withMinus(value.toFixed(2).replace("-0.00", "0.00"));
}

/** The terms in `list` and what they come to; `touch` gets the term under the pointer, or null. */
export function expressionLines(op, list, row, column, touch) {
  const perChannel = op.input.map((_, k) => list.filter((term) => term.channel === k));
  const named = perChannel.length > 1;
  const lines = perChannel.map((terms, k) => channelLine(op, terms, named ? `${CHANNEL_NAMES[k]}: ` : "", row, column, touch));
  if (named || op.bias) lines.unshift(totalLine(op, perChannel, op.value(row, column)));
  return lines;
}

/** What one input adds to each output that reads it, one channel of it. */
export function contributionLine(op, input, channel) {
  const box = document.createElement("div");
  box.className = "line";
  const parts = op.readers(input.row, input.column).flatMap(([row, column]) => {
    const same = (term) => term.row === input.row && term.column === input.column && term.channel === channel;
    return op.terms(row, column).filter(same).map((term) => contribution(op, term, row, column));
  });
  box.textContent = parts.join(", ");
  return box;
}

function contribution(op, term, row, column) {
  const to = `to output ${row}, ${column}`;
  if (op.kind === "max") {
    const best = op.winner(op.terms(row, column));
    return best?.m === term.m && best?.n === term.n ? `is output ${row}, ${column}` : `is not the largest of ${row}, ${column}`;
  }
  if (op.kind === "average") return `${twoDecimals(term.x)} / ${op.divisor(row, column)} ${to}`;
  return `${product(term)} ${to}`;
}

/** A pixel times its weight, as written. */
function product(term) {
  const rounded = Number(term.w.toFixed(2));
  return `${twoDecimals(term.x)}·${rounded < 0 ? `(${withMinus(rounded)})` : rounded}`;
}

const termSum = (terms) => terms.reduce((sum, term) => sum + term.x * term.w, 0);

function channelLine(op, terms, name, row, column, touch) {
  const box = document.createElement("div");
  box.className = "line";
  box.append(name, { max: "max(", average: "(" }[op.kind] ?? "");
  const winner = op.kind === "max" ? op.winner(terms) : null;
  terms.forEach((term, i) => {
    if (i) box.append(op.kind === "max" ? ", " : " + ");
    box.append(termSpan(op, term, term === winner, touch));
  });
  if (!terms.length) box.append("no stamp reaches this place: 0");
  else if (op.kind === "max") box.append(`) = ${format(winner?.x ?? -Infinity)}`);
  else if (op.kind === "average") box.append(`) / ${op.divisor(row, column)} = ${format(op.value(row, column))}`);
  else box.append(` = ${format(termSum(terms))}`);
  return box;
}

function termSpan(op, term, winner, touch) {
  const span = document.createElement("span");
  const weighted = op.kind === "conv" || op.kind === "transposed";
  const shown = op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x);
  const marks = [term.x * term.w === 0 && "zero", term.padded && "padded", winner && "winner"];
  span.className = ["term", ...marks.filter(Boolean)].join(" ");
  span.textContent = weighted ? product(term) : shown;
  span.dataset.tap = `${term.m},${term.n}`;
  span.onpointerenter = () => touch({ on: "term", m: term.m, n: term.n });
  span.onpointerleave = () => touch(null);
  return span;
}

function totalLine(op, perChannel, value) {
  const box = document.createElement("div");
  box.className = "line";
  const bracketed = (number) => (number < 0 ? `(${format(number)})` : format(number));
  const sums = perChannel.map((terms) => bracketed(termSum(terms)));
  const bias = op.bias ? ` + ${bracketed(op.bias)} (bias)` : "";
  box.textContent = `${sums.join(" + ")}${bias} = ${format(value)}`;
  return box;
}
