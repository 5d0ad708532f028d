"""The transposed convolution lab: stamp by stamp, its overlaps, and resizing beside it."""

import streamlit as st

from cnnviz.data.images import Picture
from cnnviz.figures.panels import Panel
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import transposed_size
from cnnviz.ops.upsampling import StampName, Upsampled, stamp, upsample
from cnnviz.ui import cache
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.controls import bounded_slider
from cnnviz.ui.formulas import aligned
from cnnviz.ui.pixel_by_pixel import slide
from cnnviz.ui.quiz import check_yourself

_SIDE = 42
_STAMPS: dict[StampName, str] = {"ones": "Ones", "bilinear": "Bilinear", "random": "Random, not learned"}
_KEYS = {
    "kernel_size": ("up_kernel_size", "up_kernel_size"),
    "stride": ("up_stride", "up_stride"),
    "padding": ("up_padding", "up_padding"),
}
Layer = tuple[Window, StampName]


def choose_layer() -> Layer:
    """The stamp, and how far apart it is set."""
    name: StampName = st.selectbox(
        "Stamp", list(_STAMPS), index=1, format_func=_STAMPS.__getitem__, key="up_stamp", bind="query-params"
    )
    size = bounded_slider("Kernel size *k*", 1, 6, 3, key="up_kernel_size")
    stride = bounded_slider("Stride *s*", 1, 4, 2, key="up_stride")
    padding = bounded_slider(
        "Padding *p*", 0, max(0, (size - 1) // 2), 0, key="up_padding",
        why="Here padding cuts samples off at each border of the output: at most half the kernel.",
    )  # fmt: skip
    st.markdown(_overlap_words(size, stride))
    return Window(size, stride, padding), name


def _overlap_words(size: int, stride: int) -> str:
    if size < stride:
        return f"The kernel ({size}) is smaller than the stride ({stride}): **gaps** stay between the stamps."
    if size % stride:
        return (
            f"{size} is no multiple of {stride}: stamps overlap **unevenly**. Unless the weights make "
            f"up for it, a checkerboard shows. A "
            f"kernel of {size + stride - size % stride} would overlap evenly."
        )
    return f"{size} is a multiple of {stride}: every inner pixel gets **equally many** stamps."


def show_pixels(picture: Picture, layer: Layer) -> None:
    """Each input value stamps the kernel onto the output."""
    window, name = layer
    sliding = Sliding(
        "transposed",
        window,
        window,
        weights=stamp(name, window.kernel_size, window.stride),
        kernel_label="Stamp",
        limits={"kernel_size": (1, 6), "stride": (1, 4), "padding": (0, 2)},
        reasons={
            "kernel_size": "Here a stamp has from 1 to 6 rows and columns.",
            "stride": "Here a stride lies from 1 to 4.",
            "padding": "Here padding cuts off at most half the kernel.",
        },
        kernels={size: stamp(name, size, window.stride) for size in range(1, 7)},
    )
    slide(picture, sliding, "up", _KEYS, patch_size=5)


def show_picture(picture: Picture, layer: Layer) -> None:
    """Both ways to a larger picture, and where the stamps overlap."""
    window, name = layer
    small = cache.fitted(picture, _SIDE)
    result = upsample(small.tensor(), stamp(name, window.kernel_size, window.stride), window)
    top = float(max(1.0, result.transposed.max()))
    shown = [
        Panel("Input", small.tensor()[0].numpy()),
        Panel("Transposed convolution", result.transposed / top, words=_ripple_words(result)),
        Panel("Resize, then convolve", result.resized, words="Every pixel is made alike: no checkerboard."),
        Panel(
            "Stamps on each pixel", result.counts[None].astype("float32"), "count",
            words=f"From {result.counts.min()} to {result.counts.max()}; fewer at the border.",
        ),
    ]  # fmt: skip
    panels(shown, "up_panels", box=340, panel_rem=17)
    show_size(window, small.height, small.width)


def _ripple_words(result: Upsampled) -> str:
    if result.ripple < 1e-6:
        return "An even input stays even: no checkerboard."
    return f"An even input becomes uneven by {100 * result.ripple:.3g} % of its mean: the checkerboard."


def show_size(window: Window, height: int, width: int) -> None:
    """The output size: formula, numbers, and a question."""
    sizes = transposed_size(window, height), transposed_size(window, width)
    terms = [
        rf"({n} - 1)\cdot{window.stride} - 2\cdot{window.padding} + 1\cdot({window.kernel_size} - 1) + 1"
        rf" = \mathbf{{{size}}}"
        for n, size in zip((height, width), sizes, strict=True)
    ]
    st.latex(aligned(("n'", "(n - 1)\\,s - 2p + d\\,(k - 1) + 1"), ("h'", terms[0]), ("w'", terms[1])))
    check_yourself(
        f"A map 10 wide goes through a transposed convolution with k = {window.kernel_size}, s = "
        f"{window.stride}, p = {window.padding}. How wide is its output?",
        transposed_size(window, 10),
        {
            "that multiplies by the stride only": 10 * window.stride,
            "that is the size of a convolution, not of a transposed one": max(
                0, (10 + 2 * window.padding - window.kernel_size) // window.stride + 1
            ),
            "padding makes this output smaller, not larger": transposed_size(window, 10) + 4 * window.padding,
        },
        "up_quiz",
    )
