"""The exports of a page: its code, its figure as PNG and SVG, its table as CSV."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.figures.downloads import figure_file
from cnnviz.figures.tables import Row, csv_file
from cnnviz.ui.widgets.controls import lazy_expander

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Code and files"
Maker = Callable[[], bytes]


def export_panel(
    name: str,
    code: str,
    figure: Callable[[], "Figure"] | None = None,
    table: Callable[[], Sequence[Row]] | None = None,
    more: Mapping[str, tuple[str, Maker]] | None = None,
    key: str = "",
    title: str = TITLE,
) -> None:
    """Show an expander with the code and download buttons; a file is made when its button is pressed.

    Args:
        name: of the files, without ending.
        code: runs by itself and gives what is on screen.
        figure: makes the figure.
        table: makes the rows of the table.
        more: label → (file ending, maker) of further files.
        key: of the expander, where the name changes with the controls.
        title: of the expander.
    """
    opened = lazy_expander(title, f"{key or name}_exports")
    if opened is None:
        return
    files: dict[str, tuple[str, Maker]] = {}
    if figure is not None:
        files["Figure as PNG"] = "png", lambda: figure_file(figure(), "png")
        files["Figure as SVG"] = "svg", lambda: figure_file(figure(), "svg")
    if table is not None:
        files["Table as CSV"] = "csv", lambda: csv_file(table())
    files |= more or {}
    endings = [ending for ending, _ in files.values()]
    with opened:
        with st.container(horizontal=True):
            for label, (ending, make) in files.items():
                twice = endings.count(ending) > 1
                file_name = f"{name}_{label.split()[0].lower()}.{ending}" if twice else f"{name}.{ending}"
                st.download_button(label, make, file_name, key=f"{name} {label}", on_click="ignore")
        st.code(code)
