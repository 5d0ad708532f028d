"""Runs the code that a page shows."""


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "snippet", "exec"), names)
    return names
