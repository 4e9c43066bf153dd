"""The marks of a Word document -> charts, tables, words, in controls that remember them.

A control stands inside a paragraph (LibreOffice repeats the text of one around it), with a bookmark in it,
which is what LibreOffice leaves of it. A table stands before the paragraph of its control, with its notes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.shape import CT_Inline
from docx.shared import Emu, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from bangfu_analysis.errors import CallError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.marks import MARK, TAG, Answer, Dialect, Filling, memory, number_of
from bangfu_analysis.pages.package import Package
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_table import table_element
from bangfu_analysis.pages.word_template import new_control, xml

_PARTS = re.compile(r"word/(?:document|header|footer|footnotes|endnotes)\w*\.xml")
_WORD = Dialect(*map(qn, ("w:p", "w:r", "w:rPr", "w:t")))
_P, _SDT, _TABLE = qn("w:p"), qn("w:sdt"), qn("w:tbl")
_CONTROL, _OWN_TABLE = re.compile(r"bf_(\d+)_\d+"), re.compile(r"bft_\d+_\d+")  # bookmarks
_EMU_A_TWIP, _EMU_AN_INCH = 635, 914400
_A4, _CELL_EDGES = 8306, 216  # twips of a line where no page is said, of the edges of a cell


def fill_word(package: Package, answer: Answer, known: Mapping[str, str]) -> list[str]:
    """Fill what `answer` has something for; returns the bookmarks of lost controls that none knows.

    `known`: tags by `memory`. CallError where the mark of a table shares its paragraph with other words.
    """
    lost: list[str] = []
    counts: Counter[str] = Counter()
    for name in filter(_PARTS.fullmatch, list(package.parts)):
        root = parse_xml(package.parts[name])
        changes: dict[Any, list[Any]] = {}
        for paragraph in root.iter(_P):
            if _concerns(paragraph) and not any(a in changes for a in paragraph.iterancestors(_P)):
                old = _own_table(paragraph)
                holder = root.makeelement("holder", nsmap=root.nsmap)
                holder.append(deepcopy(paragraph))
                filler = _Filler(package, name, answer, _room(paragraph), old, counts)
                lost += _emptied(holder, answer, known)
                if filler.fill(holder):
                    gone = old is not None and any(child.tag == _TABLE for child in holder)
                    changes |= ({old: []} if gone else {}) | {paragraph: list(holder)}
        if changes:
            package.replace(name, root, changes)
    return lost


def _concerns(paragraph: Any) -> bool:
    words = "".join(t.text or "" for t in paragraph.iter(_WORD.text))
    return "{{" in words or any(_controls(paragraph)) or any(_bookmarks(paragraph, _CONTROL))


def _controls(element: Any) -> Iterator[tuple[Any, str]]:
    """The controls of marks inside an element, each with its tag."""
    for control in list(element.iter(_SDT)):
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
        if tag is not None and TAG.fullmatch(said := tag.get(qn("w:val"), "")):
            yield control, said


def _bookmarks(element: Any, named: re.Pattern[str]) -> Iterator[tuple[Any, re.Match[str]]]:
    for mark in list(element.iter(qn("w:bookmarkStart"))):
        if found := named.match(mark.get(qn("w:name"), "")):
            yield mark, found


def _own_table(paragraph: Any) -> Any:
    """The table before a paragraph where it was made for a mark; else None."""
    before = paragraph.getprevious()
    ours = before is not None and before.tag == _TABLE and any(_bookmarks(before, _OWN_TABLE))
    return before if ours else None


def _room(element: Any) -> int:
    """The twips of a line at an element: of its cell, or of its page."""
    cell = next(element.iterancestors(qn("w:tc")), None)
    width = None if cell is None else cell.find(f"{qn('w:tcPr')}/{qn('w:tcW')}")
    if width is not None and width.get(qn("w:type")) == "dxa":
        return int(width.get(qn("w:w"))) - _CELL_EDGES
    section = next(iter(element.xpath("(.|following::*)/descendant-or-self::w:sectPr")), None)
    size, margin = (None if section is None else section.find(qn(n)) for n in ("w:pgSz", "w:pgMar"))
    if size is None or margin is None:
        return _A4
    return int(size.get(qn("w:w"))) - int(margin.get(qn("w:left"), 0)) - int(margin.get(qn("w:right"), 0))


def _emptied(holder: Any, answer: Answer, known: Mapping[str, str]) -> list[str]:
    """Put the plain mark in the place of each control that `answer` has something for; returns lost ones."""
    for control, tag in _controls(holder):
        if answer(tag, True) is not None:
            _plain(list(control.iter(_WORD.run)), tag, control)
    lost = []
    for start, found in _bookmarks(holder, _CONTROL):
        tag = known.get(found[1], "")
        if any(control in start.iterancestors(_SDT) for control, _ in _controls(holder)):
            continue  # of a control that is left as it is
        if not tag:
            lost.append(found[1])
        elif answer(tag, True) is not None:
            inside, number = list(next(start.iterancestors(_P)).iter()), start.get(qn("w:id"))
            ends = [e for e in inside if e.tag == qn("w:bookmarkEnd") and e.get(qn("w:id")) == number]
            between = inside[inside.index(start) : inside.index(ends[0]) if ends else len(inside)]
            _plain([e for e in between if e.tag == _WORD.run], tag, start)
            for one in (start, *ends):
                one.getparent().remove(one)
    return lost


def _plain(runs: list[Any], tag: str, place: Any) -> None:
    """A run with the mark before `place`, looking like `runs`, which go; a picture's width and key stay."""
    run = xml(f"<w:r><w:t>{escape('{{' + tag + '}}')}</w:t></w:r>")
    looks = [look for each in runs for look in each.findall(_WORD.properties)]
    run[:0] = map(deepcopy, looks[:1])
    for name, attribute in (("wp:extent", "cx"), ("a:blip", qn("r:embed"))):
        if (was := next((e for r in runs for e in r.iter(qn(name))), None)) is not None:
            run.set(qn(name), was.get(attribute))
    place.addprevious(run)
    for one in (place,) if place.tag == _SDT else runs:
        one.getparent().remove(one)


