import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import PIXELS, encode, oriented, png, png_chunk, small_files
from PIL import Image

from cnnviz.data.images import MAX_SIDE, Picture, load_image
from cnnviz.errors import CnnvizError

FILES = small_files()


def zipped_text(size):
    return png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * size))


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_lossless_file_gives_exactly_its_pixels(file_format, options):
    picture = load_image(encode(PIXELS, file_format, **options), name="mine")
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert (picture.name, picture.notes, picture.pattern) == ("mine", (), None)


def test_a_gif_gives_its_palette_colours():
    stripes = np.zeros((4, 6, 3), np.uint8)
    stripes[:, :2], stripes[:, 2:4], stripes[:, 4:] = (255, 0, 0), (0, 128, 0), (10, 20, 30)
    picture = load_image(encode(Image.fromarray(stripes).quantize(8), "GIF"))
    np.testing.assert_array_equal(picture.pixels, stripes)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "MPO"])
def test_a_lossy_file_is_close_to_its_pixels(file_format):
    smooth = np.asarray(Image.fromarray(PIXELS[:4, :4]).resize((64, 48), Image.Resampling.BICUBIC))
    picture = load_image(encode(smooth, file_format, quality=95))
    assert np.abs(picture.pixels.astype(int) - smooth).mean() < 4
    assert picture.notes == ()


def test_a_path_gives_the_file_its_name(tmp_path):
    path = tmp_path / "holiday.png"
    path.write_bytes(encode(PIXELS, "PNG"))
    for source in (path, str(path)):
        picture = load_image(source)
        assert picture.name == "holiday.png"
        np.testing.assert_array_equal(picture.pixels, PIXELS)


def test_the_content_counts_and_not_the_extension(tmp_path):
    path = tmp_path / "really_a_bitmap.png"
    path.write_bytes(encode(PIXELS, "BMP"))
    np.testing.assert_array_equal(load_image(path).pixels, PIXELS)


