"""Numbers, shares and dates as the language in use writes them.

The rules are CLDR's, read by Babel; the browser's `Intl` has the same, see shared/text.js. A minus is a minus sign.
"""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import SupportsFloat

from .language_choice import language

MINUS, NOTHING = "\u2212", "\u2013"
LARGEST = 1e20  # larger numbers are written with an exponent: Babel rounds to 28 digits at most


def number(value: SupportsFloat | None, digits: int = 0) -> str:
    """With that many decimals: 1437 -> "1,437"; beyond 1e20 with an exponent. A dash where there is none; nan and inf
    as they are."""
    return _decimal(value, _fixed(digits))


def significant(value: SupportsFloat | None, digits: int = 3) -> str:
    """With at most that many significant digits: 0.00123456 -> "0.00123". Beyond 1e-4 and 1e7 with an exponent."""
    if value is None or not (value := float(value)):
        return number(value)
    if math.isfinite(value) and not 1e-4 <= abs(value) < 1e7:
        return _with_exponent(value, digits)
    if abs(value) >= 10**digits:
        return number(value)  # no digit before the point is dropped
    rounded = float(f"{value:.{digits - 1}e}")  # by us: Babel loses a decade where a value below 1 is rounded up to it
    return _decimal(rounded, "@" + "#" * (digits - 1))


def measured(value: float, error: float) -> tuple[str, str]:
    """A value and its standard error, both to the second significant digit of the error: 35.9021, 0.98 -> "35.90",
    "0.98". Without an error above 0: 6 significant digits, and a dash."""
    if not (math.isfinite(error) and error > 0):
        return significant(value, 6), NOTHING
    digits = max(0, 1 - math.floor(math.log10(float(f"{error:.1e}"))))
    return number(value, digits), number(error, digits)


def percent(share: SupportsFloat | None, digits: int = 0) -> str:
    """A share of one: 0.983 -> "98%"."""
    if share is None or not math.isfinite(share):
        return number(share)
    from babel import Locale
    from babel.numbers import format_percent

    used = Locale.parse(language())
    sign = used.percent_formats[None].pattern.lstrip("#,0")  # with the space before it, where a language has one
    return _signed(format_percent(float(share), _fixed(digits) + sign, locale=used))


def moment(when: datetime.datetime | str) -> str:
    """A date and time of day, from an object or ISO 8601: "Nov 29, 2026, 4:44 AM" in English."""
    from babel.dates import format_date, format_time

    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    used = language()
    return f"{format_date(when, 'medium', locale=used)}, {format_time(when, 'short', locale=used)}"


def _fixed(digits: int) -> str:
    """CLDR's pattern of a number with that many decimals."""
    return "#,##0" + "." * bool(digits) + "0" * digits


def _decimal(value: SupportsFloat | None, pattern: str) -> str:
    if value is None:
        return NOTHING
    value = value if isinstance(value, int) else float(value)  # an int may have more digits than a float
    if abs(value) >= LARGEST:
        return _with_exponent(value, 3) if isinstance(value, int) or math.isfinite(value) else _signed(str(value))
    if math.isnan(value):
        return str(value)
    from babel.numbers import format_decimal

    return _signed(format_decimal(value, pattern, locale=language()))


def _with_exponent(value: float | int, digits: int) -> str:
    mantissa, _e, exponent = f"{Decimal(value):.{digits - 1}e}".partition("e")
    return _signed(f"{float(mantissa):g}e{int(exponent)}")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
