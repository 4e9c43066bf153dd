"""Dates in every spelling that forms show -> the first day of what is known, and how precisely it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import takewhile

from bangfu_analysis.cleaning.numerals import read_numeral
from bangfu_analysis.cleaning.readings import LIKE, Reading, read_absence, text_of, told
from bangfu_analysis.text import halfwidth

DAY, MONTH, YEAR = "day", "month", "year"
FIRST_YEAR = 1900
LAST_SERIAL = 60000
OLDEST = 100
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_TIME = re.compile(r"[\sT]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_YEARS_BACK = {"今": 0, "本": 0, "当": 0, "去": 1, "上": 1, "前": 2}
_PARTS = re.compile(
    r"(?P<y>[0-9]{4}|[0-9]{2})年(?:(?P<m>[0-9]{1,2})(?:月份?|[-./]|$)(?:(?P<d>[0-9]{1,2})[日号]?)?)?"
    r"|(?P<y2>[0-9]{4}|[0-9]{2})(?P<s>[-./、,·。\\])(?P<m2>[0-9]{1,2})月?份?(?:(?P=s)(?P<d2>[0-9]{1,2})[日号]?)?"
)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{4})")


def read_date(raw: object, *, reference: date, birth: bool = False, epoch1904: bool = False) -> Reading:
    """A `datetime.date` with `detail` day, month or year: the first day of what is known; but a year alone is
    a date only of a birth, of all else it is missing with the year as `detail`.

    `reference`: the wave's date; births lie on or before it, other dates not after its year. Two-digit years
    are 19yy for births unless that makes more than 100 years. Excel serial numbers count from 1899-12-30, or
    1904-01-01 where `epoch1904`. A float 1965.1 may be January or October: missing, with the year as
    `detail`, as with lunar dates.
    """
    if isinstance(raw, bool):
        return told("not_a_date")
    if isinstance(raw, str) and (found := _ISO.fullmatch(raw)):
        return _checked([int(part) for part in found.groups()], reference, birth)
    if isinstance(raw, date) and raw == raw:
        return _checked((raw.year, raw.month, raw.day), reference, birth)
    if isinstance(raw, float) and not raw.is_integer() and FIRST_YEAR <= raw < 2100:
        text = f"{raw:.10g}"
        if text.endswith(".1"):
            return told("ambiguous_month/decimal", detail=int(raw))
        return _from_text(text, reference, birth, False)
    if isinstance(raw, float) and abs(raw) < LAST_SERIAL:
        return _from_text(str(int(raw)), reference, birth, epoch1904)
    return read_absence(raw, parts=True) or _from_text(_tidy(text_of(raw)), reference, birth, epoch1904)


def _tidy(raw: str) -> str:
    """Half width, no time of day, no weekday; spaces between digits become `-`."""
    text = LIKE["weekday"].sub("", _TIME.sub("", halfwidth(raw).strip("'’‘`\"")))
    text = re.sub(r"(?<=\d)\s+(?=\d)", "-", re.sub("[—―~]+", "-", text))
    return re.sub(r"\s+", "", text).rstrip(".、,;。-/")


def _from_text(text: str, reference: date, birth: bool, epoch1904: bool) -> Reading:
    if LIKE["lunar"].search(text):
        year = re.match(r"(\d{4})年?", text)
        return told("lunar_date", detail=int(year[1]) if year else None)
    inferred = ""
    if relative := LIKE["year_word"].search(text):
        inferred, year_number = "relative_date", reference.year - _YEARS_BACK[relative[0][0]]
        text = LIKE["year_word"].sub(f"{year_number}年", text)
    plain = LIKE["born"].sub("", LIKE["chinese"].sub(_arabic, text))
    if LIKE["republic"].match(plain):
        plain = LIKE["republic"].sub(lambda year: f"{1911 + int(year[1])}年", plain)
        inferred = "republic_year"
    return _inferred(_from_arabic(plain, reference, birth, epoch1904), inferred)


def _from_arabic(plain: str, reference: date, birth: bool, epoch1904: bool) -> Reading:
    if plain.isdecimal():
        return _from_digits(plain, reference, birth, epoch1904)
    if found := _PARTS.fullmatch(plain):
        parts = [found[a] or found[b] for a, b in (("y", "y2"), ("m", "m2"), ("d", "d2"))]
        return _from_parts([int(part) for part in parts if part is not None], len(parts[0]), reference, birth)
    if found := _YEAR_LAST.fullmatch(plain):  # 3/12/1965 is taken only where one order alone is a date
        year, first, second = int(found[4]), int(found[1]), int(found[3])
        if first != second and first <= 12 and second <= 12:
            return told("ambiguous_month", detail=year)
        return _checked((year, *((first, second) if first <= 12 else (second, first))), reference, birth)
    if (found := LIKE["year_and_words"].fullmatch(plain)) and not birth:
        return _checked([int(found[1])], reference, birth)
    return told("not_a_date")


def _arabic(found: re.Match[str]) -> str:
    value = read_numeral(found.group())
    return found.group() if value is None else str(int(value))


def _inferred(reading: Reading, key: str) -> Reading:
    return told(key, reading.value, detail=reading.detail) if key and reading.value is not None else reading


def _from_digits(text: str, reference: date, birth: bool, epoch1904: bool) -> Reading:
    """YYYYMMDD, YYYYMM, YYMMDD, YYYY, or an Excel serial number of four or five digits."""
    head, size = int(text[:4]), len(text)
    is_year = FIRST_YEAR <= head < 2100
    if size == 6 and not (is_year and int(text[4:]) <= 12):
        return _from_parts([int(text[:2]), int(text[2:4]), int(text[4:])], 2, reference, birth)
    if size == 8 or (size in (4, 6) and is_year):
        return _checked([int(part) for part in (text[:4], text[4:6], text[6:]) if part], reference, birth)
    if size in (4, 5) and 1000 <= int(text) <= LAST_SERIAL:
        day = (_EPOCH_1904 if epoch1904 else _EPOCH_1900) + timedelta(days=int(text))
        return _checked((day.year, day.month, day.day), reference, birth)
    return told("not_a_date")


def _from_parts(parts: Sequence[int], year_digits: int, reference: date, birth: bool) -> Reading:
    """Year, month, day, of which the last may be absent or 0 (unknown)."""
    if year_digits == 4:
        return _checked(parts, reference, birth)
    years = [year for year in (1900 + parts[0], 2000 + parts[0]) if year <= reference.year]
    if birth:
        years = [year for year in years if reference.year - year <= OLDEST]
    if not years or (birth and len(years) > 1):
        return told("two_digit_year")
    reading = _checked([years[-1], *parts[1:]], reference, birth)
    return reading if birth else _inferred(reading, "two_digit_year/inferred")


def _checked(parts: Sequence[int], reference: date, birth: bool) -> Reading:
    known = [*parts[:1], *takewhile(bool, parts[1:])]
    year, month, day = [*known, 1, 1][:3]
    try:
        value = date(year if year >= FIRST_YEAR else 0, month, day)
    except ValueError:
        return told("impossible_date")
    if value > (reference if birth else date(reference.year, 12, 31)):
        return told("future_date")
    if len(known) == 1 and not birth:
        return told("year_only", detail=year)
    return Reading(value, detail=(YEAR, MONTH, DAY)[len(known) - 1])

