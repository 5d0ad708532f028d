"""A kernel as text, for links and for pasting: "1 0 -1; 2 0 -2; 1 0 -1"."""

import math
import re

import numpy as np

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError

MAX_SIZE = 15
MAX_WEIGHT = 1000.0


def format_kernel(weights: Array) -> str:
    """Rows separated by semicolons; six significant digits, rounded to 10⁻⁶."""
    return "; ".join(" ".join(f"{round(float(value), 6) + 0.0:.6g}" for value in row) for row in weights)


def parse_kernel(text: str, noun: str = "kernel") -> Array:
    """Parse a kernel, or another matrix, which error messages then call `noun`.

    Numbers are separated by spaces, commas or tabs; rows by semicolons or line ends. Brackets and
    `np.array(` and the like are ignored, so that a matrix pasted from Python works.

    Returns:
        float64 (height, width), read-only.

    Raises:
        CnnvizError: if an entry is no number from −1000 to 1000, or rows differ in length, or there
            are more than 15 of them.
    """
    bare = re.sub(r",\s*dtype\s*=[^)]*|[A-Za-z_][\w.]*\(", "", text)
    plain = re.sub(r"[\])]\s*,\s*[\[(]", ";", bare).replace("−", "-")
    lines = [line.strip(" \t\r,[]()") for line in re.split(r"[;\n]", plain)]
    rows = [[_weight(word) for word in re.split(r"[\s,]+", line)] for line in lines if line]
    if not rows or len({len(row) for row in rows}) != 1:
        raise CnnvizError(f'The {noun} needs rows of equal length, such as "1 0 -1; 2 0 -2; 1 0 -1".')
    if max(len(rows), len(rows[0])) > MAX_SIZE:
        raise CnnvizError(f"The {noun} has at most {MAX_SIZE} rows and {MAX_SIZE} columns.")
    return read_only(np.array(rows))


def _weight(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not abs(value) <= MAX_WEIGHT:
        raise CnnvizError(f"{word[:20]!r} is not a number from −1000 to 1000.")
    return value


def resized_kernel(weights: Array, height: int, width: int) -> Array:
    """Crop or zero-pad around the centre to (height, width)."""
    resized = np.zeros((height, width))
    rows, columns = (_overlap(old, new) for old, new in zip(weights.shape, (height, width), strict=True))
    resized[rows[1], columns[1]] = weights[rows[0], columns[0]]
    return read_only(resized)


def _overlap(old: int, new: int) -> tuple[slice, slice]:
    """Slices of the common central part in an axis of the old and of the new size."""
    common = min(old, new)
    starts = (old - common) // 2, (new - common) // 2
    return slice(starts[0], starts[0] + common), slice(starts[1], starts[1] + common)
