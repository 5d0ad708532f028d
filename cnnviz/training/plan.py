"""What a training run is to do: its network, data and hyperparameters, and what they cost."""

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
    """The settings of a training run.

    Attributes:
        model: "simple_cnn" or "mini_resnet".
        width: output channels of the network's first block.
        data: "shapes", "cifar10", "fashion_mnist", or the name of a folder of pictures.
        recipe: the hyperparameters, among them the number of epochs.
        pictures: pictures in an epoch; an upper limit where the data set has a fixed size.
        same_pictures: whether every epoch has the same pictures, as in data sets of a fixed size, or new ones
            are drawn for each.
        half_size: whether pictures are reduced to half their height and width.
    """

    model: str
    width: int
    data: str
    recipe: Recipe
    pictures: int = 1500
    same_pictures: bool = False
    half_size: bool = False

    def arranged(self, source: Source) -> Source:
        """The part of the data that this plan uses, at the size that it uses."""
        if self.same_pictures:
            source = source.same(self.pictures, self.recipe.seed)
        return source.halved() if self.half_size else source

    def network(self, classes: int) -> nn.Module:
        """A new network with so many classes, its weights drawn with the recipe's seed."""
        channels = channels_of(self.model, self.width)
        return model(self.model, seed=self.recipe.seed, num_classes=classes, channels=channels)

    def provenance(self, checkpoint: Checkpoint, classes: tuple[str, ...], pictures: int) -> Provenance:
        """The metadata of a checkpoint's weights file.

        It names the command that reproduces the weights only for the last epoch and for public data.

        Args:
            checkpoint: of a run of this plan.
            classes: names of the classes, in the order of the network's outputs.
            pictures: number of training pictures.
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
    """The cost of a training run.

    Attributes:
        parameters: of the network.
        forward_macs: multiply-accumulates of one picture's forward pass, in convolutions and linear layers.
        first_macs: those of the first convolution.
        batch_size: pictures in a full step.
        steps: optimisation steps of the whole run.
    """

    parameters: int
    forward_macs: int
    first_macs: int
    batch_size: int
    steps: int

    @property
    def step_macs(self) -> int:
        """Multiply-accumulates of a full step, forward and backward.

        The backward pass takes twice the forward pass: gradients of the maps and of the weights. The first
        convolution needs no gradient of its input, the picture.
        """
        return self.batch_size * (3 * self.forward_macs - self.first_macs)


def training_cost(plan: Plan, classes: int, side: int, pictures: int) -> TrainingCost:
    """The cost of a plan on square pictures of `side` pixels, with `pictures` of them in an epoch."""
    network = meta_model(plan.model, num_classes=classes, channels=channels_of(plan.model, plan.width))
    found: Trace = trace(network, (1, 3, side, side))
    first = next(row.macs for row in found if row.macs)
    batch, steps = plan.recipe.batch_size, steps_in(pictures, plan.recipe.batch_size) * plan.recipe.epochs
    return TrainingCost(found.parameters, found.macs, first, min(batch, pictures), steps)
