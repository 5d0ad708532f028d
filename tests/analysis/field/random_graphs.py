"""Random small networks with branches, as hypothesis strategies."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))


@dataclass(frozen=True)
class Step:
    """One operation on earlier tensors (by number); its numbers are (height, width)."""

    kind: str
    sources: tuple
    numbers: tuple = ()
    flag: bool = False


class RandomGraph(nn.Module):
    """Runs steps one after another; tensor 0 is the input, tensor i the result of step i."""

    def __init__(self, steps, channels=4):
        super().__init__()
        self.steps = steps
        self.layers = nn.ModuleDict()
        counts = [channels]
        for index, step in enumerate(steps, start=1):
            made, count = _layer(step, [counts[s] for s in step.sources])
            counts.append(count)
            if made is not None:
                self.layers[str(index)] = made

    def extra_repr(self):
        return "\n".join(map(str, self.steps))

    def forward(self, x):
        tensors = [x]
        for index, step in enumerate(self.steps, start=1):
            given = [tensors[s] for s in step.sources]
            layer = self.layers[str(index)] if str(index) in self.layers else _function(step)
            tensors.append(layer(*given))
        return tensors[-1]


def _layer(step, counts):
    """The module of a step, if it has one, and its number of channels."""
    count = counts[0]
    if step.kind == "conv":
        kernel_size, stride, padding, dilation = step.numbers
        groups = count if step.flag else 1
        return nn.Conv2d(count, count, kernel_size, stride, padding, dilation, groups), count
    if step.kind == "transposed":
        kernel_size, stride, padding, _ = step.numbers
        return nn.ConvTranspose2d(count, count, kernel_size, stride, padding), count
    if step.kind == "max":
        kernel_size, stride, padding, _ = step.numbers
        return nn.MaxPool2d(kernel_size, stride, padding, ceil_mode=step.flag), count
    if step.kind == "average":
        kernel_size, stride, padding, _ = step.numbers
        return nn.AvgPool2d(kernel_size, stride, padding, ceil_mode=step.flag), count
    if step.kind == "project":
        return nn.Conv2d(count, 4, 1), 4
    if step.kind == "cat":
        return None, sum(counts)
    if step.kind == "half":
        return None, count // 2
    return None, count


def _function(step):
    return {
        "add": lambda a, b: a + b,
        "cat": lambda a, b: torch.cat([a, b], 1),
        "half": lambda a: a.chunk(2, 1)[step.flag],
        "crop": lambda a: a[:, :, step.numbers[0] :, step.numbers[1] :],
        "every": lambda a: a[..., :: step.numbers[0], :: step.numbers[1]],
        "pad": lambda a: F.pad(a, (step.numbers[1], 0, 0, step.numbers[0])),
        "nearest": lambda a: F.interpolate(a, scale_factor=2.0),
        "bilinear": lambda a: F.interpolate(a, scale_factor=2, mode="bilinear", align_corners=False),
        "last": lambda a: a.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        "shuffle": lambda a: (
            a.view(a.shape[0], 2, a.shape[1] // 2, *a.shape[2:]).transpose(1, 2).reshape(a.shape)
        ),
        "mean": lambda a: a.mean(1, keepdim=True).expand(-1, a.shape[1], -1, -1),
    }[step.kind]


@st.composite
def windows(draw):
    """(kernel, stride, padding, dilation); the padding is at most half the kernel, as pooling asks."""
    kernel_size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel_size)
    return kernel_size, draw(st.tuples(st.integers(1, 2), st.integers(1, 2))), padding, draw(SIZES)


@st.composite
def graphs(draw, input_size):
    """A network of four to nine steps with at least one branch that meets another."""
    tensors, steps = [torch.empty(1, 4, *input_size, device="meta")], []
    for _ in range(draw(st.integers(4, 9))):
        step = _drawn(draw, [t.shape for t in tensors])
        given = [tensors[s] for s in step.sources]
        try:
            with torch.device("meta"):
                layer, _ = _layer(step, [t.shape[1] for t in given])
                made = (layer or _function(step))(*given)
        except RuntimeError:
            continue  # the window does not fit
        if min(made.shape[2:]) >= 3 and max(made.shape[2:]) <= 160 and made.shape[1] <= 64:
            steps.append(step)
            tensors.append(made)
    if not steps or (steps[-1].kind, steps[-1].flag) == ("half", True):
        # A row is about the first tensor that its operation gives; let the second go on to a row of its own.
        steps.append(Step("project", (len(steps),)))
    return RandomGraph(steps)


def _drawn(draw, shapes):
    latest = len(shapes) - 1
    kinds = ["conv"] * 4 + [
        "max",
        "average",
        "transposed",
        "nearest",
        "bilinear",
        "crop",
        "every",
        "pad",
        "last",
    ]
    same_size = [i for i in range(latest) if shapes[i][2:] == shapes[latest][2:]]
    same = [i for i in same_size if shapes[i] == shapes[latest]]
    kinds += ["add"] * 4 * bool(same) + ["cat"] * 4 * bool(same_size)
    even = shapes[latest][1] % 2 == 0
    kinds += ["half", "shuffle"] * even + ["mean", "project"]
    kind = draw(st.sampled_from(kinds))
    # From time to time a branch begins further back.
    source = (
        latest
        if kind in ("add", "cat", "half", "shuffle")
        else draw(st.sampled_from([latest] * 3 + [max(0, latest - 1)]))
    )
    if kind in ("add", "cat"):
        return Step(kind, (draw(st.sampled_from(same if kind == "add" else same_size)), latest))
    numbers = draw(windows()) if kind in ("conv", "max", "average", "transposed") else draw(SIZES)
    return Step(kind, (source,), numbers, draw(st.booleans()))
