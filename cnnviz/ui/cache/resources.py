"""Resources that all sessions share: the processor, the downloads, the weights folder, the settings."""

import gc
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import streamlit as st

from cnnviz.ui.jobs.downloads import Downloads
from cnnviz.ui.jobs.processor import Processor
from cnnviz.ui.jobs.weights_folder import WeightsFolder


@st.cache_resource(show_spinner=False)
def processor() -> Processor:
    """The one processor of this server."""
    return Processor()


@contextmanager
def queued(spinner: bool = True) -> Iterator[None]:
    """Wait for a slot of the processor and hold it while the block computes.

    Nothing else takes a slot but `Processor.run`, for the passes of shared networks.

    Args:
        spinner: tell the user if other people's computations come first; not in a cached function, which
            would show it again with each look-up, nor in a thread, which has no page.
    """
    with processor().busy_spinner() if spinner else nullcontext(), processor().slot():
        yield


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
