"""A whole network on one screen, from the picture to the prediction."""

from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec


def show_glance(model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """A whole network on one screen, from the picture to the prediction."""
