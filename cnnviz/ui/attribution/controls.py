"""The controls of "What the prediction rests on": method, its settings, and the class."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cnnviz.analysis.attribution import Attribution, AttributionMethod, Passes
from cnnviz.analysis.trace.rows import Trace
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.figures.attributions import METHOD_LABELS
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui import cache
from cnnviz.ui.components.class_bars import class_bars
from cnnviz.ui.components.equations import significant
from cnnviz.ui.jobs.attribution_request import AttributionRequest
from cnnviz.ui.jobs.background import MOST_MACS, MOST_PARAMETERS
from cnnviz.ui.jobs.passes import Scores
from cnnviz.ui.widgets.controls import bounded_slider, register_controls
from cnnviz.ui.widgets.predictions import names_of

MOST_PASSES = 2000
MOST_MACS_IN_ALL = 2e12
STEPS = 50
LIKELIEST = -1
_BARS = 5
_ALL = "all"
_LABELS: dict[str, str] = {**dict[str, str](METHOD_LABELS.items()), _ALL: "All four beside each other"}
_AT_ONCE = ("grad_cam", "saliency")


@dataclass(frozen=True, slots=True, eq=False)
class AttributionChoice:
    """Which score is attributed, and how.

    Attributes:
        spec: the network.
        found: its trace for such pictures.
        picture: the square that it is shown.
        scores: what it answers.
        labels: of all classes.
        class_index: the class that is explained.
        hows: one method, or several beside each other.
    """

    spec: ModelSpec
    found: Trace
    picture: Picture
    scores: Scores
    labels: tuple[str, ...]
    class_index: int
    hows: tuple[Attribution, ...]

    @property
    def requests(self) -> list[AttributionRequest]:
        """What is asked of the background, one piece of work a method."""
        return [
            AttributionRequest(self.spec, self.picture.digest, self.class_index, how, self.picture)
            for how in self.hows
        ]

    @property
    def label(self) -> str:
        """The class that is explained."""
        return self.labels[self.class_index]

    @property
    def at_once(self) -> bool:
        """Whether it is over in a moment, so that it starts by itself."""
        return all(how.method in _AT_ONCE for how in self.hows)

    @property
    def passes(self) -> Passes:
        """What all of it costs."""
        each = [how.passes(self.picture.height, self.picture.width) for how in self.hows]
        return Passes(sum(p.forward for p in each), sum(p.backward for p in each))

    def require_short(self) -> None:
        """Refuse what would take minutes.

        Raises:
            CnnvizError: with the number that is too large, and the limit.
        """
        passes = self.passes
        if passes.forward > MOST_PASSES:
            raise CnnvizError(
                f"{passes.forward:,} forward passes are not made here: the limit is {MOST_PASSES:,}. Choose "
                "a larger stride or window. The package has no limit."
            )
        macs = (passes.forward + passes.backward) * self.found.macs
        if macs > MOST_MACS_IN_ALL:
            raise CnnvizError(
                f"This is not computed here: it takes about {significant(macs / 1e9)} billion MACs, and the "
                f"limit is {MOST_MACS_IN_ALL / 1e9:,.0f} billion. Choose fewer steps, a larger stride, a "
                "smaller input or a smaller network."
            )


def require_small(spec: ModelSpec, found: Trace) -> None:
    """Refuse networks whose single pass with its gradient takes gigabytes, before any is made.

    Raises:
        CnnvizError: with the number that is too large, and the limit.
    """
    if found.parameters > MOST_PARAMETERS:
        raise CnnvizError(
            f"What {spec.label} rests on is not computed here: it has {found.parameters:,} parameters, and "
            f"the limit is {int(MOST_PARAMETERS):,}. The package computes it without a limit."
        )
    if found.macs > MOST_MACS:
        raise CnnvizError(
            f"What {spec.label} rests on is not computed here: one pass takes "
            f"{significant(found.macs / 1e9)} billion MACs, and the limit is {MOST_MACS / 1e9:g} billion. "
            "Choose a smaller input or a smaller network."
        )


def choose_attribution(spec: ModelSpec, picture: Picture, scores: Scores) -> AttributionChoice:
    """Method, settings and class."""
    found = cache.networks.traced(spec.name, picture.height, spec.weights)
    layers = cache.networks.cam_layers(spec.name, picture.height, spec.weights)
    method = st.selectbox(
        "Method", list(_LABELS), format_func=_LABELS.__getitem__, key="why_method", bind="query-params"
    )
    chosen = [key for key in METHOD_LABELS if method in (key, _ALL)]
    hows = tuple(_settings(key, picture.height, layers) for key in chosen)
    register_controls({"why_layer": layers[0], "why_steps": STEPS})
    labels = class_labels(spec, len(scores.picture))
    class_index = _choose_class(labels, scores)
    return AttributionChoice(spec, found, picture, scores, labels, class_index, hows)


def _settings(method: AttributionMethod, side: int, layers: Sequence[str]) -> Attribution:
    """The method with its own settings; all others stay as they are by default."""
    if method == "grad_cam":
        layer = st.selectbox(
            "Layer of Grad-CAM",
            layers,
            key="why_layer",
            bind="query-params",
            help="Usually the one that gives the last map. An earlier one is finer and less telling.",
        )
        return Attribution(method, layer=layer)
    if method == "integrated_gradients":
        steps = st.slider(
            "Steps from zeros to the picture", 2, 200, STEPS, key="why_steps", bind="query-params"
        )
        return Attribution(method, steps=steps)
    if method == "occlusion":
        window = bounded_slider(
            "Covered square (pixels)", 1, side, max(1, side // 8), key="why_window",
            why="At most the side of the picture.",
        )  # fmt: skip
        stride = bounded_slider(
            "Its stride (pixels)", 1, window, max(1, side // 16), key="why_stride",
            why="At most the side of the square, so that no pixel is left out.",
        )  # fmt: skip
        return Attribution(method, window=window, stride=stride)
    return Attribution(method)


def class_labels(spec: ModelSpec, count: int) -> tuple[str, ...]:
    """A name for each class, different from all others: trained weights have names, random ones have none."""
    names, numbers = names_of(spec, count), names_of(ModelSpec(spec.name), count)
    if names == numbers:
        return numbers
    return tuple(f"{name} ({index})" for index, name in enumerate(names))


def _choose_class(labels: Sequence[str], scores: Scores) -> int:
    """The class that is explained, by its name or by the bars below; the likeliest at first."""
    order = [int(index) for index in scores.picture.argsort(kind="stable")[::-1]]
    chosen = st.selectbox(
        "Class that is explained",
        [LIKELIEST, *order],
        format_func=lambda index: "The likeliest" if index == LIKELIEST else labels[index],
        key="why_class",
        bind="query-params",
        help="Type to search. The likeliest come first.",
    )
    index = order[0] if chosen == LIKELIEST else chosen
    shown = order[:_BARS] if index in order[:_BARS] else [*order[:_BARS], index]
    class_bars([(i, labels[i], float(scores.probabilities[i])) for i in shown], index, "why_bars", _set_class)
    return index


def _set_class(index: int) -> None:
    """Take a class from the bars; what the network does not have is dropped by the select box."""
    st.session_state["why_class"] = index
