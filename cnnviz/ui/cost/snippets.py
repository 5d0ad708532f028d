"""The code of the page on parameters and cost."""

from cnnviz.analysis.cost import DType

_COUNT = """\
def parameters(layer):
    return sum(p.numel() for p in layer.parameters())


def macs(layer, x):
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        layer(x)
    return counted.get_total_flops() // 2  # 1 MAC = 2 FLOPs


def written(layer, x):  # numbers that its layers give
    sizes = []
    for part in layer if isinstance(layer, nn.Sequential) else [layer]:
        x = part(x)
        sizes.append(x.numel())
    return sum(sizes)
"""
_IMPORTS = """\
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
"""


def dense_code(
    height: int, width: int, in_channels: int, out_channels: int, kernel_size: int, batch: int
) -> str:
    """Both layers on the meta device, where weights have a size and take no memory."""
    return f"""\
{_IMPORTS}

{_COUNT}

height, width, in_channels, out_channels, batch = {height}, {width}, {in_channels}, {out_channels}, {batch}
with torch.device("meta"):  # weights have a shape there, and take no memory
    dense = nn.Linear(height * width * in_channels, height * width * out_channels)
    conv = nn.Conv2d(in_channels, out_channels, {kernel_size}, padding="same")
    x = torch.empty(batch, in_channels, height, width)
on_screen = {{
    "fully connected": (dense.weight.numel(), macs(dense, x.flatten(1)), written(dense, x.flatten(1))),
    "convolution": (conv.weight.numel(), macs(conv, x), written(conv, x)),
}}
with_biases = parameters(dense), parameters(conv)
"""


def deep_code(layers: int, channels: int, height: int, width: int, batch: int) -> str:
    """n layers of 3×3, and one that sees as much."""
    return f"""\
{_IMPORTS}

{_COUNT}

def conv(channels, kernel_size):
    return nn.Conv2d(channels, channels, kernel_size, padding="same", bias=False)


layers, channels = {layers}, {channels}
with torch.device("meta"):
    deep = nn.Sequential(*(conv(channels, 3) for _ in range(layers)))
    wide = conv(channels, 2 * layers + 1)
    x = torch.empty({batch}, channels, {height}, {width})
on_screen = [(parameters(way), macs(way, x), written(way, x)) for way in (deep, wide)]
"""


def ways_code(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    size: tuple[int, int],
    groups: int,
    narrow: int,
    batch: int,
) -> str:
    """Four ways to convolve."""
    return f"""\
{_IMPORTS}

{_COUNT}

def conv(ins, outs, kernel_size=1, groups=1):
    return nn.Conv2d(ins, outs, kernel_size, padding="same", groups=groups, bias=False)


ins, outs, k, narrow = {in_channels}, {out_channels}, {kernel_size}, {narrow}
with torch.device("meta"):
    ways = {{
        "standard": conv(ins, outs, k),
        "grouped": conv(ins, outs, k, groups={groups}),
        "depthwise separable": nn.Sequential(conv(ins, ins, k, groups=ins), conv(ins, outs)),
        "bottleneck": nn.Sequential(conv(ins, narrow), conv(narrow, narrow, k), conv(narrow, outs)),
    }}
    x = torch.empty({batch}, ins, {size[0]}, {size[1]})
on_screen = {{name: (parameters(way), macs(way, x), written(way, x)) for name, way in ways.items()}}
"""


def model_code(name: str, channels: int, side: int, batch: int, dtype: DType) -> str:
    """The table of a network, and its cost."""
    return f"""\
import cnnviz
from cnnviz.nets.catalog import meta_model  # a network without its weights: no memory, no download

trace = cnnviz.trace(meta_model("{name}"), input_shape=(1, {channels}, {side}, {side}))
cost = cnnviz.model_cost(trace, batch_size={batch}, dtype="{dtype}")
table = trace.to_dataframe()  # a row for each operation, for one picture
"""


def two_models_code(
    first: tuple[str, int, int], second: tuple[str, int, int], batch: int, dtype: DType
) -> str:
    """The difference of two networks, each (name, channels, side)."""
    (one, one_channels, one_side), (two, two_channels, two_side) = first, second
    return f"""\
import cnnviz
from cnnviz.nets.catalog import meta_model  # a network without its weights: no memory, no download


def cost(name, channels, side):
    trace = cnnviz.trace(meta_model(name), input_shape=(1, channels, side, side))
    return cnnviz.model_cost(trace, batch_size={batch}, dtype="{dtype}")


first = cost("{one}", {one_channels}, {one_side})
second = cost("{two}", {two_channels}, {two_side})
differences = cnnviz.compare(first, second)  # refuses to set parameters against MACs
"""
