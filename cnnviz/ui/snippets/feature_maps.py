"""The code of the feature maps page."""

from cnnviz.analysis.map_axes import module_of
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.snippets.common import picture_code


def feature_maps_code(picture: Picture, side: int, model: ModelSpec, layer: str) -> str:
    """Code for the feature maps page; its `maps` are the maps on screen."""
    trained = model.weights is not None
    built = f'"{model.name}", weights="{model.weights}"' if trained else f'"{model.name}", seed={model.seed}'
    wanted = f'"{model.name}", "{model.weights}"' if trained else f'"{model.name}"'
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = cnnviz.model({built})
x = cnnviz.network_input(picture, {wanted})
maps = cnnviz.feature_maps(model, x, ["{module_of(layer)}"])["{layer}"]  # (channels, height, width)
"""
