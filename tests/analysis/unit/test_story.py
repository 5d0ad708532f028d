import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cnnviz
from cnnviz.analysis.layers.activations import feature_maps
from cnnviz.analysis.unit.steps import JoinStep, LinearStep, NormStep, PointwiseStep
from cnnviz.analysis.unit.story import LayerStories, unit_story
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import ConvStep
from cnnviz.ops.pooling import PoolStep
from tests.analysis.field.measured_fields import measured_box, output_of, positive
from tests.analysis.small_networks import hooks

WITHIN = 1e-4


def trained_looking(model):
    """The model with norms whose four numbers are all at work, as after training."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.2, 2)
            nn.init.uniform_(module.weight, -1.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
    return model


def some_units(stories, count):
    return [tuple(int(torch.randint(n, ())) for n in stories.shape) for _ in range(count)]


def torch_values(model, picture, layer):
    """What a layer gives by hooks alone; a sum of a residual block is what its last ReLU is handed."""
    if not layer.endswith(".add"):
        (found,) = feature_maps(model, picture, [layer]).values()
        return found
    kept = []
    relu = model.get_submodule(layer.removesuffix("add") + "relu2")
    handle = relu.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0].clone()))
    with torch.no_grad():
        copy.deepcopy(model).eval()(picture[None])
    handle.remove()
    return kept[0][0].numpy()


@pytest.fixture(scope="module")
def stories():
    """Stories of over 200 random units: some of every row of both networks."""
    torch.manual_seed(0)
    found = []
    for model, side in ((cnnviz.SimpleCNN(), 32), (cnnviz.MiniResNet(), 64)):
        trained_looking(model)
        picture = torch.rand(3, side, side)
        rows = cnnviz.trace(model, (1, 3, side, side))
        for row in rows:
            stories = LayerStories(model, picture, row.layer)
            values = torch_values(model, picture, row.layer)
            units = some_units(stories, -(-104 // len(rows)))
            found += [(stories.unit(*unit), float(values[unit])) for unit in units]
    return found


def test_the_story_of_two_hundred_units_is_torchs(stories):
    assert len(stories) >= 200
    for story, value in stories:
        assert story.value == value
        assert story.by_hand == pytest.approx(value, rel=WITHIN), story.layer
        for step in story.steps:
            assert step.by_hand == pytest.approx(step.torch, rel=WITHIN), (story.layer, step.layer)
        assert story.largest_difference <= WITHIN


def test_every_sort_of_step_is_explained(stories):
    kinds = {type(step.computation) for story, _ in stories for step in story.steps}
    assert kinds == {ConvStep, NormStep, PointwiseStep, PoolStep, JoinStep, LinearStep}


def test_a_story_ends_where_it_was_asked_and_each_step_reads_the_one_before(stories):
    for story, _ in stories:
        last = story.steps[-1]
        assert last.layer == story.layer
        assert last.place == (story.channel, story.row, story.column)[: len(last.place)]
        for before, after in zip(story.steps, story.steps[1:], strict=False):
            assert before.layer in after.reads
            read = getattr(after.computation, "input", None)
            if read is not None:
                assert read == before.torch


def test_batch_norm_is_explained_as_it_was_before_the_relu_wrote_over_it(stories):
    pairs = [
        (before.computation, after.computation)
        for story, _ in stories
        for before, after in zip(story.steps, story.steps[1:], strict=False)
        if isinstance(before.computation, NormStep) and getattr(after.computation, "function", "") == "relu"
    ]
    negative = [(norm, relu) for norm, relu in pairs if norm.value < 0]
    assert len(negative) > 10
    assert len(negative) < len(pairs)
    assert all(relu.input < 0 and relu.value == 0 for _, relu in negative)


def test_the_four_numbers_of_a_norm_are_the_layers():
    model = trained_looking(cnnviz.SimpleCNN())
    norm = model.block2.bn1.requires_grad_(False)
    step = unit_story(model, torch.rand(3, 32, 32), "block2.bn1", 7, 3, 4).steps[-1].computation
    numbers = (norm.running_mean[7], norm.running_var[7], norm.weight[7], norm.bias[7], norm.eps)
    numbers_read = (step.mean, step.variance, step.weight, step.bias, step.eps)
    assert numbers_read == tuple(float(number) for number in numbers)
    assert step.is_stored


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, (2, 1), 1), (1, 3, 2)])
def test_patch_and_padding_mask_are_those_of_a_padded_picture(mode, stride, padding, dilation):
    model = nn.Conv2d(4, 6, 3, stride, padding, dilation, 2, padding_mode=mode).requires_grad_(False)
    x = torch.rand(4, 9, 8)
    above, beside = (padding, padding) if isinstance(padding, int) else padding
    sides = (beside, beside, above, above)
    padded = F.pad(x[None], sides, mode="constant" if mode == "zeros" else mode)[0]
    inside = F.pad(torch.ones(9, 8), sides)
    stories = LayerStories(model, x, "conv2d")
    _, height, width = stories.shape
    for row, column in ((0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1), (1, 1)):
        step = stories.unit(4, row, column).steps[-1].computation
        window = np.s_[
            row * stride : row * stride + 2 * dilation + 1 : dilation,
            column * stride : column * stride + 2 * dilation + 1 : dilation,
        ]
        assert (step.is_padding == (inside[window] == 0).numpy()).all()
        assert (step.inputs == padded[2:, *window].numpy()).all()
        assert (step.weights == model.weight[4].numpy()).all()
        assert step.products == pytest.approx(step.inputs * step.weights)
        assert step.value == pytest.approx(float(model(x[None])[0, 4, row, column]), rel=WITHIN)
        assert step.channel_sums.sum() + step.bias == pytest.approx(step.value)


def test_the_field_on_the_picture_is_where_the_gradient_is_not_zero():
    model, layer = cnnviz.MiniResNet(), "layer2.0.conv1"
    x = torch.rand(1, 3, 64, 64, dtype=torch.float64, requires_grad=True)
    output = output_of(positive(model), layer, x)
    stories = LayerStories(model, torch.rand(3, 64, 64), layer)
    for place in ((0, 0), (7, 0), (3, 4)):
        field = stories.unit(0, *place).field
        assert (field.inside_rows, field.inside_columns) == measured_box(output, x, place)
        inside, whole = (
            math.prod(last - first + 1 for first, last in box)
            for box in ((field.inside_rows, field.inside_columns), (field.rows, field.columns))
        )
        assert field.padding_share == pytest.approx(1 - inside / whole)
    assert stories.unit(0, 0, 0).field.padding_share > 0


def test_a_vector_has_no_field_and_says_why():
    story = unit_story(cnnviz.SimpleCNN(), torch.rand(3, 32, 32), "fc", 3)
    assert story.field is None
    assert "vector" in story.note


@pytest.mark.parametrize("block", ["layer1.1", "layer2.0"])
def test_a_block_ends_in_what_it_has_computed_plus_what_it_carries_past(block):
    model, x = trained_looking(cnnviz.MiniResNet()).eval(), torch.rand(3, 64, 64)
    story = unit_story(model, x, block, 9, 2, 3)
    names = ("conv2", "bn2", "add", "relu2")
    assert [step.layer for step in story.steps] == [f"{block}.{name}" for name in names]
    inside = model.get_submodule(block)
    before = {"layer1.1": "layer1.0", "layer2.0": "layer1"}[block]
    entering = torch.from_numpy(feature_maps(model, x, [before])[before].copy())
    with torch.no_grad():
        carried = entering[None] if inside.downsample is None else inside.downsample(entering[None])
        computed = inside.residual(entering[None])
    parts = story.steps[2].computation.parts
    assert parts == pytest.approx([float(t[0, 9, 2, 3]) for t in (computed, carried)], rel=WITHIN)


def test_max_pooling_goes_on_at_its_winner():
    model, x = trained_looking(cnnviz.MiniResNet()).eval(), torch.rand(3, 64, 64)
    stories = LayerStories(model, x, "maxpool")
    relu = torch.from_numpy(feature_maps(model, x, ["relu"])["relu"].copy())
    _, winners = F.max_pool2d(relu, 3, 2, 1, return_indices=True)
    for channel, row, column in [*some_units(stories, 20), (0, 0, 0)]:
        story = stories.unit(channel, row, column)
        winner = divmod(int(winners[channel, row, column]), relu.shape[2])
        assert story.steps[-1].computation.winner == winner
        assert [(step.layer, step.place) for step in story.steps[:-1]] == [
            (layer, (channel, *winner)) for layer in ("conv1", "bn1", "relu")
        ]


def test_a_unit_of_joined_maps_is_followed_into_its_own_branch():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 4, 3, padding=1)
            self.flatten = nn.Flatten()

        def forward(self, x):
            return self.flatten(torch.cat([self.one(x), self.two(x)], 1))

    model, x = Branches(), torch.rand(3, 5, 4)
    with torch.no_grad():
        expected = model(x[None])[0]
    stories = LayerStories(model, x, "flatten")
    for at, layer, place in ((17, "one", (0, 4, 1)), (40, "two", (0, 0, 0)), (119, "two", (3, 4, 3))):
        story = stories.unit(at)
        assert story.value == float(expected[at])
        assert [step.layer for step in story.steps] == [layer, "cat", "flatten"]
        assert story.steps[0].place == place


def test_a_gate_of_one_number_a_channel_is_the_other_part():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.gate = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            y = self.conv(x)
            return torch.sigmoid(self.gate(y.mean((2, 3), keepdim=True))) * y

    model, x = Gated(), torch.rand(3, 5, 4)
    with torch.no_grad():
        y = model.conv(x[None])
        gate = torch.sigmoid(model.gate(y.mean((2, 3), keepdim=True)))
    story = unit_story(model, x, "mul", 2, 4, 3)
    assert [step.layer for step in story.steps] == ["conv", "mul"]
    assert story.steps[-1].computation.parts == (float(gate[0, 2, 0, 0]), float(y[0, 2, 4, 3]))


ACTIVATIONS = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.3), nn.ELU(0.7), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Sigmoid(), nn.Tanh(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(-2, 0.5), nn.Dropout(),
]  # fmt: skip
POOLINGS = [
    nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    nn.AdaptiveAvgPool2d((3, 5)), nn.AdaptiveMaxPool2d((4, 3)),
]  # fmt: skip
NORMS = [nn.BatchNorm2d(2, affine=False), nn.BatchNorm2d(2, track_running_stats=False)]


@pytest.mark.parametrize("layer", [*ACTIVATIONS, *POOLINGS, *NORMS], ids=str)
def test_layers_of_all_sorts_give_torchs_values(layer):
    model, x = nn.Sequential(layer).eval(), 4 * torch.randn(2, 8, 8)
    with torch.no_grad():
        expected = model(x[None])[0]
    stories = LayerStories(model, x, "0")
    assert stories.shape == expected.shape
    for unit in some_units(stories, 20):
        story = stories.unit(*unit)
        assert story.by_hand == pytest.approx(float(expected[unit]), rel=WITHIN, abs=1e-6)
        assert story.value == float(expected[unit])


@pytest.mark.parametrize("name", ["resnet18", "vgg11"])
def test_torchvisions_networks_are_explained_from_first_layer_to_last(name):
    model, x = cnnviz.model(name), torch.rand(3, 64, 64)
    rows = cnnviz.trace(model, (1, 3, 64, 64))
    for row in (rows[0], rows[2], *rows[9 : len(rows) : len(rows) // 4], rows[-1]):
        stories = LayerStories(model, x, row.layer)
        for unit in some_units(stories, 2):
            for step in stories.unit(*unit).steps:
                assert step.by_hand == pytest.approx(step.torch, rel=WITHIN, abs=1e-6), step.layer


def test_the_model_is_left_as_it_is():
    model = cnnviz.SimpleCNN()
    before, modes = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    x = torch.rand(3, 32, 32)
    kept = x.clone()
    unit_story(model, x, "block1.relu1", 0, 0, 0)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert [m.training for m in model.modules()] == modes
    assert hooks(model) == 0
    assert torch.equal(x, kept)


def test_nothing_in_a_story_can_be_written_to():
    story = unit_story(cnnviz.MiniResNet(), cnnviz.sample("coins").fitted(32), "maxpool", 0)
    for step in story.steps:
        for field in dataclasses.fields(step.computation):
            values = getattr(step.computation, field.name)
            assert not isinstance(values, np.ndarray) or not values.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        story.value = 1.0


def test_a_unit_that_is_not_there_names_the_range():
    stories = LayerStories(cnnviz.SimpleCNN(), torch.rand(3, 32, 32), "block1.pool")
    with pytest.raises(CnnvizError, match=r"'block1.pool' has rows 0 to 15, not 16"):
        stories.unit(0, 16, 0)
    with pytest.raises(CnnvizError, match="has channels 0 to 63, not -1"):
        stories.unit(-1)
    with pytest.raises(CnnvizError, match="has columns 0 to 15, not True"):
        stories.unit(0, 0, True)


def test_an_unknown_layer_names_those_near():
    with pytest.raises(CnnvizError, match=r"block1\.conv1"):
        unit_story(cnnviz.SimpleCNN(), torch.rand(3, 32, 32), "block1.conv9", 0)


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        return self.attention(tokens, tokens, tokens)[0]


@pytest.mark.parametrize(
    ("model", "layer", "words"),
    [
        (Attends(), "attention", "neither feature maps nor a vector"),
        (nn.Sequential(nn.ConvTranspose2d(4, 2, 3)), "0", "ConvTranspose2d.*not told"),
        (nn.Sequential(nn.GroupNorm(2, 4)), "0", "GroupNorm.*not told"),
        (nn.Sequential(nn.MaxPool2d(2, dilation=2)), "0", "dilation"),
        (nn.Sequential(nn.AvgPool2d(2, divisor_override=3)), "0", "divisor"),
    ],
)
def test_what_is_not_supported_says_so(model, layer, words):
    with pytest.raises(CnnvizError, match=words):
        unit_story(model, torch.rand(4, 8, 8), layer, 0)


def test_a_story_begins_behind_what_is_not_supported():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4), nn.ReLU())
    story = unit_story(model, torch.rand(3, 8, 8), "2", 1, 2, 3)
    assert [(step.layer, step.reads) for step in story.steps] == [("2", ("1",))]


def test_a_picture_that_does_not_fit_is_named_by_layer():
    with pytest.raises(CnnvizError, match=r"block1\.conv1"):
        unit_story(cnnviz.SimpleCNN(), torch.rand(1, 32, 32), "fc", 0)
