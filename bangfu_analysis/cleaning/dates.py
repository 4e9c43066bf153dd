"""Dates in every spelling that forms show -> the first day of what is known, and how precisely it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import takewhile

from bangfu_analysis.cleaning.numerals import read_numeral
from bangfu_analysis.cleaning.readings import LIKE, Reading, read_absence, text_of, told
from bangfu_analysis.text import halfwidth

FIRST_YEAR = 1900
LAST_SERIAL = 60000
OLDEST = 100
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_YEARS_BACK = {"今": 0, "本": 0, "当": 0, "去": 1, "上": 1, "前": 2}
_FESTIVAL = "festival"  # 2008年春节
Written = tuple[Sequence[str], str]  # year, month and day as far as written; how they were inferred


def read_date(raw: object, *, reference: date, birth: bool = False, epoch1904: bool = False) -> Reading:
    """A `datetime.date` with `detail` day, month or year: the first day of what is known; but a year alone is
    a date only of a birth, of all else it is missing with the year as `detail`.

    `reference`: the wave's date; births lie on or before it, other dates not after its year. Two-digit years
    are 19yy for births unless that makes more than 100 years. Excel serial numbers count from 1899-12-30, or
    1904-01-01 where `epoch1904`. A float 1965.1 may be January or October: missing, as lunar dates are.
    """
    written = _written(raw, reference, _EPOCH_1904 if epoch1904 else _EPOCH_1900)
    if isinstance(written, Reading):
        return written
    (first, *rest), how = written
    if birth and how == _FESTIVAL:
        return told("not_a_date")
    years = [int(first)]
    if len(first) == 2:
        oldest = reference.year - OLDEST if birth else FIRST_YEAR
        years = [y for y in (1900 + years[0], 2000 + years[0]) if oldest <= y <= reference.year]
        if not years or (birth and len(years) > 1):
            return told("two_digit_year")
        how = how if birth else "two_digit_year/inferred"
    known = [years[-1], *takewhile(bool, map(int, rest))]
    year, month, day = [*known, 1, 1][:3]
    try:
        value = date(year if year >= FIRST_YEAR else 0, month, day)
    except ValueError:
        return told("impossible_date")
    if value > (reference if birth else date(reference.year, 12, 31)):
        return told("future_date")
    if len(known) == 1 and not birth:
        return told("year_only", detail=year)
    precision = ("year", "month", "day")[len(known) - 1]
    return told(how, value, detail=precision) if how else Reading(value, detail=precision)


def _written(raw: object, reference: date, epoch: date) -> Written | Reading:
    """The parts of a date as a cell has them, or why it has none."""
    if isinstance(raw, bool):
        return told("not_a_date")
    if isinstance(raw, str) and (found := LIKE["iso_date"].fullmatch(raw)):
        return found.groups(), ""
    if isinstance(raw, date) and raw == raw:
        return raw.isoformat()[:10].split("-"), ""
    if isinstance(raw, float) and not raw.is_integer() and FIRST_YEAR <= raw < 2100:
        text = f"{raw:.10g}"
        return told("ambiguous_month/decimal") if text.endswith(".1") else _in_text(text, reference, epoch)
    if isinstance(raw, float) and abs(raw) < LAST_SERIAL:
        return _in_text(str(int(raw)), reference, epoch)
    return read_absence(raw, parts=True) or _in_text(_tidy(text_of(raw)), reference, epoch)


def _tidy(raw: str) -> str:
    """Half width, no time of day, no weekday; spaces between digits become `-`."""
    text = LIKE["weekday"].sub("", LIKE["time_of_day"].sub("", halfwidth(raw).strip("'’‘`\"")))
    text = re.sub(r"(?<=\d)\s+(?=\d)", "-", re.sub("[—―~]+", "-", text))
    return re.sub(r"\s+", "", text).rstrip(".、,;。-/")


def _in_text(text: str, reference: date, epoch: date) -> Written | Reading:
    if LIKE["lunar"].search(text):
        return told("lunar_date")
    how = ""
    if relative := LIKE["year_word"].search(text):
        how, year = "relative_date", reference.year - _YEARS_BACK[relative[0][0]]
        text = LIKE["year_word"].sub(f"{year}年", text)
    plain = LIKE["born"].sub("", LIKE["chinese"].sub(_arabic, text))
    if LIKE["republic"].match(plain):
        how, plain = "republic_year", LIKE["republic"].sub(lambda year: f"{1911 + int(year[1])}年", plain)
    if plain.isdecimal():
        return _in_digits(plain, epoch)
    if found := LIKE["date"].fullmatch(plain):
        parts = [found[a] or found[b] for a, b in (("y", "y2"), ("m", "m2"), ("d", "d2"))]
        return [part for part in parts if part is not None], how
    if found := LIKE["year_last"].fullmatch(plain):  # 3/12/1965 is taken only where one order alone is a date
        first, second = found[1], found[3]
        if int(first) != int(second) and int(first) <= 12 and int(second) <= 12:
            return told("ambiguous_month")
        return (found[4], *((first, second) if int(first) <= 12 else (second, first))), how
    if found := LIKE["year_and_words"].fullmatch(plain):
        return (found[1],), _FESTIVAL
    return told("not_a_date")


def _arabic(found: re.Match[str]) -> str:
    value = read_numeral(found.group())
    return found.group() if value is None else str(int(value))


def _in_digits(text: str, epoch: date) -> Written | Reading:
    """YYYYMMDD, YYYYMM, YYMMDD, YYYY, or an Excel serial number of four or five digits."""
    is_year = FIRST_YEAR <= int(text[:4]) < 2100
    if len(text) == 6 and not (is_year and int(text[4:]) <= 12):
        return (text[:2], text[2:4], text[4:]), ""
    if len(text) == 8 or (len(text) in (4, 6) and is_year):
        return [part for part in (text[:4], text[4:6], text[6:]) if part], ""
    if len(text) in (4, 5) and 1000 <= int(text) <= LAST_SERIAL:
        return (epoch + timedelta(days=int(text))).isoformat().split("-"), ""
    return told("not_a_date")
