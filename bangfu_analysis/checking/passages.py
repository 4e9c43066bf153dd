"""A finished report as passages: paragraphs with the numbers that they state, and its tables. File ->
Passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn

from bangfu_analysis.checking.numbers import Stated, canonical, stated_numbers
from bangfu_analysis.codebook import patterns
from bangfu_analysis.errors import BangfuError, FileRefused
from bangfu_analysis.pages.word_template import open_word

FIRST = 0xE000  # the first of the characters that stand for the numbers of a passage, from the private use area
_P = patterns("report")
N, WORD = _P["n"].pattern, _P["word"].pattern  # a number, a character within a phrase
_TIMES = frozenset("年月日天周岁级") | {"", "个月", "小时"}
_FULL_LINE = 28  # a shorter line is a heading or the end of a paragraph, never the half of one
_GONE = [qn(f"w:{name}") for name in ("moveFrom", "del")] + [
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
]


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


def relation(kind: str, numbers: Iterable[Stated], holds: bool, found: str, expected: str) -> Relation:
    """A relation between numbers of a text."""
    return Relation(kind, frozenset(one.start for one in numbers), holds, found, expected)


def read_passages(path: Path) -> list[Passage]:
    """The passages of a .docx or text file, in order; FileRefused for another kind or one that cannot be
    opened.
    """
    if not path.is_file():
        raise FileRefused(f"找不到文件 {path}。请检查路径。")
    kind = path.suffix.lower()
    if kind not in (".docx", ".txt", ".md"):
        raise FileRefused(
            f"{path.name}：只能核对 .docx、.txt、.md，实际是 {path.suffix or '无扩展名'}。请另存为 .docx 再核对。"
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
            yield Passage(f"第{place}行", canonical(parts), tuple(row for row in rows if set("".join(row)) - set("-: ")))
            parts, rows = "", []
        if line.startswith("|"):
            place, rows = number if not rows else place, [*rows, tuple(cell.strip() for cell in line.strip("|").split("|"))]
        elif line:
            if parts and (len(parts) < _FULL_LINE or parts[-1] in "。！？：:；”》)）" or _P["title"].match(line)):
                yield Passage(f"第{place}行", canonical(parts))
                parts = ""
            place = place if parts else number
            parts += line
    if parts:
        yield Passage(f"第{place}行", canonical(parts))


def _word(path: Path) -> Iterator[Passage]:
    try:
        document = open_word(path, f"{path.name}：不是能打开的 .docx 文件。请用 Word 或 WPS 另存为 .docx 再核对。")
    except BangfuError as fault:
        raise FileRefused(str(fault)) from fault
    paragraphs = tables = 0
    before = ""
    for element in document.element.body.iter(qn("w:p"), qn("w:tbl")):
        inside = {parent.tag for parent in element.iterancestors()}
        if element.tag == qn("w:tbl"):
            tables += 1
            rows = (row for row in element.iter(qn("w:tr")) if next(row.iterancestors(qn("w:tbl"))) is element)
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
