"""`python -m cnnviz train`: train a network and write its weights, with a progress bar."""

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.errors import CnnvizError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnviz.nets.weights import Provenance
    from cnnviz.training.loop import DivergedError, TrainingRun
    from cnnviz.training.sources import Source

# Settings that a resumed run must share with the stopped one.
_SETTINGS = (
    "model", "width", "data", "epochs", "pictures", "batch_size", "learning_rate", "half_size_epochs",
    "half_size", "augment", "same_pictures", "seed",
)  # fmt: skip


_TEST_SHAPES = 5_000


def add_train(commands: Any) -> None:
    """Add the command to the shell's parser."""
    parser = commands.add_parser(
        "train",
        help="train a network",
        description="Train a network and write its weights as safetensors. Ctrl-C stops after the step "
        "in hand; with --resume the same command goes on from there.",
    )
    parser.add_argument("--model", required=True, help="simple_cnn or mini_resnet")
    parser.add_argument(
        "--data", default="shapes", help="shapes (default), cifar10, fashion_mnist, or a folder of folders"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="ends in .safetensors")
    numbers: dict[str, tuple[Any, Any, str]] = {
        "--width": (int, 64, "channels of the first block; each further one has twice as many"),
        "--epochs": (int, 5, "passes over the pictures"),
        "--pictures": (int, 10_000, "shapes in an epoch, new ones each time"),
        "--batch-size": (int, 64, "pictures a step"),
        "--learning-rate": (float, 0.002, "at its highest"),
        "--half-size-epochs": (int, 0, "epochs at the start with pictures half as large, four times as fast"),
        "--seed": (int, 0, "of weights, pictures and order"),
    }
    for option, (kind, default, text) in numbers.items():
        parser.add_argument(option, type=kind, default=default, metavar="N", help=f"{text} ({default})")
    parser.add_argument(
        "--test-pictures", type=int, metavar="N",
        help="at most so many held-out pictures at the end (5000 shapes, all of other data)",
    )  # fmt: skip
    parser.add_argument(
        "--half-size", action=argparse.BooleanOptionalAction, default=False,
        help="all pictures half as large, held-out ones too, four times as fast",
    )  # fmt: skip
    parser.add_argument(
        "--augment", action=argparse.BooleanOptionalAction,
        help="mirror and shift pictures at random; without either word all but shapes, which are endless",
    )  # fmt: skip
    parser.add_argument(
        "--same-pictures", action=argparse.BooleanOptionalAction, default=False,
        help="in every epoch the same ones, at most --pictures; else shapes are new and other data whole",
    )  # fmt: skip
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="for downloads (~/.cache/cnnviz)")
    parser.add_argument("--resume", action="store_true", help="go on with the run that was stopped")
    parser.set_defaults(run=train)


def train(given: argparse.Namespace) -> str:
    """Train with the given settings; a sentence about the file that was written.

    Raises:
        CnnvizError: if the run cannot start, diverges, or is stopped.
    """
    from cnnviz.device import available_devices
    from cnnviz.nets.weights import save_weights
    from cnnviz.training.loop import TrainingRun
    from cnnviz.training.recipe import Recipe

    unfinished = _check_paths(given)
    if given.augment is None:
        given.augment = given.data != "shapes"
    recipe = Recipe(
        given.epochs, given.batch_size, given.learning_rate,
        augment=given.augment, half_size_epochs=given.half_size_epochs, seed=given.seed,
    )  # fmt: skip
    source = _source(given)
    for note in source.notes:
        sys.stderr.write(f"{note}\n")
    network = _network(given, len(source.train.classes))
    run = TrainingRun(network, source.train, recipe, source.test, available_devices()[0])
    if given.resume:
        _restore(run, unfinished, given)
    diverged = _follow(run, unfinished, given)
    if diverged and not run.epochs_done:
        raise diverged
    provenance = _measured(run, source, given)
    save_weights(run.network, given.out, provenance)
    unfinished.unlink(missing_ok=True)
    if diverged:
        raise CnnvizError(f"{diverged} They are in {given.out}.")
    tested = f" ({provenance.test_pictures:,} held-out pictures)" if provenance.test_pictures else ""
    return f"{given.out}: {provenance.label}{tested}\n"


def _check_paths(given: argparse.Namespace) -> Path:
    """Path of the unfinished run; checks early what would fail at the end of training."""
    from cnnviz.nets.weights import SUFFIX

    if given.out.suffix != SUFFIX:
        raise CnnvizError(f"{given.out.name} must end in {SUFFIX}: weights are written in no other format.")
    if not given.out.absolute().parent.is_dir():
        raise CnnvizError(f"There is no folder {given.out.parent}.")
    unfinished: Path = given.out.with_suffix(f".unfinished{SUFFIX}")
    if given.resume and not unfinished.exists():
        raise CnnvizError(f"There is no unfinished run {unfinished}: leave out --resume to start one.")
    if unfinished.exists() and not given.resume:
        raise CnnvizError(
            f"{unfinished} is an unfinished run: add --resume to go on with it, or delete it to start anew."
        )
    return unfinished


