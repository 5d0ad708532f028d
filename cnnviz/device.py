"""Choice of device: an accelerator if available, with fallback to the CPU."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

T = TypeVar("T")

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Ran(Generic[T]):
    """A result, the device it was computed on, and a note if that is a fallback.

    `broken` are the devices that failed for another reason than memory.
    """

    value: T
    device: torch.device
    note: str | None = None
    broken: tuple[torch.device, ...] = ()


def available_devices() -> tuple[torch.device, ...]:
    """Devices in the order in which to try them: CUDA, then MPS, then the CPU."""
    devices = [CPU]
    if torch.backends.mps.is_available():
        devices.insert(0, torch.device("mps"))
    if torch.cuda.is_available():
        devices.insert(0, torch.device("cuda"))
    return tuple(devices)


def device_label(device: torch.device) -> str:
    """A label for the screen, such as "CPU, 2 threads"."""
    if device.type == "cuda":
        return f"GPU: {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "GPU: Apple Metal"
    if device.type != "cpu":
        return str(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def run_with_fallback(run: Callable[[torch.device], T], devices: Sequence[torch.device]) -> Ran[T]:
    """Run on the first device that succeeds, in the order given.

    On `RuntimeError` or `OutOfMemoryError` the next device is tried, and the result's note says so.
    Errors on the last device are raised; a `CnnvizError` is raised at once, as it does not depend on
    the device.
    """
    failure: str | None = None
    broken: list[torch.device] = []
    for device in devices[:-1]:
        try:
            return Ran(run(device), device, _fallback_note(failure, device), tuple(broken))
        except torch.OutOfMemoryError:
            failure = f"{device_label(device)} is out of memory"
        except RuntimeError as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            failure = f"{device_label(device)} failed ({reason})"
            broken.append(device)
    return Ran(run(devices[-1]), devices[-1], _fallback_note(failure, devices[-1]), tuple(broken))


def _fallback_note(failure: str | None, device: torch.device) -> str | None:
    return None if failure is None else f"{failure}, so this ran on the {device.type.upper()}."
