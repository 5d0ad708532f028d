"""The code of the receptive field page."""

import json
from collections.abc import Mapping, Sequence

from cnnviz.analysis.stack import StackLayer
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.widgets.snippet_parts import model_code

_IMPORTS = """\
import cnnviz
from cnnviz.nets.catalog import meta_model  # a network without its weights: no memory, no download
"""


def _meta_model_call(spec: ModelSpec) -> str:
    """A call; the weights are named because some change the input size that a network takes."""
    return f'meta_model("{spec.name}"' + (f', "{spec.weights}")' if spec.weights else ")")


def box_code(spec: ModelSpec, shape: tuple[int, ...], layer: str, unit: tuple[int, int]) -> str:
    """Code whose `field` and `box` are those on screen."""
    return f"""\
{_IMPORTS}
trace = cnnviz.trace({_meta_model_call(spec)}, {shape})
row = trace["{layer}"]
field = row.receptive_field
print(field.size, field.jump, field.start)  # each (height, width), in pixels
box = field.box({unit[0]}, {unit[1]})  # ((first row, last row), (first column, last column))
"""


def table_code(spec: ModelSpec, shape: tuple[int, ...]) -> str:
    """Code whose `table` is the exported file."""
    return f"""\
{_IMPORTS}
trace = cnnviz.trace({_meta_model_call(spec)}, {shape})
table = trace.to_csv()  # or trace.to_dataframe()
"""


def growth_code(shapes: Mapping[ModelSpec, tuple[int, ...]]) -> str:
    """Code whose `growth` has the curves on screen."""
    traces = "".join(
        f'    "{spec.name}": cnnviz.trace({_meta_model_call(spec)}, {shape}),\n'
        for spec, shape in shapes.items()
    )
    return f"""\
{_IMPORTS}
traces = {{
{traces}}}
growth = {{
    name: [max(row.receptive_field.size) for row in trace if row.receptive_field and not row.is_pooled]
    for name, trace in traces.items()
}}
"""


def effective_code(specs: Sequence[ModelSpec], layer: str, shape: tuple[int, ...], samples: int) -> str:
    """Code whose `fields` are the effective fields on screen."""
    models = "".join(
        f"    {json.dumps(spec.weights_label, ensure_ascii=False)}: {model_code(spec)},\n" for spec in specs
    )
    return f"""\
import cnnviz

models = {{
{models}}}
fields = {{
    weights: cnnviz.effective_receptive_field(model, "{layer}", {shape}, samples={samples}, seed=0)
    for weights, model in models.items()
}}  # each (height, width), and sums to 1
"""


def stack_code(layers: Sequence[StackLayer]) -> str:
    """PyTorch code that measures the fields of a stack after each layer, by gradient, in `sizes`."""
    lines = "".join(f"    {_module(layer)}\n" for layer in layers)
    return f"""\
import torch
from torch import nn

layers = [
{lines}]


def field_size(layers):
    \"\"\"Pixels from the first to the last one that moves a unit far from the border.\"\"\"
    reach, jump = 1, 1
    for layer in layers:  # how large a picture has to be
        reach += 2 * layer.dilation[0] * layer.kernel_size[0] * jump
        jump *= layer.stride[0]
    x = torch.zeros(1, 1, 2 * reach + 2 * jump, 1, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in layers:  # one axis is enough; all weights 1, so that nothing cancels
        ones = torch.ones(1, 1, layer.kernel_size[0], 1, dtype=torch.float64) / layer.kernel_size[0]
        y = nn.functional.conv2d(
            y, ones, None, (layer.stride[0], 1), (layer.padding[0], 0), (layer.dilation[0], 1)
        )
    y[0, 0, y.shape[2] // 2].sum().backward()
    seen = x.grad.flatten().nonzero()
    return int(seen[-1] - seen[0]) + 1


sizes = [field_size(layers[:count]) for count in range(1, len(layers) + 1)]
"""


def _module(layer: StackLayer) -> str:
    w = layer.window
    options = {"stride": (w.stride, 1), "padding": (w.padding, 0), "dilation": (w.dilation, 1)}
    said = "".join(f", {name}={value}" for name, (value, usual) in options.items() if value != usual)
    pooling = "  # a pooling, which sees the same pixels" if layer.kind == "pool" else ""
    return f"nn.Conv2d(1, 1, {w.kernel_size}{said}),{pooling}"
