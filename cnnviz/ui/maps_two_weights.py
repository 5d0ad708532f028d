"""One layer with two sets of weights, on one scale."""

from streamlit.delta_generator import DeltaGenerator

from cnnviz.nets.catalog import ModelSpec


def show_two_weights(model: ModelSpec, side: int, controls: DeltaGenerator) -> None:
    """One layer with two sets of weights, on one scale."""
