"""So many things named against how many are listed, and whether numbered items follow one another. Passage -> Doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bangfu_analysis.checking.numbers import Stated
from bangfu_analysis.checking.passages import Doubt, Passage
from bangfu_analysis.cleaning.numerals import read_numeral

_NOT_LISTED = {
    *"元%年月日天周岁倍次期成吨",
    *["人次", "户次", "百分点", "个月", "小时", "公里", "公斤", "公顷", "立方米", "平方米"],
}
_MOST = 20
_NUMBER = "(?P<n>[两三四五六七八九十])"
_SHORTS = (
    re.compile(_NUMBER + "[会清险金节方保免缺](?=[（：])"),
    re.compile(rf'"{_NUMBER}[^\d"，。；：、（）一二三四五六七八九十][^\d"，。；：、（）]{{0,5}}"(?=[^\d"，。；：、（）]{{0,4}}(?:（|：|，?即))'),
)  # fmt: skip
_AREAS = frozenset("省市县区旗州盟乡镇街村")
_LEAD = re.compile(
    r".+(?:深入到?|走访了?|慰问了?|前往|奔赴|听取了?|组织|举办了?|开展了?|设立了?|建立了?|联合|会同|包括|涉及|来自|分布在|围绕|针对"
    r"|覆盖|每逢|先后到|为|在|向|对|到|赴)(?=[^、])"
)
_AND = re.compile(r"(?<=[^、])(?:以及|及|和|与|或)(?=[^、])")
_NAMED = re.compile(
    r"(?P<noun>[^，。；：、（）\d]{0,10}?)(?P<open>（|：|，?(?:即|暨|分别是|分别为|依次是|依次为|它们是|具体为|具体是|主要有|包括|包含)：?)"
)
_LOOSE = re.compile(r"包括|包含|主要有|例如|比如|如$")
_ITEM = re.compile(r"(?:(?<=^)|(?<=[。；，：、（\"]))(?P<n>[一二三四五六七八九十]{1,2})(?:是|要|则)(?=[^否])")
_ORDINAL = re.compile(r"^第(?P<n>[一二三四五六七八九十]{1,2})[，、]")
_CHAPTER = re.compile(r"(?:[篇章]|第)(?P<n>[一二三四五六七八九十]{1,2})(?:[章篇])?$")
_MARKS = (
    (1, re.compile(r"^(?P<n>[一二三四五六七八九十]{1,3})、")),
    (2, re.compile(r"^（(?P<n>[一二三四五六七八九十]{1,3})）")),
    (3, re.compile(r"^(?:[-～]|注：)?(?P<n>\d{1,2})(?:、|[.．](?!\d))")),
    (4, re.compile(r"^（(?P<n>\d{1,2})）")),
    (5, re.compile(r"^(?P<n>\d{1,2})）")),
)


def enumerations(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """`五个县市区（…）`, `A、B、C等三个局`, `三会（…）`, `四点建议：一是…` whose number is not that of what is listed."""
    for number in (*passage.stated, *_short_forms(passage)):
        n = int(number.value)
        if n != number.value or not 2 <= n <= _MOST or number.unit in _NOT_LISTED or number.said:
            continue
        after = _listed_after(passage, number)
        counts, loose = after if after[0] else _listed_before(passage, number)
        if counts and n not in counts and not (loose and max(counts) < n):
            found = f"列出{counts[0]}项，写作{number.text}"
            yield Doubt("listing", number.start, found, f"{counts[0]}，或{n}项名称")


def _short_forms(passage: Passage) -> Iterator[Stated]:
    for found in (found for short in _SHORTS for found in short.finditer(passage.text)):
        n = read_numeral(found["n"]) or 0.0
        yield Stated(found.start(), found.end(), found.group(), n, n, n, "", 1.0, spelled=True)


def _listed_after(passage: Passage, number: Stated) -> tuple[list[int], bool]:
    """How many items may be meant by the list after a number, and whether it may leave some out."""
    text = passage.text[number.end :]
    head = _NAMED.match(text)
    if head is None:
        return [], False
    closed = head["open"] == "（"
    body = text[head.end() : text.find("）", head.end()) if closed else None]
    if re.match(r"[详参]?见|如[表图]|含", body):
        return [], False
    if _ITEM.match(body):
        return [len(_ITEM.findall(body))], False
    body = re.split(r"。" if closed else r"[。；（]", body)[0]
    loose = bool(_LOOSE.search(head["open"]) or body.endswith("等"))
    by_comma = [part for part in re.split(r"[，；]", body) if part]
    names = [part for part in body.split("、") if part]
    if closed and len(names) == 1 and len(by_comma) > 1:
        names = by_comma
    if len(names) < 2 and len(by_comma) < 2 or _is_no_list(names, number):
        return [], False
    if closed or len(by_comma) == 1:
        return _counts(names), loose
    short = body.removesuffix("等") == body and all(len(part) <= 10 and "、" not in part for part in by_comma)
    first = [part for part in by_comma[0].split("、") if part]
    options = [len(by_comma), *_counts(names), *_counts(first)]
    return (options, loose) if short or len(first) > 1 else ([], False)


def _is_no_list(names: Sequence[str], number: Stated) -> bool:
    """（市、区） after 县, or parts that are counted themselves (5人（男3人、女2人）)."""
    counted = sum(bool(re.search(r"\d", name)) for name in names)
    return _AREAS.issuperset(names) or (counted == len(names) and number.unit in ("人", "户"))


def _listed_before(passage: Passage, number: Stated) -> tuple[list[int], bool]:
    start = max([0, *(one.end for one in passage.stated if one.end <= number.start)])
    clause = re.split(r"[，。；：（）]", passage.text[start : number.start])[-1]
    etc = clause.endswith("等")
    if not etc and (not number.spelled or number.unit in ("场", "步", "轮", "遍")):
        return [], False
    clause = clause.removesuffix("等").removesuffix("这")
    names = clause.split("、")
    inner = [len(name) for name in names[1:-1]] or [len(names[0])]
    if len(names) < 2 or not names[0] or (not etc and len(names[-1]) > 2 * max(inner) + 3):
        return [], False
    later = [place for place, name in enumerate(names) if place and _LEAD.match(name)]  # where a second list may begin
    return [*_counts(names), *(n for place in later for n in _counts(names[place:]))], etc


def _counts(names: Sequence[str]) -> list[int]:
    """How many names there are: by 、 alone, and with every 和 and 及 between two names."""
    joined = sum(len(_AND.findall(name)) for name in names)
    return list(range(len(names), len(names) + joined + 1))


def numbering(passages: Sequence[Passage]) -> Iterator[tuple[Passage, Doubt]]:
    """Headings and items whose numbers leave one out or repeat one (一、二、四), level by level, through the whole report."""
    last: dict[int, int] = {}
    for passage in passages:
        if passage.note:
            continue
        if passage.heading or (chapter := _CHAPTER.search(passage.text) if len(passage.text) < 40 else None):
            last = {0: last.get(0, 0)}
            if passage.heading or chapter is None:
                continue
        level, found = _mark(passage.text)
        if found is None:
            continue
        number = int(read_numeral(found["n"]) or 0)
        before = last.get(level)
        if number not in (1, (before or 0) + 1):
            verdict = "fails" if before else "doubtful"
            expected = f"第{before + 1}项，或另起的第1项" if before else "第1项（前文可能有缺）"
            yield passage, Doubt("numbering", 0, f"“{found.group()}”为第{number}项", expected, verdict)
        last = {key: value for key, value in last.items() if key < level}
        last[level] = number


def _mark(text: str) -> tuple[int, re.Match[str] | None]:
    if len(text) < 40 and (chapter := _CHAPTER.search(text)) and "篇" in text[chapter.start() :]:
        return 0, chapter
    return next(((level, found) for level, mark in _MARKS if (found := mark.match(text))), (6, _ORDINAL.match(text)))


def items(passage: Passage, earlier: Sequence[Passage]) -> Iterator[Doubt]:
    """`一是…二是…四是…` within a paragraph."""
    before = 0
    for found in _ITEM.finditer(passage.text):
        number = int(read_numeral(found["n"]) or 0)
        if number not in (1, before + 1) and before:
            yield Doubt("numbering", found.start(), f"“{found.group()}”", f"第{before + 1}项，或另起的“一是”")
        before = number


def chapters(passages: Sequence[Passage]) -> Iterator[tuple[Passage, Doubt]]:
    """A title that says 6篇 over another number of pieces headed 篇一, 篇二, …"""
    counted = sum(1 for passage in passages if _mark(passage.text)[0] == 0)
    for passage in passages[:3]:
        said = re.search(r"(\d{1,2}|[一二三四五六七八九十]+)篇", passage.text)
        number = read_numeral(said[1]) if said else None
        if said and number and number > 1 and counted > 1 and number != counted:
            yield passage, Doubt("listing", said.start(), f"写作{said.group()}，列出{counted}篇", f"{counted}篇")