@dataclass
class _Filler:
    """Fills a paragraph and those of its text boxes; `old`: the table that it had; `counts`: marks so far."""

    package: Package
    part: str
    answer: Answer
    room: int
    old: Any
    counts: Counter[str] = field(default_factory=Counter)

    def fill(self, holder: Any) -> bool:
        """Fill the paragraphs inside `holder`; whether anything was."""
        filled = False
        for paragraph in list(holder.iter(_P)):
            words = _WORD.words(paragraph)
            for found in reversed(list(MARK.finditer(words))):
                alone = words.strip() == found[0]
                if found[1] == "表" and not alone:
                    told = f"{found[0]} 应独占一段，现在写在“{words[:40]}”之中"
                    raise CallError(f"{told}。请把它移到单独的一段。")
                filling = self.answer(f"{found[1]}:{found[2]}", False)
                if filling is not None:
                    self._put(paragraph, _WORD.cut(paragraph, *found.span()), filling, alone)
                    filled = True
        return filled

    def _put(self, paragraph: Any, runs: list[Any], filling: Filling, alone: bool) -> None:
        self.counts[filling.tag] += 1
        number = number_of(filling.tag, self.counts[filling.tag])
        look, words = runs[0].find(_WORD.properties), filling.words
        if filling.exhibit is not None and filling.tag.startswith("表"):
            table = filling.exhibit.table
            words = "".join(f"{line.rstrip('。')}。" for line in (*table.notes, table.source) if line)
            paragraph.addprevious(self._table(filling.exhibit, f"bft_{memory(filling.tag)}_{number}", number))
        content = xml(f'<w:r><w:t xml:space="preserve">{escape(words)}</w:t></w:r>')
        if filling.exhibit is not None and filling.tag.startswith("图"):
            content = self._picture(filling, filling.exhibit, number, runs[0])
            if alone:
                _on_a_line_of_its_own(paragraph)
        if look is not None:
            content.insert(0, deepcopy(look))
        if filling.tag.startswith("表") and Run(content, _NO_STORY).font.size is None:
            Run(content, _NO_STORY).font.size = Pt(9)
        remembering = new_control(filling.tag, filling.tag, number)
        start, end = _bookmark(f"bf_{memory(filling.tag)}_{self.counts[filling.tag]}", number)
        remembering[1].extend([start, content, end])
        runs[0].addprevious(remembering)
        for run in runs:
            run.getparent().remove(run)

    def _picture(self, filling: Filling, exhibit: Exhibit, number: int, was: Any) -> Any:
        """A run with the chart, as wide as the one before it and in its part."""
        figure = draw(exhibit, title="")
        inches = figure.get_size_inches()
        across = int(was.get(qn("wp:extent")) or min(self.room * _EMU_A_TWIP, inches[0] * _EMU_AN_INCH))
        media = self.package.target(self.part, was.get(qn("a:blip"), ""))
        media = media if media.endswith(".png") else f"word/media/bangfu{memory(filling.tag)}.png"
        self.package.put(media, saved(figure, "png"), "image/png")
        key = self.package.relate(self.part, media, "image")
        high = int(across * inches[1] / inches[0])
        inline: Any = CT_Inline.new_pic_inline(number, key, filling.tag, Emu(across), Emu(high))
        for names in (inline.docPr, next(inline.iter(qn("pic:cNvPr")))):
            names.set("name", filling.tag)
            names.set("descr", f"{filling.words}。{exhibit.text}")
        run = xml("<w:r><w:drawing/></w:r>")
        run[0].append(inline)
        return run

    def _table(self, exhibit: Exhibit, bookmark: str, number: int) -> Any:
        """The table, of the width of the line, as the one before it looked."""
        table = table_element(exhibit.table, lambda name: f'<w:pStyle w:val="{name}"/>', self.room)
        first = next(table.iter(_P))
        first.extend(_bookmark(bookmark, number + 1))
        for paragraph in table.iter(_P):
            _set_plainly(paragraph)
        if self.old is not None:
            _dress(table, self.old)
        return table


