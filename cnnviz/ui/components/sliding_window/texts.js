// What the sliding window says in words.

import { withMinus } from "../shared/numbers.js";
import { paddingLimit } from "../shared/padding.js";
import { twoDecimals } from "./expression.js";
import { isFillable } from "./model.js";

/** @import { Operation } from "../shared/operation.js" */
/** @import { Header, PinnedCell, Settings } from "./model.js" */

/**
 * @param {number} count
 * @param {string} noun
 */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * How the input is padded.
 *
 * @param {Settings} settings
 * @param {Operation} op
 */
export function paddingText({ padding }, op) {
  if (op.kind === "transposed" || !Math.max(...padding)) return "";
  const mode = op.kind === "max" ? "never wins" : op.mode;
  return `, padded by ${padding[0] === padding[1] ? padding[0] : padding.join(" and ")}: ${mode}`;
}

/**
 * A mode that cannot fill so much padding, or a window that is too large.
 *
 * @param {Header} header
 * @param {Settings} settings
 * @param {Operation} op
 */
export function noFitText(header, settings, op) {
  if (isFillable(settings, op)) return header.no_fit;
  const most = Math.min(paddingLimit(op.size.rows, op.mode), paddingLimit(op.size.columns, op.mode));
  return `${op.mode} padding can fill at most ${most} here: the input has no more to copy.`;
}

/**
 * What no output reads, and how much of it the floor dropped.
 *
 * @param {Operation} op
 */
export function unreadText(op) {
  if (op.kind === "transposed") return "";
  const { rows, columns } = op.leftOver;
  const unread = op.countUnread();
  const dropped = [rows && counted(rows, "row"), columns && counted(columns, "column")].filter(Boolean);
  const floor = dropped.length ? ` · the floor drops ${dropped.join(" and ")} of the padded input` : "";
  return floor + (unread ? ` · ${counted(unread, "input pixel")} never read (crossed out)` : "");
}

/**
 * An input: a headline with its values, and who reads it.
 *
 * @param {Operation} op
 * @param {PinnedCell} input
 * @param {boolean} isPinned
 * @returns {[headline: string, detail: string]}
 */
export function inputTexts(op, { row, column }, isPinned) {
  const value = op.input.map((_, k) => twoDecimals(op.read(k, row, column))).join(" · ");
  const readers = op.readers(row, column).length;
  const reader = readers ? `read by ${counted(readers, "output")}` : "read by no output";
  return [
    `${op.inside(row, column) ? "Input" : "Padding"} row ${withMinus(row)}, column ${withMinus(column)}: ${value}`,
    reader + (isPinned ? " · pinned: click or tap it again to let go" : ""),
  ];
}
