"""The live controls below the pictures of the convolution lab, and what dragging one sets."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from cnnviz.ops.kernel_text import resized_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.conv_view import LiveControl
from cnnviz.ui.convolution.controls import Convolution
from cnnviz.ui.widgets.controls import limits

_SETTINGS = {"stride": "Stride s", "padding": "Padding p", "dilation": "Dilation d"}


def live_controls(chosen: Convolution) -> list[LiveControl]:
    """The kernel's own parameters first, then its size, the geometry and the bias."""
    return [*_parameters(chosen), *_sizes(chosen), *_geometry(), _bias()]


def _parameters(chosen: Convolution) -> list[LiveControl]:
    named = chosen.named
    if named is None:
        return []
    values = _values(chosen)
    found = []
    for p in named.parameters:
        steps = tuple(np.round(np.arange(p.minimum, p.maximum + p.step / 2, p.step), 6).tolist())
        kernels = cache.pictures.kernels_by_parameter(
            named.name, chosen.layer.kernel.shape, tuple(values.items()), p.name, steps
        )
        found.append(
            LiveControl(p.name, p.label, p.minimum, p.maximum, p.step, values[p.name], kernels=kernels)
        )
    return found


def _values(chosen: Convolution) -> Mapping[str, float]:
    parameters = chosen.named.parameters if chosen.named else ()
    return {p.name: float(st.session_state[f"conv_{p.name}"]) for p in parameters}


def _sizes(chosen: Convolution) -> list[LiveControl]:
    rows, columns = chosen.layer.rows, chosen.layer.columns
    low, high = limits("conv_kernel_height")
    if not st.session_state["conv_locked"] or high <= low or rows.kernel_size != columns.kernel_size:
        return []
    sizes = tuple(range(low, high + 1))
    if chosen.named is None:
        kernels = tuple(resized_kernel(chosen.layer.kernel, size, size) for size in sizes)
    else:
        kernels = cache.pictures.kernels_by_size(chosen.named.name, sizes, tuple(_values(chosen).items()))
    return [LiveControl("kernel_height", "Kernel size k", low, high, 1, rows.kernel_size, kernels=kernels)]


def _geometry() -> list[LiveControl]:
    places: list[tuple[str, str, tuple[str, ...]]]
    if st.session_state["conv_locked"]:
        places = [("", "", ("rows", "columns"))]
    else:
        places = [("", ", height", ("rows",)), ("_width", ", width", ("columns",))]
    found = []
    for setting, label in _SETTINGS.items():
        for suffix, words, axes in places:
            name = f"{setting}{suffix}"
            low, high = limits(f"conv_{name}")
            value = st.session_state[f"conv_{name}"]
            found.append(LiveControl(name, label + words, low, high, 1, value, setting, axes))
    return found


def _bias() -> LiveControl:
    return LiveControl("bias", "Bias", -1, 1, 0.05, float(st.session_state["conv_bias"]))
