"""The page on residual blocks: what it says in numbers and what its code gives, held against PyTorch."""

import itertools

import numpy as np
import pytest
import torch

import cnnviz
from cnnviz.analysis.residual import block_graph, gradient_norms, take_apart
from cnnviz.figures.gradient_curves import gradient_chart, gradient_figure, gradient_rows
from cnnviz.nets.blocks import BottleneckBlock, ResidualBlock
from cnnviz.nets.residual_variants import BlockDesign, CifarDesign
from cnnviz.ui.components.equations import as_text
from cnnviz.ui.components.equations import significant as shown
from cnnviz.ui.residual.facts import (
    order_formula,
    order_text,
    parameter_text,
    skip_text,
    strongest_position,
    sum_formula,
    weights_formula,
)
from cnnviz.ui.residual.gradients import level_text, ratio_text, verdict
from cnnviz.ui.residual.lab import SIDE, sum_panels
from cnnviz.ui.residual.presets import PRESETS
from tests.app.running import open_expanders, run, shown_code

PICTURE = cnnviz.sample("cat").centre_square(SIDE).tensor()
DESIGNS = [
    BlockDesign(kind, order, 16, out_channels, stride, skip)
    for kind, order, skip, (out_channels, stride) in itertools.product(
        ("basic", "bottleneck"), ("post", "pre"), (True, False), ((16, 1), (32, 2))
    )
]


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_the_panels_and_the_sum_in_numbers_are_those_of_the_block(design):
    found = take_apart(PICTURE, design)
    shown = sum_panels(found, design, 5)
    assert len({panel.limit for panel in shown}) == 1
    assert max(np.abs(panel.values).max() for panel in shown) == shown[0].limit
    np.testing.assert_array_equal(shown[-1].values[0], found.output[5])
    titles = [panel.title for panel in shown]
    assert titles[0] == "x"
    assert any(title.startswith("P(") for title in titles) == design.projects
    assert titles[-1].startswith("ReLU(") == (design.order == "post")
    assert any("F(x) + " in title for title in titles) == design.skip
    row, column = strongest_position(found, 5)
    said = as_text(sum_formula(found, design, 5)[1][1]).rpartition(" = ")[2]
    assert number(said) == pytest.approx(found.output[5, row, column], rel=1e-3)
    assert abs(found.total[5, row, column]) == np.abs(found.total[5]).max()


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_the_words_tell_the_orders_and_the_skips_apart(design):
    order = as_text(order_formula(design)[0][1])
    assert order.startswith("Conv" if design.order == "post" else "BN")
    assert order.count("Conv") == len(design.convolutions)
    said = order_text(design)
    assert ("post-activation" in said) == (design.order == "post")
    assert ("ResNet v2" in said) == (design.order == "pre")
    assert skip_text(design).startswith("off") != design.skip
    assert ("1×1" in skip_text(design)) == design.projects


