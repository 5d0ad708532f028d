"""torch's default generator, which belongs to the whole process: one thread draws from it at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ONE = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Until it ends, the default generator is this thread's own, and starts from a seed.

    Layers draw their first weights from it, and dropout its masks; neither takes another generator.
    Then it goes on where it stood. The GPUs' generators are left alone.
    """
    with _ONE, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed the GPUs too
        yield
