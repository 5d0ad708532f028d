"""A stack typed by hand: its receptive field, step by step."""

import streamlit as st

from cnnviz.analysis.stack import StackLayer, StackStep, follow, parse_stack
from cnnviz.figures.tables import Row
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.receptive_field.formulas import number, stack_formulas
from cnnviz.ui.receptive_field.snippets import stack_code
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import check_yourself

VGG_STYLE = "3, 3, pool 2, 3"


def show_stack() -> None:
    """Text in, fields out: the table, the formula of the last layer, a question.

    Raises:
        CnnvizError: if the text cannot be read.
    """
    text = st.text_input(
        "Layers, from the picture up", VGG_STYLE, key="rf_stack", bind="query-params", max_chars=400,
        help="Separated by commas. A number is a square convolution; “pool 2” a pooling, whose stride is its "
        "window. After the size: s stride, p padding, d dilation, as in “7 s2 p3, pool 3 s2 p1, 3 d2”.",
    )  # fmt: skip
    layers = parse_stack(text)
    steps = follow(layers)
    sizes = ", ".join(f"{step.size:,}" for step in steps[1:])
    st.markdown(f"A unit sees, after each layer: **{sizes}** pixels in each direction.")
    st.markdown(_table(layers, steps))
    titles = (f"Size after layer {len(layers)}", "Jump", "Start")
    sentences = (
        _size_text(layers, steps),
        "pixels between neighbouring units, used from the next layer on.",
        "centre of unit 0; below 0 it lies in the padding.",
    )
    equations = stack_formulas(layers, steps)
    facts(
        [
            Facts(title, lines, [(head, words)])
            for title, lines, head, words in zip(titles, equations, ("r", "j", "c"), sentences, strict=True)
        ],
        "rf_stack_facts",
    )
    _ask(steps[-1])
    export_panel("receptive_field_stack", stack_code(layers), table=lambda: _rows(layers, steps))


def _size_text(layers: tuple[StackLayer, ...], steps: list[StackStep]) -> str:
    grown = steps[-1].size - steps[-2].size
    k_eff = layers[-1].window.effective_kernel_size
    if not grown:
        return "a 1×1 window adds nothing: the field stays."
    return f"{k_eff - 1} steps of {steps[-2].jump:,} pixels add {grown:,} to {steps[-2].size:,}."


def _table(layers: tuple[StackLayer, ...], steps: list[StackStep]) -> str:
    lines = ["| layer | k_eff | size *r* | jump *j* | start *c* |", "|---|--:|--:|--:|--:|"]
    lines.append("| the picture | | 1 | 1 | 0 |")
    for index, (layer, step) in enumerate(zip(layers, steps[1:], strict=True), start=1):
        lines.append(
            f"| {index}: {_name(layer)} | {layer.window.effective_kernel_size} | **{step.size:,}** "
            f"| {step.jump:,} | {number(step.start)} |"
        )
    return "\n".join(lines)


def _name(layer: StackLayer) -> str:
    w = layer.window
    kind = "pool" if layer.kind == "pool" else "conv"
    options = [("stride", w.stride, 1), ("padding", w.padding, 0), ("dilation", w.dilation, 1)]
    said = [f"{name} {value}" for name, value, usual in options if value != usual]
    return ", ".join([f"{w.kernel_size}×{w.kernel_size} {kind}", *said])


def _ask(top: StackStep) -> None:
    check_yourself(
        "One more 3×3 convolution on top, with stride 2: how many pixels does one of its units see in each "
        "direction?",
        top.size + 2 * top.jump,
        {
            "a step from tap to tap is j pixels of the picture, not one": top.size + 2,
            "three taps have two steps between them: k − 1, not k": top.size + 3 * top.jump,
            "its own stride counts for the layers after it only": top.size + 4 * top.jump,
            "that is the field without the new layer": top.size,
            "that is the new layer alone": 3,
            "the kernel's size times the jump leaves out what was there before": 3 * top.jump,
        },
        "rf_stack_quiz",
    )


def _rows(layers: tuple[StackLayer, ...], steps: list[StackStep]) -> list[Row]:
    return [
        {
            "layer": index,
            "written": layer.text,
            "kind": layer.kind,
            "kernel size": layer.window.kernel_size,
            "stride": layer.window.stride,
            "padding": layer.window.padding,
            "dilation": layer.window.dilation,
            "size (pixels)": step.size,
            "jump (pixels)": step.jump,
            "start (pixels)": step.start,
        }
        for index, (layer, step) in enumerate(zip(layers, steps[1:], strict=True), start=1)
    ]
