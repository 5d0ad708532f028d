"""The code of the feature maps page."""

from cnnviz.analysis.map_axes import module_of
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.snippets.common import picture_code


def feature_maps_code(picture: Picture, side: int, model: ModelSpec, layer: str) -> str:
    """Code for the feature maps page; its `maps` are the maps on screen."""
    return f"""\
{_beginning(picture, side, model)}
maps = cnnviz.feature_maps(model, x, ["{module_of(layer)}"])["{layer}"]  # (channels, height, width)
"""


def unit_story_code(
    picture: Picture, side: int, model: ModelSpec, layer: str, unit: tuple[int, int, int]
) -> str:
    """Code for one unit's story; its `story` has the numbers on screen."""
    channel, row, column = unit
    return f"""\
{_beginning(picture, side, model)}
story = cnnviz.unit_story(model, x, "{layer}", channel={channel}, row={row}, column={column})
for step in story.steps:
    print(step.layer, step.place, step.by_hand, step.torch)  # by hand, and PyTorch's own
"""


def _beginning(picture: Picture, side: int, model: ModelSpec) -> str:
    """The picture, the network and its input."""
    trained = model.weights is not None
    built = f'"{model.name}", weights="{model.weights}"' if trained else f'"{model.name}", seed={model.seed}'
    wanted = f'"{model.name}", "{model.weights}"' if trained else f'"{model.name}"'
    return f"""\
import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = cnnviz.model({built})
x = cnnviz.network_input(picture, {wanted})"""
