import csv
import dataclasses
import io
import math
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import cnnviz.analysis.trace.trace as trace_module
from cnnviz.analysis.trace.rows import LayerRow, Trace
from cnnviz.analysis.trace.trace import smallest_size, trace
from cnnviz.errors import CnnvizError
from cnnviz.nets.catalog import meta_model, model
from cnnviz.ops.convolution import Conv2dFromScratch


class Of(nn.Module):
    """A module with the given forward and layers."""

    def __init__(self, forward, **layers):
        super().__init__()
        self._forward = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self._forward(self, x)


def rows(forward, shape=(1, 4, 32, 32), **layers):
    return list(trace(Of(forward, **layers), shape))


def field(row):
    seen = row.receptive_field
    return seen.size, seen.jump, seen.start


def test_every_functional_call_is_a_row_with_its_place_and_parents():
    found = rows(
        lambda m, x: torch.flatten((F.relu(m.conv(x)) + x).mean((2, 3)), 1),
        conv=nn.Conv2d(4, 4, 3, padding=1),
    )
    assert [(r.layer, r.operation, r.kind, r.parents) for r in found] == [
        ("conv", "Conv2d", "convolution", ("",)),
        ("relu", "relu", "activation", ("conv",)),
        ("add", "add", "join", ("relu", "")),
        ("mean", "mean", "pooling", ("add",)),
        ("flatten", "flatten", "reshape", ("mean",)),
    ]
    assert [r.output_shape for r in found] == [(1, 4, 32, 32)] * 3 + [(1, 4)] * 2
    assert found[2].input_shapes == ((1, 4, 32, 32),) * 2
    assert found[0].parameters == 4 * 4 * 9 + 4
    assert found[0].macs == 4 * 4 * 9 * 32 * 32


def test_a_layer_that_runs_twice_counts_its_parameters_once():
    shared = nn.Conv2d(4, 4, 3, padding=1)
    found = trace(Of(lambda m, x: m.b(m.a(m.a(x))), a=shared, b=shared), (1, 4, 8, 8))
    assert [row.layer for row in found] == ["a", "a#2", "a#3"]
    assert [row.parameters for row in found] == [148, 0, 0]
    assert found.parameters == 148
    assert found["a#3"].receptive_field.size == (7, 7)


def test_weights_that_two_layers_share_count_once():
    a, b = nn.Linear(8, 8), nn.Linear(8, 8)
    b.weight = a.weight
    found = trace(nn.Sequential(a, b), (1, 8))
    assert [row.parameters for row in found] == [72, 8]
    assert found.parameters == 80 == sum(p.numel() for p in nn.Sequential(a, b).parameters())


def test_a_block_is_found_by_its_path():
    found = trace(meta_model("resnet18"))
    assert found["layer4"] is found["layer4.1.relu#2"] is found.last_map
    assert found["layer4.1.conv2"].receptive_field.size == (435, 435)
    assert isinstance(found, Trace) and isinstance(found[0], LayerRow) and len(found[1:3]) == 2


def test_an_unknown_layer_is_answered_with_the_nearest():
    with pytest.raises(CnnvizError, match=r"no layer 'layer5'. Near it: .*layer4"):
        trace(meta_model("resnet18"))["layer5"]
    with pytest.raises(CnnvizError, match=r"'aux1' is not used in this pass"):
        trace(meta_model("googlenet"))["aux1.conv.conv"]


def test_the_model_is_left_as_it_was_and_nothing_is_computed():
    network = model("mini_resnet").train()
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(math.nan)
    trace(network, (1, 3, 64, 64))
    assert all(module.training for module in network.modules())
    assert sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules()) == hooks
    assert all(p.device.type == "cpu" and p.isnan().all() for p in network.parameters())


def test_the_example_of_the_lecture():
    found = trace(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3)),
        (1, 3, 32, 32),
    )
    assert [row.receptive_field.size[0] for row in found] == [3, 5, 6, 10]
    assert [row.receptive_field.jump[0] for row in found] == [1, 1, 2, 2]
    assert [row.receptive_field.start[0] for row in found] == [1, 2, 2.5, 4.5]


def test_published_and_measured_fields():
    vgg = trace(meta_model("vgg16"))
    assert vgg["features.28"].receptive_field.size == (196, 196)
    assert vgg["features.30"].receptive_field.size == (212, 212)
    assert vgg["features.30"].receptive_field.jump == (32, 32)
    assert trace(meta_model("resnet50")).last_map.receptive_field.size == (427, 427)


