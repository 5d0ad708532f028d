"""The devices that compute, and the gate before them."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st
import torch

from cnnviz.device import Ran, available_devices, device_label, run_with_fallback

T = TypeVar("T")


class Processor:
    """The devices and the gate before them.

    `slots` computations run at a time, each with cores / slots threads. One slot for all cores answers
    a single user on an idle machine soonest; two serve a class better, and do not stall when the user's
    browser wants a core (`python -m benchmarks crowd`). The environment variable CNNVIZ_SLOTS changes it.
    """

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        wanted = os.environ.get("CNNVIZ_SLOTS", "")
        self.slots = max(1, min(cores, int(wanted) if wanted.isdecimal() else 2))
        self._gate = threading.BoundedSemaphore(self.slots)
        self._lock = threading.Lock()
        self._running = 0
        self._devices = available_devices()
        # The screen shows four digits; TF32 convolutions have three.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        torch.set_num_threads(max(1, cores // self.slots))

    @property
    def label(self) -> str:
        """The device in use, in words."""
        return device_label(self._devices[0])

    @contextmanager
    def busy_spinner(self) -> Iterator[None]:
        """Tell the user, while the block runs, if other people's computations come first."""
        if self._running < self.slots:
            yield
        else:
            with st.spinner("Waiting for other people's computations…"):
                yield

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a free slot."""
        with self._gate:
            self._count(1)
            try:
                yield
            finally:
                self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change

    def run(self, compute: Callable[[torch.device], T]) -> Ran[T]:
        """Run on the best device that works; one that breaks is not asked again.

        One that is only out of memory for now stays the first choice.
        """
        devices = self._devices
        with self.slot():
            ran = run_with_fallback(compute, devices)
        with self._lock:
            self._devices = tuple(device for device in self._devices if device not in ran.broken)
        return ran
