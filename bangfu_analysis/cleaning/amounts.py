"""Money, counts, ages and measures: the number that a cell says, with its unit, period and qualifier (约2万,
800-1000, 450+300), and what it is as a value, or why there is none. scalar.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from bangfu_analysis.cleaning.numerals import has_unit, read_neighbours, read_numeral
from bangfu_analysis.cleaning.readings import BLANK, LIKE, Reading, read_absence, text_of, told
from bangfu_analysis.codebook import Variable, patterns
from bangfu_analysis.text import squeeze

MONTHS = {"月": 1.0, "季": 3.0, "年": 12.0}
_PERIODS = {"month": "月", "year": "年"}
_WORDS, _UNITS = patterns("quantities"), patterns("units")
_ONLY_MONEY = {"period", "yuan", "source", "plus"}
_SCANNERS = {
    kind: re.compile("|".join(f"(?P<{n}>{w.pattern})" for n, w in {"unit": unit, **_WORDS}.items()), re.I)
    for kind, unit in _UNITS.items()
}
_LETTERS = str.maketrans("OoIl", "0011")
_PROBLEMS = {  # of a number that is not simply said
    "about": "approximate", "above": "approximate", "below": "approximate", "band": "approximate",
    "range": "range/middle", "sum": "sum", "note": "note_ignored", "mended": "letter_in_number",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as said.

    `how` is "", about (约), above (多), below (近), band (以上, 以下), range, sum, mended (letters among the
    digits) or note (a remark in brackets may mean another number); `scaled`: it says its own 元 or 万;
    `period`: 月, 季, 年, 天, 周 or 小.
    """

    value: float
    how: str = ""
    scaled: bool = False
    period: str = ""


def read_money(raw: object, variable: Variable, factor: float = 1.0, heading_period: str = "") -> Reading:
    """Yuan in the variable's period (month, year or ""), as a float.

    `factor`: what the heading or sheet says a bare number counts (10,000 for 万元); a cell's own 元, 千 or 万
    beats it. `heading_period`: the period of the heading, where it is not the variable's; a cell's own 元/月
    or 元/年 beats it. Ranges give their middle (inferred) and sums their total (repaired). Below zero and
    outside the variable's range is missing.
    """
    quantity = read_quantity(raw, "money")
    if isinstance(quantity, Reading):
        return _without_amount(raw, quantity, variable)
    own = quantity.period or _PERIODS.get(heading_period, "")
    if own and variable.period and own not in MONTHS:
        return told("other_period")
    share = MONTHS[_PERIODS[variable.period]] / MONTHS[own] if own and variable.period else 1.0
    value = round(quantity.value * share * (1.0 if quantity.scaled else factor), 2)
    read = _within(_with_problem(quantity, value), variable.low or 0.0, variable.high)
    if read.value is None or not quantity.period or share == 1.0:
        return read
    plain = told("period_converted", value, own=own)
    return read._replace(message=read.message + plain.message) if quantity.how else plain


def read_count(raw: object, variable: Variable, factor: float = 1.0) -> Reading:
    """A whole number of persons, households or times, as an int; ranges and fractions are missing.

    `factor`: 10,000 where the heading says 万人.
    """
    quantity = read_quantity(raw, "count")
    if isinstance(quantity, Reading):
        return _without_amount(raw, quantity, variable)
    value = quantity.value * (1.0 if quantity.scaled else factor)
    if quantity.how not in ("range", "band") and abs(value - round(value)) > 1e-6:
        return told("not_whole")
    return _one(quantity, round(value), variable)


def read_number(raw: object, variable: Variable, factor: float = 1.0) -> Reading:
    """A measure such as a floor area, as a float; bands (20以下(含)) and ranges are missing."""
    quantity = read_quantity(raw, "number")
    if isinstance(quantity, Reading):
        return quantity
    return _one(quantity, quantity.value * (1.0 if quantity.scaled else factor), variable)


