"""The equivariance lab: shift then map, map then shift, and where the two part."""

import numpy as np
import streamlit as st

from cnnviz.analysis.shifts import POOLS, PoolName, ShiftedLayer, network_equivariance
from cnnviz.data.images import Picture
from cnnviz.device import CPU
from cnnviz.figures.panels import Panel
from cnnviz.nets.catalog import catalog_entry, model_names
from cnnviz.ops.equivariance import Equivariance, measure_equivariance
from cnnviz.ops.geometry import PADDING_MODES, PaddingMode
from cnnviz.ops.kernels import kernel, named_kernel
from cnnviz.ui import cache
from cnnviz.ui.components.panels import panels
from cnnviz.ui.controls import words
from cnnviz.ui.formulas import power_of_ten

_SIDE = 64
_KERNELS = ("sobel_x", "gaussian", "laplacian", "random")
_POOL_LABELS: dict[PoolName, str] = {
    "none": "None",
    "max": "Max 2×2",
    "average": "Average 2×2",
    "blur": "Max, blurred (BlurPool)",
}
_ROUNDING = 1e-6


def choose_and_measure(picture: Picture) -> tuple[Equivariance, str, int]:
    """Draw the controls; measure what they say. Also the map's name, and its padding's reach."""
    square = cache.centre_square(picture, _SIDE)
    subject = st.selectbox(
        "What is shifted through", ["layer", *model_names()], key="eq_subject", bind="query-params",
        format_func=lambda name: "One layer" if name == "layer" else catalog_entry(name).label,
    )  # fmt: skip
    mode: PaddingMode = st.selectbox(
        "Padding holds", PADDING_MODES, format_func=words, key="eq_padding_mode", bind="query-params"
    )
    if subject == "layer":
        layer = _choose_layer(mode)
        shift = _choose_shift()
        with cache.processor().slot():
            result = measure_equivariance(layer, square.tensor(), shift, layer.jump)
        return result, "one layer", layer.kernel.shape[0] // 2
    chosen = _choose_network_layer(subject)
    shift = _choose_shift()
    shared = cache.shared_model(subject, 0)
    with cache.processor().word_if_busy(), cache.processor().slot(), shared.borrow(CPU) as network:
        result = network_equivariance(network, chosen, square.tensor(), shift, mode)
    return result, f"{catalog_entry(subject).label} up to {chosen}", 0


def _choose_layer(mode: PaddingMode) -> ShiftedLayer:
    name = st.selectbox(
        "Kernel", _KERNELS, format_func=lambda name: named_kernel(name).label, key="eq_kernel",
        bind="query-params",
    )  # fmt: skip
    stride = st.select_slider("Stride *s*", (1, 2, 4), 1, key="eq_stride", bind="query-params")
    pool = st.selectbox(
        "Pooling", POOLS, format_func=_POOL_LABELS.__getitem__, key="eq_pool", bind="query-params"
    )
    return ShiftedLayer(kernel(name, 3), stride, mode, pool)


def _choose_network_layer(model: str) -> str:
    layers = [
        layer.layer
        for layer in cache.layers_of(model, _SIDE)
        if layer.has_maps and _SIDE % layer.output_shape[1] == 0
    ]
    return st.selectbox("Layer", layers, key="eq_layer", bind="query-params")


def _choose_shift() -> tuple[int, int]:
    down = st.slider("Shift down (pixels)", 0, 16, 0, key="eq_down", bind="query-params")
    right = st.slider("Shift right (pixels)", 0, 16, 4, key="eq_right", bind="query-params")
    return down, right


def show_measurement(result: Equivariance, name: str) -> None:
    """Both orders, their difference, and in words what it means."""
    channel = int(np.abs(result.shifted_mapped).reshape(len(result.shifted_mapped), -1).var(1).argmax())
    limit = float(
        max(np.abs(result.shifted_mapped[channel]).max(), np.abs(result.mapped_shifted[channel]).max())
    )
    shown = [
        Panel("Shift, then map: f(Tx)", result.mapped_shifted[channel][None], "signed", limit),
        Panel("Map, then shift: Tf(x)", result.shifted_mapped[channel][None], "signed", limit),
        Panel("Difference", result.difference[None], "count", words="The largest over the channels."),
    ]
    panels(shown, "eq_panels", box=224, panel_rem=13)
    st.latex(
        r"\footnotesize \max |f(Tx) - T f(x)| = "
        rf"\mathbf{{{_tex(result.largest)}}} = {_tex(result.relative)} \cdot \max |f(x)|"
    )
    st.markdown(_verdict(result, name))
    st.markdown(
        f"**Invariance is another matter:** f(Tx) differs from the unshifted f(x) by up to "
        f"{power_of_ten(result.invariance)} of max |f(x)|. A map may be equivariant and not invariant; "
        "global average pooling at a network's end turns the first into the second."
    )


def _tex(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"


def _verdict(result: Equivariance, name: str) -> str:
    if not result.exact:
        return (
            f"**Not equivariant to this shift.** {result.shift} pixels are no whole number of steps of "
            f"{name}, so the output cannot follow; it is compared at the nearest step, {result.output_shift}."
        )
    if result.relative <= _ROUNDING:
        return "**Equivariant:** the difference is rounding, below a millionth of the signal."
    rows, columns = np.nonzero(result.difference > _ROUNDING * max(result.largest, 1e-30))
    return (
        f"**Equality breaks** at {len(rows)} of {result.difference.size} places, in rows {rows.min()} to "
        f"{rows.max()} and columns {columns.min()} to {columns.max()}: at the border, where padding is read, "
        "and along the same border after the shift."
    )
