"""The number that a cell says, with its unit, period and qualifier: 约2万, 800-1000, 450+300. object ->
Quantity.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from bangfu_analysis.cleaning.numerals import UNITS, has_unit, read_neighbours, read_numeral
from bangfu_analysis.cleaning.readings import LIKE, Reading, read_absence, text_of, told
from bangfu_analysis.codebook import patterns
from bangfu_analysis.text import squeeze


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a cell says that is no single number: at least `low`, at most `high`; None where it leaves it
    open.
    """

    low: float | None = None
    high: float | None = None

    def times(self, scale: float) -> Bounds:
        """The same bounds in another unit."""
        return Bounds(*(None if end is None else end * scale for end in (self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as said.

    `how` is "", approximate (约, 多, 近), band (以上, 以下), range, sum, mended (letters among the digits) or
    note (a remark in brackets may mean another number); `scaled`: it says its own 元 or 万; `period`: 月, 季,
    年, 天, 周 or 小; `parts` of a sum.
    """

    value: float
    how: str = ""
    bounds: Bounds | None = None
    scaled: bool = False
    period: str = ""
    parts: tuple[float, ...] = ()


_WORDS, _UNITS = patterns("quantities"), patterns("units")
_ONLY_MONEY = {"period", "yuan", "source", "total", "plus"}
_SCANNERS = {
    kind: re.compile("|".join(f"(?P<{n}>{w.pattern})" for n, w in {"unit": unit, **_WORDS}.items()), re.I)
    for kind, unit in _UNITS.items()
}
_PLAIN = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?", re.I)
_DIGIT_RUN = re.compile(r"(?<![A-Za-z])[\dOoIl.,]*\d[\dOoIl.,]*(?![A-Za-z])")
_LETTERS = str.maketrans("OoIl", "0011")
_UNIT_ENDING = re.compile(f"[{''.join(UNITS)}]+$")


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
    mended = _DIGIT_RUN.sub(lambda run: run.group().translate(_LETTERS), text)
    said = _said(LIKE["thousands"].sub(lambda run: run.group().replace(",", ""), mended), kind)
    if said is not None and math.isfinite(said.value):
        return replace(said, how=said.how or "mended") if mended != text else said
    sources = tuple(found.group() for found in _WORDS["source"].finditer(text))
    if sources and not re.search(r"\d", text):
        return told("income_without_amount", detail=sources)
    return told("not_a_number")


def _said(text: str, kind: str) -> Quantity | None:
    if _PLAIN.fullmatch(text):
        return Quantity(float(text))
    if LIKE["negative"].match(text):
        return Quantity(-1.0)
    bare = LIKE["bracket"].sub(lambda note: note[1] if _is_told(note[1], kind) else note[0], text)
    words = _words(bare, _SCANNERS[kind])
    if words is None or (kind not in ("money", "answer") and _ONLY_MONEY - {"total"} & {n for n, _ in words}):
        return None
    said = _interpret([word for word in words if word[0] not in ("note", "filler", "unit")])
    doubtful = any(name == "note" and LIKE["doubtful"].search(word) for name, word in words)
    return replace(said, how=said.how or "note") if said and doubtful else said


def _is_told(note: str, kind: str) -> bool:
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
    said = None
    if len(numbers) == 1 and "through" not in kinds:
        said = _single(numbers[0], qualifiers)
    elif len(numbers) == 2 and kinds.count("through") == 1:
        last = len(kinds) - 1 - kinds[::-1].index("number")
        between = kinds.index("number") < kinds.index("through") < last
        said = _range(*numbers) if between and not {"plus", "source", "total"} & {*kinds} else None
    elif len(numbers) >= 2 and "through" not in kinds and not qualifiers:
        said = _sum(words, kinds, numbers)
    if said is None or len(periods) > 1:
        return None
    return replace(said, scaled="yuan" in kinds or any(map(has_unit, numbers)), period="".join(periods))


def _single(number: str, qualifiers: list[tuple[str, str]]) -> Quantity | None:
    if pair := read_neighbours(number):
        return Quantity(sum(pair) / 2, "range", Bounds(*pair))
    value = read_numeral(number)
    if value is None or not qualifiers:
        return None if value is None else Quantity(value)
    how = "band" if any(name == "band" for name, _ in qualifiers) else "approximate"
    above = any(name == "above" or word in ("以上", ">", ">=", "≥") for name, word in qualifiers)
    below = any(name == "below" or word in ("以下", "以内", "<", "<=", "≤") for name, word in qualifiers)
    bounds = Bounds(value if above else None, value if below else None)
    return None if above and below else Quantity(value, how, bounds)


def _range(first: str, second: str) -> Quantity | None:
    """`1-2万` counts both ends in 万; ends in falling order are no range."""
    ending = _UNIT_ENDING.search(second)
    low = read_numeral(first + (ending.group() if ending and not has_unit(first) else ""))
    high = read_numeral(second)
    if low is None or high is None or low >= high:
        return None
    return Quantity((low + high) / 2, "range", Bounds(low, high))


def _sum(words: list[tuple[str, str]], kinds: list[str], numbers: list[str]) -> Quantity | None:
    """Parts joined by a plus, or each with its source (工资800低保360); a stated total (共1160) is taken as
    it is.
    """
    parts = tuple(value for value in map(read_numeral, numbers) if value is not None)
    joined = [word for name, word in words if name == "plus" and word in "+加"]
    named = kinds.count("source") >= len(numbers) - ("total" in kinds)
    if len(parts) < len(numbers) or not (named or len(joined) == kinds.count("plus") == len(parts) - 1):
        return None
    if "total" in kinds:
        last = kinds[kinds.index("total") :].count("number") == 1
        return Quantity(parts[-1], "sum", parts=parts[:-1]) if last else None
    return Quantity(sum(parts), "sum", parts=parts)
