"""The code of the page on residual blocks."""

from cnnviz.data.images import Picture
from cnnviz.nets.residual_variants import BlockDesign, CifarDesign
from cnnviz.ui.widgets.snippet_parts import picture_code


def sums_code(picture: Picture, side: int, design: BlockDesign, channel: int) -> str:
    """Code for one block on the picture; its `maps` are on screen."""
    return f"""\
import torch
import cnnviz
from cnnviz.analysis.residual import stem_maps
from cnnviz.nets.residual_variants import BlockDesign

picture = {picture_code(picture)}.centre_square({side}).tensor()  # (1, 3, {side}, {side})
design = {_block(design)}
block = design.build(seed=0)  # He's initialisation; batch norm takes the picture's own statistics
with torch.no_grad():
    x = stem_maps(picture, design.in_channels, design.order, seed=0)
    parts = block.parts(x)  # entry, residual F(x), identity, total, output

channel = {channel}
maps = {{"x": x[0, channel % design.in_channels]}}
for name, values in parts._asdict().items():
    if values is not None:
        maps[name] = values[0, channel % values.shape[1]]
"""


def block_code(design: BlockDesign, side: int) -> str:
    """Code for the block itself; its `rows` are in the diagram."""
    return f"""\
import cnnviz
from cnnviz.nets.residual_variants import BlockDesign

design = {_block(design)}
block = design.build(seed=0)  # a torch.nn.Module
rows = cnnviz.trace(block, (1, {design.in_channels}, {side}, {side}))
for row in rows:
    print(row.layer, row.operation, row.output_shape, row.parameters, row.macs)
weights = sum(conv.weights for conv in design.convolutions)  # those of F
"""


def gradients_code(picture: Picture, side: int, design: CifarDesign, seed: int) -> str:
    """Code for both networks; its `norms` are on screen."""
    return f"""\
import torch
import torch.nn.functional as F
import cnnviz
from cnnviz.analysis.residual import seeded_crops
from cnnviz.nets.residual_variants import CifarDesign

picture = {picture_code(picture)}.centre_square({side}).tensor()
crops, classes = seeded_crops(picture, seed={seed})  # (8, 3, 32, 32), and a random class for each
design = CifarDesign({design.depth}, width={design.width}, batch_norm={design.batch_norm}, gain={design.gain})

norms = {{}}
for residual in (False, True):
    network = design.build(residual, seed={seed})  # the same weights both times
    F.cross_entropy(network(crops), classes).backward()
    weights = [w for name, w in network.named_parameters() if w.dim() > 1]  # the linear layer last
    norms["residual" if residual else "plain"] = [float(w.grad.norm()) for w in weights]
"""


def _block(design: BlockDesign) -> str:
    return (
        f'BlockDesign("{design.kind}", "{design.order}", in_channels={design.in_channels}, '
        f"out_channels={design.out_channels}, stride={design.stride}, skip={design.skip})"
    )
