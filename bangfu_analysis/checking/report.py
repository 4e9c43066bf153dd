"""A finished report (.docx or text) -> the relations between its numbers, and which of them do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from bangfu_analysis.checking.lists import parts_and_shares
from bangfu_analysis.checking.passages import WORD, N, Passage, Relation, Stated, canonical, read_passages
from bangfu_analysis.checking.tables import table_relations
from bangfu_analysis.cleaning.numerals import read_numeral
from bangfu_analysis.codebook import patterns
from bangfu_analysis.exhibits.labels import WORDS

LABELS: dict[str, str] = WORDS["relations"]
COLUMNS = ["place", "relation", "found", "expected", "sentence"]
_P = patterns("report")
_ONE_EACH = frozenset("份套件袋箱")  # given one to a person where their own number is not stated
_EXCLUDE = (
    {"nearly", "over"}, {"nearly", "least"}, {"under", "over"}, {"under", "least"}, {"nearly", "under"}
)


@dataclass(frozen=True)
class Checked:
    """What was checked: `faults`, one row per relation that does not hold; how many numbers were read, and
    how many checked.
    """

    faults: pd.DataFrame
    read_n: int
    checked_n: int


def check_report(path: str | Path) -> Checked:
    """Read the report at `path` and hold its stated numbers against one another.

    `faults`: one row per relation that does not hold, in the order of the text, all columns str: `place`
    (paragraph, line or table), `relation` (a key of LABELS), `found`, `expected` and the `sentence`. Numbers
    that the words leave open (约, 近, 余, ranges, 3.7万) hold where any value that they allow does; where it
    is not sure what a number is of, nothing is said. FileRefused where the file cannot be read.
    """
    return check_passages(read_passages(Path(path)))


def check_passages(passages: Sequence[Passage]) -> Checked:
    """As check_report, of passages that are read already."""
    faults, read, used = [], 0, set[tuple[int, int]]()
    rules = (parts_and_shares, reckonings)
    relations = [
        (i, one) for i, passage in enumerate(passages)
        for rule in ((table_relations,) if passage.table else rules) for one in rule(passage)
    ]
    relations += [*_options(passages), *_numbering(passages), *_twice(passages)]
    for i, one in sorted(relations, key=lambda each: (each[0], min(each[1].used, default=0))):
        used |= {(i, place) for place in one.used}
        if not one.holds:
            table, at = passages[i].table, min(one.used, default=0)
            sentence = "｜".join(table[0]) if table else passages[i].sentence_at(at)
            faults.append((passages[i].place, one.kind, one.found, one.expected, sentence))
    for passage in passages:
        cells = [cell for row in passage.table for cell in row]
        read += sum(bool(re.search(r"\d", cell)) for cell in cells) if cells else len(passage.stated)
    frame = pd.DataFrame(faults, columns=COLUMNS, dtype="str").drop_duplicates(ignore_index=True)
    return Checked(frame, read, len(used))


def _options(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """Shares that stand one a line, under a question."""
    run: list[Passage] = []
    for i, passage in enumerate([*passages, Passage("", "")]):
        units = [one.unit for one in passage.numbers(passage.skeleton)] if not passage.table else []
        if units == ["%"] and len(passage.text) < 40:
            run.append(passage)
            continue
        if len(run) > 1:
            joined = "，".join(line.text.rstrip("。；，") for line in run)
            yield from ((i - len(run), one) for one in parts_and_shares(Passage("", canonical(joined))))
        run = []


def _numbering(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """Headings that leave one out: 一、二、四、."""
    last = {"first": 0, "second": 0}
    for i, passage in enumerate(passages):
        head = None if passage.table else _P["heading"].match(passage.text)
        if head is None:
            continue
        level = "first" if head["first"] else "second"
        number, before = int(read_numeral(head[level]) or 0), last[level]
        if before and number > before + 1:
            told = f"“{head.group()}”为第{number}项", f"第{before + 1}项"
            yield i, Relation("numbering", frozenset(), False, *told)
        last = {"first": number, "second": 0} if level == "first" else last | {"second": number}


def _twice(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """全市建档困难职工3456户 and, elsewhere, 3546户, where neither paragraph says of when."""
    seen: dict[tuple[str, str], tuple[int, ...]] = {}
    timeless = ((i, p) for i, p in enumerate(passages) if not p.table and not _P["when"].search(p.text))
    for i, passage in timeless:
        for match in _P["scoped"].finditer(passage.skeleton):
            one = passage.number(match[3])
            key = (match[1] + match[2], one.unit)
            first = seen.setdefault(key, (i, one.start))
            before = next(n for n in passages[first[0]].stated if n.start == first[1])
            if first != (i, one.start) and not one.per and one.unit in ("人", "户", "个", "家"):
                met, there = one.may_be(before.low, before.high), f"{passages[first[0]].place}为{before.text}"
                yield i, Relation.of("twice", [one], met, f"{key[0]}{one.text}", there)


def reckonings(passage: Passage) -> Iterator[Relation]:
    """The relations of a paragraph, sentence by sentence."""
    for sentence in re.findall(r"[^。！？]+", passage.skeleton):
        for rule in (_changes, _sums, _rates, _means, _multiples, _products):
            yield from rule(passage, sentence)
    for match in _P["structure"].finditer(passage.text):
        parts = match[1].split("：")
        total, step = sum(map(float, parts)), 10.0 ** -max(len(part.partition(".")[2]) for part in parts)
        if 50 < total < 200:
            used = [one for one in passage.stated if match.start(1) <= one.start < match.end()]
            met = abs(total - 100) <= len(parts) * step / 2 + 1e-9
            yield Relation.of("hundred", used, met, f"{match[1]}之和为{total:.10g}", "各部分之和为100")
    apart = (one for one in passage.stated if one.unit != "岁" and any(pair <= one.said for pair in _EXCLUDE))
    for one in apart:
        yield Relation.of("qualifier", [one], False, f"{one.text}：互相排斥的限定词并用", "只用一个限定词")


def _changes(passage: Passage, sentence: str) -> Iterator[Relation]:
    """From a to b by c (d%): direction, difference and growth; without a, the growth that b and c make."""
    for match in (each for pattern in (_P["change"], _P["compared"]) for each in pattern.finditer(sentence)):
        a, b, c, d = (passage.number(match[name]) if match[name] else None for name in "abcd")
        words = [word for word in (match.groupdict().get("to"), match["way"]) if word]
        ups = {bool(_P["up"].match(word)) for word in words}
        if b is None or (a and a.unit != b.unit):
            continue
        if len(ups) > 1 or (a and ((b.high < a.low) if ups == {True} else (b.low > a.high))):
            written = "、".join(one.text for one in (a, b, c) if one)
            both = [one for one in (a, b) if one]
            yield Relation.of("change", both, False, f"{written}，写作{'、'.join(words)}", "方向一致")
        elif a is not None:
            yield Relation.of("change", [a, b], True, b.text, "")
            low, high = sorted((abs(b.low - a.high), abs(b.high - a.low)))
            yield from _step(b, c, (low, high), (a.low, a.high))
            yield from _step(b, d, (low, high), (a.low, a.high))
        elif c is not None and d is not None and c.unit == b.unit and not c.said | b.said:
            before = b.value + c.value * (-1 if ups == {True} else 1)
            yield from _step(b, d, (c.low, c.high), (before - b.step / 2, before + b.step / 2))


def _step(
    b: Stated, step: Stated | None, moved: tuple[float, float], start: tuple[float, float]
) -> Iterator[Relation]:
    """What is said of a change: in the unit of b, in points, in percent or in multiples of the start."""
    # many write % and mean points
    if step is None or start[0] <= 0 or (b.unit == "%" and step.unit != "百分点"):
        return
    if step.unit in ("%", "倍"):
        size, slack = (100, step.step) if step.unit == "%" else (1, step.step / 2)
        moved = size * moved[0] / start[1], size * moved[1] / start[0]
    elif step.unit in (b.unit, "百分点"):
        slack = step.step if step.unit == "百分点" else 1e-9
    else:
        return
    met = step.may_be(moved[0] - slack, moved[1] + slack)
    yield Relation.of("change", [b, step], met, step.text, f"{sum(moved) / 2:.4g}{step.unit}")


def _sums(passage: Passage, sentence: str) -> Iterator[Relation]:
    """A、B和C，合计D: D is the sum of those right before it, from whichever on."""
    for match in _P["total"].finditer(sentence):
        total, parts = passage.number(match[2]), passage.numbers(match[1])
        while parts and (parts[0].unit != total.unit or parts[0].per):
            parts = parts[1:]
        unlike = any(one.unit != total.unit or one.per for one in parts)
        if len(parts) < 2 or unlike or re.search("其中|[均比每]", match[1]):
            continue
        value = _sum(parts, "value")
        rests = [parts[i:] for i in range(len(parts) - 1)]
        met = any(total.may_be(_sum(rest, "low"), _sum(rest, "high")) for rest in rests)
        if met or abs(total.value - value) < value / 2:
            written = f"{'＋'.join(one.text for one in parts)}＝{value:.10g}"
            yield Relation.of("parts", [*parts, total], met, total.text, written)


def _rates(passage: Passage, sentence: str) -> Iterator[Relation]:
    """发放500份，回收470份，回收率96%: what a rate is of is another count of that unit before it."""
    for match in _P["rate"].finditer(sentence):
        rate, before, act = passage.number(match["rate"]), sentence[: match.start()], match["act"]
        named = re.finditer(rf"({WORD}*?)({N})", before)
        done = [passage.number(each[2]) for each in named if re.search(f"(?<!未){act}|{act[::-1]}", each[1])]
        if rate.unit == "%" and done and done[-1].unit not in ("%", "元"):
            part = done[-1]
            bases = [o for o in passage.numbers(before) if o.unit == part.unit and o.start < part.start]
            yield from _quotient("share", part, [one for one in bases if one.high >= part.low], rate, 100)


def _means(passage: Passage, sentence: str) -> Iterator[Relation]:
    """1000户，家庭人口3200人，户均3.2人, where there is one count of each."""
    for match in _P["mean"].finditer(sentence):
        mean, before = passage.number(match["mean"]), passage.numbers(sentence[: match.start("mean")])
        counts = [one for one in before if one.unit == match["one"]]
        tops = [one for one in before if one.unit == mean.unit and not one.per]
        sole = len(counts) == len(tops) == 1 and mean.unit in {"人", "元"} - {match["one"]} and not mean.said
        rate = re.search("每|[月年]均", sentence[: match.start()])
        if sole and not rate and not _P["period"].search(match.group()):
            yield from _quotient("product", tops[0], counts, mean, 1)


def _multiples(passage: Passage, sentence: str) -> Iterator[Relation]:
    """60万元，是上年20万元的3倍."""
    for match in _P["times"].finditer(sentence):
        b, a, times = map(passage.number, match.groups())
        if times.unit == "倍" and a.unit == b.unit:
            yield from _quotient("change", b, [a], times, 1, steps=0.5)


def _quotient(
    kind: str, top: Stated, bottoms: Sequence[Stated], quotient: Stated, size: int, *, steps: float = 1.0
) -> Iterator[Relation]:
    """Whether `top` over one of `bottoms` is what is said, to so many steps of its last digit."""
    slack, bottoms = steps * quotient.step, [one for one in bottoms if one.low > 0]
    low, high = size * top.low, size * top.high
    met = any(quotient.may_be(low / one.high - slack, high / one.low + slack) for one in bottoms)
    for one in bottoms[-1:]:
        right = f"{top.text}÷{one.text}={size * top.value / one.value:.2f}{quotient.unit}"
        yield Relation.of(kind, [top, one, quotient], met, quotient.text, right)


def _products(passage: Passage, sentence: str) -> Iterator[Relation]:
    """So many at so much each: more than the money stated for it, or other than the money that is said to be
    all.
    """
    for part in sentence.split("；"):
        numbers = passage.numbers(part)
        rates = [one for one in numbers if one.per and not one.said]
        sums = [one for one in numbers if one.unit == "元" and not one.per]
        if len(rates) != 1 or len(sums) != 1 or _P["period"].search(part):
            continue
        rate, money = rates[0], sums[0]
        counts = [one for one in numbers if one.unit == rate.per]
        counts = counts or [one for one in numbers if rate.per in _ONE_EACH and one.unit in ("人", "户")]
        least, most = rate.value - rate.step / 2 * ("." in rate.text), rate.value + rate.step / 2
        spans = [counts[i:j] for i, j in combinations(range(len(counts) + 1), 2)]
        met = any(money.may_be(_sum(span, "low") * least, _sum(span, "high") * most) for span in spans)
        listed = _P["listed"].search(part[: part.find(passage.mark(rate))])
        people = [one for one in passage.numbers(listed[0]) if one in counts] if listed else []
        all_told = len(counts) == 1 and _P["all_told"].search(part[: part.find(passage.mark(money))])
        if met or all_told or (people and _sum(people, "low") * least > money.high):
            right = f"{_sum(counts, 'value'):.10g}×{rate.text}={_sum(counts, 'value') * rate.value:.10g}元"
            yield Relation.of("product", [*counts, rate, money], met, money.text, right)


def _sum(numbers: Sequence[Stated], end: str) -> float:
    return float(sum(getattr(one, end) for one in numbers))
