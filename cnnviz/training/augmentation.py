"""Random augmentation: mirroring and shifts."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augmented(x: Tensor) -> Tensor:
    """Mirror each picture with probability 1/2, shift it by up to 1/8 of its size, edges reflected.

    (N, C, H, W) → (N, C, H, W); uses torch's default generator.
    """
    count, _, height, width = x.shape
    x = torch.where(torch.rand(count, 1, 1, 1, device=x.device) < 0.5, x.flip(3), x)
    dy, dx = height // 8, width // 8
    padded = F.pad(x, (dx, dx, dy, dy), mode="reflect")
    tops = torch.randint(0, 2 * dy + 1, (count,)).tolist()
    lefts = torch.randint(0, 2 * dx + 1, (count,)).tolist()
    return torch.stack(
        [
            picture[:, top : top + height, left : left + width]
            for picture, top, left in zip(padded, tops, lefts, strict=True)
        ]
    )
