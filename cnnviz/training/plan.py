"""A run before it runs: which network learns what, how, and what that costs."""

from dataclasses import dataclass

from torch import nn

from cnnviz.analysis.trace.rows import Trace
from cnnviz.analysis.trace.trace import trace
from cnnviz.nets.catalog import meta_model, model
from cnnviz.nets.weights import Provenance
from cnnviz.nets.widths import channels_of
from cnnviz.training.checkpoints import Checkpoint
from cnnviz.training.command import command_text
from cnnviz.training.loop import steps_in
from cnnviz.training.recipe import Recipe
from cnnviz.training.sources import DOWNLOADED, Source

TEST_PICTURES = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be trained.

    Attributes:
        model: "simple_cnn" or "mini_resnet".
        width: channels of its first block.
        data: "shapes", "cifar10", "fashion_mnist", or the name of a folder.
        recipe: how it learns.
        pictures: an epoch; at most so many of data with an end.
        same_pictures: whether every epoch has the same ones; data with an end always do.
        half_size: whether all pictures are at half their height and width.
    """

    model: str
    width: int
    data: str
    recipe: Recipe
    pictures: int = 1500
    same_pictures: bool = False
    half_size: bool = False

    def arranged(self, source: Source) -> Source:
        """The pictures of all the data that this plan takes."""
        if self.same_pictures:
            source = source.same(self.pictures, self.recipe.seed)
        return source.halved() if self.half_size else source

    def network(self, classes: int) -> nn.Module:
        """The network before training."""
        channels = channels_of(self.model, self.width)
        return model(self.model, seed=self.recipe.seed, num_classes=classes, channels=channels)

    def provenance(self, checkpoint: Checkpoint, classes: tuple[str, ...], pictures: int) -> Provenance:
        """What the file of a checkpoint's weights is to say of itself.

        Only a run that went to its end, on data that others can have, can be made again by a command.
        """
        recipe, predictions = self.recipe, checkpoint.predictions
        again = checkpoint.epoch == recipe.epochs and self.data in ("shapes", *DOWNLOADED)
        settings = {
            "model": self.model, "width": self.width, "data": self.data, "epochs": recipe.epochs,
            "pictures": self.pictures, "batch_size": recipe.batch_size, "learning_rate": recipe.learning_rate,
            "half_size": self.half_size, "augment": recipe.augment, "same_pictures": self.same_pictures,
            "seed": recipe.seed,
            "out": f"{self.model}.safetensors",
        }  # fmt: skip
        if predictions:
            settings["test_pictures"] = len(predictions.labels)
        return Provenance(
            self.model, self.data, classes, recipe.seed, checkpoint.epoch, pictures,
            predictions.accuracy if predictions else None, len(predictions.labels) if predictions else None,
            command_text(settings) if again else "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What a plan takes: parameters, steps, and multiply-accumulates of convolutions and linear layers."""

    parameters: int
    forward_macs: int
    first_macs: int
    batch_size: int
    steps: int

    @property
    def step_macs(self) -> int:
        """Of a full step: forward once, and back twice, for the maps and for the weights.

        The first convolution needs no gradient of the picture.
        """
        return self.batch_size * (3 * self.forward_macs - self.first_macs)


def training_cost(plan: Plan, classes: int, side: int, pictures: int) -> TrainingCost:
    """What a plan takes for square pictures, so many an epoch."""
    network = meta_model(plan.model, num_classes=classes, channels=channels_of(plan.model, plan.width))
    found: Trace = trace(network, (1, 3, side, side))
    first = next(row.macs for row in found if row.macs)
    batch, steps = plan.recipe.batch_size, steps_in(pictures, plan.recipe.batch_size) * plan.recipe.epochs
    return TrainingCost(found.parameters, found.macs, first, min(batch, pictures), steps)
