"""Layer outputs through forward hooks that copy inside the hook and are always removed."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz.analysis.graph.torch_calls import named_tensors
from cnnviz.analysis.layers.channel_axes import channel_axes, module_of
from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch

ChannelOrder = Literal["index", "mean", "max", "sparsity", "variance"]
CHANNEL_ORDERS: tuple[ChannelOrder, ...] = get_args(ChannelOrder)

Visit = Callable[[str, Tensor], None]


@contextmanager
def watch(model: nn.Module, layers: Iterable[str], visit: Visit) -> Iterator[None]:
    """Register forward hooks that call `visit(path, output)` after each call of one of `layers`.

    The hooks are removed when the context ends. `output` is not copied: a following in-place layer
    overwrites it. Further calls of a layer are reported as `path#2`, `path#3`, …; tensors inside a
    tuple, list or dict as `path[0]` or `path['key']`.

    Raises:
        CnnvizError: if the model has no such layer.
    """
    modules = {layer: layer_named(model, layer) for layer in layers}
    handles = [module.register_forward_hook(_hook(layer, visit)) for layer, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(layer: str, visit: Visit) -> Callable[[nn.Module, Any, Any], None]:
    calls = 0

    def report(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal calls
        calls += 1
        for suffix, tensor in named_tensors(output):
            visit(f"{layer}{f'#{calls}' if calls > 1 else ''}{suffix}", tensor)

    return report


def layer_named(model: nn.Module, layer: str) -> nn.Module:
    """A module by its path.

    Raises:
        CnnvizError: if there is none; the message suggests similar names.
    """
    try:
        return model.get_submodule(layer)
    except AttributeError as error:
        names = [name for name, _ in model.named_modules() if name]
        near = difflib.get_close_matches(layer, names, n=3, cutoff=0.4) or names[:3]
        raise CnnvizError(f"The model has no layer {layer!r}. Near it: {', '.join(near)}.") from error


@contextmanager
def capture(model: nn.Module, layers: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Collect a copy of each layer's output: `with capture(net, layers) as maps: net(x)`.

    Copies are made inside the hook, so a following in-place layer cannot overwrite them. The hooks
    are removed when the context ends, also by an exception.

    Raises:
        CnnvizError: if the model has no such layer.
    """
    maps: dict[str, Tensor] = {}

    def keep(path: str, output: Tensor) -> None:
        maps[path] = output.detach().clone()

    with watch(model, layers, keep):
        yield maps


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode within the context; each module's own mode is restored afterwards."""
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


def convolutions(model: nn.Module) -> tuple[str, ...]:
    """Paths of all convolutions, in the order of `named_modules()`."""
    kinds = (nn.modules.conv._ConvNd, Conv2dFromScratch)
    return tuple(path for path, module in model.named_modules() if isinstance(module, kinds))


def feature_maps(
    model: nn.Module, picture: Picture | Tensor, layers: Iterable[str] | None = None
) -> dict[str, Array]:
    """Run a network on one picture and return the outputs of its layers.

    Args:
        model: any module; it runs in eval mode, without gradients, where its parameters are.
        picture: a `Picture`, used whole with values in [0, 1], or a tensor (C, H, W) or (1, C, H, W).
            For trained weights use `network_input`, which normalises it.
        layers: paths as in `named_modules()`; None for every convolution.

    Returns:
        Layer path → read-only float32 array (C, H, W), in execution order; channels come first even
        where the layer has them last. Vectors are (C, 1, 1). Repeated calls of a layer and outputs
        of several tensors are named as in `watch`.

    Raises:
        CnnvizError: if there is no such layer, or the model cannot take an input of that shape.
    """
    x = as_batch(picture).to(next(model.parameters(), torch.empty(0)).device)
    wanted = convolutions(model) if layers is None else tuple(layers)
    with evaluating(model), torch.inference_mode(), capture(model, wanted) as maps:
        forward(model, x)
    axes = {} if layers is None else _axes_of(model, x.shape, maps)
    return {path: as_maps(output, axes.get(path) or 0) for path, output in maps.items()}


def _axes_of(model: nn.Module, shape: Sequence[int], maps: Mapping[str, Tensor]) -> dict[str, int | None]:
    """The channel axis of each output; {} if all have the channels first."""
    kept = set(convolutions(model))
    if all(module_of(path) in kept or output.dim() != 4 for path, output in maps.items()):
        return {}
    try:
        found = channel_axes(model, shape)
    except CnnvizError:  # it cannot be traced: assume channels first
        return {}
    return named_axes(maps, found)


