"""Three comparisons of layers: fully connected and convolution, deep and wide, ways to convolve."""

import math
from collections.abc import Sequence

import streamlit as st

from cnnviz.analysis.cost import (
    BYTES,
    Cost,
    DType,
    bottleneck_channels,
    deep_or_wide,
    fully_connected_or_convolution,
    ways_to_convolve,
)
from cnnviz.figures.cost_bars import AXES, Axis, BarGroup, comparison_bars, comparison_figure
from cnnviz.figures.numbers import significant
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.cost.formulas import (
    convolution_formula,
    deep_formula,
    dense_formula,
    ways_formulas,
    wide_formula,
)
from cnnviz.ui.cost.quiz import ask_about_convolution, ask_about_ways, ask_about_wide
from cnnviz.ui.cost.snippets import deep_code, dense_code, ways_code
from cnnviz.ui.cost.texts import Setting, bytes_text, cost_groups, cost_rows
from cnnviz.ui.widgets.controls import bounded_slider
from cnnviz.ui.widgets.exports import export_panel

CHANNELS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048)
KERNEL_SIZES = (1, 3, 5, 7, 9, 11)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DTYPES: tuple[DType, ...] = ("float32", "float16", "bfloat16", "float64", "int8")
_AXES: dict[Axis, str] = {"automatic": "Auto", "linear": "Linear", "logarithmic": "Log"}
_LONGEST_SIDE = 512


def choose_setting() -> Setting:
    """Batch, number type and axis, which all views share."""
    batch = st.select_slider(
        "Batch size", BATCHES, 1, key="cost_batch", bind="query-params",
        help="MACs and activations are needed for every picture of the batch; weights are not.",
    )  # fmt: skip
    dtype = st.selectbox(
        "Number type", DTYPES, key="cost_dtype", bind="query-params",
        format_func=lambda dtype: f"{dtype}, {BYTES[dtype]} byte{'s' if BYTES[dtype] > 1 else ''}",
        help="What one number takes in memory.",
    )  # fmt: skip
    axis = st.segmented_control(
        "Axis", AXES, default=AXES[0], required=True, format_func=_AXES.__getitem__, key="cost_axis",
        bind="query-params", width="stretch",
        help="Auto counts in powers of ten where a bar would be too short to see.",
    )  # fmt: skip
    return Setting(batch, dtype, axis or AXES[0])


def _channels(label: str, default: int, key: str) -> int:
    return int(st.select_slider(label, CHANNELS, default, key=key, bind="query-params"))


def _kernel_size() -> int:
    return int(
        st.select_slider(
            "Kernel size *k*", KERNEL_SIZES, 3, key="cost_kernel_size", bind="query-params",
            help="Odd, so that equal padding on both sides keeps the size of the map.",
        )
    )  # fmt: skip


def _size(default: int) -> tuple[int, int]:
    height = bounded_slider("Height *h*", 1, _LONGEST_SIDE, default, key="cost_height")
    width = bounded_slider("Width *w*", 1, _LONGEST_SIDE, default, key="cost_width")
    return height, width


def choose_dense() -> tuple[int, int, int, int, int]:
    """A picture, the maps that come out, and the convolution's kernel."""
    height, width = _size(224)
    in_channels = _channels("Channels *in*", 3, "cost_in")
    out_channels = _channels("Channels *out*", 64, "cost_out")
    kernel_size = _kernel_size()
    return height, width, in_channels, out_channels, kernel_size


def show_dense(chosen: tuple[int, int, int, int, int], setting: Setting) -> None:
    """The two layers: bars, formulas, a question, the code."""
    height, width, in_channels, out_channels, kernel_size = chosen
    dense, conv = costs = fully_connected_or_convolution(*chosen)
    groups = cost_groups(costs, setting)
    show_bars(groups, setting, "cost_dense_bars")
    memory = bytes_text(dense.weights * BYTES[setting.dtype])
    facts(
        [
            Facts(
                "Fully connected",
                dense_formula(height, width, in_channels, out_channels, dense),
                [("Memory:", f"its weights alone fill {memory} in {setting.dtype}.")],
            ),
            Facts(
                "Convolution",
                convolution_formula(height, width, in_channels, out_channels, kernel_size, conv),
                [
                    (
                        "Why so few?",
                        "Each output reads a window, not the whole picture, and all places share one set "
                        "of weights. So the weights do not depend on the picture's size.",
                    )
                ],
            ),
        ],
        "cost_dense_facts",
    )
    ask_about_convolution(in_channels, out_channels, kernel_size)
    code = dense_code(height, width, in_channels, out_channels, kernel_size, setting.batch)
    _show_exports("cost_dense", code, groups, costs, setting)


def choose_deep() -> tuple[int, int, int, int]:
    """How many layers of 3×3, their channels, and the size of their maps."""
    layers = bounded_slider("Layers of 3×3 *n*", 1, 15, 2, key="cost_layers")
    channels = _channels("Channels *C*, in and out", 64, "cost_channels")
    return layers, channels, *_size(56)


