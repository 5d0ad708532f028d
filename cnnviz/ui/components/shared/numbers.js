// Numbers as they stand on screen; cnnviz/figures/numbers.py writes them by the same rules.

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
 * The shortest decimal that stands for a number, rounded, halves away from zero.
 *
 * @param {number} value
 * @param {number} digits
 * @param {"standard" | "scientific"} notation
 */
function toDigits(value, digits, notation) {
  return value.toLocaleString("en-US", { notation, minimumSignificantDigits: digits, maximumSignificantDigits: digits });
}

/**
 * Four significant digits, thousands separated, with a real minus sign; as `significant` in figures/numbers.py.
 *
 * @param {number} value
 */
export function format(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e7 || size < 1e-4 ? powerOfTen(value, digits) : withMinus(toDigits(value, digits, "standard"));
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
  const [mantissa, exponent] = toDigits(value, digits, "scientific").split("E");
  const raised = exponent.replace(/[-0-9]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return withMinus(`${mantissa}·10${raised}`);
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
