"""The code of the equivariance page."""

from cnnviz.analysis.shifts import ShiftedLayer
from cnnviz.data.images import Picture
from cnnviz.ops.geometry import PaddingMode
from cnnviz.ui.widgets.snippet_parts import picture_code

_POOLS = {
    "none": "",
    "max": "    y = F.max_pool2d(y, 2)\n",
    "average": "    y = F.avg_pool2d(y, 2)\n",
    "blur": """\
    y = F.max_pool2d(F.pad(y, (0, 1, 0, 1), mode="{beyond}"), 2, stride=1)
    y = F.conv2d(F.pad(y, (1, 1, 1, 1), mode="{beyond}"), blur, stride=2, groups=3)
""",
}
_BLUR = """\
row = torch.tensor([0.25, 0.5, 0.25])
blur = torch.outer(row, row).expand(3, 1, 3, 3)
"""


def layer_code(picture: Picture, side: int, layer: ShiftedLayer, shift: tuple[int, int]) -> str:
    """PyTorch code for one layer; its numbers are those on screen, up to rounding."""
    rows = ",\n     ".join(f"[{', '.join(f'{w:.7g}' for w in row)}]" for row in layer.kernel)
    k = len(layer.kernel)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    pool = _POOLS[layer.pool].format(beyond="circular" if mode == "circular" else "replicate")
    return f"""\
import torch
import torch.nn.functional as F
import cnnviz

x = {picture_code(picture)}.centre_square({side}).tensor()  # (1, 3, {side}, {side})
kernel = torch.tensor(
    [{rows}]
).float().expand(3, 1, {k}, {k})  # each channel by itself
{_BLUR if layer.pool == "blur" else ""}
def f(x):
    x = F.pad(x, ({k // 2}, {k // 2}, {k // 2}, {k // 2}), mode="{mode}")
    y = F.conv2d(x, kernel, stride={layer.stride}, groups=3).relu()
{pool}    return y

{_measurement(shift)}"""


def network_code(
    picture: Picture, side: int, model: str, layer: str, mode: PaddingMode, shift: tuple[int, int]
) -> str:
    """PyTorch code for a network up to a layer; its numbers are those on screen, up to rounding."""
    return f"""\
import torch
import cnnviz

x = {picture_code(picture)}.centre_square({side}).tensor()  # (1, 3, {side}, {side})
model = cnnviz.model("{model}", seed=0)
for module in model.modules():
    if isinstance(module, torch.nn.Conv2d):
        module.padding_mode = "{mode}"

def f(x):
    with torch.inference_mode(), cnnviz.capture(model, ["{layer}"]) as maps:
        model(x)
    return maps["{layer}"]

{_measurement(shift)}"""


def _measurement(shift: tuple[int, int]) -> str:
    return f"""\
fx = f(x)
shift = {shift}  # pixels down and right, round the border
jump = x.shape[-1] // fx.shape[-1]  # input pixels between neighbouring outputs
steps = [round(pixels / jump) for pixels in shift]
mapped_shifted = f(torch.roll(x, shift, (-2, -1)))
shifted_mapped = torch.roll(fx, steps, (-2, -1))

# Equivariance: both orders
largest = (mapped_shifted - shifted_mapped).abs().max()
relative = largest / fx.abs().max()

# Invariance: of the map where it stands, and of its global average pooling
moved = (mapped_shifted - fx).abs().max() / fx.abs().max()
means = fx.mean((2, 3))
pooled = (mapped_shifted.mean((2, 3)) - means).abs().max() / means.abs().max()
"""
