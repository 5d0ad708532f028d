"""The kernels of a convolution as a wall, one of them with its numbers beside its feature map."""

from collections.abc import Callable, Sequence

import numpy as np

from cnnviz.analysis.layers.filters import Filters
from cnnviz.arrays import Array
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("filters")


def filters_view(
    filters: Filters,
    feature_map: Array,
    *,
    shown: int,
    limits: Array,
    selected: int,
    colours: bool,
    inputs: Sequence[str],
    network: str,
    key: str,
    on_choose: Callable[[int], None],
) -> None:
    """Show the first `shown` filters.

    Args:
        filters: of the convolution.
        feature_map: (h, w) of the selected filter.
        shown: how many are on the wall.
        limits: (out_channels,) magnitude at which each filter's colours end.
        selected: the filter shown large.
        colours: the wall has them as coloured pictures, not as a map for each input channel.
        inputs: names of the input channels.
        network: in words.
        key: of the component.
        on_choose: gets the filter that was clicked, unchecked.
    """
    fields = {
        "network": network,
        "layer": filters.layer,
        "selected": selected,
        "colours": colours,
        "inputs": list(inputs),
        "stride": [window.stride for window in filters.windows],
        "padding": [window.padding for window in filters.windows],
        "tallest": 250,
        "map_limit": float(np.abs(feature_map).max()),
        "words": f"{filters.layer} of {network}",
        "alt": f"{shown} filters of {filters.layer}, {network}",
        "edit_version": edit_version(key),
    }
    arrays = {
        "weight": filters.weight[:shown],
        "limits": limits[:shown].astype(np.float32),
        "map": feature_map.astype(np.float32),
    }

    def chosen() -> None:
        on_choose(int(received(key, "channel")))

    _mount(data=pack(fields, arrays), key=key, on_channel_change=chosen)
