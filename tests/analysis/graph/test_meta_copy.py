"""Tracing leaves a model as it was, whatever its forward writes to or reaches modules through."""

import functools
from collections import OrderedDict, deque, namedtuple

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnviz.analysis.effective_field import effective_receptive_field
from cnnviz.analysis.trace.trace import trace
from cnnviz.errors import CnnvizError

SHAPE = (1, 3, 9, 9)
Pair = namedtuple("Pair", "first second")


class Remembers(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("passes", torch.zeros(1))
        self.grids, self.seen, self.latest, self.deep = {}, [], deque(maxlen=2), {"in": [set()]}
        self.total = torch.zeros(1)

    def forward(self, x):
        size = tuple(x.shape[2:])
        if size not in self.grids:
            self.grids[size] = torch.ones(1, 4, size[0] - 2, size[1] - 2, device=x.device)
        y = self.conv(x) + self.grids[size]
        self.seen.append(y)
        self.latest.append(y)
        self.deep["in"][0].add(size)
        self.passes += 1
        self.total += 1
        return y


@pytest.mark.parametrize(
    "look", [trace, lambda m, shape: effective_receptive_field(m, "conv", shape, samples=1)]
)
def test_what_forward_writes_to_is_not_the_models(look):
    network = Remembers()
    look(network, SHAPE)
    assert (network.grids, network.seen, list(network.latest)) == ({}, [], [])
    assert network.deep == {"in": [set()]} and not network.passes.any() and not network.total.any()
    assert network(torch.rand(SHAPE)).isfinite().all()


class Reaches(nn.Module):
    """Calls its layers by what `how` makes of them; none of them stands in a container of PyTorch's."""

    def __init__(self, how):
        super().__init__()
        self.conv, self.bn, self.drop = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)
        self.run = how(self)

    def body(self, x):
        return self.drop(self.bn(self.conv(x)))

    def forward(self, x):
        steps = self.run
        if callable(steps):
            return steps(x)
        for step in steps.values() if isinstance(steps, dict) else steps:
            x = step(x)
        return x


HOW = {
    "list": lambda m: [m.conv, m.bn, m.drop],
    "tuple": lambda m: (m.conv, m.bn, m.drop),
    "named tuple": lambda m: Pair(m.conv, m.bn),
    "dict": lambda m: OrderedDict(a=m.conv, b=m.bn, c=m.drop),
    "bound method": lambda m: m.body,
    "method of a layer": lambda m: [m.conv.forward, m.bn.forward],
    "partial": lambda m: functools.partial(m.body),
}


@pytest.mark.parametrize("how", HOW)
def test_modules_in_plain_attributes_are_not_the_models(how):
    network = Reaches(HOW[how]).train()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    found = trace(network, SHAPE)
    effective_receptive_field(network, found[-1].layer, SHAPE, samples=1)
    assert sum(row.parameters for row in found) == 120 == found.parameters
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert network.training and network.bn.training


def test_modules_that_are_nowhere_registered_keep_their_state_too():
    network = nn.Sequential(nn.Conv2d(3, 4, 3))
    network.hidden = [nn.BatchNorm2d(4).train()]
    network.hidden.append(network.hidden)
    network.forward = lambda x: x
    hidden = nn.BatchNorm2d(4).train()

    class Holds(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [hidden]

        def forward(self, x):
            return self.layers[0](F.relu(x))

    (_, row) = trace(nn.Sequential(Holds()), (1, 4, 9, 9))
    assert row.layer == "0.layers" and hidden.num_batches_tracked == 0 and hidden.training
    assert len(trace(network, SHAPE)) == 0


def test_a_buffer_without_a_device_is_written_to():
    class Writes(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.end = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            out = torch.zeros(1, 4, 9, 9)
            out[:, :4] = self.conv(x)
            return self.end(out)

    last = trace(Writes(), SHAPE)[-1]
    assert last.layer == "end" and last.parents == ("setitem",)


def test_modules_nested_too_deeply_are_reported():
    network = nn.Conv2d(1, 1, 1)
    for _ in range(600):
        network = nn.Sequential(network)
    with pytest.raises(CnnvizError, match="nested too deeply"):
        trace(network, (1, 1, 4, 4))
