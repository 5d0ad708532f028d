"""The first filters of a network."""

import numpy as np
import pytest
import torch
from torch import nn

import cnnviz
from cnnviz.analysis.layers.filters import first_filters
from cnnviz.errors import CnnvizError


@pytest.mark.parametrize("name", ["simple_cnn", "mini_resnet", "lenet5", "squeezenet1_1"])
def test_filters_are_the_weights_of_the_first_convolution(name):
    model = cnnviz.model(name, seed=2)
    filters = first_filters(model)
    module = model.get_submodule(filters.layer)
    np.testing.assert_array_equal(filters.weight, module.weight.detach().numpy())
    rows, columns = filters.windows
    assert (rows.stride, columns.stride) == tuple(module.stride)
    assert (rows.padding, columns.padding) == tuple(module.padding)
    module.weight.data.zero_()
    assert filters.limit > 0


def test_numbers_tell_noise_from_learned_filters():
    drawn = first_filters(cnnviz.model("mini_resnet", seed=1))
    assert drawn.deviation == pytest.approx(drawn.he_deviation, rel=0.03)
    assert drawn.he_deviation == pytest.approx((2 / (3 * 49)) ** 0.5)
    assert drawn.bends == pytest.approx(1, abs=0.03)
    assert first_filters(cnnviz.model("mini_resnet", "shapes")).bends < 0.95
    flat = nn.Conv2d(3, 4, 5)
    nn.init.constant_(flat.weight, 0.5)
    assert np.isnan(first_filters(flat_model(flat)).bends)
    ramp = nn.Conv2d(1, 1, (1, 3))
    ramp.weight.data = torch.tensor([[[[0.0, 1.0, 2.0]]]])
    assert first_filters(flat_model(ramp)).bends == pytest.approx(1 / (2 * 2 / 3))


def flat_model(layer):
    return nn.Sequential(layer)


def test_a_network_without_convolutions_says_so():
    with pytest.raises(CnnvizError, match="no convolution"):
        first_filters(nn.Sequential(nn.Linear(3, 2)))
