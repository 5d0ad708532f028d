"""Channel widths of SimpleCNN and MiniResNet, by default or as read from a weights file."""

from pathlib import Path

from cnnviz.errors import CnnvizError
from cnnviz.nets.weights import open_tensors

OWN_WIDTH = 64
# For each block or stage, the convolution whose output channels are its width.
_CHAINS = {
    "simple_cnn": ("block1.conv1", "block2.conv1", "block3.conv1"),
    "mini_resnet": ("conv1", "layer2.0.conv1", "layer3.0.conv1", "layer4.0.conv1"),
}


def channels_of(name: str, width: int = OWN_WIDTH) -> tuple[int, ...]:
    """Channels of each block or stage: `width` in the first, doubling in each further one.

    Raises:
        CnnvizError: if the network has a fixed width, or `width` is less than 1.
    """
    if name not in _CHAINS:
        raise CnnvizError(f"Only {' and '.join(_CHAINS)} come in other widths, not {name}.")
    if width < 1:
        raise CnnvizError(f"A network needs at least 1 channel, not {width}.")
    return tuple(width << index for index in range(len(_CHAINS[name])))


def channels_in(name: str, path: str | Path) -> tuple[int, ...] | None:
    """Channels of each block or stage according to a weights file; None if it has no such layers.

    Raises:
        CnnvizError: if it is not a safetensors file.
    """
    if name not in _CHAINS:
        return None
    with open_tensors(path) as file:
        there = set(file.keys())
        keys = [f"{layer}.weight" for layer in _CHAINS[name]]
        if not there.issuperset(keys):
            return None
        shapes = [tuple(file.get_slice(key).get_shape()) for key in keys]
    return _chained(shapes)


def _chained(shapes: list[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Output channels of consecutive convolutions; None if each does not read the one before it."""
    channels, before = [], 3
    for shape in shapes:
        if len(shape) != 4 or shape[1] != before or not all(shape):
            return None
        before = shape[0]
        channels.append(before)
    return tuple(channels)
