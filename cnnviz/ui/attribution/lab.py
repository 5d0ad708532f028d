"""Which pixels the score of a class rests on."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError
from cnnviz.figures.attributions import METHOD_LABELS, AttributionMap, attribution_figure
from cnnviz.figures.downloads import arrays_npz
from cnnviz.figures.numbers import percent, significant
from cnnviz.figures.tables import Row
from cnnviz.nets.inputs import as_seen
from cnnviz.ui import cache
from cnnviz.ui.attribution.controls import AttributionChoice, choose_attribution, require_small
from cnnviz.ui.attribution.formulas import attribution_formula
from cnnviz.ui.attribution.snippets import attribution_code
from cnnviz.ui.attribution.texts import (
    MEANINGS,
    cost_text,
    map_text,
    network_text,
    settings_text,
    zeros_text,
)
from cnnviz.ui.components.attribution_view import attribution_view
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.jobs.attribution_request import AttributionJob, AttributionRequest
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.shell.waiting import JobPanel
from cnnviz.ui.shell.weights import missing_weights_text
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import explained, plain
from cnnviz.ui.widgets.predictions import not_finite_text
from cnnviz.ui.widgets.quiz import choose_yourself

_NOT_FINITE = (
    "Some of its values are not finite numbers: with these weights the gradients or scores overflow."
)
# What ends that soon shows no progress.
_MOMENT_SECONDS = 1.5


def _label(request: AttributionRequest) -> str:
    return METHOD_LABELS[request.how.method]


PANEL = JobPanel("why", lambda: cache.maps.attribution_jobs(), _label)


def show_attribution(context: LabContext, side: int, controls: DeltaGenerator) -> None:
    """Which pixels the score of a class rests on."""
    model = context.model
    require_small(model, cache.networks.traced(model.name, side, model.weights))
    picture = cache.pictures.centre_square(context.picture, side)
    scores = cache.maps.scores(model, picture)
    not_finite = not_finite_text(scores.picture)
    if not_finite:
        raise CnnvizError(not_finite)
    with controls:
        choice = choose_attribution(model, picture, scores)
    render_summary(choice)
    with explained():
        choice.require_short()
        compute_or_offer(choice)
    show_maps(context, choice)


def render_summary(choice: AttributionChoice) -> None:
    """Which score is explained."""
    score = float(choice.scores.picture[choice.class_index])
    share = percent(float(choice.scores.probabilities[choice.class_index]))
    best = int(choice.scores.picture.argmax())
    rank = "its prediction" if choice.class_index == best else f"it predicts {choice.labels[best]}"
    st.markdown(
        f"**{plain(choice.label)}:** the network gives it {share}; {plain(rank)}. Its score before softmax, "
        f"{significant(score)}, is traced back to the pixels."
    )


def compute_or_offer(choice: AttributionChoice) -> None:
    """Show the cost; beside it the progress, or the button that starts it."""
    cost, place = st.columns([1.2, 1], vertical_alignment="center")
    cost.markdown(cost_text(choice.passes, choice.found.macs))
    with place.empty().container():  # what is new takes the place of what was there at once
        _show_jobs(choice)


def _show_jobs(choice: AttributionChoice) -> None:
    """Start what finishes in a moment; then show the progress, or the button that starts it."""
    requests = choice.requests
    PANEL.leave_others(requests)
    if choice.at_once and PANEL.state(requests) == "idle":
        PANEL.start(requests, _MOMENT_SECONDS)
    state = PANEL.state(requests)
    if state == "running":
        PANEL.show_progress()
    elif state == "failed":
        PANEL.offer_retry(requests, _MOMENT_SECONDS)
    elif state != "done":
        st.button(
            "Compute", key="why_start", type="primary", on_click=PANEL.start, args=(requests, _MOMENT_SECONDS)
        )


def show_maps(context: LabContext, choice: AttributionChoice) -> None:
    """Show the picture and the finished maps, what they mean, and the exports."""
    maps = [_map(request, PANEL.find(request)) for request in choice.requests]
    attribution_view(as_seen(choice.picture, choice.spec.name), maps, "why_view")
    st.markdown(network_text(choice.spec))
    for note in filter(None, (missing_weights_text(), choice.scores.note)):
        st.info(note)
    facts([_facts(choice, shown) for shown in maps], "why_facts")
    _ask()
    done = [shown for shown in maps if shown.values is not None]
    if done:
        _show_exports(context, choice, done)


def _map(request: AttributionRequest, job: AttributionJob | None) -> AttributionMap:
    if job is None:
        return AttributionMap(request.how.method, None, "Not computed yet.")
    if job.result is None:
        return AttributionMap(request.how.method, None, job.problem)
    if not np.isfinite(job.result).all():
        return AttributionMap(request.how.method, None, _NOT_FINITE)
    return AttributionMap(request.how.method, job.result, map_text(request.how, job.result))


def _facts(choice: AttributionChoice, shown: AttributionMap) -> Facts:
    """A method in symbols and numbers; what it means and what it does not."""
    score, zeros = (float(s[choice.class_index]) for s in (choice.scores.picture, choice.scores.zeros))
    meaning = MEANINGS[shown.method]
    sentences = [("It says:", meaning.says), ("It does not say:", meaning.not_said)]
    if shown.method in ("integrated_gradients", "occlusion"):
        sentences.append(("Zeros:", zeros_text(choice.spec)))
    return Facts(shown.title, attribution_formula(shown.method, shown.values, score, zeros), sentences)


def _show_exports(context: LabContext, choice: AttributionChoice, maps: Sequence[AttributionMap]) -> None:
    picture = as_seen(choice.picture, choice.spec.name)
    hows = [how for how in choice.hows if any(how.method == shown.method for shown in maps)]
    arrays: dict[str, Array] = {shown.method: shown.values for shown in maps if shown.values is not None}
    export_panel(
        f"{choice.spec.name}.attribution",
        attribution_code(context.picture, choice.picture.height, choice.spec, choice.class_index, hows),
        lambda: attribution_figure(picture, maps),
        lambda: [_row(choice, shown) for shown in maps],
        {"Maps as NPZ": ("npz", lambda: arrays_npz(arrays))},
        key="why",
    )


def _row(choice: AttributionChoice, shown: AttributionMap) -> Row:
    how = next(how for how in choice.hows if how.method == shown.method)
    assert shown.values is not None
    return {
        "model": choice.spec.name,
        "weights": choice.spec.weights_label,
        "picture": choice.picture.name,
        "input (pixels)": choice.picture.height,
        "class": choice.label,
        "probability": float(choice.scores.probabilities[choice.class_index]),
        "score": float(choice.scores.picture[choice.class_index]),
        "score of zeros": float(choice.scores.zeros[choice.class_index]),
        "method": shown.title,
        "settings": settings_text(how),
        "least": float(shown.values.min()),
        "greatest": float(shown.values.max()),
        "sum over the pixels": float(shown.values.sum(dtype=np.float64)),
    }


def _ask() -> None:
    right = "A small change of that pixel would change the score fast"
    choose_yourself(
        "Saliency is large at a pixel. What does that say?",
        {
            "The pixel has raised the score": "it has no sign, and a slope is no contribution: integrated "
            "gradients and occlusion compare with zeros.",
            right: "it is the size of the gradient there, and that is all it says.",
            "Without the pixel another class would win": "a gradient speaks of small changes of one score, "
            "not of leaving a pixel out, nor of the other classes.",
        },
        right,
        "why_quiz",
    )
