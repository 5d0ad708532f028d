"""What a score rests on, as it is drawn: titles, scales, and where their colours end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.analysis.attribution import AttributionMethod
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.numbers import significant
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
    """Where colours end: the 99th percentile of the magnitudes, so that a few pixels do not pale the rest.

    The largest magnitude where that percentile is 0.
    """
    magnitudes = np.abs(values)
    return float(np.percentile(magnitudes, _REACH)) or float(magnitudes.max())


@dataclass(frozen=True, slots=True, eq=False)
class AttributionMap:
    """One method's map.

    Attributes:
        method: which gives title and scale: signed results have two hues, the others one.
        values: float32 (H, W); None while there are none.
        words: a sentence under it.
    """

    method: AttributionMethod
    values: Array | None
    words: str

    @property
    def title(self) -> str:
        """Over it."""
        return METHOD_LABELS[self.method]

    @property
    def scale(self) -> ScaleName:
        """Its colours."""
        return "activation" if self.method in SIGNED else "count"

    @property
    def limit(self) -> float:
        """Where the colours end."""
        return 0.0 if self.values is None else colour_limit(self.values)

    @property
    def alt(self) -> str:
        """What is to be seen, for who does not see it."""
        if self.values is None:
            return f"{self.title}: no map yet"
        row, column = np.unravel_index(np.abs(self.values).argmax(), self.values.shape)
        return (
            f"{self.title} over the picture: from {significant(self.values.min())} to "
            f"{significant(self.values.max())}, the largest magnitude at row {row}, column {column}"
        )


def attribution_figure(picture: Picture, maps: Sequence[AttributionMap]) -> "Figure":
    """The picture and the maps beside each other."""
    shown = [Panel("Picture", picture.pixels.transpose(2, 0, 1) / 255)]
    for one in maps:
        if one.values is not None:
            kind: PanelKind = "signed" if one.method in SIGNED else "count"
            shown.append(Panel(one.title, one.values[None], kind, one.limit))
    return panels_figure(shown, per_row=3)
