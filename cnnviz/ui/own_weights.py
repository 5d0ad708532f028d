"""Weights of the user's own, from a file or from training: kept on this server while they are wanted."""

from pathlib import Path

from torch import nn

from cnnviz.nets.weights import Provenance


def keep(network: nn.Module, provenance: Provenance) -> Path:
    """Write weights to a file of the server's own, named by what is in it; it goes when room is needed.

    Raises:
        CnnvizError: if they cannot be written.
    """
    raise NotImplementedError


def use(name: str, path: Path) -> None:
    """Offer a kept file in this session's sidebar for a network, and choose both there.

    Call it in a callback, before the controls are drawn.
    """
    raise NotImplementedError
