"""Browser components: what follows the mouse runs here, without asking the server."""
