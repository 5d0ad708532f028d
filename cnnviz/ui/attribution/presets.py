"""Presets of "What the prediction rests on"."""

from typing import Any

from cnnviz.data.images import sample_names
from cnnviz.ui.attribution.controls import LIKELIEST

_SHAPES = {"model": "mini_resnet", "weights": "shapes", "maps_side": 64}
START: dict[str, Any] = {"why_class": LIKELIEST}
PRESETS: dict[str, dict[str, Any]] = {
    "A checkerboard, recognised": {
        **_SHAPES, "source": "pattern", "pattern": "checkerboard", "pattern_period": 12,
        "why_method": "integrated_gradients",
    },
    "A cup, to a network of shapes": {
        **_SHAPES, "source": "photo", "photo": "coffee", "why_method": "all",
    },
    "Its second guess for the cat": {
        **_SHAPES, "source": "photo", "photo": "cat", "why_method": "occlusion", "why_class": 7,
    },
    "Nothing learned": {
        "model": "mini_resnet", "weights": "random", "maps_side": 64, "source": "photo", "photo": "coffee",
        "why_method": "all",
    },
}  # fmt: skip
DEFAULTS: dict[str, Any] = {"photo": sample_names()[0], "pattern_period": 12}
