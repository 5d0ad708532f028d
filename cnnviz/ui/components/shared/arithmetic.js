// The arithmetic of a sliding window, without a word of the screen: geometry, padding, and the terms
// of one output. cnnviz/ops is the truth; a browser test compares the two over random settings.

import { clamp } from "./numbers.js";

/**
 * What becomes of the values under a window.
 *
 * @typedef {"conv" | "max" | "average" | "transposed"} Kind
 *
 * A number that goes into an output: channel, row and column of the input, tap of the kernel (m, n), the
 * input's value, the weight, and whether the place lies in the padding.
 *
 * @typedef {{ channel: number, row: number, column: number, m: number, n: number, x: number, w: number, padded: boolean }} Term
 *
 * @typedef {object} OperationOptions
 * @property {number[][][] | null} [weights] channels × kernel height × kernel width
 * @property {number} [bias]
 * @property {PaddingMode} [mode]
 * @property {boolean} [ceil]
 * @property {boolean} [countPadding]
 * @property {number} [outputPadding]
 *
 * @typedef {ReturnType<typeof operation>} Operation
 */

/**
 * Along one axis: samples from the first tap to the last.
 *
 * @param {Axis} axis
 */
const effectiveKernelSize = (axis) => axis.dilation * (axis.kernel_size - 1) + 1;

/**
 * Samples of the padded axis beyond the first window; negative if none fits.
 *
 * @param {Axis} axis
 * @param {number} size
 */
const slack = (axis, size) => size + 2 * axis.padding - effectiveKernelSize(axis);

/**
 * The input samples under the taps of a convolution's or pooling's window, along one axis; they may lie in the padding.
 *
 * @param {Axis} axis
 * @param {number} output
 */
export function taps(axis, output) {
  const first = output * axis.stride - axis.padding;
  return Array.from({ length: axis.kernel_size }, (_, m) => first + m * axis.dilation);
}

/**
 * The outputs along one axis whose window reads input `index`, by itself or as what padding copies.
 *
 * @param {Axis} axis
 * @param {number} index
 * @param {number} size
 * @param {number} outputs
 * @param {PaddingMode} mode
 */
export function readersOf(axis, index, size, outputs, mode) {
  /** @param {number} output */
  const reads = (output) => taps(axis, output).some((tap) => sourceOf(tap, size, mode) === index);
  return Array.from({ length: outputs }, (_, output) => output).filter(reads);
}

/**
 * The input sample that padded sample `index` copies; −1 where it is zero or nothing.
 *
 * @param {number} index
 * @param {number} size
 * @param {PaddingMode} mode
 */
export function sourceOf(index, size, mode) {
  if (index >= 0 && index < size) return index;
  if (mode === "replicate") return clamp(index, 0, size - 1);
  if (mode === "circular") return ((index % size) + size) % size;
  if (mode !== "reflect") return -1;
  const period = Math.max(1, 2 * (size - 1));
  return size - 1 - Math.abs((((index % period) + period) % period) - (size - 1));
}

/**
 * The most padding that a mode can fill.
 *
 * @param {number} size
 * @param {PaddingMode} mode
 */
export function paddingLimit(size, mode) {
  return mode === "reflect" ? size - 1 : mode === "circular" ? size : Infinity;
}

/**
 * An operation on one input, (C × H × W) as nested arrays.
 *
 * `kind` is "conv", "max", "average" or "transposed"; `weights` (C × kh × kw) only where there are
 * some. `terms(row, column)` lists what goes into one output: channel, input row and column (outside
 * the input they lie in the padding), tap, x, w. `value` adds them up in the way of the kind.
 *
 * @param {Kind} kind
 * @param {number[][][]} input
 * @param {Axis} rows
 * @param {Axis} columns
 * @param {OperationOptions} options
 */
