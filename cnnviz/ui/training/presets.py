"""Presets of the training page."""

from typing import Any

START: dict[str, Any] = {
    "train_model": "simple_cnn",
    "train_width": 16,
    "train_data": "shapes",
    "train_pictures": 1500,
    "train_epochs": 8,
    "train_rate": 0.01,
    "train_batch": 16,
    "train_half": True,
    "train_same": False,
    "train_augment": False,
    "train_seed": 0,
}
PRESETS: dict[str, dict[str, Any]] = {
    "SimpleCNN in a minute": {},
    "A rate far too high: it diverges": {"train_rate": 1000.0},
    "Far too low: nothing happens": {"train_rate": 1e-5, "train_epochs": 4},
    "Too few pictures: it overfits": {
        "train_width": 32,
        "train_pictures": 100,
        "train_same": True,
        "train_epochs": 40,
        "train_batch": 8,
        "train_rate": 0.005,
    },
    "A narrow MiniResNet": {"train_model": "mini_resnet", "train_width": 8},
}
