"""What the user is told when something goes wrong."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cnnviz.errors import CnnvizError

_LOG = logging.getLogger("cnnviz")


@contextmanager
def explained() -> Iterator[None]:
    """Show a `CnnvizError` as its sentence; log anything else and show an id to find it by.

    What stands inside is skipped from the failing line on; what follows the block goes on.
    """
    try:
        yield
    except CnnvizError as error:
        st.warning(str(error), icon=":material/error:")
    except Exception:  # the page must outlive any fault; Streamlit's stop and rerun pass through
        identifier = uuid.uuid4().hex[:8]
        _LOG.exception("error %s", identifier)
        st.error(f"Something went wrong here. The log has the details under {identifier}.")
