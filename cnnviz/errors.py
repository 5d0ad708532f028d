"""The one exception whose text is written for the person at the screen."""


class CnnvizError(ValueError):
    """Something the user can put right; the message says what and how, in plain words."""