export function operation(kind, input, rows, columns, options = {}) {
  const { weights = null, bias = 0, mode = "zeros", ceil = false, countPadding = true, outputPadding = 0 } = options;
  const size = { rows: input[0].length, columns: input[0][0].length };
  const fillable =
    rows.padding <= paddingLimit(size.rows, mode) && columns.padding <= paddingLimit(size.columns, mode);
  const output = {
    rows: fillable ? outputSize(kind, rows, size.rows, ceil, outputPadding) : 0,
    columns: fillable ? outputSize(kind, columns, size.columns, ceil, outputPadding) : 0,
  };

  /**
   * @param {number} channel
   * @param {number} row
   * @param {number} column
   */
  function read(channel, row, column) {
    const [r, c] = [sourceOf(row, size.rows, mode), sourceOf(column, size.columns, mode)];
    return r < 0 || c < 0 ? 0 : input[channel][r][c];
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  const inside = (row, column) => row >= 0 && column >= 0 && row < size.rows && column < size.columns;

  /**
   * @param {number} row
   * @param {number} column
   */
  function slidingTerms(row, column) {
    /** @type {Term[]} */
    const found = [];
    for (let channel = 0; channel < input.length; channel++) {
      for (let m = 0; m < rows.kernel_size; m++) {
        for (let n = 0; n < columns.kernel_size; n++) {
          const r = row * rows.stride + m * rows.dilation - rows.padding;
          const c = column * columns.stride + n * columns.dilation - columns.padding;
          const w = weights ? weights[channel][m][n] : 1;
          found.push({ channel, row: r, column: c, m, n, x: read(channel, r, c), w, padded: !inside(r, c) });
        }
      }
    }
    return found;
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  function stampTerms(row, column) {
    /** @type {Term[]} */
    const found = [];
    for (let channel = 0; channel < input.length; channel++) {
      for (let m = 0; m < rows.kernel_size; m++) {
        for (let n = 0; n < columns.kernel_size; n++) {
          const r = (row + rows.padding - m * rows.dilation) / rows.stride;
          const c = (column + columns.padding - n * columns.dilation) / columns.stride;
          if (!Number.isInteger(r) || !Number.isInteger(c) || !inside(r, c)) continue;
          const w = weights ? weights[channel][m][n] : 1;
          found.push({ channel, row: r, column: c, m, n, x: input[channel][r][c], w, padded: false });
        }
      }
    }
    return found;
  }

  const terms = kind === "transposed" ? stampTerms : slidingTerms;

  /**
   * The number that an average is divided by.
   *
   * @param {number} row
   * @param {number} column
   */
  function divisor(row, column) {
    /**
     * @param {Axis} axis
     * @param {number} at
     * @param {number} length
     */
    const count = (axis, at, length) => {
      const first = at * axis.stride - axis.padding;
      const [low, high] = countPadding ? [-axis.padding, length + axis.padding] : [0, length];
      return Math.min(first + axis.kernel_size, high) - Math.max(first, low);
    };
    return count(rows, row, size.rows) * count(columns, column, size.columns);
  }

  /**
   * The term that wins a max pooling: the first of the largest; padding never wins.
   *
   * @param {Term[]} list
   */
  function winner(list) {
    const first = /** @type {Term | null} */ (null);
    return list.reduce((best, term) => (term.padded || (best && best.x >= term.x) ? best : term), first);
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  function value(row, column) {
    const list = terms(row, column);
    if (kind === "max") return winner(list)?.x ?? -Infinity;
    const sum = list.reduce((total, term) => total + term.x * term.w, 0);
    return kind === "average" ? sum / divisor(row, column) : sum + bias;
  }

  /**
   * The outputs that read an input (its padding included), along one axis.
   *
   * @param {Axis} axis
   * @param {number} index
   * @param {number} outputs
   */
  function readersAlong(axis, index, outputs) {
    const found = Array.from({ length: axis.kernel_size }, (_, m) =>
      kind === "transposed"
        ? index * axis.stride + m * axis.dilation - axis.padding
        : (index + axis.padding - m * axis.dilation) / axis.stride,
    );
    return found.filter((i) => Number.isInteger(i) && i >= 0 && i < outputs).sort((a, b) => a - b);
  }

  /**
   * The inputs that one tap meets over all outputs, along one axis.
   *
   * @param {Axis} axis
   * @param {number} tap
   * @param {number} inputs
   * @param {number} outputs
   */
  function metAlong(axis, tap, inputs, outputs) {
    const shift = tap * axis.dilation - axis.padding;
    if (kind !== "transposed") return Array.from({ length: outputs }, (_, i) => i * axis.stride + shift);
    /** @param {number} i */
    const hit = (i) => i * axis.stride + shift >= 0 && i * axis.stride + shift < outputs;
    return Array.from({ length: inputs }, (_, i) => i).filter(hit);
  }

  /**
   * @param {number[]} some
   * @param {number[]} others
   * @returns {Place[]}
   */
  const pairs = (some, others) => some.flatMap((a) => others.map((b) => /** @type {Place} */ ([a, b])));
  /**
   * @param {number} row
   * @param {number} column
   */
  const readers = (row, column) =>
    pairs(readersAlong(rows, row, output.rows), readersAlong(columns, column, output.columns));
  /**
   * @param {number} m
   * @param {number} n
   */
  const met = (m, n) =>
    pairs(metAlong(rows, m, size.rows, output.rows), metAlong(columns, n, size.columns, output.columns));

  // Whether any output reads an input's row, or its column.
  /** @param {number} row */
  const readsRow = (row) => readersAlong(rows, row, output.rows).length > 0;
  /** @param {number} column */
  const readsColumn = (column) => readersAlong(columns, column, output.columns).length > 0;

  /**
   * Padded samples at the far end that no window reaches.
   *
   * @param {Axis} axis
   * @param {number} length
   */
  function leftOver(axis, length) {
    if (kind === "transposed") return 0;
    return Math.max(0, slack(axis, length) - (outputSize(kind, axis, length, ceil) - 1) * axis.stride);
  }

  const fits = output.rows > 0 && output.columns > 0;
  return {
    kind, input, rows, columns, size, output, bias, weights, mode, fits, read, inside, terms, value, divisor,
    winner, readers, met, readsRow, readsColumn, leftOver: { rows: leftOver(rows, size.rows), columns: leftOver(columns, size.columns) },
  };
}

/**
 * Number of outputs along one axis; 0 if the window does not fit.
 *
 * @param {Kind} kind
 * @param {Axis} axis
 * @param {number} size
 * @param {boolean} [ceil]
 */
export function outputSize(kind, axis, size, ceil, extra = 0) {
  if (kind === "transposed") return Math.max(0, (size - 1) * axis.stride - 2 * axis.padding + effectiveKernelSize(axis) + extra);
  const room = slack(axis, size);
  if (!ceil) return room < 0 ? 0 : Math.floor(room / axis.stride) + 1;
  const outputs = Math.ceil(room / axis.stride) + 1;
  const begins = (outputs - 1) * axis.stride >= size + axis.padding;
  return Math.max(0, begins ? outputs - 1 : outputs);
}
