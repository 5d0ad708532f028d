"""The messages that users see when something goes wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cnnviz.errors import CnnvizError, user_message

_ADDRESS = re.compile(r":(?=//)|www(?=\.)|@", re.IGNORECASE)
_INVISIBLE = "\N{WORD JOINER}"


def plain(text: str) -> str:
    """Text from a user, a file name or a link, so that Markdown shows it as it is, on one line.

    Markdown makes addresses into links whatever is escaped in them, so an invisible character parts them.
    """
    parted = _ADDRESS.sub(lambda found: f"{found[0]}{_INVISIBLE}", re.sub(r"\s+", " ", text))
    return re.sub(r"([\\`*_\[\]<>~$#|&]|:(?=\w))", r"\\\1", parted)


@contextmanager
def explained() -> Iterator[None]:
    """Show a `CnnvizError` as its sentence; log anything else and show an id to find it by.

    What stands inside is skipped from the failing line on; what follows the block goes on.
    """
    try:
        yield
    except CnnvizError as error:
        st.warning(plain(str(error)), icon=":material/error:")
    except Exception as error:
        # The outermost boundary: the rest of the page must outlive any fault, and the user gets no
        # traceback but an id to find it by. Streamlit's stop and rerun are BaseExceptions and pass.
        st.error(user_message(error))
