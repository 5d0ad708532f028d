"""Presets of the architectures page."""

from typing import Any


def _scatter(cost: str, family: str, which: str = "default") -> dict[str, Any]:
    return {
        "arch_view": "accuracy",
        "arch_cost": cost,
        "arch_family": family,
        "arch_which": which,
        "arch_score": "top1",
    }


def _block(model: str, block: str) -> dict[str, Any]:
    return {"arch_view": "blocks", "model": model, "arch_block": block}


PRESETS: dict[str, dict[str, Any]] = {
    "VGG: many parameters": _scatter("parameters", "vgg"),
    "EfficientNet: scaled": _scatter("macs", "efficientnet"),
    "ResNet: old and new recipes": _scatter("macs", "resnet", "all"),
    "A skip connection": _block("resnet152", "layer1.0"),
    "Four branches": _block("googlenet", "inception3a"),
    "Dense connections": _block("densenet201", "features.denseblock1"),
}
DEFAULTS: dict[str, Any] = {
    "arch_cost": "parameters",
    "arch_family": "none",
    "arch_which": "default",
    "arch_score": "top1",
}
