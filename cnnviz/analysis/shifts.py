"""Shift equivariance of one layer with pooling, and of a network up to a layer."""

import copy
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from cnnviz.analysis.layers.activations import capture, evaluating, forward, watch
from cnnviz.analysis.layers.summaries import describe
from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch, conv2d, pad2d
from cnnviz.ops.equivariance import Equivariance, blur_pool2d, measure_equivariance
from cnnviz.ops.geometry import PaddingMode, Window
from cnnviz.ops.pooling import avg_pool2d, max_pool2d

PoolName = Literal["none", "max", "average", "blur"]
POOLS: tuple[PoolName, ...] = get_args(PoolName)


@dataclass(frozen=True, slots=True, eq=False)
class ShiftedLayer:
    """A "same" convolution, ReLU, and a pooling.

    Attributes:
        kernel: (k, k), k odd, applied depthwise.
        stride: of the convolution.
        padding_mode: of the convolution's padding, (k − 1) / 2 pixels.
        pool: "none"; "max" or "average", 2×2 with stride 2; "blur", max pooling with stride 1 and
            then a blur with stride 2 (Zhang 2019).
    """

    kernel: Array
    stride: int = 1
    padding_mode: PaddingMode = "circular"
    pool: PoolName = "none"

    @property
    def jump(self) -> int:
        """Input pixels between neighbouring outputs."""
        return self.stride * (1 if self.pool == "none" else 2)

    def __call__(self, x: Tensor) -> Tensor:
        """(1, C, H, W) → (1, C, H', W')."""
        channels, side = x.shape[1], self.kernel.shape[0]
        weight = torch.from_numpy(self.kernel.copy()).to(x).expand(channels, 1, -1, -1)
        y = conv2d(
            x, weight, stride=self.stride, padding=side // 2, groups=channels, padding_mode=self.padding_mode
        ).relu()
        if self.pool == "max":
            return max_pool2d(y, 2)
        if self.pool == "average":
            return avg_pool2d(y, 2)
        if self.pool == "blur":
            beyond: PaddingMode = "circular" if self.padding_mode == "circular" else "replicate"
            reach = Window(2, extra_end=1)
            return blur_pool2d(max_pool2d(pad2d(y, reach, reach, beyond), 2, 1), 2, beyond)
        return y


def with_padding_mode(model: nn.Module, padding_mode: PaddingMode) -> nn.Module:
    """A copy of a model whose convolutions pad with `padding_mode`; weights are shared."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    changed = copy.deepcopy(model, shared)
    for module in changed.modules():
        if isinstance(module, nn.Conv2d | Conv2dFromScratch):
            module.padding_mode = padding_mode
    return changed


def network_equivariance(
    model: nn.Module, layer: str, x: Tensor, shift: tuple[int, int], padding_mode: PaddingMode = "zeros"
) -> Equivariance:
    """Measure the equivariance of a network up to one of its layers; as `measure_equivariance`.

    Raises:
        CnnvizError: if there is no such layer, or it gives no feature maps whose size divides the
            input's.
    """
    changed = with_padding_mode(model, padding_mode)

    def f(picture: Tensor) -> Tensor:
        with evaluating(changed), capture(changed, [layer]) as maps:
            forward(changed, picture)
        if layer not in maps or maps[layer].dim() != 4:
            raise CnnvizError(f"{layer} gives no feature maps, so there is nothing to shift.")
        return maps[layer]

    with torch.inference_mode():
        height, width = f(x).shape[2:]
    if x.shape[2] % height or x.shape[3] % width or x.shape[2] // height != x.shape[3] // width:
        raise CnnvizError(f"{layer} gives {height}×{width} for {x.shape[2]}×{x.shape[3]}: no whole step.")
    return measure_equivariance(f, x, shift, x.shape[2] // height)


@dataclass(frozen=True, slots=True)
class PaddedPool:
    """A pooling layer with padding, which `padding_mode` does not affect.

    Attributes:
        layer: its path.
        description: the module in a few words.
        value: of the padding, "−∞" or "0".
        before: the layer that runs just before it; None if it is the first.
    """

    layer: str
    description: str
    value: str
    before: str | None


@dataclass(frozen=True, slots=True)
class PaddingOnTheWay:
    """The padding layers up to a layer: number of convolutions, and the poolings."""

    convolutions: int
    pools: tuple[PaddedPool, ...]


def padding_on_the_way(
    model: nn.Module, layer: str, input_shape: tuple[int, int, int, int]
) -> PaddingOnTheWay:
    """Find the layers with padding up to a layer; the model may be on the meta device.

    Raises:
        CnnvizError: if there is no such layer, or the model cannot take `input_shape`.
    """
    modules = dict(model.named_modules())
    leaves = [path for path, module in modules.items() if next(module.children(), None) is None]
    order: list[str] = []
    x = torch.empty(input_shape, device=next(model.parameters()).device)
    watched = dict.fromkeys([*leaves, layer])
    with (
        torch.inference_mode(),
        evaluating(model),
        watch(model, watched, lambda path, output: order.append(path)),
    ):
        forward(model, x)
    way = order[: order.index(layer) + 1]
    ran = [(path, modules[path], before) for before, path in zip([None, *way], way, strict=False)]
    pools = tuple(
        PaddedPool(path, describe(module), "−∞" if isinstance(module, nn.MaxPool2d) else "0", before)
        for path, module, before in ran
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d) and _pads(module)
    )
    kinds = nn.Conv2d | Conv2dFromScratch
    convolutions = sum(isinstance(module, kinds) and _pads(module) for _, module, _ in ran)
    return PaddingOnTheWay(convolutions, pools)


def _pads(module: nn.Module) -> bool:
    padding = module.padding
    if isinstance(padding, str):
        return padding != "valid"
    return any(padding) if isinstance(padding, tuple) else bool(padding)
