import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.analysis.effective_field import effective_receptive_field
from cnnviz.analysis.trace.trace import trace
from cnnviz.errors import CancelledError, CnnvizError
from cnnviz.nets.catalog import model
from tests.analysis.field.measured_fields import positive

SHAPE = (1, 3, 40, 48)


def stack(layers):
    torch.manual_seed(0)
    return nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)))


def test_it_is_the_gradient_of_the_unit_in_the_middle():
    """A linear network has one gradient, whatever the input: the product of its kernels."""
    network = positive(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1)))
    found = effective_receptive_field(network, "1", (1, 1, 9, 11), samples=2)
    triangle = np.array([1, 2, 3, 2, 1]) / 9
    expected = np.zeros((9, 11))
    expected[2:7, 3:8] = np.outer(triangle, triangle)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_it_lies_inside_the_theoretical_field_and_sums_to_one():
    network = model("simple_cnn")
    row = trace(network, SHAPE).last_map
    found = effective_receptive_field(network, "block2.conv2", SHAPE, samples=2)
    (top, bottom), (left, right) = trace(network, SHAPE)["block2.conv2"].receptive_field.box(10, 12)
    assert row.receptive_field.size[0] > bottom - top + 1
    outside = np.ones(SHAPE[2:], bool)
    outside[top : bottom + 1, left : right + 1] = False
    assert found.shape == SHAPE[2:] and found.sum() == pytest.approx(1) and (found >= 0).all()
    assert not found[outside].any() and found[~outside].any()
    assert not found.flags.writeable


def test_it_covers_a_smaller_part_the_deeper_the_stack():
    def share(layers):
        found = effective_receptive_field(stack(layers), str(layers - 1), SHAPE, samples=2)
        rows = np.arange(SHAPE[2]) - SHAPE[2] // 2
        return np.sqrt((found.sum(1) * rows**2).sum()) / (2 * layers + 1)

    assert share(2) > share(6) > share(15)


def test_the_seed_decides_and_nothing_is_left_behind():
    network = model("mini_resnet").train()
    before = torch.get_rng_state()
    first, again, other = (
        effective_receptive_field(network, "layer2", (1, 3, 48, 48), samples=2, seed=seed)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(m.training and not m._forward_hooks for m in network.modules())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("layer", ["layer1.0.add", "layer1.0.relu#2", "layer1", "conv1"])
def test_rows_of_functions_and_blocks_can_be_asked(layer):
    found = effective_receptive_field(model("resnet18"), layer, (1, 3, 64, 64), samples=1)
    (top, bottom), _ = trace(model("resnet18"), (1, 3, 64, 64))[layer].receptive_field.box(
        *(n // 2 for n in trace(model("resnet18"), (1, 3, 64, 64))[layer].output_shape[2:])
    )
    rows = found.sum(1).nonzero()[0]
    assert max(top, 0) <= rows[0] and rows[-1] <= bottom


def test_progress_is_reported_and_it_can_be_cancelled():
    reported = []
    effective_receptive_field(stack(2), "1", SHAPE, samples=4, progress=reported.append)
    assert reported == [0.25, 0.5, 0.75, 1]
    reported.clear()
    with pytest.raises(CancelledError):
        effective_receptive_field(
            stack(2), "1", SHAPE, samples=4, progress=reported.append, cancelled=lambda: len(reported) == 2
        )
    assert reported == [0.25, 0.5]


@pytest.mark.parametrize(
    ("layer", "options", "said"),
    [
        ("7", {}, "no layer '7'"),
        ("1", {"samples": 0}, "samples must be at least 1"),
        ("1", {"unit": (40, 0)}, "no unit \\(40, 0\\)"),
        ("1", {"unit": (1,)}, "unit must be two whole numbers"),
        ("1", {"unit": 3}, "unit must be two whole numbers"),
        ("1", {"samples": 2.0}, "samples must be at least 1, and whole"),
        ("1", {"seed": None}, "seed must be a whole number"),
        ("1", {"seed": 2**64}, "seed must be a whole number"),
    ],
)
def test_what_cannot_be_measured_is_said(layer, options, said):
    with pytest.raises(CnnvizError, match=said):
        effective_receptive_field(stack(2), layer, SHAPE, **options)


def test_a_vector_has_no_unit_and_a_dead_layer_no_field():
    network = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Flatten())
    with pytest.raises(CnnvizError, match="gives no maps"):
        effective_receptive_field(network, "1", SHAPE)
    nn.init.zeros_(network[0].weight)
    with pytest.raises(CnnvizError, match="its gradient is zero"):
        effective_receptive_field(network, "0", SHAPE, samples=1)


KERNEL = torch.ones(3, 1, 3, 3)


class WithConstants(nn.Module):
    """Works on tensors that are no buffers; of its convolutions all but the first are 5×5."""

    def __init__(self):
        super().__init__()
        self.kernels = [KERNEL]
        self.a, self.b = nn.Conv2d(3, 3, 5, padding=2), nn.Conv2d(3, 3, 5, padding=2)

    def forward(self, x):
        kernel = KERNEL / KERNEL.sum() + self.kernels[0] / 9
        return self.b(self.a(nn.functional.conv2d(x, kernel, groups=3, padding=1)))


class InTurn(nn.Module):
    """One input after another."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 5, padding=2)

    def forward(self, x):
        return self.b(torch.cat([self.a(x[i : i + 1]) for i in range(x.shape[0])]))


@pytest.mark.parametrize(
    ("network", "layer", "reach"),
    [(WithConstants, "conv2d", 1), (WithConstants, "a", 3), (WithConstants, "b", 5), (InTurn, "a", 1),
     (InTurn, "b", 3)],
)  # fmt: skip
def test_the_operation_that_is_measured_is_the_one_that_is_traced(network, layer, reach):
    found = effective_receptive_field(network(), layer, (2, 3, 24, 24), samples=1)
    rows, columns = found.nonzero()
    expected = (12 - reach, 12 + reach)
    assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == expected


def test_another_way_on_values_is_reported():
    class TwoWays(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return self.a(x) if x.is_meta else self.b(x)

    with pytest.raises(CnnvizError, match="another way on values than on shapes alone: 'conv2d' in 'a'"):
        effective_receptive_field(TwoWays(), "a", SHAPE, samples=1)


class Classes(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x):
        return self.conv(x).argmax(1, keepdim=True)


def nan_weights():
    network = stack(2)
    nn.init.constant_(network[0].weight, float("nan"))
    return network


@pytest.mark.parametrize(
    ("network", "layer", "said"),
    [
        (lambda: stack(2).to("meta"), "1", "on the meta device: without weights"),
        (Classes, "argmax", "'argmax' has no gradient"),
        (nan_weights, "1", "is not finite: .* infinite or NaN"),
    ],
)
def test_the_true_cause_is_said(network, layer, said):
    with pytest.raises(CnnvizError, match=said):
        effective_receptive_field(network(), layer, SHAPE, samples=1)
