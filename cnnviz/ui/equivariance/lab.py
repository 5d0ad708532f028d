"""The equivariance lab: shift then map, map then shift, and where the two part."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz.analysis.shifts import (
    POOLS,
    PaddingOnTheWay,
    PoolName,
    ShiftedLayer,
    network_equivariance,
)
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.device import CPU
from cnnviz.figures.numbers import significant
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.nets.catalog import ModelSpec, catalog_entry, reference_names
from cnnviz.ops.equivariance import Equivariance, circular_shift, measure_equivariance
from cnnviz.ops.geometry import PADDING_MODES, PaddingMode
from cnnviz.ops.kernels import kernel, named_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.components.panels import panels
from cnnviz.ui.equivariance.formulas import equivariance_formula, invariance_formula
from cnnviz.ui.equivariance.snippets import layer_code, network_code
from cnnviz.ui.equivariance.texts import padding_text, shift_text, verdict
from cnnviz.ui.widgets.controls import counted, readable_name, register_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import choose_yourself

SIDE = 64
_FARTHEST = 16
_KERNELS = ("sobel_x", "gaussian", "laplacian", "random")
_POOL_LABELS: dict[PoolName, str] = {
    "none": "None",
    "max": "Max 2×2",
    "average": "Average 2×2",
    "blur": "Max, blurred (BlurPool)",
}
_COLOURS = ("red", "green", "blue")


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What was shifted through what, and what came of it.

    Attributes:
        square: the picture, float32 (3, H, W).
        shifted: the shifted picture, likewise.
        settings: name → what is chosen, for the table.
        way: what pads on the way to a network's layer; None for one layer.
        layer: the network's layer.
        code: gives the same numbers.
        result: the measurement.
    """

    square: Array
    shifted: Array
    settings: Mapping[str, object]
    way: PaddingOnTheWay | None
    layer: str
    code: str
    result: Equivariance

    @property
    def guaranteed(self) -> bool:
        """Whether the map follows whole steps on every picture: all that pads is circular."""
        return self.settings["padding mode"] == "circular" and not (self.way and self.way.pools)

    def panels(self) -> list[Panel]:
        """The picture and its map in a row; both orders and their difference in the next."""
        r = self.result
        flat = r.mapped.reshape(len(r.mapped), -1)
        single = flat.shape[1] == 1
        channel = int((np.abs(flat[:, 0]) if single else flat.var(1)).argmax())
        why = "the largest value" if single else "which varies most"
        fx, mapped_shifted, shifted_mapped = (
            values[channel][None] for values in (r.mapped, r.mapped_shifted, r.shifted_mapped)
        )
        limit = float(max(np.abs(fx).max(), np.abs(mapped_shifted).max()))
        name = f"Channel {channel} of 0 to {len(r.mapped) - 1}, {why}."
        if self.way is None:
            name = f"The {_COLOURS[channel]} channel, {why}."
        everywhere = float(max(limit, r.signal))
        return [
            Panel("x", self.square, words="The picture."),
            Panel("Tx", self.shifted, words=f"The picture shifted by {shift_text(r.shift)}."),
            Panel("f(x)", fx, "signed", limit, f"{name} Its mean is {significant(float(fx.mean()))}."),
            Panel(
                "f(Tx)", mapped_shifted, "signed", limit,
                f"Shift, then map. Mean {significant(float(mapped_shifted.mean()))}.",
            ),
            Panel(
                "T f(x)", shifted_mapped, "signed", limit,
                f"Map, then shift by {shift_text(r.output_shift)} in the map.",
            ),
            Panel(
                "Difference", r.difference[None], "count", everywhere,
                f"The largest over the {counted(len(r.mapped), 'channel')}.",
            ),
        ]  # fmt: skip

    def row(self) -> Row:
        """All that is on screen in numbers."""
        r = self.result
        return {
            **self.settings,
            "shift down (pixels)": r.shift[0],
            "shift right (pixels)": r.shift[1],
            "map shifted down (places)": r.output_shift[0],
            "map shifted right (places)": r.output_shift[1],
            "whole number of steps": r.exact,
            "max |f(Tx) - T f(x)|": r.largest,
            "max |f(x)|": r.signal,
            "error (share of max |f(x)|)": r.relative,
            "places that differ": int(r.broken.sum()),
            "places": r.broken.size,
            "change of the map (share of max |f(x)|)": r.invariance,
            "change of the pooled vector (share of its largest)": r.pooled_relative,
        }


def choose_subject() -> tuple[str, PaddingMode]:
    """One layer or a network, and how it pads."""
    subject = st.selectbox(
        "What is shifted through", ["layer", *reference_names()], key="eq_subject", bind="query-params",
        format_func=lambda name: "One layer" if name == "layer" else catalog_entry(name).label,
    )  # fmt: skip
    mode: PaddingMode = st.selectbox(
        "Padding holds", PADDING_MODES, format_func=readable_name, key="eq_padding_mode", bind="query-params",
        help="What convolutions read beyond the border.",
    )  # fmt: skip
    return subject, mode


def choose_layer(mode: PaddingMode) -> ShiftedLayer:
    """A convolution, its ReLU, and a pooling."""
    register_control("eq_layer", None)
    stride = st.select_slider("Stride *s*", (1, 2, 4), 1, key="eq_stride", bind="query-params")
    pool = st.selectbox(
        "Pooling", POOLS, format_func=_POOL_LABELS.__getitem__, key="eq_pool", bind="query-params",
        help="After a 3×3 convolution and its ReLU. BlurPool: max pooling with stride 1, then a blur with "
        "stride 2; beyond the border both repeat the edge, or the other side if padding is circular.",
    )  # fmt: skip
    name = st.selectbox(
        "Kernel", _KERNELS, format_func=lambda name: named_kernel(name).label, key="eq_kernel",
        bind="query-params",
    )  # fmt: skip
    return ShiftedLayer(kernel(name, 3), stride, mode, pool)


