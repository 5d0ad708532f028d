"""Synthetic test patterns at any size, for which filter responses are known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError


@dataclass(frozen=True, slots=True)
class Pattern:
    """A test pattern, drawn at any size.

    Attributes:
        name: one of `pattern_names()`.
        period: of stripes, rings or squares, in pixels, at least 2.
        angle: direction of a grating in degrees; 0 varies along the columns.
    """

    name: str
    period: float = 12.0
    angle: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in _PATTERNS:
            raise CnnvizError(f"There is no pattern named {self.name!r}. There are: {', '.join(_PATTERNS)}.")
        if not (np.isfinite(self.period) and self.period >= 2 and np.isfinite(self.angle)):
            raise CnnvizError(
                "A pattern needs a period of at least 2 pixels and a finite angle, "
                f"not {self.period!r} and {self.angle!r}."
            )

    def draw(self, size: int) -> Array:
        """Brightness in [0, 1], (size, size).

        Raises:
            CnnvizError: if `size` is less than one pixel.
        """
        if size < 1:
            raise CnnvizError("A picture cannot be smaller than one pixel.")
        offset = np.arange(size) - size // 2
        brightness = _PATTERNS[self.name](self, offset[:, None], offset[None, :])
        return np.asarray(np.clip(brightness, 0.0, 1.0))


def _impulse(spec: Pattern, y: Array, x: Array) -> Array:
    return np.where((y == 0) & (x == 0), 1.0, 0.0)


def _step_edge(spec: Pattern, y: Array, x: Array) -> Array:
    return np.asarray(np.where(x >= 0, 1.0, 0.0) + 0 * y)


def _wave(phase: Array, period: float) -> Array:
    return np.asarray(0.5 + 0.5 * np.cos(2 * np.pi * phase / period))


def _grating(spec: Pattern, y: Array, x: Array) -> Array:
    theta = np.radians(spec.angle)
    return _wave(x * np.cos(theta) + y * np.sin(theta), spec.period)


def _checkerboard(spec: Pattern, y: Array, x: Array) -> Array:
    half = spec.period / 2
    return np.asarray((np.floor(y / half) + np.floor(x / half)) % 2)


def _gradient(spec: Pattern, y: Array, x: Array) -> Array:
    return np.asarray((x - x.min()) / max(1, np.ptp(x)) + 0.0 * y)


def _rings(spec: Pattern, y: Array, x: Array) -> Array:
    return _wave(np.hypot(y, x), spec.period)


_PATTERNS: dict[str, Callable[[Pattern, Array, Array], Array]] = {
    "impulse": _impulse,
    "step_edge": _step_edge,
    "grating": _grating,
    "checkerboard": _checkerboard,
    "gradient": _gradient,
    "rings": _rings,
}


def pattern_names() -> tuple[str, ...]:
    """All names that `Pattern` accepts."""
    return tuple(_PATTERNS)
