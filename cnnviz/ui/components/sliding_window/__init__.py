"""The sliding window: an input grid, a kernel, an output that fills, and the sum term by term."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cnnviz.arrays import Array
from cnnviz.data.images import Picture
from cnnviz.ops.filtering import ChannelMode
from cnnviz.ops.geometry import PaddingMode, Window
from cnnviz.ui.components.edit_version import edit_version, received
from cnnviz.ui.components.payload import pack
from cnnviz.ui.components.registry import declare

_mount = declare("sliding_window", styles=("kernel_cells",))

SlidingKind = Literal["conv", "max", "average", "transposed"]


@dataclass(frozen=True, slots=True)
class Patch:
    """A square of the picture: its top left pixel and its side."""

    top: int
    left: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Sliding:
    """What the component shows at first, and what it lets the user change.

    Attributes:
        kind: the operation.
        rows, columns: geometry of each axis.
        weights: (kh, kw), the same for each channel; None for pooling.
        kernel_label: title of the kernel.
        channels: "grey" for one channel, else three, summed or each by itself.
        bias: added to each output.
        mode: what padding holds.
        output_padding: rows and columns added to the output of a transposed convolution.
        options: "ceil" and "countPadding" of pooling.
        limits: setting → (least, greatest) that the component offers; what is missing stays as it is.
        reasons: setting → why it goes no further.
        kernels: kernel size → its weights, for the sizes that the kernel has.
    """

    kind: SlidingKind
    rows: Window
    columns: Window
    weights: Array | None = None
    kernel_label: str = "Kernel"
    channels: ChannelMode = "grey"
    bias: float = 0.0
    mode: PaddingMode = "zeros"
    output_padding: int = 0
    options: Mapping[str, bool] = field(default_factory=dict)
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    kernels: Mapping[int, Array] = field(default_factory=dict)


def sliding_window(
    picture: Picture,
    patch: Patch,
    matrix: Array | None,
    sliding: Sliding,
    key: str,
    on_change: Callable[[Any], None],
) -> None:
    """Show it on a patch of the picture, or on a matrix instead.

    `on_change` gets the settings, unchecked, once the user pauses.
    """
    settings = {
        name: [getattr(sliding.rows, name), getattr(sliding.columns, name)]
        for name in ("kernel_size", "stride", "padding", "dilation")
    } | {
        "weights": None if sliding.weights is None else sliding.weights.tolist(),
        "bias": sliding.bias,
        "mode": sliding.mode,
        "patch": asdict(patch),
    }
    fields = {
        "kind": sliding.kind,
        "settings": settings,
        "edit_version": edit_version(key),
        "matrix": None if matrix is None else matrix.tolist(),
        "channels": sliding.channels,
        "options": {**sliding.options, "outputPadding": sliding.output_padding},
        "kernel_label": sliding.kernel_label,
        "limits": {name: list(limit) for name, limit in sliding.limits.items()},
        "reasons": dict(sliding.reasons),
        "kernels": {size: weights.tolist() for size, weights in sliding.kernels.items()},
        "no_fit": "The kernel spans more than the padded patch: take a larger patch, a smaller kernel or "
        "dilation, or more padding.",
    }

    def changed() -> None:
        on_change(received(key, "settings"))

    x = picture.luma() if sliding.channels == "grey" else picture.tensor()
    _mount(data=pack(fields, {"picture": x[0].numpy()}), key=key, on_settings_change=changed)
