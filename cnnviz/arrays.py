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


def _keep_freed_memory() -> None:
    """Have freed memory kept for the next feature maps, where the C library is glibc.

    glibc gives a large block back to the system as soon as it is freed, and the next one is faulted
    in page by page. Its threshold for that grows to the largest block freed so far, up to 32 MB
    (mallopt(3), M_MMAP_THRESHOLD). A tenth of a forward pass is won so.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


_keep_freed_memory()
