"""How to split the cores when many ask at once: slots × threads, for 1, 4 and 16 waiting users.

Measured: layer runs (MiniResNet, 224×224) per second, and the median and the 95 % wait for one, in ms. A user
asks again as soon as the answer is there. Each request comes from a thread of its own, as
Streamlit's runs do; each split has a process of its own, since a thread count is for good.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from statistics import median

import torch

from benchmarks.common import ROOT, Result
from cnnviz.analysis.layers.activations import FeatureMaps, as_maps, capture, forward
from cnnviz.nets.catalog import model
from cnnviz.nets.shared import SharedModel

SECONDS = 2.5
USERS = (1, 4, 16)
ROUNDS = 2
_CLASS = USERS[-1]
_LAYER = "layer1.0.conv1"

Figures = dict[int, tuple[float, float, float]]


def splits(cores: int) -> list[tuple[int, int]]:
    """(slots, threads per slot) that use all cores: one slot, two, …, one per core."""
    slots = [1]
    while slots[-1] * 2 <= cores:
        slots.append(slots[-1] * 2)
    return [(number, cores // number) for number in slots]


def measure() -> list[Result]:
    """Every split in turns; the best round of each counts, as other work only takes away."""
    found: dict[tuple[int, int], list[Figures]] = {split: [] for split in splits(os.cpu_count() or 1)}
    for _ in range(ROUNDS):
        for split, rounds in found.items():
            rounds.append(_in_a_process(*split))
    best = {split: {users: _best([figures[users] for figures in rounds]) for users in USERS}
            for split, rounds in found.items()}  # fmt: skip
    return [*(_row(split, figures) for split, figures in best.items()), _advice(best)]


def _in_a_process(slots: int, threads: int) -> Figures:
    command = [sys.executable, "-m", "benchmarks.crowd", str(slots), str(threads)]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {int(users): tuple(figures) for users, figures in json.loads(answer).items()}


def _best(rounds: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    rates, medians, late = zip(*rounds, strict=True)
    return max(rates), min(medians), min(late)


def _row(split: tuple[int, int], figures: Figures) -> Result:
    words = [
        f"{users}: {rate:.1f}/s, {wait:.0f} to {late:.0f} ms" for users, (rate, wait, late) in figures.items()
    ]
    return Result(f"crowd: slots × threads = {split[0]}×{split[1]}", "; ".join(words))


def _advice(best: dict[tuple[int, int], Figures]) -> Result:
    """The splits that answer one user soonest and a class soonest, and what one slot costs a class."""
    one = min(best, key=lambda split: best[split][1][1])
    many = max(best, key=lambda split: best[split][_CLASS][0])
    single = next(split for split in best if split[0] == 1)
    return Result(
        "crowd: best split",
        f"one user {one[0]}×{one[1]}, {_CLASS} users {many[0]}×{many[1]}",
        verdict=f"{best[single][_CLASS][0] / best[many][_CLASS][0]:.2f}×",
        goal="(one slot's share of the best throughput)",
    )


def simulate(slots: int, threads: int) -> Figures:
    """Runs per second and waits for each number of users, in this process."""
    torch.set_num_threads(threads)
    shared, gate = SharedModel(model("mini_resnet"), slots), threading.BoundedSemaphore(slots)
    x = torch.rand(1, 3, 224, 224)

    def layer_run() -> None:
        """What the app does for one layer, caches aside."""
        with (
            gate,
            shared.borrow(torch.device("cpu")) as network,
            torch.inference_mode(),
            capture(network, [_LAYER]) as found,
        ):
            forward(network, x)
        FeatureMaps.of(_LAYER, as_maps(found[_LAYER]))

    _crowd(layer_run, slots, 1.0)
    return {users: _crowd(layer_run, users, SECONDS) for users in USERS}


def _crowd(request: Callable[[], None], users: int, seconds: float) -> tuple[float, float, float]:
    waits: list[float] = []
    start = time.perf_counter()

    def user() -> None:
        while time.perf_counter() - start < seconds:
            asked = time.perf_counter()
            run = threading.Thread(target=request)
            run.start()
            run.join()
            waits.append((time.perf_counter() - asked) * 1000)

    threads = [threading.Thread(target=user) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    late = sorted(waits)[int(0.95 * len(waits))]
    return len(waits) / (time.perf_counter() - start), median(waits), late


if __name__ == "__main__":
    print(json.dumps(simulate(int(sys.argv[1]), int(sys.argv[2]))))
