"""What the training page says in formulas, and asks."""

import math

from cnnviz.figures.numbers import significant
from cnnviz.training.live_run import LiveRun
from cnnviz.ui.components.equations import Equation, Part, result, symbol
from cnnviz.ui.components.facts import Facts, facts
from cnnviz.ui.training.controls import Choice
from cnnviz.ui.widgets.quiz import check_yourself, choose_yourself

_THETA, _ETA, _LAMBDA, _M, _V = (symbol(name) for name in ("θ", "η", "λ", "m̂", "v̂"))


def show_training_facts(choice: Choice, run: LiveRun | None) -> None:
    """A step, the rate, the loss, the cost: of the settings as they stand."""
    facts(
        [
            Facts("One step (AdamW)", step_formula(choice), [("η", rate_text(choice, run)), ("Adam", _ADAM)]),
            Facts("Learning rate of step s of S", rate_formula(choice), [("Then", _FALL)]),
            Facts("Loss", loss_formula(choice), [("Guessing", _GUESS)]),
            Facts("Cost of these settings", cost_formula(choice), [("Back", _BACK)]),
        ],
        "train_facts",
    )
    _ask()


_ADAM = (
    "moves each weight θ against its mean gradient m̂, in units of that gradient's usual size √v̂; "
    "the W is weight decay: λ θ pulls every weight towards 0."
)
_FALL = "it falls along half a cosine to 0: the one-cycle policy of Smith and Topin (2018)."
_GUESS = "evenly among all classes costs this much; a loss above it is worse than that."
_BACK = (
    "takes as much again for the maps and for the weights; the first convolution needs no gradient of the "
    "picture. 1 MAC = 2 FLOPs. Of convolutions and the linear layer."
)


def step_formula(choice: Choice) -> list[Equation]:
    """AdamW, in symbols and with the numbers of the step of the highest rate."""
    recipe = choice.plan.recipe
    rate = f"{recipe.learning_rate:,.10g}"
    fraction: Part = {"fraction": [[_M], ["√", _V, " + ε"]]}
    return [
        ([_THETA], [_THETA, " − ", _ETA, " ( ", fraction, " + ", _LAMBDA, " ", _THETA, " )"]),
        ([_THETA], [_THETA, f" − {rate} ( ", {"fraction": [[_M], ["√", _V, " + 10⁻⁸"]]},
                    f" + {recipe.weight_decay:g} ", _THETA, " )"]),
        ([_M], ["mean of gradients, 0.9 of it old"]),
        ([_V], ["mean of their squares, 0.999 of it old"]),
    ]  # fmt: skip


def rate_text(choice: Choice, run: LiveRun | None) -> str:
    """What the rate is now."""
    if run is not None and run.steps:
        last = run.steps[-1]
        return f"was {significant(last.learning_rate)} in the last step of the run, step {last.step:,}."
    return f"is {choice.plan.recipe.learning_rate:,.10g} at its highest, as in the second line."


def rate_formula(choice: Choice) -> list[Equation]:
    """The way up."""
    recipe, steps = choice.plan.recipe, choice.cost.steps
    peak = math.floor(0.2 * steps)
    first = recipe.rate_at(0, steps)
    top: Part = {"below": "max"}
    outcome: Part = {"result": significant(first)}
    general: Part = {"fraction": [["s"], ["⌊0.2 S⌋ + 1"]]}
    return [
        ([_ETA], [_ETA, top, " · ", general, " up to s = ⌊0.2 S⌋ + 1"]),
        (["S"], [result(steps), f", so up to s = {peak + 1:,}"]),
        ([_ETA, " of step 1"], [f"{recipe.learning_rate:,.10g} / {peak + 1:,} = ", outcome]),
    ]  # fmt: skip


def loss_formula(choice: Choice) -> list[Equation]:
    """Cross-entropy, and that of a guess."""
    outcome: Part = {"result": significant(math.log(choice.classes))}
    return [
        (["L"], ["−ln p of the true class, mean over the batch"]),
        (["guessing"], [f"−ln (1/{choice.classes}) = ", outcome]),
    ]


def cost_formula(choice: Choice) -> list[Equation]:
    """Steps and multiply-accumulates."""
    cost, recipe = choice.cost, choice.plan.recipe
    batch = cost.batch_size
    each = cost.steps // recipe.epochs
    total: Part = {"result": f"{significant(cost.steps * cost.step_macs / 1e9)} billion MACs"}
    return [
        (["steps"], [f"epochs · pictures / batch size = {recipe.epochs} · {each:,} = ", result(cost.steps)]),
        (["MACs a step"], ["batch size · (3 · forward − first layer)"]),
        ([], [f"{batch} · (3 · {cost.forward_macs:,} − {cost.first_macs:,}) = ", result(cost.step_macs)]),
        (["in all"], [total]),
        (["parameters"], [result(cost.parameters)]),
    ]


def _ask() -> None:
    check_yourself(
        "6,400 pictures, batches of 32, 5 epochs: how many steps does training take?",
        1000,
        {
            "that is one epoch": 200,
            "each step takes a batch of 32, not a picture": 32_000,
            "you left out the batch size and the epochs": 6400,
        },
        "train_quiz_steps",
        "Check yourself: steps",
    )
    right = "The network has learned its pictures by heart"
    choose_yourself(
        "While training 100 % of the answers are right, on held-out pictures 35 %. What has happened?",
        {
            "The learning rate is too high": "then the loss would not fall on the training pictures either.",
            right: "it overfits: with few pictures, seen again and again, it is easier to remember each "
            "of them "
            "than to find what they have in common. More pictures, or changed ones, help.",
            "It needs more epochs": "there is nothing left to learn from these pictures: all are right.",
            "The held-out pictures are wrongly labelled": "they come from the same source as the others.",
        },
        right,
        "train_quiz_overfit",
        "Check yourself: two accuracies",
    )
