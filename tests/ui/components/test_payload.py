"""Arrays on their way to the browser, read back by the layout that payload.py documents."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cnnviz.ui.components.payload import pack

values = st.sampled_from([np.uint8, np.float16, np.float32]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=1, max_dims=3, max_side=7))
)
fields = st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.booleans(), max_size=4)


def unpacked(message: bytes):
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length].decode("utf-8"))
    found = {}
    for entry in header["arrays"]:
        start = 4 + length + entry["offset"]
        raw = message[start : start + entry["length"]]
        assert start % 4 == 0
        found[entry["name"]] = np.frombuffer(raw, entry["dtype"]).reshape(entry["shape"])
    return header["fields"], found


@given(fields, st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_what_is_packed_is_read_back(said, packed):
    read_fields, read_arrays = unpacked(pack(said, packed))
    assert read_fields == said
    assert list(read_arrays) == list(packed)
    for name, array in packed.items():
        assert read_arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(
            read_arrays[name].view(np.uint8), np.ascontiguousarray(array).view(np.uint8)
        )


def test_an_array_that_is_not_contiguous_is_packed_in_order():
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    np.testing.assert_array_equal(unpacked(pack({}, {"a": array}))[1]["a"], array)


def test_a_header_in_any_language_keeps_the_arrays_aligned():
    for text in ("", "a", "ä", "π≈3", "🐱"):
        _, found = unpacked(pack({"name": text}, {"a": np.ones(3, np.uint8), "b": np.ones(2, np.float32)}))
        assert found["b"].tolist() == [1, 1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        pack({"limit": value}, {})
