"""Percentages against the counts that they are of, and lists of percentages against 100. Passage -> Doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bangfu_analysis.checking.numbers import Stated
from bangfu_analysis.checking.passages import Doubt, Passage, countable, label_before

_SHARE = re.compile(
    r"(?:占|所占)(?P<of>[^，。；：（）%]{0,24}?)(?:的?(?:比重|比例|比率|份额))?(?:约|近|的|为|达|是|到)*$"
)
_EACH = re.compile(r"分别(?:占|为|是)(?P<of>[^，。；：（）\d%]{0,16}?)(?:的)?(?:约)?$")
_GROUP = re.compile(r"^(?:该|其|本|各|同)|当年|同期|上年|全[省市国]")
_MOVES = re.compile(r"由|从|上升|下降|提高|增长|增加|减少|降低|同比|比上年|较上年")
_SEVERAL = re.compile(r"可多项|多选|可有多项|可多|之和大于|居前|前[一二三四五六七八九十\d]+位|该组|该项|其中一")
_FAR = 5.0


def shares_of_counts(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """`其中B人，占C%` and `分别占…` whose percentages are not those of the counts stated."""
    done: set[int] = set()
    for one in passage.stated:
        if one.unit != "%" or one.start in done:
            continue
        start, end = passage.sentence_at(one.start)
        words = passage.text[start : one.start]
        if together := _EACH.search(words):
            row = _row(passage, one, end)
            done |= {each.start for each in row}
            parts = [n for n in passage.within(start, start + together.start()) if countable(n)][-len(row) :]
            if len(parts) == len(row) > 1 and len({n.unit for n in parts}) == 1:
                yield from _compared(parts, row, _bases(passage, earlier, parts, together["of"]))
        elif (share := _SHARE.search(words)) and not _MOVES.search(share["of"]):
            yield from _single(passage, earlier, one, start, share)


def _row(passage: Passage, first: Stated, end: int) -> list[Stated]:
    """The percentages that follow one another: 65.4%、32.6%和2.0%."""
    row = [first]
    for one in passage.within(first.end, end):
        if one.unit != "%" or passage.text[row[-1].end : one.start] not in ("、", "，", "和", "及", "与", "以及"):
            break
        row.append(one)
    return row


def _single(
    passage: Passage, earlier: Sequence[Passage], one: Stated, start: int, share: re.Match[str]
) -> Iterator[Doubt]:
    inside = [n for n in passage.within(start + share.start("of"), one.start) if countable(n)]
    before = [n for n in passage.within(start, start + share.start()) if countable(n)]
    if not before or _GROUP.search(share["of"]) or (inside and inside[-1].unit != before[-1].unit):
        return
    part = before[-1]
    if re.search(r"[。；]", passage.text[part.end : one.start]):
        return
    bases = inside[-1:] or _bases(passage, earlier, [part], share["of"])
    if not inside and all(_has_share(passage, base) for base in bases):
        return
    alone = sum(n.unit == "%" for n in passage.within(*passage.sentence_at(one.start))) == 1
    yield from _compared([part], [one], bases, strict=alone)


def _has_share(passage: Passage, one: Stated) -> bool:
    """Whether a count is itself a part: its own share follows (656人，占19.8%)."""
    following = next((n for n in passage.stated if n.start >= one.end), one)
    return following.unit == "%" and bool(re.fullmatch("[，（]?占比?", passage.text[one.end : following.start]))


def _bases(passage: Passage, earlier: Sequence[Passage], parts: Sequence[Stated], of: str) -> list[Stated]:
    """What the percentages may be of: counts of that name anywhere before, else those before the parts in the paragraph."""
    first = parts[0]
    alike = [(p, n) for p in (*earlier, passage) for n in p.stated if countable(n) and n.unit == first.unit]
    name = re.sub(r"^(?:全[区市县省]|总)|(?:的|总人?数|人数|总量|总额|总户数)+$", "", of)
    if not name:
        return [n for p, n in alike if p is passage and n.end <= first.start and n.value >= first.value]
    labelled = [(label_before(p, n), n) for p, n in alike if n not in parts]
    named = [(label, n) for label, n in labelled if label and (label.endswith(name) or name.endswith(label))]
    exact = [n for label, n in named if label == name]
    return exact or [n for _, n in named if n.value >= first.value]


def _compared(
    parts: Sequence[Stated], shares: Sequence[Stated], bases: Sequence[Stated], *, strict: bool = False
) -> Iterator[Doubt]:
    total = sum(part.value for part in parts) if len(parts) > 1 else 0.0
    ends = [(total, total), *((base.low, base.high) for base in bases)]
    if not bases or any(_fits(parts, shares, low, high, strict) for low, high in ends):
        return
    base = next((b for b in bases if b.value == total), bases[-1])
    for part, share in zip(parts, shares, strict=True):
        if not _fits([part], [share], base.low, base.high, strict):
            right = f"{part.text}÷{base.text}={100 * part.value / base.value:.1f}%"
            yield Doubt("share", share.start, share.text, right)


def _fits(parts: Sequence[Stated], shares: Sequence[Stated], low: float, high: float, strict: bool) -> bool:
    """Whether every share is within half a unit of its last digit (of lists a whole one, since lists are made to add up)."""
    slack = 0.5 if strict else 1.0
    return low > 0 and all(
        100 * part.low / high <= share.high + slack * share.step + 1e-9
        and share.low - slack * share.step - 1e-9 <= 100 * part.high / low
        for part, share in zip(parts, shares, strict=True)
    )


def shares_of_hundred(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """Lists of shares of one whole that miss 100 by little, or go beyond it without saying why."""
    for start, end in passage.sentences:
        text = passage.text[start:end]
        shares = [one for one in passage.within(start, end) if one.unit == "%"]
        listed = re.search(r"分别(?:占|为|是)", text)
        if listed and (of_list := [one for one in shares if one.start >= start + listed.end()]):
            shares = _row(passage, of_list[0], end)  # shares said before or after the list are of other wholes
        shares = [one for one in shares if not {"least", "under"} & one.said]
        if len(shares) < (2 if listed else 3) or text.count("占") + text.count("分别") < (1 if listed else len(shares)):
            continue
        wholes = set(re.findall(r"占([^，。；%]{2,}?)的[\d约近]", text))
        if _MOVES.search(text) or _SEVERAL.search(text) or len(wholes) > 1:
            continue
        total = sum(one.value for one in shares)
        slack = sum((one.high - one.low) / 2 or one.step / 2 for one in shares) + 1e-9
        if abs(total - 100) > slack and (total > 100 or 100 - total <= _FAR):
            found = f"{'＋'.join(one.text for one in shares)}＝{total:.1f}%"
            yield Doubt("hundred", shares[0].start, found, "各项之和为100%，或写明为何不是")
