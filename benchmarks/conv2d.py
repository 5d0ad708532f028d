"""Our convolution against PyTorch's: `cnnviz.conv2d` and `F.conv2d`, in ms.

3 → 16 channels, 3×3, padding 1, on 224×224, in inference mode on the CPU.
"""

import torch
import torch.nn.functional as F

import cnnviz
from benchmarks.common import Result, interleaved, milliseconds, ratio_result

GOAL = 2
ROUNDS = 200


def measure() -> list[Result]:
    """Both in turns, on the same numbers."""
    x, weight = torch.rand(1, 3, 224, 224), torch.randn(16, 3, 3, 3)
    with torch.inference_mode():
        torch.testing.assert_close(cnnviz.conv2d(x, weight, padding=1), F.conv2d(x, weight, padding=1))
        runs = {
            "ours": milliseconds(lambda: cnnviz.conv2d(x, weight, padding=1)),
            "pytorch": milliseconds(lambda: F.conv2d(x, weight, padding=1)),
        }
        found = interleaved(runs, ROUNDS, warm_up=10)
    return [ratio_result("conv2d from scratch", found["ours"], "F.conv2d", found["pytorch"], GOAL)]
