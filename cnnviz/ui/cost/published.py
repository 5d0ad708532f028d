"""What torchvision publishes of its networks, beside what the page counts."""

from collections.abc import Sequence

from cnnviz.analysis.trace.rows import Trace
from cnnviz.nets.catalog import catalog_entry
from cnnviz.nets.classifiers import PublishedFigures, classifier_names, published_figures
from cnnviz.ui.components.equations import Equation, result
from cnnviz.ui.components.facts import Facts

# torchvision rounds to a million MACs.
_ROUNDING = 500_000


def published_facts(networks: Sequence[tuple[str, int, Trace]]) -> list[Facts]:
    """A block for each network, given as (name, side of its pictures, trace)."""
    return [_facts(*network) for network in dict.fromkeys(networks)]


def _facts(name: str, side: int, trace: Trace) -> Facts:
    label = catalog_entry(name).label
    if name not in classifier_names():
        words = f"{label} is cnnviz's own; torchvision has no figures of it."
        return Facts(f"{label}: published figures", [], [("None:", words)])
    found = published_figures(name)
    equations: list[Equation] = [
        (["parameters"], [result(found.parameters)]),
        (["MACs"], [{"result": f"{found.macs / 1e9:,.3f}"}, " ·10⁹"]),
        (["top-1 accuracy"], [{"result": f"{found.accuracy_top1:.3f} %"}, ", ImageNet-1K, one crop"]),
    ]
    title = f"{label}: torchvision's figures for its weights {found.weights}"
    return Facts(title, equations, [_macs_texts(found, side, trace), *_parameter_texts(found, trace)])


def _macs_texts(found: PublishedFigures, side: int, trace: Trace) -> tuple[str, str]:
    size = f"{found.input_size}×{found.input_size}"
    per_picture = trace.macs // trace.input_shape[0]
    if side != found.input_size:
        return (
            "Another size:",
            f"torchvision's MACs are for a picture of {size} pixels, {side}×{side} is shown here "
            f"({per_picture:,} MACs), so the two are not comparable.",
        )
    if abs(per_picture - found.macs) <= _ROUNDING:
        return (
            "The same:",
            f"counted here, {per_picture:,} MACs for one picture of {size}. torchvision rounds to a million.",
        )
    apart = per_picture / found.macs - 1
    return (
        "Not the same:",
        f"counted here, {per_picture:,} MACs for one picture of {size}, {_signed(100 * apart)} % of "
        "torchvision's. The page counts what PyTorch's FlopCounterMode counts: convolutions, linear layers "
        "and matrix products.",
    )


def _parameter_texts(found: PublishedFigures, trace: Trace) -> list[tuple[str, str]]:
    apart = trace.parameters - found.parameters
    if not apart:
        return []
    skipped = sum(unreached.parameters for unreached in trace.unreached)
    if apart == skipped:
        names = " and ".join(unreached.layer for unreached in trace.unreached)
        return [("Parameters:", f"torchvision leaves out {names}, {skipped:,}, which run in training only.")]
    if trace.input_shape[-1] != found.input_size:
        return [
            (
                "Parameters:",
                f"{_more(apart)} here: torchvision's weights are of a network built for {found.input_size}×"
                f"{found.input_size}, whose position embedding has another length.",
            )
        ]
    return [("Parameters:", f"{_more(apart)} are counted here.")]


def _more(apart: int) -> str:
    return f"{abs(apart):,} {'more' if apart > 0 else 'fewer'}"


def _signed(percent: float) -> str:
    return f"{percent:+.3g}".replace("-", "−")
