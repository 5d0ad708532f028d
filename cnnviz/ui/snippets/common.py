"""What the code of every page begins with."""

from cnnviz.data.images import Picture

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
