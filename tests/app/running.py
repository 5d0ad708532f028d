"""Opens what a page keeps folded, and runs the code that it shows."""

from streamlit.testing.v1 import AppTest


def open_drawers(at: AppTest) -> AppTest:
    """Open every expander whose contents wait for it."""
    for place in at.main.expander:
        if place.key:
            at.session_state[place.key] = True
    return at.run()


def shown_code(at: AppTest) -> str:
    """The code on the page."""
    return open_drawers(at).code[0].value


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "snippet", "exec"), names)
    return names
