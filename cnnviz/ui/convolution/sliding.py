"""The convolution lab pixel by pixel: the page's own kernel and geometry on a patch."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.kernel_text import resized_kernel
from cnnviz.ops.kernels import NamedKernel, kernel
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.sliding.lab import slide

_LIMITS = {"stride": (1, 6), "padding": (0, 5), "dilation": (1, 5)}
_LARGEST_KERNEL = 7
_KEYS = {
    "kernel_size": ("conv_kernel_height", "conv_kernel_width"),
    "stride": ("conv_stride", "conv_stride_width"),
    "padding": ("conv_padding", "conv_padding_width"),
    "dilation": ("conv_dilation", "conv_dilation_width"),
}


def slide_convolution(
    picture: Picture, layer: PictureFilter, named: NamedKernel | None, label: str,
    take_weights: Callable[[Any], None],
) -> None:  # fmt: skip
    """Show the sliding window for the layer; its changes go into the page's controls."""
    kernels = _kernels(layer.kernel, named)
    sliding = Sliding(
        "conv",
        layer.rows,
        layer.columns,
        weights=layer.kernel,
        kernel_label=label,
        channels=layer.channels,
        bias=layer.bias,
        mode=layer.padding_mode,
        limits={"kernel_size": (min(kernels), max(kernels)), **_LIMITS},
        reasons={
            "kernel_size": f"{label} is defined at this size only."
            if len(kernels) == 1
            else f"Here a kernel has from {min(kernels)} to {max(kernels)} rows and columns.",
            "stride": f"Here a stride lies from 1 to {_LIMITS['stride'][1]}.",
            "padding": f"Here padding lies from 0 to {_LIMITS['padding'][1]}.",
            "dilation": f"Here dilation lies from 1 to {_LIMITS['dilation'][1]}.",
        },
        kernels=kernels,
    )
    slide(picture, sliding, "conv", _KEYS, take_weights)


def _kernels(weights: Array, named: NamedKernel | None) -> dict[int, Array]:
    """The kernel at every square size that it has, so that the component can change it at once."""
    if named is None:
        return {size: resized_kernel(weights, size, size) for size in range(1, _LARGEST_KERNEL + 1)}
    least = max(named.smallest)
    if named.fixed:
        return {least: weights}
    parameters = {p.name: st.session_state.get(f"conv_{p.name}", p.default) for p in named.parameters}
    sizes = range(least, _LARGEST_KERNEL + 1)
    return {size: kernel(named.name, size, **parameters) for size in sizes}
