// Numbers as they stand on screen.

/**
 * `value`, but not below `low` or above `high`; `low` if they are the wrong way round.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/**
 * A number, or a text with numbers, with real minus signs.
 *
 * @param {number | string} value
 */
export const withMinus = (value) => String(value).replaceAll("-", "−");

/**
 * Four significant digits, thousands separated, with a real minus sign.
 *
 * @param {number} value
 */
export function format(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e7 || size < 1e-4
      ? powerOfTen(value, digits)
      : value.toLocaleString("en-US", { minimumSignificantDigits: digits, maximumSignificantDigits: digits });
  return withMinus(text);
}

/**
 * A count without decimals; a magnitude that is no whole number as any other.
 *
 * @param {number} value
 */
export function formatCount(value) {
  return Number.isInteger(value) ? withMinus(value.toLocaleString("en-US")) : format(value);
}

/**
 * As "1.634·10⁻⁷".
 *
 * @param {number} value
 * @param {number} digits
 */
export function powerOfTen(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = String(Number(exponent)).replace(/[-0-9]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return `${mantissa}·10${raised}`;
}

/**
 * Ascending whole numbers in words: "0–3, 25–27".
 *
 * @param {number[]} list
 */
export function inWords(list) {
  /** @type {Interval[]} */
  const runs = [];
  for (const index of list) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  return withMinus(runs.map(([a, b]) => (a === b ? a : `${a}–${b}`)).join(", "));
}
