"""The sliding window on a patch of the chosen picture, in step with the page's controls."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops.kernel_text import parse_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.sliding_window import Patch, Sliding, sliding_window
from cnnviz.ui.feedback import explained

# Small enough for a patch of it to be recognised, and for the thumbnail to be drawn 2×2.
_SIDE = 64
_SMALLEST, _LARGEST = 5, 16


def choose_patch(picture: Picture, prefix: str, default_size: int = 8) -> tuple[Picture, Patch, Array | None]:
    """Which patch of the picture, or which typed numbers, the window slides over."""
    small = cache.fitted(picture, _SIDE)
    size = st.slider(
        "Patch size", _SMALLEST, _LARGEST, default_size, key=f"{prefix}_patch", bind="query-params",
        help="Rows and columns of the patch of the picture that the window slides over.",
    )  # fmt: skip
    row, column = st.columns(2)
    top = row.number_input("Patch row", 0, _SIDE, 16, key=f"{prefix}_patch_row", bind="query-params")
    left = column.number_input(
        "Patch column", 0, _SIDE, 24, key=f"{prefix}_patch_column", bind="query-params"
    )
    text = st.text_input(
        "Input as numbers", "", key=f"{prefix}_matrix", bind="query-params",
        placeholder="0 1 0; 1 2 1; 0 1 0", help="A matrix instead of the patch, rows parted by semicolons.",
    )  # fmt: skip
    matrix = None
    with explained():
        matrix = _matrix(text) if text.strip() else None
    fitting = min(size, small.height, small.width)
    top = min(int(top), small.height - fitting)
    left = min(int(left), small.width - fitting)
    return small, Patch(top, left, fitting), matrix


def _matrix(text: str) -> Array:
    matrix = parse_kernel(text)
    if min(matrix.shape) < 2:
        raise CnnvizError("An input needs at least two rows and two columns.")
    return matrix


def slide(
    small: Picture, sliding: Sliding, prefix: str, keys: Mapping[str, tuple[str, str]],
    take_weights: Callable[[Any], None] | None = None,
) -> None:  # fmt: skip
    """Show the sliding window; what is changed in it goes into the page's own controls.

    Args:
        small: the picture that the patch is cut from.
        sliding: what to show.
        prefix: of the page's keys.
        keys: setting → the session keys of the page's controls for height and width.
        take_weights: gets the weights when they were edited by hand.
    """

    def changed(settings: Any) -> None:
        for name, (for_height, for_width) in keys.items():
            height, width = (int(value) for value in settings[name])
            st.session_state[for_height] = height
            if for_width != for_height and for_width in st.session_state:
                st.session_state[for_width] = width
        patch = settings["patch"]
        st.session_state[f"{prefix}_patch_row"] = max(0, min(_SIDE, int(patch["top"])))
        st.session_state[f"{prefix}_patch_column"] = max(0, min(_SIDE, int(patch["left"])))
        if take_weights is not None and settings.get("edited"):
            take_weights(settings["weights"])

    sliding_window(small, replace(sliding), f"{prefix}_sliding", changed)
