"""The parts of a residual block on a picture, and gradient norms by depth with and without skips."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.analysis.blocks import INPUT, Block
from cnnviz.analysis.layers.summaries import describe
from cnnviz.analysis.trace.rows import Trace
from cnnviz.analysis.trace.trace import trace
from cnnviz.arrays import Array, read_only
from cnnviz.errors import CnnvizError
from cnnviz.nets.residual_variants import (
    CLASSES,
    BlockDesign,
    BlockVariant,
    CifarDesign,
    CifarNet,
    Order,
)

CROP, BATCH = 32, 8


@dataclass(frozen=True, slots=True, eq=False)
class TakenApart:
    """One pass through a block, each float32 (C, H, W).

    Attributes:
        x: the input.
        entry: the input of F; x itself in the post-activation order.
        residual: F(x).
        identity: the output of the skip; None without it.
        total: the sum.
        output: of the block.
    """

    x: Array
    entry: Array
    residual: Array
    identity: Array | None
    total: Array
    output: Array


def stem_maps(picture: Tensor, channels: int, order: Order, seed: int = 0) -> Tensor:
    """(1, 3, H, W) → (1, channels, H, W), the input of a block: conv 3×3, batch norm, ReLU if "post"."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(channels, 3, 3, 3, generator=generator) * (2 / 27) ** 0.5
    edged = functional.pad(picture, (1, 1, 1, 1), mode="replicate")
    maps = functional.batch_norm(functional.conv2d(edged, weight), None, None, training=True)
    return maps.relu() if order == "post" else maps


def take_apart(picture: Tensor, design: BlockDesign, seed: int = 0) -> TakenApart:
    """Run a block with seeded weights on `stem_maps` of a picture; batch norm uses batch statistics."""
    with torch.inference_mode():
        x = stem_maps(picture, design.in_channels, design.order, seed)
        parts = design.build(seed).parts(x)
    x_map, entry, residual, total, output = (
        read_only(maps[0]) for maps in (x, parts.entry, parts.residual, parts.total, parts.output)
    )
    identity = None if parts.identity is None else read_only(parts.identity[0])
    return TakenApart(x_map, entry, residual, identity, total, output)


def block_graph(design: BlockDesign, side: int) -> tuple[Block, Trace]:
    """A block whose parts are its operations, and its trace, for maps side×side."""
    with torch.device("meta"):
        network = BlockVariant(design).eval()
    found = trace(network, (1, design.in_channels, side, side))
    numbers = {row.layer: index for index, row in enumerate(found.rows)}
    modules = dict(network.named_modules())
    parts = tuple(
        Block(
            row.layer, describe(modules[row.layer]) if row.layer in modules else row.operation, row.kind,
            index, index + 1, 1, (), tuple(numbers.get(parent, INPUT) for parent in row.parents),
            row.output_shape[1:], row.parameters, row.macs,
        )
        for index, row in enumerate(found.rows)
    )  # fmt: skip
    name = f"{design.kind.capitalize()} block"
    whole = Block(
        "", name, None, 0, len(parts), 1, parts, (), parts[-1].output_shape, found.parameters, found.macs
    )
    return whole, found


def seeded_crops(picture: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """8 crops of 32×32 pixels of a picture (1, 3, H, W), and a random class for each."""
    height, width = picture.shape[2:]
    if min(height, width) < CROP:
        raise CnnvizError(f"The picture needs {CROP} rows and columns.")
    generator = torch.Generator().manual_seed(seed)
    tops = torch.randint(height - CROP + 1, (BATCH,), generator=generator).tolist()
    lefts = torch.randint(width - CROP + 1, (BATCH,), generator=generator).tolist()
    crops = [
        picture[0, :, top : top + CROP, left : left + CROP] for top, left in zip(tops, lefts, strict=True)
    ]
    return torch.stack(crops), torch.randint(CLASSES, (BATCH,), generator=generator)


@dataclass(frozen=True, slots=True, eq=False)
class GradientNorms:
    """Norm of the loss gradient with respect to each layer's weights, from input to output.

    Attributes:
        layers: paths of the convolutions and, last, of the linear layer.
        plain, residual: (layers,) norms without and with skips.
    """

    layers: tuple[str, ...]
    plain: Array
    residual: Array

    @property
    def plain_ratio(self) -> float | None:
        """Norm of the first convolution over that of the last; None where the last is 0."""
        return _ratio(self.plain)

    @property
    def residual_ratio(self) -> float | None:
        """As `plain_ratio`, with skips."""
        return _ratio(self.residual)


def _ratio(norms: Array) -> float | None:
    first, last = float(norms[0]), float(norms[-2])
    return first / last if last else None


def gradient_norms(design: CifarDesign, picture: Tensor, seed: int = 0) -> GradientNorms:
    """Measure both networks at initialisation, with equal weights, crops and classes."""
    crops, classes = seeded_crops(picture, seed)
    plain, residual = (design.build(skips, seed) for skips in (False, True))
    layers = tuple(
        name for name, module in plain.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)
    )
    return GradientNorms(layers, *(_norms(network, layers, crops, classes) for network in (plain, residual)))


def _norms(network: CifarNet, layers: tuple[str, ...], crops: Tensor, classes: Tensor) -> Array:
    weights = [network.get_parameter(f"{layer}.weight") for layer in layers]
    with torch.enable_grad():
        loss = functional.cross_entropy(network(crops), classes)
        gradients = torch.autograd.grad(loss, weights)
    return read_only(torch.stack([gradient.norm() for gradient in gradients]))
