"""Formulas as LaTeX: once in symbols, once with the numbers on screen."""

from cnnviz.ops.filtering import PictureFilter
from cnnviz.ops.geometry import Window


def output_size_formula(rows: Window, columns: Window, height: int, width: int) -> str:
    """The output size of both axes; the letters stand on the controls."""
    return aligned(
        (r"n'", r"\left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1"),
        ("h'", _size(rows, height)),
        ("w'", _size(columns, width)),
    )


def _size(window: Window, input_size: int) -> str:
    w = window
    return (
        rf"\left\lfloor \frac{{{input_size} + 2\cdot{w.padding} - {w.dilation}({w.kernel_size} - 1) - 1}}"
        rf"{{{w.stride}}} \right\rfloor + 1 = \mathbf{{{w.output_size(input_size)}}}"
    )


def cost_formula(layer: PictureFilter, height: int, width: int) -> str:
    """Parameters and multiply-accumulates."""
    out_channels, per_group, kernel_height, kernel_width = layer.weight.shape
    outputs = layer.rows.output_size(height), layer.columns.output_size(width)
    bias = (r" + \text{out}", f" + {out_channels}") if layer.bias else ("", "")
    weights = rf"{out_channels}\cdot{per_group}\cdot{kernel_height}\cdot{kernel_width}"
    return aligned(
        (
            r"\text{parameters}",
            rf"\text{{out}}\cdot\tfrac{{\text{{in}}}}{{\text{{groups}}}}\cdot k_h k_w{bias[0]}",
        ),
        ("", rf"{weights}{bias[1]} = \mathbf{{{number(layer.parameters)}}}"),
        (r"\text{MACs}", r"\text{weights}\cdot h' \cdot w'"),
        (
            "",
            rf"{number(layer.weight.numel())}\cdot{outputs[0]}\cdot{outputs[1]} = "
            rf"\mathbf{{{number(layer.macs(height, width))}}}",
        ),
    )


def aligned(*equations: tuple[str, str]) -> str:
    """Equations under each other, aligned at the equals sign."""
    lines = r" \\[3pt] ".join(f"{left} &= {right}" for left, right in equations)
    return rf"\footnotesize \begin{{aligned}} {lines} \end{{aligned}}"


def number(value: int) -> str:
    """A whole number with thousands separators, for LaTeX."""
    return f"{value:,}".replace(",", "{,}")


def power_of_ten(value: float) -> str:
    """A small number as a person writes it, for Markdown: "1.9·10⁻⁶"."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{superscript}"
