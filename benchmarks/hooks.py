"""What capturing costs: all convolutions of MiniResNet copied for display, against the forward pass.

Measured in ms at 224×224, CPU: `cnnviz.feature_maps(model, x)` against `model(x)` in inference mode.
"""

import torch

import cnnviz
from benchmarks.common import Result, interleaved, milliseconds, ratio_result

GOAL = 1.1
ROUNDS = 60


def measure() -> list[Result]:
    """Both in turns, on one random picture."""
    network = cnnviz.model("mini_resnet")
    x = torch.rand(1, 3, 224, 224)

    def plain() -> None:
        with torch.inference_mode():
            network(x)

    runs = {"hooked": milliseconds(lambda: cnnviz.feature_maps(network, x)), "plain": milliseconds(plain)}
    found = interleaved(runs, ROUNDS, warm_up=5, seconds=20)
    return [
        ratio_result(
            "feature maps of 20 convolutions", found["hooked"], "plain forward", found["plain"], GOAL
        )
    ]
