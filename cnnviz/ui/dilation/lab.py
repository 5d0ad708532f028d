"""The dilation lab: one layer pixel by pixel and on the picture, and stacks with their holes."""

from functools import partial

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.ops.coverage import StackCoverage, stack_coverage
from cnnviz.ops.filtering import FilteredPicture, PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.kernels import kernel, named_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.conv_view import LiveControl, conv_view
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.dilation.facts import ask_about_span, ask_about_stack, show_layer_facts, show_stack_facts
from cnnviz.ui.dilation.formulas import effective_size_formula
from cnnviz.ui.dilation.snippets import stack_code
from cnnviz.ui.sliding.lab import slide
from cnnviz.ui.sliding.snippets import convolution_code
from cnnviz.ui.widgets.controls import apply_drag, bounded_slider, limits
from cnnviz.ui.widgets.exports import export_panel

KERNELS = ("sobel_x", "box", "gaussian", "identity")
MOST_LAYERS = 5
_SIDE = 168
_FAINTEST = 0.15
_KEYS = {"dilation": ("dil_dilation", "dil_dilation"), "kernel_size": ("dil_kernel_size", "dil_kernel_size")}


def choose_layer() -> PictureFilter:
    """One dilated layer: its kernel and dilation, and how far they reach."""
    name = st.selectbox(
        "Kernel", KERNELS, format_func=lambda name: named_kernel(name).label, key="dil_kernel",
        bind="query-params",
    )  # fmt: skip
    size = bounded_slider("Kernel size *k*", 2, 5, 3, key="dil_kernel_size")
    dilation = bounded_slider("Dilation *d*", 1, 8, 2, key="dil_dilation")
    window = Window(size, 1, 0, dilation)
    weights = f"{size}·{size} = {size * size}, whatever the dilation."
    facts(
        [Facts("Effective kernel size", effective_size_formula(window), [("Weights:", weights)])],
        "dil_span",
    )
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
    """The same layer on the whole picture, and what it costs."""
    working = cache.pictures.fitted(picture, _SIDE)
    label = named_kernel(st.session_state.get("dil_kernel", KERNELS[0])).label
    filtered = cache.pictures.filtered(working, layer)
    conv_view(
        filtered,
        working,
        layer,
        label,
        "dil_picture",
        _live_controls(layer),
        partial(apply_drag, prefix="dil_"),
        controls="dil_",
        numbers=("dil_span", "dil_facts"),
    )
    show_layer_facts(layer, working.height, working.width)
    ask_about_span(layer.rows)
    export_panel(
        "dilation",
        convolution_code(picture, _SIDE, layer),
        lambda: panels_figure(
            [
                Panel("Input", filtered.pixels[None, ..., 0] / 255),
                Panel(f"{label}, dilation {layer.rows.dilation}", filtered.output, "signed", filtered.limit),
            ]
        ),
        lambda: [_layer_row(layer, filtered, label)],
    )


def _live_controls(layer: PictureFilter) -> list[LiveControl]:
    """Both sliders, for the browser to follow while they are dragged."""
    low, high = limits("dil_kernel_size")
    name = st.session_state.get("dil_kernel", KERNELS[0])
    kernels = tuple(kernel(name, size) for size in range(low, high + 1))
    rows = layer.rows
    return [
        LiveControl("dilation", "Dilation d", *limits("dil_dilation"), 1, rows.dilation, "dilation"),
        LiveControl("kernel_size", "Kernel size k", low, high, 1, rows.kernel_size, kernels=kernels),
    ]


def _layer_row(layer: PictureFilter, filtered: FilteredPicture, label: str) -> Row:
    height, width = filtered.pixels.shape[:2]
    return {
        "kernel": label,
        "kernel size": layer.rows.kernel_size,
        "dilation": layer.rows.dilation,
        "effective kernel size (pixels)": layer.rows.effective_kernel_size,
        "input height (pixels)": height,
        "input width (pixels)": width,
        "output height (pixels)": filtered.output.shape[1],
        "output width (pixels)": filtered.output.shape[2],
        "weights": layer.parameters,
        "MACs": layer.macs(height, width),
        "mean": float(filtered.output.mean()),
        "smallest": float(filtered.output.min()),
        "largest": float(filtered.output.max()),
    }


def choose_rates() -> tuple[int, ...]:
    """The dilation of each layer of a stack of 3×3 convolutions."""
    count = st.slider("Layers of 3×3", 1, MOST_LAYERS, 3, key="dil_layers", bind="query-params", width=360)
    rates = []
    with st.container(horizontal=True, gap="small", key="dil_rates"):
        for index in range(1, count + 1):
            with st.container(width=160):
                rates.append(bounded_slider(f"*d* of layer {index}", 1, 8, 2, key=f"dil_rate{index}"))
    return tuple(rates)


def show_stack(rates: tuple[int, ...]) -> None:
    """What one unit on top of the stack reads, after each layer."""
    stacks = [
        stack_coverage([Window(3, dilation=rate) for rate in rates[: n + 1]]) for n in range(len(rates))
    ]
    st.markdown(
        "Each map shows the input around one unit of that layer: how many paths of taps lead from each pixel "
        "to the unit. An empty place is never read; outside the field it is hatched."
    )
    shown = [
        Panel(
            f"After layer {index}",
            _framed(coverage, stacks[-1].size),
            "count",
            words=_read(coverage),
            size=f"field {coverage.size}×{coverage.size}",
            least=_FAINTEST,
        )
        for index, coverage in enumerate(stacks, start=1)
    ]
    panels(shown, "dil_stack", box=200, panel_rem=10)
    show_stack_facts(rates, stacks[-1])
    ask_about_stack(rates)
    export_panel(
        "dilation_stack", stack_code(rates), lambda: panels_figure(shown), lambda: _rows(rates, stacks)
    )


def _framed(coverage: StackCoverage, size: int) -> Array:
    """The map of paths in the middle of a square of `size`, so that all panels have one scale."""
    around = (size - coverage.size) // 2
    return np.pad(coverage.map().astype(np.float32), around, constant_values=np.nan)[None]


def _read(coverage: StackCoverage) -> str:
    missing = coverage.pixels_never_read
    if not missing:
        return f"All {coverage.size**2:,} pixels are read."
    return f"{missing:,} of {coverage.size**2:,} pixels are never read."


def _rows(rates: tuple[int, ...], stacks: list[StackCoverage]) -> list[Row]:
    """A row for each layer, of what the stack up to it reads."""
    return [
        {
            "layer": index,
            "dilation": rate,
            "receptive field (pixels)": coverage.size,
            "pixels in the field": coverage.size**2,
            "pixels read": coverage.pixels_read,
            "pixels never read": coverage.pixels_never_read,
            "weights so far": 9 * index,
        }
        for index, (rate, coverage) in enumerate(zip(rates, stacks, strict=True), start=1)
    ]
