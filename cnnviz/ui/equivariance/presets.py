"""Presets of the page on equivariance."""

from typing import Any

START: dict[str, Any] = {"eq_subject": "layer", "eq_kernel": "sobel_x", "eq_stride": 1, "eq_pool": "none"}
START |= {"eq_padding_mode": "circular", "eq_down": 0, "eq_right": 4}
PRESETS: dict[str, dict[str, Any]] = {
    "Circular: exact": {},
    "Zeros break it at the border": {"eq_padding_mode": "zeros"},
    "Stride 2 cannot follow 1": {"eq_stride": 2, "eq_right": 1},
    "Nor can max pooling": {"eq_pool": "max", "eq_right": 1},
    "Blurred, it errs less": {"eq_pool": "blur", "eq_right": 1},
    "MiniResNet's max pool": {"eq_subject": "mini_resnet", "eq_right": 8, "eq_layer": "maxpool"},
}
