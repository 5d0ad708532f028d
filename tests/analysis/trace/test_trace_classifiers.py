"""Every torchvision classifier: parameters, MACs, and what each row says of its field."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.analysis.trace.trace import trace
from cnnviz.nets.catalog import meta_model
from cnnviz.nets.classifiers import classifier_names, published_figures

# torchvision's weights of this one are for pictures of 518 pixels; the model is built for 224.
BUILT_FOR_ANOTHER_SIZE = {"vit_h_14": 224}
LINEAR = ("aten.convolution", "aten.addmm", "aten.mm")


@pytest.mark.parametrize("name", classifier_names())
def test_parameters_and_macs_are_those_that_torch_counts(name):
    outline = meta_model(name)
    published = published_figures(name)
    size = BUILT_FOR_ANOTHER_SIZE.get(name, published.input_size)
    found = trace(outline, (1, 3, size, size))

    assert found.parameters == sum(p.numel() for p in outline.parameters())
    reached = sum(row.parameters for row in found)
    assert found.parameters == reached + sum(skipped.parameters for skipped in found.unreached)

    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        output = outline(torch.empty(1, 3, size, size, device="meta"))
    assert found.macs * 2 == counted.get_total_flops()
    by_function = {str(key): value for key, value in counted.get_flop_counts()["Global"].items()}
    products = ("matmul", "einsum")
    attention = [row for row in found if row.kind == "attention"]
    ours = sum(
        row.macs for row in found if row.kind in ("convolution", "linear") and row.operation not in products
    )
    if not attention:  # nn.MultiheadAttention is one row, its linear layers and its products together
        assert ours * 2 == sum(by_function.get(key, 0) for key in LINEAR)
    if name not in BUILT_FOR_ANOTHER_SIZE:
        # torchvision counts Inception's auxiliary head and leaves GoogLeNet's out.
        assert published.parameters in (found.parameters, reached)
        assert found.macs == pytest.approx(published.macs, rel=0.02)

    assert list(found)[-1].output_shape == output.shape
    for row in found:
        assert row.receptive_field is not None or row.note
        assert row.input_shapes or "weights alone" in row.note
    assert found.last_map.receptive_field.size[0] == found.last_map.receptive_field.size[1]


def test_auxiliary_heads_are_listed_and_counted():
    found = trace(meta_model("googlenet"))
    assert [skipped.layer for skipped in found.unreached] == ["aux1", "aux2"]
    assert sum(skipped.parameters for skipped in found.unreached) == 13_004_888 - 6_624_904
    assert [skipped.layer for skipped in trace(meta_model("inception_v3"), (1, 3, 299, 299)).unreached] == [
        "AuxLogits"
    ]


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "mobilenet_v3_small", "regnet_y_400mf", "swin_t", "maxvit_t"]
)
def test_squeeze_and_excitation_and_attention_are_global_and_keep_the_local_field(name):
    row = trace(meta_model(name)).last_map
    assert row.is_global and row.receptive_field.is_global
    assert "global" in row.note


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "densenet121", "googlenet", "shufflenet_v2_x0_5"])
def test_where_nothing_is_global_nothing_is_called_so(name):
    assert not trace(meta_model(name)).last_map.is_global


def test_a_transformer_says_why_its_tokens_have_no_field():
    found = trace(meta_model("vit_b_32"))
    assert found.last_map.layer == "conv_proj"
    assert found.last_map.receptive_field.size == (32, 32)
    attention = next(row for row in found if row.kind == "attention")
    assert attention.receptive_field is None
    assert "flattened" in attention.note
