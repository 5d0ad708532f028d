"""Results leave the core as NumPy arrays that nobody can change by accident."""

from typing import Any

import numpy.typing as npt
import torch

Array = npt.NDArray[Any]


def read_only(values: torch.Tensor | Array) -> Array:
    """Detach, bring to the CPU and lock against writing.

    The result shares memory with a CPU tensor, so pass one that nothing else writes to.
    """
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values.view()
    array.setflags(write=False)
    return array
