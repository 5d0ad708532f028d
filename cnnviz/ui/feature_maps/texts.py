"""What the feature maps page says in words."""

from collections.abc import Sequence

import numpy as np

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.arrays import Array
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.trained import SHAPES, class_names, is_published, provenance
from cnnviz.ui.components.bar_list import Bar
from cnnviz.ui.components.equations import percent
from cnnviz.ui.widgets.feedback import plain

_TOP = 5


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


def is_tie(probabilities: Array) -> bool:
    """Whether all classes have the same probability."""
    return bool(np.ptp(probabilities) < 1e-6 * probabilities.max())


def not_finite_text(probabilities: Array) -> str | None:
    """Why there is no prediction, where a pass has overflowed."""
    if np.isfinite(probabilities).all():
        return None
    return (
        "The network's scores are not finite numbers: with these weights its values grow beyond what a "
        "32-bit number holds, or divide 0 by 0. So it predicts nothing."
    )


def names_of(model: ModelSpec, count: int) -> tuple[str, ...]:
    """What the classes are called; by number where the weights do not tell as many names."""
    names = () if model.weights is None else class_names(model.name, model.weights)
    return names if len(names) == count else tuple(f"class {index}" for index in range(count))


def likeliest(probabilities: Array, model: ModelSpec, most: int = _TOP) -> list[Bar]:
    """The likeliest classes with their probabilities; none where those are not finite."""
    if not_finite_text(probabilities):
        return []
    names = names_of(model, len(probabilities))
    shares = {int(index): float(probabilities[index]) for index in (-probabilities).argsort(kind="stable")}
    return [Bar(names[index], share, percent(share)) for index, share in list(shares.items())[:most]]


def prediction_text(probabilities: Array, model: ModelSpec) -> str:
    """What the network's prediction is worth; the likeliest classes stand below it."""
    count = len(probabilities)
    not_finite = not_finite_text(probabilities)
    if not_finite:
        return f"**Prediction:** none. {not_finite}"
    if is_tie(probabilities):
        weights = plain(model.weights_label)
        return (
            f"**Prediction:** none; all {count:,} classes tie at {100 * float(probabilities[0]):.3g} %. "
            f"The weights are {weights} and give every class the same score."
        )
    head = f"**Prediction:** the {min(_TOP, count)} likeliest of {count:,} classes."
    if model.weights is None:
        return (
            f"{head} The weights are random (seed {model.seed}) and have learned nothing: a network can be "
            "sure and mean nothing by it."
        )
    return f"{head} The weights are {plain(model.weights_label)}. {_worth(model.name, model.weights)}"


def _worth(name: str, weights: str) -> str:
    """What the classes leave out."""
    count = len(class_names(name, weights))
    if count and not is_published(name, weights) and provenance(name, weights).data == SHAPES:
        return (
            f"These {count} shapes are all that the network knows. A photograph of a cat is none of them, "
            "and all certainty goes to them even so."
        )
    return "The network knows these classes only, and gives its certainty to them whatever the picture shows."
