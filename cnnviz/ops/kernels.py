"""Named kernels and their weights, at every size at which each is defined.

All are correlation kernels (applied without flipping); rows go down, columns to the right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import IntPair, pair


@dataclass(frozen=True, slots=True)
class KernelParameter:
    """A parameter of a kernel: its name, its label with the unit, and its range."""

    name: str
    label: str
    minimum: float
    maximum: float
    default: float
    step: float


@dataclass(frozen=True, slots=True)
class NamedKernel:
    """A kernel by name.

    Attributes:
        name: the key for `kernel`.
        label: the name on screen.
        effect: what it does to a picture, one sentence for the screen.
        build: (height, width, **parameters) → weights.
        smallest: least (height, width) at which it is defined.
        fixed: True where it is defined at `smallest` only.
        parameters: beyond the size.
    """

    name: str
    label: str
    effect: str
    build: Callable[..., Array]
    smallest: tuple[int, int] = (1, 1)
    fixed: bool = False
    parameters: tuple[KernelParameter, ...] = ()


def _identity(height: int, width: int) -> Array:
    weights = np.zeros((height, width))
    weights[(height - 1) // 2, (width - 1) // 2] = 1
    return weights


def _box(height: int, width: int) -> Array:
    return np.full((height, width), 1 / (height * width))


def _centred(size: int) -> Array:
    return np.arange(size) - (size - 1) / 2


def _gaussian(height: int, width: int, sigma: float) -> Array:
    rows, columns = (np.exp(-(_centred(n) ** 2) / (2 * sigma**2)) for n in (height, width))
    weights = np.outer(rows, columns)
    return np.asarray(weights / weights.sum())


def _binomial(size: int) -> Array:
    """A row of Pascal's triangle: [1], [1, 1], [1, 2, 1], …"""
    return reduce(np.convolve, [np.ones(2)] * (size - 1), np.ones(1))


def _derivative(size: int) -> Array:
    """Central difference, smoothed with a binomial: [−1, 1], [−1, 0, 1], [−1, −1, 1, 1], …"""
    return np.convolve(_binomial(size - 1), [-1, 1])


def _sobel_x(height: int, width: int) -> Array:
    return np.outer(_binomial(height), _derivative(width))


def _sobel_y(height: int, width: int) -> Array:
    return np.outer(_derivative(height), _binomial(width))


def _constant(rows: Sequence[Sequence[float]]) -> Callable[[int, int], Array]:
    """A kernel with a fixed size, which `kernel` has checked."""
    return lambda *size: np.array(rows, dtype=float)


def _gabor(height: int, width: int, angle: float, wavelength: float) -> Array:
    """A cosine wave under a Gaussian whose σ is 0.56 wavelengths, about one octave wide.

    Source: Daugman 1985; σ/λ = 0.56 is the one-octave bandwidth of Petkov and Kruizinga 1997.
    """
    theta, sigma = math.radians(angle), 0.56 * wavelength
    y, x = np.meshgrid(_centred(height), _centred(width), indexing="ij")
    along = x * math.cos(theta) + y * math.sin(theta)
    envelope = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return np.asarray(envelope * np.cos(2 * math.pi * along / wavelength) / envelope.sum())


def _random(height: int, width: int, seed: float) -> Array:
    """He's normal initialisation for one input channel: variance 2 / fan_in (He et al. 2015)."""
    scale = math.sqrt(2 / (height * width))
    return np.random.default_rng(int(seed)).normal(scale=scale, size=(height, width))


