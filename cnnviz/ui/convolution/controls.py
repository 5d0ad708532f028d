"""The controls of the convolution lab: which kernel slides how over the picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops.filtering import CHANNEL_MODES, ChannelMode, PictureFilter
from cnnviz.ops.geometry import PADDING_MODES, PaddingMode, Window, largest_padding
from cnnviz.ops.kernel_text import MAX_SIZE, format_kernel, parse_kernel, resized_kernel
from cnnviz.ops.kernels import NamedKernel, kernel, kernel_names, named_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.kernel_grid import kernel_grid
from cnnviz.ui.widgets.controls import (
    bounded_slider,
    bring_link_up_to_date,
    readable_name,
    register_control,
    set_control,
)
from cnnviz.ui.widgets.feedback import explained, plain

# All whole fractions of 336, so that every size fills the same place on screen exactly.
RESOLUTIONS = (28, 42, 56, 84, 112, 168, 336)
BY_HAND = "by_hand"
_MAX = {"stride": 8, "padding": 15, "dilation": 8}
_AXES = ("height", "width")
_CHANNEL_LABELS = {"summed": "Summed", "depthwise": "Depthwise", "grey": "Grey"}


@dataclass(frozen=True, slots=True)
class Convolution:
    """What the controls say: the picture at its working size, the layer, the kernel's name."""

    picture: Picture
    layer: PictureFilter
    kernel_label: str
    named: NamedKernel | None


def choose_convolution(picture: Picture) -> Convolution:
    """Draw the controls and read them.

    What limits other controls is read first; the containers keep the order on screen.
    """
    name = _choose_kernel()
    named = None if name == BY_HAND else named_kernel(name)
    grid, geometry, rest = st.container(), st.container(), st.expander("More")
    with rest:
        mode = _choose_padding_mode()
        locked = st.toggle("Same on both axes", True, key="conv_locked", bind="query-params")
        channels = _choose_channels()
        bias = st.slider("Bias", -1.0, 1.0, 0.0, 0.05, key="conv_bias", bind="query-params")
        working = cache.pictures.fitted(picture, _choose_resolution())
        text = _type_kernel()
    with geometry:
        rows, columns = _choose_windows(working, named, mode, locked)
    with grid:
        weights = _weights(named, text, rows.kernel_size, columns.kernel_size)
        kernel_grid(weights, "conv_kernel_grid", take_edit)
    st.session_state["_conv_weights"] = format_kernel(weights)
    bring_link_up_to_date()
    layer = PictureFilter(weights, channels, rows, columns, mode, float(bias))
    label = named.label if named else "A kernel made by hand"
    return Convolution(working, layer, label, named)


def _choose_kernel() -> str:
    labels = {name: named_kernel(name).label for name in kernel_names()} | {BY_HAND: "By hand"}
    return st.selectbox(
        "Kernel",
        list(labels),
        index=list(labels).index("sobel_x"),
        format_func=labels.__getitem__,
        key="conv_kernel",
        bind="query-params",
        on_change=_start_by_hand,
    )


def _start_by_hand() -> None:
    """A kernel made by hand begins as the one shown before."""
    if st.session_state["conv_kernel"] == BY_HAND:
        st.session_state["conv_weights"] = st.session_state.get("_conv_weights", "1")


def take_edit(weights: Any) -> None:
    """Make an edited grid the kernel made by hand; anything that is no kernel is ignored."""
    with explained():
        text = format_kernel(np.array(weights, dtype=float))
        parse_kernel(text)
        st.session_state["conv_kernel"] = BY_HAND
        st.session_state["conv_weights"] = text


def _take_text() -> None:
    """A kernel typed as text brings its own size."""
    try:
        height, width = parse_kernel(st.session_state["conv_weights"]).shape
    except CnnvizError:
        return  # said beside the field when it is drawn
    st.session_state["conv_kernel"] = BY_HAND
    set_control("conv_kernel_height", height)
    if height != width:
        st.session_state["conv_locked"] = False
        set_control("conv_kernel_width", width)


def _weights(named: NamedKernel | None, text: str, height: int, width: int) -> Array:
    if named is None:
        return resized_kernel(_by_hand(text), height, width)
    parameters = {}
    for parameter in named.parameters:
        parameters[parameter.name] = st.slider(
            parameter.label,
            float(parameter.minimum),
            float(parameter.maximum),
            float(parameter.default),
            float(parameter.step),
            key=f"conv_{parameter.name}",
            bind="query-params",
        )
    return kernel(named.name, (height, width), **parameters)


def _type_kernel() -> str:
    # Always drawn: a control that first appears with a value from the session does not reach the URL.
    text = st.text_input(
        "Kernel by hand, as text",
        "0 0 0; 0 1 0; 0 0 0",
        key="conv_weights",
        bind="query-params",
        on_change=_take_text,
        help="Rows separated by semicolons. A matrix pasted from Python works, too.",
    )
    if st.session_state["conv_kernel"] != BY_HAND:
        with explained():
            parse_kernel(text)
    return text


def _by_hand(text: str) -> Array:
    try:
        return parse_kernel(text)
    except CnnvizError as error:
        st.warning(plain(str(error)))
        return parse_kernel(st.session_state.get("_conv_weights", "1"))


def _choose_padding_mode() -> PaddingMode:
    return st.selectbox(
        "Padding holds",
        PADDING_MODES,
        format_func=readable_name,
        key="conv_padding_mode",
        bind="query-params",
        help="Zeros; the picture mirrored at its border; its border pixels repeated; or its other side.",
    )


