"""The page "Equivariance": what it measures and says is true, for every setting."""

import csv
import io
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnviz
from cnnviz.analysis.shifts import POOLS, ShiftedLayer
from cnnviz.figures.tables import csv_file
from cnnviz.nets.catalog import reference_names
from cnnviz.ops.equivariance import measure_equivariance
from cnnviz.ops.geometry import PADDING_MODES
from cnnviz.ops.kernels import kernel
from cnnviz.ui.equivariance.lab import measure_layer, measure_network
from cnnviz.ui.equivariance.texts import padding_text, verdict
from tests.app.running import open_expanders, run, shown_code

PICTURES = [
    cnnviz.sample("coffee"),
    cnnviz.draw_pattern(cnnviz.Pattern("rings")),
    cnnviz.draw_pattern(cnnviz.Pattern("impulse")),
    cnnviz.draw_pattern(cnnviz.Pattern("grating", 8, 0)),
]
KERNELS = ("sobel_x", "gaussian", "laplacian", "random")
TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
shifts = st.tuples(st.integers(0, 16), st.integers(0, 16))


def layers(**fixed):
    choices = {
        "kernel": st.sampled_from(KERNELS).map(lambda name: kernel(name, 3)),
        "stride": st.sampled_from([1, 2, 4]),
        "padding_mode": st.sampled_from(PADDING_MODES),
        "pool": st.sampled_from(POOLS),
    }
    return st.builds(ShiftedLayer, **(choices | fixed))


def assert_same_numbers(names, shown):
    """Up to rounding: a difference of 10⁻⁷ of the signal is another one each time."""
    result = shown.result
    scale = max(1.0, result.signal)
    np.testing.assert_allclose(names["fx"][0], result.mapped, atol=1e-5 * scale)
    np.testing.assert_allclose(names["mapped_shifted"][0], result.mapped_shifted, atol=1e-5 * scale)
    np.testing.assert_allclose(names["shifted_mapped"][0], result.shifted_mapped, atol=1e-5 * scale)
    assert names["jump"] == result.jump and tuple(names["steps"]) == result.output_shift
    assert float(names["largest"]) == pytest.approx(result.largest, abs=1e-5 * scale)
    if result.signal > 1e-3:
        assert float(names["relative"]) == pytest.approx(result.relative, abs=2e-5)
        assert float(names["moved"]) == pytest.approx(result.invariance, abs=2e-5)
    if result.pooled_signal > 1e-3:
        assert float(names["pooled"]) == pytest.approx(result.pooled_relative, abs=2e-5)


@settings(max_examples=80)
@given(st.sampled_from(PICTURES), layers(), shifts)
def test_the_code_of_a_layer_gives_the_numbers_on_screen(picture, layer, shift):
    shown = measure_layer(picture, layer, shift)
    assert_same_numbers(run(shown.code), shown)


@pytest.mark.parametrize("mode", ["zeros", "circular"])
@pytest.mark.parametrize(
    ("model", "layer"),
    [("simple_cnn", "block1"), ("simple_cnn", "block3.pool"), ("mini_resnet", "relu"),
     ("mini_resnet", "maxpool"), ("mini_resnet", "layer2.0.bn1")],
)  # fmt: skip
def test_the_code_of_a_network_gives_the_numbers_on_screen(model, layer, mode):
    shown = measure_network(PICTURES[0], model, layer, mode, (8, 3))
    assert_same_numbers(run(shown.code), shown)


@settings(max_examples=60)
@given(
    st.sampled_from(PICTURES),
    layers(padding_mode=st.just("circular"), stride=st.just(1), pool=st.just("none")),
    shifts,
)
def test_circular_padding_at_stride_1_is_equivariant_and_its_mean_invariant(picture, layer, shift):
    measured = measure_layer(picture, layer, shift)
    result = measured.result
    assert result.largest <= 1e-6 * result.signal
    assert result.pooled_largest <= 1e-6 * max(result.pooled_signal, result.signal)
    assert measured.guaranteed
    said = verdict(result, measured.guaranteed)
    if shift != (0, 0) and result.signal:
        assert said.startswith("**Equivariant:**")
        assert ("last bit" in said) == (result.largest == 0)


