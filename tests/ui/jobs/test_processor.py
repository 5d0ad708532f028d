"""The devices that compute, and the gate before them."""

import threading

import pytest
import torch

from cnnviz.ui.jobs import processor as processor_module
from cnnviz.ui.jobs.processor import Processor

META, CPU = torch.device("meta"), torch.device("cpu")


@pytest.fixture
def two_devices(monkeypatch):
    threads = torch.get_num_threads()
    monkeypatch.setattr(processor_module, "available_devices", lambda: (META, CPU))
    yield Processor()
    torch.set_num_threads(threads)


def test_a_broken_device_is_not_asked_again(two_devices):
    asked = []

    def compute(device):
        asked.append(device)
        if device == META:
            raise RuntimeError("broken")
        return device

    assert [two_devices.run(compute).value for _ in range(2)] == [CPU, CPU]
    assert asked == [META, CPU, CPU]


def test_a_device_that_is_out_of_memory_once_stays_the_first_choice(two_devices):
    answers = iter([torch.OutOfMemoryError("full"), None])

    def compute(device):
        if device == META and (error := next(answers)):
            raise error
        return device

    assert two_devices.run(compute).value == CPU
    assert two_devices.run(compute).value == META


def test_one_failure_does_not_spoil_what_runs_beside_it(two_devices):
    inside, failed = threading.Event(), threading.Event()
    results = []

    def slow(device):
        inside.set()
        assert failed.wait(10)
        return device

    def failing(device):
        if device == META:
            raise RuntimeError("broken")
        return device

    beside = threading.Thread(target=lambda: results.append(two_devices.run(slow).value))
    beside.start()
    assert inside.wait(10)
    assert two_devices.run(failing).value == CPU
    failed.set()
    beside.join(10)
    assert results == [META]


@pytest.mark.parametrize(("wanted", "slots"), [("1", 1), ("abc", 2), ("", 2), ("-3", 2), ("0", 1)])
def test_the_number_of_slots_is_read_with_care(monkeypatch, wanted, slots):
    threads = torch.get_num_threads()
    monkeypatch.setattr(processor_module.os, "cpu_count", lambda: 4)
    monkeypatch.setenv("CNNVIZ_SLOTS", wanted)
    assert Processor().slots == slots
    torch.set_num_threads(threads)