def choose_network_layer(model: str) -> str:
    """A layer whose maps' size divides the picture's."""
    for key, default in {"eq_stride": 1, "eq_pool": POOLS[0], "eq_kernel": _KERNELS[0]}.items():
        register_control(key, default)
    layers = [
        layer.layer
        for layer in cache.networks.layers_of(model, SIDE)
        if layer.has_maps and SIDE % layer.output_shape[1] == 0
    ]
    if st.session_state.get("eq_layer", layers[0]) not in layers:
        st.session_state["eq_layer"] = layers[0]
    return st.selectbox(
        "Up to layer", layers, key="eq_layer", bind="query-params",
        help="The network's weights are random, seed 0.",
    )  # fmt: skip


def choose_shift() -> tuple[int, int]:
    """Two sliders beside each other, over the picture."""
    left, right = st.columns(2, gap="medium")
    down = left.slider("Shift down (pixels)", 0, _FARTHEST, 0, key="eq_down", bind="query-params")
    across = right.slider("Shift right (pixels)", 0, _FARTHEST, 4, key="eq_right", bind="query-params")
    return down, across


def measure_layer(picture: Picture, layer: ShiftedLayer, shift: tuple[int, int]) -> Measurement:
    """Measure one layer."""
    x = cache.pictures.centre_square(picture, SIDE).tensor()
    with cache.resources.queued():
        result = measure_equivariance(layer, x, shift, layer.jump)
    settings = {
        "subject": "one layer",
        "padding mode": layer.padding_mode,
        "stride": layer.stride,
        "pooling": layer.pool,
        "layer": "",
    }
    code = layer_code(picture, SIDE, layer, shift)
    return Measurement(x[0].numpy(), circular_shift(x, *shift)[0].numpy(), settings, None, "", code, result)


def measure_network(
    picture: Picture, model: str, layer: str, mode: PaddingMode, shift: tuple[int, int]
) -> Measurement:
    """Measure a network up to a layer."""
    x = cache.pictures.centre_square(picture, SIDE).tensor()
    shared = cache.networks.shared_model(ModelSpec(model))
    with cache.resources.queued(), shared.borrow(CPU) as network:
        result = network_equivariance(network, layer, x, shift, mode)
    settings = {"subject": model, "padding mode": mode, "stride": "", "pooling": "", "layer": layer}
    code = network_code(picture, SIDE, model, layer, mode, shift)
    way = cache.networks.padding_to(model, layer, SIDE)
    return Measurement(x[0].numpy(), circular_shift(x, *shift)[0].numpy(), settings, way, layer, code, result)


def show_measurement(shown: Measurement) -> None:
    """Show the pictures, what they mean in words and numbers, the questions and the exports."""
    panels(shown.panels(), "eq_panels", box=192, panel_rem=10, most=3)
    st.markdown(verdict(shown.result, shown.guaranteed))
    if shown.way is not None:
        st.markdown(padding_text(shown.way, shown.layer))
    facts(
        [
            Facts(
                "Equivariance: shift in, shift out",
                equivariance_formula(shown.result),
                [("0 or rounding", "if the map follows the shift. T shifts round the border.")],
            ),
            Facts(
                "Invariance: shift in, same out",
                invariance_formula(shown.result),
                [
                    ("The map", "is compared with itself where it stands."),
                    ("Pooled:", "global average pooling leaves each channel's mean, which has no place."),
                ],
            ),
        ],
        "eq_facts",
    )
    _ask()
    export_panel(
        "equivariance",
        shown.code,
        lambda: panels_figure(shown.panels(), per_row=3),
        table=lambda: [shown.row()],
    )


def _ask() -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        choose_yourself(
            "Stride 2, circular padding, the picture shifted by 3 pixels: is the layer equivariant to it?",
            _STRIDE_CHOICES,
            "No: 3 is no multiple of 2",
            "eq_stride_quiz",
            "Check yourself: the stride",
        )
    with right:
        choose_yourself(
            "A convolution with stride 1 and circular padding, then global average pooling, the picture "
            "shifted by 5 pixels: what does the pooled vector do?",
            _POOLED_CHOICES,
            "It stays, up to rounding",
            "eq_pooled_quiz",
            "Check yourself: the pooled vector",
        )


_STRIDE_CHOICES = {
    "Yes: circular padding makes it exact": "circular padding mends the border only. Here the shift is no "
    "whole number of steps.",
    "No: 3 is no multiple of 2": "the output would have to move by one and a half places, and cannot.",
    "No: the border breaks it": "circular padding has no border; the stride is what breaks it.",
    "Yes: the output moves by 2 places": "2 places in the output are 4 pixels of the input, not 3.",
}
_POOLED_CHOICES = {
    "It shifts by 5": "a vector of means has no places to shift by.",
    "It stays, up to rounding": "the map holds the same values in other places, so each mean is the same. "
    "Equivariance and pooling make invariance.",
    "It changes, as the map does": "the map's values only change places, and a mean does not mind where "
    "they are.",
    "It becomes 0": "a mean of values is 0 only if they cancel; a shift does not make them.",
}
