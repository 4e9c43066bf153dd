"""The marks that a researcher writes into a document of their own, and what each becomes.

`{{图:level}}` a chart, `{{表:level}}` a table, `{{句:level}}` sentences, `{{数:level.dibao.share}}` a number.
A mark is known by its tag, `图:level`; Word and PowerPoint alike write paragraphs of runs of texts.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

from docx.oxml.ns import qn

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.measures import dimensions, measures, printable
from bangfu_analysis.exhibits.tables import as_text, printed_cells
from bangfu_analysis.pages.charts import has_chart
from bangfu_analysis.pages.word_template import Element

KINDS = ("图", "表", "句", "数")
MARK = re.compile(r"\{\{\s*([^{}:：\s]{1,4})\s*[:：]\s*([^{}]+?)\s*\}\}")
TAG = re.compile(rf"[{''.join(KINDS)}]:.+")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@dataclass(frozen=True)
class Filling:
    """What stands in the place of a mark, its whole `tag`: `words`, or the chart or table of `exhibit`."""

    tag: str
    words: str
    exhibit: Exhibit | None = None


Answer = Callable[[str, bool], Filling | None]  # a tag, and whether a control remembers it; None: it stays


def offered(exhibit: Exhibit) -> dict[str, str]:
    """Tag -> the words that it becomes (the title of a chart or table), for all marks of an exhibit."""
    if not len(exhibit.frame):
        return {}
    marks = {f"图:{exhibit.id}": exhibit.figure_title} if has_chart(exhibit) else {}
    marks[f"表:{exhibit.id}"] = exhibit.title
    if exhibit.text:
        marks[f"句:{exhibit.id}"] = exhibit.text
    return marks | dict(_numbers(exhibit))


def possible(exhibit: Exhibit, tag: str) -> bool:
    """Whether an exhibit has such a mark where a wave has enough to show: a chart if its recipe has one."""
    recipe = exhibit.recipe
    return bool({"图": recipe.draw, "表": True, "句": recipe.text}.get(tag[0]))


def _numbers(exhibit: Exhibit) -> Iterator[tuple[str, str]]:
    """`数:id.measure` where a measure has one value, `数:id.code.measure` for every row."""
    frame = exhibit.frame
    columns = [frame[name].astype(object).where(frame[name].notna(), "missing") for name in dimensions(frame)]
    rows = [".".join(map(str, codes)) for codes in zip(*columns, strict=True)]
    for measure in printable(frame):
        one = measures()[measure]
        texts = [as_text(cell, one.kind) for cell in printed_cells(frame, one)] if one.kind != "text" else []
        if len(set(texts)) == 1:
            yield f"数:{exhibit.id}.{measure}", texts[0]
        for row, words in zip(rows, texts, strict=False):
            yield f"数:{exhibit.id}.{row}.{measure}", words


def number_of(tag: str, n: int = 0) -> int:
    """A number for what bears `tag` in a file, the same at every fill."""
    return zlib.crc32(f"{tag} {n}".encode()) % 2**31


def memory(tag: str) -> str:
    """What a bookmark or the name of a part says of a tag."""
    return str(number_of(tag))


@dataclass(frozen=True)
class Dialect:
    """What a paragraph, a run, its properties and its text are called in a kind of document."""

    paragraph: str
    run: str
    properties: str
    text: str

    def texts(self, paragraph: Element) -> list[Element]:
        """The texts of a paragraph, without those of paragraphs inside it (of a text box)."""
        return [t for t in paragraph.iter(self.text) if next(t.iterancestors(self.paragraph)) is paragraph]

    def words(self, paragraph: Element) -> str:
        """The text of a paragraph."""
        return "".join(t.text or "" for t in self.texts(paragraph))

    def cut(self, paragraph: Element, start: int, end: int) -> list[Element]:
        """The runs that hold the characters from `start` to `end` of a paragraph and nothing else."""
        for seen, t in self._placed(paragraph):
            if seen < end <= seen + len(t.text):
                if end < seen + len(t.text):
                    self._split(t, end - seen)
                elif t.getnext() is not None:
                    self._split(t.getnext(), 0)
        for seen, t in self._placed(paragraph):
            before = t.getprevious()
            first = before is None or before.tag == self.properties
            if seen <= start < seen + len(t.text) and (start > seen or not first):
                self._split(t, start - seen)
        held = [t.getparent() for seen, t in self._placed(paragraph) if start <= seen < end]
        return list(dict.fromkeys(held))

    def _placed(self, paragraph: Element) -> list[tuple[int, Element]]:
        placed, seen = [], 0
        for t in self.texts(paragraph):
            if t.text:
                placed.append((seen, t))
                seen += len(t.text)
        return placed

    def _split(self, child: Element, at: int) -> None:
        """Put what is behind the character `at` of a child of a run into a new run behind."""
        run, moved = child.getparent(), list(child.itersiblings())
        right = run.makeelement(run.tag, dict(run.attrib))
        look = run.find(self.properties)
        if look is not None:
            right.append(deepcopy(look))
        if at:
            rest = deepcopy(child)
            rest.text, child.text = child.text[at:], child.text[:at]
            for text in (rest, child) if "wordprocessingml" in self.text else ():
                text.set(_SPACE, "preserve")
            moved = [rest, *moved]
        else:
            moved = [child, *moved]
        right.extend(moved)
        run.addnext(right)


WORD = Dialect(*map(qn, ("w:p", "w:r", "w:rPr", "w:t")))
