"""The exceptions whose messages are meant for users, and what users read about all others."""

import logging
import uuid

_LOG = logging.getLogger("cnnviz")


class CnnvizError(ValueError):
    """An error that the user can fix; the message says what is wrong and how to fix it."""


class CancelledError(CnnvizError):
    """The computation was cancelled by its caller."""


def user_message(error: BaseException, otherwise: str = "Something went wrong here.") -> str:
    """The user's message about a fault: a `CnnvizError` in its own words; anything else is logged.

    `otherwise` then stands before the id to find it by in the log.
    """
    if isinstance(error, CnnvizError):
        return str(error)
    identifier = uuid.uuid4().hex[:8]
    _LOG.error("error %s", identifier, exc_info=error)
    return f"{otherwise} The log has the details under {identifier}."
