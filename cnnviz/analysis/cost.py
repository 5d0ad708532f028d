"""Cost of layers and models: parameters, multiply-accumulates, memory; alternatives compared.

1 MAC (multiply-accumulate) = 2 FLOPs. Weights are counted with or without biases, and each number
says which: comparisons of weights have no biases, as in the papers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from cnnviz.analysis.trace.rows import Trace
from cnnviz.errors import CnnvizError
from cnnviz.ops.geometry import IntPair, is_whole, pair

Unit = Literal["parameters", "weights", "MACs", "FLOPs", "bytes"]
UNITS: tuple[Unit, ...] = get_args(Unit)
DType = Literal["float32", "float16", "bfloat16", "float64", "int8"]
BYTES: Mapping[DType, int] = MappingProxyType(
    {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit; different units cannot be added or compared.

    Raises:
        CnnvizError: if the unit is unknown, or two units differ.
    """

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise CnnvizError(f"The unit is one of {', '.join(UNITS)}, not {self.unit!r}.")

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.value - self._like(other), self.unit)

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.value + self._like(other), self.unit)

    def over(self, other: "Quantity") -> float:
        """The ratio of the two."""
        return self.value / self._like(other)

    def flops(self) -> "Quantity":
        """MACs converted to FLOPs: a multiplication and an addition each."""
        if self.unit != "MACs":
            raise CnnvizError(f"Only MACs can be told as FLOPs, not {self.unit}.")
        return Quantity(2 * self.value, "FLOPs")

    def _like(self, other: "Quantity") -> int:
        if other.unit != self.unit:
            raise CnnvizError(f"{self.unit} and {other.unit} cannot be compared.")
        return other.value

    def __str__(self) -> str:
        return f"{self.value:,} {self.unit}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one layer, or of several in sequence.

    Attributes:
        name: of this alternative.
        weights: without biases.
        biases: one for each output channel or feature; 0 without.
        macs: multiply-accumulates; 1 MAC = 2 FLOPs.
        activations: elements of the outputs of all its layers.
    """

    name: str
    weights: int
    biases: int
    macs: int
    activations: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    def __add__(self, other: "Cost") -> "Cost":
        """The cost of both in sequence, with the first one's name."""
        return Cost(
            self.name,
            self.weights + other.weights,
            self.biases + other.biases,
            self.macs + other.macs,
            self.activations + other.activations,
        )


def convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: IntPair,
    output_shape: IntPair,
    groups: int = 1,
    bias: bool = True,
    name: str = "convolution",
) -> Cost:
    """out · (in / groups) · k_h · k_w weights, each used once per output position.

    Raises:
        CnnvizError: if a number is not whole and positive, or groups do not divide the channels.
    """
    _require_positive(in_channels=in_channels, out_channels=out_channels, groups=groups)
    (k_h, k_w), (height, width) = pair(kernel_size, "kernel_size"), pair(output_shape, "output_shape")
    _require_positive(kernel_size=min(k_h, k_w), output_shape=min(height, width))
    if in_channels % groups or out_channels % groups:
        raise CnnvizError(
            f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}."
        )
    weights = out_channels * (in_channels // groups) * k_h * k_w
    places = height * width
    return Cost(name, weights, out_channels if bias else 0, weights * places, out_channels * places)


def fully_connected(in_features: int, out_features: int, bias: bool = True) -> Cost:
    """Every output with every input: in · out weights, each used once.

    Raises:
        CnnvizError: if a number is not whole and positive.
    """
    _require_positive(in_features=in_features, out_features=out_features)
    weights = in_features * out_features
    return Cost("fully connected", weights, out_features if bias else 0, weights, out_features)


def fully_connected_or_convolution(
    height: int = 224, width: int = 224, in_channels: int = 3, out_channels: int = 64, kernel_size: int = 3
) -> tuple[Cost, Cost]:
    """From a picture to maps of the same size: a fully connected layer and a "same" convolution."""
    _require_positive(height=height, width=width)
    dense = fully_connected(height * width * in_channels, height * width * out_channels)
    return dense, convolution(in_channels, out_channels, kernel_size, (height, width))


def deep_or_wide(layers: int, channels: int, height: int, width: int) -> tuple[Cost, Cost]:
    """`layers` 3×3 convolutions and one (2n+1)×(2n+1): the same field, 9n·C² and (2n+1)²·C² weights."""
    _require_positive(layers=layers)
    one = convolution(channels, channels, 3, (height, width), bias=False, name=f"{layers} times 3×3")
    deep = one
    for _ in range(layers - 1):
        deep += one
    size = 2 * layers + 1
    wide = convolution(channels, channels, size, (height, width), bias=False, name=f"one {size}×{size}")
    return deep, wide


def bottleneck_channels(out_channels: int, reduction: int) -> int:
    """Inner channels of a bottleneck: `out_channels / reduction`, rounded down, at least one."""
    return max(1, out_channels // reduction)


def ways_to_convolve(
    in_channels: int,
    out_channels: int,
    kernel_size: IntPair,
    height: int,
    width: int,
    groups: int,
    reduction: int = 4,
) -> tuple[Cost, ...]:
    """Standard, grouped, depthwise separable and bottleneck convolution; stride 1, no biases.

    Args:
        groups: of the grouped one; divides both numbers of channels.
        reduction: of the bottleneck, as in `bottleneck_channels`.
    """
    _require_positive(reduction=reduction)
    places = (height, width)

    def one(name: str, ins: int, outs: int, kernel: IntPair = 1, groups: int = 1) -> Cost:
        return convolution(ins, outs, kernel, places, groups, bias=False, name=name)

    narrow = bottleneck_channels(out_channels, reduction)
    return (
        one("standard", in_channels, out_channels, kernel_size),
        one(
            f"{'depthwise' if groups == in_channels > 1 else 'grouped'}, {groups} group{'s' * (groups > 1)}",
            in_channels,
            out_channels,
            kernel_size,
            groups,
        ),
        one("depthwise separable", in_channels, in_channels, kernel_size, in_channels)
        + one("pointwise", in_channels, out_channels),
        one("bottleneck", in_channels, narrow)
        + one("in the middle", narrow, narrow, kernel_size)
        + one("back", narrow, out_channels),
    )


@dataclass(frozen=True, slots=True)
class ModelCost:
    """The cost of a model at a batch size and a dtype.

    Attributes:
        parameters: of the whole model.
        macs: of one pass with the batch.
        parameter_memory, activation_memory: at the dtype; activations are all outputs that operations
            write; views and in-place operations count 0.
    """

    parameters: Quantity
    macs: Quantity
    parameter_memory: Quantity
    activation_memory: Quantity


def model_cost(trace: Trace, batch_size: int = 1, dtype: DType = "float32") -> ModelCost:
    """The cost of a traced model; the trace may have any batch size.

    Raises:
        CnnvizError: if the dtype is unknown or the batch size is not whole and positive.
    """
    _require_positive(batch_size=batch_size)
    if dtype not in BYTES:
        raise CnnvizError(f"The number type is one of {', '.join(BYTES)}, not {dtype!r}.")
    traced = trace.input_shape[0]
    elements = sum(row.written_elements for row in trace.rows)
    return ModelCost(
        Quantity(trace.parameters, "parameters"),
        Quantity(trace.macs * batch_size // traced, "MACs"),
        Quantity(trace.parameters * BYTES[dtype], "bytes"),
        Quantity(elements * batch_size // traced * BYTES[dtype], "bytes"),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Two quantities of one unit."""

    name: str
    first: Quantity
    second: Quantity

    @property
    def difference(self) -> Quantity:
        """Second minus first."""
        return self.second - self.first

    @property
    def ratio(self) -> float:
        """Second over first."""
        return self.second.over(self.first)


def compare(first: ModelCost, second: ModelCost) -> Sequence[Difference]:
    """Compare two models quantity by quantity."""
    names = ("parameters", "macs", "parameter_memory", "activation_memory")
    return tuple(Difference(name, getattr(first, name), getattr(second, name)) for name in names)


def _require_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        if not is_whole(value) or value < 1:
            raise CnnvizError(f"{name} must be a whole number of at least 1, not {value!r}.")
