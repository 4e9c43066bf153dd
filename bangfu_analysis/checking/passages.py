"""A finished report as passages: paragraphs with their places and the numbers that they state, and its tables. File -> Passage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn

from bangfu_analysis.checking.numbers import Stated, canonical, stated_numbers
from bangfu_analysis.errors import BangfuError, FileRefused
from bangfu_analysis.pages.word_template import open_word

_TIMES = frozenset("年月日天周岁倍") | {"个月", "小时", "", "%", "百分点"}
_SENTENCE = re.compile(r"[^。！？]*[。！？]?[”\"）]*")
_FULL_LINE = 28  # a shorter line is a heading or the end of a paragraph, never the half of one
_TITLE = re.compile(r"^[-\s]*(?:[一二三四五六七八九十\d]+[、.．]|[（(])")


@dataclass(frozen=True)
class Doubt:
    """A relation that does not hold, or (`verdict` doubtful) may not: what was found, what was expected, `at` which place of the text."""

    relation: str
    at: int
    found: str
    expected: str
    verdict: str = "fails"


@dataclass(frozen=True)
class Passage:
    """A paragraph: its place for a reader, its canonical text, whether it is a heading or a note by its style, and the cells of a table."""

    place: str
    text: str
    heading: bool = False
    note: bool = False
    table: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def stated(self) -> tuple[Stated, ...]:
        """The numbers of the text, in order."""
        return tuple(stated_numbers(self.text))

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Where each sentence starts and ends."""
        return tuple(found.span() for found in _SENTENCE.finditer(self.text) if found.group())

    def sentence_at(self, place: int) -> tuple[int, int]:
        """Start and end of the sentence around `place`."""
        return next((span for span in self.sentences if span[0] <= place < span[1]), (0, len(self.text)))

    def within(self, start: int, end: int) -> list[Stated]:
        """The numbers between two places."""
        return [one for one in self.stated if start <= one.start and one.end <= end]


def countable(one: Stated) -> bool:
    """Whether a number counts something that can be added up: no share, rate, age or date."""
    return one.unit not in _TIMES and not one.per


def label_before(passage: Passage, one: Stated) -> str:
    """The noun before a number: `困难职工` of 其中困难职工总数3456人."""
    start = max([0, *(e.end for e in passage.stated if e.end <= one.start)])
    words = re.split(r"[，。；：、（）\"]", passage.text[start : one.start])[-1]
    words = re.sub(r"^(?:其中|另有|还有|有)|^.*?(?:共有|现有|拥有|区有|市有|县有)", "", words)
    return re.sub(r"(?:约|近|总?共|合计|总计|达到?|仅有|有|为|总人?数|人数|的)+$", "", words)


def read_passages(path: Path) -> list[Passage]:
    """The passages of a .docx or text file, in order; FileRefused for another kind or one that cannot be opened."""
    if not path.is_file():
        raise FileRefused(f"找不到文件 {path}。请检查路径。")
    if path.suffix.lower() == ".docx":
        return list(_word(path))
    if path.suffix.lower() in (".txt", ".md"):
        return list(_lines(_decoded(path)))
    raise FileRefused(
        f"{path.name}：只能核对 .docx、.txt、.md，实际是 {path.suffix or '无扩展名'}。请另存为 .docx 再核对。"
    )


def _decoded(path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return path.read_bytes().decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(f"{path.name}：文字编码既不是 UTF-8 也不是 GB18030。请另存为 UTF-8 再核对。")


def _lines(text: str) -> Iterator[Passage]:
    """Paragraphs of a text, lines that were cut in the middle of a sentence joined again."""
    place, parts = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line:
            continue
        if parts and (len(parts) < _FULL_LINE or parts[-1] in "。！？：:；;”》)）" or _TITLE.match(line)):
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
    names = {style.style_id: str(style.name) for style in document.styles}
    paragraphs = tables = 0
    for element in document.element.body.iter(qn("w:p"), qn("w:tbl")):
        if element.tag == qn("w:tbl"):
            tables += 1
            cells = (tuple(_text(cell).strip() for cell in row.iter(qn("w:tc"))) for row in element.iter(qn("w:tr")))
            yield Passage(f"第{tables}张表", "", table=tuple(cells))
            continue
        text = canonical(_text(element))
        if text and not any(True for _ in element.iterancestors(qn("w:tbl"))):
            paragraphs += 1
            style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
            name = names.get(style.get(qn("w:val")), "") if style is not None else ""
            yield Passage(f"第{paragraphs}段", text, name.startswith("Heading"), "Note" in name)


def _text(element: Any) -> str:
    return "".join(t.text or "" for t in element.iter(qn("w:t")))
