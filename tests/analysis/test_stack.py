"""Stacks typed by hand: the input gradient of the stack built in PyTorch is the oracle."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz.analysis.stack import StackLayer, follow, parse_stack
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import Window
from tests.analysis.field.measured_fields import measured_box


def built(layers):
    """The same stack in PyTorch, every path positive."""
    modules = []
    for layer in layers:
        w = layer.window
        conv = nn.Conv1d(1, 1, w.kernel_size, w.stride, w.padding, w.dilation, bias=False)
        conv.weight.data.fill_(1 / w.kernel_size)
        modules.append(conv.double())
    return nn.Sequential(*modules)


layers = st.builds(
    StackLayer,
    st.just("conv"),
    st.builds(Window, st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(layers, min_size=1, max_size=4))
def test_size_jump_and_start_are_those_of_the_input_gradient(stack):
    step = follow(stack)[-1]
    x = torch.zeros(1, 1, 700, dtype=torch.float64, requires_grad=True)
    output = built(stack)(x)
    unit = next(n for n in range(99) if n * step.jump + step.start - step.size / 2 >= 0)
    ((first, last),), ((after, _),) = (measured_box(output, x, (n,)) for n in (unit, unit + 1))
    assert last - first + 1 == step.size
    assert after - first == step.jump
    assert (first + last) / 2 == step.start + unit * step.jump


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("3, 3, pool 2, 3", [1, 3, 5, 6, 10]),
        ("3, 3", [1, 3, 5]),
        ("5", [1, 5]),
        ("3, 3 d2, 3 d4", [1, 3, 7, 15]),
        ("7 s2 p3, pool 3 s2 p1", [1, 7, 11]),
    ],
)
def test_known_stacks(text, sizes):
    assert [step.size for step in follow(parse_stack(text))] == sizes


@pytest.mark.parametrize(
    "text", ["3x3, 3×3 , POOL2;conv 3", "3\n3\npool 2 s2\n3", "3 stride 1, 3 p=0, pool 2, conv3 d1"]
)
def test_one_stack_can_be_written_in_many_ways(text):
    assert parse_stack(text) == parse_stack("3, 3, pool 2, 3")


@given(st.lists(layers, min_size=1, max_size=6))
def test_what_is_written_out_is_read_back(stack):
    assert parse_stack(", ".join(layer.text for layer in stack)) == tuple(stack)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one layer"),
        (" , ", "at least one layer"),
        ("3,,3", "Layer 2 is empty"),
        ("3, three", "Layer 2, “three”, has no kernel size"),
        ("3, pol 2", "begins with “pol”"),
        ("3x5", "not square"),
        ("3 q2", "“q2” is not s, p or d"),
        ("3 s", "“s” is not s, p or d"),
        ("3 s2 s3", "stride twice"),
        ("3 s0", "stride 0 is outside 1 to 99"),
        ("0", "kernel size 0 is outside 1"),
        ("-3", "has no kernel size"),
        ("pool 2 p2", "at most half its window, 1 here"),
        (",".join("3" * 41), "41 layers; at most 40"),
        (",".join(["3 s99"] * 5), "After layer 4"),
        ("3 <b>", "“<b>” is not"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text, said):
    with pytest.raises(CnnvizError, match=said):
        parse_stack(text)
