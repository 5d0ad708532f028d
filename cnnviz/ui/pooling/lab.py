"""The pooling lab: its controls and its three views."""

from collections.abc import Mapping

import streamlit as st
from torch import Tensor

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.numbers import significant
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.ops.shrinking import WAYS, ShiftResponse, Shrinking, Way, shift_responses
from cnnviz.ui import cache
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.pooling.facts import (
    ROUNDING,
    ask_about_shift,
    ask_about_size_and_weights,
    show_pooling_facts,
    show_shift_facts,
)
from cnnviz.ui.pooling.snippets import pooling_code, shift_code
from cnnviz.ui.sliding.lab import slide
from cnnviz.ui.widgets.controls import bounded_slider, bring_link_up_to_date
from cnnviz.ui.widgets.exports import export_panel

_SIDE = 112
_KERNELS = {
    "identity": "Identity: keeps one pixel",
    "box": "Box: the average",
    "gaussian": "Gaussian, σ = 1 pixel",
    "sobel_x": "Sobel x: vertical edges",
    "random": "Random: before learning",
}
_TITLES: dict[Way, str] = {
    "max": "Max pooling",
    "average": "Average pooling",
    "strided": "Strided convolution",
    "global": "Global average pooling",
}
_KEYS = {
    "kernel_size": ("pool_kernel_size", "pool_kernel_size"),
    "stride": ("pool_stride", "pool_stride"),
    "padding": ("pool_padding", "pool_padding"),
}


def choose_pooling() -> Shrinking:
    """The window, and what the kinds of pooling add to it."""
    kernel_size = bounded_slider("Window *k*", 2, 7, 2, key="pool_kernel_size")
    stride = bounded_slider("Stride *s*", 1, 7, 2, key="pool_stride")
    padding = bounded_slider(
        "Padding *p*", 0, kernel_size // 2, 0, key="pool_padding",
        why=f"Pooling pads by at most half its window, {kernel_size // 2} here, so that no window lies in "
        "the padding alone.",
    )  # fmt: skip
    name = st.selectbox(
        "Kernel of the strided convolution", list(_KERNELS), format_func=_KERNELS.__getitem__,
        key="pool_kernel", bind="query-params",
    )  # fmt: skip
    ceil_mode = st.toggle(
        "ceil_mode", False, key="pool_ceil_mode", bind="query-params",
        help="Round the output size of pooling up: a last, incomplete window counts, too.",
    )  # fmt: skip
    include = st.toggle(
        "count_include_pad", True, key="pool_count_include_pad", bind="query-params",
        help="Whether padding counts in the number that average pooling divides by.",
    )  # fmt: skip
    bring_link_up_to_date()
    return Shrinking(kernel_size, stride, padding, ceil_mode, include, name)


def show_side_by_side(picture: Picture, shrinking: Shrinking) -> None:
    """The picture, what each way leaves of it, and the arithmetic of it."""
    working = cache.pictures.fitted(picture, _SIDE)
    x = working.tensor()
    results = _results(shrinking, x)
    shown = [Panel("Input", x[0].numpy())] + [_panel(way, results[way], shrinking) for way in WAYS]
    panels(shown, "pool_panels", box=224, panel_rem=13)
    show_pooling_facts(shrinking, working.height, working.width)
    ask_about_size_and_weights(shrinking, (working.height, working.width))
    pixels = st.session_state.get("pool_shift", 1)
    export_panel(
        "pooling",
        pooling_code(picture, _SIDE, shrinking),
        lambda: panels_figure(shown),
        lambda: _rows(shrinking, results, _responses(shrinking, x, pixels), pixels),
    )


def _results(shrinking: Shrinking, x: Tensor) -> dict[Way, Array]:
    """What each way leaves of the picture."""
    with cache.resources.queued():
        return shrinking.shrink(x)


def _responses(shrinking: Shrinking, x: Tensor, pixels: int) -> dict[Way, ShiftResponse]:
    """How each way's output changes when the picture moves to the right."""
    with cache.resources.queued():
        return shift_responses(shrinking, x, (0, pixels))


