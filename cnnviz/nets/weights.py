"""Save and load weights: safetensors only, validated completely before a network is changed."""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save, save_file
from torch import Tensor, nn

from cnnviz.errors import CnnvizError

SUFFIX = ".safetensors"
_TENSORS = 20_000
_HEADER_BYTES = 8_000_000
_CLASSES = 1_000
_WORDS = 200
_COMMAND = 400
_LISTED = 3
_PICKLES = (
    b"PK\x03\x04",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
)  # torch.save's formats: ZIP, and bare pickles
_FLOATS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_INTEGERS = {"I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "BOOL": "bool"}
_NO_PICKLE = (
    "is a pickle, as torch.save writes them. Reading a pickle runs whatever code is in it, so cnnviz "
    "takes safetensors only: save the weights with safetensors.torch.save_file(model.state_dict(), …)."
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where weights come from, according to their file.

    Attributes:
        network: the name of the network.
        data: what it was trained on, such as "shapes".
        classes: names of its outputs; empty if unknown.
        seed, epochs: of the training; `pictures` an epoch.
        test_accuracy: in [0, 1], on `test_pictures` held-out pictures; None if unknown.
        command: the shell command that reproduces the file.
    """

    network: str = ""
    data: str = ""
    classes: tuple[str, ...] = ()
    seed: int | None = None
    epochs: int | None = None
    pictures: int | None = None
    test_accuracy: float | None = None
    test_pictures: int | None = None
    command: str = ""

    @property
    def label(self) -> str:
        """For the screen, such as "trained on cnnviz shapes, 98.7 % test accuracy", or "untrained"."""
        known = {"shapes": "cnnviz shapes", "cifar10": "CIFAR-10", "fashion_mnist": "Fashion-MNIST"}
        if self.epochs == 0:
            return "untrained"
        if not self.data:
            return "from a file that does not say how they were made"
        where = f"trained on {known.get(self.data, self.data)}"
        if self.test_accuracy is None:
            return where
        percent = f"{100 * self.test_accuracy:.1f}"
        if percent == "100.0" and self.test_accuracy < 1:
            percent = f"{100 * self.test_accuracy:.2f}"
        return f"{where}, {percent} % test accuracy"

    def to_metadata(self) -> dict[str, str]:
        """As safetensors metadata: strings (JSON values)."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: json.dumps(value) for name, value in values.items() if value not in (None, "", ())}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Provenance":
        """Parse safetensors metadata; missing or invalid entries are ignored."""
        fields: dict[str, Any] = {key: _text(metadata.get(key)) for key in ("network", "data")}
        fields["command"] = _text(metadata.get("command"), _COMMAND)
        for key in ("seed", "epochs", "pictures", "test_pictures"):
            fields[key] = _count(metadata.get(key))
        accuracy = _parsed(metadata.get("test_accuracy"))
        sensible = isinstance(accuracy, float | int) and 0 <= accuracy <= 1
        names = _parsed(metadata.get("classes"))
        good = isinstance(names, list) and len(names) <= _CLASSES and all(isinstance(n, str) for n in names)
        return cls(
            **fields,
            classes=tuple(" ".join(name.split())[:_WORDS] for name in names) if good else (),
            test_accuracy=float(accuracy) if sensible else None,
        )


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def _text(text: str | None, most: int = _WORDS) -> str:
    value = _parsed(text)
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _count(text: str | None) -> int | None:
    value = _parsed(text)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def is_weights_path(weights: str) -> bool:
    """Whether the text is a path rather than the name of weights."""
    return bool(Path(weights).suffix) or any(mark and mark in weights for mark in (os.sep, os.altsep))


def halved(network: nn.Module) -> dict[str, Tensor]:
    """The state dict with tensors of two or more dimensions in half precision, others unchanged."""
    return {
        name: (tensor.half() if tensor.is_floating_point() and tensor.dim() > 1 else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }


def save_weights(network: nn.Module, path: str | Path, provenance: Provenance) -> None:
    """Write a network's weights as safetensors, in half precision.

    The file is replaced atomically.

    Raises:
        CnnvizError: if a weight is not finite in half precision, or the file cannot be written.
    """
    write_tensors(_finite(network), path, provenance.to_metadata())


def packed_weights(network: nn.Module, provenance: Provenance) -> bytes:
    """The bytes that `save_weights` would write.

    Raises:
        CnnvizError: if a weight is not finite in half precision.
    """
    return save(_finite(network), provenance.to_metadata())


def _finite(network: nn.Module) -> dict[str, Tensor]:
    tensors = {name: tensor.cpu() for name, tensor in halved(network).items()}
    _refuse_not_finite(tensors, "The network")
    return tensors


def write_tensors(tensors: dict[str, Tensor], path: str | Path, metadata: dict[str, str]) -> None:
    """Write tensors to a temporary file beside `path`, then rename it.

    Raises:
        CnnvizError: if it cannot be written.
    """
    path = Path(path)
    unfinished = path.with_name(f"{path.name}.part")
    try:
        save_file(tensors, unfinished, metadata)
        unfinished.replace(path)
    except (OSError, SafetensorError) as error:
        unfinished.unlink(missing_ok=True)
        raise CnnvizError(f"{path} cannot be written: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0].rstrip(".")


def read_provenance(path: str | Path) -> Provenance:
    """The provenance in a weights file's metadata; tensors are not read.

    Raises:
        CnnvizError: if it is not a safetensors file.
    """
    with open_tensors(path) as file:
        return Provenance.from_metadata(file.metadata() or {})


def load_weights(network: nn.Module, path: str | Path, label: str) -> None:
    """Load a weights file into a network; on any error the network is unchanged.

    Args:
        network: receives the weights, converted to its dtypes.
        path: a safetensors file.
        label: name of the network in error messages.

    Raises:
        CnnvizError: if the file is missing, damaged, not safetensors, for another network, or holds
            values that are not finite.
    """
    network.load_state_dict(read_weights(network, path, label))


def read_weights(network: nn.Module, path: str | Path, label: str) -> dict[str, Tensor]:
    """The tensors of a weights file, validated against a network.

    Raises:
        CnnvizError: as `load_weights`.
    """
    wanted = network.state_dict()
    name = Path(path).name
    with open_tensors(path) as file:
        _refuse_different(file, wanted, name, label)
        tensors = {key: file.get_tensor(key).to(tensor.dtype) for key, tensor in wanted.items()}
    _refuse_not_finite(tensors, name)
    _refuse_negative_variance(tensors, name)
    return tensors


@contextmanager
def open_tensors(path: str | Path) -> Iterator[Any]:
    """An open safetensors file, whose tensors are read on demand.

    Raises:
        CnnvizError: if it is missing, damaged, or of another format; pickles are never loaded.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            head = raw.read(9)
        _refuse_other_formats(path.name, head)
        with safe_open(path, framework="pt") as file:
            if len(file.keys()) >= _TENSORS:
                raise CnnvizError(
                    f"{path.name} has {len(file.keys()):,} tensors; no network here has {_TENSORS:,} or more."
                )
            yield file
    except SafetensorError as error:
        raise CnnvizError(f"{path.name} is damaged or cut short ({_reason(error)}).") from error
    except OSError as error:
        raise CnnvizError(f"{path.name} cannot be read: {_reason(error)}.") from error


def _refuse_other_formats(name: str, head: bytes) -> None:
    """Check the first 9 bytes; safetensors has the header length in 8 bytes, then "{"."""
    if head[8:] == b"{":
        if int.from_bytes(head[:8], "little") > _HEADER_BYTES:
            raise CnnvizError(f"{name} lists more tensors than any network here has, or is damaged.")
        return
    if head.startswith(_PICKLES):
        raise CnnvizError(f"{name} {_NO_PICKLE}")
    raise CnnvizError(f"{name} is no safetensors file, or is cut short.")


def _refuse_different(file: Any, wanted: Mapping[str, Tensor], name: str, label: str) -> None:
    there = set(file.keys())
    found = [line for key, tensor in wanted.items() if (line := _difference(file, there, key, tensor))]
    extra = sorted(there - set(wanted))
    found += [f"the file has {key[:_WORDS]}, which {label} has not" for key in extra]
    if found:
        made_for = Provenance.from_metadata(file.metadata() or {}).network
        hint = f" (it says that it is for {made_for})" if made_for else ""
        raise CnnvizError(f"{name} does not fit {label}{hint}: {_listed(found)}.")


def _difference(file: Any, there: set[str], key: str, wanted: Tensor) -> str | None:
    if key not in there:
        return f"{key} is missing"
    part = file.get_slice(key)
    shape, kind = tuple(part.get_shape()), part.get_dtype()
    if shape != tuple(wanted.shape):
        return f"{key} is {_size(wanted.shape)}, the file has {_size(shape)}"
    if kind not in (_FLOATS if wanted.is_floating_point() else _INTEGERS):
        has = (_FLOATS | _INTEGERS).get(kind, kind)
        return f"{key} is {str(wanted.dtype).removeprefix('torch.')}, the file has {has}"
    return None


def _size(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _listed(found: Sequence[str]) -> str:
    more = len(found) - _LISTED
    tail = f"; and {more:,} more difference{'s' if more > 1 else ''}" if more > 0 else ""
    return "; ".join(found[:_LISTED]) + tail


def _refuse_not_finite(tensors: Mapping[str, Tensor], name: str) -> None:
    for key, tensor in tensors.items():
        bad = math.prod(tensor.shape) - int(torch.isfinite(tensor).sum())
        if bad:
            raise CnnvizError(
                f"{name} has {bad:,} value{'s' if bad > 1 else ''} in {key} that "
                f"{'are' if bad > 1 else 'is'} no finite number{'s' if bad > 1 else ''} (NaN or infinite)."
            )


def _refuse_negative_variance(tensors: Mapping[str, Tensor], name: str) -> None:
    """Refuse negative running variances, whose square root batch norm divides by."""
    for key, tensor in tensors.items():
        if key.endswith("running_var") and bool((tensor < 0).any()):
            raise CnnvizError(
                f"{name} has a value below 0 in {key}. It is a variance, which is never negative."
            )
