"""Accuracy against cost: every classifier of torchvision, one protocol."""

import streamlit as st

from cnnviz.figures.accuracy import (
    COSTS,
    SCORES,
    Cost,
    Score,
    accuracy_figure,
    accuracy_rows,
    accuracy_scatter,
    figures_text,
    front_of,
)
from cnnviz.nets.catalog import catalog_entry
from cnnviz.nets.classifiers import (
    PublishedFigures,
    classifier_names,
    family_of,
    published_figures,
    rated_weights,
)
from cnnviz.ui.architectures.snippets import accuracy_code
from cnnviz.ui.widgets.controls import counted, lab_columns
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain
from cnnviz.ui.widgets.quiz import choose_yourself

WHICH = {
    "default": "Each model's default",
    "first": "Each model's first",
    "all": "All that are published",
}
NO_FAMILY = "none"


def show_accuracy(model: str) -> None:
    """The scatter, its controls beside it, and the chosen model in words."""
    controls, view = lab_columns()
    with controls:
        which, cost, score, family = _choose()
    shown = published(which)
    with view:
        st.plotly_chart(
            accuracy_scatter(shown, cost, score, family, model),
            config={"displayModeBar": False},
            key="arch_scatter",
        )
        st.markdown(_model_text(shown, model))
        st.markdown(_front_text(front_of(shown, cost, score), cost, score))
        st.caption(_protocol(shown))
        _ask()
        export_panel(
            "accuracy",
            accuracy_code(which, cost, score),
            lambda: accuracy_figure(shown, cost, score, family),
            lambda: accuracy_rows(shown, cost, score),
        )


def published(which: str) -> list[PublishedFigures]:
    """The published figures of each model's default weights, its first ones, or all."""
    found = []
    for name in classifier_names():
        rated = rated_weights(name)
        names = {"default": ("DEFAULT",), "first": rated[:1], "all": rated}[which]
        found += [published_figures(name, weights) for weights in names]
    return found


def families() -> list[str]:
    """torchvision's families, in the order of their names."""
    return sorted({family_of(name) for name in classifier_names()})


def _choose() -> tuple[str, Cost, Score, str | None]:
    cost = st.selectbox(
        "Across", list(COSTS), format_func=COSTS.__getitem__, key="arch_cost", bind="query-params"
    )
    score = st.selectbox(
        "Up", list(SCORES), format_func=SCORES.__getitem__, key="arch_score", bind="query-params"
    )
    family = st.selectbox(
        "Highlight a family",
        [NO_FAMILY, *families()],
        index=0,
        key="arch_family",
        bind="query-params",
        help="torchvision's own grouping: the module that builds the model.",
    )
    which = st.selectbox(
        "Weights",
        list(WHICH),
        format_func=WHICH.__getitem__,
        key="arch_which",
        bind="query-params",
        help="Many models have several; the later ones (V2) come from a newer recipe.",
    )
    return which, cost, score, None if family == NO_FAMILY else family


def _model_text(shown: list[PublishedFigures], model: str) -> str:
    own = [figures for figures in shown if figures.name == model]
    if not own:
        return (
            f"The model in the sidebar, **{plain(catalog_entry(model).label)}**, has no published figures: "
            "it is not torchvision's."
        )
    return "Ringed, the model in the sidebar: " + "; ".join(plain(figures_text(f)) for f in own) + "."


def _front_text(front: list[PublishedFigures], cost: Cost, score: Score) -> str:
    names = ", ".join(plain(figures.name) for figures in front)
    across = COSTS[cost] if cost == "macs" else COSTS[cost].lower()
    return (
        f"**Pareto front** ({SCORES[score].lower()} against {across}"
        f", {counted(len(front), 'point')}): {names}. No other point has as much accuracy for as little."
    )


def _protocol(shown: list[PublishedFigures]) -> str:
    sizes = [figures.input_size for figures in shown]
    return (
        f"{len(shown)} sets of weights, as torchvision publishes them: one network, one crop in the middle, "
        "ImageNet-1K validation. Still not alike: the crop, for which MACs are counted, is from "
        f"{min(sizes)} to {max(sizes)} pixels wide, and recipes of training differ. Diamonds (weights with "
        "SWAG in their name) were trained before on 3.6 billion pictures of Instagram (Singh et al. 2022)."
    )


def _ask() -> None:
    first, best = (published_figures("resnet50", weights) for weights in ("IMAGENET1K_V1", "IMAGENET1K_V2"))
    gain = best.accuracy_top1 - first.accuracy_top1
    right = "How it was trained"
    choose_yourself(
        f"torchvision has two sets of weights for ResNet-50, {first.accuracy_top1:.2f} % and "
        f"{best.accuracy_top1:.2f} % top-1. What differs?",
        {
            "The number of parameters": f"both have {first.parameters:,}.",
            "The size of the crop": f"both are measured on {first.input_size}×{first.input_size} pixels.",
            right: f"{gain:.2f} points by the recipe alone. Part of what looks like progress of "
            "architectures in this figure is progress of training.",
            "The test pictures": "both are measured on the ImageNet-1K validation set.",
        },
        right,
        "arch_quiz_recipe",
    )
