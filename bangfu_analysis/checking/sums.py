"""Parts against totals, and so many times so much against the money stated. Passage -> Doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from bangfu_analysis.checking.numbers import Stated
from bangfu_analysis.checking.passages import Doubt, Passage, countable, label_before

_HEAD = re.compile(
    r"(?P<all>按[^，。；：（）\d]{1,12}?(?:划分|分类|分组|来?分|统计|来?看|计算?)[，：为]?|分为|由(?=[^，。；]{1,12}\d))|(?P<some>其中[：，]?)"
    r"|(?P<of>(?<=[人户名个家元项])中[，：]?(?=有?[^\d，。；]{0,12}\d))|(?P<inside>（(?=[^（）]*\d[^（）]*[、，；][^（）]*\d))"
)
_STOP = re.compile(r"另有|另外|此外|同时|[；，]共|合计|总计|比上年|较上年|同比|每[人户名]|人均|户均")
_REST = re.compile(r"另有|其余|其他|剩余|还有")
_OPPOSITES = [
    pair.split() for pair in ("男 女", "以上 以下", "城镇 农村", "在职 退休", "特困 一般", "已 未", "深度 相对")
]
_LONGEST_GAP, _CLOSE = 26, 0.1
_TOTAL = re.compile(r"(?:共计|合计|总计|一共|总共|共)(?:有|为|达)?(?:[约近])?$")
_ONE_EACH = frozenset("份套件袋箱")  # given one to a person where their own number is not stated
_CRITERION = re.compile(r"收入|低于|不足|标准线|低保|工资")
_PERIOD = re.compile(r"每[^，。；\d]{0,4}?(?:月|年|季|学期|天|日|次|期)[^，。；\d]{0,8}$")


def parts_and_totals(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """Lists after 其中, 按…分, 1058人中 and in brackets, whose parts do not add up to a total stated before them."""
    previous: Stated | None = None
    for head in _HEAD.finditer(passage.text):
        parts, rest = _parts(passage, head)
        before = [one for one in passage.stated if one.end <= head.start() and countable(one)]
        same = [one for one in before if parts and one.unit == parts[0].unit]
        if not same:
            continue
        total = _meant(passage, head, same, previous)
        if len(parts) == 1 and head["some"] and parts[0].low > max(one.high for one in same):
            yield _doubt("parts", parts, f"不大于{total.text}", parts[0].value)
        if len(parts) > 1:
            previous = total
            yield from _against(passage, head, parts, rest, same, total)


def _against(
    passage: Passage, head: re.Match[str], parts: list[Stated], rest: list[Stated], same: list[Stated], total: Stated
) -> Iterator[Doubt]:
    low, high = sum(one.low for one in parts), sum(one.high for one in parts)
    added = [(low, high), *((low + one.low, high + one.high) for one in rest)]
    if any(one.may_be(*ends) for one in same for ends in added):
        return
    value = sum(one.value for one in parts)
    labels = [label_before(passage, one) for one in parts]
    split = any(any(a in x for x in labels) and any(b in x for x in labels) for a, b in _OPPOSITES)
    near = abs(value - total.value) <= _CLOSE * total.value
    if head["all"] or (split and (near or value > total.value)) or (near and value > total.value):
        yield _doubt("parts", parts, f"各部分之和等于{total.text}", value)
    elif near:
        yield _doubt("parts", parts, f"各部分之和等于{total.text}，或写明其余部分", value, "doubtful")


def _parts(passage: Passage, head: re.Match[str]) -> tuple[list[Stated], list[Stated]]:
    """The numbers of one unit that follow a head up to the end of its list, and what is named as the rest."""
    end = passage.sentence_at(head.start())[1]
    if head["inside"]:
        end = passage.text.find("）", head.end())
    if following := _HEAD.search(passage.text, head.end(), end):
        end = following.start() if not head["inside"] and not following["inside"] else end
    stop = _STOP.search(passage.text, head.end(), end)
    brackets = [] if head["inside"] else [found.span() for found in re.finditer(r"（[^（）]*）", passage.text)]
    listed = [one for one in passage.within(head.end(), end) if countable(one)]
    outside = [one for one in listed if not any(a <= one.start < b for a, b in brackets)]
    parts: list[Stated] = []
    for one in outside:
        if stop and one.start >= stop.start():
            break
        gap = passage.text[parts[-1].end if parts else head.end() : one.start]
        if one.unit == (parts[0].unit if parts else one.unit) and len(re.sub(r"占?[\d.]+%", "", gap)) <= _LONGEST_GAP:
            parts.append(one)
    rest = _REST.search(passage.text, head.end(), end)
    return parts, [one for one in outside if rest and one.start >= rest.end() and parts and one.unit == parts[0].unit]


def _meant(passage: Passage, head: re.Match[str], same: list[Stated], previous: Stated | None) -> Stated:
    """The total that a list is most likely the parts of: of the same name, else of the list before, else the nearest."""
    start = passage.sentence_at(head.start())[0]
    subject = re.split(r"[，；：]", passage.text[start : head.start()])[-1].removesuffix("中")
    named = [one for one in same if subject and label_before(passage, one).endswith(subject)]
    inherited = [one for one in same if one is previous] if head["all"] else []
    return (named or inherited or same)[-1]


def sums_with_totals(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """Numbers in one sentence that are then added up (…，共计1038人) to something else."""
    for total in filter(countable, passage.stated):
        start, _ = passage.sentence_at(total.start)
        if not _TOTAL.search(passage.text[start : total.start]):
            continue
        parts = [one for one in passage.within(start, total.start) if countable(one) and one.unit == total.unit]
        gaps = [passage.text[a.end : b.start] for a, b in pairwise([*parts, total])]
        if len(parts) < 2 or any(len(gap) > _LONGEST_GAP or "其中" in gap for gap in gaps):
            continue
        ends = [(sum(p.low for p in parts[i:]), sum(p.high for p in parts[i:])) for i in range(len(parts) - 1)]
        if not any(total.may_be(*end) for end in ends):
            yield _doubt("parts", [*parts, total], _plain(sum(p.value for p in parts)), total.value, found=total.text)


def products(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """So many persons at so many yuan each that do not give the money stated (10万元, 1038人, 每人200元)."""
    for start, end in passage.sentences:
        rates = [one for one in passage.within(start, end) if one.per and not _is_criterion(passage, one)]
        if not rates or len({one.per for one in rates}) > 1:
            continue
        counts, money = _factors(passage, start, end, rates[0].per)
        if not counts or not money:
            continue
        if len(rates) == 1:
            groups = [counts[i:j] for i, j in combinations(range(len(counts) + 1), 2)]
            made = [_times(group, rates * len(group)) for group in groups]
            whole = _times(counts, rates * len(counts))
        elif len(rates) == len(counts):
            made = [whole := _times(counts, rates)]
        else:
            continue
        periods = _periods(passage, start, end, rates[0])
        sums = [(one.low, one.high) for one in money] + [(sum(m.low for m in money), sum(m.high for m in money))]
        reach = [(low * times, high * times) for low, high in made for times in periods]
        met = any(low <= top + 1e-6 and bottom - 1e-6 <= high for low, high in reach for bottom, top in sums)
        if not met and len(periods) == 1:
            people, right = _plain(sum(one.value for one in counts)), f"{_plain(sum(whole) / 2)}元"
            each = "、".join(one.text for one in rates)
            yield Doubt("product", rates[0].start, f"{money[-1].text}；{people}{rates[0].per}×{each}={right}", right)


def _factors(passage: Passage, start: int, end: int, per: str) -> tuple[list[Stated], list[Stated]]:
    """The counts and the money of a sentence; what it lacks is taken from the sentence before."""
    before = next(((a, b) for a, b in passage.sentences if b == start), (start, start))
    near = [one for one in passage.within(start, end) if countable(one)]
    wider = [*(one for one in passage.within(*before) if countable(one)), *near]
    if per in _ONE_EACH and not any(one.unit == per for one in wider):
        per = "人"
    counts, money = (
        [one for one in near if one.unit == unit] or [one for one in wider if one.unit == unit] for unit in (per, "元")
    )
    repeated = [one for one in counts if not _TOTAL.search(passage.text[: one.start])]
    return (repeated if len(repeated) > 1 else counts), money


def _is_criterion(passage: Passage, rate: Stated) -> bool:
    words = re.split(r"[，。；]", passage.text[: rate.start])[-1]
    return bool(_CRITERION.search(words[-14:])) or "under" in rate.said


def _periods(passage: Passage, start: int, end: int, rate: Stated) -> list[float]:
    """By what a rate a month or a year may be multiplied: unknown unless the sentence says how many."""
    if not _PERIOD.search(passage.text[start : rate.start]):
        return [1.0]
    units = ("年", "月", "个月", "次", "天", "期")
    return [1.0, 12.0, *(one.value for one in passage.within(start, end) if one.unit in units)]


def _times(counts: Sequence[Stated], rates: Sequence[Stated]) -> tuple[float, float]:
    pairs = [(c, r, r.step / 2 if "." in r.text else 0.0) for c, r in zip(counts, rates, strict=True)]
    return sum(c.low * (r.low - s) for c, r, s in pairs), sum(c.high * (r.high + s) for c, r, s in pairs)


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _doubt(
    relation: str, parts: Sequence[Stated], expected: str, value: float, verdict: str = "fails", found: str = ""
) -> Doubt:
    told = found or (f"{'＋'.join(one.text for one in parts)}＝{_plain(value)}" if len(parts) > 1 else parts[0].text)
    return Doubt(relation, parts[0].start, told, expected, verdict)
