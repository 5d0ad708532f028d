"""Opens what a page keeps folded, and runs the code that it shows."""

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.nets.catalog import model_names

_PARTS = 4
# Every model in a few parts; one process looks at a part on all pages, which share what they found.
every_network = pytest.mark.parametrize(
    "part",
    [
        pytest.param(model_names()[i::_PARTS], id=str(i), marks=pytest.mark.xdist_group(f"networks {i}"))
        for i in range(_PARTS)
    ],
)


def open_drawers(at: AppTest) -> AppTest:
    """Open every expander whose contents wait for it."""
    for place in at.main.expander:
        if place.key:
            at.session_state[place.key] = True
    return at.run()


def shown_code(at: AppTest) -> str:
    """The code on the page."""
    return open_drawers(at).code[0].value


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "snippet", "exec"), names)
    return names


def picture_words(at):
    """What the sidebar says below the picture."""
    return next(caption.value for caption in at.sidebar.caption if " pixels" in caption.value)
