"""A network from the picture to the prediction: a column a layer, its strongest channels as small maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.analysis.glance import MOST_MAPS, Column, ColumnMaps, Glance
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.figures.theme import STEPS
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("glance")


@dataclass(frozen=True, slots=True)
class ColumnTexts:
    """The texts of a column.

    Attributes:
        name: over it, short.
        kind: under the name.
        foot: under the column: channels, size, field.
        words: all of that as a sentence.
        alt: for who cannot see it.
        closed: why a click does not open it; empty if it does.
        group: the module that it lies in, if the name does not say it.
        join: the sign of a block that joins what came in; empty for others.
    """

    name: str
    kind: str
    foot: tuple[str, str, str]
    words: str
    alt: str
    closed: str
    group: str
    join: str


def glance_view(
    columns: Sequence[Column],
    seen: Glance,
    picture: Picture,
    *,
    texts: Sequence[ColumnTexts],
    network: str,
    input_shape: str,
    classes: Sequence[tuple[str, float, str]],
    prediction_text: str,
    key: str,
    on_open: Callable[[str, int | None], None],
) -> None:
    """Show a network.

    Args:
        columns: its layers.
        seen: their strongest channels, and the prediction.
        picture: what the network was shown.
        texts: of each column.
        network: in words; a new one begins at the left again.
        input_shape: under the picture.
        classes: the likeliest: name, probability, the same in words.
        prediction_text: what they are worth.
        key: of the component.
        on_open: gets the layer and the channel that were clicked, unchecked.
    """
    fields = {
        "network": network,
        "input_shape": input_shape,
        "most": MOST_MAPS,
        "columns": [
            _column(column, maps, said)
            for column, maps, said in zip(columns, seen.columns, texts, strict=True)
        ],
        "classes": classes,
        "prediction_words": prediction_text,
        "picture_text": f"The picture that the network is shown: {picture.name}",
        "alt": f"{network} at a glance: choose a map with the arrow keys, open its layer with Enter",
        "edit_version": edit_version(key),
    }
    arrays: dict[str, Array] = {"picture": picture.pixels}
    for index, maps in enumerate(seen.columns):
        arrays[f"maps{index}"] = codes(maps)
        numbers = {"minimum": maps.minimum, "maximum": maps.maximum, "strength": maps.strength}
        arrays |= {f"{name}{index}": values.astype(np.float32) for name, values in numbers.items()}

    def opened() -> None:
        asked = received(key, "opened")
        on_open(str(asked["layer"]), None if asked["channel"] is None else int(asked["channel"]))

    _mount(data=pack(fields, arrays), key=key, on_opened_change=opened)


def _column(column: Column, maps: ColumnMaps, said: ColumnTexts) -> dict[str, Any]:
    return {
        "layer": column.summary.layer,
        "maps": column.is_maps,
        "opens": not said.closed,
        "closed_words": said.closed,
        "channels": [int(channel) for channel in maps.channels],
        "total": column.summary.channels,
        "name": said.name,
        "kind": said.kind,
        "foot": said.foot,
        "words": said.words,
        "alt": said.alt,
        "group": said.group,
        "join": said.join,
    }


def codes(maps: ColumnMaps) -> Array:
    """Signed values as steps of the colour scale, uint8: 0 for −limit, the middle for 0."""
    middle = STEPS // 2
    limit = maps.limit or 1.0
    share = np.nan_to_num(maps.maps / limit, posinf=1, neginf=-1).clip(-1, 1)
    return np.asarray(np.rint(middle + middle * share), dtype=np.uint8)