@pytest.mark.parametrize(("c", "c_out"), [(16, 16), (64, 256), (256, 64)])
def test_the_weights_in_numbers_are_those_of_the_blocks(c, c_out):
    for kind, other in (("basic", ResidualBlock(c, c_out)), ("bottleneck", BottleneckBlock(c, c_out // 4))):
        weights = sum(p.numel() for n, p in other.named_parameters() if n.startswith("conv"))
        design = BlockDesign(kind, "post", c, c_out)
        text = as_text(weights_formula(kind, design)[-1][1])
        assert int(number(text.rpartition(" = ")[2])) == weights
        left = text.rpartition(" = ")[0]
        assert eval(left.replace("·", "*")) == weights
        everything = sum(p.numel() for p in other.parameters())
        block, _ = block_graph(design, 8)
        assert parameter_text(design, block).startswith(f"{everything:,}: {weights:,} weights of F")


def test_the_code_of_the_sums_gives_the_panels(open_page, assert_fine):
    for order, skip in (("post", True), ("pre", True), ("pre", False)):
        at = open_page(
            "residual_blocks", res_order=order, res_skip=skip, res_in=16, res_out=32, res_channel=20
        )
        assert_fine(at)
        maps = run(shown_code(at))["maps"]
        design = BlockDesign("basic", order, 16, 32, 1, skip)
        for panel in sum_panels(take_apart(PICTURE, design), design, 20):
            assert any(np.allclose(panel.values[0], found, atol=1e-5) for found in maps.values()), panel.title


def test_the_code_of_the_block_gives_the_diagram(open_page, assert_fine):
    at = open_page("residual_blocks", res_view="block", res_kind="bottleneck", res_in=64, res_out=256)
    assert_fine(at)
    found = run(shown_code(at))
    assert found["rows"].parameters == sum(p.numel() for p in BottleneckBlock(64, 64).parameters())
    assert found["weights"] == 64 * 64 + 9 * 64 * 64 + 64 * 256


def test_the_code_of_the_gradients_gives_the_curves(open_page, assert_fine):
    at = open_page("residual_blocks", res_view="gradients", res_depth=14, res_batch_norm=False, res_seed=3)
    assert_fine(at)
    norms = run(shown_code(at))["norms"]
    square = cnnviz.sample("cat").centre_square(96).tensor()
    found = gradient_norms(CifarDesign(14, batch_norm=False), square, 3)
    np.testing.assert_allclose(norms["plain"], found.plain, rtol=1e-3)
    np.testing.assert_allclose(norms["residual"], found.residual, rtol=1e-3)
    assert any(ratio_text("Plain", found.plain_ratio) in m.value for m in at.markdown)


def test_the_verdict_says_what_was_measured():
    for batch_norm, gain in itertools.product((True, False), (1.0, 2.0)):
        found = gradient_norms(CifarDesign(20, batch_norm=batch_norm, gain=gain), PICTURE)
        plain, residual = (abs(np.log(v[0] / v[-2])) for v in (found.plain, found.residual))
        said = verdict(found)
        if "little" in said:
            assert abs(plain - residual) <= np.log(1.1)
        else:
            assert ("more in the plain" in said) == (plain > residual)
        medians = [shown(float(np.sort(v)[9:11].mean())) for v in (found.plain, found.residual)]
        assert level_text(found).endswith(f"is {medians[0]} plain and {medians[1]} residual.")


def test_the_figure_draws_every_layer_and_a_gradient_of_0_has_no_place():
    found = gradient_norms(CifarDesign(8), PICTURE)
    curves = gradient_chart(found).data
    assert [len(curve.y) for curve in curves] == [8, 8]
    np.testing.assert_array_equal(curves[0].y, found.residual)
    assert [row["gradient norm, plain"] for row in gradient_rows(found)] == found.plain.tolist()
    black = gradient_norms(CifarDesign(8, batch_norm=False), torch.zeros(1, 3, 40, 40))
    for curve in gradient_chart(black).data:
        assert np.isnan(curve.y[:-1]).all()
    assert gradient_figure(black).axes
    assert "no gradient" in ratio_text("Plain", black.plain_ratio)
    assert "0 has no place" in verdict(black)


def test_every_preset_shows_what_its_name_says(open_page, assert_fine):
    at = open_page("residual_blocks", res_kind="bottleneck", res_skip=False, res_order="pre")
    for label, preset in PRESETS.items():
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        for key, value in preset.items():
            assert at.session_state[key] == value, label


@pytest.mark.parametrize("order", ["post", "pre"])
def test_the_spread_of_f_is_what_batch_norm_leaves(order):
    found = take_apart(PICTURE, BlockDesign("basic", order, 16, 16))
    spreads = found.residual.std((1, 2))
    assert np.allclose(spreads, 1, atol=0.01) == (order == "post")


def guess(at, key, value):
    at.number_input(key=f"{key}_guess").set_value(value).run()
    return " ".join(m.value for m in at.markdown)


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_the_weights_of_another_block_are_asked_for(open_page, kind):
    at = open_expanders(open_page("residual_blocks", res_view="block", res_kind=kind))
    basic, bottleneck = (
        sum(p.numel() for n, p in block.named_parameters() if n.startswith("conv"))
        for block in (ResidualBlock(96, 96), BottleneckBlock(96, 24))
    )
    right, wrong = (basic, bottleneck) if kind == "basic" else (bottleneck, basic)
    assert f"**Right: {right}.**" in guess(at, "res_quiz_weights", right)
    assert "that is the b" in guess(at, "res_quiz_weights", wrong)


def test_depth_and_degradation_are_asked_for(open_page):
    at = open_expanders(open_page("residual_blocks", res_view="gradients", res_depth=8))
    assert "**Right: 110.**" in guess(at, "res_quiz_depth", 110)
    assert "two convolutions" in guess(at, "res_quiz_depth", 56)
    at.radio(key="res_quiz_degradation_guess").set_value("Its gradients vanish").run()
    assert any("Not quite: they checked" in m.value for m in at.markdown)


@pytest.mark.parametrize("order", ["post", "pre"])
def test_what_an_empty_f_gives_is_asked_for(open_page, order):
    at = open_expanders(open_page("residual_blocks", res_order=order))
    at.radio(key="res_quiz_zero_guess").set_value("x, as it came in").run()
    assert any(m.value.startswith("**Right:**") for m in at.markdown)
    block = BlockDesign("basic", order, 16, 16).build()
    for name, parameter in block.named_parameters():
        if name == "conv2.weight":
            parameter.data.zero_()
    x = torch.randn(2, 16, 8, 8)
    x = x.relu() if order == "post" else x
    torch.testing.assert_close(block(x), x)
