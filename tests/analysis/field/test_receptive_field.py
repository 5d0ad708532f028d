"""Receptive fields against the input gradient, which is what a receptive field is."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnviz.analysis.trace.trace import trace
from cnnviz.nets.catalog import meta_model, model
from tests.analysis.field.measured_fields import measured_box, output_of, positive
from tests.analysis.field.random_graphs import RandomGraph, Step, graphs

# The module whose output is the last map, and the field there.
FAMILIES = {
    "alexnet": ("features", 195), "vgg16": ("features", 212), "resnet18": ("layer4", 435),
    "resnet50": ("layer4", 427), "densenet121": ("features", 2071), "googlenet": ("inception5b", 379),
    "squeezenet1_1": ("classifier.1", 207), "mobilenet_v2": ("features", 491),
    "convnext_tiny": ("features", 1688), "efficientnet_b0": ("features", 851),
    "shufflenet_v2_x0_5": ("conv5", 527),
    "mnasnet0_5": ("layers", 843), "regnet_x_400mf": ("trunk_output", 975),
    "mobilenet_v3_small": ("features", 639),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_the_field_of_the_last_map_is_what_the_input_gradient_measures(name):
    path, size = FAMILIES[name]
    assert trace(meta_model(name), (1, 3, 224, 224)).last_map.receptive_field.size == (size, size)
    # A strip, long enough for a whole field: each axis is by itself, and so this is quick.
    axis = len(name) % 2
    shape = [64, 64]
    shape[axis] = (size // 32 + 4) * 32
    x = torch.ones(1, 3, *shape, dtype=torch.float64, requires_grad=True)
    output = output_of(positive(model(name)), path, x)
    row = trace(meta_model(name), (1, 3, *shape))[path]
    unit = [n // 2 for n in output.shape[2:]]
    first, last = row.receptive_field.box(*unit)[axis]
    assert row.output_shape[1:] == output.shape[1:]
    assert first >= 0 and last < shape[axis] and last - first + 1 == size
    assert measured_box(output, x, unit)[axis] == (first, last)


def cut_off(step):
    """Rows and columns that a step takes off the map's beginning; a transposed convolution, its padding."""
    if step.kind == "transposed":
        return step.numbers[2]
    return step.numbers if step.kind == "crop" else (0, 0)


@settings(max_examples=300)
@given(data=st.data())
def test_random_graphs_with_branches_see_what_the_input_gradient_measures(data):
    input_size = data.draw(st.tuples(st.integers(60, 75), st.integers(60, 75)))
    network = data.draw(graphs(input_size))
    rows = list(trace(network, (1, 4, *input_size)))
    row = rows[-1]
    field = row.receptive_field
    assume(field is not None)
    # A window at the border of a map reads padding: beyond the picture, and beyond where something was cut.
    cut = [sum(cut_off(step)[axis] for step in network.steps) for axis in (0, 1)]
    jumps = [max(r.receptive_field.jump[axis] for r in rows if r.receptive_field) for axis in (0, 1)]
    borders = [2 + pixels * jump for pixels, jump in zip(cut, jumps, strict=True)]
    x = torch.ones(1, 4, *input_size, dtype=torch.float64, requires_grad=True)
    output = positive(network)(x)
    assert row.output_shape == output.shape
    height, width = output.shape[2:]
    measured = []
    for unit in ((height // 2, width // 2), (height // 2 + 1, width // 2 - 1)):
        box = field.box(*unit)
        if None in box:
            assert None in measured_box(output, x, unit)
        elif all(
            first >= border and last < n - 2
            for (first, last), n, border in zip(box, input_size, borders, strict=True)
        ):
            measured.append(measured_box(output, x, unit))
            assert measured[-1] == box
    assume(measured)
    if field.is_uniform:
        assert tuple(last - first + 1 for first, last in measured[0]) == field.size


def test_behind_a_crop_the_padding_takes_the_place_of_what_was_cut():
    steps = [
        Step("conv", (0,), ((1, 1), (1, 4), (0, 0), (1, 1))),
        Step("crop", (1,), (0, 2)),
        Step("conv", (2,), ((1, 2), (1, 1), (0, 1), (1, 3))),
    ]
    x = torch.ones(1, 4, 60, 60, dtype=torch.float64, requires_grad=True)
    network = RandomGraph(steps)
    field = list(trace(network, (1, 4, 60, 60)))[-1].receptive_field
    output = positive(network)(x)
    # Taps −1 and 2 of the map that begins at pixel 8: padding, said to be pixel 4, and pixel 16.
    assert field.box(30, 0)[1] == (4, 16) and measured_box(output, x, (30, 0))[1] == (16, 16)
    assert field.box(30, 1)[1] == measured_box(output, x, (30, 1))[1] == (8, 20)


def test_a_row_of_two_tensors_is_about_the_first_and_says_that_the_second_sees_other_pixels():
    steps = [
        Step("crop", (0,), (1, 1)),
        Step("nearest", (1,)),
        Step("conv", (2,), ((1, 2), (1, 1), (0, 1), (1, 2))),
        Step("cat", (2, 3)),
    ]
    x = torch.ones(1, 4, 60, 60, dtype=torch.float64, requires_grad=True)
    measured = []
    for second in (False, True):
        network = RandomGraph([*steps, Step("half", (4,), flag=second), Step("project", (5,))])
        *_, halved, projected = trace(network, x.shape)
        assert halved.note == "of the first of 2 tensors; others see other pixels"
        measured.append(measured_box(positive(network)(x), x, (59, 59)))
        assert projected.receptive_field.box(59, 59) == measured[-1]
        assert halved.receptive_field.box(59, 59) == measured[0]
        assert not projected.note
    assert measured == [((30, 30), (30, 30)), ((30, 30), (30, 31))]
