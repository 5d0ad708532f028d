"""One network for many threads: copies of its modules over one set of weights."""

import copy
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class SharedModel:
    """A model in eval mode that several threads use at once.

    Forward hooks are registered on modules, so the hooks of one thread would also record the pass of
    another. Each thread therefore borrows a copy of the module tree; all copies share their parameters.

    Args:
        model: is switched to eval mode, its parameters to `requires_grad=False`.
        copies: module trees on each device, and so threads that can use the model at once.
    """

    def __init__(self, model: nn.Module, copies: int = 1) -> None:
        self._model = model.eval().requires_grad_(False)
        self._copies = copies
        self._building = threading.Lock()
        self._idle: dict[torch.device, queue.SimpleQueue[nn.Module]] = {}

    @contextmanager
    def borrow(self, device: torch.device) -> Iterator[nn.Module]:
        """A module tree on `device` for this thread alone until the context ends; waits for a free one."""
        idle = self._trees(device)
        model = idle.get()
        try:
            yield model
        finally:
            idle.put(model)

    def _trees(self, device: torch.device) -> queue.SimpleQueue[nn.Module]:
        with self._building:
            if device not in self._idle:
                placed = self._model if device.type == "cpu" else copy.deepcopy(self._model).to(device)
                self._idle[device] = queue.SimpleQueue()
                for _ in range(self._copies):
                    self._idle[device].put(share_weights(placed))
            return self._idle[device]


def share_weights(model: nn.Module) -> nn.Module:
    """A copy of the module tree that has the same parameter and buffer tensors, not copies of them."""
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
