"""Signed distance functions of the ten figures of cnnviz shapes.

Each function takes coordinates (u, v), rotated and scaled so that the figure's radius is about 1, and
returns the approximate distance of each point to the figure's edge, positive inside.
"""

from collections.abc import Callable

import numpy as np

from cnnviz.arrays import Array


def disc(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A filled disc."""
    return np.asarray(0.9 - np.hypot(u, v))


def ring(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A disc with a round hole."""
    half = rng.uniform(0.1, 0.22)
    return np.asarray(half - np.abs(np.hypot(u, v) - (0.95 - half)))


def square(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A square, or a rectangle that is nearly one."""
    return np.minimum(0.8 - np.abs(u), rng.uniform(0.65, 0.8) - np.abs(v))


def triangle(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A triangle with equal sides."""
    sides = [u * np.cos(a) + v * np.sin(a) for a in (0.0, 2 * np.pi / 3, 4 * np.pi / 3)]
    return np.asarray(0.55 - np.maximum(np.maximum(sides[0], sides[1]), sides[2]))


def star(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A star with five or six tips: the distance to its nearest edge, folded into one half tip."""
    half = np.pi / rng.integers(5, 7)
    inner = rng.uniform(0.4, 0.5)
    angle = np.abs(np.mod(np.arctan2(v, u), 2 * half) - half)  # 0 between two tips, `half` at a tip
    radius = np.hypot(u, v)
    x, y = radius * np.cos(half - angle), radius * np.sin(half - angle)
    corner = inner * np.cos(half), inner * np.sin(half)
    along = np.hypot(1.05 - corner[0], corner[1])
    return np.asarray(((1.05 - x) * corner[1] - y * (1.05 - corner[0])) / along)


def cross(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """Two bars at a right angle."""
    width = rng.uniform(0.2, 0.32)
    a, b = np.abs(u), np.abs(v)
    return np.maximum(np.minimum(1.0 - a, width - b), np.minimum(1.0 - b, width - a))


def stripes(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """Parallel stripes inside a patch."""
    return np.minimum(_patch(rng, u, v), _wave(u, rng.uniform(0.45, 0.75), rng.uniform()))


def checkerboard(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """Squares of two colours in turn, inside a patch."""
    period = rng.uniform(0.75, 1.05)
    a, b = _wave(u, period, rng.uniform()), _wave(v, period, rng.uniform())
    same = np.where(a * b > 0, 1.0, -1.0) * np.minimum(np.abs(a), np.abs(b))
    return np.asarray(np.minimum(_patch(rng, u, v), same))


def dots(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """Round dots on a square lattice, inside a patch."""
    period = rng.uniform(0.55, 0.75)
    a, b = (np.mod(x / period + rng.uniform(), 1.0) - 0.5 for x in (u, v))
    return np.minimum(_patch(rng, u, v), period * (rng.uniform(0.24, 0.3) - np.hypot(a, b)))


def spiral(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A line that winds outwards, to the left or to the right."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u) / (2 * np.pi)
    pitch = rng.uniform(0.34, 0.44)
    hand = rng.choice((-1.0, 1.0))
    winding = np.mod(radius / pitch + hand * angle, 1.0)
    return np.asarray(np.minimum(1.0 - radius, pitch * (0.24 - np.abs(winding - 0.5))))


def _wave(x: Array, period: float, phase: float) -> Array:
    """Stripes of equal width: distance to the edge, positive inside a stripe."""
    return np.asarray(period * (0.25 - np.abs(np.mod(x / period + phase, 1.0) - 0.5)))


def _patch(rng: np.random.Generator, u: Array, v: Array) -> Array:
    """A figure of random shape, so that only the texture identifies the class."""
    return np.asarray((disc, square, triangle)[rng.integers(3)](rng, u / 1.1, v / 1.1) * 1.1)


FIGURES: dict[str, Callable[[np.random.Generator, Array, Array], Array]] = {
    figure.__name__: figure
    for figure in (disc, ring, square, triangle, star, cross, stripes, checkerboard, dots, spiral)
}