def _choose_channels() -> ChannelMode:
    return st.selectbox(
        "Channels",
        CHANNEL_MODES,
        format_func=_CHANNEL_LABELS.__getitem__,
        key="conv_channels",
        bind="query-params",
        help="Summed: the kernel on R, G and B, then their sum, as in a layer with one output channel. "
        "Depthwise: each channel by itself. Grey: on the picture's brightness.",
    )


def _choose_windows(
    picture: Picture, named: NamedKernel | None, mode: PaddingMode, locked: bool
) -> tuple[Window, Window]:
    """The geometry of both axes; what does not fit is moved to what does before it is shown."""
    sizes = (picture.height, picture.width)
    if locked:
        register_control("conv_kernel_width", 3)
        window = _choose_window(0, min(sizes), True, named, mode)
        return window, window
    places = st.columns(2, gap="small")
    windows = []
    for axis, (place, size) in enumerate(zip(places, sizes, strict=True)):
        with place:
            windows.append(_choose_window(axis, size, False, named, mode))
    return windows[0], windows[1]


def _choose_window(
    axis: int, size: int, locked: bool, named: NamedKernel | None, mode: PaddingMode
) -> Window:
    least = max(named.smallest) if named and locked else named.smallest[axis] if named else 1
    most = least if named and named.fixed else MAX_SIZE
    wanted = _feasible(_remembered(axis), size, least, most, mode)
    kernel_size = _kernel_slider(axis, locked, wanted, size, (least, most), named)
    suffix = _suffix(axis)
    stride = bounded_slider(
        _label("Stride", "s", axis, locked), 1, _MAX["stride"], 1, key=f"conv_stride{suffix}"
    )
    padding_limit = largest_padding(size, mode)
    padding_limit = _MAX["padding"] if padding_limit is None else padding_limit
    fitting = Window(kernel_size, stride, wanted.padding, wanted.dilation)
    padding = bounded_slider(
        _label("Padding", "p", axis, locked),
        min(fitting.smallest_padding(size), padding_limit),
        min(_MAX["padding"], padding_limit),
        0,
        key=f"conv_padding{suffix}",
        why=f"{readable_name(mode)} padding can fill at most {padding_limit} here; "
        f"with less than {fitting.smallest_padding(size)} the kernel would not fit.",
    )
    fitting = Window(kernel_size, stride, padding, 1)
    dilation_limit = fitting.largest_dilation(size)
    dilation_limit = _MAX["dilation"] if dilation_limit is None else dilation_limit
    dilation = bounded_slider(
        _label("Dilation", "d", axis, locked),
        1,
        max(1, min(_MAX["dilation"], dilation_limit)),
        1,
        key=f"conv_dilation{suffix}",
        why=f"Beyond {dilation_limit} the kernel would span more than the padded picture."
        if dilation_limit < _MAX["dilation"]
        else "Input pixels from one tap to the next.",
    )
    return Window(kernel_size, stride, padding, dilation)


def _label(name: str, letter: str, axis: int, locked: bool) -> str:
    """The letter is that of the formula; two controls side by side have room for little more."""
    return f"{name} {letter}" if locked else f"{letter}, {_AXES[axis]}"


def _suffix(axis: int) -> str:
    """Ending of the key of an axis's control; one control for both axes has the height's key."""
    return "" if axis == 0 else "_width"


def _remembered(axis: int) -> Window:
    """The values of the last run; what has none yet starts as on a fresh page."""
    suffix = _suffix(axis)
    state = st.session_state
    return Window(
        int(state.get(f"conv_kernel_{_AXES[axis]}", 3)),
        int(state.get(f"conv_stride{suffix}", 1)),
        int(state.get(f"conv_padding{suffix}", 0)),
        int(state.get(f"conv_dilation{suffix}", 1)),
    )


def _feasible(wanted: Window, size: int, least: int, most: int, mode: PaddingMode) -> Window:
    """The nearest window that fits: padding first, then kernel size, then dilation."""
    limit = largest_padding(size, mode)
    padding = min(wanted.padding, _MAX["padding"] if limit is None else limit)
    room = Window(1, wanted.stride, padding).largest_kernel_size(size)
    kernel_size = max(least, min(wanted.kernel_size, most, room))
    dilation_limit = Window(kernel_size, wanted.stride, padding).largest_dilation(size)
    dilation = wanted.dilation if dilation_limit is None else max(1, min(wanted.dilation, dilation_limit))
    return Window(kernel_size, wanted.stride, padding, dilation)


def _kernel_slider(
    axis: int,
    locked: bool,
    wanted: Window,
    size: int,
    bounds: tuple[int, int],
    named: NamedKernel | None,
) -> int:
    room = Window(1, 1, wanted.padding, wanted.dilation).largest_kernel_size(size)
    most = max(bounds[0], min(bounds[1], room))
    label = _label("Kernel size", "k", axis, locked)
    why = "Rows and columns of the kernel." if locked else f"The kernel's {_AXES[axis]}."
    if named and named.fixed:
        why = f"{named.label} is defined at {bounds[0]}×{bounds[0]} only."
    elif room < bounds[1]:
        why = f"At most {most}: the padded picture is {size + 2 * wanted.padding} pixels across."
    return bounded_slider(label, bounds[0], most, 3, key=f"conv_kernel_{_AXES[axis]}", why=why)


def _choose_resolution() -> int:
    return st.select_slider(
        "Picture size",
        RESOLUTIONS,
        168,
        format_func=lambda side: f"{side} px",
        key="conv_resolution",
        bind="query-params",
        help="Length of the longer side. Fewer, larger pixels show the arithmetic; more show the effect.",
    )
