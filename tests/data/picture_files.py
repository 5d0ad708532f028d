"""Picture files made for the tests, good and bad."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

# Asymmetric in every way, so that no turn or mirror image of it looks like another.
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 17, 3), dtype=np.uint8)
ORIENTATION = 0x0112


def encode(image, file_format, **options):
    buffer = io.BytesIO()
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def oriented(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth=1, colour=0, rows=b"", extra=b""):
    """A PNG by hand; with no rows it is a header that promises more than there is."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunks + png_chunk(b"IEND", b"")


def small_files():
    """One valid file of every kind that the decoders treat in their own way."""
    picture = Image.fromarray(PIXELS)
    turned = picture.rotate(180)
    return {
        "png": encode(picture, "PNG", exif=oriented(6)),
        "png palette": encode(picture.convert("P"), "PNG", transparency=3),
        "png 16-bit": encode(PIXELS[..., 0].astype(np.uint16) * 257, "PNG"),
        "apng": encode(picture, "PNG", save_all=True, append_images=[turned]),
        "jpeg": encode(picture, "JPEG", exif=oriented(6)),
        "jpeg progressive": encode(picture, "JPEG", progressive=True),
        "jpeg cmyk": encode(picture.convert("CMYK"), "JPEG"),
        "mpo": encode(picture, "MPO", save_all=True, append_images=[turned]),
        "webp": encode(picture, "WEBP", exif=oriented(6)),
        "bmp": encode(picture, "BMP"),
        "gif": encode(picture, "GIF", save_all=True, append_images=[turned]),
        "tiff": encode(picture, "TIFF"),
        "tiff lzw": encode(picture, "TIFF", compression="tiff_lzw"),
        "tiff float": encode(PIXELS[..., 0].astype(np.float32), "TIFF"),
    }
