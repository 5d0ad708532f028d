"""Tables as CSV files."""

import csv
import io
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def csv_file(rows: Sequence[Row]) -> bytes:
    """Rows with equal keys as a CSV file: UTF-8, with a header line."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