def test_rectangular_layers_have_rectangular_fields():
    conv = nn.Conv2d(4, 4, (3, 5), stride=(1, 2), padding=(0, 2), dilation=(2, 1))
    (row,) = rows(lambda m, x: m.conv(x), conv=conv)
    assert field(row) == ((5, 5), (1, 2), (2.0, 0.0))


@pytest.mark.filterwarnings("ignore:Using padding")
@pytest.mark.parametrize(("padding", "start"), [("same", 0.5), ("valid", 1.5)])
def test_padding_by_name(padding, start):
    (row,) = rows(lambda m, x: m.conv(x), conv=nn.Conv2d(4, 4, 4, padding=padding))
    assert field(row) == ((4, 4), (1, 1), (start, start))


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate"])
def test_other_padding_modes_are_one_row(mode):
    (row,) = rows(lambda m, x: m.conv(x), conv=nn.Conv2d(4, 4, 3, padding=1, padding_mode=mode))
    assert (row.layer, field(row)) == ("conv", ((3, 3), (1, 1), (0.0, 0.0)))


def test_our_own_convolution_is_a_convolution():
    (row,) = rows(lambda m, x: m.conv(x), conv=Conv2dFromScratch(4, 4, 3, padding=1))
    assert (row.kind, row.macs, field(row)[0]) == ("convolution", 4 * 4 * 9 * 32 * 32, (3, 3))


def test_a_join_is_the_union_of_its_branches():
    found = rows(
        lambda m, x: m.before(x) + m.after(x),
        before=nn.Sequential(nn.ZeroPad2d((2, 0, 2, 0)), nn.Conv2d(4, 4, 3)),
        after=nn.Sequential(nn.ZeroPad2d((0, 4, 0, 4)), nn.Conv2d(4, 4, 5)),
    )
    assert field(found[-1]) == ((7, 7), (1, 1), (1.0, 1.0))
    assert found[-1].receptive_field.box(10, 20) == ((8, 14), (18, 24))


def test_channels_that_are_taken_apart_again_keep_their_own_fields():
    def forward(m, x):
        halves = torch.cat([m.wide(x), m.narrow(x)], 1).chunk(2, 1)
        return m.on_narrow(halves[1])

    found = rows(
        forward, wide=nn.Conv2d(4, 4, 9, padding=4), narrow=nn.Conv2d(4, 4, 3, padding=1),
        on_narrow=nn.Conv2d(4, 4, 3, padding=1),
    )  # fmt: skip
    assert field(found[-1])[0] == (5, 5)


def test_misaligned_branches_are_reported_and_the_rest_goes_on():
    def forward(m, x):
        up = F.interpolate(m.strided(x), size=(14, 14))
        return m.end(up + m.cropped(x))

    found = rows(
        forward, shape=(1, 4, 16, 16), strided=nn.Conv2d(4, 4, 4, stride=4),
        cropped=nn.Conv2d(4, 4, 3), end=nn.Conv2d(4, 4, 3),
    )  # fmt: skip
    assert "misaligned: branches with effective strides" in found[3].note and "meet" in found[3].note
    assert found[3].receptive_field is None
    assert (found[4].macs, found[4].receptive_field) == (4 * 4 * 9 * 12 * 12, None)
    assert found[4].note.endswith("(since add)")


def test_a_transposed_convolution_sees_what_its_taps_reach():
    found = rows(
        lambda m, x: m.up(m.down(x)), down=nn.Conv2d(4, 4, 3, 2, 1), up=nn.ConvTranspose2d(4, 4, 2, 2)
    )
    assert field(found[-1]) == ((3, 3), (1, 1), (0.0, 0.0))
    assert found[-1].receptive_field.box(4, 5) == ((3, 5), (3, 5))
    assert found[-1].macs == 4 * 4 * 4 * 16 * 16


def test_units_with_unlike_fields_are_reported():
    (row,) = rows(lambda m, x: m.up(x), up=nn.ConvTranspose2d(4, 4, 3, 2, 1))
    assert row.receptive_field.size == (2, 2)
    assert row.receptive_field.jump == (0.5, 0.5)
    assert "1 to 2 pixels" in row.note


def test_what_has_no_rule_has_no_answer():
    found = rows(lambda m, x: m.conv(torch.cumsum(x, 2)), conv=nn.Conv2d(4, 4, 3))
    assert [row.receptive_field for row in found] == [None, None]
    assert found[0].note == "what 'cumsum' does to receptive fields is not known"
    assert found[1].note.endswith("(since cumsum)")


