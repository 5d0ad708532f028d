"""The code of the feature maps page."""

from cnnviz.analysis.map_axes import module_of
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.snippets.common import input_code, model_code, picture_code


def feature_maps_code(picture: Picture, side: int, model: ModelSpec, layer: str) -> str:
    """Code for the feature maps page; its `maps` are the maps on screen."""
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = {model_code(model)}
x = {input_code(model)}
maps = cnnviz.feature_maps(model, x, ["{module_of(layer)}"])["{layer}"]  # (channels, height, width)
"""
