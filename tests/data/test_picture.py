import dataclasses
import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from cnnviz.data.images import (
    MAX_SIDE,
    Picture,
    draw_pattern,
    encode_png,
    load_image,
    sample,
    sample_names,
)
from cnnviz.data.patterns import Pattern
from cnnviz.errors import CnnvizError

PIXELS = np.random.default_rng(1).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def smooth(height, width):
    """A picture of low frequencies, which survive resizing."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.stack([255 * x, 255 * y, 255 * (1 - x)], axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [
        PIXELS.astype(np.float32),
        PIXELS.astype(np.int64),
        PIXELS[..., 0],
        PIXELS[..., :2],
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
    ids=lambda pixels: f"{pixels.dtype}{pixels.shape}",
)
def test_only_rgb_bytes_make_a_picture(pixels):
    with pytest.raises(CnnvizError, match="uint8 pixels"):
        Picture(pixels, "x")


def test_a_picture_knows_its_size_and_name():
    picture = Picture(PIXELS, "mine", ("a note",))
    assert (picture.height, picture.width, picture.name, picture.notes) == (6, 9, "mine", ("a note",))


def test_pixels_cannot_be_written():
    picture = Picture(PIXELS, "x")
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        picture.pixels = PIXELS


def test_a_picture_does_not_change_with_the_array_it_was_made_from():
    source = PIXELS.copy()
    picture = Picture(source, "x")
    source[:] = 0
    np.testing.assert_array_equal(picture.pixels, PIXELS)


def test_equal_pixels_have_one_digest_whatever_their_name_and_layout_in_memory():
    digest = Picture(PIXELS, "x").digest
    assert Picture(PIXELS.copy(), "y", ("note",)).digest == digest
    assert Picture(np.asfortranarray(PIXELS), "x").digest == digest
    assert len(digest) == 64


def test_any_one_changed_value_changes_the_digest():
    digests = {Picture(PIXELS, "x").digest}
    for index in np.ndindex(PIXELS.shape):
        changed = PIXELS.copy()
        changed[index] ^= 1
        digests.add(Picture(changed, "x").digest)
    assert len(digests) == PIXELS.size + 1


def test_the_same_bytes_in_another_shape_have_another_digest():
    assert Picture(PIXELS, "x").digest != Picture(PIXELS.reshape(9, 6, 3), "x").digest


def test_tensor_is_the_pixels_from_0_to_1_channels_first():
    tensor = Picture(PIXELS, "x").tensor()
    assert (tensor.shape, tensor.dtype) == ((1, 3, 6, 9), torch.float32)
    np.testing.assert_array_equal(tensor[0].permute(1, 2, 0), PIXELS.astype(np.float32) / np.float32(255))


def test_white_is_1_and_black_is_0():
    picture = Picture(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8), "x")
    assert picture.tensor()[0, :, 0].tolist() == [[0, 1]] * 3


def test_writing_to_a_tensor_leaves_the_picture_alone():
    picture = Picture(PIXELS, "x")
    picture.tensor().zero_()
    np.testing.assert_array_equal(picture.pixels, PIXELS)


@pytest.mark.parametrize(
    ("height", "width", "long_side", "expected"),
    [
        (60, 90, 30, (20, 30)),
        (90, 60, 30, (30, 20)),
        (50, 50, 224, (224, 224)),
        (20, 1000, 100, (2, 100)),
        (1, 1000, 10, (1, 10)),
        (1000, 1, 10, (10, 1)),
    ],
)
def test_fitted_keeps_the_proportions(height, width, long_side, expected):
    fitted = Picture(smooth(height, width), "x", ("note",)).fitted(long_side)
    assert (fitted.height, fitted.width) == expected
    assert (fitted.name, fitted.notes) == ("x", ("note",))


def test_fitted_shows_the_whole_picture():
    fitted = Picture(smooth(60, 90), "x").fitted(30)
    assert np.abs(fitted.pixels.astype(int) - smooth(20, 30)).max() <= 8


def test_a_picture_that_fits_already_keeps_its_pixels():
    picture = Picture(PIXELS, "x")
    np.testing.assert_array_equal(picture.fitted(9).pixels, PIXELS)


@pytest.mark.parametrize(("height", "width"), [(6, 10), (10, 6), (7, 12), (5, 5)])
def test_centre_square_is_the_middle(height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Picture(pixels, "x").centre_square(side)
    np.testing.assert_array_equal(square.pixels, pixels[top : top + side, left : left + side])


def test_centre_square_is_resized_to_the_side_asked_for():
    square = Picture(smooth(60, 90), "x", ("note",)).centre_square(32)
    assert square.pixels.shape == (32, 32, 3)
    middle = np.linspace(255 * 15 / 89, 255 * 74 / 89, 32)
    assert np.abs(square.pixels[16, :, 0] - middle).max() <= 6
    assert (square.name, square.notes) == ("x", ("note",))


@pytest.mark.parametrize("resize", [Picture.fitted, Picture.centre_square])
@pytest.mark.parametrize("size", [0, -5])
@pytest.mark.parametrize("picture", [Picture(PIXELS, "x"), draw_pattern(Pattern("rings"), 16)])
def test_a_picture_without_pixels_is_refused(picture, size, resize):
    with pytest.raises(CnnvizError, match="smaller than one pixel"):
        resize(picture, size)


@pytest.mark.parametrize("resize", [Picture.fitted, Picture.centre_square])
@pytest.mark.parametrize("size", [31, 64, 300])
def test_a_pattern_is_drawn_anew_and_not_resized(size, resize):
    pattern = Pattern("checkerboard", period=6)
    resized = resize(draw_pattern(pattern, 100), size)
    np.testing.assert_array_equal(resized.pixels, draw_pattern(pattern, size).pixels)
    assert resized.pattern == pattern


@pytest.mark.parametrize("name", sample_names())
def test_every_photograph_is_there(name):
    picture = sample(name)
    assert picture.name == name
    assert 200 <= max(picture.height, picture.width) <= MAX_SIDE
    assert picture.pixels.std() > 10


def test_only_a_photograph_of_ours_says_that_it_is_one():
    photograph = sample("cat")
    for ours in (photograph, photograph.fitted(40), photograph.centre_square(40)):
        assert ours.is_sample
    for other in (
        load_image(encode_png(PIXELS), "cat"),
        draw_pattern(Pattern("rings")),
        Picture(PIXELS, "cat"),
    ):
        assert not other.is_sample
        assert not other.fitted(5).is_sample


def test_photographs_are_those_of_scikit_image():
    np.testing.assert_array_equal(sample("cat").pixels, skimage.data.chelsea())
    np.testing.assert_array_equal(sample("photographer").pixels[..., 1], skimage.data.camera())


def test_no_two_photographs_are_the_same():
    assert len({sample(name).digest for name in sample_names()}) == len(sample_names())


@pytest.mark.parametrize("name", ["dog", "", "Cat", "chelsea", "_SAMPLES"])
def test_an_unknown_photograph_is_answered_with_the_names_there_are(name):
    with pytest.raises(CnnvizError, match=f"no photograph named '{name}'.*cat, astronaut"):
        sample(name)


@pytest.mark.parametrize("pixels", [PIXELS, PIXELS[..., 0]], ids=["colour", "grey"])
def test_png_is_lossless(pixels):
    data = encode_png(pixels)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), pixels)
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    np.testing.assert_array_equal(load_image(data).pixels, colour)
