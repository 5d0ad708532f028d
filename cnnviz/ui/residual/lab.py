"""The residual block on the page: its controls, the sum taken apart, and the block as a diagram."""

import streamlit as st

from cnnviz.analysis.residual import TakenApart, take_apart
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.block_diagrams import block_rows, diagram, diagram_figure
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.nets.residual_variants import KINDS, ORDERS, BlockDesign, BlockKind, Order
from cnnviz.ui import cache
from cnnviz.ui.components.block_view import block_view
from cnnviz.ui.components.panels import panels
from cnnviz.ui.residual.facts import (
    ask_about_nothing_learnt,
    ask_about_weights,
    show_sum_facts,
    show_weight_facts,
)
from cnnviz.ui.residual.snippets import block_code, sums_code
from cnnviz.ui.widgets.controls import bounded_slider, register_control
from cnnviz.ui.widgets.exports import export_panel

SIDE = 56
CHANNELS = (16, 32, 64, 128, 256)
_KINDS: dict[BlockKind, str] = {"basic": "Basic", "bottleneck": "Bottleneck"}
_ORDERS: dict[Order, str] = {"post": "Post-activation (ResNet)", "pre": "Pre-activation (ResNet v2)"}


def choose_block() -> BlockDesign:
    """Kind, order, channels, stride and skip."""
    kind: BlockKind = st.segmented_control(
        "Block", KINDS, default="basic", required=True, format_func=_KINDS.__getitem__, key="res_kind",
        bind="query-params",
    )  # fmt: skip
    order: Order = st.selectbox(
        "Batch norm and ReLU", ORDERS, format_func=_ORDERS.__getitem__, key="res_order", bind="query-params",
        help="Post-activation: Conv → BN → ReLU, the original ResNet. Pre-activation: BN → ReLU → Conv, "
        "ResNet v2.",
    )  # fmt: skip
    skip = st.toggle("Add the skip", True, key="res_skip", bind="query-params")
    in_channels = st.select_slider("Channels in *C*", CHANNELS, 64, key="res_in", bind="query-params")
    out_channels = st.select_slider("Channels out *C′*", CHANNELS, 64, key="res_out", bind="query-params")
    stride = st.select_slider("Stride of the first 3×3", (1, 2), 1, key="res_stride", bind="query-params")
    return BlockDesign(kind, order, in_channels, out_channels, stride, skip)


def choose_channel(design: BlockDesign) -> int:
    """Which channel of the output is shown."""
    return bounded_slider(
        "Channel shown", 0, design.out_channels - 1, 0, key="res_channel",
        why=f"The block gives {design.out_channels} channels, counted from 0.",
    )  # fmt: skip


def show_sums(picture: Picture, design: BlockDesign, channel: int) -> None:
    """x, F(x), their sum and its ReLU on one scale, and the arithmetic of one place."""
    square = cache.pictures.centre_square(picture, SIDE)
    with cache.resources.queued():
        found = take_apart(square.tensor(), design)
    shown = sum_panels(found, design, channel)
    panels(shown, "res_panels", box=280, panel_rem=10.5 if len(shown) <= 4 else 12)
    show_sum_facts(found, design, channel)
    ask_about_nothing_learnt(design)
    export_panel(
        "residual_sums",
        sums_code(picture, SIDE, design, channel),
        lambda: panels_figure(shown, per_row=len(shown)),
        lambda: _rows(shown, channel),
    )


def sum_panels(found: TakenApart, design: BlockDesign, channel: int) -> list[Panel]:
    """One channel of everything on the way; all on the scale of the largest magnitude among them."""
    into = channel % design.in_channels
    which = f"Channel {into} of {design.in_channels}"
    maps: list[tuple[str, Array, str]] = [("x", found.x[into], f"{which}: what comes in.")]
    if design.order == "pre":
        maps.append(("a = ReLU(BN(x))", found.entry[into], f"{which}: what F's first convolution reads."))
    maps.append(("F(x)", found.residual[channel], f"Channel {channel} of {design.out_channels}."))
    added = "x"
    if design.projects and found.identity is not None:
        added = "P(x)" if design.order == "post" else "P(a)"
        words = f"The skip's 1×1 convolution; it mixes all {design.in_channels} channels."
        maps.append((added, found.identity[channel], words))
    total = f"F(x) + {added}" if design.skip else "F(x)"
    if design.skip:
        words = "The sum." if design.order == "post" else "The sum, and what the block gives."
        maps.append((total, found.total[channel], words))
    if design.order == "post":
        maps.append((f"ReLU({total})", found.output[channel], "What the block gives."))
    limit = max(float(abs(values).max()) for _, values, _ in maps)
    return [Panel(title, values[None], "signed", limit, words) for title, values, words in maps]


def _rows(shown: list[Panel], channel: int) -> list[Row]:
    return [
        {
            "map": panel.title,
            "channel of the output": channel,
            "height (places)": panel.shape[0],
            "width (places)": panel.shape[1],
            "smallest": float(panel.values.min()),
            "mean": float(panel.values.mean()),
            "standard deviation": float(panel.values.std()),
            "largest": float(panel.values.max()),
            "share of zeros": float((panel.values == 0).mean()),
        }
        for panel in shown
    ]


def show_block(design: BlockDesign) -> None:
    """The operations as a list and as a diagram."""
    register_control("res_channel", 0)
    block, found = cache.networks.block_of(design, SIDE)
    words = f"{block.operation}: {len(block.parts)} operations, {block.parameters:,} parameters, "
    block_view(
        block, [block], diagram(block, found), f"{words}{block.macs:,} MACs for {SIDE}×{SIDE} maps.",
        "res_block", lambda path: None,
    )  # fmt: skip
    show_weight_facts(design, block)
    ask_about_weights(design)
    export_panel(
        "residual_block",
        block_code(design, SIDE),
        lambda: diagram_figure(block, found),
        lambda: block_rows(block),
    )
