"""Chinese and mixed numerals: 一千二, 三百五, 五六百, 1.2万, 一九六五 -> numbers. str -> float."""

from __future__ import annotations

import re

_DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    **dict(zip("〇壹贰叁肆伍陆柒捌玖", range(10), strict=True)),
    "○": 0, "两": 2, "俩": 2, "貳": 2, "陸": 6, "半": 0.5,
}
UNITS = {
    "十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000,
    "万": 10**4, "萬": 10**4, "w": 10**4, "亿": 10**8, "億": 10**8,
}
_TENS = (("廿", "二十"), ("卅", "三十"))
_TOKEN = re.compile(r"\d+\.?\d*|\.\d+|[^\d.]")
_NEIGHBOURS = re.compile(r"(.*?)(一二|二三|两三|三四|四五|五六|六七|七八|八九)(.*)")


def read_numeral(text: str) -> float | None:
    """The number that squeezed `text` writes, or None where it is no single number.

    Arabic digits, Chinese digits (positional, 一九六五 = 1965, or with units), both mixed (1万2 = 12000,
    3千5百). A last digit without its unit counts the next lower one: 一千二 = 1200, but 一千零二 = 1002.
    """
    for short, long in _TENS:
        text = text.replace(short, long)
    tokens = _TOKEN.findall(text.lower())
    known = all(token in _DIGITS or token in UNITS or token[-1] in "0123456789." for token in tokens)
    if not tokens or not known:
        return None
    if any(token in UNITS for token in tokens):
        return _with_units(tokens)
    if len(tokens) == 1 and tokens != ["半"]:
        return _value(tokens[0])
    positional = all(token in _DIGITS and token != "半" for token in tokens)
    return float("".join(str(_DIGITS[token]) for token in tokens)) if positional else None


def has_unit(text: str) -> bool:
    """True where the numeral itself says 百, 千, 万, 亿 (then a heading's 万元 does not apply to it again).
    """
    return any(UNITS.get(character, 1) >= 100 for character in text.lower())


def read_neighbours(text: str) -> tuple[float, float] | None:
    """`五六百` -> (500, 600), `十五六` -> (15, 16), `十几` -> (11, 19): neighbouring digits before a unit or
    alone.
    """
    if text.endswith("十几"):
        text = text[:-1]
        low = read_numeral(text)
        return None if low is None else (low + 1, low + 9)
    found = _NEIGHBOURS.fullmatch(text)
    if found is None or not (text == found[2] or any(character in UNITS for character in text)):
        return None
    before, pair, after = found.groups()
    low, high = read_numeral(before + pair[0] + after), read_numeral(before + pair[1] + after)
    return None if low is None or high is None else (low, high)


def _value(token: str) -> float:
    return float(_DIGITS[token]) if token in _DIGITS else float(token)


def _with_units(tokens: list[str]) -> float | None:
    """Sections below 万 are summed up, then multiplied; None where two numbers stand side by side."""
    total, section, last_unit, zero = 0.0, 0.0, 1, False
    pending: float | None = None
    for token in tokens:
        unit = UNITS.get(token, 0)
        if unit >= 10**4:
            if pending is None and not section and not total:
                return None
            section += pending or 0.0
            total = (total + section) * unit if unit > 10**4 else total + section * unit
            section, pending, last_unit, zero = 0.0, None, unit, False
        elif unit:
            if section and unit >= last_unit or pending is None and unit > 10:
                return None
            section += (1.0 if pending is None else pending) * unit
            pending, last_unit, zero = None, unit, False
        elif token in "零〇○" and pending is None:
            zero = True
        elif pending is not None:
            return None
        else:
            pending = _value(token)
    left = pending or 0.0
    if left == 0.5:
        return total + section + left * last_unit
    return total + section + (left * last_unit / 10 if last_unit >= 100 and not zero and left < 10 else left)
