"""What is answered from memory is what PyTorch would have said."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnviz.analysis.graph.record import record
from cnnviz.analysis.graph.shape_cache import ShapeCache
from cnnviz.analysis.graph.torch_calls import tensors_in
from cnnviz.nets.catalog import catalog_entry, meta_model

NETWORKS = [
    "lenet5", "mini_resnet", "convnext_tiny", "densenet121", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v3_small", "regnet_y_400mf", "shufflenet_v2_x0_5",
    "squeezenet1_1", "swin_v2_t", "vgg11_bn", "vit_b_32",
]  # fmt: skip


def empty(*shape, dtype=torch.float32):
    return torch.empty(shape, dtype=dtype, device="meta")


def ask(known, func, *args, **kwargs):
    return known.call(func, args, kwargs, list(tensors_in((args, kwargs))))


@pytest.fixture
def counted():
    """A sum that counts its calls, under the name of PyTorch's."""
    calls = []

    def add(*args, **kwargs):
        calls.append(args)
        return torch.add(*args, **kwargs)

    return add, calls


@pytest.mark.parametrize("name", NETWORKS)
def test_every_operation_is_recorded_as_without_it(name, monkeypatch):
    outline, shape = meta_model(name), catalog_entry(name).input_shape
    found = record(outline, shape)
    monkeypatch.setattr(ShapeCache, "call", lambda _self, func, args, kwargs, _given: func(*args, **kwargs))
    alone = record(outline, shape)
    assert found.ops == alone.ops
    assert [(c.path, c.start, c.end, c.outputs) for c in found.calls] == [
        (c.path, c.start, c.end, c.outputs) for c in alone.calls
    ]


CASES = [
    (torch.add, (empty(2, 3), empty(3))),
    (torch.add, (empty(2, 3), 1)),
    (torch.add, (empty(2, 3, dtype=torch.int64), 1)),
    (torch.add, (empty(2, 3, dtype=torch.int64), 1.0)),
    (torch.add, (empty(2, 3, dtype=torch.bool), True)),
    (torch.add, (empty(2, 3, dtype=torch.bool), 1)),
    (F.relu, (empty(1, 8, 5, 7).to(memory_format=torch.channels_last),)),
    (F.relu, (empty(1, 8, 5, 7).transpose(2, 3),)),
    (F.conv2d, (empty(1, 4, 9, 9), empty(6, 2, 3, 3), None, 2, 1, 1, 2)),
    (torch.cat, ([empty(1, 2, 4), empty(1, 3, 4)], 1)),
    (F.scaled_dot_product_attention, (empty(1, 2, 5, 8), empty(1, 2, 6, 8), empty(1, 2, 6, 4))),
]


def test_a_second_call_gives_what_the_first_gave():
    known = ShapeCache()  # one for all cases: none is taken for another
    for func, args in [*CASES, *CASES]:
        cached, true = ask(known, func, *args), func(*args)
        assert (cached.shape, cached.stride(), cached.dtype) == (true.shape, true.stride(), true.dtype)
        assert (
            cached.is_meta and cached._base is None and all(cached is not given for given in tensors_in(args))
        )


def test_it_is_asked_once_and_each_result_has_a_memory_of_its_own(counted):
    add, calls = counted
    known = ShapeCache()
    results = [ask(known, add, empty(2, 3), empty(3)) for _ in range(3)]
    assert len(calls) == 1
    assert len({result.untyped_storage()._cdata for result in results}) == 3


def test_a_tensor_that_is_written_to_comes_back_itself():
    known = ShapeCache()
    for _ in range(2):
        x = empty(2, 3)
        assert ask(known, F.hardswish, x, inplace=True) is x
        assert ask(known, Tensor.add_, x, empty(3)) is x
        assert ask(known, F.relu, x) is not x


def test_what_does_not_fit_is_refused_again():
    known = ShapeCache()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broadcast"):
            ask(known, torch.add, empty(2, 3), empty(4))


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((torch.ones(2), 1), {}),  # it has values
        ((empty(2).requires_grad_(), 1), {}),
        ((empty(2, dtype=torch.complex64), 1), {}),
        ((empty(2), 1), {"out": empty(0)}),
        ((empty(2), torch.ones(())), {}),
    ],
)
def test_what_shapes_alone_do_not_tell_is_always_asked(counted, args, kwargs):
    add, calls = counted
    known = ShapeCache()
    ask(known, add, *args, **kwargs)
    ask(known, add, *args, **kwargs)
    assert len(calls) == 2


def test_a_view_is_made_anew(counted):
    _, calls = counted

    def roll(x):
        calls.append(x)
        return x[1:]

    known, x = ShapeCache(), empty(4, 3)
    assert all(ask(known, roll, x)._base is x for _ in range(2)) and len(calls) == 2
