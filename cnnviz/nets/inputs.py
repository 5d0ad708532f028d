"""Convert a picture to a network's input tensor."""

import numpy as np
import torch
from torch import Tensor

from cnnviz.data.images import Picture
from cnnviz.nets.catalog import catalog_entry
from cnnviz.nets.trained import weights_source


def network_input(picture: Picture, name: str, weights: str | None = None) -> Tensor:
    """The whole picture as the input of `model(name, weights)`.

    Values in [0, 1]; luma if the network takes one channel; normalised as in the transforms published
    with the weights. The size is unchanged.

    Args:
        picture: of any size; `centre_square` resizes it for networks with a fixed input size.
        name: one of `model_names()`.
        weights: as for `model`.

    Returns:
        float32 (1, C, H, W).

    Raises:
        CnnvizError: if there is no such model, or no such weights for it.
    """
    x = picture.luma() if catalog_entry(name).input_shape[1] == 1 else picture.tensor()
    wanted = None if weights is None else weights_source(name, weights).normalisation
    if wanted is None:
        return x
    mean, std = (torch.tensor(v)[:, None, None] for v in (wanted.mean, wanted.std))
    return (x - mean) / std


def as_seen(picture: Picture, name: str) -> Picture:
    """The picture as the network sees it: grey if it takes one channel."""
    if catalog_entry(name).input_shape[1] != 1:
        return picture
    grey = np.rint(picture.luma()[0, 0].numpy() * 255).astype(np.uint8)
    return Picture(np.stack([grey] * 3, axis=2), picture.name, picture.notes)
