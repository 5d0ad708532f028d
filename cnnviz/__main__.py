"""The shell: `python -m cnnviz layers resnet50`, `python -m cnnviz train …`."""

import argparse
import os
import sys
from collections.abc import Sequence

from cnnviz.errors import CnnvizError
from cnnviz.training.command import add_train


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it went well, 1 if it could not be done, 2 if it was not understood."""
    given = _parser().parse_args(arguments)
    try:
        text = given.run(given)
    except (CnnvizError, OSError) as error:
        sys.stderr.write(f"cnnviz: {error}\n")
        return 1
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnviz", description="See how convolutional networks work."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    layers = commands.add_parser(
        "layers",
        help="a table of a model's layers",
        description="Every operation of a model: shapes, parameters, MACs (1 MAC = 2 FLOPs), fields.",
    )
    layers.add_argument("model", metavar="MODEL", help="its name, such as resnet50")
    shape = layers.add_mutually_exclusive_group()
    shape.add_argument("--size", type=_pixels, metavar="N", help="height and width of the input in pixels")
    shape.add_argument("--input", type=_shape, metavar="N,C,H,W", help="the whole shape of the input")
    layers.add_argument(
        "--csv", nargs="?", const="-", metavar="FILE", help="as CSV, to FILE or to the standard output"
    )
    layers.set_defaults(run=_layers)
    add_train(commands)
    return parser


def _pixels(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _shape(text: str) -> tuple[int, ...]:
    numbers = tuple(_pixels(part) for part in text.split(","))
    if len(numbers) < 2:
        raise argparse.ArgumentTypeError(f"{text} is no shape such as 1,3,224,224")
    return numbers


def _layers(given: argparse.Namespace) -> str:
    """The table or the CSV text of one model; an empty text if it went to a file."""
    from cnnviz.analysis.trace import trace
    from cnnviz.analysis.trace_text import table
    from cnnviz.nets.catalog import catalog_entry, model_outline

    shape = given.input or catalog_entry(given.model).input_shape
    if given.size:
        shape = (*shape[:2], given.size, given.size)
    found = trace(model_outline(given.model), shape)
    if given.csv is None:
        return table(found)
    text = found.to_csv(None if given.csv == "-" else given.csv)
    return text if given.csv == "-" else ""


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without "×" shows "?" and goes on
    sys.exit(main())
