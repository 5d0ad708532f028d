"""What the home page shows, computed live on the chosen picture."""

from pathlib import Path

import streamlit as st

from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.trained import SHAPES
from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ops.kernels import kernel
from cnnviz.ui import cache
from cnnviz.ui.components.hero import hero
from cnnviz.ui.shell.sidebar import LabContext

_MODEL, _LAYER, _SIDE = ModelSpec("mini_resnet", SHAPES), "conv1", 224
_PAGES = (
    (
        "pages/convolution.py",
        ":material/grid_on:",
        "Convolution",
        "Choose or type a kernel, set its size, stride, padding and dilation, and watch the whole picture "
        "follow; or slide the window pixel by pixel and read every product.",
    ),
    (
        "pages/pooling.py",
        ":material/compress:",
        "Pooling and stride",
        "Four ways to a smaller map side by side: what each keeps, and what a shift does to it.",
    ),
    (
        "pages/dilation.py",
        ":material/apps:",
        "Dilation",
        "Kernels with gaps: how far a stack of them sees, and which pixels it never reads.",
    ),
    (
        "pages/transposed_convolution.py",
        ":material/open_in_full:",
        "Transposed convolution",
        "Stamping a way to a larger map, and the checkerboard that uneven overlaps leave.",
    ),
    (
        "pages/equivariance.py",
        ":material/swap_horiz:",
        "Equivariance",
        "Shift in, shift out: measured, and exactly where padding, stride and pooling break it.",
    ),
    (
        "pages/feature_maps.py",
        ":material/layers:",
        "Feature maps",
        "Every channel of every layer of a real network, on your picture, on one honest scale: "
        "sort them, read any value, find the silent ones, take them home.",
    ),
    (
        "pages/receptive_field.py",
        ":material/center_focus_strong:",
        "Receptive field",
        "What each unit of a network can see of your picture, to the pixel, and how much of it matters.",
    ),
    (
        "pages/parameters_and_cost.py",
        ":material/bar_chart:",
        "Parameters and cost",
        "What layers and networks cost, side by side: weights, multiply-accumulates, memory.",
    ),
    (
        "pages/residual_blocks.py",
        ":material/alt_route:",
        "Residual blocks",
        "What a block adds to what it was given, and why gradients reach the first layer of a deep network.",
    ),
    (
        "pages/architectures.py",
        ":material/account_tree:",
        "Architectures",
        "Seven networks that mattered, what their numbers really say, and any network block by block.",
    ),
    (
        "pages/training.py",
        ":material/model_training:",
        "Training",
        "Train a network here: curves, filters and maps after every epoch, and what it still takes for what.",
    ),
)
_PER_ROW = 3


def show_example(context: LabContext) -> None:
    """One kernel on the picture, and a few maps of a network."""
    picture = cache.pictures.fitted(context.picture, 100)
    window = Window(3, padding=1)
    layer = PictureFilter(kernel("sobel_x"), "grey", window, window, "replicate")
    filtered = cache.pictures.filtered(picture, layer)
    square = cache.pictures.centre_square(context.picture, _SIDE)
    maps = cache.maps.layer_run(_MODEL, _LAYER, square).maps
    hero(picture, layer, filtered, maps, f"{_MODEL.label}'s first layer, {_MODEL.weights_label}")


def show_pages() -> None:
    """Links to the pages, each with what it is for."""
    for first in range(0, len(_PAGES), _PER_ROW):
        row = _PAGES[first : first + _PER_ROW]
        for column, (path, icon, title, text) in zip(st.columns(_PER_ROW), row, strict=False):
            key = f"card_{Path(path).stem}"
            with column, st.container(border=True, height="stretch", key=key):
                st.page_link(path, label=f"**{title}**", icon=icon)
                st.markdown(text)