def _source(given: argparse.Namespace) -> "Source":
    if given.test_pictures is not None and given.test_pictures < 1:
        raise CnnvizError(f"A test needs at least one picture, not {given.test_pictures}.")
    source = _whole_source(given)
    if given.same_pictures:
        source = source.same(given.pictures, given.seed)
    return source.halved() if given.half_size else source


def _whole_source(given: argparse.Namespace) -> "Source":
    from cnnviz.training.sources import DOWNLOADED, downloaded_source, folder_source, shapes_source

    if given.data == "shapes":
        return shapes_source(given.pictures, given.test_pictures or _TEST_SHAPES, given.seed)
    if given.data in DOWNLOADED:
        return downloaded_source(given.data, given.cache or Path.home() / ".cache" / "cnnviz")
    if not Path(given.data).exists():
        raise CnnvizError(
            f"There is no data named {given.data!r}, and no folder of that name. "
            f"There are: shapes, {', '.join(DOWNLOADED)}."
        )
    return folder_source(given.data, given.seed)


def _network(given: argparse.Namespace, classes: int) -> "nn.Module":
    from cnnviz.nets.catalog import catalog_entry, model, reference_names
    from cnnviz.nets.widths import channels_of

    if given.model not in reference_names():
        catalog_entry(given.model)
        raise CnnvizError(f"cnnviz trains {' and '.join(reference_names())}, not {given.model}.")
    return model(
        given.model, seed=given.seed, num_classes=classes, channels=channels_of(given.model, given.width)
    )


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(given, name) for name in _SETTINGS}


def _restore(run: "TrainingRun", unfinished: Path, given: argparse.Namespace) -> None:
    from cnnviz.nets.weights import open_tensors

    with open_tensors(unfinished) as file:
        kept = json.loads((file.metadata() or {}).get("settings", "{}"))
        for name, value in _settings(given).items():
            if kept.get(name, value) != value:
                option = name.replace("_", "-")
                raise CnnvizError(f"The unfinished run has --{option} {kept.get(name)}, not {value}.")
        tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    run.load_state_dict(tensors)


def _follow(run: "TrainingRun", unfinished: Path, given: argparse.Namespace) -> "DivergedError | None":
    """Train to the end with a progress bar; save a checkpoint after each epoch and on Ctrl-C."""
    from tqdm import tqdm

    from cnnviz.nets.weights import write_tensors
    from cnnviz.training.loop import DivergedError, EpochDone, StepDone

    def keep() -> None:
        write_tensors(run.state_dict(), unfinished, {"settings": json.dumps(_settings(given))})

    with _asked_to_stop() as stopped, tqdm(total=run.steps, initial=run.step, unit="step") as bar:
        try:
            for event in run:
                if isinstance(event, StepDone):
                    bar.update()
                    bar.set_postfix(loss=f"{event.loss:.3f}", right=f"{event.accuracy:.0%}", refresh=False)
                elif isinstance(event, EpochDone):
                    bar.write(_epoch_text(event), file=sys.stderr)
                    keep()
                if stopped:
                    keep()
                    raise CnnvizError(f"Stopped after step {run.step:,} of {run.steps:,}; --resume goes on.")
        except DivergedError as error:
            return error
    return None


def _epoch_text(event: Any) -> str:
    tested = "" if event.test_accuracy is None else f", {event.test_accuracy:.1%} on held-out ones"
    return (
        f"epoch {event.epoch} of {event.epochs}: loss {event.loss:.4f}, "
        f"{event.accuracy:.1%} right while training{tested}"
    )


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is empty until SIGINT or SIGTERM arrives; a second signal has its default effect."""
    asked: list[int] = []

    def note(number: int, _frame: Any) -> None:
        asked.append(number)
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _measured(run: "TrainingRun", source: "Source", given: argparse.Namespace) -> "Provenance":
    """Round the weights to half precision, as in the file, then test them."""
    from cnnviz.nets.weights import Provenance, halved
    from cnnviz.training.loop import count_correct

    run.network.load_state_dict(halved(run.network))
    count = len(source.test) if source.test is not None else 0
    count = min(count, given.test_pictures or count)
    correct = 0
    if source.test is not None:
        *_, (_, correct) = count_correct(run.network, source.test, run.device, count)
    name = Path(given.data).resolve().name if source.train.name != given.data else given.data
    return Provenance(
        given.model, name, tuple(source.train.classes), given.seed, int(run.epochs_done), len(source.train),
        int(correct) / count if count else None, count, _command(given, name),
    )  # fmt: skip


def _command(given: argparse.Namespace, data: str) -> str:
    """The command that reproduces the file, without this computer's folders."""
    tested = {"test_pictures": given.test_pictures} if given.test_pictures else {}
    return command_text(_settings(given) | {"data": data, "out": given.out.name} | tested)


def command_text(settings: Mapping[str, Any]) -> str:
    """The shell command with these settings."""
    return " ".join(("python -m cnnviz train", *(_option(*setting) for setting in settings.items())))


def _option(name: str, value: Any) -> str:
    option = name.replace("_", "-")
    if value is True:
        return f"--{option}"
    return f"--no-{option}" if value is False else f"--{option} {shlex.quote(str(value))}"
