"""Maps as pixels, charts and files."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz.analysis.layers.activations import CHANNEL_ORDERS, FeatureMaps
from cnnviz.figures.channels import channel_bars
from cnnviz.figures.downloads import maps_npz, output_npz, output_png, wall_png
from cnnviz.figures.maps import map_limits, strongest_unit, wall_pixels
from cnnviz.figures.theme import scale
from cnnviz.ops.filtering import FilteredPicture
from cnnviz.ops.geometry import Window

GAP = 2


def random_maps(channels, height, width, seed=0):
    return np.random.default_rng(seed).normal(size=(channels, height, width)).astype(np.float32)


def found_tiles(wall, values, limits, zoom, columns):
    """Each map cut out of the wall at its place, at its own size again."""
    height, width = values.shape[1:]
    for index in range(len(values)):
        top = GAP + index // columns * (height * zoom + GAP)
        left = GAP + index % columns * (width * zoom + GAP)
        tile = wall[top : top + height * zoom, left : left + width * zoom]
        yield tile, scale("activation").paint(values[index], float(limits[index]))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_every_map_stands_at_its_place_enlarged_by_a_whole_factor(channels, height, width):
    values = random_maps(channels, height, width)
    limits = map_limits(values)
    wall = wall_pixels(values, limits, tile=24)
    zoom = max(1, -(-24 // max(height, width)))
    columns = (wall.shape[1] - GAP) // (width * zoom + GAP)
    assert columns * (width * zoom + GAP) + GAP == wall.shape[1]
    assert -(-channels // columns) * (height * zoom + GAP) + GAP == wall.shape[0]
    for tile, painted in found_tiles(wall, values, limits, zoom, columns):
        np.testing.assert_array_equal(tile[::zoom, ::zoom], painted)
        np.testing.assert_array_equal(tile, painted.repeat(zoom, 0).repeat(zoom, 1))


def test_a_wall_is_nearly_square_and_white_between_the_maps():
    wall = wall_pixels(random_maps(64, 10, 10), np.ones(64), tile=10)
    assert wall.shape == (8 * 12 + 2, 8 * 12 + 2, 3)
    assert (wall[:2] == 255).all() and (wall[:, -2:] == 255).all() and (wall[12:14] == 255).all()


def test_a_wall_takes_the_colours_it_is_given():
    wall = wall_pixels(np.zeros((1, 1, 1)), np.ones(1), scale("weight", "dark"), tile=1)
    np.testing.assert_array_equal(wall[GAP, GAP], scale("weight", "dark").colours[127])


def test_limits_are_each_maps_own_or_one_for_all():
    values = np.stack([np.full((2, 2), -3.0), np.full((2, 2), 0.5), np.zeros((2, 2))])
    assert map_limits(values).tolist() == [3, 0.5, 0]
    assert map_limits(values, 7.0).tolist() == [7, 7, 7]


def test_the_strongest_unit_is_the_one_of_greatest_magnitude():
    feature_map = np.zeros((4, 6))
    feature_map[1, 2], feature_map[3, 5] = 2, -9
    assert strongest_unit(feature_map) == (3, 5)


def test_maps_come_back_from_their_file_as_they_were():
    maps = FeatureMaps.of("layer1.0.conv2", random_maps(5, 4, 3))
    with np.load(io.BytesIO(maps_npz(maps)), allow_pickle=False) as file:
        assert list(file) == ["layer1.0.conv2"]
        assert file["layer1.0.conv2"].dtype == np.float32
        np.testing.assert_array_equal(file["layer1.0.conv2"], maps.values)


@pytest.mark.parametrize("order", CHANNEL_ORDERS)
@pytest.mark.parametrize("limit", [None, 4.0])
def test_the_wall_as_a_file_is_ordered_and_scaled_as_asked(order, limit):
    maps = FeatureMaps.of("conv1", np.maximum(random_maps(9, 8, 8), 0))
    with Image.open(io.BytesIO(wall_png(maps, order, limit))) as picture:
        assert picture.format == "PNG"
        wall = np.asarray(picture)
    values = maps.values[maps.ranked(order)]
    for tile, painted in found_tiles(wall, values, map_limits(values, limit), 8, 3):
        np.testing.assert_array_equal(tile[::8, ::8], painted)


def filtered(channels=3):
    pixels = np.random.default_rng(1).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    output = random_maps(channels, 4, 5)
    return FilteredPicture(pixels, output, Window(3), Window(3), float(np.abs(output).max()))


def test_a_convolution_comes_back_from_its_file_as_it_was():
    result = filtered()
    with np.load(io.BytesIO(output_npz(result)), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["input"], result.pixels)
        np.testing.assert_array_equal(file["output"], result.output)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_convolution_as_a_picture_has_all_channels_on_one_scale(channels):
    result = filtered(channels)
    with Image.open(io.BytesIO(output_png(result))) as picture:
        wall = np.asarray(picture)
    zoom = 360 // 5
    columns = (wall.shape[1] - GAP) // (5 * zoom + GAP)
    for tile, painted in found_tiles(wall, result.output, np.full(channels, result.limit), zoom, columns):
        np.testing.assert_array_equal(tile[::zoom, ::zoom], painted)


@pytest.mark.parametrize("order", CHANNEL_ORDERS)
def test_the_bars_are_the_channels_of_the_wall_in_its_order(order):
    maps = FeatureMaps.of("conv1", np.maximum(random_maps(12, 5, 5, seed=4), 0))
    figure = channel_bars(maps, order)
    (bars,) = figure.data
    channels = maps.ranked(order)
    assert list(bars.x) == [str(channel) for channel in channels]
    values = {"index": maps.mean, "mean": maps.mean, "max": maps.maximum}.get(order)
    values = getattr(maps, order) if values is None else values
    np.testing.assert_array_equal(bars.y, values[channels])
    assert figure.layout.xaxis.title.text == "Channel"
    assert figure.layout.yaxis.title.text
    assert figure.layout.xaxis.type == "category"


def test_bars_in_the_order_of_a_statistic_fall_from_left_to_right():
    maps = FeatureMaps.of("conv1", random_maps(20, 5, 5))
    for order in ("mean", "max", "variance"):
        assert (np.diff(channel_bars(maps, order).data[0].y) <= 0).all()