def show_deep(chosen: tuple[int, int, int, int], setting: Setting) -> None:
    """A stack of small kernels against one large kernel that sees as much."""
    layers, channels, *_ = chosen
    deep, wide = costs = deep_or_wide(*chosen)
    groups = cost_groups(costs, setting)
    show_bars(groups, setting, "cost_deep_bars")
    facts(
        [
            Facts(deep.name.capitalize(), deep_formula(layers, channels, deep), [_deep_texts(layers)]),
            Facts(wide.name.capitalize(), wide_formula(layers, channels, wide), [_wide_texts(layers)]),
        ],
        "cost_deep_facts",
    )
    ask_about_wide(layers, channels)
    _show_exports("cost_deep", deep_code(*chosen, setting.batch), groups, costs, setting)


def _deep_texts(layers: int) -> tuple[str, str]:
    if layers == 1:
        return "One layer:", "then both are the same; move n to see them part."
    return (
        "Deep:",
        f"with an activation after each layer, {layers} non-linear steps instead of 1. It writes {layers} "
        f"sets of maps, so its activations take {layers} times the memory.",
    )


def _wide_texts(layers: int) -> tuple[str, str]:
    share = significant((2 * layers + 1) ** 2 / (9 * layers))
    more = "as many weights" if layers == 1 else f"{share} times the weights"
    return (
        "Wide:",
        f"{more}, for the same field at stride 1. That 3×3 wins is VGG's finding at its time and budget; "
        "ConvNeXt takes 7×7, RepLKNet up to 31×31, both depthwise, where channels do not multiply.",
    )


def choose_ways() -> tuple[int, int, int, int, int, int, int]:
    """Channels, kernel, size of the maps, groups, and how narrow the bottleneck is."""
    in_channels = _channels("Channels *in*", 256, "cost_ways_in")
    out_channels = _channels("Channels *out*", 256, "cost_ways_out")
    kernel_size = _kernel_size()
    common = math.gcd(in_channels, out_channels)
    divisors = [g for g in range(1, common + 1) if common % g == 0]
    groups = st.selectbox(
        "Groups *g*", divisors, divisors.index(max(d for d in divisors if d <= 32)), key="cost_groups",
        bind="query-params", disabled=len(divisors) == 1,
        help="Groups divide both numbers of channels without a rest: " + ", ".join(map(str, divisors)) + ".",
    )  # fmt: skip
    reduction = bounded_slider("Bottleneck: *out* / *m*", 1, 16, 4, key="cost_reduction")
    height, width = _size(14)
    return in_channels, out_channels, kernel_size, height, width, int(groups), reduction


def show_ways(chosen: tuple[int, int, int, int, int, int, int], setting: Setting) -> None:
    """Standard, grouped, depthwise separable and bottleneck."""
    in_channels, out_channels, kernel_size, height, width, groups, reduction = chosen
    costs = ways_to_convolve(*chosen)
    narrow = bottleneck_channels(out_channels, reduction)
    bars = cost_groups(costs, setting)
    show_bars(bars, setting, "cost_ways_bars")
    sentences = _ways_texts(groups, narrow)
    formulas = ways_formulas(in_channels, out_channels, kernel_size, groups, narrow, costs)
    facts(
        [
            Facts(title, equations, [sentence])
            for (title, equations), sentence in zip(formulas, sentences, strict=True)
        ],
        "cost_ways_facts",
    )
    ask_about_ways(in_channels, out_channels, kernel_size, (height, width), groups, reduction)
    code = ways_code(in_channels, out_channels, kernel_size, (height, width), groups, narrow, setting.batch)
    _show_exports("cost_ways", code, bars, costs, setting)


def _ways_texts(groups: int, narrow: int) -> list[tuple[str, str]]:
    grouped = "with one group it is the standard convolution." if groups == 1 else (
        f"each output channel reads only its own group, 1/{groups} of the input channels."
    )  # fmt: skip
    return [
        ("Each output", "channel reads all input channels under its window. MACs: weights · h · w."),
        ("Grouped:", grouped),
        ("Two steps:", "one kernel for each channel, then 1×1 to mix the channels, as in MobileNet."),
        (
            "Three steps:",
            f"1×1 down to m = {narrow}, k×k there, 1×1 up, as in ResNet-50. It writes three sets of maps.",
        ),
    ]


def show_bars(groups: Sequence[BarGroup], setting: Setting, key: str) -> None:
    """The comparison as a chart, which is read out as its words."""
    alt = " ".join(
        f"{group.title}: {group.comparison or 'each way'}. "
        + "; ".join(f"{name}: {said}" for name, _, said in group.bars)
        + "."
        for group in groups
    )
    st.plotly_chart(comparison_bars(groups, setting.axis), key=key, config={"displayModeBar": False}, alt=alt)


def _show_exports(
    name: str, code: str, groups: Sequence[BarGroup], costs: Sequence[Cost], setting: Setting
) -> None:
    export_panel(
        name, code, lambda: comparison_figure(groups, setting.axis), lambda: cost_rows(costs, setting)
    )
