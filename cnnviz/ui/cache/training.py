"""Runs of training, what they learn from, what they take and what they see."""

import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from cnnviz.analysis.layers.activations import feature_maps
from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.data.shapes import gallery
from cnnviz.errors import CnnvizError
from cnnviz.training.plan import Plan, TrainingCost, training_cost
from cnnviz.training.recipe import Recipe
from cnnviz.training.runs import Runs
from cnnviz.training.sources import Source, downloaded_source, stored_bytes
from cnnviz.ui.cache.resources import queued
from cnnviz.ui.jobs.lru_cache import SizedLRUCache

_UPLOADED_BYTES = 500_000_000  # twenty uploads of the largest size


@st.cache_resource(show_spinner=False)
def training_runs() -> Runs:
    """The runs of training on this server."""
    return Runs()


@st.cache_resource(max_entries=2, show_spinner=False)
def downloaded_pictures(name: str) -> Source:
    """CIFAR-10 or Fashion-MNIST, downloaded if they are not there yet.

    Raises:
        CnnvizError: if they cannot be had.
    """
    return downloaded_source(name, Path.home() / ".cache" / "cnnviz")


@st.cache_resource(show_spinner=False)
def _uploads() -> SizedLRUCache[str, Source]:
    return SizedLRUCache(_UPLOADED_BYTES)


def keep_upload(source: Source) -> str:
    """Keep a user's own pictures until they are evicted; returns an unguessable token to find them by."""
    token = uuid.uuid4().hex
    _uploads().get(token, lambda: source, stored_bytes([source]))
    return token


def upload(token: str) -> Source:
    """A user's own pictures.

    Raises:
        CnnvizError: if they have been evicted.
    """
    return _uploads().get(token, _gone, 0)


def _gone() -> Source:
    raise CnnvizError("The pictures are no longer kept on this server: choose the ZIP file again.")


def training_cost_of(plan: Plan, classes: int, side: int, pictures: int) -> TrainingCost:
    """What a plan of training takes."""
    recipe = Recipe(plan.recipe.epochs, plan.recipe.batch_size)
    return _training_cost(Plan(plan.model, plan.width, "", recipe), classes, side, pictures)


@st.cache_resource(max_entries=64, show_spinner=False)
def _training_cost(plan: Plan, classes: int, side: int, pictures: int) -> TrainingCost:
    """The same for all plans that differ in what costs nothing."""
    return training_cost(plan, classes, side, pictures)


@st.cache_resource(max_entries=1, show_spinner=False)
def shapes_gallery() -> Array:
    """Examples of cnnviz shapes."""
    return read_only(gallery())


@st.cache_resource(max_entries=128, show_spinner=False)
def epoch_maps(
    token: str, epoch: int, layer: str, digest: str, most: int, _load: Callable[[], torch.nn.Module],
    _picture: Picture,
) -> Array:  # fmt: skip
    """The first feature maps of a layer after an epoch of a run, float32 (C, H, W)."""
    network = _load()  # may wait for a run to draw its random numbers, and nobody should wait for that
    with queued(spinner=False):
        found = feature_maps(network, _picture, [layer])[layer][:most]
    return read_only(np.nan_to_num(found))
