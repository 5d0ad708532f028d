"""Input and output of a convolution side by side, linked under the pointer; a control drags live."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.filtering import FilteredPicture, PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("conv_view")


@dataclass(frozen=True, slots=True, eq=False)
class LiveControl:
    """A slider below the pictures that changes the layer while it is dragged.

    Attributes:
        name: of the control.
        label: on screen.
        low, high, step, value: of the number.
        setting: "stride", "padding" or "dilation", if it is one of them.
        axes: "rows", "columns" or both: whose setting it is.
        kernels: the kernel for each value from low to high, if it shapes the kernel.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    setting: str = ""
    axes: tuple[str, ...] = ("rows", "columns")
    kernels: tuple[Array, ...] = ()


def conv_view(
    filtered: FilteredPicture,
    picture: Picture,
    layer: PictureFilter,
    kernel_label: str,
    key: str,
    live_controls: Sequence[LiveControl] = (),
    on_drag: Callable[[str, Any], None] | None = None,
    controls: str = "",
    numbers: Sequence[str] = (),
) -> None:
    """Show a filtered picture; a pixel under the pointer lights up what it reads or is read by.

    Args:
        filtered: the picture and what the layer made of it.
        picture: the same picture.
        layer: the same layer, for the browser to convolve with while a live control is dragged.
        kernel_label: the kernel's name.
        key: of the component.
        live_controls: what can be dragged.
        on_drag: gets a live control's name and its new value, unchecked, when dragging pauses.
        controls: prefix of sliders' keys: the slider with this and a live control's name moves it, too.
        numbers: keys of what shows Python's numbers; they are dimmed while the picture is ahead of them.
    """
    channels, height, width = filtered.output.shape
    kernels = [kernel for control in live_controls for kernel in control.kernels]
    fields = {
        "rows": _axis(filtered.rows),
        "columns": _axis(filtered.columns),
        "padding_mode": filtered.padding_mode,
        "limit": filtered.limit,
        "bias": layer.bias,
        "channels": layer.channels,
        "kernel_shape": layer.kernel.shape,
        "digest": f"{picture.digest} {layer.channels}",
        "knobs": _described(live_controls),
        "edit_version": edit_version(key),
        "controls": controls,
        "numbers": list(numbers),
        "input_text": f"The input, {picture.name}",
        "output_text": (
            f"{kernel_label} of {picture.name}: {channels} channel{'s' if channels > 1 else ''} of "
            f"{height} by {width}, values from {filtered.output.min():.4g} to {filtered.output.max():.4g}"
        ),
    }
    arrays = {
        "input": filtered.pixels,
        "output": filtered.output,
        "kernel": layer.kernel.astype(np.float32),
        "kernels": np.concatenate([kernel.ravel() for kernel in (*kernels, np.zeros(0))]).astype(np.float32),
    }

    if layer.channels == "grey":
        arrays["rgb"] = picture.pixels

    def dragged() -> None:
        drag = received(key, "drag")
        if on_drag is not None:
            on_drag(str(drag["name"]), drag["value"])

    _mount(data=pack(fields, arrays), key=key, on_drag_change=dragged)


def _described(live_controls: Sequence[LiveControl]) -> list[dict[str, Any]]:
    """The live controls for the browser; their kernels by shape and place in the array of all kernels."""
    found, start = [], 0
    for control in live_controls:
        places = []
        for kernel in control.kernels:
            places.append({"shape": kernel.shape, "start": start})
            start += kernel.size
        names = ("name", "label", "low", "high", "step", "value", "setting", "axes")
        found.append({name: getattr(control, name) for name in names} | {"kernels": places or None})
    return found


def _axis(window: Window) -> dict[str, int]:
    return {
        "kernel_size": window.kernel_size,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
    }
