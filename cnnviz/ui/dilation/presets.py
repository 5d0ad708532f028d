"""Presets of the dilation page."""

from typing import Any


def _stack(*rates: int) -> dict[str, Any]:
    each = {f"dil_rate{index}": rate for index, rate in enumerate(rates, start=1)}
    return {"dil_view": "stack", "dil_layers": len(rates), **each}


def _layer(view: str, dilation: int, **rest: object) -> dict[str, Any]:
    layer = {"dil_view": view, "dil_kernel": "sobel_x", "dil_kernel_size": 3, "dil_dilation": dilation}
    return layer | rest


PRESETS: dict[str, dict[str, Any]] = {
    "Rates 1, 1, 1: small field": _stack(1, 1, 1),
    "Rates 2, 2, 2: a grid of holes": _stack(2, 2, 2),
    "Rates 2, 4, 8: mixed, holes still": _stack(2, 4, 8),
    "Rates 1, 2, 4: no holes, 15 wide": _stack(1, 2, 4),
    "Rates 1, 2, 5: no holes, 17 wide": _stack(1, 2, 5),
    "Dilation 4: a 3×3 kernel spans 9": _layer("pixels", 4, dil_patch=12, dil_matrix=""),
    "Dilation 8: broad edges, fine ones lost": _layer("picture", 8, source="photo", photo="cat"),
}
DEFAULTS: dict[str, Any] = {
    "dil_layers": 3,
    **{f"dil_rate{index}": 2 for index in range(1, 6)},
    "dil_kernel": "sobel_x",
    "dil_kernel_size": 3,
    "dil_dilation": 2,
    "photo": "cat",
}
