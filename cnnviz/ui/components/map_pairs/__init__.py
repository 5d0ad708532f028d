"""Feature maps of two networks in pairs, all on one scale."""

from collections.abc import Sequence

import numpy as np

from cnnviz.arrays import Array
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("map_pairs")

_EXACT_VALUES = 1_000_000
_HALF_REACHES = 65_504


def map_pairs(
    left: Array,
    right: Array,
    *,
    channels: Sequence[int],
    limit: float,
    names: tuple[str, str],
    shown: str,
    key: str,
) -> None:
    """Show pairs.

    Args:
        left, right: (n, h, w) maps of the same channels.
        channels: their indices.
        limit: magnitude at which the colours of all end.
        names: of the two networks.
        shown: what this is, in words; something new begins at the first pair again.
        key: of the component.
    """
    exact = left.size + right.size <= _EXACT_VALUES or limit > _HALF_REACHES
    kind = np.float32 if exact else np.float16
    fields = {
        "channels": [int(channel) for channel in channels],
        "limit": limit,
        "names": names,
        "shown": shown,
        "exact": exact,
        "alt": f"{len(channels)} pairs of feature maps, left {names[0]}, right {names[1]}: {shown}",
    }
    arrays = {
        "left": left.astype(kind),
        "right": right.astype(kind),
        "difference": np.abs(left - right).mean((1, 2)).astype(np.float32),
    }
    _mount(data=pack(fields, arrays), key=key)
