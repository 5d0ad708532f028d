"""A block taken apart, and gradient norms by depth, against hooks and torch's own gradients."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import cnnviz
from cnnviz.analysis.residual import block_graph, gradient_norms, seeded_crops, stem_maps, take_apart
from cnnviz.errors import CnnvizError
from cnnviz.nets.residual_variants import BlockDesign, CifarDesign

PICTURE = cnnviz.sample("cat").centre_square(48).tensor()


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize("order", ["post", "pre"])
@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize(("out_channels", "stride"), [(16, 1), (32, 2)])
def test_the_parts_make_the_block(kind, order, skip, out_channels, stride):
    design = BlockDesign(kind, order, 16, out_channels, stride, skip)
    found = take_apart(PICTURE, design, seed=1)
    x = torch.from_numpy(found.x.copy())[None]
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(found.output.copy())[None], design.build(1)(x))
    total = found.residual if found.identity is None else found.residual + found.identity
    np.testing.assert_allclose(found.total, total)
    np.testing.assert_allclose(found.output, np.maximum(total, 0) if order == "post" else total)
    assert (found.identity is None) != skip
    if skip and not design.projects:
        np.testing.assert_array_equal(found.identity, found.x)
    assert (found.x.min() >= 0) == (order == "post")
    assert not found.output.flags.writeable


def test_the_stem_normalises_each_channel_and_keeps_the_size():
    maps = stem_maps(PICTURE, 8, "pre")
    assert maps.shape == (1, 8, 48, 48)
    torch.testing.assert_close(maps.mean((0, 2, 3)), torch.zeros(8), atol=1e-4, rtol=0)
    torch.testing.assert_close(stem_maps(PICTURE, 8, "post"), maps.relu())


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize("order", ["post", "pre"])
@pytest.mark.parametrize("skip", [True, False])
def test_the_graph_has_the_shapes_and_parameters_of_a_run(kind, order, skip):
    design = BlockDesign(kind, order, 16, 32, 2, skip)
    block, _ = block_graph(design, 12)
    network = design.build()
    shapes = {}
    for name, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _m, _i, y, name=name: shapes.update({name: y.shape[1:]}))
    network(torch.zeros(1, 16, 12, 12))
    drawn = {part.path: part.output_shape for part in block.parts if part.kind != "join"}
    assert drawn == {name: tuple(shape) for name, shape in shapes.items()}
    assert block.parameters == sum(p.numel() for p in network.parameters())
    joins = [part for part in block.parts if part.kind == "join"]
    assert len(joins) == (1 if skip else 0)
    assert all(len(join.parents) == 2 for join in joins)


@pytest.mark.parametrize("gain", [1.0, 2.0])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_norms_are_those_of_gradients_put_together_from_hooks(batch_norm, gain):
    design = CifarDesign(14, width=4, batch_norm=batch_norm, gain=gain)
    found = gradient_norms(design, PICTURE, seed=2)
    crops, classes = seeded_crops(PICTURE, seed=2)
    for residual, norms in ((False, found.plain), (True, found.residual)):
        network = design.build(residual, seed=2)
        seen = {}
        for name in found.layers:
            network.get_submodule(name).register_forward_hook(
                lambda _m, inputs, y, name=name, seen=seen: seen.update({name: [inputs[0].detach(), y]})
            )
        loss = F.cross_entropy(network(crops), classes)
        arriving = torch.autograd.grad(loss, [seen[name][1] for name in found.layers])
        for name, gradient, norm in zip(found.layers, arriving, norms, strict=True):
            module, x = network.get_submodule(name), seen[name][0]
            if isinstance(module, torch.nn.Linear):
                expected = gradient.T @ x
            else:
                expected = torch.nn.grad.conv2d_weight(
                    x, module.weight.shape, gradient, stride=module.stride, padding=module.padding
                )
            assert norm == pytest.approx(expected.norm().item(), rel=1e-3)


def test_the_ratio_is_of_the_convolutions_alone():
    found = gradient_norms(CifarDesign(8, width=4), PICTURE)
    assert found.layers[0] == "conv"
    assert found.layers[-2].endswith("conv2")
    assert found.plain_ratio == pytest.approx(found.plain[0] / found.plain[-2])
    assert found.residual_ratio == pytest.approx(found.residual[0] / found.residual[-2])


def test_a_black_picture_has_no_gradient_without_batch_norm():
    found = gradient_norms(CifarDesign(8, width=4, batch_norm=False), torch.zeros(1, 3, 40, 40))
    assert found.plain_ratio is None
    assert found.residual_ratio is None


def test_crops_are_cut_from_the_picture():
    crops, classes = seeded_crops(PICTURE, seed=7)
    assert crops.shape == (8, 3, 32, 32)
    assert classes.shape == (8,)
    windows = PICTURE[0].unfold(1, 32, 1).unfold(2, 32, 1).permute(1, 2, 0, 3, 4)
    for crop in crops:
        assert (windows == crop).all((2, 3, 4)).any()
    with pytest.raises(CnnvizError, match="32 rows"):
        seeded_crops(torch.zeros(1, 3, 31, 60))
