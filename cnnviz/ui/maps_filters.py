"""The kernels of a network's first convolution."""

from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec


def show_filters(model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """The kernels of a network's first convolution."""
