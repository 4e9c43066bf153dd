"""In which order a questionnaire printed its options, as far as an export by text betrays it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

SCALES = (
    ("非常不满意", "很不满意", "不满意", "不太满意", "一般", "说不清", "基本满意", "比较满意", "满意", "很满意", "非常满意"),
    ("非常不同意", "很不同意", "不同意", "比较不同意", "不太同意", "一般", "中立", "说不清", "基本同意", "比较同意", "同意", "很同意", "非常同意", "完全同意"),
    ("完全不了解", "不了解", "不太了解", "听说过", "一般", "了解一些", "基本了解", "比较了解", "了解", "很了解", "非常了解"),
    ("不知道", "没听说过", "听说过", "了解一些", "知道一些", "知道", "完全知道"),
    ("从不", "从来没有", "没有", "很少", "偶尔", "有时", "一般", "经常", "总是"),
    ("很差", "差", "较差", "不合格", "一般", "合格", "较好", "良好", "好", "很好", "优秀"),
    ("男", "女"),
    ("是", "否", "不清楚", "说不清"),
    ("有", "没有", "无", "不清楚", "说不清"),
    ("非常不重要", "不重要", "不太重要", "一般", "比较重要", "重要", "非常重要"),
)  # fmt: skip
MOST_LISTS = 2000  # the commonest combinations settle the order
_FIRST_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LETTER = re.compile(r"[A-Z][、.．:：]")
_BELOW, _ABOVE = re.compile(r"以下|以内|不足|少于|低于"), re.compile(r"以上|超过|高于|多于|大于")


def printed_order(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels of a single choice: along a known scale, by their letters (A、…), by their numbers, else as they appear.

    By numbers where seven in ten have one (3000元以下, 3001-5000元, 15000元以上); the others follow in order of appearance.
    """
    for scale in SCALES:
        if len(labels) > 1 and set(labels) <= set(scale):
            return tuple(sorted(labels, key=scale.index))
    if all(_LETTER.match(label) for label in labels):
        return tuple(sorted(labels))
    numbered = [label for label in labels if _FIRST_NUMBER.search(label)]
    if len(numbered) < 0.7 * len(labels):
        return tuple(labels)
    return (*sorted(numbered, key=_size), *(label for label in labels if label not in numbered))


def by_precedence(lists: Iterable[tuple[Sequence[str], int]]) -> tuple[str, ...]:
    """Options of a multiple choice: services write the ticked ones in printed order, so majorities of pairs give it.

    `lists`: (ticked options, how many respondents). Pairs nobody ticked together keep the order of appearance.
    """
    rows = [(list(dict.fromkeys(options)), n) for options, n in lists]
    place = {o: i for i, o in enumerate(dict.fromkeys(o for options, _ in rows for o in options))}
    before = np.zeros((len(place), len(place)))
    for options, n in sorted(rows, key=lambda row: -row[1])[:MOST_LISTS]:
        at = [place[o] for o in options]
        for i, first in enumerate(at):
            before[first, at[i + 1 :]] += n
    later = before > before.T
    left, order = list(range(len(place))), []
    while left:
        free = next((i for i in left if not later[left, i].any()), left[0])
        order.append(free)
        left.remove(free)
    names = list(place)
    return tuple(names[i] for i in order)


def _size(label: str) -> tuple[float, int]:
    found = _FIRST_NUMBER.search(label)
    side = -1 if _BELOW.search(label) else int(bool(_ABOVE.search(label)))
    return (float(found.group()) if found else 0.0, side)
