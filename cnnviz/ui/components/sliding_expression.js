// One output of a sliding window written out: a line for each channel, a span for each term.

const CHANNEL_NAMES = ["R", "G", "B"];

const withMinus = (value) => String(value).replace("-", "−");

/** Two decimals, as cells have them. */
function twoDecimals(value) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e5) return format(value, 3);
  return withMinus(value.toFixed(2).replace("-0.00", "0.00"));
}

/** The terms in `list` and what they come to; `touch` gets the term under the pointer, or null. */
function expressionLines(op, list, row, column, touch) {
  const perChannel = op.input.map((_, k) => list.filter((term) => term.channel === k));
  const named = perChannel.length > 1;
  const lines = perChannel.map((terms, k) => channelLine(op, terms, named ? `${CHANNEL_NAMES[k]}: ` : "", row, column, touch));
  if (named || op.bias) lines.push(totalLine(op, perChannel, op.value(row, column)));
  return lines;
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
  const rounded = withMinus(String(Number(term.w.toFixed(2))));
  const weight = term.w < 0 ? `(${rounded})` : rounded;
  const shown = op.kind === "max" && term.padded ? "−∞" : twoDecimals(term.x);
  const marks = [term.x * term.w === 0 && "zero", term.padded && "padded", winner && "winner"];
  span.className = ["term", ...marks.filter(Boolean)].join(" ");
  span.textContent = weighted ? `${shown}·${weight}` : shown;
  span.dataset.tap = `${term.m},${term.n}`;
  span.onpointerenter = () => touch({ on: "term", m: term.m, n: term.n });
  span.onpointerleave = () => touch(null);
  return span;
}

function totalLine(op, perChannel, value) {
  const box = document.createElement("div");
  box.className = "line";
  const sums = perChannel.map((terms) => twoDecimals(termSum(terms)));
  const bias = op.bias ? ` + ${twoDecimals(op.bias)} (bias)` : "";
  box.textContent = `${sums.join(" + ")}${bias} = ${format(value)}`;
  return box;
}
