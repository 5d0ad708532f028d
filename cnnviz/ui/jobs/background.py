"""Long work in the background: its limits, and the jobs of one kind on this server."""

from cnnviz.jobs import Jobs, Request, Result, Work

# A page looks after its jobs twice a second; a browser lets a hidden tab do so once a minute.
_PATIENCE_SECONDS = 90
_AT_ONCE = 24  # they share the slots of the processor
_KEPT = 24

# What would take minutes or gigabytes is not begun.
MOST_MACS = 20e9
MOST_PARAMETERS = 150e6


class BackgroundJobs(Jobs[Request, Result]):
    """Jobs that pages wait for; what has a result stays a while for the next who asks."""

    def __init__(self, work: Work[Request, Result]) -> None:
        super().__init__(work, _AT_ONCE, _KEPT, _PATIENCE_SECONDS)
