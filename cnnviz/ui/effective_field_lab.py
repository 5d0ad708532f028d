"""The effective field lab: measured on demand, in the background, over the theoretical box."""

from dataclasses import dataclass, replace
from uuid import uuid4

import streamlit as st

from cnnviz.analysis.effective_field import box_that_holds, middle, share_within
from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError
from cnnviz.figures.field_boxes import Box, effective_chart, effective_figure
from cnnviz.figures.tables import Row
from cnnviz.nets.catalog import ModelSpec, weights_names
from cnnviz.ui import cache
from cnnviz.ui.controls import counted
from cnnviz.ui.effective_runs import EffectiveRequest, EffectiveRun
from cnnviz.ui.feedback import plain
from cnnviz.ui.formulas.parts import significant
from cnnviz.ui.quiz import choose_yourself
from cnnviz.ui.receptive_field_lab import FieldChoice
from cnnviz.ui.snippets.receptive_field import effective_code
from cnnviz.ui.take_home import take_home

HELD = 0.95
MOST_MACS = 20e9
MOST_PARAMETERS = 150e6
_WATCHER, _WATCHED = "_rf_watcher", "_rf_watched"


@dataclass(frozen=True, slots=True)
class Effective:
    """A measured field beside its theoretical box."""

    spec: ModelSpec
    mass: Array
    box: Box
    held: Box

    @classmethod
    def of(cls, choice: FieldChoice, run: EffectiveRun) -> "Effective":
        """Put the measurement of a choice's middle unit beside its box."""
        assert run.mass is not None
        unit = middle(choice.row)
        rows, columns = choice.seen.box(*unit)
        centre = tuple(
            (edge[0] + edge[1]) / 2 if edge else float(index)
            for edge, index in zip((rows, columns), unit, strict=True)
        )
        held = box_that_holds(run.mass, HELD, (centre[0], centre[1]))
        return cls(run.request.spec, run.mass, (rows, columns), held)

    @property
    def inside(self) -> float:
        """Share of the mass in the theoretical box."""
        return share_within(self.mass, *self.box)

    @property
    def sides(self) -> tuple[int, int]:
        """Longer side of the theoretical box, and side of the one that holds most of the mass."""
        first, second = (max(e[1] - e[0] + 1 if e else 0 for e in box) for box in (self.box, self.held))
        return first, second


def show_effective(choice: FieldChoice) -> None:
    """What it costs, the button, the progress, the result."""
    samples = st.slider(
        "Random inputs to average over", 1, 64, 8, key="rf_samples", bind="query-params", width=360
    )
    macs = _macs_up_to(choice)
    require_small(choice, macs)
    requests = _requests(choice, samples)
    runs = [cache.effective_runs().find(request) for request in requests]
    if any(run and run.running for run in runs) and st.session_state.get(_WATCHED) == requests:
        _watch(requests)
    elif all(run and not run.running for run in runs):
        _show(choice, [run for run in runs if run], samples)
    else:
        _offer(choice, requests, samples, macs)


def _requests(choice: FieldChoice, samples: int) -> list[EffectiveRequest]:
    """Random weights; and beside them the trained ones, if wanted."""
    name = choice.spec.name
    specs = [replace(choice.spec, weights=None)]
    trained = weights_names(name)
    if trained:
        beside = st.toggle(
            "Trained weights beside the random ones", key="rf_trained", bind="query-params",
            help="Weights trained on ImageNet, downloaded when they are used for the first time.",
        )  # fmt: skip
        specs += [ModelSpec(name, trained[0])] if beside else []
    else:
        st.markdown(
            f"{choice.spec.label} has random weights only: there are no trained ones to compare with."
        )
    return [EffectiveRequest(spec, choice.row.layer, choice.side, samples) for spec in specs]


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
    passes = samples * len(requests)
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
    st.button("Measure the effective field", on_click=_start, args=(requests,))


def _start(requests: list[EffectiveRequest]) -> None:
    _leave()
    st.session_state[_WATCHED] = requests
    cache.effective_runs().start(requests[0], _watcher())


def _leave() -> None:
    """Nobody here waits any more for what was started before."""
    for request in st.session_state.pop(_WATCHED, []):
        run = cache.effective_runs().find(request)
        if run is not None:
            run.leave(_watcher())


def _watcher() -> str:
    return str(st.session_state.setdefault(_WATCHER, uuid4().hex))


@st.fragment(run_every=0.5)
def _watch(requests: list[EffectiveRequest]) -> None:
    """Progress, one request after another; then the page runs once more and shows the result."""
    done = 0.0
    for request in requests:
        run = cache.effective_runs().find(request) or cache.effective_runs().start(request, _watcher())
        run.watch(_watcher())
        done += run.share if run.running else 1
        if run.running:
            break
    else:
        st.session_state.pop(_WATCHED, None)
        st.rerun()
    words = "trained" if run.request.spec.weights else "random"
    st.progress(done / len(requests), f"Measuring with {words} weights: {100 * done / len(requests):.0f} %")
    if st.button("Cancel", key="rf_cancel"):
        _leave()
        st.rerun()


def _show(choice: FieldChoice, runs: list[EffectiveRun], samples: int) -> None:
    """A heat map for each measurement, in words what is in it, or why there is none."""
    measured = [Effective.of(choice, run) for run in runs if run.mass is not None]
    for place, run in zip(st.columns(len(runs)), runs, strict=True):
        with place:
            _show_one(choice, run)
    if not measured:
        return
    st.markdown(
        "The stronger the colour, the more a pixel counts, by the square root, so that "
        "the tails show. Luo et al. (2016): the mass is "
        "roughly Gaussian, covers a part of the theoretical field that shrinks with depth, and training "
        "widens it."
    )
    _ask()
    one = measured[0]
    take_home(
        "effective_field",
        effective_code(one.spec, choice.row.layer, choice.found.input_shape, samples),
        lambda: effective_figure(one.mass, one.box, one.held, f"{choice.spec.label} {choice.row.layer}"),
        lambda: [_row(choice, found, samples) for found in measured],
    )


def _show_one(choice: FieldChoice, run: EffectiveRun) -> None:
    st.markdown(f"**{choice.spec.label}, {run.request.spec.weights_label}**")
    if run.mass is None:
        st.info(plain(run.problem))
        return
    found = Effective.of(choice, run)
    words = effective_words(choice, found)
    st.plotly_chart(
        effective_chart(found.mass, found.box, found.held, HELD),
        key=f"rf_effective_{run.request.spec.weights}",
        config={"displayModeBar": False},
        alt=f"Effective field of {choice.row.layer}: {words}",
    )
    st.markdown(words)


def effective_words(choice: FieldChoice, found: Effective) -> str:
    """How much of the theoretical field matters."""
    theoretical, held = found.sides
    text = (
        f"A square of **{held}×{held}** pixels holds {100 * HELD:g} % of the mass; the theoretical field is "
        f"{theoretical:,}×{theoretical:,}. "
    )
    text += f"{100 * found.inside:.3g} % of the mass lies in the theoretical box."
    if choice.row.is_global:
        text += " What lies outside came through the path that sees the whole picture."
    return text


def _row(choice: FieldChoice, found: Effective, samples: int) -> Row:
    theoretical, held = found.sides
    return {
        "model": choice.spec.name,
        "weights": found.spec.weights_label,
        "layer": choice.row.layer,
        "input (pixels)": choice.side,
        "random inputs": samples,
        "theoretical field (pixels)": theoretical,
        f"square that holds {100 * HELD:g} % (pixels)": held,
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
