"""Which pixels the score of a class rests on."""

from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec


def show_attribution(model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """Which pixels the score of a class rests on."""
