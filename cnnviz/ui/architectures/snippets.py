"""The code of the architectures page."""


def milestones_code() -> str:
    """Code that traces the seven architectures; its `rows` hold the numbers on the cards."""
    return """\
import cnnviz
from cnnviz.nets.catalog import meta_model

inputs = {
    "lenet5": (1, 1, 32, 32),
    "alexnet": (1, 3, 224, 224),
    "vgg16": (1, 3, 224, 224),
    "googlenet": (1, 3, 224, 224),
    "resnet152": (1, 3, 224, 224),
    "densenet201": (1, 3, 224, 224),
    "efficientnet_b7": (1, 3, 600, 600),
}
rows = {}
for name, shape in inputs.items():
    trace = cnnviz.trace(meta_model(name), shape)  # shapes alone: no weights, nothing computed
    reached = sum(row.parameters for row in trace)  # auxiliary heads that only training uses left out
    rows[name] = reached, trace.macs, trace.last_map.receptive_field.size
"""


def accuracy_code(which: str, cost: str, score: str) -> str:
    """Code that reads torchvision's metadata and finds the front; `points` and `front` are on screen."""
    value = {"parameters": "num_params", "macs": "_ops", "file": "_file_size"}[cost]
    metric = {"top1": "acc@1", "top5": "acc@5"}[score]
    chosen = {
        "default": "[offered.DEFAULT]",
        "first": "[weights for weights in offered][:1]",
        "all": "list(offered)",
    }[which]
    return f"""\
from torchvision import models

points = {{}}
for name in models.list_models(module=models):
    offered = models.get_model_weights(name)
    for weights in {chosen}:
        accuracy = weights.meta["_metrics"]["ImageNet-1K"]["{metric}"]  # one crop, validation set
        if accuracy > 0:  # one has none
            points[name, weights.name] = weights.meta["{value}"], accuracy

front, best = [], 0.0
for key, (cost, accuracy) in sorted(points.items(), key=lambda item: (item[1][0], -item[1][1])):
    if accuracy > best:
        front.append(key)
        best = accuracy
"""


def blocks_code(name: str, shape: tuple[int, ...], path: str) -> str:
    """Code that gives the parts of a block; `parts` is on screen."""
    return f"""\
from cnnviz import trace
from cnnviz.analysis.blocks import blocks
from cnnviz.nets.catalog import meta_model

network = meta_model("{name}")  # shapes alone, no weights
whole = blocks(network, trace(network, {shape}))
block = next(block for block in whole.walk() if block.path == "{path}" and block.parts)
parts = [(part.path, part.title, part.output_shape, part.parameters, part.macs) for part in block.parts]
for part in parts:
    print(*part)
"""
