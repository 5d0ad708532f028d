"""The likeliest classes as bars, of which one can be taken."""

from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.figures.numbers import percent
from cnnviz.ui.components.registry import declare

_mount = declare("class_bars")


def class_bars(
    classes: Sequence[tuple[int, str, float]], selected: int, key: str, on_choose: Callable[[int], None]
) -> None:
    """Show classes as (number, name, probability).

    Args:
        classes: likeliest first.
        selected: the number of the class that is explained.
        key: of the component.
        on_choose: gets the number of the class that was clicked, unchecked.
    """

    def chosen() -> None:
        on_choose(int(st.session_state[key]["index"]))

    _mount(
        data={
            "label": "The likeliest classes",
            "selected": selected,
            "classes": [
                {"index": index, "name": name, "share": share, "text": percent(share)}
                for index, name, share in classes
            ],
        },
        key=key,
        on_index_change=chosen,
    )
