"""Lists of parts, held against what they are of, and their shares against both and 100. Passage -> Relations.

A sentence is taken apart at its heads (其中, 按…分, …中), a list at ；, and each part is one record: a name
with its numbers. A list is of the count before its head; where it may be of several, one that fits is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from bangfu_analysis.checking.passages import WORD, N, Passage, Relation, Stated
from bangfu_analysis.codebook import patterns

_P, _KINDS = patterns("report"), patterns("report_kinds")  # somebody is one of a kind only


@dataclass
class Record:
    """A part of a list: its name, its counts, its shares with the name of what they are of, counts that they
    are of.
    """

    name: str
    counts: list[Stated] = field(default_factory=list)
    shares: list[tuple[str, Stated]] = field(default_factory=list)
    wholes: list[Stated] = field(default_factory=list)

    def of_unit(self, unit: str) -> list[Stated]:
        """Its counts of a unit."""
        return [one for one in self.counts if one.unit == unit]


def parts_and_shares(passage: Passage) -> Iterator[Relation]:
    """The relations of all lists of a paragraph."""
    last: list[Stated] = []
    plain = passage.skeleton.replace('""', "、").replace('"', "")
    text = _spread(re.sub("（((?:大?约|所)?占[^（）；]*)）", r"，\1", plain))
    for sentence in re.findall(r"[^。！？]+", text):
        for held in re.finditer(rf"({N}){WORD}{{0,6}}（(?:其中[：，]?)?([^（）]*)）", sentence):
            yield from _lists(passage, held[2], passage.numbers(held[1]))
        flat = re.sub(r"（[^（）]*）", "", sentence)
        heads = [h for h in _P["list_head"].finditer(flat) if not re.search("[其当集之]$", h["name"] or "")]
        yield from _lists(passage, flat[: heads[0].start()] if heads else flat, None)
        here: list[Stated] = []
        for head, following in zip_longest(heads, heads[1:]):
            name = head["name"]
            of = _named(passage, name) if name else _before(passage, flat[: head.start()], last)
            here += of
            body = flat[head.end() : following.start() if following else None]
            yield from _lists(passage, body, of, exhaustive=bool(head["all"]))
        here = _and_others(here, [one for one in passage.numbers(flat) if _counts(one)])
        last = _and_others(here, last)


def _counts(one: Stated) -> bool:
    return one.unit not in ("%", "百分点", "倍") and not one.per


def _and_others(numbers: list[Stated], more: list[Stated]) -> list[Stated]:
    return [*numbers, *(one for one in more if one.unit not in {n.unit for n in numbers})]


def _spread(skeleton: str) -> str:
    """A、B分别为1、2 as 其中A1、B2; and A1、B2，分别占3、4 as A1，占3、B2，占4."""

    def named(found: re.Match[str]) -> str:
        names, row = re.split("[、和及与]", found["names"]), re.findall(N, found["row"])
        of = "" if found["of"] is None else f"占{found['of']}的"
        parts = "、".join(f"{a}{of}{b}" for a, b in zip(names, row, strict=False))
        return f"{'' if of else '其中'}{parts}" if len(names) == len(row) else found[0]

    text = _P["list_each"].sub(named, skeleton)
    while found := _P["list_each_of"].search(text):
        row = re.findall(N, found["row"])
        before, end = text[: found.start()], text[found.end() :]
        marks = re.findall(N, before)[-len(row) :]
        for mark, share in zip(marks, row, strict=False):
            before = before.replace(mark, f"{mark}，占{found['of']}的{share}")
        text = before + end
    return text


def _before(passage: Passage, before: str, last: list[Stated]) -> list[Stated]:
    """What a list after `before` may be of: the count before it and what that is a part of, else what was
    listed last.
    """
    counts = [one for one in passage.numbers(before) if _counts(one)]
    if re.search(rf"(?:每|均|[比较增减升降]){WORD}*{N}{WORD}*，?$", before):
        return []
    wholes_of: list[Stated] = []
    for unit in {one.unit for one in counts}:
        same_unit = [one for one in counts if one.unit == unit]
        in_list = "其中" in before and len(re.findall(N, before[before.rfind("其中") :])) > 1
        sums = [sum(one.value for one in same_unit[i + 1 :]) for i in range(len(same_unit))]
        wholes = [one for one, rest in zip(same_unit, sums, strict=True) if rest == one.value]
        wholes_of += same_unit[::-1] if in_list or before.endswith("；") else [same_unit[-1], *wholes]
    return wholes_of or ([] if counts else last)


def _named(passage: Passage, name: str) -> list[Stated]:
    """The counts of the paragraph that go by a name."""
    wanted = _P["list_front"].sub("", _P["list_tail"].sub("", name))
    found = re.finditer(rf"({WORD}+)({N})", passage.skeleton)
    alike = [
        passage.number(each[2]) for each in found
        if _P["list_front"].sub("", _P["list_tail"].sub("", each[1])) == wanted
    ]
    return [one for one in alike if wanted and _counts(one)]


def _records(passage: Passage, text: str) -> list[Record]:
    """The records of a list; a number without a name of its own belongs to the record before it."""
    records: list[Record] = []
    carried = ""
    for clause in re.split(f"[，、：；]|(?<={N})(?:以及|和|及|与)", text):
        names = re.split(N, clause)
        for name, one in zip(names, passage.numbers(clause), strict=False):
            share = _P["list_share"].fullmatch(name) if one.unit == "%" else None
            part_name = _P["list_tail"].sub("", share["name"] if share else name)
            is_whole = bool(records) and part_name.startswith("占")
            if not records or (part_name and not is_whole):
                records.append(Record(part_name or carried))
            if one.unit == "%":
                records[-1].shares.append(((share["of"] or "") if share else "", one))
            else:
                (records[-1].wholes if is_whole else records[-1].counts).append(one)
        carried = names[-1] if len(names) == 1 else ""
    return records


def _lists(
    passage: Passage, text: str, of: list[Stated] | None, *, exhaustive: bool = False
) -> Iterator[Relation]:
    """The relations of a list of what may be `of`; None: no head says that it is one."""
    rows = [_records(passage, part) for part in text.split("；")]
    units = [[one.unit for record in row for one in record.counts] for row in rows]
    if len(rows) > 1 and all(len(set(row)) == len(row) and row == units[0] for row in units):
        rows = [[record for row in rows for record in row]]
    for records in rows:
        yield from _hundred(passage, records)
        for i, record in enumerate(records):
            yield from _shares(passage, record, records[:i], of)
        for unit in {one.unit for record in records for one in record.counts}:
            same_unit = [one for one in of or () if one.unit == unit]
            yield from _parts(passage, [r for r in records if r.of_unit(unit)], unit, same_unit, exhaustive)


def _parts(
    passage: Passage, records: list[Record], unit: str, of: list[Stated], exhaustive: bool
) -> Iterator[Relation]:
    """Parts that are over what they are of, or miss it where they are all that there is."""
    apart = (i for i, record in enumerate(records) if _P["list_no_part"].search(record.name))
    stop = next(apart, len(records))
    parts, names = [r.of_unit(unit)[0] for r in records[:stop]], [r.name for r in records[:stop]]
    if not of or not parts:
        return
    low, high, value = (sum(getattr(one, end) for one in parts) for end in ("low", "high", "value"))
    fits, over = any(one.may_be(low, high) for one in of), all(low > one.high + 1e-6 for one in of)
    written = f"{'＋'.join(one.text for one in parts)}＝{value:.10g}" if len(parts) > 1 else parts[0].text
    if len(parts) > 1 and (_complete(names) or exhaustive) and not any(one.said - {"about"} for one in parts):
        near = min(of, key=lambda one: abs(one.value - value))
        sure = (len(of) == 1 and value > near.value / 2) or abs(near.value - value) < near.value / 10
        earlier = [one for one in passage.stated if one.unit == unit and one.start < parts[0].start]
        if fits or sure:
            met = fits or any(one.may_be(low, high) for one in earlier)
            yield Relation.of("parts", [*parts, near], met, written, f"各部分之和等于{near.text}")
    elif len(parts) == 1 or fits or (over and _apart(names, unit)):
        yield Relation.of("parts", [*parts, of[0]], not over, written, f"不大于{of[0].text}")


def _kinds(names: Sequence[str]) -> list[set[str]]:
    return [{kind for kind, words in _KINDS.items() if words.search(name)} for name in names]


def _apart(names: Sequence[str], unit: str) -> bool:
    """Whether nobody is in two of the parts: all of one kind, or with names of one make and no acts."""
    kinds = _kinds(names)
    if set.intersection(*kinds):
        return True
    acts = unit not in ("元", "人次", "户次") and any(_P["list_act"].search(name) for name in names)
    alike = len({name[-1:] for name in names}) == 1 or all(len(name) <= 6 for name in names)
    several = any(map(_P["list_several"].search, names))
    return alike and not acts and set.union(*kinds) <= {"place"} and not several


def _complete(names: Sequence[str]) -> bool:
    """Whether the parts are all that there is: both sexes, or classes from 以下 to 以上 without a gap."""
    sexes = [re.sub("^.*?(?=[男女])", "", name) for name in names]
    if len(sexes) == 2 and {name[:1] for name in sexes} == {"男", "女"}:
        return sexes[0][1:] == sexes[1][1:]
    ends = sum("以下" in name or "不满" in name for name in names), sum("以上" in name for name in names)
    limits = sorted(sorted(map(int, re.findall(r"\d+", name))) for name in names)
    ordered = not any(limits) or all(a and b and 0 <= b[0] - a[-1] <= 1 for a, b in pairwise(limits))
    return ends == (1, 1) and ordered and bool(set.intersection(*_kinds(names)))


def _hundred(passage: Passage, records: list[Record]) -> Iterator[Relation]:
    """Shares of one whole that are all that there is and miss 100, or that go beyond it."""
    named = [(record.name, *share) for record in records for share in record.shares]
    names, shares = [name for name, *_ in named], [one for *_, one in named]
    open_ended = any(one.said & {"least", "under", "over", "nearly"} for one in shares)
    if len(set(names)) < max(2, len(names)) or len({of for _, of, _ in named}) > 1 or open_ended:
        return
    if any(map(_P["list_no_share"].search, names)) or _P["list_several"].search(passage.text):
        return
    total = sum(one.value for one in shares)
    slack = sum((one.high - one.low + one.step) / 2 for one in shares)
    kind = len(names) > 2 and bool(set.intersection(*_kinds(names)) - {"level", "status"})
    rest = len(names) > 2 and any(re.search("其[他它余]", name) for name in names) and total < 110
    met = abs(total - 100) <= slack + 1e-9
    if met or _complete(names) or (total > 100 and (kind or rest)):
        written = f"{'＋'.join(one.text for one in shares)}＝{total:.1f}%"
        yield Relation.of("hundred", shares, met, written, "各项之和为100%，或写明为何不是")


def _shares(
    passage: Passage, record: Record, earlier: list[Record], of: list[Stated] | None
) -> Iterator[Relation]:
    """B人，占C%: of what is named (占困难职工的, 占困难职工3456人的), else of what the list is of or a count
    before it.
    """
    alone = [one for r in earlier if not r.shares for one in r.counts] if of is None else of
    for name, share in record.shares if not _P["list_no_part"].search(record.name) else ():
        bases = record.wholes or (_named(passage, name) if name else alone)
        pairs = [(n, o) for n in record.counts for o in bases if o.unit == n.unit and o.start != n.start]
        pairs = [(n, one) for n, one in pairs if one.high >= n.low]
        met = [pair for pair in pairs if _fits(*pair, share)]
        sure = name or record.wholes or not any(
            re.match("[，（]?[大约所]*占", passage.text[b.end :]) for _, b in pairs
        )
        if pairs and (met or sure):  # what has a share itself may be of the same whole
            part, whole = (met or pairs)[0]
            right = f"{part.text}÷{whole.text}={100 * part.value / whole.value:.1f}%"
            yield Relation.of("share", [part, share, whole], bool(met), share.text, right)


def _fits(part: Stated, base: Stated, share: Stated) -> bool:
    """Within one unit of the last decimal, since lists are made to add up; half of one where there is none.
    """
    slack = (share.step if share.step < 1 else share.step / 2) + 1e-9
    return share.may_be(100 * part.low / base.high - slack, 100 * part.high / max(base.low, 1e-9) + slack)
