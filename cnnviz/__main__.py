"""The shell: `python -m cnnviz layers resnet50`, `… maps photo.jpg --out maps.png`, `… train`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.errors import CnnvizError
from cnnviz.training.command import add_train

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.analysis.layers.summaries import LayerSummary


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 on success, 1 on an error, 2 on invalid arguments."""
    given = _parser().parse_args(arguments)
    try:
        text: str = given.run(given)
    except (CnnvizError, OSError) as error:
        sys.stderr.write(f"cnnviz: {error}\n")
        return 1
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnviz", description="See how convolutional networks work."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_layers(commands)
    _add_maps(commands)
    add_train(commands)
    return parser


def _add_layers(commands: Any) -> None:
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


def _add_maps(commands: Any) -> None:
    maps = commands.add_parser(
        "maps",
        help="a layer's feature maps of a picture",
        description="What every channel of a layer answers to the square in the middle of a picture: "
        "blue above zero, red below.",
    )
    maps.add_argument("photo", metavar="PHOTO", help="a picture file")
    maps.add_argument(
        "--model", default="mini_resnet", metavar="NAME", help="its name (default: mini_resnet)"
    )
    maps.add_argument("--layer", metavar="PATH", help="as `layers` names it (default: the first convolution)")
    maps.add_argument(
        "--out",
        required=True,
        type=_map_file,
        metavar="FILE",
        help="maps.png for a picture of all maps, maps.npz for their numbers",
    )
    maps.add_argument("--weights", metavar="NAME", help='"imagenet" (default: random ones)')
    maps.add_argument("--seed", type=_seed, default=0, metavar="N", help="of random weights (default: 0)")
    maps.add_argument("--size", type=_pixels, metavar="N", help="height and width of the input in pixels")
    maps.set_defaults(run=_maps)


_DIGITS = 18  # of the largest number that is read; PyTorch counts in 64 bits
_LARGEST_MAPS = 4096


def _map_file(text: str) -> str:
    if not text.lower().endswith((".png", ".npz")):
        raise argparse.ArgumentTypeError(f"{text} ends neither in .png nor in .npz")
    return text


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > _DIGITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {'9' * _DIGITS}")
    return int(text)


def _pixels(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[: _DIGITS + 1]) < 10**_DIGITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {'9' * _DIGITS}")
    return int(text)


def _shape(text: str) -> tuple[int, ...]:
    numbers = tuple(_pixels(part) for part in text.split(","))
    if len(numbers) < 2:
        raise argparse.ArgumentTypeError(f"{text} is no shape such as 1,3,224,224")
    return numbers


def _layers(given: argparse.Namespace) -> str:
    """The table or CSV of a model; "" if written to a file."""
    from cnnviz.analysis.trace.text import table
    from cnnviz.analysis.trace.trace import trace
    from cnnviz.nets.catalog import catalog_entry, meta_model

    shape = given.input or catalog_entry(given.model).input_shape
    if given.size:
        shape = (*shape[:2], given.size, given.size)
    found = trace(meta_model(given.model), shape)
    if given.csv is None:
        return table(found)
    text = found.to_csv(None if given.csv == "-" else given.csv)
    return text if given.csv == "-" else ""


def _maps(given: argparse.Namespace) -> str:
    """Write one layer's maps to a file; returns a sentence about it."""
    from cnnviz.analysis.layers.activations import FeatureMaps, feature_maps
    from cnnviz.data.images import load_image
    from cnnviz.figures.downloads import maps_npz, wall_png
    from cnnviz.nets.catalog import catalog_entry, meta_model, model
    from cnnviz.nets.inputs import network_input

    side = given.size or catalog_entry(given.model).input_shape[-1]
    if side > _LARGEST_MAPS:
        raise CnnvizError(f"Maps are computed for pictures of up to {_LARGEST_MAPS} pixels, not {side}.")
    picture = load_image(Path(given.photo)).centre_square(side)
    x = network_input(picture, given.model, given.weights)
    layer = _layer_with_maps(meta_model(given.model, given.weights), given.layer, (1, x.shape[1], side, side))
    network = model(given.model, given.weights, seed=given.seed)
    maps = FeatureMaps.of(layer.layer, feature_maps(network, x, [layer.module])[layer.layer])
    data = wall_png(maps, "index", maps.limit) if given.out.lower().endswith(".png") else maps_npz(maps)
    Path(given.out).write_bytes(data)
    _, height, width = maps.values.shape
    return f"{given.out}: {maps.channels} maps of {layer.layer}, {height}×{width} each\n"


def _layer_with_maps(
    network: "nn.Module", wanted: str | None, shape: tuple[int, int, int, int]
) -> "LayerSummary":
    """The layer of that name, or the first convolution; checked before weights are downloaded."""
    from cnnviz.analysis.layers.activations import layer_named
    from cnnviz.analysis.layers.summaries import layer_summaries
    from cnnviz.analysis.trace.trace import trace

    trace(network, shape)  # its error names the smallest size that works
    layers = {layer.layer: layer for layer in layer_summaries(network, shape)}
    if wanted is None:
        return next(layer for layer in layers.values() if layer.has_maps and layer.kind == "convolution")
    if wanted not in layers:
        layer_named(network, wanted)
        raise CnnvizError(f"Layer {wanted!r} does not run, or gives no single tensor.")
    if not layers[wanted].has_maps:
        shown = "×".join(map(str, layers[wanted].output_shape))
        raise CnnvizError(f"Layer {wanted!r} gives {shown} numbers that are no feature maps.")
    return layers[wanted]


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without "×" shows "?"
    sys.exit(main())
