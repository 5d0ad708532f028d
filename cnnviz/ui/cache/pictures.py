"""Photographs and patterns, resized and filtered; kernels by name."""

import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture, draw_pattern, encode_png, sample
from cnnviz.data.patterns import Pattern
from cnnviz.ops.filtering import (
    Comparison,
    FilteredPicture,
    PictureFilter,
    compare_with_pytorch,
    filter_picture,
)
from cnnviz.ops.kernels import kernel
from cnnviz.ui.cache.resources import queued

Kernels = tuple[Array, ...]
PictureKey = tuple[str, str, tuple[str, ...], Pattern | None, bool]


@st.cache_resource(max_entries=32, show_spinner=False)
def photograph(name: str) -> Picture:
    """A photograph that comes with the app."""
    return sample(name)


@st.cache_resource(max_entries=32, show_spinner=False)
def test_pattern(pattern: Pattern) -> Picture:
    """A test pattern."""
    return draw_pattern(pattern)


def picture_key(picture: Picture) -> PictureKey:
    """All that a resized picture carries along: equal pixels may have different names."""
    return picture.digest, picture.name, picture.notes, picture.pattern, picture.is_sample


def fitted(picture: Picture, long_side: int) -> Picture:
    """`Picture.fitted`, cached."""
    return _fitted(picture_key(picture), long_side, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _fitted(key: PictureKey, long_side: int, _picture: Picture) -> Picture:
    return _picture.fitted(long_side)


def centre_square(picture: Picture, side: int) -> Picture:
    """`Picture.centre_square`, cached."""
    return _centre_square(picture_key(picture), side, picture)


@st.cache_resource(max_entries=64, show_spinner=False)
def _centre_square(key: PictureKey, side: int, _picture: Picture) -> Picture:
    return _picture.centre_square(side)


def preview(picture: Picture) -> bytes:
    """A small copy of a picture as a PNG file, for the sidebar."""
    return _preview(picture_key(picture), picture)


@st.cache_resource(max_entries=32, show_spinner=False)
def _preview(key: PictureKey, _picture: Picture) -> bytes:
    return encode_png(_picture.fitted(280).pixels)


@st.cache_resource(max_entries=64, show_spinner=False)
def kernels_by_size(name: str, sizes: tuple[int, ...], parameters: tuple[tuple[str, float], ...]) -> Kernels:
    """A named kernel at several square sizes."""
    return tuple(kernel(name, size, **dict(parameters)) for size in sizes)


@st.cache_resource(max_entries=64, show_spinner=False)
def kernels_by_parameter(
    name: str, size: tuple[int, int], parameters: tuple[tuple[str, float], ...], turned: str,
    values: tuple[float, ...],
) -> Kernels:  # fmt: skip
    """A named kernel at several values of one of its parameters."""
    return tuple(kernel(name, size, **(dict(parameters) | {turned: value})) for value in values)


def filtered(picture: Picture, layer: PictureFilter) -> FilteredPicture:
    """`filter_picture`, queued but not cached: a cache look-up would take longer."""
    with queued():
        return filter_picture(picture, layer)


def comparison(picture: Picture, layer: PictureFilter) -> Comparison:
    """`compare_with_pytorch`, queued so that other users' computations do not lengthen its times."""
    with queued():
        return compare_with_pytorch(picture, layer)
