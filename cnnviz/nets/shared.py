"""A network that several people look into at once."""

import copy
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class SharedModel:
    """A model in eval mode whose module trees are each lent to one thread at a time.

    Hooks sit on modules, so two passes through one module would report into each other's maps.
    Each borrower therefore gets a module tree of its own; all trees share one set of weights.
    """

    def __init__(self, model: nn.Module, copies: int = 1) -> None:
        self._model = model.eval().requires_grad_(False)
        self._copies = copies
        self._building = threading.Lock()
        self._idle: dict[torch.device, queue.SimpleQueue[nn.Module]] = {}

    @contextmanager
    def borrow(self, device: torch.device) -> Iterator[nn.Module]:
        """A module tree on `device`, the borrower's own until the context ends; waits for one."""
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
    """A second tree of modules over the same parameters and buffers."""
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
