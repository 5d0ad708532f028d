"""What a network predicts, in words: class names, the likeliest classes, what they are worth."""

import numpy as np

from cnnviz.arrays import Array
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.trained import SHAPES, WeightsSource
from cnnviz.ui.components.bar_list import Bar
from cnnviz.ui.components.equations import percent
from cnnviz.ui.widgets.feedback import plain

_TOP = 5


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
    names = model.source.class_names if model.source else ()
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
    if model.source is None:
        return (
            f"{head} The weights are random (seed {model.seed}) and have learned nothing: a network can be "
            "sure and mean nothing by it."
        )
    return f"{head} The weights are {plain(model.weights_label)}. {_worth(model.source)}"


def _worth(source: WeightsSource) -> str:
    """What the classes leave out."""
    count = len(source.class_names)
    if count and not source.is_published and source.provenance.data == SHAPES:
        return (
            f"These {count} shapes are all that the network knows. A photograph of a cat is none of them, "
            "and all certainty goes to them even so."
        )
    return "The network knows these classes only, and gives its certainty to them whatever the picture shows."
