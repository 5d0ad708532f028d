"""Presets of the page on transposed convolution."""

from typing import Any

START: dict[str, Any] = {"up_stamp": "ones", "up_kernel_size": 3, "up_stride": 2, "up_padding": 0}
START |= {"up_dilation": 1, "up_output_padding": 0}
PRESETS: dict[str, dict[str, Any]] = {
    "Kernel 3: checkerboard": {},
    "Kernel 4: even": {"up_kernel_size": 4, "up_padding": 1},
    "Weights that even it out": {"up_stamp": "bilinear"},
    "Random: uneven again": {"up_stamp": "random", "up_kernel_size": 4, "up_padding": 1},
    "Kernel 2, stride 3: gaps": {"up_kernel_size": 2, "up_stride": 3},
    "Dilation 2: gaps": {"up_view": "picture", "up_dilation": 2},
}
