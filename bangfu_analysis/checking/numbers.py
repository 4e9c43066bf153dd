"""The numbers in figures that running text states, with unit and qualifiers: 近1000多个, 3.7万人, 63%～68%.
str -> Stated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bangfu_analysis.codebook import patterns, simplified


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as the text states it.

    `start` and `end` are places in the canonical text, `text` what stands there; `value` counts single units
    (10万元 is 100000, 85% is 85.0); what the words allow lies in [`low`, `high`]. `unit` is one of 人, 户,
    元, %, 百分点 or the measure word itself ("" for none); `step` is one unit of the last digit written.
    `said` holds the qualifiers: about, nearly, over, least, under, range. `per`: the unit that a rate is of
    (人 of 每人200元).
    """

    start: int
    end: int
    text: str
    value: float
    low: float
    high: float
    unit: str
    step: float
    said: frozenset[str] = frozenset()
    per: str = ""

    def may_be(self, low: float, high: float) -> bool:
        """Whether what the words allow meets [`low`, `high`]."""
        slack = 1e-9 * max(1.0, abs(low))
        return self.low - slack <= high and low <= self.high + slack


_P, _BEFORE, _AFTER = map(patterns, ("report", "report_before", "report_after"))
_FULL = str.maketrans("０１２３４５６７８９％．,;:∶?!()“”‘’〜~", "0123456789%.，；：：？！（）\"\"''～～")
_SCALES = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_SAME = {**dict.fromkeys(("名", "生", "人口", "位", "口", "个人"), "人"), "家庭": "户", "户家庭": "户", "个百分点": "百分点"}


def canonical(text: str) -> str:
    """`text` without white space, numbers without thousands marks, punctuation in full width, digits in half.
    """
    plain = _P["grouped"].sub(lambda found: found.group().replace(",", ""), text)
    return re.sub(r"\s+", "", _P["dashed"].sub("～", simplified(plain.translate(_FULL))))


def stated_numbers(text: str) -> list[Stated]:
    """The quantities in figures in canonical `text`, in order; ordinals, dates, 110 and 4050 are none."""
    open_text = _P["no_quantity"].sub(lambda found: "□" * len(found.group()), text)
    found = (_stated(found, open_text[: found.start()]) for found in _P["number"].finditer(open_text))
    return [one for one in found if one is not None]


def _stated(found: re.Match[str], before: str) -> Stated | None:
    """The number; the lower end of a range takes the 万 of the upper one (5～6万)."""
    word = found["unit"] or found["low_unit"] or ""
    unit, times = ("%", 10.0) if word == "成" else (_SAME.get(word, word), 1.0)
    scale = times * math.prod(_SCALES[character] for character in found["scale"] or found["scale2"] or "")
    low = float(found["first"]) * scale
    high = float(found["second"]) * times * math.prod(_SCALES[c] for c in found["scale2"]) if found["second"] else low
    decimals = found["first"].partition(".")[2]
    if high < low:
        return None
    said = {name for name, words in _BEFORE.items() if words.search(before)}
    for after in (found["mid"], found["more"], found["post"]):
        said |= {name for name, words in _AFTER.items() if after and words.fullmatch(after)}
    step = scale * 10.0 ** -len(decimals)
    if high > low:
        said, reach = said | {"range"}, (low, high)
    else:  # 约4.61万元 is rounded to its digits
        reach = _reach(low, step, said - ({"about"} if len(decimals) > 1 else set()))
    each = _P["each"].search(before) if unit == "元" else None
    per = (each["one"] or each["mean"]) if each else ""
    value = (low + high) / 2
    return Stated(
        found.start(), found.end(), found.group(), value, *reach, unit, step, frozenset(said), _SAME.get(per, per)
    )


def _reach(value: float, step: float, said: set[str]) -> tuple[float, float]:
    """The interval of values that the words allow."""
    slack = step / 2 if step != 1 and not said else 0.0
    if step >= 1000 and (value / step).is_integer():
        slack = min(slack, value * 0.02)
    low, high = value - slack, value + slack
    if "about" in said:
        low, high = value * 0.9, value * 1.1
    if "nearly" in said:
        low = value * 0.85
    if "over" in said:
        high = max(high, value + (10.0 ** math.floor(math.log10(value)) if value else 1.0))
    return (-math.inf if "under" in said else low), (math.inf if "least" in said else high)
