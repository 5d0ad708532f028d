"""Residual blocks in both orders, with or without skip; plain and residual networks for CIFAR-10."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.errors import CnnvizError
from cnnviz.seeding import seeded

BlockKind = Literal["basic", "bottleneck"]
Order = Literal["post", "pre"]
KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
ORDERS: tuple[Order, ...] = get_args(Order)
EXPANSION = 4
CLASSES = 10
DEPTHS = (8, 14, 20, 32, 44, 56)


class ConvShape(NamedTuple):
    """The shape of a square convolution without bias."""

    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.in_channels * self.out_channels * self.kernel_size**2


@dataclass(frozen=True, slots=True)
class BlockDesign:
    """The configuration of a residual block.

    Attributes:
        kind: "basic", two 3×3 convolutions; "bottleneck", 1×1, 3×3, 1×1 with a quarter of
            the channels inside.
        order: "post" for Conv → BN → ReLU (He et al. 2015), "pre" for BN → ReLU → Conv (He et al. 2016).
        in_channels, out_channels: of the whole block.
        stride: of the first 3×3 convolution.
        skip: whether the identity is added.
    """

    kind: BlockKind
    order: Order
    in_channels: int
    out_channels: int
    stride: int = 1
    skip: bool = True

    def __post_init__(self) -> None:
        if min(self.in_channels, self.out_channels, self.stride) < 1:
            raise CnnvizError("Channels and stride are at least 1.")
        if self.kind == "bottleneck" and self.out_channels % EXPANSION:
            raise CnnvizError(f"A bottleneck has a multiple of {EXPANSION} output channels.")

    @property
    def convolutions(self) -> tuple[ConvShape, ...]:
        """The convolutions of F, in order."""
        first, last = self.in_channels, self.out_channels
        if self.kind == "basic":
            return ConvShape(first, last, 3, self.stride), ConvShape(last, last, 3, 1)
        middle = last // EXPANSION
        return (
            ConvShape(first, middle, 1, 1),
            ConvShape(middle, middle, 3, self.stride),
            ConvShape(middle, last, 1, 1),
        )

    @property
    def projects(self) -> bool:
        """Whether the skip needs a 1×1 convolution, because x and F(x) differ in shape."""
        return self.skip and (self.stride != 1 or self.in_channels != self.out_channels)

    def build(self, seed: int = 0) -> "BlockVariant":
        """The block in training mode with He initialisation: variance 2 / fan_in."""
        with seeded(seed):
            block = BlockVariant(self)
        _initialise(block, 2.0, seed)
        return block.train()


class BlockParts(NamedTuple):
    """The tensors of one pass through a block, each (N, C, H, W).

    Attributes:
        entry: the input of F: x, or ReLU(BN(x)) in the pre-activation order.
        residual: F(x).
        identity: the output of the skip; None without it.
        total: F(x) + identity, or F(x) alone.
        output: of the block: ReLU of the total, or the total itself in the pre-activation order.
    """

    entry: Tensor
    residual: Tensor
    identity: Tensor | None
    total: Tensor
    output: Tensor


class BlockVariant(nn.Module):
    """A residual block of either kind and order; the convolution of its skip is named "skip"."""

    def __init__(self, design: BlockDesign) -> None:
        super().__init__()
        self.design = design
        self._pre = design.order == "pre"
        for number, conv in enumerate(design.convolutions, start=1):
            channels = conv.in_channels if self._pre else conv.out_channels
            self.add_module(f"conv{number}", _convolution(conv))
            self.add_module(f"bn{number}", nn.BatchNorm2d(channels))
            self.add_module(f"relu{number}", nn.ReLU())
        self.skip = _projection(design) if design.projects else None

    def parts(self, x: Tensor) -> BlockParts:
        """Run the block on x (N, C, H, W) and return all intermediate tensors."""
        entry = self._activated(x, 1) if self._pre else x
        residual = self._residual(entry)
        identity = None
        if self.design.skip:
            identity = x if self.skip is None else self.skip(entry)
        total = residual if identity is None else residual + identity
        last = len(self.design.convolutions)
        return BlockParts(
            entry, residual, identity, total, total if self._pre else self._run("relu", last, total)
        )

    def forward(self, x: Tensor) -> Tensor:
        """ReLU(F(x) + x), or F(x) + x in the pre-activation order."""
        return self.parts(x).output

    def _residual(self, entry: Tensor) -> Tensor:
        y = self._run("conv", 1, entry)
        for number in range(2, len(self.design.convolutions) + 1):
            y = self._activated(y, number if self._pre else number - 1)
            y = self._run("conv", number, y)
        return y if self._pre else self._run("bn", number, y)

    def _activated(self, x: Tensor, number: int) -> Tensor:
        return self._run("relu", number, self._run("bn", number, x))

    def _run(self, name: str, number: int, x: Tensor) -> Tensor:
        return torch.as_tensor(self.get_submodule(f"{name}{number}")(x))


def _convolution(shape: ConvShape) -> nn.Conv2d:
    padding = shape.kernel_size // 2
    return nn.Conv2d(*shape[:3], stride=shape.stride, padding=padding, bias=False)


def _projection(design: BlockDesign) -> nn.Sequential:
    """1×1 with the block's stride; followed by batch norm in the post-activation order only."""
    layers = nn.Sequential()
    layers.add_module(
        "conv", _convolution(ConvShape(design.in_channels, design.out_channels, 1, design.stride))
    )
    if design.order == "post":
        layers.add_module("bn", nn.BatchNorm2d(design.out_channels))
    return layers


