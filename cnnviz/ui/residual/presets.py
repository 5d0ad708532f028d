"""Presets of the page on residual blocks."""

from typing import Any

START: dict[str, Any] = {
    "res_view": "sums",
    "res_kind": "basic",
    "res_order": "post",
    "res_in": 64,
    "res_out": 64,
    "res_stride": 1,
    "res_skip": True,
    "res_channel": 0,
    "res_batch_norm": True,
    "res_gain": "he",
    "res_depth": 20,
    "res_seed": 0,
}
PRESETS: dict[str, dict[str, Any]] = {
    "Without the skip": {"res_skip": False},
    "Half the size: a 1×1 on the skip": {"res_out": 128, "res_stride": 2},
    "Pre-activation": {"res_order": "pre"},
    "A bottleneck of ResNet-50": {
        "res_view": "block", "res_kind": "bottleneck", "res_in": 256, "res_out": 256,
    },
    "56 layers, batch norm": {"res_view": "gradients", "res_depth": 56},
    "56 layers, 1/fan-in, no batch norm": {
        "res_view": "gradients", "res_depth": 56, "res_batch_norm": False, "res_gain": "lecun",
    },
}  # fmt: skip
