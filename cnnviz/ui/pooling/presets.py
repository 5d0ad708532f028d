"""Presets of the pooling page."""

from typing import Any

START: dict[str, Any] = {
    "source": "photo",
    "photo": "cat",
    "pool_view": "side",
    "pool_kernel_size": 2,
    "pool_stride": 2,
    "pool_padding": 0,
    "pool_kernel": "identity",
    "pool_ceil_mode": False,
    "pool_count_include_pad": True,
}
PRESETS: dict[str, dict[str, Any]] = {
    "Checkerboard: white or grey": {
        "source": "pattern",
        "pattern": "checkerboard",
        "pattern_period": 2,
    },
    "One bright pixel: kept or dimmed": {
        "source": "pattern",
        "pattern": "impulse",
        "pool_kernel_size": 7,
        "pool_stride": 7,
    },
    "Overlap, as in ResNet's stem": {
        "pool_kernel_size": 3,
        "pool_padding": 1,
        "pool_kernel": "gaussian",
    },
    "ceil_mode: one more row": {"pool_ceil_mode": True},
    "Padding dims the border": {
        "pool_kernel_size": 7,
        "pool_stride": 3,
        "pool_padding": 3,
        "pool_kernel": "gaussian",
    },
    "Shift by 1: other numbers": {"pool_view": "shift", "pool_shift": 1},
    "Shift by 2: the same map, moved": {"pool_view": "shift", "pool_shift": 2},
}
DEFAULTS = {"pool_shift": 1, "pattern_period": 12, "photo": "cat"}
