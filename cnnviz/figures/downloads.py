"""Exported files of what is on screen."""

import io
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnviz.analysis.layers.activations import ChannelOrder, FeatureMaps
from cnnviz.arrays import Array
from cnnviz.data.images import encode_png
from cnnviz.figures.maps import map_limits, wall_pixels
from cnnviz.ops.filtering import FilteredPicture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Matplotlib's settings are global: one figure at a time.
_SETTINGS = threading.Lock()


def output_png(filtered: FilteredPicture) -> bytes:
    """The output of a convolution, all channels on one scale, as a PNG file."""
    limits = map_limits(filtered.output, filtered.limit)
    return encode_png(wall_pixels(filtered.output, limits, tile=360))


def output_npz(filtered: FilteredPicture) -> bytes:
    """Input (uint8, H×W×3) and output (float32, C×H'×W') as an NPZ file."""
    return _npz(input=filtered.pixels, output=filtered.output)


def wall_png(maps: FeatureMaps, order: ChannelOrder, layer_limit: float | None) -> bytes:
    """The wall of feature maps, as ordered and scaled on screen, as a PNG file."""
    values = maps.values[maps.ranked(order)]
    return encode_png(wall_pixels(values, map_limits(values, layer_limit)))


def maps_npz(maps: FeatureMaps) -> bytes:
    """A layer's feature maps (float32, C×H×W) under the layer's name as an NPZ file."""
    return _npz(**{maps.layer: maps.values})


def arrays_npz(arrays: Mapping[str, Array]) -> bytes:
    """Named arrays as an NPZ file."""
    return _npz(**arrays)


def figure_file(figure: "Figure", ending: Literal["png", "svg"]) -> bytes:
    """A Matplotlib figure as a file; the same figure gives the same bytes."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with _SETTINGS, rc_context({"svg.hashsalt": "cnnviz"}):
        figure.savefig(buffer, format=ending, metadata={"Date": None} if ending == "svg" else {})
    return buffer.getvalue()


def _npz(**arrays: Array) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
