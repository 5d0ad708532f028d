"""Summaries of a model's layers: path, kind, output shape, channel axis."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from cnnviz.analysis.graph.record import Graph, record
from cnnviz.analysis.layers.activations import evaluating, forward, named_axes, watch
from cnnviz.analysis.layers.channel_axes import channel_axes_in, module_of
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch

LayerKind = Literal["convolution", "norm", "activation", "pooling", "block", "linear", "other"]

_KINDS: tuple[tuple[LayerKind, tuple[type[nn.Module], ...]], ...] = (
    ("convolution", (nn.modules.conv._ConvNd, Conv2dFromScratch)),
    ("norm", (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)),
    ("activation", (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh,
                    nn.Hardswish, nn.Hardsigmoid, nn.PReLU)),
    ("pooling", (nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd,
                 nn.modules.pooling._AdaptiveMaxPoolNd, nn.modules.pooling._AdaptiveAvgPoolNd)),
    ("linear", (nn.Linear,)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One output tensor of one layer.

    Attributes:
        layer: dotted path, as in `named_modules()`; repeated calls and outputs of several tensors are
            named as in `watch` ("relu#2", "pair[0]").
        kind: the category of the layer.
        description: the module in a few words, such as "Conv2d 3×3 / 2".
        output_shape: (C, H, W), or (C,) for a vector; without the batch axis, in the layer's own order.
        channel_axis: which dimension of `output_shape` holds the channels; None if there are no maps.
    """

    layer: str
    kind: LayerKind
    description: str
    output_shape: tuple[int, ...]
    channel_axis: int | None

    @property
    def has_maps(self) -> bool:
        """Whether the output is made of feature maps."""
        return self.channel_axis is not None

    @property
    def channels(self) -> int:
        """Number of feature maps; 0 if there are none."""
        return 0 if self.channel_axis is None else self.output_shape[self.channel_axis]

    @property
    def module(self) -> str:
        """Path of the module whose output this is."""
        return module_of(self.layer)


def layer_kind(module: nn.Module) -> LayerKind:
    """The category of a layer; other modules with children are blocks."""
    for kind, types in _KINDS:
        if isinstance(module, types):
            return kind
    return "block" if next(module.children(), None) is not None else "other"


def describe(module: nn.Module) -> str:
    """Class, kernel size and stride, such as "Conv2d 3×3 / 2"."""
    name = type(module).__name__
    kernel_size = getattr(module, "kernel_size", None)
    if kernel_size is None:
        return name
    sizes = kernel_size if isinstance(kernel_size, Sequence) else (kernel_size, kernel_size)
    stride = getattr(module, "stride", 1)
    strides = stride if isinstance(stride, Sequence) else (stride,)
    step = strides[:1] if len(set(strides)) == 1 else strides
    return f"{name} {_times(sizes)}" + (f" / {_times(step)}" if max(step) > 1 else "")


def _times(numbers: Sequence[int]) -> str:
    return "×".join(map(str, numbers))


def layer_summaries(
    model: nn.Module, input_shape: tuple[int, int, int, int], graph: Graph | None = None
) -> tuple[LayerSummary, ...]:
    """Every output of every layer, in the order of `named_modules()`; the model itself is left out.

    The model is recorded on the meta device. One that cannot be traced runs once, on uninitialised
    input; then every output of three dimensions counts as (C, H, W).

    Args:
        model: left as it is.
        input_shape: (N, C, H, W).
        graph: `record(model, input_shape)`, if known already.

    Raises:
        CnnvizError: if the model cannot take `input_shape`.
    """
    modules = {path: module for path, module in model.named_modules() if path}
    shapes, axes = _outputs(model, modules, input_shape, graph)
    order = {path: index for index, path in enumerate(modules)}
    return tuple(
        LayerSummary(
            layer,
            layer_kind(modules[module_of(layer)]),
            describe(modules[module_of(layer)]),
            shapes[layer],
            axes[layer],
        )
        for layer in sorted(shapes, key=lambda layer: order[module_of(layer)])
    )


_Shapes = dict[str, tuple[int, ...]]


def _outputs(
    model: nn.Module, modules: Iterable[str], input_shape: Sequence[int], graph: Graph | None
) -> tuple[_Shapes, dict[str, int | None]]:
    """Shape and channel axis of each output, by the names of `watch`."""
    try:
        graph = graph or record(model, input_shape)
    except CnnvizError:  # it may still run on values
        shapes = _run(model, modules, input_shape)
        return shapes, {layer: 0 if len(shape) == 3 else None for layer, shape in shapes.items()}
    shapes = _recorded(graph)
    return shapes, named_axes(shapes, channel_axes_in(graph))


def _recorded(graph: Graph) -> _Shapes:
    calls: Counter[str] = Counter()
    shapes: _Shapes = {}
    for call in graph.calls:
        calls[call.path] += 1
        again = f"#{calls[call.path]}" if calls[call.path] > 1 else ""
        if call.path:
            shapes |= {f"{call.path}{again}{name}": shape[1:] for name, shape in call.shapes.items()}
    return shapes


def _run(model: nn.Module, modules: Iterable[str], input_shape: Sequence[int]) -> _Shapes:
    shapes: _Shapes = {}

    def note(path: str, output: Tensor) -> None:
        shapes[path] = tuple(output.shape[1:])

    device = next(model.parameters(), torch.empty(0)).device
    with evaluating(model), torch.inference_mode(), watch(model, modules, note):
        forward(model, torch.empty(tuple(input_shape), device=device))
    return shapes
