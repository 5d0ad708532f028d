"""What the dilation page says in formulas and asks: reach, holes, weights."""

import math
from collections.abc import Sequence

from cnnviz.ops.coverage import StackCoverage
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.dilation.formulas import stack_field_formula, stack_weights_formula
from cnnviz.ui.sliding.size_formulas import cost_formula, output_size_formula
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.quiz import check_yourself

_LARGEST_DILATION = 8


def show_layer_facts(layer: PictureFilter, height: int, width: int) -> None:
    """Output size and cost of one dilated layer on the picture."""
    k, d, span = layer.rows.kernel_size, layer.rows.dilation, layer.rows.effective_kernel_size
    lost = span - 1
    facts(
        [
            Facts(
                "Output size",
                output_size_formula(layer.rows, layer.columns, height, width),
                [("Border:", f"without padding, {counted(lost, 'row')} and {counted(lost, 'column')} go.")],
            ),
            Facts("Cost", cost_formula(layer, height, width), [("Unchanged:", _weights_text(k, d, span))]),
        ],
        "dil_facts",
    )


def _weights_text(k: int, d: int, span: int) -> str:
    if d == 1:
        return f"{k * k} weights; with a larger dilation there would be as many."
    return (
        f"{k * k} weights, as with dilation 1. A kernel without gaps that spans {span}×{span} has "
        f"{span * span:,}, and reads the {span * span - k * k:,} pixels in between, which this one skips."
    )


def ask_about_span(window: Window) -> None:
    """The effective size of a kernel that is not on screen."""
    k = window.kernel_size
    d = window.dilation % _LARGEST_DILATION + 2
    check_yourself(
        f"The same {k}×{k} kernel with dilation {d}: how many pixels does it span, from its first tap to its "
        "last?",
        d * (k - 1) + 1,
        {
            "you used k·d; there are only k − 1 steps of d between k taps": k * d,
            "you forgot the + 1: the first tap is a pixel, too": d * (k - 1),
            "that is the kernel without dilation": k,
            "d is the step from tap to tap, not the gap between them": (d + 1) * (k - 1) + 1,
            "the gap between two taps is d − 1 pixels, but each tap is one more": (d - 1) * (k - 1) + 1,
            "that is with the dilation set above": window.effective_kernel_size,
        },
        "dil_span_quiz",
    )


def show_stack_facts(rates: Sequence[int], top: StackCoverage) -> None:
    """The field of a stack, its holes, and its weights, which stay."""
    facts(
        [
            Facts(
                "Receptive field at stride 1",
                stack_field_formula(rates),
                [("Holes:", holes_text(rates, top))],
            ),
            Facts(
                "Weights from one channel to one channel",
                stack_weights_formula(len(rates)),
                [("Unchanged:", _stack_weights_text(rates, top))],
            ),
        ],
        "dil_stack_facts",
    )


def holes_text(rates: Sequence[int], top: StackCoverage) -> str:
    """What one unit on top of the stack never reads, and why."""
    if not top.holes:
        return f"none; all {top.size**2:,} pixels of the field are read."
    read = top.size - top.holes
    counts = (
        f"{read}·{read} = {read * read:,} of {top.size}·{top.size} = {top.size**2:,} pixels are read, "
        f"{top.pixels_never_read:,} never."
    )
    common = math.gcd(*rates)
    if common == 1:
        return f"{counts} A step of some layer is wider than what the others fill."
    multiples = f"All rates are multiples of {common}" if len(rates) > 1 else f"The rate is {common}"
    return (
        f"{counts} {multiples}: neighbouring units read {common}·{common} = {common**2} separate grids of "
        "pixels (gridding; Yu and Koltun 2016, Wang et al. 2018)."
    )


def _stack_weights_text(rates: Sequence[int], top: StackCoverage) -> str:
    weights, plain = 9 * len(rates), 1 + 2 * len(rates)
    text = f"{weights} with any dilation."
    if top.size > plain:
        text += f" With dilation 1 they reach {plain}×{plain}, here {top.size}×{top.size}."
    if len(rates) == 1 and top.size == plain:
        return text
    return f"{text} One kernel of {top.size}×{top.size} without gaps has {top.size**2:,}."


def ask_about_stack(rates: Sequence[int]) -> None:
    """The field after one more layer, which is not on screen."""
    size = 1 + 2 * sum(rates)
    d = rates[-1] % _LARGEST_DILATION + 1
    check_yourself(
        f"One more 3×3 layer with dilation {d} on top of this stack: how many pixels wide is the receptive "
        "field then?",
        size + 2 * d,
        {
            "that is the field without the new layer": size,
            "the new layer adds d·(k − 1) = 2·d, not d": size + d,
            "you left out the new layer's dilation": size + 2,
            "the new layer adds d·(k − 1), not d·k": size + 3 * d,
            "you left out the dilations": 1 + 2 * (len(rates) + 1),
            "that is the new layer alone": 2 * d + 1,
            "the 1 of the formula counts once, not once a layer": size + 2 * d + 1,
            "the field begins with the pixel itself: add 1": size + 2 * d - 1,
        },
        "dil_quiz",
    )
