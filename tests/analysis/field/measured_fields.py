"""The oracle: a receptive field is where the input gradient of one unit is not zero.

Every weight is made positive, every max pooling an average pooling, every norm and activation the
identity, squeeze and excitation left out, so that no gradient can vanish or cancel.
"""

import copy

import torch
from torch import nn

_IDENTITIES = (
    "BatchNorm2d", "LayerNorm", "LayerNorm2d", "GroupNorm", "ReLU", "ReLU6", "SiLU", "Hardswish",
    "Hardsigmoid",     "GELU", "Sigmoid", "SqueezeExcitation", "Dropout",
)  # fmt: skip


def positive(model):
    """A copy of the model in which every path carries a positive gradient, in float64."""
    changed = copy.deepcopy(model).double().eval()
    for module in list(changed.modules()):
        for name, child in module.named_children():
            if type(child).__name__ in _IDENTITIES:
                setattr(module, name, nn.Identity())
            elif isinstance(child, nn.MaxPool2d):
                averaging = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(module, name, averaging)
    with torch.no_grad():
        for parameter in changed.parameters():
            # A sum of 1 for each output keeps the numbers in range through a hundred layers.
            parameter.fill_(1 / max(1, parameter[0].numel()))
    return changed


def measured_box(output, x, unit):
    """(first, last) pixel along each axis on which one unit of `output` (1, C, …) depends."""
    (gradient,) = torch.autograd.grad(output[(0, slice(None), *unit)].sum(), x, retain_graph=True)
    seen = gradient[0].abs().sum(0) > 0
    boxes = []
    for axis in range(seen.dim()):
        others = [a for a in range(seen.dim()) if a != axis]
        hit = seen.amax(others).nonzero().flatten() if others else seen.nonzero().flatten()
        boxes.append((int(hit[0]), int(hit[-1])) if len(hit) else None)
    return tuple(boxes)


def output_of(model, path, x):
    """What the module at `path` gives for x, gradients included; the rest of the network does not run."""

    class DoneError(Exception):
        pass

    found = []

    def stop(_module, _inputs, output):
        found.append(output)
        raise DoneError

    handle = model.get_submodule(path).register_forward_hook(stop)
    try:
        model(x)
    except DoneError:
        pass
    finally:
        handle.remove()
    return found[0]
