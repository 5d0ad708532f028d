"""Networks on the page about cost: one layer by layer, and two beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnnviz.analysis.cost import BYTES, Difference, ModelCost, Quantity, compare, model_cost
from cnnviz.analysis.trace.rows import LayerRow, Trace, times
from cnnviz.figures.cost_bars import BarGroup, comparison_figure
from cnnviz.figures.layer_bars import LayerBar, layer_bars, layer_figure, shares
from cnnviz.figures.numbers import significant
from cnnviz.figures.tables import Row
from cnnviz.nets.catalog import catalog_entry, model_names
from cnnviz.ui import cache
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.cost.formulas import totals_formula
from cnnviz.ui.cost.labs import show_bars
from cnnviz.ui.cost.published import published_facts
from cnnviz.ui.cost.quiz import ask_about_flops, ask_about_memory
from cnnviz.ui.cost.snippets import model_code, two_models_code
from cnnviz.ui.cost.texts import Setting, bytes_text, group
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain

SIDES = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 600)
_OWN = 0
_BARS = {"parameters": "Parameters", "MACs": "MACs", "bytes": "Activation memory"}
_NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Network:
    """A network with pictures of one size."""

    name: str
    side: int
    trace: Trace

    @property
    def label(self) -> str:
        """Its name on screen."""
        return catalog_entry(self.name).label

    @property
    def call(self) -> tuple[str, int, int]:
        """Name, channels, side: for the code."""
        return self.name, self.trace.input_shape[1], self.side


def choose_network(name: str, key: str, label: str = "Input size") -> Network:
    """The size of a network's pictures, out of those that it takes."""
    sizes = cache.networks.sizes_of(name, SIDES)
    own = f"{sizes.own}×{sizes.own}, its own"
    others = [side for side in sizes.sides if side != sizes.own]
    side = st.selectbox(
        label, [_OWN, *others], format_func=lambda side: f"{side}×{side}" if side else own, key=key,
        bind="query-params", disabled=not others, help=_size_text(name, others, sizes.refused),
    )  # fmt: skip
    side = side or sizes.own
    with cache.resources.queued():
        return Network(name, side, cache.networks.traced(name, side))


def _size_text(name: str, others: Sequence[int], refused: str) -> str:
    label = catalog_entry(name).label
    if not others:
        return f"{label} takes no other size here. {refused}"
    return f"{label} takes smaller and larger pictures, too." + (
        f" Not any smaller: {refused}" if refused else ""
    )


def choose_quantity() -> str:
    """What the bars show."""
    chosen = st.segmented_control(
        "Bars", list(_BARS), default="parameters", required=True, format_func=_BARS.__getitem__,
        key="cost_quantity", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    return chosen or "parameters"


def show_network(network: Network, quantity: str, setting: Setting) -> None:
    """Bars and table of a network, layer by layer, and its totals."""
    trace = network.trace
    bars = _bars(trace, quantity, setting)
    logarithmic = setting.axis == "logarithmic"
    _show_layer_bars(network, bars, quantity, logarithmic)
    cost = model_cost(trace, setting.batch, setting.dtype)
    facts(
        [
            Facts("Totals", totals_formula(trace, cost, setting.batch, BYTES[setting.dtype]), _totals(trace)),
            *published_facts([(network.name, network.side, trace)]),
        ],
        "cost_totals",
    )
    _show_table(trace, setting)
    layer = max(trace, key=lambda row: row.macs)
    ask_about_flops(layer.layer, layer.macs, setting.batch)
    export_panel(
        f"cost_{network.name}",
        model_code(*network.call, setting.batch, setting.dtype),
        lambda: layer_figure(bars, quantity, logarithmic),
        lambda: layer_rows(trace, setting),
        key="cost_model",
    )


def _bars(trace: Trace, quantity: str, setting: Setting) -> list[LayerBar]:
    values = [(number, row, _value(row, quantity, setting)) for number, row in enumerate(trace, start=1)]
    return [LayerBar(number, row.layer, row.kind, value) for number, row, value in values if value]


def _value(row: LayerRow, quantity: str, setting: Setting) -> int:
    return {
        "parameters": row.parameters,
        "MACs": row.macs * setting.batch,
        "bytes": row.written_elements * setting.batch * BYTES[setting.dtype],
    }[quantity]


def _show_layer_bars(network: Network, bars: Sequence[LayerBar], quantity: str, logarithmic: bool) -> None:
    most = max(bars, key=lambda bar: bar.value)
    total = sum(bar.value for bar in bars)
    parts = ", ".join(f"{kind} {100 * share:.4g} %" for kind, share in shares(bars).items())
    largest = f"{most.layer}, {100 * most.value / total:.4g} %"
    st.markdown(
        f"**{plain(network.label)}: {_heading(quantity)} by layer.** Most in one layer: {plain(largest)}."
    )
    st.plotly_chart(
        layer_bars(bars, quantity, logarithmic), key="cost_layer_bars", config={"displayModeBar": False},
        alt=f"{quantity} of each operation of {network.label}, in the order in which they run: {parts}. "
        f"Most in one layer: {largest}.",
    )  # fmt: skip


def _heading(quantity: str) -> str:
    return {"parameters": "parameters", "MACs": "MACs", "bytes": "bytes of activations"}[quantity]


def _totals(trace: Trace) -> list[tuple[str, str]]:
    """What is counted, and which modules did not run."""
    said = [
        (
            "Counted:",
            "parameters are weights and biases, once each. MACs are those of convolutions, linear layers and "
            "matrix products. Memory is all that the operations write, kept at once; views and in-place "
            "operations write nothing new.",
        )
    ]
    if trace.unreached:
        modules = ", ".join(
            f"{u.layer} ({u.operation}, {u.parameters:,} parameters)" for u in trace.unreached
        )
        said.append(
            ("Not run in this pass:", f"{modules}. They serve in training only; their parameters count.")
        )
    return said


def layer_rows(trace: Trace, setting: Setting) -> list[Row]:
    """The network as a table, modules that did not run at its end."""
    rows = [_row(row.layer, row.kind, row.operation, times((setting.batch, *row.output_shape[1:])),
                 *(_value(row, quantity, setting) for quantity in _BARS)) for row in trace]  # fmt: skip
    skipped = [_row(u.layer, _NOT_RUN, u.operation, "", u.parameters, 0, 0) for u in trace.unreached]
    return rows + skipped


def _row(layer: str, kind: str, operation: str, output: str, *numbers: int) -> Row:
    names = ("layer", "kind", "operation", "output shape", "parameters", "MACs", "activation memory (bytes)")
    return dict(zip(names, (layer, kind, operation, output, *numbers), strict=True))


def _show_table(trace: Trace, setting: Setting) -> None:
    only = st.toggle(
        "Only layers with parameters", False, key="cost_only", bind="query-params",
        help="The others have none: activations, pooling, joins, reshapes.",
    )  # fmt: skip
    rows = [row for row in layer_rows(trace, setting) if row["parameters"] or not only]
    number: Any = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        rows, hide_index=True, height=320,
        column_config=dict.fromkeys(("parameters", "MACs", "activation memory (bytes)"), number),
    )  # fmt: skip


