"""Input and output of a convolution side by side, linked under the pointer."""

from cnnviz.ops.filtering import FilteredPicture
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("conv_view")


def conv_view(filtered: FilteredPicture, picture_name: str, kernel_label: str, key: str) -> None:
    """Show a filtered picture; a pixel under the pointer lights up what it reads or is read by."""
    channels, height, width = filtered.output.shape
    fields = {
        "rows": _axis(filtered.rows),
        "columns": _axis(filtered.columns),
        "padding_mode": filtered.padding_mode,
        "limit": filtered.limit,
        "input_text": f"The input, {picture_name}",
        "output_text": (
            f"{kernel_label} of {picture_name}: {channels} channel{'s' if channels > 1 else ''} of "
            f"{height} by {width}, values from {filtered.output.min():.4g} to {filtered.output.max():.4g}"
        ),
    }
    _mount(data=pack(fields, {"input": filtered.pixels, "output": filtered.output}), key=key)


def _axis(window: Window) -> dict[str, int]:
    return {
        "kernel_size": window.kernel_size,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
    }
