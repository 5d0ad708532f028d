"""What the page on residual blocks says in formulas, and asks."""

import numpy as np

from cnnviz.analysis.blocks import Block
from cnnviz.analysis.residual import TakenApart
from cnnviz.figures.numbers import significant
from cnnviz.nets.residual_variants import EXPANSION, BlockDesign, BlockKind
from cnnviz.ui.components.equations import Equation, Part, result, symbol
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.widgets.quiz import check_yourself, choose_yourself

_ORDER_TITLE = "Where batch norm stands"


def show_sum_facts(found: TakenApart, design: BlockDesign, channel: int) -> None:
    """The arithmetic of one place, how the parts spread, and the order."""
    row, column = strongest_position(found, channel)
    facts(
        [
            Facts(
                f"Channel {channel}, row {row}, column {column}, where the sum is farthest from 0"
                if design.skip
                else f"Channel {channel}, row {row}, column {column}, where F(x) is farthest from 0",
                sum_formula(found, design, channel),
                [("Skip:", skip_text(design))],
            ),
            Facts(
                "Spread over all channels",
                spread_formula(found, design),
                [("Batch norm", norm_text(design)), ("Zeros:", zero_text(found))],
            ),
            Facts(_ORDER_TITLE, order_formula(design), [("Here:", order_text(design))]),
        ],
        "res_sum_facts",
    )


def _added(design: BlockDesign) -> str:
    if not design.projects:
        return "x"
    return "P(x)" if design.order == "post" else "P(a)"


def sum_formula(found: TakenApart, design: BlockDesign, channel: int) -> list[Equation]:
    """y in symbols, and with the numbers of one place."""
    at = channel, *strongest_position(found, channel)
    residual, output = float(found.residual[at]), float(found.output[at])
    general, numbers = "F(x)", significant(residual)
    if found.identity is not None:
        general += f" + {_added(design)}"
        numbers = f"{numbers} + {_bracketed(float(found.identity[at]))}"
    if design.order == "post":
        general, numbers = f"ReLU({general})", f"ReLU({numbers})"
    outcome: Part = {"result": significant(output)}
    return [([symbol("y")], [general]), ([symbol("y")], [f"{numbers} = ", outcome])]


def strongest_position(found: TakenApart, channel: int) -> tuple[int, int]:
    """Row and column where a channel of the sum is farthest from 0."""
    values = found.total[channel]
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    return int(row), int(column)


def _bracketed(value: float) -> str:
    text = significant(value)
    return f"({text})" if value < 0 else text


def spread_formula(found: TakenApart, design: BlockDesign) -> list[Equation]:
    """The standard deviation of each part."""
    parts = [("F(x)", found.residual)]
    if found.identity is not None:
        parts += [(_added(design), found.identity), ("sum", found.total)]
    general: Part = "root of the mean of (value − mean)²"
    equations: list[Equation] = [(["σ"], [general])]
    for name, values in parts:
        equations.append(([f"σ of {name}"], [{"result": significant(float(values.std()))}]))
    return equations


def norm_text(design: BlockDesign) -> str:
    """Whose statistics batch norm takes, and what that does to F(x)."""
    said = "takes the mean and spread of this picture, as in training."
    if design.order == "pre":
        return f"{said} F ends in a convolution, which gives F(x) a spread of its own."
    return f"{said} F ends in it, so each channel of F(x) has a spread of about 1, unless it hardly varies."


def zero_text(found: TakenApart) -> str:
    """How much of the output is exactly 0."""
    return f"{100 * float((found.output == 0).mean()):.1f} % of all values that the block gives are 0."


def skip_text(design: BlockDesign) -> str:
    """What the skip adds here."""
    if not design.skip:
        return "off. What comes in reaches the output through the convolutions alone."
    if not design.projects:
        return "x as it is, without weights."
    read = "x" if design.order == "post" else "a = ReLU(BN(x))"
    reasons = []
    if design.in_channels != design.out_channels:
        reasons.append(f"{design.in_channels} channels become {design.out_channels}")
    if design.stride != 1:
        reasons.append("stride 2 halves the map")
    return f"{' and '.join(reasons)}, so P, a 1×1 convolution of {read}, brings it to the shape of F(x)."


def order_formula(design: BlockDesign) -> list[Equation]:
    """The order of operations in F."""
    rounds = len(design.convolutions)
    if design.order == "post":
        inside = " → ".join(["Conv → BN → ReLU"] * (rounds - 1) + ["Conv → BN"])
        after = "sum → ReLU" if design.skip else "ReLU"
    else:
        inside = " → ".join(["BN → ReLU → Conv"] * rounds)
        after = "sum" if design.skip else "nothing"
    return [(["F"], [inside]), (["after F"], [after])]


def order_text(design: BlockDesign) -> str:
    """What the order means, and its right name."""
    names = " Pre-LN and Post-LN are terms for Transformers and name neither."
    if design.order == "post":
        said = (
            "post-activation, the order of the original ResNet (He et al. 2015). A ReLU ends the "
            "block: nothing negative goes on."
        )
    else:
        said = (
            "pre-activation, the order of ResNet v2 (He et al. 2016). No ReLU follows, so the "
            "block can give negative values."
        )
        if design.skip and not design.projects:
            said += " From block to block x passes by addition alone."
    return said + names