def test_squeeze_and_excitation_by_hand():
    def forward(m, x):
        x = m.conv(x)
        return m.end(x * m.excite(x.mean((2, 3), keepdim=True)).sigmoid())

    found = rows(forward, conv=nn.Conv2d(4, 4, 3), excite=nn.Conv2d(4, 4, 1), end=nn.Conv2d(4, 4, 3))
    assert not found[0].is_global and all(row.is_global for row in found[1:])
    assert field(found[-1])[0] == (5, 5)


def test_last_map_is_before_global_pooling():
    def forward(m, x):
        return m.pool(m.conv(x)).flatten(1)

    network = Of(forward, conv=nn.Conv2d(4, 4, 3), pool=nn.AdaptiveAvgPool2d(1))
    found = trace(network, (1, 4, 9, 9))
    assert found.last_map.layer == "conv"
    assert found["pool"].is_global and found["pool"].receptive_field.covers_input


def test_a_model_without_maps():
    found = trace(nn.Sequential(nn.Flatten(), nn.Linear(192, 10)), (1, 3, 8, 8))
    assert found.macs == 1920
    with pytest.raises(CnnvizError, match=r"no spatial map with a receptive field: .*flattened"):
        _ = found.last_map


def test_a_signal_has_one_axis():
    found = trace(nn.Sequential(nn.Conv1d(2, 4, 5, stride=2), nn.MaxPool1d(2)), (1, 2, 40))
    assert field(found.last_map) == ((7,), (4,), (3.0,))


def test_dilation_beyond_the_input_with_padding_covers_it():
    (row,) = rows(lambda m, x: m.conv(x), conv=nn.Conv2d(4, 4, 3, padding=40, dilation=40))
    assert row.receptive_field.covers_input and row.receptive_field.size == (81, 81)


def test_two_thousand_layers():
    found = trace(nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(2000))), (1, 1, 8, 8))
    assert len(found) == 2000 and found.last_map.receptive_field.size == (4001, 4001)


def test_views_and_in_place_operations_take_no_memory():
    found = rows(
        lambda m, x: m.relu(m.conv(x)).flatten(1), conv=nn.Conv2d(4, 4, 3, padding=1), relu=nn.ReLU(True)
    )
    assert [row.activation_elements for row in found] == [4096] * 3
    assert [row.activation_bytes for row in found] == [4096 * 4, 0, 0]


def test_half_precision_takes_half_the_memory():
    found = trace(nn.Sequential(nn.Conv2d(1, 1, 1)).half(), (1, 1, 8, 8))
    assert found.activation_bytes == 64 * 2


def test_weights_made_in_the_pass_belong_to_the_layer_that_uses_them():
    network = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)))
    found = trace(network, (1, 3, 8, 8))
    assert (
        found.parameters
        == sum(row.parameters for row in found)
        == sum(p.numel() for p in network.parameters())
    )


@pytest.mark.parametrize(
    ("forward", "name"),
    [
        (lambda m, x: m.conv(x) if x.sum() > 0 else x, "bool"),
        (lambda m, x: m.conv(x) * x.max().item(), "item"),
        (lambda m, x: m.conv(x)[x.sum(1, keepdim=True).expand_as(x) > 0], "getitem"),
        (lambda m, x: torch.tensor(m.conv(x).tolist()), "tolist"),
    ],
)
def test_control_flow_on_values_is_named_with_its_place(forward, name):
    inner = Of(forward, conv=nn.Conv2d(4, 4, 1))
    with pytest.raises(CnnvizError, match=f"'{name}' in layer 'gate' .Of. needs the values"):
        trace(nn.Sequential(OrderedDict(gate=inner)), (1, 4, 8, 8))


def test_a_wrong_number_of_channels_is_named():
    with pytest.raises(
        CnnvizError, match=r"layer 'conv1' .Conv2d.: the convolution takes 3 channels, .* has 4"
    ):
        trace(meta_model("resnet18"), (1, 4, 64, 64))
    with pytest.raises(CnnvizError, match=r"takes 4 channels, but its input has 3"):
        trace(nn.Sequential(nn.ConvTranspose2d(4, 2, 3)), (1, 3, 8, 8))


@pytest.mark.parametrize(
    ("name", "size", "layer", "smallest"),
    [
        ("alexnet", 32, "features.12", "63×63"),
        ("vgg11", 16, "features.20", "32×32"),
        ("vit_b_32", 100, "", "224×224"),
    ],
)
def test_too_small_an_input_names_the_layer_and_the_smallest_size(name, size, layer, smallest):
    with pytest.raises(CnnvizError, match=f"{layer}.*The smallest size that works is {smallest}"):
        trace(meta_model(name), (1, 3, size, size))
    side = int(smallest.split("×")[0])
    trace(meta_model(name), (1, 3, side, side))


