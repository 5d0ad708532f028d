"""Parts that the snippets of all pages share."""

from cnnviz.data.images import Picture
from cnnviz.nets.catalog import ModelSpec
from cnnviz.nets.weights import is_weights_path

LUMA_LINE = (
    "x = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)  # brightness\n"
)


def picture_code(picture: Picture) -> str:
    """An expression for the chosen picture."""
    if picture.pattern is not None:
        p = picture.pattern
        return f'cnnviz.draw_pattern(cnnviz.Pattern("{p.name}", period={p.period}, angle={p.angle}))'
    if picture.is_sample:
        return f'cnnviz.sample("{picture.name}")'
    return 'cnnviz.load_image("your_picture.png")'


def weights_code(spec: ModelSpec) -> str:
    """The weights of a network as an argument; a file of the user's own goes by a name to be replaced."""
    assert spec.weights is not None
    return '"your_weights.safetensors"' if is_weights_path(spec.weights) else f'"{spec.weights}"'


def model_code(spec: ModelSpec) -> str:
    """An expression for a network."""
    sizes = "".join(f", {name}={value}" for name, value in spec.sizes.items())
    built = f"seed={spec.seed}{sizes}" if spec.weights is None else f"weights={weights_code(spec)}"
    return f'cnnviz.model("{spec.name}", {built})'


def input_code(spec: ModelSpec, picture: str = "picture") -> str:
    """An expression for a picture as a network wants it."""
    weights = "" if spec.weights is None else f", {weights_code(spec)}"
    return f'cnnviz.network_input({picture}, "{spec.name}"{weights})'
