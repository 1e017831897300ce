"""Numbers, shares and dates as the language in use writes them.

The rules are CLDR's, read by Babel; the browser's `Intl` has the same, see shared/text.js. A minus is a minus sign.
"""

from __future__ import annotations

import datetime
import math
from typing import SupportsFloat

from .language_choice import language

MINUS, NOTHING = "\u2212", "\u2013"


def number(value: SupportsFloat | None, digits: int = 0) -> str:
    """With that many decimals: 1437 -> "1,437". A dash where there is none; nan and inf as they are."""
    return _decimal(value, "#,##0" + "." * bool(digits) + "0" * digits)


def significant(value: SupportsFloat | None, digits: int = 3) -> str:
    """With at most that many significant digits: 0.00123456 -> "0.00123". Beyond 1e-4 and 1e7 with an exponent."""
    if value is None or not (value := float(value)):
        return number(value)
    if math.isfinite(value) and not 1e-4 <= abs(value) < 1e7:
        mantissa, _e, exponent = f"{value:.{digits - 1}e}".partition("e")
        return _signed(f"{float(mantissa):g}e{int(exponent)}")
    if abs(value) >= 10**digits:
        return number(value)  # no digit before the point is dropped
    return _decimal(value, "@" + "#" * (digits - 1))


def percent(share: SupportsFloat | None, digits: int = 0) -> str:
    """A share of one: 0.983 -> "98%"."""
    return _decimal(share, "#,##0" + "." * bool(digits) + "0" * digits + "%")


def moment(when: datetime.datetime | str) -> str:
    """A date and time of day, from an object or ISO 8601: "Nov 29, 2026, 4:44 AM" in English."""
    from babel.dates import format_date, format_time

    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    used = language()
    return f"{format_date(when, 'medium', locale=used)}, {format_time(when, 'short', locale=used)}"


def _decimal(value: SupportsFloat | None, pattern: str) -> str:
    if value is None:
        return NOTHING
    value = float(value) if not isinstance(value, int) else value
    if not math.isfinite(value):
        return _signed(str(float(value)))
    from babel import Locale
    from babel.numbers import format_decimal, format_percent

    used = Locale.parse(language())
    if pattern.endswith("%"):  # the sign, and the space before it, as the language has it
        pattern = pattern.removesuffix("%") + used.percent_formats[None].pattern.lstrip("#,0")
        return _signed(format_percent(value, pattern, locale=used))
    return _signed(format_decimal(value, pattern, locale=used))


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
