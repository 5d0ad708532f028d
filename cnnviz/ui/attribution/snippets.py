"""The code of "What the prediction rests on"."""

from collections.abc import Sequence

from cnnviz.analysis.attribution import Attribution
from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.ui.widgets.snippet_parts import picture_code


def attribution_code(
    picture: Picture, side: int, model: ModelSpec, class_index: int, hows: Sequence[Attribution]
) -> str:
    """Code whose `maps` are those on screen, and whose `gain` is what integrated gradients add up to."""
    trained = model.weights is not None
    built = f'"{model.name}", weights="{model.weights}"' if trained else f'"{model.name}", seed={model.seed}'
    wanted = f'"{model.name}", "{model.weights}"' if trained else f'"{model.name}"'
    lines = "".join(f'    "{how.method}": cnnviz.{_call(how)},\n' for how in hows)
    return f"""\
import torch

import cnnviz

picture = {picture_code(picture)}.centre_square({side})
model = cnnviz.model({built})
x = cnnviz.network_input(picture, {wanted})
methods = {{
{lines}}}
maps = {{name: cnnviz.attribute(model, x, {class_index}, how) for name, how in methods.items()}}
with torch.no_grad():  # what integrated gradients add up to, nearly
    gain = float((model(x) - model(torch.zeros_like(x)))[0, {class_index}])
"""


def _call(how: Attribution) -> str:
    own = {
        "grad_cam": f', layer="{how.layer}"',
        "integrated_gradients": f", steps={how.steps}",
        "occlusion": f", window={how.window}, stride={how.stride}",
        "saliency": "",
    }
    return f'Attribution("{how.method}"{own[how.method]})'
