"""The pooling lab: its controls and its three views."""

import streamlit as st

from cnnviz.data.images import Picture
from cnnviz.figures.panels import Panel
from cnnviz.ops.shrinking import Shrinking, Way, shift_responses
from cnnviz.ui import cache
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.controls import bounded_slider
from cnnviz.ui.pixel_by_pixel import slide

_SIDE = 112
_KERNELS = {"identity": "Identity: keeps one pixel", "box": "Box: the average", "gaussian": "Gaussian"}
_KERNELS |= {"random": "Random, not learned"}
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
        "Kernel of the strided convolution", list(_KERNELS), index=2, format_func=_KERNELS.__getitem__,
        key="pool_kernel", bind="query-params",
    )  # fmt: skip
    ceil_mode = st.toggle(
        "ceil_mode", False, key="pool_ceil_mode", bind="query-params",
        help="Round the output size up: a last, incomplete window counts, too.",
    )  # fmt: skip
    include = st.toggle(
        "count_include_pad", True, key="pool_count_include_pad", bind="query-params",
        help="Whether padding counts in the number that the average divides by.",
    )  # fmt: skip
    return Shrinking(kernel_size, stride, padding, ceil_mode, include, name)


def show_side_by_side(picture: Picture, shrinking: Shrinking) -> None:
    """The picture, and what each way leaves of it."""
    working = cache.fitted(picture, _SIDE)
    results = shrinking.shrink(working.tensor())
    shown = [Panel("Input", working.tensor()[0].numpy())]
    for way, values in results.items():
        signed = values.min() < 0 or values.max() > 1
        shown.append(
            Panel(_TITLES[way], values, "signed" if signed else "picture", words=_words(way, shrinking))
        )
    panels(shown, "pool_panels", box=224, panel_rem=13)


def _words(way: Way, shrinking: Shrinking) -> str:
    weights = shrinking.kernel_size**2
    return {
        "max": "No parameters; keeps the brightest pixel of each window.",
        "average": "No parameters; keeps the mean of each window.",
        "strided": f"{weights} weights for each channel, which a network learns.",
        "global": "No parameters; one number for each channel, whatever the input's size.",
    }[way]


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
    pixels = st.slider("Shift to the right (pixels)", 1, 8, 1, key="pool_shift", bind="query-params")
    working = cache.fitted(picture, _SIDE)
    responses = shift_responses(shrinking, working.tensor(), (0, pixels))
    local = [way for way in responses if way != "global"]
    limit = max(float(abs(responses[way].change).max()) for way in local)
    shown = [
        Panel(
            f"{_TITLES[way]}: change",
            responses[way].change.mean(0, keepdims=True),
            "signed",
            limit,
            f"Changes {100 * responses[way].share:.3g} % as much as the input did.",
        )
        for way in local
    ]
    panels(shown, "pool_shift_panels", box=224, panel_rem=13)
    whole_steps = pixels % shrinking.stride == 0
    outcome = "the same output, shifted" if whole_steps else "another output"
    st.markdown(
        f"**Equivariant or invariant?** A shift by {pixels} is {'' if whole_steps else 'not '}a whole number "
        f"of steps of {shrinking.stride}, so there comes {outcome}. Global average pooling changes "
        f"{100 * responses['global'].share:.2g} % as much as the input did: it is invariant."
    )
