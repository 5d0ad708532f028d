"""The code of the feature maps page."""

from collections.abc import Sequence

from cnnviz.analysis.glance import MOST_MAPS
from cnnviz.analysis.layers.channel_axes import module_of
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.widgets.snippet_parts import input_code, model_code, picture_code


def feature_maps_code(picture: Picture, side: int, model: ModelSpec, layer: str) -> str:
    """Code for one layer; its `maps` are the maps on screen."""
    return f"""\
{_begin(picture, side, model)}\
maps = cnnviz.feature_maps(model, x, ["{module_of(layer)}"])["{layer}"]  # (channels, height, width)
"""


def glance_code(picture: Picture, side: int, model: ModelSpec, layers: Sequence[str]) -> str:
    """Code for the network at a glance; its `strongest` are the channels on screen, layer by layer."""
    names = "".join(f'    "{layer}",\n' for layer in layers)
    return f"""\
{_begin(picture, side, model)}\
layers = [
{names}]
strongest = {{}}
for layer, maps in cnnviz.feature_maps(model, x, layers).items():  # (channels, height, width)
    strength = abs(maps).mean((1, 2))
    strongest[layer] = (-strength).argsort(kind="stable")[:{MOST_MAPS}]
probabilities = model(x).softmax(1)[0]
"""


def _begin(picture: Picture, side: int, model: ModelSpec) -> str:
    """The picture, the network, and the picture as the network wants it."""
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = {model_code(model)}
x = {input_code(model)}
"""


def filters_code(
    picture: Picture, side: int, model: ModelSpec, layer: str, channel: int, unit: tuple[int, int]
) -> str:
    """Code for the first filters; `kernel` and `feature_map` are those shown large, `unit` one position."""
    return f"""\
{_begin(picture, side, model)}\
conv = model.get_submodule("{layer}")
kernel = conv.weight[{channel}].detach()  # (input channels, height, width)
feature_map = cnnviz.feature_maps(model, x, ["{layer}"])["{layer}"][{channel}]
strongest = feature_map[{unit[0]}, {unit[1]}]
"""


def two_weights_code(picture: Picture, side: int, model: ModelSpec, other: ModelSpec, layer: str) -> str:
    """Code for one layer with two weight sets; `difference` orders the pairs on screen."""
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})

def maps_of(model, x):
    return cnnviz.feature_maps(model, x, ["{module_of(layer)}"])["{layer}"]  # (channels, height, width)

left = maps_of({model_code(model)}, {input_code(model)})
right = maps_of({model_code(other)}, {input_code(other)})
difference = abs(left - right).mean((1, 2))
limit = max(abs(left).max(), abs(right).max())
"""
