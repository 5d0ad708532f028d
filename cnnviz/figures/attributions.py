"""Attribution maps as drawn: titles, colour scales and their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.analysis.attribution import AttributionMethod
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.panels import Panel, PanelKind, panels_figure
from cnnviz.figures.theme import ScaleName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHOD_LABELS: dict[AttributionMethod, str] = {
    "grad_cam": "Grad-CAM",
    "integrated_gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "saliency": "Saliency",
}
SIGNED: frozenset[AttributionMethod] = frozenset({"integrated_gradients", "occlusion"})
_REACH = 99


def colour_limit(values: Array) -> float:
    """Limit of the colour scale: the 99th percentile of the magnitudes, robust to a few large values.

    The largest magnitude where that percentile is 0.
    """
    magnitudes = np.abs(values)
    return float(np.percentile(magnitudes, _REACH)) or float(magnitudes.max())


@dataclass(frozen=True, slots=True, eq=False)
class AttributionMap:
    """One method's map.

    Attributes:
        method: determines title and scale; signed results use a diverging scale, others a sequential one.
        values: float32 (H, W); None while not computed.
        words: a caption.
    """

    method: AttributionMethod
    values: Array | None
    words: str

    @property
    def title(self) -> str:
        """Title of the map."""
        return METHOD_LABELS[self.method]

    @property
    def scale(self) -> ScaleName:
        """Its colour scale."""
        return "activation" if self.method in SIGNED else "count"

    @property
    def limit(self) -> float:
        """Limit of the colour scale."""
        return 0.0 if self.values is None else colour_limit(self.values)

    @property
    def alt(self) -> str:
        """Alternative text."""
        if self.values is None:
            return f"{self.title}: no map yet"
        row, column = np.unravel_index(np.abs(self.values).argmax(), self.values.shape)
        return (
            f"{self.title} over the picture: from {self.values.min():.4g} to {self.values.max():.4g}, "
            f"the largest magnitude at row {row}, column {column}"
        )


def attribution_figure(picture: Picture, maps: Sequence[AttributionMap]) -> "Figure":
    """The picture and the maps side by side."""
    shown = [Panel("Picture", picture.pixels.transpose(2, 0, 1) / 255)]
    for one in maps:
        if one.values is not None:
            kind: PanelKind = "signed" if one.method in SIGNED else "count"
            shown.append(Panel(one.title, one.values[None], kind, one.limit))
    return panels_figure(shown, per_row=3)
