"""The effective field lab: measured on demand, in the background, over the theoretical box."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz.analysis.effective_field import box_that_holds, middle, share_within
from cnnviz.analysis.trace.rows import LayerRow, times
from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError
from cnnviz.figures.field_boxes import Box, effective_chart, effective_figure
from cnnviz.figures.numbers import percent, significant
from cnnviz.figures.tables import Row
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.trained import WeightsSource, weights_names
from cnnviz.nets.weights import is_weights_path
from cnnviz.ui import cache
from cnnviz.ui.jobs.background import MOST_MACS as MOST_MACS
from cnnviz.ui.jobs.background import MOST_PARAMETERS as MOST_PARAMETERS
from cnnviz.ui.jobs.effective_request import EffectiveJob, EffectiveRequest
from cnnviz.ui.receptive_field.lab import FieldChoice
from cnnviz.ui.receptive_field.snippets import effective_code
from cnnviz.ui.shell.waiting import JobPanel
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import plain
from cnnviz.ui.widgets.quiz import choose_yourself

HELD = 0.95
NOT_MEASURED = "Outputs that are no stack of maps, such as reshaped ones, have no gradient measured here."


def _label(request: EffectiveRequest) -> str:
    weights = request.spec.weights
    kind = "random" if weights is None else "your own" if is_weights_path(weights) else "trained"
    return f"Measuring with {kind} weights"


PANEL = JobPanel("rf", lambda: cache.maps.effective_jobs(), _label)


def can_be_measured(row: LayerRow) -> bool:
    """Whether an output is a stack of maps with rows and columns, so that it has a unit to look from."""
    seen = row.receptive_field
    return seen is not None and len(row.output_shape) == 4 and len(seen.dims) == 2


@dataclass(frozen=True, slots=True)
class Effective:
    """A measured field beside its theoretical box."""

    spec: ModelSpec
    mass: Array
    box: Box
    held: Box

    @classmethod
    def of(cls, choice: FieldChoice, job: EffectiveJob) -> "Effective":
        """Put the measurement of a choice's middle unit beside its box."""
        assert job.result is not None
        unit = middle(choice.row)
        box = choice.box(unit)
        centre = tuple(
            (edge[0] + edge[1]) / 2 if edge else float(index) for edge, index in zip(box, unit, strict=True)
        )
        held = box_that_holds(job.result, HELD, (centre[0], centre[1]))
        return cls(job.request.spec, job.result, box, held)

    @property
    def inside(self) -> float:
        """Share of the mass in the theoretical box."""
        return share_within(self.mass, *self.box)

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Height and width of the theoretical box, and of the one that holds most of the mass."""
        first, second = (tuple(e[1] - e[0] + 1 if e else 0 for e in box) for box in (self.box, self.held))
        return first, second


def show_effective(choice: FieldChoice) -> None:
    """What it costs, the button, the progress, the result."""
    samples = st.slider(
        "Random inputs to average over", 1, 64, 8, key="rf_samples", bind="query-params", width=360
    )
    macs = _macs_up_to(choice)
    require_small(choice, macs)
    requests = _requests(choice, samples)
    jobs = [job for request in requests if (job := PANEL.find(request)) is not None]
    if PANEL.state(requests) == "running":
        PANEL.show_progress()
    elif len(jobs) == len(requests):
        _show(choice, jobs, samples)
    else:
        _offer(choice, requests, samples, macs)


def _requests(choice: FieldChoice, samples: int) -> list[EffectiveRequest]:
    """The sidebar's weights; and beside them the others, if wanted."""
    spec = choice.spec
    specs, beside = [spec], _others(spec)
    if beside is None:
        st.markdown(f"{spec.label} has random weights only: there are no trained ones to compare with.")
    else:
        label, other = beside
        origin = _origin(spec.source or other.source)
        specs += [other] if st.toggle(label, key="rf_beside", bind="query-params", help=origin) else []
    return [EffectiveRequest(spec, choice.row.layer, choice.side, samples) for spec in specs]


def _others(spec: ModelSpec) -> tuple[str, ModelSpec] | None:
    """What to compare with, in words, and as a network of the same width; None if there is nothing."""
    if spec.weights is None:
        trained = weights_names(spec.name)
        return (
            ("Trained weights beside the random ones", ModelSpec(spec.name, trained[0])) if trained else None
        )
    if is_weights_path(spec.weights):
        return "Random weights (seed 0) beside your own", ModelSpec(spec.name, like=spec.weights)
    return "Random weights (seed 0) beside the trained ones", ModelSpec(spec.name)


def _origin(source: WeightsSource | None) -> str:
    if source is None:
        return ""
    if is_weights_path(source.name):
        return f"Your own weights: {plain(source.label)}."
    if source.is_published:
        return "The trained weights come from ImageNet and are downloaded when they are first used."
    return f"The trained weights come with cnnviz: {plain(source.label)}."


def _macs_up_to(choice: FieldChoice) -> int:
    """Multiply-accumulates of one forward pass as far as the row."""
    index = next(i for i, row in enumerate(choice.found) if row.layer == choice.row.layer)
    return sum(row.macs for row in choice.found.rows[: index + 1])


