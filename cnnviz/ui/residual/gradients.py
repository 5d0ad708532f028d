"""Gradients by depth on the page: a plain and a residual network measured before any learning."""

import math

import numpy as np
import streamlit as st

from cnnviz.analysis.residual import BATCH, CROP, GradientNorms
from cnnviz.data.images import Picture
from cnnviz.figures.gradient_curves import gradient_chart, gradient_figure, gradient_rows
from cnnviz.nets.residual_variants import CLASSES, DEPTHS, CifarDesign
from cnnviz.ui import cache
from cnnviz.ui.components.equations import Equation, Part, result, significant, symbol
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.residual.snippets import gradients_code
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import check_yourself, choose_yourself

_SIDE = 96
_GAINS = {"he": 2.0, "lecun": 1.0}
_GAIN_LABELS = {"he": "2 / fan-in (He)", "lecun": "1 / fan-in (LeCun)"}


def choose_networks() -> tuple[CifarDesign, int]:
    """Depth, batch norm, and how the weights are drawn."""
    depth = st.select_slider(
        "Layers with weights", DEPTHS, 20, key="res_depth", bind="query-params",
        help="6n + 2, as in He et al. 2015, section 4.2. Up to 56, so that the answer comes at once.",
    )  # fmt: skip
    batch_norm = st.toggle("Batch norm", True, key="res_batch_norm", bind="query-params")
    gain = st.selectbox(
        "Variance of a weight", list(_GAINS), format_func=_GAIN_LABELS.__getitem__, key="res_gain",
        bind="query-params",
        help="Of the convolutions. Fan-in: the inputs of one output value, 9 × the channels of a 3×3. He's "
        "makes up for ReLU, which zeroes about half.",
    )  # fmt: skip
    seed = st.slider("Seed", 0, 9, 0, key="res_seed", bind="query-params", help="Of weights, crops, classes.")
    return CifarDesign(depth, batch_norm=batch_norm, gain=_GAINS[gain]), seed


def show_gradients(picture: Picture, design: CifarDesign, seed: int) -> None:
    """Show both curves, and describe what was measured."""
    square = cache.pictures.centre_square(picture, _SIDE)
    norms = cache.maps.gradients(square, design, seed)
    said = f"{ratio_text('Plain', norms.plain_ratio)} {ratio_text('Residual', norms.residual_ratio)}"
    st.plotly_chart(
        gradient_chart(norms), key="res_gradients", config={"displayModeBar": False},
        alt=f"Gradient norm by layer, {design.depth} layers. {said.replace('**', '')}",
    )  # fmt: skip
    st.markdown(f"{said} {verdict(norms)} {level_text(norms)}")
    facts(
        [
            Facts(
                "First convolution against the last",
                ratio_formula(norms),
                [("Measured:", measurement_text(design))],
            ),
            Facts("Depth", depth_formula(design), [("Same weights:", _WEIGHTS_TEXT)]),
            Facts("Initialisation", gain_formula(design), [("Beware:", caution_text(design, norms))]),
        ],
        "res_gradient_facts",
    )
    _ask(design)
    export_panel(
        "gradients_by_depth",
        gradients_code(picture, _SIDE, design, seed),
        lambda: gradient_figure(norms),
        lambda: gradient_rows(norms),
    )


_WEIGHTS_TEXT = (
    "the skips have none (stride 2, and zeros for new channels), so one seed gives both networks the same "
    "weights."
)


def ratio_text(name: str, ratio: float | None) -> str:
    """How the gradient of the first convolution compares with that of the last one."""
    if ratio is None:
        return f"**{name}:** the last convolution gets no gradient at all, so there is no ratio."
    if ratio == 0:
        return f"**{name}:** the first convolution gets no gradient at all."
    return (
        f"**{name}:** the first convolution's gradient is {significant(ratio)} times as large as the last "
        "one's."
    )


def verdict(norms: GradientNorms) -> str:
    """Which network's gradient changes more on its way, as measured."""
    ratios = norms.plain_ratio, norms.residual_ratio
    if not all(ratios):
        return "A gradient of 0 has no place on a logarithmic axis."
    plain, residual = (abs(math.log10(ratio)) for ratio in ratios if ratio)
    if abs(plain - residual) < math.log10(1.1):
        return "Between these two layers the two networks differ little here."
    more, less = ("plain", "residual") if plain > residual else ("residual", "plain")
    return f"Between these two layers it changes more in the {more} network than in the {less} one."


