"""The transposed convolution lab: stamp by stamp, its overlaps, and resizing beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import gcd

import streamlit as st

from cnnviz.data.images import Picture
from cnnviz.figures.numbers import significant
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.ops.geometry import Window
from cnnviz.ops.transposed import inner_overlap, transposed_size
from cnnviz.ops.upsampling import StampName, Upsampled, stamp, upsample
from cnnviz.ui import cache
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.components.panels import panels
from cnnviz.ui.components.sliding_window import Sliding
from cnnviz.ui.sliding.lab import slide
from cnnviz.ui.sliding.size_formulas import transposed_size_formula
from cnnviz.ui.transposed.formulas import upsampling_cost_formula
from cnnviz.ui.transposed.snippets import transposed_code
from cnnviz.ui.widgets.controls import bounded_slider, counted
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import check_yourself, choose_yourself

_SIDE = 42
_QUIZ_SIZE = 10
_EVEN = 1e-6
_STAMPS: dict[StampName, str] = {"ones": "Ones", "bilinear": "Bilinear", "random": "Random, not learned"}
_KEYS = {
    "kernel_size": ("up_kernel_size", "up_kernel_size"),
    "stride": ("up_stride", "up_stride"),
    "padding": ("up_padding", "up_padding"),
    "dilation": ("up_dilation", "up_dilation"),
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
    return Window(size, stride, padding), name


def choose_more(window: Window) -> tuple[Window, int]:
    """Further controls: the window with its dilation, and the output padding."""
    dilation = bounded_slider(
        "Dilation *d*", 1, 3, 1, key="up_dilation", why="Output pixels between the taps of a stamp."
    )
    output_padding = bounded_slider(
        "Output padding *o*", 0, max(window.stride, dilation) - 1, 0, key="up_output_padding",
        why="Rows and columns added at the far end, less than the stride or the dilation. Sizes that a "
        "strided convolution maps to one and the same are told apart by it.",
    )  # fmt: skip
    return replace(window, dilation=dilation), output_padding


def overlap_text(window: Window) -> str:
    """What kernel, stride and dilation do to the overlaps, in Markdown."""
    size, stride, dilation = window.kernel_size, window.stride, window.dilation
    least, most = inner_overlap(window)
    if least == most:
        times = "one stamp" if most == 1 else f"{most}·{most} = {most**2} stamps"
        return f"{size} is a multiple of {stride}: every inner pixel gets **equally many**, {times}."
    if least == 0 and size < stride:
        return f"The kernel ({size}) is smaller than the stride ({stride}): **gaps** stay between the stamps."
    if least == 0:
        return (
            f"Dilation {dilation} and stride {stride} share the factor {gcd(dilation, stride)}: taps land on "
            "the same pixels again and again, and **gaps** stay between."
        )
    below = size - size % stride
    return (
        f"{size} is no multiple of {stride}: stamps overlap **unevenly**, from {least}·{least} to "
        f"{most}·{most} on an inner pixel. Unless the weights make up for it, a checkerboard shows. "
        f"A kernel of {below} or {below + stride} would overlap evenly."
    )


def show_pixels(picture: Picture, layer: Layer, output_padding: int) -> None:
    """Each input value stamps the kernel onto the output."""
    window, name = layer
    sliding = Sliding(
        "transposed",
        window,
        window,
        weights=stamp(name, window.kernel_size, window.stride),
        kernel_label="Stamp",
        output_padding=output_padding,
        limits={"kernel_size": (1, 6), "stride": (1, 4), "padding": (0, 2), "dilation": (1, 3)},
        reasons={
            "kernel_size": "Here a stamp has from 1 to 6 rows and columns.",
            "stride": "Here a stride lies from 1 to 4.",
            "padding": "Here padding cuts off at most half the kernel.",
            "dilation": "Here dilation lies from 1 to 3.",
        },
        kernels={size: stamp(name, size, window.stride) for size in range(1, 7)},
    )
    slide(picture, sliding, "up", _KEYS, patch_size=5)


@dataclass(frozen=True, slots=True, eq=False)
class Enlargement:
    """Both ways for one picture and one setting: what is on screen, in numbers."""

    picture: Picture
    layer: Layer
    output_padding: int
    result: Upsampled

    @classmethod
    def of(cls, picture: Picture, layer: Layer, output_padding: int) -> "Enlargement":
        """Compute both ways for the picture, made small."""
        small, (window, name) = cache.pictures.fitted(picture, _SIDE), layer
        weights = stamp(name, window.kernel_size, window.stride)
        with cache.resources.queued():
            result = upsample(small.tensor(), weights, window, output_padding=output_padding)
        return cls(small, layer, output_padding, result)

    def panels(self) -> list[Panel]:
        """The input, both outputs, and the overlaps."""
        result = self.result
        top = max(1.0, float(result.transposed.max()))
        white = f" White is {significant(top)}, the largest value." if top > 1 else ""
        counts = result.counts[None].astype("float32")
        even = "An even input stays even: no checkerboard."
        return [
            Panel("Input", self.picture.tensor()[0].numpy()),
            Panel("Transposed convolution", result.transposed, limit=top, words=self._ripple_text() + white),
            Panel("Resize, then convolve", result.resized, words=even),
            Panel("Stamps on each pixel", counts, "count", words=self._count_text()),
        ]

    def _ripple_text(self) -> str:
        if self.result.ripple < _EVEN:
            return "An even input stays even, away from the border: no checkerboard."
        name = "gaps" if inner_overlap(self.layer[0])[0] == 0 else "a checkerboard"
        percent = significant(100 * self.result.ripple)
        return f"An even input becomes uneven, away from the border by {percent} % of its mean: {name}."

    def _count_text(self) -> str:
        counts, window = self.result.counts, self.layer[0]
        low, high = int(counts.min()), int(counts.max())
        fewer = low < inner_overlap(window)[0] ** 2
        weightless = bool((stamp(self.layer[1], window.kernel_size, window.stride) == 0).any())
        words = [f"{low} on every pixel." if low == high else f"From {low} to {high}."]
        words += ["Fewer at the border."] if fewer else []
        words += ["Taps of weight 0 count, too."] if weightless else []
        return " ".join(words)

    def rows(self) -> list[Row]:
        """A row for each panel."""
        ripples = {"Transposed convolution": self.result.ripple, "Resize, then convolve": 0.0}
        return [
            {
                "panel": panel.title,
                "height (pixels)": panel.shape[0],
                "width (pixels)": panel.shape[1],
                "smallest": float(panel.values.min()),
                "largest": float(panel.values.max()),
                "ripple of an even input (share of its mean)": ripples.get(panel.title, ""),
            }
            for panel in self.panels()
        ]


def show_picture(picture: Picture, layer: Layer, output_padding: int) -> None:
    """Both ways to a larger picture, and where the stamps overlap."""
    window, name = layer
    shown = Enlargement.of(picture, layer, output_padding)
    panels(shown.panels(), "up_panels", box=340, panel_rem=17)
    _show_facts(shown)
    _ask(window, output_padding)
    code = transposed_code(
        picture, _SIDE, stamp(name, window.kernel_size, window.stride), window, output_padding
    )
    export_panel("transposed_convolution", code, lambda: panels_figure(shown.panels()), table=shown.rows)


def _show_facts(shown: Enlargement) -> None:
    window, small = shown.layer[0], shown.picture
    size = small.height, small.width
    times = f"{window.stride**2} times as many MACs" if window.stride > 1 else "As many MACs"
    facts(
        [
            Facts(
                "Output size",
                transposed_size_formula(window, shown.output_padding, *size),
                [("Resizing", _resize_text(shown))],
            ),
            Facts(
                "Cost, each channel by itself",
                upsampling_cost_formula(window, 3, *size),
                [(times, "to convolve after resizing: its input has s times the height and the width.")],
            ),
        ],
        "up_facts",
    )


def _resize_text(shown: Enlargement) -> str:
    stride, (height, width) = shown.layer[0].stride, shown.result.resized.shape[1:]
    more = shown.result.transposed.shape[1] - height
    compared = f"{counted(abs(more), 'pixel')} {'taller and wider' if more > 0 else 'shorter and narrower'}"
    return (
        f"gives s times the size, {height}×{width} for s = {stride}. The transposed convolution's output is "
        f"{compared if more else 'as large'}."
    )


def size_mistakes(window: Window, output_padding: int, input_size: int) -> Mapping[str, int]:
    """What a person may do wrong with the output size → the number that this gives."""
    right = transposed_size(window, input_size, output_padding)
    k, s, p, d = window.kernel_size, window.stride, window.padding, window.dilation
    return {
        "that multiplies by the stride only": input_size * s,
        "that is the size of a convolution, not of a transposed one": max(
            0, (input_size + 2 * p - window.effective_kernel_size) // s + 1
        ),
        "there are n − 1 steps between n stamps, not n": right + s,
        "padding makes this output smaller, not larger": right + 4 * p,
        "padding is cut off at both borders": right + p,
        "you left out the padding": right + 2 * p,
        "you left out the dilation": right - (d - 1) * (k - 1),
        "you left out the output padding": right - output_padding,
        "you left out the + 1": right - 1,
    }


def _ask(window: Window, output_padding: int) -> None:
    left, right = st.columns(2, gap="medium")
    w = window
    with left:
        check_yourself(
            f"A map {_QUIZ_SIZE} wide goes through a transposed convolution with k = {w.kernel_size}, "
            f"s = {w.stride}, p = {w.padding}, d = {w.dilation}, o = {output_padding}. "
            "How wide is its output?",
            transposed_size(window, _QUIZ_SIZE, output_padding),
            size_mistakes(window, output_padding, _QUIZ_SIZE),
            "up_quiz",
            "Check yourself: the size",
        )
    with right:
        choose_yourself(
            "A stamp of 5×5 ones is set every 2 pixels, and a checkerboard shows. What removes it?",
            _OVERLAP_CHOICES,
            "A stamp of 6×6 ones",
            "up_overlap_quiz",
            "Check yourself: the overlaps",
        )


_OVERLAP_CHOICES = {
    "Padding of 2": "padding cuts the border off and leaves the inside as it is.",
    "A stamp of 6×6 ones": "6 is a multiple of 2, so every inner pixel gets 3·3 = 9 stamps.",
    "A stamp of 3×3 ones": "3 is no multiple of 2 either; inner pixels get 1, 2 or 4 stamps.",
    "A stride of 3": "5 is no multiple of 3; inner pixels get 1, 2 or 4 stamps.",
    "Dividing the stamp by 25": "that makes all values smaller; they stay just as uneven for their mean.",
}