def _initialise(network: nn.Module, gain: float, seed: int) -> None:
    """Normal weights of variance gain / fan_in in convolutions, 1 / fan_in in linear layers; biases 0."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            numerator = gain if isinstance(module, nn.Conv2d) else 1.0
            nn.init.normal_(module.weight, std=(numerator / fan_in) ** 0.5, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


@dataclass(frozen=True, slots=True)
class CifarDesign:
    """A network of section 4.2 of He et al. 2015: 6n + 2 layers with weights.

    Attributes:
        depth: layers with weights: one convolution, three stages of 2n, one linear layer.
        width: channels of the first stage; the others have 2 and 4 times as many.
        batch_norm: after every convolution.
        gain: weights have variance gain / fan_in: 2 is He initialisation, 1 LeCun's.
    """

    depth: int
    width: int = 8
    batch_norm: bool = True
    gain: float = 2.0

    def __post_init__(self) -> None:
        if self.depth < 8 or (self.depth - 2) % 6:
            raise CnnvizError("The depth is 6n + 2 with n from 1: 8, 14, 20 and so on.")

    def build(self, residual: bool, seed: int = 0) -> "CifarNet":
        """The network in training mode; plain and residual networks of one seed have equal weights."""
        with seeded(seed):
            network = CifarNet(self, residual)
        _initialise(network, self.gain, seed)
        return network.train()


class CifarNet(nn.Module):
    """(N, 3, H, W) → scores (N, 10). Skips have no parameters: sub-sampling, and zeros for added channels."""

    def __init__(self, design: CifarDesign, residual: bool) -> None:
        super().__init__()
        width, blocks = design.width, (design.depth - 2) // 6
        self.conv = _convolution(ConvShape(3, width, 3, 1))
        self.bn = nn.BatchNorm2d(width) if design.batch_norm else nn.Identity()
        self.blocks = nn.Sequential()
        channels = width
        for stage in range(3):
            for index in range(blocks):
                out_channels, stride = width * 2**stage, 2 if stage and not index else 1
                self.blocks.append(_CifarBlock(channels, out_channels, stride, design.batch_norm, residual))
                channels = out_channels
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """The scores of each class."""
        x = self.blocks(torch.relu(self.bn(self.conv(x))))
        return torch.as_tensor(self.fc(x.mean((2, 3))))


class _CifarBlock(nn.Module):
    def __init__(
        self, in_channels: int, out_channels: int, stride: int, batch_norm: bool, residual: bool
    ) -> None:
        super().__init__()
        self.conv1 = _convolution(ConvShape(in_channels, out_channels, 3, stride))
        self.conv2 = _convolution(ConvShape(out_channels, out_channels, 3, 1))
        self.bn1, self.bn2 = (nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity() for _ in range(2))
        self._stride, self._more, self._residual = stride, out_channels - in_channels, residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self._residual:
            y = y + functional.pad(x[:, :, :: self._stride, :: self._stride], (0, 0, 0, 0, 0, self._more))
        return torch.relu(y)
