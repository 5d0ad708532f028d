"""Runs the benchmarks and prints one table."""

import importlib
import os
import sys
import time

from benchmarks.common import Result

_BROWSER = (
    "slider_latency",
    "receptive_field_slider",
    "upload_to_wall",
    "burst",
    "sliding_window",
    "live_convolution",
    "training_beside",
)
NAMES = (*_BROWSER, "hooks", "conv2d", "crowd", "trace")
_HEADER = Result("benchmark", "measured", "peer or floor", "ratio", "goal")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 1 only if one of them cannot be run."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
        return 1
    before = _load()
    results: list[Result] = []
    for name in names or NAMES:
        start = time.perf_counter()
        results += importlib.import_module(f"benchmarks.{name}").measure()
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(_table(results))
    print(f"{os.cpu_count()} cores, load {before} before and {_load()} after: a busy machine tells little.")
    return 0


def _load() -> str:
    """How many processes wanted to run in the last minute, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _table(results: list[Result]) -> str:
    rows = [_cells(_HEADER, "met"), *(_cells(result, _yes_no(result.met)) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _cells(result: Result, met: str) -> tuple[str, ...]:
    return result.name, result.measured, result.peer, result.verdict, result.goal, met


def _yes_no(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "NO"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
