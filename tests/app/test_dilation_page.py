"""The dilation page: what it says in numbers and what its code gives, held against PyTorch."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnviz
from cnnviz.ops.coverage import stack_coverage
from cnnviz.ops.geometry import Window
from cnnviz.ui.components.equations import as_text
from cnnviz.ui.dilation.facts import holes_text
from cnnviz.ui.dilation.formulas import effective_size_formula, stack_field_formula, stack_weights_formula
from cnnviz.ui.dilation.presets import PRESETS
from cnnviz.ui.dilation.snippets import stack_code
from tests.app.running import open_expanders, run, shown_code

rates = st.lists(st.integers(1, 8), min_size=1, max_size=5)


def final(equations):
    return int(as_text(equations[-1][1]).rpartition(" = ")[2].replace(",", ""))


def read_by_one_unit(layers):
    """Which pixels of a large input have a gradient to a unit near its middle, one axis at a time."""
    x = torch.zeros(1, 1, 101, dtype=torch.float64, requires_grad=True)
    y = x
    for rate in layers:
        y = F.conv1d(y, torch.ones(1, 1, 3, dtype=torch.float64), dilation=rate)
    y[0, 0, y.shape[2] // 2].backward()
    return x.grad[0, 0]


def field(layers):
    read = read_by_one_unit(layers).nonzero()
    return int(read[-1] - read[0]) + 1, len(read)


@given(rates)
def test_the_field_and_the_weights_in_numbers_are_those_of_torch(layers):
    assert final(stack_field_formula(layers)) == field(layers)[0]
    stack = torch.nn.Sequential(*(torch.nn.Conv2d(1, 1, 3, dilation=rate, bias=False) for rate in layers))
    assert final(stack_weights_formula(len(layers))) == sum(p.numel() for p in stack.parameters())


@given(st.integers(2, 5), st.integers(1, 9))
def test_the_span_in_numbers_is_what_a_kernel_takes_off_a_picture(size, dilation):
    lost = 60 - F.conv1d(torch.zeros(1, 1, 60), torch.ones(1, 1, size), dilation=dilation).shape[2]
    assert final(effective_size_formula(Window(size, dilation=dilation))) == lost + 1


@given(rates)
def test_the_holes_in_words_are_those_of_torch(layers):
    size, read = field(layers)
    said = holes_text(layers, stack_coverage([Window(3, dilation=rate) for rate in layers]))
    assert said.startswith("none") == (read == size)
    if read < size:
        assert f"{read * read:,} of {size}·{size}" in said
        assert f"{size * size - read * read:,} never" in said
    common = math.gcd(*layers)
    assert ("separate grids" in said) == (common > 1)
    if common > 1:
        assert f"{common**2} separate grids" in said
        assert set(np.diff(read_by_one_unit(layers).nonzero()[:, 0])) <= set(range(common, 90, common))


@settings(max_examples=25)
@given(rates)
def test_the_code_counts_the_paths_on_screen(layers):
    names = run(stack_code(layers))
    assert len(names["maps"]) == len(layers)
    for index, counts in enumerate(names["maps"], start=1):
        coverage = stack_coverage([Window(3, dilation=rate) for rate in layers[:index]])
        np.testing.assert_array_equal(counts.numpy(), coverage.map())
        assert names["never_read"][index - 1] == coverage.pixels_never_read
        assert coverage.pixels_read + coverage.pixels_never_read == coverage.size**2


def test_the_page_shows_the_code_of_its_settings(open_page, assert_fine):
    at = open_page("dilation", dil_layers=4, dil_rate1=1, dil_rate2=3, dil_rate3=8, dil_rate4=5)
    assert_fine(at)
    assert run(shown_code(at))["rates"] == [1, 3, 8, 5]
    at = open_page("dilation", dil_view="picture", dil_kernel_size=4, dil_dilation=7, dil_kernel="box")
    assert_fine(at)
    y = run(shown_code(at))["y"]
    luma = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    x = (cnnviz.sample("cat").fitted(168).tensor() * luma).sum(1, keepdim=True)
    torch.testing.assert_close(
        y, F.conv2d(x, torch.full((1, 1, 4, 4), 1 / 16), dilation=7), atol=1e-5, rtol=0
    )


def test_every_preset_shows_what_its_name_says(open_page, assert_fine):
    stacks = 0
    for label, preset in PRESETS.items():
        at = open_page("dilation", dil_view="picture", dil_kernel="gaussian", dil_dilation=1, dil_layers=5)
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        for key, value in preset.items():
            assert at.session_state[key] == value
        if preset["dil_view"] != "stack":
            continue
        stacks += 1
        layers = run(shown_code(at))["rates"]
        assert label.startswith(f"Rates {', '.join(map(str, layers))}: ")
        size, read = field(layers)
        if "no holes" in label:
            assert read == size == int(re.search(r"(\d+) wide", label)[1])
        elif "holes" in label:
            assert read < size
    assert stacks == 5
    assert field([4]) == (9, 3)


def quiz(at, key, guess):
    at.number_input(key=f"{key}_guess").set_value(guess).run()
    return " ".join(m.value for m in at.markdown)


@pytest.mark.parametrize("layers", [(2, 2, 2), (1, 2, 5), (8,), (1, 1, 1, 1)])
def test_the_field_after_one_more_layer_is_asked_for(open_page, layers):
    settings = {f"dil_rate{index}": rate for index, rate in enumerate(layers, start=1)}
    at = open_expanders(open_page("dilation", dil_layers=len(layers), **settings))
    question = next(m.value for m in at.markdown if m.value.startswith("One more"))
    d = int(re.search(r"dilation (\d+)", question)[1])
    answer = field([*layers, d])[0]
    assert f"**Right: {answer}.**" in quiz(at, "dil_quiz", answer)
    assert "without the new layer" in quiz(at, "dil_quiz", field(layers)[0])
    assert "not d·k" in quiz(at, "dil_quiz", field(layers)[0] + 3 * d)
    assert "smaller than 400" in quiz(at, "dil_quiz", 400)


@pytest.mark.parametrize("view", ["picture", "pixels"])
@pytest.mark.parametrize(("size", "dilation"), [(3, 2), (5, 8), (2, 1)])
def test_the_span_of_another_dilation_is_asked_for(open_page, view, size, dilation):
    at = open_expanders(open_page("dilation", dil_view=view, dil_kernel_size=size, dil_dilation=dilation))
    question = next(m.value for m in at.markdown if m.value.startswith("The same"))
    d = int(re.search(r"dilation (\d+)", question)[1])
    assert d != dilation
    taps = torch.zeros(1, 1, 101, requires_grad=True)
    F.conv1d(taps, torch.ones(1, 1, size), dilation=d)[0, 0, 20].backward()
    read = taps.grad[0, 0].nonzero()
    answer = int(read[-1] - read[0]) + 1
    assert f"**Right: {answer}.**" in quiz(at, "dil_span_quiz", answer)
    assert "you used k·d" in quiz(at, "dil_span_quiz", size * d)
    assert "you forgot the + 1" in quiz(at, "dil_span_quiz", answer - 1)
