"""The colour scales: zero looks like nothing, more looks like more, and both themes agree on it."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnviz.figures.theme import GROUNDS, STEPS, plain_layout, scale

SIGNED = ("activation", "weight")
MIDDLE = STEPS // 2
CONFIG = Path(__file__).resolve().parents[2] / ".streamlit/config.toml"

every_scale = pytest.mark.parametrize(
    ("name", "ground"), [(name, ground) for name in SIGNED for ground in GROUNDS]
)


def background(ground):
    colour = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][ground]["backgroundColor"]
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(float)


def lightness(colours):
    """CIE L*, 0 to 100."""
    linear = np.asarray(colours, dtype=float) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


@every_scale
def test_zero_has_the_middle_colour_and_the_limits_the_ends(name, ground):
    colours = scale(name, ground)
    painted = colours.paint(np.array([[-2.0, 0.0, 2.0]]), 2.0)[0]
    np.testing.assert_array_equal(painted, colours.colours[[0, MIDDLE, STEPS - 1]])
    assert STEPS % 2 == 1


@every_scale
def test_zero_lies_near_the_pages_background(name, ground):
    middle = scale(name, ground).colours[MIDDLE].astype(float)
    assert np.abs(middle - background(ground)).max() <= 16
    assert abs(lightness(middle) - lightness(background(ground))) < 5


@every_scale
def test_away_from_zero_each_side_moves_steadily_away_from_the_background(name, ground):
    values = lightness(scale(name, ground).colours)
    away = values[MIDDLE] - values if ground == "light" else values - values[MIDDLE]
    for side in (away[MIDDLE:], away[MIDDLE::-1]):
        assert (np.diff(side) >= -0.6).all()  # rounding to 8 bits may cost a little
        assert side[-1] > 40


@every_scale
def test_both_ends_are_about_equally_far_from_zero(name, ground):
    values = lightness(scale(name, ground).colours)
    assert abs(values[0] - values[-1]) < 25  # ColorBrewer's orange ends a little lighter than its purple


@every_scale
def test_positive_and_negative_are_told_apart_everywhere_but_near_zero(name, ground):
    colours = scale(name, ground).colours.astype(float)
    distance = np.linalg.norm(colours - colours[::-1], axis=1)
    assert (distance[: MIDDLE - 24] > 25).all()


@pytest.mark.parametrize("ground", GROUNDS)
def test_an_activation_is_blue_above_zero_and_red_below(ground):
    colours = scale("activation", ground).colours.astype(int)
    for step in (30, 60, 90):
        red, _, blue = colours[MIDDLE + step]
        assert blue > red
        red, _, blue = colours[MIDDLE - step]
        assert red > blue


@given(
    values=arrays(np.float32, (4, 5), elements=st.floats(-1e6, 1e6, width=32)),
    limit=st.floats(1e-3, 1e6),
)
def test_opposite_values_get_opposite_places_on_the_scale(values, limit):
    colours = scale("activation")
    place = {tuple(colour): index for index, colour in reversed(list(enumerate(colours.colours.tolist())))}
    up, down = colours.paint(values, limit), colours.paint(-values, limit)
    for one, other in zip(up.reshape(-1, 3).tolist(), down.reshape(-1, 3).tolist(), strict=True):
        assert abs(place[tuple(one)] + place[tuple(other)] - (STEPS - 1)) <= 4  # equal colours share a place


@given(values=arrays(np.float32, (30,), elements=st.floats(-3, 3, width=32)))
def test_a_greater_value_never_gets_a_lower_place(values):
    ramp = scale("activation")
    ramp = type(ramp)(ramp.name, ramp.ground, np.repeat(np.arange(STEPS)[:, None], 3, axis=1))
    places = ramp.paint(np.sort(values), 2.0)[:, 0]
    assert (np.diff(places) >= 0).all()
    assert np.abs(places - (MIDDLE + MIDDLE * np.clip(np.sort(values) / 2, -1, 1))).max() <= 0.5001


def test_a_limit_of_zero_and_numbers_that_are_none_are_painted_as_zero():
    colours = scale("weight", "dark")
    zero = colours.colours[MIDDLE]
    assert (colours.paint(np.array([1.0, -1.0, 0.0]), 0.0) == zero).all()
    with np.errstate(invalid="ignore"):
        painted = colours.paint(np.array([np.nan, np.inf, -np.inf]), 1.0)
    np.testing.assert_array_equal(painted, [zero, colours.colours[-1], colours.colours[0]])


def test_a_scale_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        scale("weight").colours[0, 0] = 1


def test_figures_have_titles_on_both_axes_and_no_ground_of_their_own():
    layout = plain_layout("Channel", "Mean")
    assert (layout["xaxis"]["title"], layout["yaxis"]["title"]) == ("Channel", "Mean")
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