def _panel(way: Way, values: Array, shrinking: Shrinking) -> Panel:
    k = shrinking.kernel_size
    words = {
        "max": "No weights. The largest value under each window, channel by channel.",
        "average": "No weights. The mean under each window.",
        "strided": f"{k}·{k} weights a channel. {_KERNELS[shrinking.strided_kernel]}.",
        "global": "No weights. The mean of the whole channel, at any input size.",
    }[way]
    if way == "strided" and (shrinking.weights < 0).any():
        words = f"{words} Mean of R, G, B."
        return Panel(
            _TITLES[way], values.mean(0, keepdims=True), "signed", words=words, window=shrinking.window
        )
    window = None if way == "global" else shrinking.window
    return Panel(_TITLES[way], values, words=words, window=window)


def _rows(
    shrinking: Shrinking,
    results: Mapping[Way, Array],
    responses: Mapping[Way, ShiftResponse],
    pixels: int,
) -> list[Row]:
    """A row for each way, of all three channels."""
    return [
        {
            "way": _TITLES[way],
            "output height (pixels)": values.shape[1],
            "output width (pixels)": values.shape[2],
            "parameters": shrinking.parameters(way, values.shape[0]),
            "mean": float(values.mean()),
            "smallest": float(values.min()),
            "largest": float(values.max()),
            f"mean change under a shift by {pixels} px": responses[way].magnitude,
            "change as a share of the input's": responses[way].share,
        }
        for way, values in results.items()
    ]


def show_pixels(picture: Picture, shrinking: Shrinking) -> None:
    """The window moves over a patch; the largest value, or the mean, is what stays."""
    kind = st.segmented_control(
        "Kind", ["max", "average"], default="max", required=True, key="pool_kind", bind="query-params",
        format_func=lambda kind: f"{kind.capitalize()} pooling", label_visibility="collapsed",
    )  # fmt: skip
    window = shrinking.window
    sliding = Sliding(
        "average" if kind == "average" else "max",
        window,
        window,
        kernel_label="Window",
        options={"ceil": shrinking.ceil_mode, "countPadding": shrinking.count_include_pad},
        limits={"kernel_size": (2, 7), "stride": (1, 7), "padding": (0, 3)},
        reasons={
            "kernel_size": "Here a window has from 2 to 7 rows and columns.",
            "stride": "Here a stride lies from 1 to 7.",
            "padding": "Pooling pads by at most half its window.",
        },
    )
    slide(picture, sliding, "pool", _KEYS)


def show_shift(picture: Picture, shrinking: Shrinking) -> None:
    """How much each way's output changes when the picture moves."""
    pixels = st.slider(
        "Shift to the right (pixels)", 1, 8, 1, key="pool_shift", bind="query-params",
        help="What leaves the picture on the right comes back on the left.",
    )  # fmt: skip
    working = cache.pictures.fitted(picture, _SIDE)
    x = working.tensor()
    responses = _responses(shrinking, x, pixels)
    input_change = x.roll(pixels, 3)[0] - x[0]
    changes = {"Input": input_change.numpy()} | {
        _TITLES[way]: response.change for way, response in responses.items() if way != "global"
    }
    maps = {title: change.mean(0, keepdims=True) for title, change in changes.items()}
    limit = max(float(abs(change).max()) for change in maps.values())
    words = {_TITLES[way]: _shift_text(response) for way, response in responses.items()}
    shown = [
        Panel(
            f"{title}: change",
            change,
            "signed",
            limit,
            words.get(title, "Shifted minus as it was."),
            window=shrinking.window if title in words else None,
        )
        for title, change in maps.items()
    ]
    panels(shown, "pool_shift_panels", box=336, panel_rem=17)
    magnitude = float(input_change.abs().mean())
    show_shift_facts(shrinking, {_TITLES[way]: responses[way] for way in WAYS}, magnitude, pixels)
    ask_about_shift(shrinking, pixels)
    export_panel(
        "pooling_shift",
        shift_code(picture, _SIDE, shrinking, pixels),
        lambda: panels_figure(shown),
        lambda: _rows(shrinking, _results(shrinking, x), responses, pixels),
    )


def _shift_text(response: ShiftResponse) -> str:
    text = f"Changes {100 * response.share:.1f} % as much as the input."
    if response.misfit is None:
        return text
    return f"{text} Against its old map, moved by whole pixels: {_left(response.misfit)} left."


def _left(misfit: float) -> str:
    if not misfit:
        return "nothing is"
    return f"up to {significant(misfit)} is" if misfit > ROUNDING else "only rounding is"
