"""Presets of the convolution lab."""

from typing import Any

START: dict[str, Any] = {
    "source": "photo",
    "conv_kernel": "sobel_x",
    "conv_kernel_height": 3,
    "conv_stride": 1,
    "conv_padding": 0,
    "conv_dilation": 1,
    "conv_locked": True,
    "conv_padding_mode": "zeros",
    "conv_channels": "summed",
    "conv_bias": 0.0,
    "conv_resolution": 168,
    "conv_patch_row": 16,
    "conv_patch_column": 24,
}
# The middle of a test pattern, where something is to be seen.
_MIDDLE = {"conv_patch_row": 28, "conv_patch_column": 28}
PRESETS: dict[str, dict[str, Any]] = {
    "Sobel on a step edge": {"source": "pattern", "pattern": "step_edge", "conv_resolution": 28} | _MIDDLE,
    "Blur each colour": {"conv_kernel": "box", "conv_kernel_height": 9, "conv_padding": 4}
    | {"conv_channels": "depthwise"},
    "Stride 4 keeps one in sixteen": {
        "conv_kernel": "identity",
        "conv_stride": 4,
        "conv_channels": "depthwise",
    },
    "Dilation 4: a 3×3 kernel spans 9": {"conv_dilation": 4, "conv_padding": 4},
    "One bright pixel shows the kernel": {"source": "pattern", "pattern": "impulse", "conv_resolution": 28}
    | {"conv_kernel": "gabor", "conv_kernel_height": 11, "conv_padding": 5, "conv_channels": "grey"}
    | _MIDDLE,
}
