"""The exception whose message is meant for users."""


class CnnvizError(ValueError):
    """An error that the user can fix; the message says what is wrong and how to fix it."""
