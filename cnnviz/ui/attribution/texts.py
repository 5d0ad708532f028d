"""What "What the prediction rests on" says in words."""

from dataclasses import dataclass

import numpy as np

from cnnviz.analysis.attribution import Attribution, AttributionMethod, Passes
from cnnviz.arrays import Array
from cnnviz.figures.attributions import colour_limit
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.components.equations import significant
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.feedback import plain

_FEW = 12


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a method's map says, with its source, and what it does not say."""

    says: str
    not_said: str


MEANINGS: dict[AttributionMethod, Meaning] = {
    "grad_cam": Meaning(
        "each map of one layer is weighed by the mean gradient of the score over it; where their sum is "
        "positive, it speaks for the class (Selvaraju et al. 2016).",
        "single pixels: the layer's coarse map is enlarged to the picture, and each of its units sees more "
        "than the place it is drawn at. What speaks against the class is cut off.",
    ),
    "integrated_gradients": Meaning(
        "the gradient by each pixel is averaged on the straight way from zeros to the picture and multiplied "
        "by the pixel; all pixels together give what the score gains (Sundararajan, Taly and Yan 2017).",
        "what happens without a pixel. Another start than zeros gives another map, and a pixel whose input "
        "is 0 gets 0 whatever it does.",
    ),
    "occlusion": Meaning(
        "a square is covered with zeros; the score that is lost is written to its pixels, and where squares "
        "overlap, the mean of them (Zeiler and Fergus 2013).",
        "that nothing is seen there: a covered square has edges of its own. What two places say alike is "
        "missed, for one of them is always left.",
    ),
    "saliency": Meaning(
        "the size of the gradient of the score by a pixel, the largest of its colours: how fast the score "
        "would change with it (Simonyan, Vedaldi and Zisserman 2013).",
        "how much a pixel has added to the score, nor whether it speaks for the class or against it.",
    ),
}


def cost_text(passes: Passes, macs: int) -> str:
    """What it takes, in passes and MACs."""
    count = "1 forward pass" if passes.forward == 1 else f"{passes.forward:,} forward passes"
    words = f"Cost: {count}, {significant(passes.forward * macs / 1e9)} billion MACs"
    if not passes.backward:
        return f"{words}."
    gradients = counted(passes.backward, "gradient")
    return f"{words}; {gradients}, about {significant(passes.backward * macs / 1e9)} billion more."


def settings_text(how: Attribution) -> str:
    """A method's own settings."""
    if how.method == "grad_cam":
        return f"layer {how.layer}"
    if how.method == "integrated_gradients":
        return f"{how.steps} steps"
    if how.method == "occlusion":
        return f"squares of {how.window}×{how.window} at stride {how.stride}"
    return ""


def map_text(how: Attribution, values: Array) -> str:
    """What stands under a map."""
    settings = settings_text(how)
    head = f"{settings[:1].upper()}{settings[1:]}. " if settings else ""
    if not values.any():
        why = "nothing in these maps speaks for the class" if how.method == "grad_cam" else "no pixel counts"
        return f"{head}0 everywhere: {why}."
    limit, largest = colour_limit(values), float(np.abs(values).max())
    if limit == largest:
        return head.rstrip()
    return (
        f"{head}Full colour from {significant(limit)} on, the 99th percentile of the magnitudes; the "
        f"largest is {significant(largest)}."
    )


def network_text(spec: ModelSpec) -> str:
    """What there is to explain in such weights."""
    if spec.weights is None:
        return (
            f"**Nothing learned to explain.** The weights are {spec.weights_label}: the map shows what a "
            "random function reacts to. A method whose map looks the same for random and for trained weights "
            "does not tell what was learned (Adebayo et al. 2018)."
        )
    names = spec.source.class_names if spec.source else ()
    if not names:
        return f"The weights are {plain(spec.weights_label)}."
    listed = f": {plain(', '.join(names))}" if len(names) <= _FEW else ""
    return (
        f"**What this network knows:** {len(names):,} classes and nothing else{listed}. It puts every "
        "picture into one of them, and the map tells why this class rather than what the picture shows."
    )


def zeros_text(spec: ModelSpec) -> str:
    """What an input of zeros looks like."""
    wanted = spec.source.normalisation if spec.source else None
    if wanted is None:
        return "Zeros are black: the network takes values from 0 to 1."
    return "Zeros are the mean colour that the network's input is measured from, as in training; not black."
