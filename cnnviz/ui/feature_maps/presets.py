"""Presets of the feature maps page."""

from typing import Any

START: dict[str, Any] = {
    "source": "photo",
    "photo": "cat",
    "model": "mini_resnet",
    "weights": "shapes",
    "maps_side": 64,
    "maps_view": "glance",
}
PRESETS: dict[str, dict[str, Any]] = {
    "MiniResNet at a glance": {},
    "Untrained": {"weights": "random", "seed": 0},
    "First filters": {"maps_view": "filters"},
    "Random against trained": {"maps_view": "two", "maps_layer": "layer1.0", "two_weights": "random"},
    "ResNet-152 on one screen": {"model": "resnet152", "weights": "random", "maps_side": 224},
    "A transformer": {"model": "vit_b_16", "weights": "random", "maps_side": 224},
}
DEFAULTS: dict[str, Any] = {"seed": 0, "weights": "random", "photo": "cat", "maps_side": 224}
