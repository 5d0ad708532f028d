"""Formulas of what layers cost, in symbols and with the numbers on screen."""

from cnnviz.analysis.cost import Cost, ModelCost
from cnnviz.analysis.trace.rows import Trace
from cnnviz.ui.components.equations import Equation, Part, result, symbol

_K, _IN, _OUT, _H, _W, _N, _C, _G, _M = (
    symbol(name) for name in ("k", "in", "out", "h", "w", "n", "C", "g", "m")
)


def dense_formula(
    height: int, width: int, in_channels: int, out_channels: int, dense: Cost
) -> list[Equation]:
    """Weights of a fully connected layer from a picture to maps of its size."""
    numbers = f"{height}·{width}·{in_channels} · {height}·{width}·{out_channels}"
    return [
        (["weights"], [_H, _W, " ", _IN, " · ", _H, _W, " ", _OUT]),
        ([], [f"{numbers} = ", result(dense.weights)]),
        (["MACs"], ["weights = ", result(dense.macs)]),
        (["parameters"], [f"weights + {dense.biases:,} biases = ", result(dense.parameters)]),
    ]


def convolution_formula(
    height: int, width: int, in_channels: int, out_channels: int, kernel_size: int, cost: Cost
) -> list[Equation]:
    """Weights of a convolution; its MACs use each of them at every place."""
    k = kernel_size
    return [
        (["weights"], [_K, "² · ", _IN, " · ", _OUT]),
        ([], [f"{k}²·{in_channels}·{out_channels} = ", result(cost.weights)]),
        (["MACs"], ["weights · ", _H, _W]),
        ([], [f"{cost.weights:,}·{height}·{width} = ", result(cost.macs)]),
        (["parameters"], [f"weights + {out_channels:,} biases = ", result(cost.parameters)]),
    ]


def deep_formula(layers: int, channels: int, deep: Cost) -> list[Equation]:
    """Weights of n layers of 3×3."""
    return [
        (["weights"], [_N, " · 3² · ", _C, "²"]),
        ([], [f"{layers}·9·{channels}² = ", result(deep.weights)]),
        (["sees"], ["2", _N, " + 1 = ", result(2 * layers + 1), " pixels across"]),
    ]


def wide_formula(layers: int, channels: int, wide: Cost) -> list[Equation]:
    """Weights of one layer that sees as much."""
    size = 2 * layers + 1
    return [
        (["weights"], ["(2", _N, " + 1)² · ", _C, "²"]),
        ([], [f"{size}²·{channels}² = ", result(wide.weights)]),
        (["sees"], ["its kernel, ", result(size), " pixels across"]),
    ]


def ways_formulas(
    in_channels: int, out_channels: int, kernel_size: int, groups: int, narrow: int, costs: tuple[Cost, ...]
) -> list[tuple[str, list[Equation]]]:
    """Title and weights of each way to convolve."""
    i, o, k, m = in_channels, out_channels, kernel_size, narrow
    standard, grouped, separable, bottleneck = (cost.weights for cost in costs)
    share: Part = {"fraction": [[_IN], [_G]]}
    return [
        _way("Standard", [_K, "² · ", _IN, " · ", _OUT], f"{k}²·{i}·{o}", standard),
        _way("Grouped", [_K, "² · ", share, " · ", _OUT], f"{k}²·{i // groups}·{o}", grouped),
        _way(
            "Depthwise separable",
            [_K, "² · ", _IN, " + ", _IN, " · ", _OUT],
            f"{k}²·{i} + {i}·{o}",
            separable,
        ),
        _way(
            "Bottleneck",
            [_IN, " · ", _M, " + ", _K, "² · ", _M, "² + ", _M, " · ", _OUT],
            f"{i}·{m} + {k}²·{m}² + {m}·{o}",
            bottleneck,
        ),
    ]  # fmt: skip


def _way(title: str, general: list[Part], numbers: str, weights: int) -> tuple[str, list[Equation]]:
    return title, [(["weights"], general), ([], [f"{numbers} = ", result(weights)])]


def totals_formula(trace: Trace, cost: ModelCost, batch: int, size: int) -> list[Equation]:
    """A network's totals, with the sums that give them; `size` in bytes of one number."""
    reached = sum(row.parameters for row in trace)
    skipped = trace.parameters - reached
    written = sum(row.written_elements for row in trace)
    parts = f"{reached:,} + {skipped:,} not run = " if skipped else ""
    return [
        (["parameters"], [parts, result(trace.parameters)]),
        (
            ["their memory"],
            [f"{trace.parameters:,} · {size} = ", result(cost.parameter_memory.value), " bytes"],
        ),
        (["MACs"], [f"{batch} pictures · {trace.macs:,} = " if batch > 1 else "", result(cost.macs.value)]),
        (["FLOPs"], ["2 · MACs = ", result(cost.macs.flops().value)]),
        (["activations"], ["batch · numbers written · bytes of one"]),
        (
            [],
            [f"{batch} · {written:,} · {size} = ", result(cost.activation_memory.value), " bytes"],
        ),
    ]
