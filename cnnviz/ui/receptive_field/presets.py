"""Presets of the receptive field page."""

from typing import Any


def _box(model: str, layer: str, unit: str = "") -> dict[str, Any]:
    return {"rf_view": "box", "model": model, "rf_side": 224, "rf_layer": layer, "rf_unit": unit}


def _stack(text: str) -> dict[str, Any]:
    return {"rf_view": "stack", "rf_stack": text}


PRESETS: dict[str, dict[str, Any]] = {
    "VGG-style: 3, 5, 6, 10": _stack("3, 3, pool 2, 3"),
    "Two 3×3 against one 5×5": _stack("3, 3"),
    "Dilated 1, 2, 4: 15 wide": _stack("3, 3 d2, 3 d4"),
    "VGG-16 stays inside: 212": _box("vgg16", "features.30"),
    "ResNet-50 outgrows the picture: 427": _box("resnet50", "layer4.2.relu#3"),
    "A corner sees mostly padding": _box("mini_resnet", "layer4.1.relu2", "0, 0"),
    "Squeeze-and-excitation: global": _box("efficientnet_b0", "features.8.2"),
    "Depth compared": {"rf_view": "growth", "rf_others": ["vgg16", "resnet50"], "rf_scale": "log"},
}
DEFAULTS: dict[str, Any] = {
    "rf_side": 224,
    "rf_unit": "",
    "rf_stack": "3, 3, pool 2, 3",
    "rf_others": ["vgg16", "resnet50"],
    "rf_scale": "linear",
}
