"""Opens pages and their expanders, and runs the code that they show."""

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from cnnviz.nets.catalog import model_names
from cnnviz.nets.classifiers import classifier_names, family_of, published_figures

_PARTS = 4


def _in_parts(names):
    """A few parts; one process looks at a part on all pages, which share what they found."""
    parts = [[name for name in names if name in set(model_names()[i::_PARTS])] for i in range(_PARTS)]
    marked = [(part, f"networks {i}") for i, part in enumerate(parts)]
    return pytest.mark.parametrize(
        "part", [pytest.param(part, id=group, marks=pytest.mark.xdist_group(group)) for part, group in marked]
    )


def _ends_of_families():
    """Our networks, and the smallest and the largest of each of torchvision's families."""
    families = {}
    for name in sorted(classifier_names(), key=lambda name: published_figures(name).parameters):
        families.setdefault(family_of(name), []).append(name)
    ends = {name for family in families.values() for name in (family[0], family[-1])}
    return [name for name in model_names() if name in ends or name not in classifier_names()]


# What is between the ends is built as they are, and every network is traced and held against torchvision's
# figures in tests/analysis/trace/test_trace_classifiers.py.
families_of_networks = _in_parts(_ends_of_families())


def run_on_page(at: AppTest, name: str) -> AppTest:
    """The first run, on the page of an address; `switch_page` would need a run of Home before it."""
    at._page_hash = "" if name == "home" else calc_hash(name)
    return at.run()


def open_expanders(at: AppTest) -> AppTest:
    """Open every lazy expander."""
    for place in at.main.expander:
        if place.key:
            at.session_state[place.key] = True
    return at.run()


def shown_code(at: AppTest) -> str:
    """The code on the page."""
    return open_expanders(at).code[0].value


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "snippet", "exec"), names)
    return names


def picture_text(at):
    """What the sidebar says below the picture."""
    return next(caption.value for caption in at.sidebar.caption if " pixels" in caption.value)
