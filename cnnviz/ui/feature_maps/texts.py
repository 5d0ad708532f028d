"""What the feature maps page says in words."""

from collections.abc import Sequence

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.nets.catalog import ModelSpec


def no_layer_text(asked: str, model: ModelSpec, layers: Sequence[LayerSummary], shown: str) -> str:
    """Why a layer that a link names is not the one on screen."""
    here = next((layer for layer in layers if layer.layer == asked), None)
    why = f"{model.label} has no layer {asked}" if here is None else f"{asked}: {no_maps_text(here)}"
    return f"{why}, so {shown} is shown."


def no_maps_text(layer: LayerSummary) -> str:
    """Why an output cannot be shown as maps."""
    dimensions = len(layer.output_shape)
    if dimensions == 1:
        return "a vector has no feature maps"
    if dimensions == 2:
        return "a list of tokens is no map"
    return "its positions are cut into windows, or it does not depend on the picture"


def left_out_text(shown: int, channels: int, order: str) -> str:
    """Which channels are not on a wall that has too many."""
    first = "the first by index" if order == "index" else f"those that come first by {order}"
    return (
        f"**{shown:,} of {channels:,} channels are on the wall:** {first}. Sort by another number to see "
        "others, or name a channel; the table and the NPZ file have all of them."
    )


def dead_text(maps: FeatureMaps, dead: int | None = None, channels: int = 0) -> str:
    """What a channel, or `dead` of `channels`, that is nowhere above zero means in this layer."""
    rectified = bool(maps.minimum.min() >= 0)
    after = "silent on this picture" if rectified else "a ReLU right behind would silence"
    if dead is None:
        return f"Nowhere above 0: {after}" + ("." if rectified else " it.")
    if not dead:
        return f"**Dead channels: 0 of {channels}.** Each is above 0 somewhere on this picture."
    rest = f"they are {after}" if rectified else f"{after} them"
    return f"**Dead channels: {dead} of {channels}.** Nowhere above 0 on this picture, so {rest}."
