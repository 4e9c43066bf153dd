"""Qualifiers that exclude one another, and changes that the two figures beside them do not give. Passage -> Doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bangfu_analysis.checking.numbers import Stated
from bangfu_analysis.checking.passages import Doubt, Passage, countable

_WORDS = {
    "nearly": "近",
    "over": "多（余）",
    "least": "超过（以上、至少）",
    "under": "不足（以下）",
    "about": "约（左右）",
}
_EXCLUDE = ({"nearly", "over"}, {"nearly", "least"}, {"under", "over"}, {"under", "least"}, {"nearly", "under"})
_STACKED = (
    *({"about", word} for word in ("over", "nearly", "least", "under")),
    {"least", "range"},
    {"nearly", "range"},
)
_TWICE = re.compile(r"大?约(?:占|有|为)?[^，。；、\d]{0,10}\d[\d.]*[%万亿元人户名个]*(?:左右|上下)")
_UP, _DOWN = "上升|提高|增加|增长|扩大|增至|升至", "下降|降低|减少|缩小|减至|降至|回落"
_BETWEEN = re.compile(rf"^[^，。；\d]{{0,4}}?(?P<way>{_UP}|{_DOWN})(?:到|至|为)?$")
_STEP = re.compile(rf"(?P<way>{_UP}|{_DOWN})(?:了|幅度为)?(?:约|近)?$")
_ALLOWED = 1.0


def qualifiers(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """近1000多个 (less and more at once) fails; 约300人左右 and 至少1-2次 say one thing twice or two things."""
    for one in passage.stated:
        if one.unit == "岁":
            continue
        for verdict, pairs in (("fails", _EXCLUDE), ("doubtful", _STACKED)):
            if stacked := next((pair for pair in pairs if pair <= one.said), None):
                words = "与".join(_WORDS.get(name, "范围") for name in sorted(stacked))
                yield Doubt("qualifier", one.start, f"{one.text}：{words}并用", "只用一个限定词", verdict)
                break
    for found in _TWICE.finditer(passage.text):
        yield Doubt("qualifier", found.start(), f"{found.group()}：“约”与“左右”并用", "只用一个限定词", "doubtful")


def changes(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """由a上升到b，上升c个百分点 and 比上年减少x人，下降p%: direction, difference and growth against the figures beside them."""
    for start, end in passage.sentences:
        numbers = passage.within(start, end)
        for a, b, after in zip(numbers, numbers[1:], [*numbers[2:], None], strict=False):
            way = _BETWEEN.search(passage.text[a.end : b.start])
            if way and a.unit == b.unit and re.search(r"[由从]", passage.text[start : a.start]):
                yield from _moved(passage, a, b, way["way"], after)
        for now, step, rate in zip(numbers, numbers[1:], numbers[2:], strict=False):
            yield from _growth(passage, now, step, rate)


def _moved(passage: Passage, a: Stated, b: Stated, way: str, step: Stated | None) -> Iterator[Doubt]:
    up = bool(re.match(_UP, way))
    if (b.high < a.low) if up else (b.low > a.high):
        yield Doubt("change", a.start, f"由{a.text}{way}到{b.text}", f"{'下降' if up else '上升'}")
        return
    said = _STEP.search(passage.text[b.end : step.start]) if step else None
    if step is None or said is None or "。" in passage.text[b.end : step.start]:
        return
    found, right = step.text, abs(b.value - a.value)
    slack = step.step * _ALLOWED + 1e-9
    if bool(re.match(_UP, said["way"])) != up:
        yield Doubt("change", step.start, f"{said.group()}{found}", f"{'上升' if up else '下降'}")
    elif step.unit == "%":
        growth = 100 * right / a.value if a.value else 0.0
        if not step.may_be(growth - slack, growth + slack):
            points = a.unit == "%" and step.may_be(right - slack, right + slack)
            expected = f"{right:.1f}个百分点" if a.unit == "%" else f"{growth:.1f}%"
            yield Doubt("change", step.start, found, expected, "doubtful" if points else "fails")
    elif step.unit == ("百分点" if a.unit == "%" else a.unit):
        loose = slack if a.unit == "%" else 1e-9
        less, more = (a, b) if up else (b, a)
        if not step.may_be(more.low - less.high - loose, more.high - less.low + loose):
            yield Doubt("change", step.start, found, f"{right:.10g}{'个百分点' if a.unit == '%' else a.unit}")


def _growth(passage: Passage, now: Stated, step: Stated, rate: Stated) -> Iterator[Doubt]:
    """3456人，比上年减少232人，下降6.3%: 232 of 3688."""
    first, second = passage.text[now.end : step.start], passage.text[step.end : rate.start]
    way, pace = _STEP.search(first), _STEP.search(second)
    same = countable(now) and now.unit == step.unit and rate.unit == "%"
    if not (same and way and pace and re.search(r"[比较]|同比", first)) or "。" in first + second:
        return
    up = bool(re.match(_UP, way["way"]))
    if bool(re.match(_UP, pace["way"])) != up:
        yield Doubt("change", rate.start, f"{pace.group()}{rate.text}", "上升" if up else "下降")
        return
    before = now.value - step.value if up else now.value + step.value
    if before <= 0 or {"about", "over", "nearly"} & (now.said | step.said):
        return
    growth = 100 * step.value / before
    if not rate.may_be(growth - rate.step, growth + rate.step):
        yield Doubt("change", rate.start, rate.text, f"{step.text}÷{before:.10g}{now.unit}={growth:.1f}%")
