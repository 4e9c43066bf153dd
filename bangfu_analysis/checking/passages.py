"""A finished report as passages: paragraphs with the numbers that they state, with unit and qualifiers
(近1000多个, 3.7万人, 63%～68%), and its tables. File -> Passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn

from bangfu_analysis.codebook import patterns, simplified
from bangfu_analysis.errors import BangfuError, FileRefused
from bangfu_analysis.pages.word_template import open_word

# the first of the characters that stand for the numbers of a passage, from the private use area
FIRST = 0xE000
_P, _BEFORE, _AFTER = map(patterns, ("report", "report_before", "report_after"))
N, WORD = _P["n"].pattern, _P["word"].pattern  # a number, a character within a phrase
_TIMES = frozenset("年月日天周岁级") | {"", "个月", "小时"}
_FULL_LINE = 28  # a shorter line is a heading or the end of a paragraph, never the half of one
_GONE = [qn(f"w:{name}") for name in ("moveFrom", "del")] + [
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
]


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


_FULL = str.maketrans("０１２３４５６７８９％．,;:∶?!()“”‘’〜~", "0123456789%.，；：：？！（）\"\"''～～")
_SCALES = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_SAME = dict.fromkeys(("名", "生", "人口", "位", "口", "个人"), "人")
_SAME |= {"家庭": "户", "户家庭": "户", "个百分点": "百分点"}


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
    upper = times * math.prod(_SCALES[c] for c in found["scale2"] or "")
    high = float(found["second"]) * upper if found["second"] else low
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
        found.start(), found.end(), found.group(), value, *reach, unit, step, frozenset(said),
        _SAME.get(per, per),
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


@dataclass(frozen=True)
class Relation:
    """A relation between numbers that was checked: which (`used`: places in the text or table), and whether
    it holds.
    """

    kind: str
    used: frozenset[int]
    holds: bool
    found: str
    expected: str

    @classmethod
    def of(cls, kind: str, numbers: Iterable[Stated], holds: bool, found: str, expected: str) -> Relation:
        """A relation between numbers of a text."""
        return cls(kind, frozenset(one.start for one in numbers), holds, found, expected)


@dataclass(frozen=True)
class Passage:
    """A paragraph: its place for a reader and its canonical text; or a table: its cells and the words before
    it.
    """

    place: str
    text: str
    table: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def stated(self) -> tuple[Stated, ...]:
        """The numbers of the text, in order."""
        return tuple(stated_numbers(self.text))[: 0xF8FF - FIRST]

    @cached_property
    def skeleton(self) -> str:
        """The text with one character for each number that counts something; ages, dates and limits stay as
        they are.
        """
        parts, end = [], 0
        for i, one in enumerate(self.stated):
            if one.unit in _TIMES or self._is_limit(one):
                continue
            parts += [self.text[end : one.start], chr(FIRST + i)]
            end = one.end
        return "".join([*parts, self.text[end:]])

    def _is_limit(self, one: Stated) -> bool:
        """Whether it bounds a class (300元以下的120人) and counts nothing."""
        if one.unit != "元":
            return False
        limit = _P["limit"].match(self.text, one.end - 2) or _P["limit"].match(self.text, one.end)
        return limit is not None and not (one.per and limit.group().startswith("的"))

    def number(self, mark: str) -> Stated:
        """The number that a character of the skeleton stands for."""
        return self.stated[ord(mark) - FIRST]

    def mark(self, one: Stated) -> str:
        """The character of the skeleton that stands for a number."""
        return chr(FIRST + self.stated.index(one))

    def numbers(self, skeleton: str) -> list[Stated]:
        """The numbers of a part of the skeleton, in order."""
        return [self.number(mark) for mark in re.findall(N, skeleton)]

    def sentence_at(self, place: int) -> str:
        """The sentence around a place of the text."""
        ends = [found.end() for found in re.finditer(r"[。！？]", self.text)]
        start = max([0, *(end for end in ends if end <= place)])
        return self.text[start : min([len(self.text), *(end for end in ends if end > place)])]


def read_passages(path: Path) -> list[Passage]:
    """The passages of a .docx or text file, in order; FileRefused for another kind or one that cannot be
    opened.
    """
    if not path.is_file():
        raise FileRefused(f"找不到文件 {path}。请检查路径。")
    kind = path.suffix.lower()
    if kind not in (".docx", ".txt", ".md"):
        raise FileRefused(
            f"{path.name}：只能核对 .docx、.txt、.md，实际是 {path.suffix or '无扩展名'}。"
            "请另存为 .docx 再核对。"
        )
    return list(_word(path) if kind == ".docx" else _lines(_decoded(path)))


def _decoded(path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return path.read_bytes().decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(f"{path.name}：文字编码既不是 UTF-8 也不是 GB18030。请另存为 UTF-8 再核对。")


def _lines(text: str) -> Iterator[Passage]:
    """Paragraphs and tables (| a | b |) of a text, lines that were cut in the middle of a sentence joined
    again.
    """
    place, parts, rows = 0, "", list[tuple[str, ...]]()
    for number, line in enumerate([*text.replace("**", "").splitlines(), ""], start=1):
        line = line.strip()
        if rows and not line.startswith("|"):
            yield Passage(
                f"第{place}行", canonical(parts), tuple(row for row in rows if set("".join(row)) - set("-: "))
            )
            parts, rows = "", []
        if line.startswith("|"):
            place = place if rows else number
            rows = [*rows, tuple(cell.strip() for cell in line.strip("|").split("|"))]
        elif line:
            if parts and (
                len(parts) < _FULL_LINE or parts[-1] in "。！？：:；”》)）" or _P["title"].match(line)
            ):
                yield Passage(f"第{place}行", canonical(parts))
                parts = ""
            place = place if parts else number
            parts += line
    if parts:
        yield Passage(f"第{place}行", canonical(parts))


def _word(path: Path) -> Iterator[Passage]:
    try:
        document = open_word(
            path, f"{path.name}：不是能打开的 .docx 文件。请用 Word 或 WPS 另存为 .docx 再核对。"
        )
    except BangfuError as fault:
        raise FileRefused(str(fault)) from fault
    paragraphs = tables = 0
    before = ""
    for element in document.element.body.iter(qn("w:p"), qn("w:tbl")):
        inside = {parent.tag for parent in element.iterancestors()}
        if element.tag == qn("w:tbl"):
            tables += 1
            tag = qn("w:tbl")
            rows = (r for r in element.iter(qn("w:tr")) if next(r.iterancestors(tag)) is element)
            yield Passage(f"第{tables}张表", before, tuple(map(_cells, rows)))
        elif (text := canonical(_text(element))) and not inside & {qn("w:tbl"), *_GONE}:
            paragraphs, before = paragraphs + 1, text
            yield Passage(f"第{paragraphs}段", text)


def _cells(row: Any) -> tuple[str, ...]:
    """The texts of a row, that of a cell over several columns once for each."""
    cells: list[str] = []
    for cell in row.iter(qn("w:tc")):
        span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        cells += [_text(cell).strip()] * (1 if span is None else int(span.get(qn("w:val"))))
    return tuple(cells)


def _text(element: Any) -> str:
    """The text as it reads: without what was deleted or moved away, and without superscripts (marks of
    notes).
    """
    raised = f"{qn('w:rPr')}/{qn('w:vertAlign')}[@{qn('w:val')}='superscript']"
    runs = (run for run in element.iter(qn("w:r")) if run.find(raised) is None)
    shown = (run for run in runs if not any(parent.tag in _GONE for parent in run.iterancestors()))
    return "".join(t.text or "" for run in shown for t in run.iterchildren(qn("w:t")))
