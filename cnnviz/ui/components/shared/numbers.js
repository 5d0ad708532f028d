// Numbers as they stand on screen.

/** Four significant digits, thousands separated, with a real minus sign. */
export function format(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e7 || size < 1e-4
      ? powerOfTen(value, digits)
      : value.toLocaleString("en-US", { minimumSignificantDigits: digits, maximumSignificantDigits: digits });
  return text.replaceAll("-", "−");
}

/** A count without decimals; a magnitude that is no whole number as any other. */
export function formatCount(value) {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : format(value);
}

/** As "1.634·10⁻⁷". */
export function powerOfTen(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = String(Number(exponent)).replace(/[-0-9]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return `${mantissa}·10${raised}`;
}

/** Ascending whole numbers in words: "0–3, 25–27". */
export function inWords(list) {
  const runs = [];
  for (const index of list) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  const number = (value) => String(value).replace("-", "−");
  return runs.map(([a, b]) => (a === b ? number(a) : `${number(a)}–${number(b)}`)).join(", ");
}
