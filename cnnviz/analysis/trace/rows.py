"""`Trace` and `LayerRow`: the result of tracing a network."""

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cnnviz.analysis.field.receptive_field import ReceptiveField
from cnnviz.errors import CnnvizError

if TYPE_CHECKING:
    import pandas as pd

RowKind = Literal[
    "convolution", "norm", "activation", "pooling", "linear", "attention", "join", "reshape", "other"
]


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One operation of a network.

    Attributes:
        layer: dotted path of the module, as in `named_modules()`; for a function called in a module's
            `forward`, that module's path and the function's name ("layer1.0.add"). A second run is
            called "layer1.0.relu#2".
        kind: the category of the operation.
        operation: the module's class or the function's name.
        input_shapes: of the arguments that depend on the input, batch axis included.
        output_shape: of its (first) output, batch axis included.
        parameters: those that no earlier row has used; shared ones count once.
        macs: multiply-accumulates. 1 MAC = 2 FLOPs.
        activation_elements: elements of all its outputs.
        written_elements: those of them in newly allocated memory; 0 for views and in-place operations.
        activation_bytes: memory of `written_elements` in the model's dtype.
        parents: layers of the rows whose outputs it reads; "" for the input.
        receptive_field: of the (first) output's units; None where undefined, `note` says why. `note` also
            says if further outputs have other fields; rows that read those use them.
        is_global: whether global pooling or attention on the way lets a unit see more than its local
            field, up to the whole input.
        is_pooled: whether global pooling has left one position, in this row or before it.
        note: why the receptive field is undefined, or a qualification of it.
    """

    layer: str
    kind: RowKind
    operation: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shape: tuple[int, ...]
    parameters: int
    macs: int
    activation_elements: int
    written_elements: int
    activation_bytes: int
    parents: tuple[str, ...]
    receptive_field: ReceptiveField | None
    is_global: bool
    is_pooled: bool
    note: str

    @property
    def units(self) -> tuple[int, ...]:
        """Number of units along each spatial axis; () without a receptive field."""
        seen = self.receptive_field
        return tuple(self.output_shape[dim] for dim in seen.dims) if seen else ()


@dataclass(frozen=True, slots=True)
class Unreached:
    """A module that the pass did not use, such as an auxiliary head in eval mode."""

    layer: str
    operation: str
    parameters: int


@dataclass(frozen=True, slots=True, eq=False)
class Trace(Sequence[LayerRow]):
    """The rows of a network in execution order; index by number or by layer: `trace["layer4.1.conv2"]`.

    Attributes:
        model: the class of the network.
        input_shape: with the batch axis.
        rows: one per operation.
        unreached: the topmost modules with parameters that the pass did not use.
        parameters: of the whole model, unreached modules included: `sum(p.numel())`.
    """

    model: str
    input_shape: tuple[int, ...]
    rows: tuple[LayerRow, ...]
    unreached: tuple[Unreached, ...]
    parameters: int
    _of_layer: dict[str, int] = field(repr=False)
    _last_ops: tuple[int, ...] = field(repr=False)
    _last_map: int | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    def __getitem__(self, key: str | int | slice) -> LayerRow:  # type: ignore[override]
        """A row by its layer or number. The path of a block gives the block's last row.

        Raises:
            CnnvizError: if no row has that layer; the message suggests similar names.
        """
        return self.rows[self._number(key) if isinstance(key, str) else key]  # type: ignore[return-value]

    def op_of(self, layer: str) -> int:
        """`Op.index` of the operation that computes a row's output."""
        return self._last_ops[self._number(layer)]

    def _number(self, key: str) -> int:
        if key not in self._of_layer:
            near = difflib.get_close_matches(key, self._of_layer, n=3, cutoff=0.4)
            skipped = next((u.layer for u in self.unreached if f"{key}.".startswith(f"{u.layer}.")), None)
            reason = f"{skipped!r} is not used in this pass." if skipped else f"Near it: {', '.join(near)}."
            raise CnnvizError(f"The trace has no layer {key!r}." + (f" {reason}" if near or skipped else ""))
        return self._of_layer[key]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole pass. 1 MAC = 2 FLOPs."""
        return sum(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Bytes that all operations write; views and in-place operations count 0."""
        return sum(row.activation_bytes for row in self.rows)

    @property
    def has_map(self) -> bool:
        """Whether any row has a spatial map with a receptive field."""
        return self._last_map is not None

    @property
    def last_map(self) -> LayerRow:
        """The row of the last spatial map with a receptive field, before global pooling or flatten.

        Raises:
            CnnvizError: if there is none, as in a network without convolutions.
        """
        if self._last_map is None:
            raise CnnvizError(f"{self.model} has no spatial map with a receptive field: {self._why_no_map()}")
        return self.rows[self._last_map]

    def _why_no_map(self) -> str:
        return next((row.note for row in self.rows if row.note), "nothing is computed from its input") + "."

    def records(self) -> list[dict[str, object]]:
        """One flat dict per row, with height and width in columns of their own."""
        return [_record(row) for row in self.rows]

    def to_dataframe(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.records(), columns=[*_COLUMNS, "note"])

    def to_csv(self, path: str | Path | None = None) -> str:
        """The rows as CSV text (UTF-8), written to `path` if there is one."""
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, fieldnames=[*_COLUMNS, "note"])
        writer.writeheader()
        writer.writerows(self.records())
        if path is not None:
            Path(path).write_text(buffer.getvalue(), encoding="utf-8", newline="")
        return buffer.getvalue()


_COLUMNS = (
    "layer", "kind", "operation", "input_shapes", "output_shape", "parameters", "macs", "activation_elements",
    "activation_bytes", "parents", "field_height_px", "field_width_px", "jump_height_px", "jump_width_px",
    "start_row_px", "start_column_px", "global", "covers_input",
)  # fmt: skip


def _record(row: LayerRow) -> dict[str, object]:
    seen = row.receptive_field
    pairs = (
        [(None, None)] * 3 if seen is None else [_height_width(v) for v in (seen.size, seen.jump, seen.start)]
    )
    values = (
        row.layer, row.kind, row.operation, " ".join(map(times, row.input_shapes)), times(row.output_shape),
        row.parameters, row.macs, row.activation_elements, row.activation_bytes, " ".join(row.parents),
        *(number for two in pairs for number in two), row.is_global, seen and seen.covers_input,
    )  # fmt: skip
    return {**dict(zip(_COLUMNS, values, strict=True)), "note": row.note}


def _height_width(values: Sequence[float]) -> tuple[float | None, float | None]:
    """(height, width): the last two axes; the height is None for 1-D signals."""
    return (values[-2] if len(values) > 1 else None, values[-1] if values else None)


def times(shape: Iterable[int]) -> str:
    """(64, 7, 7) → "64×7×7"."""
    return "×".join(map(str, shape))
