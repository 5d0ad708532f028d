"""The home page's example: a picture, a kernel, a feature map, and some of a network's maps."""

from cnnviz.analysis.layers.activations import FeatureMaps
from cnnviz.data.images import Picture
from cnnviz.figures.maps import map_limits, strongest_unit
from cnnviz.ops.filtering import FilteredPicture, PictureFilter
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("hero")
_STRIP = 10


def hero(
    picture: Picture, layer: PictureFilter, filtered: FilteredPicture, maps: FeatureMaps, layer_label: str
) -> None:
    """Show one kernel at work, and the channels of `maps` that vary most.

    Args:
        picture: the picture, as small as it was filtered.
        layer: a 3×3 kernel on the picture's brightness, padded to keep its size.
        filtered: what the layer makes of the picture.
        maps: feature maps of a network's layer.
        layer_label: whose maps they are, in words.
    """
    channels = maps.ranked("variance")[:_STRIP]
    row, column = strongest_unit(filtered.output[0])
    fields = {
        "digest": picture.digest,
        "kernel": layer.kernel.tolist(),
        "kernel_label": "Sobel x",
        "focus": [row / picture.height, column / picture.width],
        "limit": filtered.limit,
        "map_limits": map_limits(maps.values[channels]).tolist(),
        "channels": channels.tolist(),
        "input_text": f"{picture.name}, in grey",
        "output_text": f"Sobel x of {picture.name}: vertical edges",
        "strip_text": f"A network holds thousands of kernels: {_STRIP} of the {maps.channels} feature maps "
        f"of {layer_label}",
    }
    arrays = {"input": filtered.pixels, "output": filtered.output, "maps": maps.values[channels]}
    _mount(data=pack(fields, arrays), key="hero")
