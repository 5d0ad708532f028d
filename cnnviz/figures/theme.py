"""The colour scales: one meaning, one scale, in light and in dark.

Signed numbers use diverging scales whose middle is close to the page's background. Activations run
from red (negative) to blue (positive), weights from purple (negative) to orange (positive); both pairs
are colour-blind safe. The light scales follow ColorBrewer's RdBu and PuOr (Brewer, Hatchard and
Harrower 2003). Counts use a sequential scale.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from cnnviz.arrays import Array, read_only

ScaleName = Literal["activation", "weight", "count"]
Ground = Literal["light", "dark"]
SCALES: tuple[ScaleName, ...] = get_args(ScaleName)
GROUNDS: tuple[Ground, ...] = get_args(Ground)

# An odd number of steps gives zero a colour of its own.
STEPS = 255

_STOPS: dict[tuple[ScaleName, Ground], tuple[str, ...]] = {
    ("activation", "light"): (
        "#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f8f8f6",
        "#d1e5f0", "#92c5de", "#4393c3", "#2166ac", "#053061",
    ),
    ("weight", "light"): (
        "#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f8f8f6",
        "#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08",
    ),
    ("count", "light"): (
        *("#f8f8f6",) * 6, "#d5ebe6", "#9fd3c9", "#57b0a5", "#17837a", "#0b4f4b",
    ),
    ("count", "dark"): (
        *("#16191d",) * 6, "#12403d", "#15665f", "#259a90", "#5fcabf", "#c9f3ec",
    ),
    ("activation", "dark"): (
        "#ffc9b8", "#f98d72", "#d8543f", "#9c3226", "#541f1c", "#16191d",
        "#17324d", "#1f568a", "#3582c4", "#6fb3ec", "#c3e1ff",
    ),
    ("weight", "dark"): (
        "#dccdfb", "#b497ee", "#8b67d0", "#5e4399", "#33294f", "#16191d",
        "#47300f", "#80510f", "#bd7a1c", "#eda63f", "#ffdca3",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A diverging scale: uint8 (STEPS, 3) colours for values from −limit to +limit."""

    name: ScaleName
    ground: Ground
    colours: Array

    def paint(self, values: Array, limit: float) -> Array:
        """Colour signed values: (…) → uint8 (…, 3), from −limit to +limit.

        With a limit of 0 everything has the colour of zero; so have values that are not finite.
        """
        middle = STEPS // 2
        share = np.nan_to_num(values / limit, posinf=1, neginf=-1) if limit > 0 else np.zeros(values.shape)
        index = np.rint(middle + middle * np.clip(share, -1, 1)).astype(np.intp)
        return np.asarray(self.colours[index])


def scale(name: ScaleName, ground: Ground = "light") -> Scale:
    """The scale for a kind of number on a light or dark page."""
    stops = np.array([_rgb(stop) for stop in _STOPS[name, ground]], dtype=float)
    positions = np.linspace(0, 1, len(stops))
    steps = np.linspace(0, 1, STEPS)
    channels = [np.interp(steps, positions, stops[:, c]) for c in range(3)]
    return Scale(name, ground, read_only(np.rint(np.stack(channels, axis=1)).astype(np.uint8)))


def _rgb(hexadecimal: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hexadecimal[1:])
    return red, green, blue


# One accent for curves and bars, readable on light and dark.
ACCENT = "#2a948d"

# Colours of several curves, the accent first; readable on light and dark, colour-blind safe.
CURVES = (ACCENT, "#c8762a", "#7a78c8", "#b8568a", "#6f8f2f", "#8a8a8a")


def plain_layout(x_title: str, y_title: str, height: int = 260) -> dict[str, Any]:
    """Plotly layout that all figures share: no background, thin grid, titles with units."""
    axis = {"gridcolor": "rgba(128, 128, 128, 0.25)", "zerolinecolor": "rgba(128, 128, 128, 0.6)"}
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "showlegend": False,
        "bargap": 0.15,
        "xaxis": {"title": x_title, **axis},
        "yaxis": {"title": y_title, **axis},
    }
