"""All feature maps of a layer as a wall of pictures, one of them large beside the input."""

from collections.abc import Callable, Sequence

import numpy as np

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.analysis.trace.rows import LayerRow
from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("map_wall")

# Beyond this many values the wall is sent at half precision, and says so with "≈".
_EXACT_VALUES = 1_500_000
_HALF_REACHES = 65_504
_STATISTICS = (("greatest", "maximum"), ("mean", "mean"), ("least", "minimum"), ("variance", "variance"))


def map_wall(
    maps: FeatureMaps,
    picture: Picture,
    *,
    shown: Sequence[int],
    limits: Array,
    selected: int,
    dead_text: str,
    row: LayerRow | None,
    pinned: tuple[int, int] | None,
    key: str,
    on_choose: Callable[[int], None],
) -> None:
    """Show the maps of a layer.

    Args:
        maps: the layer's feature maps.
        picture: what the network was shown.
        shown: the channels on the wall, in its order; `selected` is one of them.
        limits: (C,) magnitude at which each map's colours end.
        selected: the channel shown large.
        dead_text: what to say of a channel that is nowhere above 0.
        row: the layer in the trace, for what its units see; None if it is not there.
        pinned: row and column of the unit that is marked; `unit_story` hears when another is pinned.
        key: of the component.
        on_choose: gets the channel that was clicked, unchecked.
    """
    kept = sorted(int(channel) for channel in shown)
    values = maps.values if len(kept) == maps.channels else maps.values[kept]
    exact = values.size <= _EXACT_VALUES or maps.limit > _HALF_REACHES
    fields = {
        "layer": maps.layer,
        "order": [int(channel) for channel in shown],
        "kept": kept,
        "selected": selected,
        "edit_version": edit_version(key),
        "pinned": pinned,
        **_field(row, maps),
        "exact": exact,
        "statistics": _STATISTICS,
        "dead_text": dead_text,
        "picture_text": f"The picture that the network is shown: {picture.name}",
        "wall_text": f"{len(kept)} feature maps of {maps.layer} for {picture.name}",
    }
    arrays = {
        "picture": picture.pixels,
        "maps": values if exact else values.astype(np.float16),
        "limits": limits[kept].astype(np.float32),
    }
    statistics = ("minimum", "maximum", "mean", "variance", "sparsity")
    arrays |= {name: getattr(maps, name)[kept].astype(np.float32) for name in statistics}

    def chosen() -> None:
        on_choose(received(key, "channel"))

    _mount(data=pack(fields, arrays), key=key, on_channel_change=chosen)


def _field(row: LayerRow | None, maps: FeatureMaps) -> dict[str, object]:
    """What the units see along both axes, or why that is not known."""
    seen = None if row is None else row.receptive_field
    if row is None or seen is None or row.units != maps.values.shape[1:]:
        note = (row and row.note) or "it is not an operation of the traced network"
        return {"axes": None, "field_note": f"what this unit sees is not known: {note}", "global_words": ""}
    words = ", and more: by a path through global pooling or attention" if row.is_global else ""
    axes = [{"advance": axis.advance, "edges": axis.edges} for axis in seen.axes]
    return {"axes": axes, "field_note": "", "global_words": words}