def _bookmark(name: str, number: int) -> tuple[Any, Any]:
    """Where a bookmark begins and ends."""
    ends = f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>', f'<w:bookmarkEnd w:id="{number}"/>'
    return xml(ends[0]), xml(ends[1])


def _on_a_line_of_its_own(paragraph: Any) -> Any:
    """Room for what is higher than a line, from edge to edge, whatever the style says; returns the format."""
    layout = Paragraph(paragraph, _NO_STORY).paragraph_format
    layout.line_spacing, layout.first_line_indent = 1.0, Pt(0)
    paragraph.pPr.ind.attrib.pop(qn("w:firstLineChars"), None)
    paragraph.pPr.ind.set(qn("w:firstLineChars"), "0")
    return layout


def _set_plainly(paragraph: Any) -> None:
    """In the body style of the document, set as the style of our template that it names would."""
    name = paragraph.pPr.style
    paragraph.pPr.style = None
    layout = _on_a_line_of_its_own(paragraph)
    layout.space_before = layout.space_after = Pt(0)
    layout.alignment = next(place for word, place in _ALIGNED.items() if word in name)
    for run in paragraph.iter(_WORD.run):
        Run(run, _NO_STORY).font.size = Pt(9 if name.endswith("Small") else 10.5)


def _dress(table: Any, old: Any) -> None:
    """Set a table as the one that stood there: its frame, and head and body by column."""
    table.replace(table.find(qn("w:tblPr")), deepcopy(old.find(qn("w:tblPr"))))
    head, *body = list(old.iter(qn("w:tr")))
    for row in table.iter(qn("w:tr")):
        like = head if row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None or not body else body[0]
        for cell, old_cell in zip(row.iter(qn("w:tc")), like.iter(qn("w:tc")), strict=False):
            for name, within in ((qn("w:pPr"), _P), (qn("w:rPr"), _WORD.run)):
                new, was = (next(e.iter(within), None) for e in (cell, old_cell))
                if new is not None and was is not None and was.find(name) is not None:
                    for look in new.findall(name):
                        new.remove(look)
                    new.insert(0, deepcopy(was.find(name)))


_NO_STORY: Any = None  # python-docx asks it for styles, which are not asked for here
_ALIGNED = dict(zip(("Text", "Head", "Number"), WD_ALIGN_PARAGRAPH, strict=False))  # left, centre, right
