"""What an exact trace costs: resnet152 in seconds, resnet18 against torch-scan in the same run.

torch-scan (PyPI `torchscan`) runs the network on a picture, with hooks; its receptive fields stop at
branches. Ours sees shapes only. `tracing` and `summary` both take a built network of random weights.
"""

import contextlib
import io
import warnings
from statistics import median

import torchscan

import cnnviz
from benchmarks.common import Result, interleaved, milliseconds, quartiles, ratio_result

ROUNDS = 20
LARGE_GOAL_MS = 2000
PEER_GOAL = 1.0
_SHAPE = (3, 224, 224)


def measure() -> list[Result]:
    """The large network alone; the small one and the peer in turns."""
    large, small = cnnviz.model("resnet152"), cnnviz.model("resnet18")

    def peer() -> None:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torchscan.summary(small, _SHAPE, receptive_field=True)

    alone = interleaved(
        {"large": milliseconds(lambda: cnnviz.trace(large, (1, *_SHAPE)))}, ROUNDS, warm_up=0
    )["large"]
    runs = {"ours": milliseconds(lambda: cnnviz.trace(small, (1, *_SHAPE))), "peer": milliseconds(peer)}
    found = interleaved(runs, ROUNDS, seconds=30)
    slowest = max(alone)
    return [
        Result(
            "trace of resnet152",
            f"{median(alone):.3g} ms",
            f"slowest, first one included: {slowest:.3g} ms",
            f"middle half {quartiles(alone)}",
            f"≤ {LARGE_GOAL_MS} ms",
            slowest <= LARGE_GOAL_MS,
        ),
        ratio_result("trace of resnet18", found["ours"], "torchscan.summary", found["peer"], PEER_GOAL),
    ]
