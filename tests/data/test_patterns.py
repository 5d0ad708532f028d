import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.data.images import draw_pattern
from cnnviz.data.patterns import Pattern, pattern_names
from cnnviz.errors import CnnvizError

SIZES = [1, 2, 7, 8, 33, 64]


def spectrum_peak(brightness):
    """(rows, columns) frequency of the strongest wave, in cycles per picture, columns ≥ 0."""
    spectrum = np.abs(np.fft.fft2(brightness - brightness.mean()))
    size = len(brightness)
    row, column = np.unravel_index(np.argmax(spectrum), spectrum.shape)
    frequencies = np.array([(i + size // 2) % size - size // 2 for i in (row, column)])
    return -frequencies if frequencies[1] < 0 else frequencies


@given(st.sampled_from(pattern_names()), st.integers(1, 70), st.floats(2, 100), st.floats(-720, 720))
def test_every_pattern_is_a_square_of_brightnesses(name, size, period, angle):
    brightness = Pattern(name, period, angle).draw(size)
    assert brightness.shape == (size, size)
    assert ((brightness >= 0) & (brightness <= 1)).all()


@pytest.mark.parametrize("size", SIZES)
def test_impulse_has_one_white_pixel_in_the_middle(size):
    brightness = Pattern("impulse").draw(size)
    assert np.argwhere(brightness).tolist() == [[size // 2, size // 2]]
    assert brightness.sum() == 1


@pytest.mark.parametrize("size", [2, 7, 8, 33, 64])
def test_step_edge_is_black_then_white(size):
    brightness = Pattern("step_edge").draw(size)
    assert (brightness[:, : size // 2] == 0).all()
    assert (brightness[:, size // 2 :] == 1).all()


@pytest.mark.parametrize("size", [2, 7, 8, 33, 64])
def test_gradient_rises_evenly_from_black_to_white(size):
    brightness = Pattern("gradient").draw(size)
    np.testing.assert_allclose(brightness, np.tile(np.linspace(0, 1, size), (size, 1)), atol=1e-12)


@pytest.mark.parametrize("period", [2, 4, 6, 12])
def test_checkerboard_repeats_after_a_period_and_inverts_after_half(period):
    brightness = Pattern("checkerboard", period).draw(49)
    half = period // 2
    assert set(np.unique(brightness)) == {0, 1}
    for picture in (brightness, brightness.T):
        np.testing.assert_array_equal(picture[period:], picture[:-period])
        np.testing.assert_array_equal(picture[half:], 1 - picture[:-half])


@pytest.mark.parametrize("period", [2.5, 5, 7])
def test_checkerboard_takes_periods_that_are_not_even(period):
    brightness = Pattern("checkerboard", period).draw(60)
    changes = (brightness[0, 1:] != brightness[0, :-1]).sum()
    assert changes == pytest.approx(60 / (period / 2), abs=1.5)


@pytest.mark.parametrize("period", [4, 6, 8, 12])
@pytest.mark.parametrize("angle", [0, 90])
def test_grating_has_its_period_exactly(period, angle):
    brightness = Pattern("grating", period, angle).draw(96)
    expected = [0, 96 // period] if angle == 0 else [96 // period, 0]
    assert np.abs(spectrum_peak(brightness)).tolist() == expected
    along = brightness if angle == 90 else brightness.T
    np.testing.assert_allclose(along[period:], along[:-period], atol=1e-9)
    np.testing.assert_allclose(along[:, 1:], along[:, :-1], atol=1e-9)


@pytest.mark.parametrize("angle", [-60, -30, 20, 45, 75, 135])
@pytest.mark.parametrize("period", [5.0, 8.0, 11.0])
def test_grating_has_its_period_and_angle(period, angle):
    size = 128
    expected = size / period * np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])
    expected = -expected if expected[1] < 0 else expected
    peak = spectrum_peak(Pattern("grating", period, angle).draw(size))
    assert np.abs(peak - expected).max() <= 1


def test_grating_is_white_in_the_middle():
    assert Pattern("grating", 9, 33).draw(40)[20, 20] == 1


@pytest.mark.parametrize("size", [7, 8, 33, 64])
def test_rings_look_the_same_from_all_four_sides(size):
    brightness = Pattern("rings", 6).draw(size)
    # An even square has one row and one column more before its middle than after it.
    around_the_middle = brightness if size % 2 else brightness[1:, 1:]
    np.testing.assert_allclose(np.rot90(around_the_middle), around_the_middle, atol=1e-12)
    np.testing.assert_allclose(around_the_middle.T, around_the_middle, atol=1e-12)
    assert around_the_middle.std() > 0.1


def test_rings_are_a_period_apart():
    outwards = Pattern("rings", 8).draw(65)[32, 32:]
    np.testing.assert_allclose(outwards[::8], 1)
    np.testing.assert_allclose(outwards[4::8], 0, atol=1e-12)


@pytest.mark.parametrize("name", pattern_names())
def test_a_drawn_pattern_is_grey_and_knows_how_it_was_drawn(name):
    pattern = Pattern(name, period=10, angle=25)
    picture = draw_pattern(pattern, 40)
    expected = np.round(pattern.draw(40) * 255)[..., None]
    np.testing.assert_array_equal(picture.pixels, np.repeat(expected, 3, axis=2))
    assert (picture.name, picture.pattern, picture.notes) == (name, pattern, ())


def test_patterns_differ():
    assert len({draw_pattern(Pattern(name)).digest for name in pattern_names()}) == len(pattern_names())


@pytest.mark.parametrize("name", ["stripes", "", "Rings"])
def test_an_unknown_pattern_is_answered_with_the_names_there_are(name):
    with pytest.raises(CnnvizError, match=f"no pattern named '{name}'.*impulse, step_edge"):
        Pattern(name)


@pytest.mark.parametrize("period", [1.9, 0, -4, float("nan"), float("inf")])
def test_a_period_below_two_pixels_is_refused(period):
    with pytest.raises(CnnvizError, match="period of at least 2 pixels"):
        Pattern("grating", period)


@pytest.mark.parametrize("angle", [float("nan"), float("inf")])
def test_an_endless_angle_is_refused(angle):
    with pytest.raises(CnnvizError, match="finite angle"):
        Pattern("grating", 12, angle)


@pytest.mark.parametrize("name", pattern_names())
@pytest.mark.parametrize("size", [0, -1])
def test_a_pattern_without_pixels_is_refused(name, size):
    with pytest.raises(CnnvizError, match="smaller than one pixel"):
        draw_pattern(Pattern(name), size)
