"""What training costs, held against PyTorch's own counter."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.training.plan import Plan, training_cost
from cnnviz.training.recipe import Recipe


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet"])
def test_a_step_costs_what_torch_counts(name):
    plan = Plan(name, 4, "shapes", Recipe(3, 5), 12)
    cost = training_cost(plan, 10, 32, 12)
    network = plan.network(10).train()
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(network(torch.rand(5, 3, 32, 32)), torch.zeros(5, dtype=torch.long)).backward()
    assert 2 * cost.step_macs == counter.get_total_flops()
    assert cost.parameters == sum(p.numel() for p in network.parameters())
    assert cost.steps == 9
