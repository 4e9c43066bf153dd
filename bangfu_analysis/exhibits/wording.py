"""How numbers are rounded (half up, of unrounded values) and worded in a report: units named, no thousands
comma, percentages to one decimal, differences in points.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from bangfu_analysis.errors import ArgumentError

_WAN = 10_000
_DIGITS = " 一二三四五六七八九"


def half_up(value: float, decimals: int = 1) -> float:
    """Ordinary rounding as in Excel and in reports: 0.05 -> 0.1, -0.05 -> -0.1 (not half to even, GB/T 8170).
    """
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def percent(share: float, decimals: int = 1) -> float:
    """A share as a percentage, rounded half up."""
    exact = Decimal(repr(float(share))) * 100
    return float(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def counted(n: float, unit: str = "人") -> str:
    """`3456人`: no thousands comma, the unit always named."""
    if not unit:
        raise ArgumentError("counted：计数必须写明单位（人、户、人次、元等）。请给出 unit。")
    return f"{int(n)}{unit}"


def with_count(label: str, n: float) -> str:
    """`特困1058人`; a name that ends in a digit stands in quotes: `“县13”364人`."""
    return (f"“{label}”" if label[-1:].isdigit() else label) + counted(n)


def money(yuan: float) -> str:
    """`960元`, `12.5万元`: yuan below ten thousand, else 万元 with at most two decimals."""
    value, unit = (yuan, "元") if abs(yuan) < _WAN else (yuan / _WAN, "万元")
    return f"{half_up(value, 2):.2f}".rstrip("0").rstrip(".") + unit


def moved(before: float, now: float, since_when: str, unit: str) -> str:
    """`比上年增加156人，增长4.7%`; `与上年持平`; 基本持平 where growth rounds to nothing."""
    difference = int(now - before)
    if not difference:
        return f"{_level_with(since_when)}持平"
    word, rate = ("增加", "增长") if difference > 0 else ("减少", "下降")
    text = f"{since_when}{word}{counted(abs(difference), unit)}"
    if not before:
        return text
    growth = percent(abs(difference) / before)
    return f"{text}，{rate}{in_percent(growth)}" if growth else f"{text}，基本持平"


def points(step: float, since_when: str = "") -> str:
    """`比上年上升0.3个百分点` of a rounded difference of percentages; 基本持平 where it is none."""
    if not step:
        return f"{_level_with(since_when)}基本持平"
    return f"{since_when}{'上升' if step > 0 else '下降'}{abs(step):.1f}个百分点"


def _level_with(since_when: str) -> str:
    """`与上年` of 比上年: 持平 takes no 比."""
    return since_when.replace("比", "与", 1)


def year(wave: object) -> str:
    """`2009年` of a wave named 2009; any other name as it is."""
    text = str(wave)
    return f"{text}年" if len(text) == 4 and text.isdigit() else text


def date_words(day: date) -> str:
    """`2009年6月30日`."""
    return f"{day.year}年{day.month}月{day.day}日"


def since(before: object, now: object) -> str:
    """`比上年` where one year lies between the waves, else `比2007年`."""
    years = [str(before), str(now)]
    follows = all(len(y) == 4 and y.isdigit() for y in years) and int(years[1]) - int(years[0]) == 1
    return "比上年" if follows else f"比{year(before)}"


def chinese(number: int) -> str:
    """`十二` of a number below a hundred."""
    tens, ones = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}{'十' if tens else ''}{_DIGITS[ones]}".strip()


def in_percent(value: float) -> str:
    """`30.6%` of a percentage already rounded."""
    return f"{value:.1f}%"


def share_of(share: float) -> str:
    """`30.6%` of a share."""
    return in_percent(percent(share))
