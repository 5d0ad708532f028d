"""Presets of the feature maps page."""

from typing import Any

import streamlit as st

from cnnviz.ui.widgets.controls import register_controls
from cnnviz.ui.widgets.presets import offer_presets

_START: dict[str, Any] = {
    "source": "photo",
    "photo": "cat",
    "model": "mini_resnet",
    "weights": "shapes",
    "maps_side": 64,
    "maps_view": "glance",
}
_PRESETS: dict[str, dict[str, Any]] = {
    "MiniResNet at a glance": {},
    "Untrained": {"weights": "random", "seed": 0},
    "First filters": {"maps_view": "filters"},
    "Random against trained": {"maps_view": "two", "maps_layer": "layer1.0", "two_weights": "random"},
    "ResNet-152 on one screen": {"model": "resnet152", "weights": "random", "maps_side": 224},
    "A transformer": {"model": "vit_b_16", "weights": "random", "maps_side": 224},
}
_NOT_ALWAYS_ON_SCREEN: dict[str, Any] = {"seed": 0, "weights": "random", "photo": "cat", "maps_side": 224}


def offer_maps_presets() -> None:
    """A row of buttons that set the controls, those of the sidebar, too."""
    if offer_presets(_PRESETS, _START):
        st.rerun()


def register_maps_presets() -> None:
    """Register what presets set but may not be on screen; call after the controls."""
    register_controls(_NOT_ALWAYS_ON_SCREEN)
