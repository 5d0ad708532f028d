"""Packs arrays for a component: a JSON header, then the raw values.

Layout: the header's length as little-endian uint32; the header as UTF-8 JSON, padded with spaces
to a multiple of 4 bytes; then each array, padded likewise. `shared/payload.js` reads it back.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnviz.arrays import Array

_ALIGN = 4


def pack(fields: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Pack JSON fields and named arrays (uint8, float16 or float32) into one message."""
    entries, blobs, offset = [], [], 0
    for name, array in arrays.items():
        blob = _padded(np.ascontiguousarray(array).tobytes(), b"\0")
        entries.append(
            {
                "name": name,
                "dtype": array.dtype.name,
                "shape": array.shape,
                "offset": offset,
                "length": array.nbytes,
            }
        )
        blobs.append(blob)
        offset += len(blob)
    header = _padded(json.dumps({"fields": fields, "arrays": entries}, allow_nan=False).encode(), b" ")
    return b"".join([len(header).to_bytes(4, "little"), header, *blobs])


def _padded(data: bytes, filler: bytes) -> bytes:
    return data.ljust(-(-len(data) // _ALIGN) * _ALIGN, filler)