def named_axes(layers: Iterable[str], axes: Mapping[str, Sequence[int | None]]) -> dict[str, int | None]:
    """`channel_axes` by the names of `watch`; `layers` in execution order."""
    waiting = {module: iter(found) for module, found in axes.items()}
    return {layer: next(waiting.get(module_of(layer), iter(())), None) for layer in layers}


def as_batch(picture: Picture | Tensor) -> Tensor:
    """One picture as (1, C, H, W).

    Raises:
        CnnvizError: if a tensor holds anything but one picture.
    """
    x = picture.tensor() if isinstance(picture, Picture) else picture
    if x.dim() == 3:
        x = x[None]
    if x.dim() != 4 or x.shape[0] != 1:
        raise CnnvizError(f"One picture is (C, H, W) or (1, C, H, W), not {tuple(x.shape)}.")
    return x


def forward(model: nn.Module, x: Tensor) -> Any:
    """Run the model; errors about the shape of the input become a `CnnvizError`."""
    try:
        return model(x)
    except (CnnvizError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, ValueError, AssertionError) as error:
        # The CPU has no error of its own for memory; an accelerator's faults are the device's business.
        if x.device.type != "cpu" or "alloc" in str(error):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CnnvizError(f"The model cannot take an input of {tuple(x.shape)}: {reason}") from error


def as_maps(output: Tensor, channel_axis: int = 0) -> Array:
    """A layer's output for one picture as a read-only float32 array (C, H, W).

    Args:
        output: with the batch axis.
        channel_axis: which dimension holds the channels, the batch axis left out.
    """
    values = (output[0] if output.dim() else output).float()
    if channel_axis:
        values = values.movedim(channel_axis, 0).contiguous()
    if values.dim() < 3:
        values = values.reshape(*values.shape, *[1] * (3 - values.dim()))
    return read_only(values)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMaps:
    """All feature maps of one layer, with statistics of each channel.

    Attributes:
        layer: path of the layer.
        values: float32 (C, H, W), read-only.
        minimum, maximum, mean, variance: (C,) over the positions of each channel.
        sparsity: (C,) share of positions that are exactly 0.
    """

    layer: str
    values: Array
    minimum: Array
    maximum: Array
    mean: Array
    variance: Array
    sparsity: Array

    @classmethod
    def of(cls, layer: str, values: Array) -> "FeatureMaps":
        """Compute the statistics of an activation (C, H, W)."""
        if values.ndim != 3 or values.size == 0:
            raise CnnvizError(f"Feature maps are (C, H, W), not {values.shape}.")
        flat = values.reshape(values.shape[0], -1)
        with np.errstate(invalid="ignore", over="ignore"):  # a network may overflow
            statistics = (
                flat.min(1), flat.max(1), flat.mean(1), flat.var(1),
                1 - np.count_nonzero(flat, axis=1) / flat.shape[1],
            )  # fmt: skip
        return cls(layer, read_only(values), *(read_only(s) for s in statistics))

    @property
    def channels(self) -> int:
        """Number of feature maps."""
        return int(self.values.shape[0])

    @property
    def dead(self) -> Array:
        """(C,) True where no position is above 0, so that a ReLU gives only zeros."""
        return self.maximum <= 0

    @property
    def limit(self) -> float:
        """Largest finite magnitude in the layer."""
        return float(np.abs(self.values).max(initial=0, where=np.isfinite(self.values)))

    def ranked(self, order: ChannelOrder = "index") -> Array:
        """Channel indices, by index or from the greatest value of `order` to the least.

        Raises:
            CnnvizError: if `order` is unknown.
        """
        if order not in CHANNEL_ORDERS:
            raise CnnvizError(f"Channels are ordered by {', '.join(CHANNEL_ORDERS)}, not {order!r}.")
        if order == "index":
            return np.arange(self.channels)
        return np.argsort(-self.statistic(order), kind="stable")

    def statistic(self, name: ChannelOrder) -> Array:
        """(C,) the number by which `ranked` orders channels."""
        index = np.arange(self.channels)
        return {
            "index": index,
            "mean": self.mean,
            "max": self.maximum,
            "sparsity": self.sparsity,
            "variance": self.variance,
        }[name]


def activation_limit(model: nn.Module, x: Tensor, layers: Iterable[str]) -> float:
    """Largest finite magnitude in the outputs of `layers` for `x` (1, C, H, W).

    Layers are named as in `watch`: "relu" and "relu#2" are two.
    """
    largest = [0.0]
    wanted = set(layers)

    def measure(path: str, output: Tensor) -> None:
        if path in wanted:
            low, high = output.nan_to_num(0, 0, 0).aminmax()
            largest.append(max(-float(low), float(high)))

    modules = {module_of(layer) for layer in wanted}
    with evaluating(model), torch.inference_mode(), watch(model, modules, measure):
        forward(model, x)
    return max(largest)
