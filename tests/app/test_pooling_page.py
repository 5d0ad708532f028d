"""The pooling page: what it says in numbers and what its code gives, held against PyTorch."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnviz
from cnnviz.ops.shrinking import WAYS, Shrinking, shift_responses
from cnnviz.ui.components.equations import as_text, significant
from cnnviz.ui.pooling.facts import ceil_mode_text, count_text, left_over_text
from cnnviz.ui.pooling.formulas import divisor_formula, share_formula, strided_weights_formula
from cnnviz.ui.pooling.lab import _KERNELS as KERNELS
from cnnviz.ui.pooling.presets import PRESETS
from cnnviz.ui.pooling.snippets import pooling_code, shift_code
from cnnviz.ui.sliding.size_formulas import pooled_size_formula
from tests.app.running import open_expanders, run, shown_code

SAMPLE = cnnviz.sample("coffee")
RINGS = cnnviz.draw_pattern(cnnviz.Pattern("rings", 9))


@st.composite
def shrinkings(draw):
    """Every setting of the controls."""
    size = draw(st.integers(2, 7))
    return Shrinking(
        size,
        draw(st.integers(1, 7)),
        draw(st.integers(0, size // 2)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(list(KERNELS))),
    )


sides = st.integers(8, 40)


def pooled(shrinking, kind, x, **changes):
    s = {"ceil_mode": shrinking.ceil_mode, "count_include_pad": shrinking.count_include_pad} | changes
    size = shrinking.kernel_size, shrinking.stride, shrinking.padding
    if kind == "max":
        return F.max_pool2d(x, *size, ceil_mode=s["ceil_mode"])
    return F.avg_pool2d(x, *size, s["ceil_mode"], s["count_include_pad"])


def lines(equations):
    return [as_text(right) for _, right in equations]


def final(line):
    return int(line.rpartition(" = ")[2].replace(",", ""))


@given(shrinkings(), sides, sides)
def test_the_output_size_in_numbers_is_that_of_torch_and_adds_up(shrinking, height, width):
    size = tuple(pooled(shrinking, "max", torch.zeros(1, 1, height, width)).shape[2:])
    assert tuple(pooled(shrinking, "average", torch.zeros(1, 1, height, width)).shape[2:]) == size
    symbols, *numbers = lines(
        pooled_size_formula(shrinking.window, shrinking.window, shrinking.ceil_mode, height, width)
    )
    assert symbols[0] + symbols[-5] == ("⌈⌉" if shrinking.ceil_mode else "⌊⌋")
    for line, outcome in zip(numbers, size, strict=True):
        pattern = r"[⌊⌈]\((\d+) \+ 2·(\d+) − (\d+)\) / \((\d+)\)([⌋⌉]) \+ 1( − 1)? = (\d+)"
        n, p, k, s, bracket, dropped, stated = re.fullmatch(pattern, line).groups()
        slack = int(n) + 2 * int(p) - int(k)
        steps = -(-slack // int(s)) if bracket == "⌉" else slack // int(s)
        assert steps + 1 - bool(dropped) == int(stated) == outcome


@given(shrinkings(), sides, sides)
def test_the_divisors_in_numbers_are_those_of_torch(shrinking, height, width):
    ones = torch.ones(1, 1, height, width, dtype=torch.float64)
    size = shrinking.kernel_size, shrinking.stride, shrinking.padding
    sums = F.avg_pool2d(ones, *size, shrinking.ceil_mode, divisor_override=1)[0, 0]
    divisors = sums / pooled(shrinking, "average", ones)[0, 0]
    _, whole, first, last = lines(divisor_formula(shrinking, height, width))
    for line, divisor in ((first, divisors[0, 0]), (last, divisors[-1, -1])):
        rows, columns, stated = map(int, re.fullmatch(r"sum / \((\d+)·(\d+)\) = sum / (\d+)", line).groups())
        assert rows * columns == stated == round(float(divisor))
    assert whole.endswith(f"= sum / {shrinking.kernel_size**2}")


@given(shrinkings())
def test_the_weights_in_numbers_are_those_of_torch(shrinking):
    layer = torch.nn.Conv2d(3, 3, shrinking.kernel_size, groups=3, bias=False)
    pooling, _, strided = lines(strided_weights_formula(shrinking, 3))
    assert pooling == "0"
    assert final(strided) == sum(parameter.numel() for parameter in layer.parameters())


@settings(max_examples=60)
@given(shrinkings(), sides, sides, st.integers(0, 99))
def test_what_is_said_of_the_switches_is_true(shrinking, height, width, seed):
    x = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed)) + 0.1
    other = {"ceil_mode": not shrinking.ceil_mode}
    same = all(
        pooled(shrinking, kind, x).shape == pooled(shrinking, kind, x, **other).shape
        for kind in ("max", "average")
    )
    said = ceil_mode_text(shrinking, height, width)
    assert ("changes nothing" in said) == same
    assert said.startswith(f"is {'on' if shrinking.ceil_mode else 'off'}")
    if not same:
        for ceil_mode in (False, True):
            size = pooled(shrinking, "max", x, ceil_mode=ceil_mode).shape
            assert f"{size[2]}×{size[3]}" in said
    other = {"count_include_pad": not shrinking.count_include_pad}
    here, there = (pooled(shrinking, "average", x, **changes) for changes in ({}, other))
    assert ("changes nothing" in count_text(shrinking, height, width)) == torch.equal(here, there)


@given(shrinkings(), sides, sides)
def test_the_rows_and_columns_left_over_are_those_without_a_gradient(shrinking, height, width):
    x = torch.ones(1, 1, height, width, requires_grad=True)
    pooled(shrinking, "average", x).sum().backward()
    said = left_over_text(shrinking, height, width)
    gradient = x.grad[0, 0]
    for noun, read in (("row", gradient.sum(1) > 0), ("column", gradient.sum(0) > 0)):
        missing = (~read).nonzero()[:, 0].tolist()
        assert (noun in said.partition("lies under")[0]) == bool(missing) or "nothing" in said
        if missing and missing[-1] == len(read) - 1:
            assert re.search(rf"{noun}s? (\d+ to )?{missing[-1]} at the far end", said)
    assert said.startswith("nothing") == bool((gradient > 0).all())


@given(st.floats(1e-6, 5), st.floats(1e-6, 5))
def test_the_share_is_worked_out(change, of):
    assert lines(share_formula([("Max pooling", change)], of))[1] == (
        f"({significant(change)}) / ({significant(of)}) = {100 * change / of:.1f} %"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.04087, "0.04087"), (-0.5, "−0.5000"), (12.3456, "12.35"), (9999.6, "10,000")],
)
def test_numbers_have_four_significant_digits(value, text):
    assert significant(value) == text


@settings(max_examples=40)
@given(st.sampled_from([SAMPLE, RINGS]), shrinkings(), st.integers(1, 8))
def test_the_code_gives_what_is_on_screen(picture, shrinking, pixels):
    x = picture.fitted(42).tensor()
    outputs = run(pooling_code(picture, 42, shrinking))["outputs"]
    for way, values in shrinking.shrink(x).items():
        np.testing.assert_allclose(outputs[way][0].numpy(), values, rtol=1e-4, atol=2e-5)
    names = run(shift_code(picture, 42, shrinking, pixels))
    responses = shift_responses(shrinking, x, (0, pixels))
    for way in WAYS:
        on_screen = names["on_screen"][way][0].numpy()
        np.testing.assert_allclose(on_screen, responses[way].change.mean(0), atol=1e-4)
        assert names["share"][way] == pytest.approx(responses[way].share, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("view", ["side", "shift"])
def test_the_page_shows_the_code_of_its_settings(open_page, assert_fine, view):
    at = open_page(
        "pooling", pool_view=view, pool_kernel_size=3, pool_stride=2, pool_padding=1, pool_shift=3,
        pool_kernel="random",
    )  # fmt: skip
    assert_fine(at)
    names = run(shown_code(at))
    x = cnnviz.sample("cat").fitted(112).tensor()
    kernel = torch.tensor(np.array(cnnviz.kernel("random", 3)), dtype=torch.float32).expand(3, 1, 3, 3)
    expected = F.conv2d(x, kernel, stride=2, padding=1, groups=3)
    if view == "side":
        torch.testing.assert_close(names["outputs"]["strided"], expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(names["outputs"]["max"], F.max_pool2d(x, 3, 2, 1))
    else:
        moved = F.conv2d(torch.roll(x, 3, 3), kernel, stride=2, padding=1, groups=3)
        torch.testing.assert_close(names["change"]["strided"], moved - expected, rtol=1e-4, atol=1e-4)


def after_preset(open_page, assert_fine, label):
    """The page after a click on it, from settings that differ; its code, run."""
    at = open_page(
        "pooling", source="photo", photo="coffee", pool_view="pixels", pool_kernel_size=5, pool_stride=4,
        pool_padding=2, pool_kernel="random", pool_ceil_mode=True, pool_count_include_pad=False,
    )  # fmt: skip
    at.button(key=f"preset {label}").click().run()
    assert_fine(at)
    return run(shown_code(at))


def test_every_preset_shows_what_its_name_says(open_page, assert_fine):
    found = {label: after_preset(open_page, assert_fine, label) for label in PRESETS}
    outputs = [names.get("outputs") for names in found.values()]
    checkerboard, impulse, overlap, ceiling, padded = outputs[:5]
    assert (checkerboard["max"] == 1).all()
    torch.testing.assert_close(checkerboard["average"], torch.full((1, 3, 56, 56), 0.5))
    assert checkerboard["strided"].unique().numel() == 1
    assert impulse["max"].max() == 1
    assert impulse["average"].max() == pytest.approx(1 / 49)
    x = cnnviz.sample("cat").fitted(112).tensor()
    torch.testing.assert_close(overlap["max"], F.max_pool2d(x, 3, 2, 1))
    assert ceiling["max"].shape[2] == ceiling["strided"].shape[2] + 1
    border, unpadded = padded["average"], F.avg_pool2d(x, 7, 3, 3, count_include_pad=False)
    assert (border[..., 0, :] < 0.65 * unpadded[..., 0, :]).all()
    one, two = list(found.values())[5:]
    assert (one["after"]["max"][..., 1:] != one["before"]["max"][..., :-1]).any()
    torch.testing.assert_close(two["after"]["max"][..., 1:], two["before"]["max"][..., :-1])


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (7, 3, 2), (2, 7, 1)])
def test_the_answers_are_those_of_torch_and_mistakes_are_named(open_page, size, stride, padding, ceil_mode):
    at = open_expanders(
        open_page(
            "pooling",
            pool_kernel_size=size,
            pool_stride=stride,
            pool_padding=padding,
            pool_ceil_mode=ceil_mode,
        )
    )
    question = next(m.value for m in at.markdown if m.value.startswith("A map "))
    n = int(re.match(r"A map (\d+) pixels", question)[1])
    options = {"stride": stride, "padding": padding}
    answer = F.max_pool1d(torch.zeros(1, 1, n), size, ceil_mode=ceil_mode, **options).shape[2]
    wrong = F.max_pool1d(torch.zeros(1, 1, n), size, ceil_mode=not ceil_mode, **options).shape[2]
    weights = torch.nn.Conv2d(64, 64, size, bias=False).weight.numel()
    guesses = [
        ("pool_quiz_size", answer, f"**Right: {answer}.**"),
        ("pool_quiz_weights", weights, f"**Right: {weights}.**"),
        ("pool_quiz_weights", size * size, "that is one kernel"),
        ("pool_quiz_weights", 64 * size * size, "for every one of its 64 input channels"),
    ]
    if wrong != answer:
        words = "so round up" if ceil_mode else "so round down"
        guesses.append(("pool_quiz_size", wrong, words))
    for key, guess, words in guesses:
        at.number_input(key=f"{key}_guess").set_value(guess).run()
        assert any(words in m.value for m in at.markdown), (key, guess)


def test_the_shift_that_moves_a_map_is_asked_for(open_page):
    at = open_expanders(open_page("pooling", pool_view="shift", pool_stride=4, pool_kernel_size=3))
    for guess, words in ((12, "**Right: 12.**"), (3, "count in strides"), (9, "not the window")):
        at.number_input(key="pool_quiz_shift_guess").set_value(guess).run()
        assert any(words in m.value for m in at.markdown)


def test_a_picture_that_a_shift_leaves_as_it_is_divides_nothing_by_0(open_page, assert_fine):
    at = open_page(
        "pooling", pool_view="shift", pool_shift=4, source="pattern", pattern="checkerboard", pattern_period=4
    )
    assert_fine(at)
