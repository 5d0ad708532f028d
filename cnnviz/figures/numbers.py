"""Numbers as texts, on screen and in figures.

The browser writes values by the same rule as `significant` (cnnviz/ui/components/shared/numbers.js); one
table of cases tests both. Counts are written in full, `f"{count:,}"`.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal


def significant(value: float) -> str:
    """A value with four significant digits: "1,235", "−0.5000", "1.634·10⁻⁷".

    Thousands are separated, the minus sign is a real one. From 10⁷ on and below 10⁻⁴ it is a power of ten.
    The shortest decimal that stands for the number is rounded, halves away from zero.
    """
    value = float(value)  # NumPy would compare a float32 as a float32
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return power_of_ten(value, 4)
    rounded = _rounded(value, 4)
    return f"{rounded:,.{max(0, 3 - rounded.adjusted())}f}".replace("-", "−")


def power_of_ten(value: float, digits: int = 2) -> str:
    """A finite number as a person writes a small one, such as a rounding error: "1.9·10⁻⁶"."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{_rounded(value, digits):.{digits - 1}e}".split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{superscript}".replace("-", "−")


def percent(share: float) -> str:
    """A share with three digits: "97.1 %"."""
    if 0 < share < 1e-4:
        return "below 0.01 %"
    if 1 - 1e-4 < share < 1:
        return "over 99.99 %"
    return f"{100 * share:.3g} %"


def _rounded(value: float, digits: int) -> Decimal:
    return Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(repr(float(value)))
