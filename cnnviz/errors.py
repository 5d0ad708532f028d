"""Errors that are written for the person at the screen, and what that person reads of all others."""

import logging
import uuid

_LOG = logging.getLogger("cnnviz")


class CnnvizError(ValueError):
    """Something the user can put right; the message says what and how, in plain words."""


class CancelledError(CnnvizError):
    """The work was cancelled by the one who asked for it."""


def user_message(error: BaseException, otherwise: str = "Something went wrong here.") -> str:
    """The user's message about a fault: a `CnnvizError` in its own words; anything else is logged.

    `otherwise` then stands before the id to find it by in the log.
    """
    if isinstance(error, CnnvizError):
        return str(error)
    identifier = uuid.uuid4().hex[:8]
    _LOG.error("error %s", identifier, exc_info=error)
    return f"{otherwise} The log has the details under {identifier}."
