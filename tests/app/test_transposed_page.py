"""The page "Transposed convolution": its numbers are PyTorch's, its words are true for every setting."""

import csv
import io
import itertools
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import cnnviz
from cnnviz.figures.tables import csv_file
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import inner_overlap
from cnnviz.ops.upsampling import stamp
from cnnviz.ui.transposed.lab import Enlargement, overlap_text, size_mistakes
from cnnviz.ui.transposed.snippets import transposed_code
from cnnviz.ui.widgets.quiz import diagnose
from tests.app.running import open_expanders, run, shown_code

SAMPLE = cnnviz.sample("coffee")
RINGS = cnnviz.draw_pattern(cnnviz.Pattern("rings"))
STAMPS = ("ones", "bilinear", "random")


@st.composite
def reachable(draw):
    """A setting that the page's controls can reach: window, output padding."""
    size, stride, dilation = (draw(st.integers(1, top)) for top in (6, 4, 3))
    padding = draw(st.integers(0, max(0, (size - 1) // 2)))
    return Window(size, stride, padding, dilation), draw(st.integers(0, max(stride, dilation) - 1))


def every_window():
    return [
        Window(size, stride, dilation=dilation)
        for size, stride, dilation in itertools.product(range(1, 7), range(1, 5), range(1, 4))
    ]


def inner_counts(window):
    """A period of stamps on ones, by PyTorch."""
    k = torch.ones(1, 1, window.kernel_size, window.kernel_size)
    counts = F.conv_transpose2d(torch.ones(1, 1, 24, 24), k, stride=window.stride, dilation=window.dilation)
    start = window.effective_kernel_size
    return counts[0, 0, start : start + window.stride, start : start + window.stride].round().int()


@pytest.mark.parametrize("window", every_window(), ids=str)
def test_the_overlaps_in_words_are_those_of_torch(window):
    inside = inner_counts(window)
    low, high = int(inside.min()), int(inside.max())
    least, most = inner_overlap(window)
    assert (least**2, most**2) == (low, high)
    words = overlap_text(window)
    assert ("equally many" in words) == (low == high)
    assert ("**gaps**" in words) == (low == 0)
    if "unevenly" in words:
        assert f"from {least}·{least} to {most}·{most}" in words
        for size in map(int, re.search(r"A kernel of (\d+) or (\d+)", words).groups()):
            even = inner_counts(Window(size, window.stride, dilation=window.dilation))
            assert even.min() == even.max()


@settings(max_examples=60)
@given(st.sampled_from([SAMPLE, RINGS]), reachable(), st.sampled_from(STAMPS))
def test_the_code_gives_the_panels(picture, setting, name):
    window, output_padding = setting
    weights = stamp(name, window.kernel_size, window.stride)
    shown = Enlargement.of(picture, (window, name), output_padding)
    names = run(transposed_code(picture, 42, weights, window, output_padding))
    panels = {panel.title: panel.values for panel in shown.panels()}
    for title, key in {"Input": "x", "Transposed convolution": "transposed"}.items():
        np.testing.assert_allclose(names[key][0], panels[title], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(names["resized"][0], panels["Resize, then convolve"], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(names["counts"][0].round(), panels["Stamps on each pixel"])
    assert float(names["ripple"]) == pytest.approx(shown.result.ripple, abs=1e-5)


@settings(max_examples=40)
@given(reachable(), st.sampled_from(STAMPS))
def test_the_words_under_the_panels_are_true(setting, name):
    window, output_padding = setting
    shown = Enlargement.of(RINGS, (window, name), output_padding)
    panels = {panel.title: panel for panel in shown.panels()}
    made = panels["Transposed convolution"]
    assert made.limit == max(1, made.values.max())
    assert ("White is" in made.words) == (made.values.max() > 1)
    assert ("stays even" in made.words) == (shown.result.ripple < 1e-6)
    counts = panels["Stamps on each pixel"].values[0]
    words = panels["Stamps on each pixel"].words
    assert words.startswith(
        f"{counts.min():.0f} on every pixel"
        if np.ptp(counts) == 0
        else f"From {counts.min():.0f} to {counts.max():.0f}."
    )
    assert ("Fewer at the border" in words) == (counts.min() < int(inner_counts(window).min()))


@settings(max_examples=30)
@given(reachable())
def test_the_table_is_that_of_the_panels(setting):
    window, output_padding = setting
    shown = Enlargement.of(SAMPLE, (window, "random"), output_padding)
    rows = list(csv.DictReader(io.StringIO(csv_file(shown.rows()).decode(), newline="")))
    for row, panel in zip(rows, shown.panels(), strict=True):
        assert row["panel"] == panel.title
        assert (int(row["height (pixels)"]), int(row["width (pixels)"])) == panel.values.shape[1:]
        assert float(row["smallest"]) == pytest.approx(float(panel.values.min()))
        assert float(row["largest"]) == pytest.approx(float(panel.values.max()))
    assert float(rows[1]["ripple of an even input (share of its mean)"]) == shown.result.ripple


def counted_macs(compute):
    with FlopCounterMode(display=False) as counter:
        compute()
    return counter.get_total_flops() // 2


@pytest.mark.parametrize(
    "setting",
    [
        {"up_kernel_size": 3, "up_stride": 2},
        {"up_kernel_size": 4, "up_stride": 3, "up_padding": 1, "up_dilation": 2, "up_output_padding": 2},
        {"up_kernel_size": 1, "up_stride": 1},
        {"up_kernel_size": 6, "up_stride": 4, "up_padding": 2, "up_dilation": 3, "up_output_padding": 3},
    ],
)
def test_the_formulas_state_what_torch_does(open_page, assert_fine, shown_facts, setting):
    assert_fine(open_page("transposed_convolution", **setting))
    k, s, p, d, o = (
        setting.get(f"up_{name}", default)
        for name, default in zip(
            ("kernel_size", "stride", "padding", "dilation", "output_padding"), (3, 2, 0, 1, 0), strict=True
        )
    )
    x = cnnviz.sample("cat").fitted(42).tensor()
    weight = torch.ones(3, 1, k, k)

    def stamped():
        return F.conv_transpose2d(x, weight, None, s, p, o, 3, d)

    n, *sizes = shown_facts["Output size"]
    assert n == "(n − 1)s − 2p + d(k − 1) + o + 1"
    for line, before, after in zip(sizes, x.shape[2:], stamped().shape[2:], strict=True):
        assert line == f"({before} − 1)·{s} − 2·{p} + {d}·({k} − 1) + {o} + 1 = {after}"
    weights, _, macs, _, macs_resized = shown_facts["Cost, each channel by itself"]
    assert weights.endswith(f" = {k * k}")
    assert macs.endswith(f" = {counted_macs(stamped):,}")
    larger = torch.nn.functional.pad(F.interpolate(x, scale_factor=s), (0, d * (k - 1)) * 2)
    convolved = counted_macs(lambda: F.conv2d(larger, weight, dilation=d, groups=3))
    assert macs_resized.endswith(f" = {convolved:,}")


@given(reachable(), st.integers(-1, 60))
def test_only_the_right_size_is_called_right(setting, guess):
    window, output_padding = setting
    answer = F.conv_transpose2d(
        torch.ones(1, 1, 1, 10),
        torch.ones(1, 1, 1, window.kernel_size),
        stride=(1, window.stride),
        padding=(0, window.padding),
        output_padding=(0, output_padding),
        dilation=(1, window.dilation),
    ).shape[-1]
    mistakes = size_mistakes(window, output_padding, 10)
    said = diagnose(guess, answer, mistakes)
    assert ("Right" in said) == (guess == answer)
    for words, number in mistakes.items():
        assert (words in said) == (number == guess != answer)


def test_each_mistake_is_what_it_says():
    # Made by hand, at a setting where all letters count.
    k, s, p, d, o, n = 5, 3, 2, 2, 1, 10
    mistakes = size_mistakes(Window(k, s, p, d), o, n)
    assert sorted(mistakes.values()) == sorted(
        [
            n * s,
            (n + 2 * p - d * (k - 1) - 1) // s + 1,
            n * s - 2 * p + d * (k - 1) + o + 1,
            (n - 1) * s + 2 * p + d * (k - 1) + o + 1,
            (n - 1) * s - p + d * (k - 1) + o + 1,
            (n - 1) * s + d * (k - 1) + o + 1,
            (n - 1) * s - 2 * p + (k - 1) + o + 1,
            (n - 1) * s - 2 * p + d * (k - 1) + 1,
            (n - 1) * s - 2 * p + d * (k - 1) + o,
        ]
    )


@pytest.mark.parametrize(
    ("guess", "words"),
    [(21, "**Right: 21.**"), (20, "multiplies by the stride only, or you left out the + 1"),
     (4, "the size of a convolution"), (23, "n − 1 steps"), (99, "smaller than 99")],
)  # fmt: skip
def test_a_wrong_size_is_diagnosed(open_page, guess, words):
    at = open_expanders(open_page("transposed_convolution"))
    at.number_input(key="up_quiz_guess").set_value(guess).run()
    assert any(words in m.value for m in at.markdown)


def test_the_choices_about_overlaps_are_true(open_page):
    at = open_expanders(open_page("transposed_convolution"))
    radio = at.radio(key="up_overlap_quiz_guess")
    right = []
    for option in radio.options:
        at.radio(key="up_overlap_quiz_guess").set_value(option).run()
        right += [option for m in at.markdown if m.value.startswith("**Right:**")]
    assert right == ["A stamp of 6×6 ones"]
    assert inner_counts(Window(6, 2)).unique().tolist() == [9]
    assert inner_counts(Window(3, 2)).unique().tolist() == [1, 2, 4]
    assert inner_counts(Window(5, 3)).unique().tolist() == [1, 2, 4]


def test_each_preset_shows_what_its_name_says(open_page, assert_fine):
    at = open_page("transposed_convolution", up_view="picture")
    expected = {
        "Kernel 3: checkerboard": (1.0, False),
        "Kernel 4: even": (0.0, False),
        "Weights that even it out": (0.0, False),
        "Random: uneven again": (None, False),
        "Kernel 2, stride 3: gaps": (None, True),
        "Dilation 2: gaps": (None, True),
    }
    labels = [b.label for b in at.button if b.key and b.key.startswith("preset ")]
    assert labels == list(expected)
    for label, (ripple, gaps) in expected.items():
        at.button(key=f"preset {label}").click().run()
        assert_fine(at)
        names = run(shown_code(at))
        assert (names["ripple"] > 0.01) == (ripple != 0.0)
        assert (names["counts"].min() == 0) == gaps


def test_the_page_shows_its_code(open_page, assert_fine):
    at = open_page(
        "transposed_convolution",
        source="pattern", pattern="grating", pattern_period=9, pattern_angle=35,
        up_stamp="random", up_kernel_size=5, up_stride=3, up_padding=1, up_dilation=2, up_output_padding=1,
    )  # fmt: skip
    assert_fine(at)
    picture = cnnviz.draw_pattern(cnnviz.Pattern("grating", 9, 35))
    expected = F.conv_transpose2d(
        picture.fitted(42).tensor(),
        torch.tensor(stamp("random", 5, 3).copy()).float().expand(3, 1, 5, 5),
        None, 3, 1, 1, 3, 2,
    )  # fmt: skip
    torch.testing.assert_close(run(shown_code(at))["transposed"], expected, rtol=1e-5, atol=1e-5)
