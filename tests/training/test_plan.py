"""What training costs, held against PyTorch's own counter."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.nets import catalog
from cnnviz.training.plan import Plan, training_cost
from cnnviz.training.recipe import Recipe
from cnnviz.ui import cache
from cnnviz.ui.training.snippets import training_code


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


def test_the_cost_is_found_without_drawing_weights(monkeypatch):
    monkeypatch.setattr(catalog, "initialise", pytest.fail)
    assert training_cost(Plan("simple_cnn", 4, "shapes", Recipe()), 10, 32, 12).parameters


def test_the_code_has_every_digit_of_the_rate():
    code = training_code(Plan("simple_cnn", 4, "shapes", Recipe(learning_rate=0.0123456789)))
    assert "learning_rate=0.0123456789," in code


def test_plans_that_cost_the_same_share_a_place_in_the_cache():
    one, other = Plan("simple_cnn", 4, "shapes", Recipe()), Plan("simple_cnn", 4, "x", Recipe(seed=1), 7)
    assert cache.training.training_cost_of(one, 10, 32, 12) is cache.training.training_cost_of(
        other, 10, 32, 12
    )
