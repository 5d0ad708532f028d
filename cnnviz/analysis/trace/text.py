"""A trace as a text table for the terminal."""

from collections.abc import Sequence

from cnnviz.analysis.trace.rows import LayerRow, Trace, times

_HEADER = ("layer", "operation", "output", "parameters", "MACs", "field", "jump", "start")
_LEFT = 3  # the first columns are left-aligned


def table(trace: Trace) -> str:
    """An aligned table of all rows, then totals; sizes are height×width, global fields are marked g."""
    rows = [_HEADER, *(_cells(row) for row in trace)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([*lines, "", *_summary(trace)]) + "\n"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.ljust(width) if index < _LEFT else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def _cells(row: LayerRow) -> tuple[str, ...]:
    seen = row.receptive_field
    numbers = tuple(f"{n:,}" if n else "" for n in (row.parameters, row.macs))
    field = ("none",) * 3 if seen is None else tuple(map(_short, (seen.size, seen.jump, seen.start)))
    return (
        row.layer, row.operation, times(row.output_shape), *numbers,
        field[0] + (" g" if row.is_global and seen else ""), *field[1:],
    )  # fmt: skip


def _short(values: Sequence[float]) -> str:
    """Both axes, or one number if they are equal."""
    texts = [f"{value:.4g}" if value != int(value) else f"{int(value)}" for value in values]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


def _summary(trace: Trace) -> list[str]:
    lines = [
        f"{trace.model} with an input of {times(trace.input_shape)}",
        f"parameters  {trace.parameters:,}",
        f"MACs        {trace.macs:,}  (1 MAC = 2 FLOPs)",
        f"activations {trace.activation_bytes:,} bytes written, views and in-place operations left out",
    ]
    if trace.has_map:
        row = trace.last_map
        assert row.receptive_field is not None
        lines.append(f"last map    {row.layer}: sees {times(map(int, row.receptive_field.size))} pixels")
    if any(row.is_global for row in trace if row.receptive_field):
        lines.append(
            "g           global: more is seen, up to the whole input; the field leaves that path out"
        )
    lines += [
        f"not reached {skipped.layer} ({skipped.operation}): {skipped.parameters:,} parameters"
        for skipped in trace.unreached
    ]
    return lines
