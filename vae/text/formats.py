"""Numbers, shares and dates as the language in use writes them.

The rules are CLDR's, read by Babel; the browser's `Intl` has the same, see shared/text.js. A minus is a minus sign.
"""

from __future__ import annotations

import datetime
import decimal
import math
from typing import SupportsFloat

from .language_choice import language

MINUS, NOTHING = "\u2212", "\u2013"
DIGITS_MAX = 400  # a float has up to 309 before the point


def number(value: SupportsFloat | None, digits: int = 0) -> str:
    """With that many decimals: 1437 -> "1,437". A dash where there is none; nan and inf as they are."""
    return _decimal(value, _fixed(digits))


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
    if not math.isfinite(value):
        return _signed(str(value))
    from babel.numbers import format_decimal

    with decimal.localcontext(prec=DIGITS_MAX):  # Babel raises an error for more digits than that
        return _signed(format_decimal(value, pattern, locale=language()))


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