def test_a_linear_layer_behind_the_maps_takes_one_size():
    with pytest.raises(
        CnnvizError, match=r"'f6' .Linear.: the linear layer takes 120 .* has 480.*works is 32×32"
    ):
        trace(meta_model("lenet5"), (1, 1, 36, 36))


@pytest.mark.parametrize("shape", [(), (1, 3, 0, 8), (1, 3, 8.5, 8), "abc"])
def test_a_shape_is_made_of_whole_numbers(shape):
    with pytest.raises(CnnvizError, match=r"input_shape must be whole numbers"):
        trace(nn.Conv2d(3, 3, 1), shape)


def test_a_scripted_model_and_a_lazy_one_say_what_to_do():
    with pytest.raises(CnnvizError, match=r"run the model once"):
        trace(nn.Sequential(nn.LazyConv2d(3, 1)), (1, 3, 8, 8))


def test_the_table_as_csv_and_data_frame(tmp_path):
    found = trace(meta_model("googlenet"))
    text = found.to_csv(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().decode() == text
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["layer"] for row in read] == [row.layer for row in found]
    assert sum(int(row["macs"]) for row in read) == found.macs
    frame = found.to_dataframe()
    assert frame["field_height_px"].tolist()[0] == 7 and len(frame) == len(found)
    assert frame["parameters"].sum() + sum(u.parameters for u in found.unreached) == found.parameters


def test_rows_are_frozen():
    (row,) = rows(lambda m, x: m.conv(x), conv=nn.Conv2d(4, 4, 3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.macs = 0


@pytest.mark.parametrize("shape", [224, None])
def test_a_shape_that_is_no_sequence_is_reported(shape):
    with pytest.raises(CnnvizError, match=f"input_shape must be whole numbers of at least 1, not {shape}"):
        trace(nn.Conv2d(3, 3, 1), shape)


def test_what_is_no_module_and_what_cannot_be_counted_is_reported():
    with pytest.raises(CnnvizError, match=r"model must be a torch.nn.Module, not 'resnet18'"):
        trace("resnet18")
    for size in (10**10, 10**30):
        with pytest.raises(CnnvizError, match=r"is too large to be counted"):
            trace(nn.Conv2d(3, 3, 1), (1, 3, size, size))


@pytest.mark.parametrize(
    ("forward", "macs"),
    [
        (lambda m, x: torch.matmul(input=x, other=m.a.weight), 4 * 8 * 8 * 8),
        (lambda m, x: torch.bmm(x[0], mat2=x[0]), 4 * 8 * 8 * 8),
        (lambda m, x: torch.addmm(x[0, 0], mat1=x[0, 0], mat2=m.a.weight), 8 * 8 * 8),
    ],
)
def test_products_may_be_called_by_keywords(forward, macs):
    assert trace(Of(forward, a=nn.Linear(8, 8)), (1, 4, 8, 8)).macs == macs


@pytest.mark.parametrize(
    ("mix", "size"),
    [
        (lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (8,)).permute(0, 3, 1, 2), 7),
        (lambda x: F.normalize(x), 7),
        (lambda x: F.normalize(x, dim=(1,)), 7),
        (lambda x: F.local_response_norm(x, 3), 7),
        (lambda x: F.local_response_norm(x, 1), 3),
        (lambda x: x.softmax(1), 7),
        (lambda x: x, 3),
    ],
)
def test_norms_over_channels_see_what_all_of_them_see(mix, size):
    """Channel 3 sees 3×3 pixels, its neighbour 7×7; a gradient of the norm itself is the oracle."""
    network = Of(
        lambda m, x: mix(torch.cat([m.a(x), m.b(x)], 1))[:, 3:4],
        a=nn.Conv2d(3, 4, 3, padding=1), b=nn.Conv2d(3, 4, 7, padding=3),
    ).double()  # fmt: skip
    assert trace(network, (1, 3, 15, 15))[-1].receptive_field.size == (size, size)
    x = torch.rand(1, 3, 15, 15, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(x)[0, 0, 7, 7], x)
    rows = gradient[0].abs().sum((0, 2)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == size


@pytest.mark.parametrize(("tracks", "is_global"), [(True, False), (False, True)])
def test_batch_norm_without_running_statistics_is_global(tracks, is_global):
    found = trace(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=tracks)), (1, 3, 9, 9)
    )
    assert [row.is_global for row in found] == [False, is_global]


