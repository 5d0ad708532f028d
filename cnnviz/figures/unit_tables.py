"""One unit's story as a table."""

from cnnviz.analysis.unit.steps import LinearStep
from cnnviz.analysis.unit.story import UnitStory
from cnnviz.figures.tables import Row
from cnnviz.ops.convolution import ConvStep


def sum_rows(story: UnitStory) -> list[Row]:
    """Each input channel's share of the first step's weighted sum; [] if that step is no weighted sum."""
    step = story.steps[0].computation
    if isinstance(step, ConvStep):
        sums = zip(step.in_channels, step.channel_sums.tolist(), strict=True)
    elif isinstance(step, LinearStep):
        sums = zip(range(len(step.products)), step.products.tolist(), strict=True)
    else:
        return []
    return [{"channel": channel, "sum": value} for channel, value in sums]
