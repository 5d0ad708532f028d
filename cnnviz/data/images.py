"""Load picture files: any upload becomes an upright RGB `Picture` or a `CnnvizError`."""

import hashlib
import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from cnnviz.arrays import Array, read_only
from cnnviz.data.patterns import Pattern
from cnnviz.errors import CnnvizError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")  # JPEG includes MPO
MAX_PIXELS = 40_000_000
MAX_SIDE = 1024

# What Pillow's decoders raise for damaged files; only OSError is documented.
DAMAGE = (OSError, ValueError, SyntaxError, TypeError, LookupError, OverflowError, EOFError, struct.error)
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# The transposition that undoes each EXIF orientation. Pillow's exif_transpose also rewrites the other
# EXIF entries and fails on intact pictures with malformed ones.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_READABLE = "PNG, JPEG, WebP, BMP, GIF and TIFF"
_SAMPLES = {
    "cat": "chelsea",
    "astronaut": "astronaut",
    "coffee": "coffee",
    "rocket": "rocket",
    "coins": "coins",
    "photographer": "camera",
    "bricks": "brick",
    "grass": "grass",
    "moon": "moon",
    "retina": "retina",
    "galaxies": "hubble_deep_field",
}


_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A validated picture.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, upright, read-only.
        name: for display.
        notes: what was changed on loading, for display.
        pattern: the test pattern it was drawn from, or None.
        is_sample: whether `sample(name)` returns it.
        digest: SHA-256 of size and pixels; equal pictures have equal digests.
    """

    pixels: Array
    name: str
    notes: tuple[str, ...] = ()
    pattern: Pattern | None = None
    is_sample: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
            raise CnnvizError(f"A picture needs uint8 pixels (H, W, 3), not {pixels.dtype} {pixels.shape}.")
        locked = read_only(np.array(pixels, order="C"))
        digest = hashlib.sha256(repr(locked.shape).encode() + locked.tobytes()).hexdigest()
        object.__setattr__(self, "pixels", locked)
        object.__setattr__(self, "digest", digest)

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    def tensor(self) -> Tensor:
        """float32 (1, 3, H, W), values in [0, 1]."""
        channels_first = np.ascontiguousarray(self.pixels.transpose(2, 0, 1), dtype=np.float32)
        return torch.from_numpy(channels_first).div_(255)[None]

    def luma(self) -> Tensor:
        """Brightness, float32 (1, 1, H, W): Rec. 601, as Pillow's mode "L"."""
        return (self.tensor() * torch.tensor(_LUMA)[:, None, None]).sum(1, keepdim=True)

    def fitted(self, long_side: int) -> "Picture":
        """The whole picture with its longer side `long_side` pixels long, proportions kept.

        A test pattern is redrawn at that size instead of resampled.
        """
        if long_side < 1:
            raise CnnvizError("A picture cannot be smaller than one pixel.")
        scale = long_side / max(self.height, self.width)
        size = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        return self._at(size, (0, 0, self.width, self.height))

    def centre_square(self, side: int) -> "Picture":
        """The largest centred square, resized to `side`×`side` pixels: a network's input."""
        short = min(self.height, self.width)
        left, top = (self.width - short) // 2, (self.height - short) // 2
        return self._at((side, side), (left, top, left + short, top + short))

    def _at(self, size: tuple[int, int], box: tuple[int, int, int, int]) -> "Picture":
        if min(size) < 1:
            raise CnnvizError("A picture cannot be smaller than one pixel.")
        if self.pattern is not None:
            return draw_pattern(self.pattern, size[0])
        if size == (self.width, self.height) and box == (0, 0, *size):
            return self
        resized = Image.fromarray(self.pixels).resize(size, Image.Resampling.LANCZOS, box=box)
        return Picture(np.asarray(resized), self.name, self.notes, is_sample=self.is_sample)