def level_text(norms: GradientNorms) -> str:
    """The overall size of the gradients."""
    plain, residual = (float(np.median(values)) for values in (norms.plain, norms.residual))
    return (
        f"The median norm over all layers is {significant(plain)} plain and {significant(residual)} residual."
    )


def ratio_formula(norms: GradientNorms) -> list[Equation]:
    """First over last, for both networks."""
    general: Part = {"fraction": [["‖∂L/∂W‖ of the first convolution"], ["‖∂L/∂W‖ of the last convolution"]]}
    found: list[Equation] = [(["ratio"], [general])]
    for name, values, ratio in (
        ("plain", norms.plain, norms.plain_ratio),
        ("residual", norms.residual, norms.residual_ratio),
    ):
        fraction: Part = {"fraction": [[significant(float(values[0]))], [significant(float(values[-2]))]]}
        outcome: Part = {"result": "undefined" if ratio is None else significant(ratio)}
        found.append(([name], [fraction, " = ", outcome]))
    return found


def measurement_text(design: CifarDesign) -> str:
    """What was measured."""
    return (
        "the norm of the loss's gradient by each layer's weights, once, before any learning: "
        f"{BATCH} crops of {CROP}×{CROP} pixels of the picture, random ones of {CLASSES} classes as answers, "
        f"cross-entropy; {design.width}, {2 * design.width} and {4 * design.width} channels in three stages."
    )


def depth_formula(design: CifarDesign) -> list[Equation]:
    """6n + 2."""
    n = (design.depth - 2) // 6
    return [
        (["layers"], ["1 + 3 stages · ", symbol("n"), " blocks · 2 + 1 = 6", symbol("n"), " + 2"]),
        ([], [f"1 + 3·{n}·2 + 1 = ", result(design.depth)]),
    ]


def gain_formula(design: CifarDesign) -> list[Equation]:
    """The variance of the weights of the first convolution."""
    numerator = f"{design.gain:g}"
    outcome: Part = {"result": significant(design.gain / 27)}
    return [
        (["Var(w)"], [{"fraction": [[numerator], ["fan-in"]]}]),
        (["first layer"], [{"fraction": [[numerator], ["3·3·3"]]}, " = ", outcome]),
    ]


def caution_text(design: CifarDesign, norms: GradientNorms) -> str:
    """What the curves do not say."""
    said = (
        "the shape of the curves belongs to these random weights and this batch; another seed gives others."
    )
    if design.batch_norm:
        said += (
            " He et al. 2015 found healthy gradients in plain networks with batch norm, and did not put "
            "their worse training down to vanishing ones."
        )
        if norms.plain_ratio and norms.plain_ratio > 2:
            said += " Toward the input of such a network gradients rather grow (Yang et al. 2019), as here."
    else:
        said += (
            " Without batch norm every sum adds to the size of the maps, so a residual network's gradients "
            "can be large in every layer. A weight's gradient is made of the map that comes in and of the "
            "gradient that comes back. In a plain network both may shrink on their ways, and what they make "
            "is then small in the first layers and in the last."
        )
    return said


def _ask(design: CifarDesign) -> None:
    n = 18 if design.depth < 44 else 3
    check_yourself(
        f"With n = {n} blocks in each of the three stages, how many layers with weights has the network?",
        6 * n + 2,
        {
            "you left out the first convolution and the linear layer": 6 * n,
            "each block has two convolutions": 3 * n + 2,
            "there are three stages": 2 * n + 2,
            "the linear layer has weights, too": 6 * n + 1,
        },
        "res_quiz_depth",
        "Check yourself: depth",
    )
    right = "They are hard to optimise for some other reason"
    choose_yourself(
        "He et al. 2015 trained plain networks with batch norm: the one with 56 layers had a larger training "
        "error than the one with 20. What did they conclude?",
        {
            "Its gradients vanish": "they checked: with batch norm the gradients had healthy norms.",
            "It overfits": "overfitting lowers the training error. Here the training error itself is larger.",
            right: "they called it degradation: the deeper network could be as good, for added layers could "
            "pass x on, and yet training does not find that.",
            "It cannot express what the smaller one can": "it can: added layers that pass x on give the "
            "smaller network.",
        },
        right,
        "res_quiz_degradation",
        "Check yourself: why deeper was worse",
    )