class Par(nn.Module):
    def __init__(self):
        super().__init__()
        self.extra = nn.Parameter(torch.ones(7))
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


def tied(used):
    a, b = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)
    b.weight = a.weight
    return Of(lambda m, x: getattr(m, used)(x), a=a, b=b)


@pytest.mark.parametrize(
    ("network", "left"),
    [
        (lambda: Of(lambda m, x: F.relu(x), a=nn.Conv2d(3, 4, 3), b=nn.Linear(2, 2)), ["a", "b"]),
        (lambda: tied("a"), ["b.bias"]),
        (lambda: tied("b"), ["a.bias"]),
        (lambda: nn.Sequential(Par()), ["0.extra"]),
        (Par, ["extra"]),
        (lambda: Of(lambda m, x: F.conv2d(x, m.a.weight), a=nn.Conv2d(4, 4, 3)), ["a.bias"]),
        (lambda: Of(lambda m, x: m.a(x), a=Par(), b=nn.Sequential(Par(), Par())), ["a.extra", "b"]),
    ],
)
def test_rows_and_what_is_not_reached_add_up(network, left):
    model = network()
    found = trace(model, (1, 4, 8, 8))
    assert [unused.layer for unused in found.unreached] == left
    counted = sum(row.parameters for row in found) + sum(unused.parameters for unused in found.unreached)
    assert counted == found.parameters == sum(p.numel() for p in model.parameters())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=6
    )
)
def test_every_parameter_is_in_one_row_or_not_reached(plan):
    """Layers at random: used or not, wrapped or not, sharing another one's weight or not."""
    layers, made = OrderedDict(), []
    for index, (other, used, wrapped, shares) in enumerate(plan):
        conv = nn.Conv2d(4, 4, 3, padding=1)
        if shares and made:
            conv.weight = made[other % len(made)].weight
        made.append(conv)
        inner = Of(lambda m, x, used=used: m.conv(x) if used else x * 2, conv=conv, other=Par())
        layers[f"l{index}"] = inner if wrapped else conv
    found = trace(nn.Sequential(layers), (1, 4, 5, 5))
    counted = sum(row.parameters for row in found) + sum(unused.parameters for unused in found.unreached)
    assert counted == found.parameters == sum(p.numel() for p in nn.Sequential(layers).parameters())


def dqn():
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3),
        nn.Flatten(), nn.Linear(3136, 512),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("network", "shape", "smallest"),
    [
        (dqn, (1, 4, 64, 64), 84),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3, dilation=600)), (1, 3, 224, 224), 1201),
        (lambda: nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(100))), (1, 1, 8, 8), 201),
        (lambda: nn.Sequential(nn.Conv1d(2, 2, 90)), (1, 2, 8), 90),
    ],
)
def test_the_smallest_size_is_found_far_away_too(network, shape, smallest):
    found = smallest_size(network(), shape)
    assert found == smallest
    with pytest.raises(CnnvizError, match=rf"The smallest size that works is {smallest}"):
        trace(network(), shape)
    axes = len(shape) - 2
    assert network()(torch.zeros(*shape[:2], *(smallest,) * axes)).numel()
    with pytest.raises(RuntimeError):
        network()(torch.zeros(*shape[:2], *(smallest - 1,) * axes))


def test_a_network_that_takes_no_size_names_none(monkeypatch):
    sides, tried = [], trace_module.dry_run

    def counted(outline, shape):
        sides.append(shape[-1])
        return tried(outline, shape)

    monkeypatch.setattr(trace_module, "_CALLS", 1_000)
    monkeypatch.setattr(trace_module, "dry_run", counted)
    deep = nn.Sequential(*(nn.ReLU() for _ in range(37)), nn.Flatten(), nn.Linear(10_007, 2))
    assert smallest_size(deep, (1, 1, 8, 8)) is None
    # 40 calls of modules a size: after 25 sizes one by one, it is too deep to go on.
    assert sides == [*(2**power for power in range(13)), *range(1, 26)]


def test_attention_says_what_it_means():
    swin = trace(meta_model("swin_t"), (1, 3, 64, 64))["features.1.0"]
    assert swin.is_global and "all positions of its window, which may be the whole input" in swin.note
    squeeze = trace(meta_model("efficientnet_b0"), (1, 3, 64, 64)).last_map
    assert squeeze.is_global and "a unit sees the whole input as well" in squeeze.note
    assert "window" not in squeeze.note