def load_image(source: str | Path | bytes, name: str = "picture") -> Picture:
    """Read a picture file.

    It is rotated by its EXIF orientation, composited on white, converted to 8-bit RGB and reduced to at
    most 1,024 pixels on its long side. `Picture.notes` says what was done.

    Args:
        source: a path, or the file's bytes.
        name: the picture's name if `source` is bytes.

    Raises:
        CnnvizError: if it is not a picture, is damaged, or is larger than 40 megapixels.
    """
    if isinstance(source, bytes):
        return _decode(source, name)
    path = Path(source)
    try:
        return _decode(path.read_bytes(), path.name)
    except OSError as error:
        raise CnnvizError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _decode(data: bytes, name: str) -> Picture:
    _refuse_unreadable(data, name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _refuse_oversized(image.size, name)
            return _to_picture(image, name)
    except TOO_LARGE as error:
        raise CnnvizError(f"{name} has too many pixels: at most 40 megapixels, please.") from error
    except UnidentifiedImageError as error:
        raise CnnvizError(f"{name} is not a picture that can be read here: {_READABLE} can.") from error
    except DAMAGE as error:
        if isinstance(error, CnnvizError):
            raise
        raise CnnvizError(f"{name} is damaged or cut short, so its pixels cannot be read.") from error


def _refuse_unreadable(data: bytes, name: str) -> None:
    if not data:
        raise CnnvizError(f"{name} is empty: it holds 0 bytes.")
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml")):
        raise CnnvizError(f"{name} is an SVG drawing, which has no pixels yet: export it as PNG first.")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise CnnvizError(f"{name} is an HEIC or AVIF picture: save it as JPEG or PNG first.")


def _refuse_oversized(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise CnnvizError(
            f"{name} has {size[0]:,}×{size[1]:,} pixels, more than 40 megapixels: make it smaller first."
        )


def _to_picture(image: Image.Image, name: str) -> Picture:
    notes = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        notes.append(f"first of {frames} frames")
    full_size = image.size
    if image.getexif().get(ExifTags.Base.Orientation) in _TURNS:  # before load(), which rotates TIFFs itself
        notes.append("turned upright, as its camera recorded")
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    image.load()
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    rgb, note = _to_rgb(image if turn is None else image.transpose(turn))
    notes += note
    rgb.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if max(full_size) > MAX_SIDE:
        width, height = sorted(full_size, reverse=rgb.width > rgb.height)
        notes.append(f"made smaller, from {height}×{width} pixels")
    return Picture(np.asarray(rgb), name, tuple(notes))


def _to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey_to_rgb(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        layer.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB"), ["transparency laid on white"]
    notes = [f"{image.mode} colours turned into RGB"] if image.mode in ("CMYK", "LAB", "YCbCr") else []
    return image.convert("RGB"), notes


def _deep_grey_to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Scale 16-bit, 32-bit and float grey to 8 bits; Pillow's conversion would clip it to white."""
    values = np.asarray(image)
    finite = values[np.isfinite(values)] if image.mode == "F" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if image.mode == "F":
        note = "floating-point grey, scaled from its least to its greatest"
    elif low < 0 or high > 65535:
        note = "32-bit grey, scaled from its least to its greatest"
    else:
        low, high = 0.0, 65535.0
        note = "16-bit grey brought to 8 bits"
    # Reduce before scaling: a large picture in float64 would take gigabytes.
    small = Image.fromarray(np.nan_to_num(values.astype(np.float32), nan=low, posinf=high, neginf=low))
    small.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.float64)
    scaled = (values - low) / (high - low) * 255 if high > low else np.zeros_like(values)
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8)).convert("RGB"), [note]


def sample_names() -> tuple[str, ...]:
    """All names that `sample` accepts."""
    return tuple(_SAMPLES)


def sample(name: str) -> Picture:
    """A sample photograph from scikit-image.

    Raises:
        CnnvizError: if there is none of that name.
    """
    if name not in _SAMPLES:
        raise CnnvizError(f"There is no photograph named {name!r}. There are: {', '.join(_SAMPLES)}.")
    from skimage import data

    image = Image.fromarray(getattr(data, _SAMPLES[name])()).convert("RGB")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return Picture(np.asarray(image), name, is_sample=True)


def draw_pattern(pattern: Pattern, size: int = 256) -> Picture:
    """A test pattern as a grey picture, `size` pixels square."""
    grey = np.round(pattern.draw(size) * 255).astype(np.uint8)
    return Picture(np.repeat(grey[..., None], 3, axis=2), pattern.name, pattern=pattern)


def encode_png(pixels: Array) -> bytes:
    """uint8 (H, W) or (H, W, 3) → PNG bytes, with fast compression."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
