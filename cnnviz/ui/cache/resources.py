"""Resources that all sessions share: the processor, the downloads, the weights folder, the settings."""

import gc
import math
import os
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from cnnviz.ui.jobs.downloads import Downloads
from cnnviz.ui.jobs.processor import Processor
from cnnviz.ui.jobs.weights_folder import WeightsFolder

T = TypeVar("T")


@st.cache_resource(show_spinner=False)
def processor() -> Processor:
    """The one processor of this server."""
    return Processor()


def run_queued(compute: Callable[[], T]) -> T:
    """Run a computation once a slot of the processor is free; its result."""
    with processor().busy_spinner(), processor().slot():
        return compute()


def setting(name: str, default: float) -> float:
    """A positive number from the environment."""
    try:
        wanted = float(os.environ.get(name, ""))
    except ValueError:
        return default
    return wanted if 0 < wanted < math.inf else default


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The downloads of weights that run now."""
    return Downloads()


@st.cache_resource(show_spinner=False)
def weights_folder() -> WeightsFolder:
    """Users' own weights: CNNVIZ_OWN_WEIGHTS_GB for all of them together."""
    return WeightsFolder(int(setting("CNNVIZ_OWN_WEIGHTS_GB", 1) * 1e9))


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Collect garbage once and leave what is loaded by now out of later collections."""
    gc.collect()
    gc.freeze()
