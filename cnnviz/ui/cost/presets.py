"""Presets of the page on parameters and cost."""

from typing import Any

START: dict[str, Any] = {"cost_batch": 1, "cost_dtype": "float32", "cost_axis": "automatic"}


def _dense(side: int, in_channels: int, out_channels: int, **rest: object) -> dict[str, Any]:
    size = {"cost_height": side, "cost_width": side, "cost_in": in_channels, "cost_out": out_channels}
    return {"cost_view": "dense", **size, "cost_kernel_size": 3, **rest}


def _deep(layers: int) -> dict[str, Any]:
    size = {"cost_height": 56, "cost_width": 56, "cost_channels": 64}
    return {"cost_view": "deep", "cost_layers": layers, **size}


def _ways(channels: int, groups: int, kernel_size: int = 3) -> dict[str, Any]:
    both = {"cost_ways_in": channels, "cost_ways_out": channels, "cost_groups": groups}
    size = {"cost_height": 14, "cost_width": 14, "cost_reduction": 4}
    return {"cost_view": "ways", **both, "cost_kernel_size": kernel_size, **size}


def _model(name: str, quantity: str, **rest: object) -> dict[str, Any]:
    return {"cost_view": "model", "model": name, "cost_side": 0, "cost_quantity": quantity, **rest}


PRESETS: dict[str, dict[str, Any]] = {
    "483,385,147,392 against 1,728": _dense(224, 3, 64),
    "The same, linear: one bar vanishes": _dense(224, 3, 64, cost_axis="linear"),
    "Two 3×3 for one 5×5": _deep(2),
    "Three 3×3 for one 7×7": _deep(3),
    "32 groups, as in ResNeXt": _ways(256, 32),
    "7×7 depthwise, as in ConvNeXt": _ways(384, 384, 7),
    "VGG-16: where its parameters are": _model("vgg16", "parameters"),
    "VGG-16: where its MACs are": _model("vgg16", "MACs"),
    "GoogLeNet: heads that do not run": _model("googlenet", "parameters"),
    "VGG-16 and ResNet-50": {
        "cost_view": "two", "model": "vgg16", "cost_other": "resnet50", "cost_side": 0, "cost_other_side": 0,
    },
}  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "cost_height": 224,
    "cost_width": 224,
    "cost_in": 3,
    "cost_out": 64,
    "cost_kernel_size": 3,
    "cost_layers": 2,
    "cost_channels": 64,
    "cost_ways_in": 256,
    "cost_ways_out": 256,
    "cost_groups": 32,
    "cost_reduction": 4,
    "cost_side": 0,
    "cost_quantity": "parameters",
    "cost_other": "resnet18",
    "cost_other_side": 0,
}
