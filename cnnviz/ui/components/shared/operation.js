// An operation with a sliding window: its outputs, what goes into each of them, and who reads what. cnnviz/ops is
// the truth; a browser test compares the two over random settings.

import { inputsOf, leftOver, metAlong, outputSize, readAlong, readersAlong } from "./arithmetic.js";
import { paddingLimit, sourceOf } from "./padding.js";

/** @import { Kind } from "./arithmetic.js" */

/**
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
 */

/** An operation on one input, and what goes into each of its outputs. */
export class Operation {
  /**
   * @param {Kind} kind
   * @param {number[][][]} input (C × H × W)
   * @param {Axis} rows
   * @param {Axis} columns
   * @param {OperationOptions} options
   */
  constructor(kind, input, rows, columns, options = {}) {
    const { weights = null, bias = 0, mode = "zeros", ceil = false, countPadding = true, outputPadding = 0 } = options;
    const size = { rows: input[0].length, columns: input[0][0].length };
    const fillable = rows.padding <= paddingLimit(size.rows, mode) && columns.padding <= paddingLimit(size.columns, mode);
    this.kind = kind;
    this.input = input;
    this.rows = rows;
    this.columns = columns;
    this.weights = weights;
    this.bias = bias;
    this.mode = mode;
    this.countPadding = countPadding;
    this.size = size;
    this.output = {
      rows: fillable ? outputSize(kind, rows, size.rows, ceil, outputPadding) : 0,
      columns: fillable ? outputSize(kind, columns, size.columns, ceil, outputPadding) : 0,
    };
    this.fits = this.output.rows > 0 && this.output.columns > 0;
    this.readRows = readAlong(kind, rows, size.rows, this.output.rows);
    this.readColumns = readAlong(kind, columns, size.columns, this.output.columns);
    /** Padded samples at the far end that no window reaches. */
    this.leftOver = { rows: leftOver(kind, rows, size.rows, ceil), columns: leftOver(kind, columns, size.columns, ceil) };
  }

  /**
   * The input's value at a place, which may lie in the padding.
   *
   * @param {number} channel
   * @param {number} row
   * @param {number} column
   */
  read(channel, row, column) {
    const [r, c] = [sourceOf(row, this.size.rows, this.mode), sourceOf(column, this.size.columns, this.mode)];
    return r < 0 || c < 0 ? 0 : this.input[channel][r][c];
  }

  /**
   * Whether a place lies in the input, and not in the padding.
   *
   * @param {number} row
   * @param {number} column
   */
  inside(row, column) {
    return row >= 0 && column >= 0 && row < this.size.rows && column < this.size.columns;
  }

  /**
   * What goes into one output, by channel and tap.
   *
   * @param {number} row
   * @param {number} column
   */
  terms(row, column) {
    const { kind, input, weights } = this;
    const [tapRows, tapColumns] = [inputsOf(kind, this.rows, row), inputsOf(kind, this.columns, column)];
    /** @type {Term[]} */
    const found = [];
    for (let channel = 0; channel < input.length; channel++) {
      for (let m = 0; m < tapRows.length; m++) {
        for (let n = 0; n < tapColumns.length; n++) {
          const [r, c] = [tapRows[m], tapColumns[n]];
          const padded = !this.inside(r, c);
          if (kind === "transposed" && (padded || !Number.isInteger(r) || !Number.isInteger(c))) continue;
          const w = weights ? weights[channel][m][n] : 1;
          found.push({ channel, row: r, column: c, m, n, x: this.read(channel, r, c), w, padded });
        }
      }
    }
    return found;
  }

  /**
   * One output: its terms added up, averaged, or the largest of them.
   *
   * @param {number} row
   * @param {number} column
   */
  value(row, column) {
    const terms = this.terms(row, column);
    if (this.kind === "max") return winningTerm(terms)?.x ?? -Infinity;
    const sum = terms.reduce((total, term) => total + term.x * term.w, 0);
    return this.kind === "average" ? sum / this.divisor(row, column) : sum + this.bias;
  }

  /**
   * The number that an average is divided by.
   *
   * @param {number} row
   * @param {number} column
   */
  divisor(row, column) {
    /**
     * @param {Axis} axis
     * @param {number} at
     * @param {number} length
     */
    const count = (axis, at, length) => {
      const first = at * axis.stride - axis.padding;
      const [low, high] = this.countPadding ? [-axis.padding, length + axis.padding] : [0, length];
      return Math.min(first + axis.kernel_size, high) - Math.max(first, low);
    };
    return count(this.rows, row, this.size.rows) * count(this.columns, column, this.size.columns);
  }

  /**
   * The outputs that read an input or a place in the padding.
   *
   * @param {number} row
   * @param {number} column
   */
  readers(row, column) {
    return pairs(readersAlong(this.kind, this.rows, row, this.output.rows), readersAlong(this.kind, this.columns, column, this.output.columns));
  }

  /**
   * Whether any output reads an input or a place in the padding.
   *
   * @param {number} row
   * @param {number} column
   */
  isRead(row, column) {
    return this.readRows.has(row) && this.readColumns.has(column);
  }

  /** How many inputs no output reads. */
  countUnread() {
    const [rows, columns] = [this.size.rows, this.size.columns];
    /**
     * @param {Set<number>} read
     * @param {number} size
     */
    const within = (read, size) => [...read].filter((place) => place >= 0 && place < size).length;
    return rows * columns - within(this.readRows, rows) * within(this.readColumns, columns);
  }

  /**
   * The inputs that one tap meets over all outputs.
   *
   * @param {number} m
   * @param {number} n
   */
  met(m, n) {
    const { kind, size, output } = this;
    return pairs(metAlong(kind, this.rows, m, size.rows, output.rows), metAlong(kind, this.columns, n, size.columns, output.columns));
  }
}

/**
 * The term that wins a max pooling: the first of the largest; padding never wins.
 *
 * @param {Term[]} terms
 */
export function winningTerm(terms) {
  const first = /** @type {Term | null} */ (null);
  return terms.reduce((best, term) => (term.padded || (best && best.x >= term.x) ? best : term), first);
}

/**
 * @param {number[]} rows
 * @param {number[]} columns
 * @returns {Place[]}
 */
const pairs = (rows, columns) => rows.flatMap((row) => columns.map((column) => /** @type {Place} */ ([row, column])));
