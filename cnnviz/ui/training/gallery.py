"""Examples of the pictures to learn from, with their classes."""

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.data.images import encode_png
from cnnviz.data.shapes import CLASSES
from cnnviz.training.sources import Source
from cnnviz.ui import cache
from cnnviz.ui.training.controls import DATA, Choice
from cnnviz.ui.widgets.controls import readable_name

_ROW = 8
_LOOKED_AT = 400


def show_examples(choice: Choice) -> None:
    """What there is to learn; a sentence where that is not known yet."""
    if choice.plan.data == "shapes":
        st.markdown(
            "**cnnviz shapes** are drawn by code: ten classes in random place, size, turn, colour, "
            "background, "
            "blur and noise. Some figures are as bright as their background, so that only colour shows them."
        )
        _show(cache.training.shapes_gallery(), CLASSES)
        st.markdown(
            "Guessing is right in 10 % of cases. A linear model, which gives each of the 12,288 values a "
            "weight for each class and adds up, stays below 20 %: single pixels do not tell the class, and "
            "whoever wants to know a ring from a disc has to find edges first. (It is ridge regression, "
            "least squares that keep the weights small, on 1,200 pictures at the best of three strengths.)"
        )
    elif choice.source is not None:
        st.markdown(f"Examples of the {len(choice.source.train.classes)} classes:")
        _show(_gallery(choice.source), choice.source.train.classes)
    elif choice.fetch is None:
        st.markdown("The pictures of the ZIP file will stand here, a column for each class.")
    else:
        st.markdown(
            f"{DATA[choice.plan.data]} has 10 classes of 32×32 pictures. They are fetched when training "
            "starts; "
            "without a connection to the internet a sentence says so, and cnnviz shapes need none."
        )


def _show(pixels: Array, classes: tuple[str, ...]) -> None:
    """A picture of columns, one for each class, and the classes' names."""
    names = ", ".join(readable_name(name).lower() for name in classes)
    st.image(
        encode_png(pixels), output_format="PNG", width="stretch",
        alt=f"Examples of pictures, a column a class, from left to right: {names}",
    )  # fmt: skip
    st.caption(f"A column a class, from left to right: {names}.")


def _gallery(source: Source) -> Array:
    """The first pictures of each class in a column, uint8 (H, W, 3)."""
    count = min(len(source.train), _LOOKED_AT)
    pictures, labels = source.train.batch(range(count))
    side = pictures.shape[-1]
    wall = np.full((4 * side, len(source.train.classes) * side, 3), 255, dtype=np.uint8)
    for label in range(len(source.train.classes)):
        for row, index in enumerate(np.flatnonzero(labels.numpy() == label)[:4]):
            tile = pictures[index].permute(1, 2, 0).numpy()
            wall[row * side : (row + 1) * side, label * side : (label + 1) * side] = tile
    return wall
