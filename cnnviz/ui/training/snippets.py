"""The code of the training page."""

from cnnviz.nets.widths import channels_of
from cnnviz.training.plan import TEST_PICTURES, Plan
from cnnviz.training.sources import DOWNLOADED


def training_code(plan: Plan) -> str:
    """Code that trains the same network in the same steps."""
    recipe = plan.recipe
    arranged = ""
    if plan.same_pictures:
        arranged += f"source = source.same({plan.pictures}, seed={recipe.seed})\n"
    if plan.half_size:
        arranged += "source = source.halved()  # each pixel the mean of four\n"
    return f"""\
import cnnviz
from cnnviz.nets.weights import Provenance, save_weights
from cnnviz.training.loop import EpochDone, StepDone, TrainingRun
from cnnviz.training.recipe import Recipe
from cnnviz.training.sources import {_imported(plan)}

source = {_source(plan)}
{arranged}classes = source.train.classes
channels = {channels_of(plan.model, plan.width)}
network = cnnviz.model("{plan.model}", seed={recipe.seed}, num_classes=len(classes), channels=channels)
recipe = Recipe(
    epochs={recipe.epochs}, batch_size={recipe.batch_size}, learning_rate={recipe.learning_rate!r},
    augment={recipe.augment}, seed={recipe.seed},
)
losses = []
for event in TrainingRun(network, source.train, recipe):
    if isinstance(event, StepDone):
        losses.append(event.loss)
    elif isinstance(event, EpochDone):
        print(event.epoch, event.loss, event.accuracy)

save_weights(network, "{plan.model}.safetensors", Provenance("{plan.model}", {plan.data!r}, classes))
"""


def _imported(plan: Plan) -> str:
    if plan.data == "shapes":
        return "shapes_source"
    return "downloaded_source" if plan.data in DOWNLOADED else "folder_source"


def _source(plan: Plan) -> str:
    if plan.data == "shapes":
        return f"shapes_source({plan.pictures}, {TEST_PICTURES}, seed={plan.recipe.seed})"
    if plan.data in DOWNLOADED:
        return f'downloaded_source("{plan.data}", "data")'
    return 'folder_source("your_folder")  # with a folder for each class'
