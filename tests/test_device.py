import pytest
import torch

from cnnviz.device import available_devices, device_label, run_with_fallback
from cnnviz.errors import CnnvizError

# Devices that can be named, though nothing runs on them here: `run` decides which of them fail.
META, MPS, CPU = torch.device("meta"), torch.device("mps"), torch.device("cpu")


def runner(failures):
    """A computation that raises `failures[device type]` and records where it was tried."""
    tried = []

    def run(device):
        tried.append(device)
        if device.type in failures:
            raise failures[device.type]
        return f"done on {device.type}"

    return run, tried


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [
        (False, False, ["cpu"]),
        (True, False, ["cuda", "cpu"]),
        (False, True, ["mps", "cpu"]),
        (True, True, ["cuda", "mps", "cpu"]),
    ],
)
def test_accelerators_come_first_and_the_cpu_last(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert [device.type for device in available_devices()] == expected


def test_the_cpu_is_always_there():
    assert available_devices()[-1] == CPU


def test_what_works_at_once_has_no_note():
    run, tried = runner({})
    ran = run_with_fallback(run, (META, CPU))
    assert (ran.value, ran.device, ran.note, tried) == ("done on meta", META, None, [META])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "meta is out of memory"),
        (RuntimeError("kernel launch failed\ndetails"), "meta failed (kernel launch failed)"),
        # What PyTorch raises, as a RuntimeError, for an operator that MPS does not have.
        (NotImplementedError("no such operator"), "meta failed (no such operator)"),
        (RuntimeError(), "meta failed (RuntimeError)"),
    ],
)
def test_a_failing_accelerator_is_replaced_by_the_cpu_and_a_sentence_says_so(error, words):
    run, tried = runner({"meta": error})
    ran = run_with_fallback(run, (META, CPU))
    assert (ran.value, ran.device, tried) == ("done on cpu", CPU, [META, CPU])
    assert ran.note == f"{words}, so this ran on the CPU."


def test_the_note_names_the_device_that_did_run():
    run, tried = runner({"meta": RuntimeError("boom")})
    ran = run_with_fallback(run, (META, MPS, CPU))
    assert (ran.device, tried) == (MPS, [META, MPS])
    assert ran.note == "meta failed (boom), so this ran on the MPS."


def test_the_note_tells_the_last_failure():
    run, tried = runner({"meta": RuntimeError("boom"), "mps": torch.OutOfMemoryError("full")})
    ran = run_with_fallback(run, (META, MPS, CPU))
    assert (ran.device, tried) == (CPU, [META, MPS, CPU])
    assert ran.note == "GPU: Apple Metal is out of memory, so this ran on the CPU."


@pytest.mark.parametrize("devices", [(META, CPU), (CPU,)])
def test_an_error_of_the_user_is_not_tried_again(devices):
    run, tried = runner({device.type: CnnvizError("four channels") for device in devices})
    with pytest.raises(CnnvizError, match="four channels"):
        run_with_fallback(run, devices)
    assert tried == [devices[0]]


def test_a_programming_error_is_not_tried_again():
    run, tried = runner({"meta": KeyError("bug")})
    with pytest.raises(KeyError, match="bug"):
        run_with_fallback(run, (META, CPU))
    assert tried == [META]


def test_what_fails_on_the_last_device_is_raised():
    run, tried = runner({"meta": RuntimeError("first"), "cpu": RuntimeError("last")})
    with pytest.raises(RuntimeError, match="last"):
        run_with_fallback(run, (META, CPU))
    assert tried == [META, CPU]


def test_a_real_failure_of_a_real_device_is_caught():
    weight = torch.ones(2, 2)
    ran = run_with_fallback(lambda device: (weight.to(device) @ weight.to(device)).sum().item(), (META, CPU))
    assert (ran.value, ran.device) == (8, CPU)
    assert ran.note.startswith("meta failed (")


@pytest.mark.parametrize(("threads", "label"), [(1, "CPU, 1 thread"), (4, "CPU, 4 threads")])
def test_the_label_of_the_cpu_counts_its_threads(monkeypatch, threads, label):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert device_label(CPU) == label


def test_the_label_of_an_accelerator_is_its_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Fast Card {device.index}")
    assert device_label(torch.device("cuda", 1)) == "GPU: Fast Card 1"
    assert device_label(MPS) == "GPU: Apple Metal"
    assert device_label(META) == "meta"
