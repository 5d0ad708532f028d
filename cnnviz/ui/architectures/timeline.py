"""The timeline of the architectures page: seven cards, their quoted errors under their right names."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from cnnviz.analysis.trace.rows import Trace
from cnnviz.figures.milestones import milestones_figure
from cnnviz.figures.tables import Row
from cnnviz.nets.catalog import catalog_entry
from cnnviz.nets.classifiers import PublishedFigures, classifier_names, published_figures, rated_weights
from cnnviz.nets.milestones import MILESTONES, Milestone
from cnnviz.ui import cache
from cnnviz.ui.architectures.snippets import milestones_code
from cnnviz.ui.components.timeline import timeline
from cnnviz.ui.widgets.controls import set_control
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import choose_yourself

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINKS = {
    "feature_maps": "Feature maps",
    "receptive_field": "Receptive field",
    "parameters_and_cost": "Cost",
    "architectures": "Block by block",
}
_HERE = "architectures"
_CHOSEN, _FOLLOWED = "_arch_chosen", "_arch_followed"


def show_timeline() -> None:
    """The cards; a link opens the model on another page."""
    st.markdown(
        "Tables of these networks often head a column *Top-1 error*. Its numbers are top-5 errors, most of "
        "several networks together; one is not of ImageNet. Each card gives the quoted number its right "
        "name; *comparable* is one network, one crop of the input's size, ImageNet-1K validation, as "
        "torchvision publishes it for its first weights of each."
    )
    timeline(
        [_card(milestone) for milestone in MILESTONES],
        "arch_timeline",
        _go,
        st.session_state.pop(_FOLLOWED, None),
    )
    _ask()
    export_panel("architectures", milestones_code(), _figure, _rows)


def input_side(name: str) -> int:
    """The side of the picture for which a network's figures are published, or the catalog's."""
    rated = published(name)
    return rated.input_size if rated else catalog_entry(name).input_shape[2]


def published(name: str) -> PublishedFigures | None:
    """torchvision's figures of a model's first weights, if it is one of torchvision's.

    Later weights of some come from newer recipes of training, which would blur what the network brought.
    """
    return published_figures(name, rated_weights(name)[0]) if name in classifier_names() else None


def _traced(milestone: Milestone) -> Trace:
    return cache.networks.traced(milestone.model, input_side(milestone.model))


def _used(trace: Trace) -> int:
    """Parameters of the layers that run; auxiliary heads are for training."""
    return sum(row.parameters for row in trace)


def _card(milestone: Milestone) -> dict[str, Any]:
    trace, side = _traced(milestone), input_side(milestone.model)
    return {
        "name": milestone.name,
        "year": milestone.year,
        "idea": milestone.idea,
        "figures": [
            ("Input", f"{side}×{side}"),
            ("Parameters", f"{_used(trace):,}"),
            ("MACs", f"{trace.macs:,}"),
            ("Field of the last map", _field(trace)),
        ],
        "error": _unbroken(milestone.quoted),
        "meaning": _unbroken(milestone.meaning),
        "comparable": _unbroken(_comparable(milestone)),
        "paper": milestone.paper,
        "variant": milestone.variant,
        "links": [_link(page, milestone.model) for page in _LINKS],
    }


def _unbroken(text: str) -> str:
    """No line ends between a number and its per cent sign."""
    return text.replace(" %", "\u00a0%")


def _field(trace: Trace) -> str:
    field = trace.last_map.receptive_field
    if field is None:
        return "none"
    size = "×".join(f"{n:,}" for n in field.size)
    return f"{size} px + global" if field.is_global else f"{size} px"


def _comparable(milestone: Milestone) -> str:
    rated = published(milestone.model)
    if rated is None:
        return "No weights for ImageNet: it was made for digits."
    return (
        f"Comparable ({rated.name}, {rated.weights}): top-5 error {100 - rated.accuracy_top5:.2f} %, "
        f"top-1 error {100 - rated.accuracy_top1:.2f} %."
    )


def _link(page: str, model: str) -> dict[str, Any]:
    return {
        "label": _LINKS[page],
        "page": page,
        "model": model,
        "href": f"{page}?{urlencode(_query(page, model))}",
    }


def _query(page: str, model: str) -> dict[str, str]:
    view = {"arch_view": "Block by block"} if page == _HERE else {}
    return {"model": model, **view}


def _go(page: str, model: str) -> None:
    """Set the model in the sidebar, and the view or the page to go to; anything else is ignored."""
    if page not in _LINKS or model not in {milestone.model for milestone in MILESTONES}:
        return
    st.session_state["model"] = model
    st.session_state[_CHOSEN] = True
    if page == _HERE:
        set_control("arch_view", "blocks")
    else:
        st.session_state[_FOLLOWED] = {"page": page, "model": model}


def follow_link() -> None:
    """Draw the sidebar again where a card has set its model; call first in the lab.

    Only then does the browser know the model, which it sends along to the page that it goes to.
    """
    if st.session_state.pop(_CHOSEN, False):
        st.rerun()


def _rows() -> list[Row]:
    return [_row(milestone) for milestone in MILESTONES]


def _figure() -> "Figure":
    return milestones_figure([_point(milestone) for milestone in MILESTONES])


def _point(milestone: Milestone) -> tuple[str, int, int, float | None]:
    rated = published(milestone.model)
    error = None if rated is None else 100 - rated.accuracy_top5
    return milestone.name, milestone.year, _used(_traced(milestone)), error


def _row(milestone: Milestone) -> Row:
    trace, rated = _traced(milestone), published(milestone.model)
    field = trace.last_map.receptive_field
    return {
        "architecture": milestone.name,
        "year": milestone.year,
        "model": milestone.model,
        "input side (pixels)": input_side(milestone.model),
        "parameters": _used(trace),
        "MACs": trace.macs,
        "field of the last map (pixels)": field.size[0] if field else "",
        "quoted error": milestone.quoted,
        "what the quoted number is": milestone.meaning,
        "weights": rated.weights if rated else "",
        "top-1 error, one crop (%)": round(100 - rated.accuracy_top1, 3) if rated else "",
        "top-5 error, one crop (%)": round(100 - rated.accuracy_top5, 3) if rated else "",
        "paper": milestone.paper,
    }


def _ask() -> None:
    choose_yourself(
        "What does the 3.5 % that is quoted for DenseNet measure?",
        {
            "Top-1 error on ImageNet": "no network has come near that; it is not of ImageNet at all.",
            "Top-5 error on ImageNet, one network": "the paper has 5.29 % there, for DenseNet-264 "
            "with ten crops.",
            "Top-5 error on ImageNet, an ensemble": "that is what ResNet's 3.57 % is; DenseNet's is another "
            "data set.",
            "Error on CIFAR-10": "3.46 %, DenseNet-BC with 190 layers and growth rate 40: ten classes, "
            "pictures of 32×32 pixels. It cannot stand in one column with the others.",
        },
        "Error on CIFAR-10",
        "arch_quiz_densenet",
        "Check yourself: an error and its name",
    )
    counts = {milestone.name: _used(_traced(milestone)) for milestone in MILESTONES}
    most = max(counts, key=counts.__getitem__)
    choose_yourself(
        "Which of the seven has the most parameters?",
        {name: _why(name, counts, most) for name in counts},
        most,
        "arch_quiz_parameters",
        "Check yourself: the largest",
    )


def _why(name: str, counts: dict[str, int], most: str) -> str:
    if name == most:
        trace = _traced(next(m for m in MILESTONES if m.name == name))
        dense = sum(row.parameters for row in trace if row.kind == "linear")
        return (
            f"{counts[name]:,}, of which {dense:,} are in its three linear layers. Depth is not what costs "
            "parameters."
        )
    return f"{name} has {counts[name]:,}; one of the others has more."
