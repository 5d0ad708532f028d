"""Goes to another page after a button has set the controls that it needs.

`st.switch_page` would leave the controls of the link behind.
"""

from cnnviz.ui.components.registry import declare

_mount = declare("page_link")


def go_to(page: str | None, key: str) -> None:
    """Go to a page, by its name in the URL; stay where it is None."""
    _mount(data={"page": page}, key=key)