def choose_other() -> str:
    """The second network."""
    names = model_names()
    return st.selectbox(
        "Second model", names, names.index("resnet18"), format_func=lambda name: catalog_entry(name).label,
        key="cost_other", bind="query-params",
    )  # fmt: skip


def show_two(first: Network, second: Network, setting: Setting) -> None:
    """Two networks, number by number."""
    costs = [model_cost(network.trace, setting.batch, setting.dtype) for network in (first, second)]
    names = _names(first, second)
    groups = _model_groups(names, costs, setting)
    show_bars(groups, setting, "cost_two_bars")
    rows = difference_rows(names, compare(costs[0], costs[1]))
    st.dataframe(rows, hide_index=True)
    sizes = f"{first.label} sees {first.side}×{first.side} pixels, {second.label} {second.side}×{second.side}"
    st.markdown(
        "Difference: second minus first. Ratio: second over first. Each row has one unit: parameters are "
        "never set against MACs or bytes. "
        + (f"**Unequal pictures:** {sizes}; MACs and activation memory grow with them."
           if first.side != second.side else "")
    )  # fmt: skip
    facts(published_facts([(n.name, n.side, n.trace) for n in (first, second)]), "cost_two_facts")
    ask_about_memory(
        (names[0], costs[0].parameters.value), (names[1], costs[1].parameters.value), setting.dtype
    )
    export_panel(
        "cost_two_models",
        two_models_code(first.call, second.call, setting.batch, setting.dtype),
        lambda: comparison_figure(groups, setting.axis),
        lambda: rows,
    )


def _names(first: Network, second: Network) -> tuple[str, str]:
    """Their labels; the same network twice is distinguished by its picture size or its position."""
    if first.name != second.name:
        return first.label, second.label
    if first.side != second.side:
        return f"{first.label} at {first.side}×{first.side}", f"{second.label} at {second.side}×{second.side}"
    return first.label, f"{second.label} again"


def _model_groups(names: tuple[str, str], costs: Sequence[ModelCost], setting: Setting) -> list[BarGroup]:
    quantities = (
        ("Parameters", "parameters", "as many", [cost.parameters.value for cost in costs]),
        (f"MACs of {setting.pictures}", "MACs", "as many", [cost.macs.value for cost in costs]),
        (
            f"Activation memory of {setting.pictures} in {setting.dtype}", "bytes", "as much",
            [cost.activation_memory.value for cost in costs],
        ),
    )  # fmt: skip
    return [
        group(title, unit, noun, list(zip(names, values, strict=True)))
        for title, unit, noun, values in quantities
    ]


def difference_rows(names: tuple[str, str], differences: Sequence[Difference]) -> list[Row]:
    """A row for each number of two networks, the second seen from the first, FLOPs after MACs."""
    titles = {
        "parameters": "Parameters",
        "macs": "MACs",
        "parameter_memory": "Memory of the parameters",
        "activation_memory": "Activation memory",
    }
    rows: list[Row] = []
    for found in differences:
        rows.append(_difference_row(titles[found.name], names, found))
        if found.first.unit == "MACs":
            flops = Difference("flops", found.first.flops(), found.second.flops())
            rows.append(_difference_row("FLOPs, 2 for each MAC", names, flops))
    return rows


def _difference_row(title: str, names: tuple[str, str], found: Difference) -> Row:
    def said(quantity: Quantity) -> str:
        return bytes_text(quantity.value) if quantity.unit == "bytes" else f"{quantity.value:,}"

    return {
        "number": title,
        names[0]: said(found.first),
        names[1]: said(found.second),
        "difference": str(found.difference),
        "ratio": significant(found.ratio),
    }
