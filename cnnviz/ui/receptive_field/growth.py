"""The growth view and the table: how the field of one or several networks grows with depth."""

from collections.abc import Sequence

import streamlit as st

from cnnviz.analysis.field.receptive_field import ReceptiveField, share_in_padding
from cnnviz.analysis.trace.rows import Trace
from cnnviz.errors import CnnvizError
from cnnviz.figures.field_growth import Growth, growth_chart, growth_figure, growth_rows
from cnnviz.figures.theme import CURVES
from cnnviz.nets.catalog import ModelSpec, catalog_entry, model_names
from cnnviz.ui import cache
from cnnviz.ui.receptive_field.facts import missing_fields_text, outgrown_text
from cnnviz.ui.receptive_field.formulas import number
from cnnviz.ui.receptive_field.lab import SIDES
from cnnviz.ui.receptive_field.snippets import growth_code, table_code
from cnnviz.ui.shell.input_size import choose_side
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain

_SCALES = {"linear": "Linear", "log": "Logarithmic"}


def choose_growth(spec: ModelSpec) -> tuple[dict[ModelSpec, Trace], bool]:
    """The networks to compare, and whether the axis is logarithmic."""
    side = choose_side(spec, SIDES, "rf_side")
    others = st.multiselect(
        "Beside it",
        model_names(),
        default=["vgg16", "resnet50"],
        format_func=lambda name: catalog_entry(name).label,
        max_selections=len(CURVES) - 1,
        key="rf_others",
        bind="query-params",
    )
    scale = st.segmented_control(
        "Pixels", list(_SCALES), default="linear", required=True, format_func=_SCALES.__getitem__,
        key="rf_scale", bind="query-params",
    )  # fmt: skip
    found = {spec: cache.networks.traced(spec.name, side, spec.weights)}
    for name in (name for name in others if name != spec.name):
        own = catalog_entry(name).input_shape[2]
        try:
            found[ModelSpec(name)] = cache.networks.traced(name, side if own == 224 else own, None)
        except CnnvizError as error:
            st.markdown(f":material/error: {plain(f'{name}: {error}')}")
    return found, scale == "log"


def show_growth(found: dict[ModelSpec, Trace], logarithmic: bool) -> None:
    """The curves, and in words where each outgrows its picture."""
    growths = [Growth.of(spec.label, trace) for spec, trace in found.items()]
    st.plotly_chart(
        growth_chart(growths, logarithmic), key="rf_growth", config={"displayModeBar": False},
        alt="Receptive field by depth, up to: "
        + "; ".join(f"{g.label} {max(g.sizes):,} pixels" for g in growths),
    )  # fmt: skip
    st.markdown("A dip is a side branch that has seen less; where branches meet, the field is their union.")
    each = zip(growths, found.values(), strict=True)
    st.markdown("\n".join(f"- **{plain(g.label)}:** {plain(_growth_text(g, trace))}" for g, trace in each))
    export_panel(
        "receptive_field_growth",
        growth_code({spec: trace.input_shape for spec, trace in found.items()}),
        lambda: growth_figure(growths, logarithmic),
        lambda: growth_rows({spec.label: trace for spec, trace in found.items()}),
    )


def _growth_text(growth: Growth, found: Trace) -> str:
    """Where it outgrows the picture, and what the curve leaves out."""
    text = outgrown_text(growth)
    first = next((row for row in growth.rows if row.is_global), None)
    if first is not None:
        text += f" From {first.layer} on a unit sees the whole picture as well, which the curve leaves out."
    return f"{text} No field: {missing_fields_text(found)}"


def show_table(spec: ModelSpec, found: Trace) -> None:
    """Every operation with its field, as the trace has it."""
    records = [
        {
            "layer": row.layer,
            "operation": row.operation,
            "output": "×".join(map(str, row.output_shape[1:])),
            "size (pixels)": _numbers(seen.size) if seen else "",
            "jump (pixels)": _numbers(seen.jump) if seen else "",
            "start (pixels)": _numbers(seen.start) if seen else "",
            "in the padding, unit 0": _padding(found, seen) if seen else "",
            "note": row.note,
        }
        for row in found
        for seen in (row.receptive_field,)
    ]
    st.dataframe(records, hide_index=True, height=520, key="rf_table")
    st.markdown(
        "Jump is the effective stride; start is the centre of unit 0, pixel centres at whole numbers from 0. "
        "The padding column is the share of unit 0's field that lies outside the picture."
    )
    export_panel("receptive_field_table", table_code(spec, found.input_shape), table=found.records)


def _padding(found: Trace, seen: ReceptiveField) -> str:
    return f"{100 * share_in_padding(seen.box(*(0 for _ in seen.axes)), found.input_shape[2:]):.3g} %"


def _numbers(values: Sequence[float]) -> str:
    return " × ".join(map(number, values))