def show_weight_facts(design: BlockDesign, block: Block) -> None:
    """Weights of both kinds, what comes with them, and the order."""
    facts(
        [
            Facts(
                "Weights of a basic F", weights_formula("basic", design), [("Here:", _here("basic", design))]
            ),
            Facts(
                "Weights of a bottleneck F",
                weights_formula("bottleneck", design),
                [("Here:", _here("bottleneck", design)), ("All parameters:", parameter_text(design, block))],
            ),
            Facts(_ORDER_TITLE, order_formula(design), [("Here:", order_text(design))]),
        ],
        "res_weight_facts",
    )


def _of_kind(kind: BlockKind, design: BlockDesign) -> BlockDesign:
    return BlockDesign(
        kind, design.order, design.in_channels, design.out_channels, design.stride, design.skip
    )


def weights_formula(kind: BlockKind, design: BlockDesign) -> list[Equation]:
    """In symbols and with the channels chosen."""
    c, c_out, m = symbol("C"), symbol("C′"), symbol("M")
    convolutions = _of_kind(kind, design).convolutions
    total = result(sum(conv.weights for conv in convolutions))
    numbers = " + ".join(
        f"{'9·' if conv.kernel_size == 3 else ''}{conv.in_channels}·{conv.out_channels}"
        for conv in convolutions
    )
    if kind == "basic":
        general: list[Part] = ["9·", c, "·", c_out, " + 9·", c_out, "·", c_out]
        if design.in_channels == design.out_channels:
            general += [" = 2·9·", c, "²"]
        return [([], general), ([], [f"{numbers} = ", total])]
    return [
        ([m], [c_out, f" / {EXPANSION} = {design.out_channels // EXPANSION}"]),
        ([], [c, "·", m, " + 9·", m, "·", m, " + ", m, "·", c_out]),
        ([], [f"{numbers} = ", total]),
    ]


def _here(kind: BlockKind, design: BlockDesign) -> str:
    own, other = (
        sum(conv.weights for conv in _of_kind(name, design).convolutions) for name in ("basic", "bottleneck")
    )
    if kind == design.kind:
        return "the block in the diagram."
    text = significant(own / other)
    if kind == "basic":
        return f"not in the diagram; {text} times as many as the bottleneck, for the same shapes."
    return f"not in the diagram; the basic block has {text} times as many, for the same shapes."


def parameter_text(design: BlockDesign, block: Block) -> str:
    """What the whole block has to learn."""
    weights = sum(conv.weights for conv in design.convolutions)
    projection = design.in_channels * design.out_channels if design.projects else 0
    norms = block.parameters - weights - projection
    parts = [f"{weights:,} weights of F"]
    if projection:
        parts.append(f"{projection:,} of the skip's 1×1 convolution")
    elif design.skip:
        parts.append("none of the skip")
    return f"{block.parameters:,}: {', '.join(parts)}, and {norms:,} of batch norm, 2 a channel."


def ask_about_weights(design: BlockDesign) -> None:
    """The weights of a block with channels that are not on screen."""
    c = 96 if design.in_channels < 128 else 512
    m = c // EXPANSION
    basic, bottleneck = 18 * c * c, 2 * c * m + 9 * m * m
    if design.kind == "basic":
        answer = basic
        mistakes = {
            "that is one of the two convolutions": 9 * c * c,
            "you left out the 3×3 of the kernels": 2 * c * c,
            "every kernel reads all input channels, not one": 18 * c,
            "that is the bottleneck": bottleneck,
        }
    else:
        answer = bottleneck
        mistakes = {
            "that is the 3×3 convolution alone": 9 * m * m,
            "you left out the last 1×1, back to all channels": c * m + 9 * m * m,
            "that is the basic block": basic,
            "in a bottleneck only the one in the middle is 3×3": 9 * (2 * c * m + m * m),
            "the middle one has a quarter of the channels": 2 * c * m + 9 * c * c,
        }
    check_yourself(
        f"A {design.kind} block with {c} channels in and out, stride 1: how many weights do the convolutions "
        "of F have? They have no biases.",
        answer,
        mistakes,
        "res_quiz_weights",
    )


def ask_about_nothing_learnt(design: BlockDesign) -> None:
    """What a block gives whose F is 0."""
    if design.order == "post":
        question = (
            "A post-activation block with an identity skip comes after another such block. "
            "F gives 0 everywhere. What does the block give?"
        )
        right = "x, as it came in"
        reason = "ReLU(0 + x) = x, for x comes out of a ReLU and is nowhere negative."
        other = "ReLU changes negative values alone, and after a ReLU x has none."
    else:
        question = "In a pre-activation block with an identity skip F gives 0 everywhere. What does it give?"
        right = "x, as it came in"
        reason = "0 + x = x, and nothing follows the sum."
        other = "That ReLU stands inside F. Nothing follows the sum."
    choose_yourself(
        question,
        {
            "0 everywhere": "that is a block without its skip. The skip adds x.",
            right: reason,
            "x with its negative values cut off, another map than x": other,
            "x normalised to mean 0": "batch norm stands inside F; the identity passes it by.",
        },
        right,
        "res_quiz_zero",
    )
