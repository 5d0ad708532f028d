"""Convolution: one kernel over the whole picture, every number of it within reach."""

import streamlit as st

from cnnviz.figures.downloads import output_npz, output_png
from cnnviz.figures.panels import panels_figure
from cnnviz.ops.filtering import FilteredPicture
from cnnviz.ui import cache
from cnnviz.ui.components.conv_view import conv_view
from cnnviz.ui.components.equations import power_of_ten
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.convolution.controls import Convolution, choose_convolution, take_edit
from cnnviz.ui.convolution.live_controls import live_controls
from cnnviz.ui.convolution.presets import PRESETS, START
from cnnviz.ui.convolution.sliding import slide_convolution
from cnnviz.ui.convolution.views import ask_output_size, layer_rows, output_panels, show_flip, show_pixel_use
from cnnviz.ui.shell.frame import require_frame
from cnnviz.ui.shell.sidebar import LabContext, lab_context
from cnnviz.ui.sliding.size_formulas import cost_formula, output_size_formula
from cnnviz.ui.sliding.snippets import convolution_code
from cnnviz.ui.widgets.controls import apply_drag, choose_view, counted, lab_columns
from cnnviz.ui.widgets.exports import export_panel
from cnnviz.ui.widgets.feedback import explained
from cnnviz.ui.widgets.presets import offer_presets

require_frame()

_FACTS = "conv_facts"
_VIEWS = {
    "picture": "Whole picture",
    "pixels": "Pixel by pixel",
    "use": "Pixel use",
    "flip": "Kernel flipped",
}


def lab() -> None:
    """Controls on the left, the picture and what the kernel makes of it on the right."""
    context = lab_context()
    controls, view = lab_columns()
    with controls:
        chosen = choose_convolution(context.picture)
    with view, explained():
        shown = choose_view(_VIEWS, "conv_mode")
        if shown == "pixels":
            slide_convolution(context.picture, chosen.layer, chosen.named, chosen.kernel_label, take_edit)
            ask_output_size(chosen.layer.columns)
        elif shown == "use":
            show_pixel_use(chosen)
        elif shown == "flip":
            show_flip(context, chosen)
        else:
            show_picture(context, chosen)


def show_picture(context: LabContext, chosen: Convolution) -> None:
    """Show input and output, the numbers, a question, and the exports."""
    filtered = cache.pictures.filtered(chosen.picture, chosen.layer)
    conv_view(
        filtered,
        chosen.picture,
        chosen.layer,
        chosen.kernel_label,
        "conv_view",
        live_controls(chosen),
        apply_drag,
        controls="conv_",
        numbers=(_FACTS, "conv_kernel_grid"),
    )
    numbers(chosen)
    ask_output_size(chosen.layer.columns)
    show_exports(context, chosen)


def numbers(chosen: Convolution) -> None:
    """Output size, cost, unread pixels, and our convolution held against PyTorch's."""
    picture, layer = chosen.picture, chosen.layer
    height, width = picture.height, picture.width
    rows, columns = layer.rows.left_over(height), layer.columns.left_over(width)
    left_over = (
        f"{counted(rows, 'row')} and {counted(columns, 'column')} at the far end of the padded picture are "
        "never read, because the floor drops the last, incomplete step."
        if rows or columns
        else "nothing; the last step ends exactly at the far edge of the padded picture."
    )
    result = cache.pictures.comparison(picture, layer)
    comparison = (
        "the same to the last bit. "
        if result.largest_difference == 0
        else f"largest difference {power_of_ten(result.largest_difference)}, or "
        f"{power_of_ten(result.relative_difference)} of the largest output: rounding. "
    ) + (f"Ours takes {result.ours_ms:.2f} ms, F.conv2d {result.pytorch_ms:.2f} ms.")
    sizes = output_size_formula(layer.rows, layer.columns, height, width)
    facts(
        [
            Facts("Output size", sizes, [("Left over:", left_over)]),
            Facts("Cost", cost_formula(layer, height, width), [("From scratch = PyTorch:", comparison)]),
        ],
        _FACTS,
    )


def show_exports(context: LabContext, chosen: Convolution) -> None:
    """Offer the code, and the output as files."""
    layer, picture = chosen.layer, chosen.picture

    def filtered() -> FilteredPicture:
        return cache.pictures.filtered(picture, layer)

    export_panel(
        "convolution",
        convolution_code(context.picture, max(picture.height, picture.width), layer),
        lambda: panels_figure(output_panels(filtered(), chosen.kernel_label)),
        lambda: layer_rows(layer, picture.height, picture.width),
        {
            "Output as PNG": ("png", lambda: output_png(filtered())),
            "Numbers as NPZ": ("npz", lambda: output_npz(filtered())),
        },
    )


st.title("Convolution")
st.markdown(
    "A **kernel** slides over the picture. At each place it multiplies the pixels under it by its weights "
    "and adds them up: one number of the output. Point at either picture to see which pixels belong together."
)
offer_presets(PRESETS, START)
st.fragment(lab)()
