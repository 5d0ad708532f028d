"""The effective field in turns and with channels last; the box that holds a share of it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz.analysis.effective_field import box_that_holds, effective_receptive_field, share_within
from cnnviz.analysis.field.receptive_field import share_in_padding
from cnnviz.analysis.trace.trace import trace
from cnnviz.nets.catalog import meta_model, model


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.sampled_from([0.3, 0.5, 0.95, 1.0]), st.integers(0, 30), st.integers(0, 22))
def test_the_box_holds_the_share_and_a_smaller_one_does_not(seed, share, twice_row, twice_column):
    mass = np.random.default_rng(seed).random((14, 11))
    mass /= mass.sum()
    centre = twice_row / 2, twice_column / 2
    box = box_that_holds(mass, share, centre)
    assert share_within(mass, *box) >= share - 1e-9
    smaller = tuple((first + 1, last - 1) for first, last in box)
    assert share_within(mass, *smaller) < share
    for (first, last), middle in zip(box, centre, strict=True):
        assert abs((first + last) / 2 - middle) <= 0.5


def test_the_share_in_the_padding_is_counted_pixel_by_pixel():
    padded = np.ones((40, 40), bool)
    padded[10:24, 10:21] = False  # a picture of 14×11 in a frame of 10
    for box in (((-3, 5), (2, 12)), ((0, 13), (0, 10)), ((-10, -2), (4, 6)), ((7, 29), (-1, 28))):
        (top, bottom), (left, right) = box
        expected = padded[top + 10 : bottom + 11, left + 10 : right + 11].mean()
        assert share_in_padding(box, (14, 11)) == pytest.approx(expected)


class ChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, stride=2)

    def forward(self, x):
        return self.conv(x).permute(0, 2, 3, 1)


def test_a_map_with_its_channels_last_is_looked_at_where_its_units_are():
    torch.manual_seed(0)
    network = ChannelsLast()
    row = trace(network, (1, 3, 21, 33))["permute"]
    assert row.output_shape == (1, 10, 16, 5) and row.units == (10, 16)
    last, first = (
        effective_receptive_field(network, layer, (1, 3, 21, 33), 2, unit=(9, 15))
        for layer in ("permute", "conv")
    )
    np.testing.assert_allclose(last, first, atol=1e-12)
    (top, bottom), (left, right) = row.receptive_field.box(9, 15)
    assert share_within(last, (top, bottom), (left, right)) == pytest.approx(1)
    assert last[top:bottom, left:right].all()


def test_taking_turns_changes_nothing_and_the_outline_is_enough():
    network, turns = model("simple_cnn"), []

    def run(one):
        turns.append(1)
        return one(network)

    plain = effective_receptive_field(network, "block2.conv1", (1, 3, 32, 32), 3)
    lent = effective_receptive_field(meta_model("simple_cnn"), "block2.conv1", (1, 3, 32, 32), 3, run=run)
    np.testing.assert_array_equal(plain, lent)
    assert len(turns) == 3
