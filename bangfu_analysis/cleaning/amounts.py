"""Money, counts, ages and measures: a cell -> one number, or why there is none. scalar."""

from __future__ import annotations

import math
import re
from datetime import date

from bangfu_analysis.cleaning.numerals import read_numeral
from bangfu_analysis.cleaning.quantities import Bounds, Quantity, read_quantity
from bangfu_analysis.cleaning.readings import BLANK, LIKE, NONE_WORDS, Reading, told
from bangfu_analysis.text import squeeze

MONTHS = {"月": 1.0, "季": 3.0, "年": 12.0}
_PERIODS = {"month": "月", "year": "年"}


def read_money(
    raw: object, *, factor: float = 1.0, period: str = "", said_period: str = "", low: float | None = None,
    high: float | None = None, none_means: str = "missing",
) -> Reading:
    """Yuan in the variable's `period` (month, year or ""), as a float.

    `factor`: what the heading or sheet says a bare number counts (10,000 for 万元); a cell's own 元, 千 or 万
    beats it. `said_period`: the period the heading says, where it is not the variable's; a cell's own 元/月
    or 元/年 beats it. Ranges give their middle (inferred) and sums their total (repaired), with `Bounds` or
    the parts as `detail`. Below zero and outside [low, high] is missing.
    """
    said = read_quantity(raw, "money")
    if isinstance(said, Reading):
        return _without_amount(raw, said, none_means)
    own = said.period or _PERIODS.get(said_period, "")
    if own and period and own not in MONTHS:
        return told("other_period", detail=said.value)
    share = MONTHS[_PERIODS[period]] / MONTHS[own] if own and period else 1.0
    scale = share * (1.0 if said.scaled else factor)
    value = round(said.value * scale, 2)
    read = _within(_told(said, value, scale), low or 0.0, high)
    if read.value is None or not said.period or share == 1.0:
        return read
    plain = told("period_converted", value, own=own)
    return read._replace(message=read.message + plain.message) if said.how else plain


def read_count(
    raw: object, low: float | None = None, high: float | None = None, *, factor: float = 1.0,
    none_means: str = "missing",
) -> Reading:
    """A whole number of persons, households or times, as an int; ranges and fractions are missing.

    `factor`: 10,000 where the heading says 万人.
    """
    said = read_quantity(raw, "count")
    if isinstance(said, Reading):
        return _without_amount(raw, said, none_means)
    return _one(said, factor, low, high, whole=True)


def read_age(raw: object, low: float | None = None, high: float | None = None) -> Reading:
    """Full years as an int. 虚岁 is lowered by one (inferred).

    `detail` of a birth year in the age column is that year (int), of 40-50 and 40多 its `Bounds`; both are
    missing.
    """
    text = squeeze(raw) if isinstance(raw, str) else ""
    if isinstance(raw, date) or re.fullmatch(r"(19|20)[0-9]{2}年?", text):
        return told("birth_year_in_age", detail=raw.year if isinstance(raw, date) else int(text[:4]))
    if re.fullmatch(r"[0-9]{1,3}[/,、;][0-9]{1,3}", text):
        return told("several_values/ages")
    if months := LIKE["months_old"].fullmatch(text):
        return _within(Reading(int(read_numeral(months[1]) or 0) // 12), low, high)
    nominal = "虚" in text
    said = read_quantity(LIKE["nominal"].sub("", text) if nominal else raw, "age")
    if isinstance(said, Reading):
        return said
    if said.bounds not in (None, Bounds()):
        return told("range", detail=said.bounds)
    if 1900 <= said.value < 2100:
        return told("birth_year_in_age", detail=int(said.value))
    value = math.floor(said.value) - nominal
    nearly = told("nominal_age", value, detail=Bounds(value - 1, value))
    return _within(nearly if nominal else _told(said, value, 1.0), low, high)


def read_number(
    raw: object, low: float | None = None, high: float | None = None, *, factor: float = 1.0
) -> Reading:
    """A measure such as a floor area, as a float; bands (20以下(含)) and ranges are missing with `Bounds` as
    detail.
    """
    said = read_quantity(raw, "number")
    return said if isinstance(said, Reading) else _one(said, factor, low, high)


def _one(
    said: Quantity, factor: float, low: float | None, high: float | None, whole: bool = False
) -> Reading:
    if said.how in ("range", "band"):
        return told("range", detail=said.bounds)
    scale = 1.0 if said.scaled else factor
    value = said.value * scale
    if whole and abs(value - round(value)) > 1e-6:
        return told("not_whole")
    return _within(_told(said, round(value) if whole else value, scale), low, high)


def _without_amount(raw: object, absent: Reading, none_means: str) -> Reading:
    """无 and 无收入 are zero or missing, as the variable says."""
    text = squeeze(raw) if isinstance(raw, str) else ""
    if text in NONE_WORDS or LIKE["zero"].fullmatch(text):
        return Reading(0.0) if none_means == "zero" else BLANK
    if LIKE["not_zero"].fullmatch(text):
        return told("no_steady_income")
    return absent


_TOLD = {"band": "approximate", "range": "range/middle", "note": "note_ignored", "mended": "letter_in_number"}


def _told(said: Quantity, value: float, scale: float) -> Reading:
    """The value with what is to be told of it: nothing where the cell simply says the number."""
    if not said.how:
        return Reading(value)
    detail = tuple(part * scale for part in said.parts) or (said.bounds and said.bounds.times(scale))
    return told(_TOLD.get(said.how, said.how), value, detail=detail or None)


def _within(read: Reading, low: float | None, high: float | None) -> Reading:
    """`read`, or where its value lies outside [low, high] that it does."""
    if (low is None or read.value >= low) and (high is None or read.value <= high):
        return read
    span = f"{low or 0:.10g} 到 {high:.10g}" if high is not None else f"不小于 {low or 0:.10g}"
    return told("out_of_range", span=span)
