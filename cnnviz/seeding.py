"""Seeding of torch's default generator, which all threads of the process share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ONE = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the default CPU generator within the context, for one thread at a time.

    Weight initialisation and dropout use it and accept no other generator. Its state is restored
    afterwards; the generators of GPUs are not touched.
    """
    with _ONE, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed the GPUs too
        yield