_KERNELS = (
    NamedKernel("identity", "Identity", "Copies the picture: the centre weight is 1.", _identity),
    NamedKernel("box", "Box blur", "Averages its window: every weight is the same.", _box),
    NamedKernel(
        "gaussian", "Gaussian blur", "Averages with weights that fall off smoothly.", _gaussian,
        parameters=(KernelParameter("sigma", "σ (pixels)", 0.3, 5.0, 1.0, 0.1),),
    ),
    NamedKernel(
        "sharpen", "Sharpen", "Adds back what a blur would take away.",
        _constant([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), (3, 3), fixed=True,
    ),
    NamedKernel(
        "sobel_x", "Sobel x", "Positive where the picture brightens to the right.", _sobel_x, (1, 2)
    ),
    NamedKernel(
        "sobel_y", "Sobel y", "Positive where the picture brightens downwards.", _sobel_y, (2, 1)
    ),
    NamedKernel(
        "scharr_x", "Scharr x", "As Sobel x, with weights that turn more evenly.",
        _constant([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]), (3, 3), fixed=True,
    ),
    NamedKernel(
        "scharr_y", "Scharr y", "As Sobel y, with weights that turn more evenly.",
        _constant([[-3, -10, -3], [0, 0, 0], [3, 10, 3]]), (3, 3), fixed=True,
    ),
    NamedKernel(
        "laplacian", "Laplacian", "Positive in dark spots, negative in bright ones, 0 on slopes.",
        _constant([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), (3, 3), fixed=True,
    ),
    NamedKernel(
        "emboss", "Emboss", "Lights the picture from the top left, like a relief.",
        _constant([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]), (3, 3), fixed=True,
    ),
    NamedKernel(
        "gabor", "Gabor", "Predictions to stripes of one direction and width.", _gabor,
        parameters=(
            KernelParameter("angle", "Angle (degrees)", 0, 180, 0, 5),
            KernelParameter("wavelength", "Wavelength (pixels)", 2, 16, 4, 0.5),
        ),
    ),
    NamedKernel(
        "random", "Random", "What a network starts from, before it has learned.", _random,
        parameters=(KernelParameter("seed", "Seed", 0, 99, 0, 1),),
    ),
)  # fmt: skip
_BY_NAME = {kernel.name: kernel for kernel in _KERNELS}


def kernel_names() -> tuple[str, ...]:
    """Every name that `kernel` takes."""
    return tuple(_BY_NAME)


def named_kernel(name: str) -> NamedKernel:
    """The description of a kernel.

    Raises:
        CnnvizError: if there is none of that name.
    """
    if name not in _BY_NAME:
        raise CnnvizError(f"There is no kernel named {name!r}. There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]


def kernel(name: str, kernel_size: IntPair = 3, **parameters: float) -> Array:
    """The weights of a named kernel.

    Args:
        name: one of `kernel_names()`.
        kernel_size: one number, or (height, width).
        parameters: `sigma` of gaussian, in pixels; `angle` in degrees and `wavelength` in pixels
            of gabor; `seed` of random. Missing ones take their defaults.

    Returns:
        float64 (height, width), read-only.

    Raises:
        CnnvizError: if the name, size or a parameter is not one that the kernel has.
    """
    named = named_kernel(name)
    height, width = pair(kernel_size, "kernel_size")
    if (named.fixed and (height, width) != named.smallest) or not (
        height >= named.smallest[0] and width >= named.smallest[1]
    ):
        wanted = "exactly" if named.fixed else "at least"
        raise CnnvizError(
            f"{named.label} is defined at {wanted} {named.smallest[0]}×{named.smallest[1]}, "
            f"not {height}×{width}."
        )
    weights = named.build(height, width, **_with_defaults(named, parameters))
    # cos(π / 2) comes out as 6·10⁻¹⁷, and must read 0.
    return read_only(np.where(np.abs(weights) < 1e-15, 0.0, weights))


def _with_defaults(named: NamedKernel, given: dict[str, float]) -> dict[str, float]:
    known = {p.name: p for p in named.parameters}
    for name, value in given.items():
        if name not in known:
            raise CnnvizError(f"{named.label} has no parameter {name!r}.")
        if not known[name].minimum <= value <= known[name].maximum:
            raise CnnvizError(
                f"{name} of {named.label} must lie from {known[name].minimum:g} to {known[name].maximum:g}, "
                f"not {value:g}."
            )
    return {p.name: p.default for p in named.parameters} | given