def near_border(size, reach, shift):
    border = (np.arange(size) < reach) | (np.arange(size) >= size - reach)
    return (border | np.roll(border, shift)) & (shift % size != 0)


@settings(max_examples=80)
@given(
    st.sampled_from(PICTURES),
    layers(stride=st.just(1), pool=st.just("none"), padding_mode=st.sampled_from(PADDING_MODES[:3])),
    shifts,
)
def test_other_padding_errs_only_within_its_reach_of_both_borders(picture, layer, shift):
    result = measure_layer(picture, layer, shift).result
    rows, columns = (near_border(64, 1, pixels) for pixels in shift)
    far = ~(rows[:, None] | columns)
    assert (result.difference[far] <= 1e-6 * (result.signal or 1)).all()
    assert result.reach == (1 if result.broken.any() else 0)
    if result.broken.any():
        assert f"at {result.broken.sum():,} of 4,096 places, all within 1 place of a border" in verdict(
            result, False
        )


@settings(max_examples=80)
@given(
    layers(pool=st.sampled_from(["max", "average", "blur"]), stride=st.just(1)),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_the_reach_is_the_least_that_holds_all_that_is_broken(layer, down, right):
    result = measure_equivariance(layer, PICTURES[0].centre_square(64).tensor(), (2 * down, 2 * right), 2)
    inside = [
        not (result.broken & ~(near_border(32, reach, down)[:, None] | near_border(32, reach, right))).any()
        for reach in range(33)
    ]
    assert result.reach == inside.index(True)


def test_zero_padding_changes_the_pooled_vector_and_circular_does_not():
    zeros, circular = (
        measure_layer(PICTURES[0], ShiftedLayer(kernel("gaussian", 3), 1, mode), (3, 5)).result
        for mode in ("zeros", "circular")
    )
    assert circular.pooled_relative <= 1e-6 < 1e-4 < zeros.pooled_relative
    assert circular.invariance > 0.1
    means = torch.from_numpy(circular.mapped.copy()).mean((1, 2))
    assert circular.pooled_signal == pytest.approx(means.max().item())


@settings(max_examples=150)
@given(st.sampled_from(PICTURES), layers(), shifts)
def test_the_verdict_is_true(picture, layer, shift):
    measured = measure_layer(picture, layer, shift)
    result = measured.result
    said = verdict(result, measured.guaranteed)
    whole = all(pixels % layer.jump == 0 for pixels in shift)
    if result.signal == 0 and result.largest == 0:
        assert said.startswith("**f(x) and f(Tx) are 0 everywhere")
    elif shift == (0, 0):
        assert said.startswith("**Nothing is shifted yet") and result.largest == 0
    else:
        assert ("no whole number of steps" in said) == (not whole)
        assert ("**Equality breaks**" in said) == (result.largest > 1e-6 * (result.signal or 1))
        if not whole:
            assert f"lie {layer.jump} pixels apart" in said
            nearest = said.partition("whole number of its places, ")[2].partition(". ")[0]
            down, right = (int(re.search(rf"(\d+) {way}", nearest)[1]) if way in nearest else 0
                           for way in ("down", "right"))  # fmt: skip
            assert abs(down * layer.jump - shift[0]) <= layer.jump / 2
            assert abs(right * layer.jump - shift[1]) <= layer.jump / 2


def all_layers(model):
    summaries = cnnviz.layer_summaries(cnnviz.model(model), (1, 3, 64, 64))
    return [s.layer for s in summaries if s.has_maps]


@pytest.mark.parametrize("layer", all_layers("simple_cnn"))
def test_simple_cnn_with_circular_padding_is_exact_in_every_layer(layer):
    shown = measure_network(PICTURES[0], "simple_cnn", layer, "circular", (4, 8))
    assert shown.result.relative <= 1e-6
    assert "no pooling pads" in padding_text(shown.way, layer)


@pytest.mark.parametrize("layer", all_layers("mini_resnet"))
def test_mini_resnet_is_exact_up_to_where_the_page_says(layer):
    shown = measure_network(PICTURES[0], "mini_resnet", layer, "circular", (16, 0))
    exact = layer in ("conv1", "bn1", "relu")
    assert (shown.result.relative <= 1e-6) == exact
    said = padding_text(shown.way, layer)
    assert ("no pooling pads" in said) == exact
    for words in ("`maxpool` (MaxPool2d 3×3 / 2) pads with −∞", "exact up to `relu` only"):
        assert (words in said) != exact


def test_the_padding_convolutions_on_the_way_are_counted():
    shown = measure_network(PICTURES[0], "mini_resnet", "layer2.0.bn1", "zeros", (8, 0))
    # The stem, four of the first stage, and the first of the second.
    assert "6 convolutions pad as chosen" in padding_text(shown.way, "layer2.0.bn1")
    first = measure_network(PICTURES[0], "simple_cnn", "block1.conv1", "zeros", (8, 0))
    assert "1 convolution pads as chosen" in padding_text(first.way, "block1.conv1")


@pytest.mark.parametrize(("shift", "invariant"), [((4, 8), True), ((1, 0), False)])
def test_a_map_of_one_value_is_spoken_of_as_such(shift, invariant):
    measured = measure_network(PICTURES[0], "simple_cnn", "block3", "circular", shift)
    said = verdict(measured.result, measured.guaranteed)
    assert said.startswith("**One value a channel:**")
    assert ("**not invariant**" in said) != invariant


@pytest.mark.parametrize(
    "setting",
    [
        {"eq_padding_mode": "zeros"},
        {"eq_padding_mode": "circular", "eq_stride": 2, "eq_right": 1, "eq_kernel": "random"},
        {"eq_padding_mode": "reflect", "eq_down": 16, "eq_right": 3, "eq_kernel": "gaussian"},
    ],
)
def test_the_formulas_state_what_torch_measures(open_page, assert_fine, shown_facts, setting):
    assert_fine(open_page("equivariance", **setting))
    x = cnnviz.sample("cat").centre_square(64).tensor()
    weight = torch.tensor(np.array(kernel(setting.get("eq_kernel", "sobel_x"), 3))).float().expand(3, 1, 3, 3)
    stride, shift = setting.get("eq_stride", 1), (setting.get("eq_down", 0), setting.get("eq_right", 4))

    def f(x):
        padded = F.pad(x, (1, 1, 1, 1), mode=TORCH_MODES[setting["eq_padding_mode"]])
        return F.conv2d(padded, weight, stride=stride, groups=3).relu()

    plain, mapped = f(x), f(x.roll(shift, (2, 3)))
    largest = (mapped - plain.roll([round(n / stride) for n in shift], (2, 3))).abs().max().item()
    moved, signal = (mapped - plain).abs().max().item(), plain.abs().max().item()
    pooled = (mapped.mean((2, 3)) - plain.mean((2, 3))).abs().max().item()
    pooled_signal = plain.mean((2, 3)).abs().max().item()
    _, error = shown_facts["Equivariance: shift in, shift out"]
    _, map_change, _, pooled_change = shown_facts["Invariance: shift in, same out"]
    for line, top, bottom in (
        (error, largest, signal), (map_change, moved, signal), (pooled_change, pooled, pooled_signal)
    ):  # fmt: skip
        read = re.fullmatch(r"\((.+)\) / \((.+)\) = (.+)", line)
        for text, value in zip(read.groups(), (top, bottom, top / bottom), strict=True):
            assert float(text.replace(",", "")) == pytest.approx(value, rel=2e-3)


def test_an_exact_0_says_so_and_rounding_is_a_power_of_ten(open_page, shown_facts):
    open_page("equivariance", eq_padding_mode="circular")
    _, error = shown_facts["Equivariance: shift in, shift out"]
    _, _, _, pooled = shown_facts["Invariance: shift in, same out"]
    assert error.endswith(" = 0, the same to the last bit") or "·10⁻" in error
    assert pooled.endswith(" = 0, the same to the last bit") or "·10⁻" in pooled


def test_the_table_has_the_numbers_on_screen():
    shown = measure_layer(PICTURES[0], ShiftedLayer(kernel("sobel_x", 3), 2, "zeros", "max"), (4, 1))
    (row,) = csv.DictReader(io.StringIO(csv_file([shown.row()]).decode(), newline=""))
    names = run(shown.code)
    assert (row["padding mode"], row["stride"], row["pooling"]) == ("zeros", "2", "max")
    assert (row["shift down (pixels)"], row["map shifted down (places)"]) == ("4", "1")
    assert row["whole number of steps"] == "False"
    for column, key in (
        ("max |f(Tx) - T f(x)|", "largest"), ("error (share of max |f(x)|)", "relative"),
        ("change of the map (share of max |f(x)|)", "moved"),
        ("change of the pooled vector (share of its largest)", "pooled"),
    ):  # fmt: skip
        assert float(row[column]) == pytest.approx(float(names[key]), rel=1e-3)


@pytest.mark.parametrize("subject", ["layer", *reference_names()])
@pytest.mark.parametrize("shift", [(0, 0), (0, 1), (16, 16)])
def test_every_shift_runs_and_the_page_shows_its_code(open_page, assert_fine, subject, shift):
    at = open_page("equivariance", eq_subject=subject, eq_down=shift[0], eq_right=shift[1])
    assert_fine(at)
    names = run(shown_code(at))
    assert names["shift"] == shift
    assert ("**Nothing is shifted yet" in " ".join(m.value for m in at.markdown)) == (shift == (0, 0))


def test_each_preset_shows_what_its_name_says(open_page, assert_fine):
    at = open_page("equivariance")
    errors = {}
    for label in [b.label for b in at.button if b.key and b.key.startswith("preset ")]:
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        errors[label] = float(run(shown_code(at))["relative"])
    assert errors["Circular: exact"] <= 1e-6
    assert min(v for k, v in errors.items() if k != "Circular: exact") > 0.01
    assert errors["Blurred, it errs less"] < errors["Nor can max pooling"]
    assert "`maxpool` (MaxPool2d 3×3 / 2) pads with −∞" in " ".join(m.value for m in at.markdown)


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("eq_stride_quiz_guess", "No: 3 is no multiple of 2"),
        ("eq_pooled_quiz_guess", "It stays, up to rounding"),
    ],
)
def test_one_choice_is_right_and_the_others_are_diagnosed(open_page, key, right):
    at = open_expanders(open_page("equivariance"))
    said = {}
    for option in at.radio(key=key).options:
        at.radio(key=key).set_value(option).run()
        said[option] = next(m.value for m in at.markdown if m.value.startswith(("**Right:**", "Not quite:")))
    assert [option for option, words in said.items() if words.startswith("**Right:**")] == [right]
    assert len(set(said.values())) == len(said) == 4


def test_the_right_choices_are_true():
    layer = ShiftedLayer(kernel("sobel_x", 3), 2, "circular")
    assert measure_layer(PICTURES[0], layer, (0, 3)).result.relative > 0.01
    assert measure_layer(PICTURES[0], layer, (0, 4)).result.relative <= 1e-6
    pooled = measure_layer(PICTURES[0], ShiftedLayer(kernel("sobel_x", 3)), (0, 5)).result
    assert pooled.pooled_relative <= 1e-6 < pooled.invariance