def require_small(choice: FieldChoice, macs: int) -> None:
    """Refuse what would take minutes or gigabytes.

    Raises:
        CnnvizError: with the number that is too large, and the limit.
    """
    label = choice.spec.label
    if choice.found.parameters > MOST_PARAMETERS:
        raise CnnvizError(
            f"The effective field of {label} is not measured here: it has {choice.found.parameters:,} "
            f"parameters, and the limit is {int(MOST_PARAMETERS):,}. The package measures it without a limit."
        )
    if macs > MOST_MACS:
        raise CnnvizError(
            f"The effective field of {choice.row.layer} is not measured here: one input takes "
            f"{significant(macs / 1e9)} billion MACs as far as that layer, and the limit is "
            f"{MOST_MACS / 1e9:g} billion. Choose an earlier layer or a smaller input."
        )


def _offer(choice: FieldChoice, requests: list[EffectiveRequest], samples: int, macs: int) -> None:
    passes = samples * sum(PANEL.find(request) is None for request in requests)
    total = significant(2 * passes * macs / 1e9)
    unit = middle(choice.row)
    st.markdown(
        "The theoretical box says which pixels *can* reach the unit in the middle of "
        f"{plain(choice.row.layer)} (row {unit[0]}, column {unit[1]}); the **effective** field says how "
        "strongly each one *does*: the mean size of its gradient."
    )
    st.markdown(
        f"Cost: {counted(passes, 'input')}, each forward and back, about {total} billion MACs in all. "
        "It runs in the background and can be cancelled."
    )
    st.button("Measure the effective field", on_click=PANEL.start, args=(requests,))


def _show(choice: FieldChoice, jobs: list[EffectiveJob], samples: int) -> None:
    """A heat map for each measurement, in words what is in it, or why there is none."""
    measured = [Effective.of(choice, job) for job in jobs if _is_finite(job)]
    for place, job in zip(st.columns(len(jobs)), jobs, strict=True):
        with place:
            _show_one(choice, job)
    if any(job.problem for job in jobs):
        PANEL.offer_retry([job.request for job in jobs])
    if not measured:
        return
    st.markdown(
        "Mass is the size of the gradient of the unit's value by each pixel, averaged over the random inputs "
        "and shared out so that all of it is 100 %: how strongly a pixel *does* reach the unit, where the "
        "theoretical field says which *can*. The stronger the colour, the more mass, by the square root, so "
        "that the tails show. Luo et al. (2016): the mass is "
        "roughly Gaussian, covers a part of the theoretical field that shrinks with depth, and training "
        "widens it."
    )
    _ask()
    title = f"{choice.spec.label} {choice.row.layer}"
    export_panel(
        "effective_field",
        effective_code([m.spec for m in measured], choice.row.layer, choice.found.input_shape, samples),
        lambda: effective_figure(
            {f"{title}, {m.spec.weights_label}": (m.mass, m.box, m.held) for m in measured}
        ),
        lambda: [_row(choice, found, samples) for found in measured],
    )


def _show_one(choice: FieldChoice, job: EffectiveJob) -> None:
    st.markdown(f"**{choice.spec.label}, {plain(job.request.spec.weights_label)}**")
    if job.result is None:
        st.info(plain(job.problem))
        return
    if not _is_finite(job):
        st.info("The gradients are not finite numbers: with these weights the network overflows.")
        return
    found = Effective.of(choice, job)
    words = effective_text(choice, found)
    st.plotly_chart(
        effective_chart(found.mass, found.box, found.held, HELD),
        key=f"rf_effective_{job.request.spec.weights}",
        config={"displayModeBar": False},
        alt=f"Effective field of {choice.row.layer}: {words}",
    )
    st.markdown(words)


def _is_finite(job: EffectiveJob) -> bool:
    return job.result is not None and bool(np.isfinite(job.result).all())


def effective_text(choice: FieldChoice, found: Effective) -> str:
    """How much of the theoretical field matters."""
    theoretical, held = found.sizes
    text = (
        f"A square of **{times(held)}** pixels holds {100 * HELD:g} % of the mass; the theoretical field is "
        f"{'×'.join(f'{side:,}' for side in theoretical)}. "
    )
    text += f"{percent(found.inside)} of the mass lies in the theoretical box."
    if max(theoretical) > choice.side:
        text += (
            f" The {times((choice.side, choice.side))} picture cuts the field off, and both numbers speak of "
            "the part inside it: a larger input or an earlier layer shows the whole."
        )
    if choice.row.is_global:
        text += " What lies outside came through the path that sees the whole picture."
    return text


def _row(choice: FieldChoice, found: Effective, samples: int) -> Row:
    theoretical, held = found.sizes
    return {
        "model": choice.spec.name,
        "weights": found.spec.weights_label,
        "layer": choice.row.layer,
        "input (pixels)": choice.side,
        "random inputs": samples,
        "theoretical field (pixels)": times(theoretical),
        f"square that holds {100 * HELD:g} % (pixels)": times(held),
        "share of the mass in the theoretical box": found.inside,
    }


def _ask() -> None:
    choose_yourself(
        "Twice as many 3×3 layers, all with stride 1: what becomes of the theoretical field, and of the part "
        "of it that matters?",
        {
            "Both double": "the mass spreads like a sum of random steps, more slowly than the box grows.",
            "The box doubles, and the effective field grows by about √2": "n steps spread by √n, while the "
            "box grows with n. So the effective part of it shrinks as 1/√n.",
            "The box doubles, and the effective field stays": "each layer spreads the mass a little more.",
        },
        "The box doubles, and the effective field grows by about √2",
        "rf_effective_quiz",
    )
