"""The dilation lab: one layer pixel by pixel and on the picture, and stacks with their holes."""

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.panels import Panel
from cnnviz.ops.coverage import StackCoverage, stack_coverage
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.kernels import kernel, named_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.conv_view import conv_view
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.controls import bounded_slider
from cnnviz.ui.formulas import aligned
from cnnviz.ui.pixel_by_pixel import slide
from cnnviz.ui.quiz import check_yourself

KERNELS = ("sobel_x", "box", "gaussian", "identity")
MOST_LAYERS = 5
_SIDE = 168
_KEYS = {"dilation": ("dil_dilation", "dil_dilation"), "kernel_size": ("dil_kernel_size", "dil_kernel_size")}


def choose_layer() -> PictureFilter:
    """One dilated layer: its kernel and dilation."""
    name = st.selectbox(
        "Kernel", KERNELS, format_func=lambda name: named_kernel(name).label, key="dil_kernel",
        bind="query-params",
    )  # fmt: skip
    size = bounded_slider("Kernel size *k*", 2, 5, 3, key="dil_kernel_size")
    dilation = bounded_slider("Dilation *d*", 1, 8, 2, key="dil_dilation")
    window = Window(size, 1, 0, dilation)
    st.latex(
        aligned(
            ("k_{\\text{eff}}", "d\\,(k - 1) + 1"),
            ("", rf"{dilation}\cdot({size} - 1) + 1 = \mathbf{{{window.effective_kernel_size}}}"),
        )
    )
    st.markdown(f"Weights: {size}·{size} = **{size * size}**, whatever the dilation.")
    return PictureFilter(kernel(name, size), "grey", window, window)


def show_pixels(picture: Picture, layer: PictureFilter) -> None:
    """The gaps between the taps, on a patch."""
    name = st.session_state.get("dil_kernel", KERNELS[0])
    sizes = range(2, 6)
    sliding = Sliding(
        "conv",
        layer.rows,
        layer.columns,
        weights=layer.kernel,
        kernel_label=named_kernel(name).label,
        limits={"kernel_size": (2, 5), "dilation": (1, 8)},
        reasons={
            "kernel_size": "Here a kernel has from 2 to 5 rows and columns.",
            "dilation": "Here dilation lies from 1 to 8.",
        },
        kernels={size: kernel(name, size) for size in sizes},
    )
    slide(picture, sliding, "dil", _KEYS, patch_size=12)


def show_picture(picture: Picture, layer: PictureFilter) -> None:
    """The same layer on the whole picture."""
    working = cache.fitted(picture, _SIDE)
    label = named_kernel(st.session_state.get("dil_kernel", KERNELS[0])).label
    conv_view(cache.filtered(working, layer), working, layer, label, "dil_picture")


def choose_rates() -> tuple[int, ...]:
    """The dilation of each layer of a stack of 3×3 convolutions."""
    count = st.slider("Layers", 1, MOST_LAYERS, 3, key="dil_layers", bind="query-params")
    columns = st.columns(MOST_LAYERS)
    rates = []
    for index in range(count):
        with columns[index]:
            rates.append(bounded_slider(f"*d* of layer {index + 1}", 1, 8, 2, key=f"dil_rate{index + 1}"))
    return tuple(rates)


def show_stack(rates: tuple[int, ...]) -> None:
    """What one unit on top of the stack reads, after each layer."""
    stacks = [
        stack_coverage([Window(3, dilation=rate) for rate in rates[: n + 1]]) for n in range(len(rates))
    ]
    widest = stacks[-1].size
    shown = [
        Panel(
            f"After layer {index + 1}",
            _framed(coverage, widest),
            "count",
            words=f"Field {coverage.size}×{coverage.size}; {_holes(coverage)}",
        )
        for index, coverage in enumerate(stacks)
    ]
    panels(shown, "dil_stack", box=200, panel_rem=11)
    st.latex(field_formula(rates))
    st.markdown(
        f"**Weights:** {len(rates)} layers of 3×3 = {9 * len(rates)} for each pair of channels, as without "
        f"dilation. **Holes:** {_holes(stacks[-1])}"
    )
    without = 1 + 2 * len(rates)
    check_yourself(
        f"A stack of {len(rates)} layers of 3×3 with dilations {', '.join(map(str, rates))}, stride 1: how "
        "many pixels wide is its receptive field?",
        widest,
        {
            "you left out the dilation": without,
            "that is the last layer alone": 2 * rates[-1] + 1,
            "each layer adds d·(k−1), not d·k": 1 + 3 * sum(rates),
            "the field begins with the pixel itself: add 1": widest - 1,
        },
        "dil_quiz",
    )


def _framed(coverage: StackCoverage, size: int) -> Array:
    """The map of paths in the middle of a square of `size`, so that all panels have one scale."""
    around = (size - coverage.size) // 2
    return np.pad(coverage.map(), around).astype(np.float32)[None]


def _holes(coverage: StackCoverage) -> str:
    read = int((coverage.paths > 0).sum()) ** 2
    missing = coverage.size**2 - read
    if not missing:
        return "every pixel in it is read."
    return f"{missing} of its {coverage.size**2} pixels are never read (gridding)."


def field_formula(rates: tuple[int, ...]) -> str:
    """The receptive field of a stack of 3×3 layers with stride 1."""
    terms = " + ".join(rf"{rate}\cdot 2" for rate in rates)
    return aligned(("r", r"1 + \sum_i d_i\,(k - 1)"), ("", rf"1 + {terms} = \mathbf{{{1 + 2 * sum(rates)}}}"))
