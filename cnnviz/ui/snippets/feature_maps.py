"""The code of the feature maps page."""

from cnnviz.data.images import Picture
from cnnviz.ui.snippets.common import picture_code


def feature_maps_code(picture: Picture, side: int, model: str, seed: int, layer: str) -> str:
    """Code for the feature maps page; its `maps` are the maps on screen."""
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = cnnviz.model("{model}", seed={seed})
maps = cnnviz.feature_maps(model, picture, ["{layer}"])["{layer}"]  # (channels, height, width)
"""
