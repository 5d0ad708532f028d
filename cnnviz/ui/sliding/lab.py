"""The sliding window on a patch of the chosen picture, in step with the page's controls."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.figures.grids import Grid, GridKind, grid_rows, grids_figure
from cnnviz.ops.kernel_text import parse_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.facts import facts
from cnnviz.ui.components.sliding_window import Patch, Sliding, sliding_window
from cnnviz.ui.sliding.formulas import sliding_facts
from cnnviz.ui.sliding.result import sliding_input, sliding_output
from cnnviz.ui.sliding.snippets import sliding_code
from cnnviz.ui.widgets.controls import set_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain

# Small enough for a patch of it to be recognised, and for the thumbnail to be drawn 2×2.
SIDE = 64
_SMALLEST, _LARGEST = 5, 16


def slide(
    picture: Picture, sliding: Sliding, prefix: str, keys: Mapping[str, tuple[str, str]],
    take_weights: Callable[[Any], None] | None = None, patch_size: int = 8,
) -> None:  # fmt: skip
    """Show the sliding window, its formula, and its exports.

    What is changed in the window goes into the page's own controls.

    Args:
        picture: the chosen picture; the patch is cut from a small copy.
        sliding: what to show.
        prefix: of the page's keys.
        keys: setting → the session keys of the page's controls for height and width.
        take_weights: gets the weights when they were edited by hand.
        patch_size: rows and columns of the patch at first.
    """
    small = cache.pictures.fitted(picture, SIDE)
    place = st.container()
    with st.expander("Patch of the picture"):
        patch, matrix = _choose_patch(small, prefix, patch_size)

    def changed(settings: Any) -> None:
        for name, (for_height, for_width) in keys.items():
            height, width = (int(value) for value in settings[name])
            set_control(for_height, height)
            if for_width != for_height and for_width in st.session_state:
                set_control(for_width, width)
        patch = settings["patch"]
        st.session_state[f"{prefix}_patch_row"] = max(0, min(SIDE, int(patch["top"])))
        st.session_state[f"{prefix}_patch_column"] = max(0, min(SIDE, int(patch["left"])))
        if take_weights is not None and settings.get("edited"):
            take_weights(settings["weights"])

    with place:
        sliding_window(small, patch, matrix, sliding, f"{prefix}_sliding", changed)
    x = sliding_input(small, patch, matrix, sliding.channels)
    try:
        y = sliding_output(x, sliding)
    except CnnvizError as error:
        st.info(plain(str(error)))
        return
    facts(sliding_facts(sliding, *x.shape[1:]), f"{prefix}_sliding_facts")
    ends = (0.0, 1.0) if matrix is None else (float(x.min()), max(float(x.max()), float(x.min()) + 1))
    grids = _grids(x, sliding, y, ends)
    export_panel(
        f"{prefix}_pixels",
        sliding_code(picture, SIDE, patch, matrix, sliding),
        lambda: grids_figure(grids),
        lambda: grid_rows(grids),
    )


def _choose_patch(small: Picture, prefix: str, default_size: int) -> tuple[Patch, Array | None]:
    """Which patch of the picture, or which typed numbers, the window slides over."""
    typed = bool(st.session_state.get(f"{prefix}_matrix", "").strip())
    size = st.slider(
        "Patch size", _SMALLEST, _LARGEST, default_size, key=f"{prefix}_patch", bind="query-params",
        help="Rows and columns of the patch of the picture that the window slides over.", disabled=typed,
    )  # fmt: skip
    row, column = st.columns(2)
    top = row.number_input("Patch row", 0, SIDE, 16, key=f"{prefix}_patch_row", bind="query-params")
    left = column.number_input("Patch column", 0, SIDE, 24, key=f"{prefix}_patch_column", bind="query-params")
    text = st.text_input(
        "Input as numbers", "", key=f"{prefix}_matrix", bind="query-params",
        placeholder="0 1 0; 1 2 1; 0 1 0", help="A matrix instead of the patch, rows parted by semicolons.",
    )  # fmt: skip
    matrix = None
    if text.strip():
        try:
            matrix = _matrix(text)
        except CnnvizError as error:
            st.warning(f"{plain(str(error))} The patch of the picture is shown instead.")
    size = min(size, small.height, small.width)
    return Patch(min(int(top), small.height - size), min(int(left), small.width - size), size), matrix


def _matrix(text: str) -> Array:
    matrix = parse_kernel(text, "input")
    if min(matrix.shape) < 2:
        raise CnnvizError("The input needs at least two rows and two columns.")
    return matrix


def _grids(x: Array, sliding: Sliding, y: Array, ends: tuple[float, float]) -> list[Grid]:
    names = ("R", "G", "B")

    def channels(title: str, values: Array, kind: GridKind) -> list[Grid]:
        if len(values) == 1:
            return [Grid(title, values[0], kind, ends)]
        return [Grid(f"{title} {name}", plane, kind, ends) for name, plane in zip(names, values, strict=True)]

    kernel = [] if sliding.weights is None else [Grid(sliding.kernel_label, sliding.weights, "weight")]
    return [*channels("Input", x, "input"), *kernel, *channels("Output", y, "activation")]
