"""The code of one unit's story."""

from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.feature_maps.snippets import feature_maps_code


def unit_story_code(
    picture: Picture, side: int, model: ModelSpec, layer: str, unit: tuple[int, int, int]
) -> str:
    """Code whose `story` has the numbers on screen; it begins as that of the maps."""
    beginning = feature_maps_code(picture, side, model, layer).rpartition("maps = ")[0]
    channel, row, column = unit
    return f"""\
{beginning}story = cnnviz.unit_story(model, x, "{layer}", channel={channel}, row={row}, column={column})
for step in story.steps:
    print(step.layer, step.place, step.by_hand, step.torch)  # by hand, and PyTorch's own
"""