BAD = {
    "zero bytes": (b"", "is empty: it holds 0 bytes"),
    "text": (b"This is my shopping list.\nMilk\n", "is not a picture"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", "is not a picture"),
    "the PNG signature alone": (b"\x89PNG\r\n\x1a\n", "not a picture|damaged"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "SVG with an XML head": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg/>', "SVG"),
    "SVG after blank lines": (b"\n\n  <SVG/>", "SVG"),
    "HEIC": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
    "HEIC of another brand": (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "HEIC"),
    "AVIF": (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1", "AVIF"),
    "a truncated JPEG": (FILES["jpeg"][: len(FILES["jpeg"]) * 2 // 3], "damaged or cut short"),
    "a truncated PNG": (FILES["png"][: len(FILES["png"]) * 2 // 3], "damaged or cut short"),
    "a truncated TIFF": (FILES["tiff"][: len(FILES["tiff"]) * 2 // 3], "not a picture|damaged or cut short"),
    "60,000×60,000": (png(60_000, 60_000), "40 megapixels"),
    "7,000×6,000": (png(7000, 6000), "7,000×6,000 pixels, more than 40 megapixels"),
    "10,000×10,000": (png(10_000, 10_000), "40 megapixels"),
    "a row too many": (png(8000, 5001), "more than 40 megapixels"),
    "exactly 40 megapixels, but no data": (png(8000, 5000), "damaged or cut short"),
    "a text bomb": (png(8, 8, extra=zipped_text(20_000_000)), "damaged"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_one_plain_sentence(kind):
    data, words = BAD[kind]
    with pytest.raises(CnnvizError, match=words) as caught:
        load_image(data, name="upload.png")
    message = str(caught.value)
    assert message.startswith("upload.png ")
    assert message.endswith(".") and "\n" not in message and len(message) < 120


@pytest.mark.parametrize("kind", ["zero bytes", "text", "a truncated PNG"])
def test_a_bad_file_on_disk_is_refused_by_its_name(kind, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(BAD[kind][0])
    with pytest.raises(CnnvizError, match=f"^broken.png .*{BAD[kind][1]}"):
        load_image(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(CnnvizError, match=r"^gone.png cannot be read: No such file"):
        load_image(tmp_path / "gone.png")
    with pytest.raises(CnnvizError, match=r"cannot be read: Is a directory"):
        load_image(tmp_path)


def test_a_picture_just_below_the_limit_is_taken():
    rows = b"".join(b"\0" + b"\xaa" * 1000 for _ in range(5000))
    picture = load_image(png(8000, 5000, rows=rows))
    assert picture.pixels.shape == (640, 1024, 3)
    assert picture.notes == ("made smaller, from 5000×8000 pixels",)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(file_format):
    ramp = np.linspace(0, 65535, 256 * 4).round().astype(np.uint16).reshape(4, 256)
    picture = load_image(encode(ramp, file_format))
    error = picture.pixels / 255.0 - (ramp / 65535.0)[..., None]
    assert np.abs(error).max() <= 0.5 / 255 + 1e-9
    assert picture.notes == ("16-bit grey brought to 8 bits",)


def test_big_endian_16_bit_tiff_reads_the_same():
    ramp = np.arange(0, 60000, 1000, dtype=np.uint16).reshape(6, 10)
    image = Image.frombytes("I;16B", (10, 6), ramp.astype(">u2").tobytes())
    big_endian = load_image(encode(image, "TIFF"))
    np.testing.assert_array_equal(big_endian.pixels, load_image(encode(ramp, "TIFF")).pixels)


def test_32_bit_grey_beyond_16_bits_is_scaled_and_not_clipped():
    ramp = np.linspace(-1e6, 2e9, 60).astype(np.int32).reshape(6, 10)
    picture = load_image(encode(ramp, "TIFF"))
    expected = np.linspace(0, 1, 60).reshape(6, 10, 1)
    assert np.abs(picture.pixels / 255.0 - expected).max() <= 0.5 / 255 + 1e-6
    assert "from its least to its greatest" in picture.notes[0]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 5.0), (0.0, 1e30), (200.0, 201.0)])
def test_float_grey_is_scaled_from_least_to_greatest(low, high):
    ramp = np.linspace(low, high, 60, dtype=np.float32).reshape(6, 10)
    picture = load_image(encode(ramp, "TIFF"))
    expected = np.linspace(0, 1, 60).reshape(6, 10, 1)
    assert np.abs(picture.pixels / 255.0 - expected).max() <= 0.5 / 255 + 1e-4
    assert "floating-point" in picture.notes[0]


def test_float_grey_with_holes_and_infinities_keeps_its_other_values():
    ramp = np.linspace(0, 1, 60, dtype=np.float32).reshape(6, 10)
    holed = ramp.copy()
    holed[2, 3:6] = np.nan, np.inf, -np.inf
    pixels = load_image(encode(holed, "TIFF")).pixels[..., 0]
    assert pixels[2, 3:6].tolist() == [0, 255, 0]
    others = np.isfinite(holed)
    assert np.abs(pixels / 255.0 - ramp)[others].max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("value", [0.0, 7.5, np.nan, np.inf])
def test_float_grey_of_one_value_is_black(value):
    assert not load_image(encode(np.full((3, 4), value, np.float32), "TIFF")).pixels.any()


def test_transparent_palette_entries_show_white():
    image = Image.new("P", (4, 2), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.paste(1, (0, 0, 2, 2))
    picture = load_image(encode(image, "PNG", transparency=0))
    assert (picture.pixels[:, :2] == (0, 0, 200)).all()
    assert (picture.pixels[:, 2:] == 255).all()
    assert picture.notes == ("transparency laid on white",)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_rgba_is_blended_with_white(file_format):
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[:, 0], rgba[:, 1], rgba[:, 2] = (255, 0, 0, 255), (255, 0, 0, 128), (9, 9, 9, 0)
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = load_image(encode(rgba, file_format, **options))
    expected = np.array([(255, 0, 0), (255, 127, 127), (255, 255, 255)])
    assert np.abs(picture.pixels - expected[None]).max() <= 1
    assert picture.notes == ("transparency laid on white",)


def test_grey_with_alpha_is_blended_with_white():
    grey_alpha = np.array([[(0, 255), (0, 64), (100, 0)]], np.uint8)
    channels = [Image.fromarray(grey_alpha[..., channel]) for channel in range(2)]
    picture = load_image(encode(Image.merge("LA", channels), "PNG"))
    assert np.abs(picture.pixels[0, :, 0].astype(int) - [0, 191, 255]).max() <= 1
    assert picture.notes == ("transparency laid on white",)


@pytest.mark.parametrize(
    ("ink", "expected"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 255, 255, 0), (255, 0, 0)),
        ((255, 0, 255, 0), (0, 255, 0)),
        ((255, 255, 0, 0), (0, 0, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
def test_cmyk_inks_become_their_colours(ink, expected):
    picture = load_image(encode(Image.new("CMYK", (16, 16), ink), "JPEG", quality=95))
    assert np.abs(picture.pixels.astype(int) - expected).max() <= 6
    assert picture.notes == ("CMYK colours turned into RGB",)


def test_one_bit_pictures_are_black_and_white():
    bits = np.eye(5, 9, dtype=bool)
    pixels = load_image(encode(Image.fromarray(bits), "PNG")).pixels
    np.testing.assert_array_equal(pixels, np.repeat(bits[..., None], 3, axis=2) * 255)


def test_grey_becomes_three_equal_channels():
    pixels = load_image(encode(PIXELS[..., 0], "PNG")).pixels
    np.testing.assert_array_equal(pixels, np.repeat(PIXELS[..., :1], 3, axis=2))


def stored(upright, orientation):
    """What a camera stores, by the EXIF standard's words on where row 0 and column 0 lie."""
    height, width = upright.shape[:2]
    row0, column0 = {
        1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
        5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
    }[orientation]  # fmt: skip
    down, right = np.arange(height), np.arange(width)
    if row0 in ("top", "bottom"):
        rows = down if row0 == "top" else down[::-1]
        columns = right if column0 == "left" else right[::-1]
        return upright[np.ix_(rows, columns)]
    columns = right if row0 == "left" else right[::-1]
    rows = down if column0 == "top" else down[::-1]
    return upright[np.ix_(rows, columns)].swapaxes(0, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_every_orientation_comes_out_upright(orientation, file_format):
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encode(stored(PIXELS, orientation), file_format, exif=oriented(orientation), **options)
    picture = load_image(data)
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    turned = ("turned upright, as its camera recorded",) if orientation > 1 else ()
    assert picture.notes == turned


def test_a_large_photograph_on_its_side_is_turned_and_made_smaller():
    upright = np.zeros((1500, 3000, 3), np.uint8)
    upright[:700] = (0, 0, 255)
    data = encode(stored(upright, 6), "JPEG", exif=oriented(6))
    picture = load_image(data)
    assert picture.pixels.shape == (512, 1024, 3)
    assert picture.pixels[100, 500, 2] > 200 > 50 > picture.pixels[400, 500, 2]
    assert picture.notes == (
        "turned upright, as its camera recorded",
        "made smaller, from 1500×3000 pixels",
    )


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_means_nothing_changes_nothing(orientation):
    picture = load_image(encode(PIXELS, "PNG", exif=oriented(orientation)))
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert picture.notes == ()


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_of_several_frames_is_taken(file_format):
    frames = [Image.new("RGB", (6, 5), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = load_image(encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options))
    assert (picture.pixels == (255, 0, 0)).all()
    assert picture.notes == ("first of 3 frames",)


def test_one_pixel_is_a_picture():
    picture = load_image(encode(np.array([[[1, 2, 3]]], np.uint8), "PNG"))
    assert picture.pixels.tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (5000, 20, (1024, 4)),
        (20, 5000, (4, 1024)),
        (1025, 1, (1024, 1)),
        (2048, 1024, (1024, 512)),
        (1024, 1024, (1024, 1024)),
    ],
)
def test_the_long_side_is_limited_and_the_proportions_kept(width, height, expected, file_format):
    picture = load_image(encode(np.full((height, width, 3), 90, np.uint8), file_format))
    assert (picture.width, picture.height) == expected
    assert (np.abs(picture.pixels.astype(int) - 90) <= 1).all()
    smaller = (f"made smaller, from {height}×{width} pixels",)
    assert picture.notes == (smaller if max(width, height) > MAX_SIDE else ())


def picture_or_refusal(data):
    """Whatever the bytes: a picture, or a sentence. Anything else is raised and fails the test."""
    try:
        picture = load_image(data)
    except CnnvizError as error:
        return str(error)
    assert isinstance(picture, Picture)
    return picture


# Pillow may warn of what it repairs; here it counts what comes out.
@pytest.mark.filterwarnings("ignore")
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data):
    assert isinstance(picture_or_refusal(data), str)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 400),
    st.binary(max_size=5),
)
def test_a_damaged_file_is_a_picture_or_a_sentence(kind, changes, position, inserted):
    data = bytearray(FILES[kind])
    for index, value in changes:
        data[index % len(data)] = value
    data[position:position] = inserted
    picture_or_refusal(bytes(data))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_anywhere_is_a_picture_or_a_sentence(kind):
    data = FILES[kind]
    refused = [isinstance(picture_or_refusal(data[:length]), str) for length in range(len(data))]
    assert all(refused[: len(data) // 4])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_with_any_one_byte_overwritten_is_a_picture_or_a_sentence(kind, value):
    data = FILES[kind]
    for index in range(len(data)):
        picture_or_refusal(data[:index] + bytes([value]) + data[index + 1 :])


@pytest.mark.parametrize("kind", FILES)
def test_the_files_that_are_damaged_above_are_good_as_they_stand(kind):
    assert picture_or_refusal(FILES[kind]).pixels.size == PIXELS.size