def read_age(raw: object, variable: Variable) -> Reading:
    """Full years as an int. 虚岁 is lowered by one (inferred); a birth year, 40-50 and 40多 are missing."""
    text = squeeze(raw) if isinstance(raw, str) else ""
    if isinstance(raw, date) or re.fullmatch(r"(19|20)[0-9]{2}年?", text):
        return told("birth_year_in_age")
    if re.fullmatch(r"[0-9]{1,3}[/,、;][0-9]{1,3}", text):
        return told("several_values/ages")
    if months := LIKE["months_old"].fullmatch(text):
        return _within(Reading(int(read_numeral(months[1]) or 0) // 12), variable.low, variable.high)
    nominal = "虚" in text
    quantity = read_quantity(LIKE["nominal"].sub("", text) if nominal else raw, "age")
    if isinstance(quantity, Reading):
        return quantity
    if quantity.how in ("range", "band", "above", "below"):
        return told("range")
    if 1900 <= quantity.value < 2100:
        return told("birth_year_in_age")
    value = math.floor(quantity.value)
    read = told("nominal_age", value - 1) if nominal else _with_problem(quantity, value)
    return _within(read, variable.low, variable.high)


def _one(quantity: Quantity, value: float, variable: Variable) -> Reading:
    if quantity.how in ("range", "band"):
        return told("range")
    return _within(_with_problem(quantity, value), variable.low, variable.high)


def _without_amount(raw: object, absent: Reading, variable: Variable) -> Reading:
    """无 and 无收入 are zero or missing, as the variable says."""
    text = squeeze(raw) if isinstance(raw, str) else ""
    if LIKE["says_none"].fullmatch(text) or LIKE["zero"].fullmatch(text):
        return Reading(0.0) if variable.none_means == "zero" else BLANK
    return told("no_steady_income") if LIKE["not_zero"].fullmatch(text) else absent


def _with_problem(quantity: Quantity, value: float) -> Reading:
    """The value with what is to be told of it: nothing where the cell simply says the number."""
    return told(_PROBLEMS[quantity.how], value) if quantity.how else Reading(value)


def _within(read: Reading, low: float | None, high: float | None) -> Reading:
    """`read`, or where its value lies outside [low, high] that it does."""
    if (low is None or read.value >= low) and (high is None or read.value <= high):
        return read
    span = f"{low or 0:.10g} 到 {high:.10g}" if high is not None else f"不小于 {low or 0:.10g}"
    return told("out_of_range", span=span)


def read_quantity(raw: object, kind: str) -> Quantity | Reading:
    """The Quantity in a cell of `kind` money, count, age, number or answer (any unit); else the Reading that
    says why there is none.

    A text is read only where every word of it is known: a number, its unit, a qualifier, a source of income.
    """
    if isinstance(raw, (date, time, timedelta)):
        return told("date_in_number")
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and raw == raw and abs(raw) < 1e300:
        return Quantity(float(raw))
    absent = read_absence(raw, parts=True)
    if absent is not None:
        return absent
    text = squeeze(text_of(raw)).strip("'’‘`").rstrip("。.、,;")
    mended = LIKE["digit_run"].sub(lambda run: run.group().translate(_LETTERS), text)
    quantity = _parsed(LIKE["thousands"].sub(lambda run: run.group().replace(",", ""), mended), kind)
    if quantity is not None and math.isfinite(quantity.value):
        return replace(quantity, how=quantity.how or "mended") if mended != text else quantity
    without_amount = _WORDS["source"].search(text) and not re.search(r"\d", text)
    return told("income_without_amount" if without_amount else "not_a_number")


def _parsed(text: str, kind: str) -> Quantity | None:
    if LIKE["plain_number"].fullmatch(text):
        return Quantity(float(text))
    if LIKE["negative"].match(text):
        return Quantity(-1.0)
    bare = LIKE["bracket"].sub(lambda note: note[1] if _is_plain(note[1], kind) else note[0], text)
    words = _words(bare, _SCANNERS[kind])
    if words is None or (kind not in ("money", "answer") and _ONLY_MONEY & {n for n, _ in words}):
        return None
    quantity = _interpret([word for word in words if word[0] not in ("note", "filler", "unit")])
    doubtful = any(name == "note" and LIKE["doubtful"].search(word) for name, word in words)
    return replace(quantity, how=quantity.how or "note") if quantity and doubtful else quantity


def _is_plain(note: str, kind: str) -> bool:
    """True where what stands in brackets is read as if it stood outside: a period, a unit, 约; a number never
    is.
    """
    words = _words(note, _SCANNERS[kind])
    return bool(words) and not {"number", "note"} & {name for name, _ in words or ()}


def _words(text: str, scanner: re.Pattern[str]) -> list[tuple[str, str]] | None:
    """(kind, word) pairs that cover the whole text; None where something is left that no kind knows."""
    words, place = [], 0
    while place < len(text):
        found = scanner.match(text, place)
        if found is None or found.end() == place:
            return None
        name = next(name for name in ("unit", *_WORDS) if found[name] is not None)
        words.append((name, (found["per"] or found["alone"])[0] if name == "period" else found.group()))
        place = found.end()
    return words


def _interpret(words: list[tuple[str, str]]) -> Quantity | None:
    kinds = [name for name, _ in words]
    numbers = [word for name, word in words if name == "number"]
    periods = {word for name, word in words if name == "period"}
    qualifiers = [word for word in words if word[0] in ("band", "above", "below", "about")]
    quantity = None
    if len(numbers) == 1 and "through" not in kinds:
        quantity = _single(numbers[0], qualifiers)
    elif len(numbers) == 2 and kinds.count("through") == 1:
        last = len(kinds) - 1 - kinds[::-1].index("number")
        between = kinds.index("number") < kinds.index("through") < last
        quantity = _range(*numbers) if between and not {"plus", "source", "total"} & {*kinds} else None
    elif len(numbers) >= 2 and "through" not in kinds and not qualifiers:
        quantity = _sum(words, kinds, numbers)
    if quantity is None or len(periods) > 1:
        return None
    return replace(quantity, scaled="yuan" in kinds or any(map(has_unit, numbers)), period="".join(periods))


def _single(number: str, qualifiers: list[tuple[str, str]]) -> Quantity | None:
    if pair := read_neighbours(number):
        return Quantity(sum(pair) / 2, "range")
    value = read_numeral(number)
    above = any(name == "above" or word in ("以上", ">", ">=", "≥") for name, word in qualifiers)
    below = any(name == "below" or word in ("以下", "以内", "<", "<=", "≤") for name, word in qualifiers)
    if value is None or (above and below):
        return None
    names = {name for name, _ in qualifiers}
    return Quantity(value, next((how for how in ("band", "above", "below", "about") if how in names), ""))


def _range(first: str, second: str) -> Quantity | None:
    """`1-2万` counts both ends in 万; ends in falling order are no range."""
    ending = LIKE["unit_ending"].search(second)
    low = read_numeral(first + (ending.group() if ending and not has_unit(first) else ""))
    high = read_numeral(second)
    return None if low is None or high is None or low >= high else Quantity((low + high) / 2, "range")


def _sum(words: list[tuple[str, str]], kinds: list[str], numbers: list[str]) -> Quantity | None:
    """Parts joined by a plus, or each with its source (工资800低保360); a stated total (共1160) is taken as
    it is.
    """
    parts = [value for value in map(read_numeral, numbers) if value is not None]
    joined = [word for name, word in words if name == "plus" and word in "+加"]
    named = kinds.count("source") >= len(numbers) - ("total" in kinds)
    if len(parts) < len(numbers) or not (named or len(joined) == kinds.count("plus") == len(parts) - 1):
        return None
    if "total" in kinds:
        last = kinds[kinds.index("total") :].count("number") == 1
        return Quantity(parts[-1], "sum") if last else None
    return Quantity(sum(parts), "sum")
