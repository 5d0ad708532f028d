"""Two further views of the convolution lab: how often pixels are read, and the kernel flipped."""

from dataclasses import replace

import numpy as np
import streamlit as st

from cnnviz.arrays import Array
from cnnviz.figures.panels import Panel, panels_figure
from cnnviz.figures.tables import Row
from cnnviz.ops.coverage import read_counts
from cnnviz.ops.filtering import FilteredPicture, PictureFilter
from cnnviz.ops.geometry import Window
from cnnviz.ui import cache
from cnnviz.ui.components.equations import Equation, result, significant
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.components.panels import panels
from cnnviz.ui.convolution.controls import Convolution
from cnnviz.ui.convolution.snippets import flip_code, pixel_use_code
from cnnviz.ui.shell.sidebar import LabContext
from cnnviz.ui.sliding.size_formulas import output_size_formula
from cnnviz.ui.widgets.controls import counted
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.quiz import check_yourself


def output_panels(filtered: FilteredPicture, label: str) -> list[Panel]:
    """Input and output of the whole picture, a panel for each output channel."""
    several = len(filtered.output) > 1
    outputs = [
        Panel(f"{label}, {name}" if several else label, plane[None], "signed", filtered.limit)
        for name, plane in zip("RGB", filtered.output, strict=False)
    ]
    return [Panel("Input", filtered.pixels.transpose(2, 0, 1) / 255), *outputs]


def layer_rows(layer: PictureFilter, height: int, width: int) -> list[Row]:
    """The geometry of both axes and the layer's cost."""
    cost = {"parameters": layer.parameters, "MACs": layer.macs(height, width)}
    return [
        {"axis": axis, "input size": size, "kernel size": w.kernel_size, "stride": w.stride,
         "padding": w.padding, "dilation": w.dilation, "output size": w.output_size(size),
         "left over": w.left_over(size), **cost}
        for axis, w, size in (("height", layer.rows, height), ("width", layer.columns, width))
    ]  # fmt: skip


def ask_output_size(window: Window) -> None:
    """A question about the output size, with the usual mistakes."""
    size = max(20, window.effective_kernel_size + 3)
    k, s, p, d = window.kernel_size, window.stride, window.padding, window.dilation
    slack = size + 2 * p - d * (k - 1) - 1
    check_yourself(
        f"A picture {size} pixels wide goes through a kernel of size {k} with stride {s}, padding {p} and "
        f"dilation {d}. How wide is the output?",
        window.output_size(size),
        {
            "you left out the + 1: the first place of the window counts, too": slack // s,
            "you rounded up; an incomplete last step is dropped": -(-slack // s) + 1,
            "you used k, not d·(k − 1) + 1, the kernel's span": (size + 2 * p - k) // s + 1,
            "padding goes on both sides: 2p": (slack - p) // s + 1,
            "you left out the padding": (slack - 2 * p) // s + 1,
            "you left out the stride": slack + 1,
        },
        "conv_quiz",
    )


def show_pixel_use(chosen: Convolution) -> None:
    """How often each pixel of the picture is read, as a map."""
    working, layer = chosen.picture, chosen.layer
    height, width = working.height, working.width
    counts = read_counts(layer.rows, layer.columns, height, width, layer.padding_mode)
    missed = int((counts == 0).sum())
    shown = [
        Panel("Input", working.tensor()[0].numpy()),
        Panel("Times read", counts[None].astype(np.float32), "count"),
    ]
    panels(shown, "conv_use", box=440, panel_rem=20)
    outputs = layer.rows.output_size(height) * layer.columns.output_size(width)
    taps = layer.rows.kernel_size * layer.columns.kernel_size
    reads = int(counts.sum())
    zeros = (
        "reads that fall on zeros of the padding are not counted"
        if layer.padding_mode == "zeros"
        else "a pixel is read again wherever the padding copies it"
    )
    sentences = [
        ("Never read:", f"{missed:,} of {height * width:,} pixels, {100 * missed / (height * width):.3g} %."),
        ("Read most:", f"{counted(int(counts.max()), 'time')}; least: {counted(int(counts.min()), 'time')}."),
        ("Padding:", f"{zeros}."),
    ]
    every: list[Equation] = [
        (["taps · outputs"], [f"{taps} · {outputs:,} = ", result(taps * outputs)]),
        (["reads of the picture"], ["Σ of the map = ", result(reads)]),
    ]
    sizes = output_size_formula(layer.rows, layer.columns, height, width)
    facts([Facts("Reads", every, sentences), Facts("Output size", sizes, [])], "conv_use_facts")

    def table() -> list[Row]:
        times, pixels = np.unique(counts, return_counts=True)
        return [{"times read": int(t), "pixels": int(n)} for t, n in zip(times, pixels, strict=True)]

    export_panel("conv_use", pixel_use_code(height, width, layer), lambda: panels_figure(shown), table)


def show_flip(context: LabContext, chosen: Convolution) -> None:
    """Cross-correlation beside true convolution, whose kernel is flipped on both axes."""
    layer, working = chosen.layer, chosen.picture
    flipped = replace(layer, kernel=np.ascontiguousarray(layer.kernel[::-1, ::-1]))
    as_is, true = cache.pictures.filtered(working, layer), cache.pictures.filtered(working, flipped)
    limit = max(as_is.limit, true.limit)
    channel, everywhere = (" of R", " over R, G and B") if len(as_is.output) > 1 else ("", "")
    outputs = [
        Panel(f"Cross-correlation{channel}", as_is.output[:1], "signed", limit),
        Panel(f"True convolution{channel}", true.output[:1], "signed", limit),
    ]
    kernels = [
        Panel("Kernel", layer.kernel[None], "weight"),
        Panel("Kernel flipped", flipped.kernel[None], "weight"),
    ]
    panels(outputs, "conv_flip", box=440, panel_rem=20)
    panels(kernels, "conv_flip_kernels", box=112, panel_rem=20)
    difference = float(np.abs(true.output - as_is.output).max())
    relation = _relation(layer.kernel)
    st.markdown(
        f"**{relation}** Largest difference of the two outputs{everywhere}: {significant(difference)}. "
        "What the frameworks call convolution is cross-correlation. A network that learns its kernels learns "
        "them flipped or not: nothing is lost."
    )

    def table() -> list[Row]:
        return [
            {"operation": name, "least": float(f.output.min()), "greatest": float(f.output.max()),
             "mean": float(f.output.mean())}
            for name, f in (("cross-correlation", as_is), ("true convolution", true))
        ]  # fmt: skip

    code = flip_code(context.picture, max(working.height, working.width), layer)
    export_panel("conv_flip", code, lambda: panels_figure([*kernels, *outputs]), table)


def _relation(kernel: Array) -> str:
    """What flipping does to a kernel."""
    flipped = kernel[::-1, ::-1]
    if np.allclose(kernel, flipped):
        return "This kernel is its own mirror image: flipping changes nothing."
    if np.allclose(kernel, -flipped):
        return "Flipping turns this kernel into its negative: the output changes its sign, but for the bias."
    return "Flipping makes another kernel, and another output."
