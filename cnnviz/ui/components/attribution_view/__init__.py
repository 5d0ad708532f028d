"""A picture, and maps of what a score rests on laid over it."""

from collections.abc import Sequence

from cnnviz.data.images import Picture
from cnnviz.figures.attributions import AttributionMap
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("attribution_view")


def attribution_view(picture: Picture, maps: Sequence[AttributionMap], key: str) -> None:
    """Show the picture and the maps of its size; a map without values keeps its place free.

    How much of the map and how much of the picture is seen is chosen in the browser.
    """
    few = len(maps) == 1
    fields = {
        "picture_title": "Picture",
        "picture_words": f"As the network is shown it, {picture.height}×{picture.width}: red · green · blue.",
        "picture_alt": f"The picture that the network is shown: {picture.name}",
        "box": 400 if few else 290,
        "panel_rem": 17 if few else 14,
        "maps": [
            {
                "title": shown.title,
                "words": shown.words,
                "scale": shown.scale,
                "limit": shown.limit,
                "alt": shown.alt,
            }
            for shown in maps
        ],
    }
    arrays = {f"map{i}": shown.values for i, shown in enumerate(maps) if shown.values is not None}
    _mount(data=pack(fields, {"picture": picture.pixels, **arrays}), key=key)
