"""Passes of networks that many people share, each in its turn through the processor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from cnnviz.analysis.attribution import attribute
from cnnviz.analysis.effective_field import effective_receptive_field
from cnnviz.analysis.glance import Column, Glance, glance
from cnnviz.analysis.layers.activations import (
    FeatureMaps,
    activation_limit,
    as_maps,
    capture,
    evaluating,
    forward,
)
from cnnviz.analysis.layers.filters import Filters, first_filters
from cnnviz.analysis.layers.summaries import LayerSummary
from cnnviz.analysis.unit.story import LayerStories
from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.nets.inputs import network_input
from cnnviz.nets.shared import SharedModel
from cnnviz.ui.jobs.attribution_request import AttributionRequest
from cnnviz.ui.jobs.effective_request import EffectiveRequest
from cnnviz.ui.jobs.processor import Processor

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class LayerRun:
    """One pass of a network, looked at in one layer.

    Attributes:
        maps: the layer's feature maps.
        probabilities: (classes,) softmax of the scores.
        note: a sentence if it did not run where it should have.
    """

    maps: FeatureMaps
    probabilities: Array
    note: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a network answers, before softmax.

    Attributes:
        picture: (classes,) for a picture.
        zeros: (classes,) for an input of zeros.
        note: a sentence if it did not run where it should have.
    """

    picture: Array
    zeros: Array
    note: str | None

    @property
    def probabilities(self) -> Array:
        """(classes,) softmax of the picture's scores."""
        raised = np.exp(self.picture - self.picture.max())
        return np.asarray(raised / raised.sum())


@dataclass(frozen=True, slots=True, eq=False)
class GlanceRun:
    """One pass of a network, looked at in many layers; `note` as of a `LayerRun`."""

    seen: Glance
    note: str | None


@dataclass(frozen=True, slots=True)
class Passes:
    """A network in memory and the processor that it runs on."""

    spec: ModelSpec
    shared: SharedModel
    processor: Processor

    def layer(self, layer: LayerSummary, picture: Picture) -> LayerRun:
        """One layer's maps and the prediction."""

        def compute(device: torch.device) -> tuple[Array, Array]:
            with self.shared.borrow(device) as network:
                x = network_input(picture, self.spec.name, self.spec.weights).to(device)
                with evaluating(network), torch.inference_mode(), capture(network, [layer.module]) as found:
                    scores = forward(network, x)
                maps = as_maps(found[layer.layer], layer.channel_axis or 0)
                return maps, read_only(scores[0].float().softmax(0))

        ran = self.processor.run(compute)
        values, probabilities = ran.value
        return LayerRun(FeatureMaps.of(layer.layer, values), probabilities, ran.note)

    def stories(self, layer: str, picture: Picture) -> LayerStories:
        """The stories of one layer's units.

        Raises:
            CnnvizError: if that layer is not supported.
        """

        def compute(device: torch.device) -> LayerStories:
            with self.shared.borrow(device) as network:
                x = network_input(picture, self.spec.name, self.spec.weights).to(device)
                return LayerStories(network, x, layer)

        return self.processor.run(compute).value

    def glance(self, columns: Sequence[Column], picture: Picture) -> GlanceRun:
        """The strongest channels of many layers, made small, and the prediction."""

        def compute(device: torch.device) -> Glance:
            with self.shared.borrow(device) as network:
                x = network_input(picture, self.spec.name, self.spec.weights).to(device)
                return glance(network, x, columns)

        ran = self.processor.run(compute)
        return GlanceRun(ran.value, ran.note)

    def filters(self) -> Filters:
        """The kernels of the first convolution."""

        def compute(device: torch.device) -> Filters:
            with self.shared.borrow(device) as network:
                return first_filters(network)

        return self.processor.run(compute).value

    def limit(self, layers: set[str], picture: Picture) -> float:
        """Largest magnitude of any map of some layers."""

        def compute(device: torch.device) -> float:
            with self.shared.borrow(device) as network:
                x = network_input(picture, self.spec.name, self.spec.weights).to(device)
                return activation_limit(network, x, layers)

        return self.processor.run(compute).value

    def effective_field(
        self,
        copied: torch.nn.Module,
        request: EffectiveRequest,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Array:
        """One input after another, each in its turn, so that nobody waits for more than one."""
        channels = catalog_entry(request.spec.name).input_shape[1]
        return effective_receptive_field(
            copied,
            request.layer,
            (1, channels, request.side, request.side),
            request.samples,
            progress=progress,
            cancelled=cancelled,
            run=self._lend,
        )

    def scores(self, picture: Picture) -> Scores:
        """The scores of all classes, and those of an input of zeros of the same size."""

        def compute(device: torch.device) -> tuple[Array, Array]:
            with self.shared.borrow(device) as network:
                x = network_input(picture, self.spec.name, self.spec.weights).to(device)
                with evaluating(network), torch.inference_mode():
                    both = [forward(network, one)[0].float() for one in (x, torch.zeros_like(x))]
                return read_only(both[0]), read_only(both[1])

        ran = self.processor.run(compute)
        return Scores(*ran.value, ran.note)

    def attribution(
        self,
        copied: torch.nn.Module,
        request: AttributionRequest,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Array:
        """One pass after another, each in its turn, so that nobody waits for more than one."""
        x = network_input(request.picture, self.spec.name, self.spec.weights)
        return attribute(
            copied,
            x,
            request.class_index,
            request.how,
            progress=progress,
            cancelled=cancelled,
            run=self._lend,
        )

    def _lend(self, one: Callable[[torch.nn.Module], T]) -> T:
        """Call a function with the network, once it is its turn."""

        def compute(device: torch.device) -> T:
            with self.shared.borrow(device) as network:
                return one(network)

        return self.processor.run(compute).value
