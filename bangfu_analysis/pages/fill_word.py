"""The marks of a Word document -> charts, tables, words, in controls that remember them.

A control stands inside a paragraph (LibreOffice repeats the text of one around it), with a bookmark in it,
which is what LibreOffice leaves of it. A table stands before the paragraph of its control, with its notes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.shape import CT_Inline
from docx.shared import Emu, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from bangfu_analysis.errors import CallError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.marks import MARK, TAG, WORD, Answer, Filling, memory, number_of
from bangfu_analysis.pages.package import Package
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_table import table_element
from bangfu_analysis.pages.word_template import Element, new_control, remove, xml

_PARTS = re.compile(r"word/(?:document|header|footer|footnotes|endnotes)\w*\.xml")
_P, _SDT, _TABLE = qn("w:p"), qn("w:sdt"), qn("w:tbl")
_CONTROL, _OWN_TABLE = re.compile(r"bf_(\d+)_\d+"), re.compile(r"bft_\d+_\d+")  # bookmarks
_EMU_A_TWIP, _EMU_AN_INCH = 635, 914400
_A4, _CELL_EDGES = 8306, 216  # twips of a line where no page is said, of the edges of a cell


def fill_word(package: Package, answer: Answer, tags: Mapping[str, str]) -> list[str]:
    """Fill what `answer` has something for; returns the bookmarks of lost controls that none knows.

    `known`: tags by `memory`. CallError where the mark of a table shares its paragraph with other words.
    """
    lost: list[str] = []
    counts: Counter[str] = Counter()
    for name in filter(_PARTS.fullmatch, list(package.parts)):
        root, filler = package.tree(name), _Filler(package, name, answer, counts)
        lost += _emptied(root, answer, tags)
        if sum(map(filler.fill, list(root.iter(_P)))):
            package.write(name, root)
    return lost


def _controls(element: Element) -> Iterator[tuple[Element, str]]:
    """The controls of marks inside an element, each with its tag."""
    for control in list(element.iter(_SDT)):
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
        if tag is not None and TAG.fullmatch(value := tag.get(qn("w:val"), "")):
            yield control, value


def _bookmarks(element: Element, named: re.Pattern[str]) -> Iterator[tuple[Element, re.Match[str]]]:
    for mark in list(element.iter(qn("w:bookmarkStart"))):
        if match := named.match(mark.get(qn("w:name"), "")):
            yield mark, match


def _own_table(paragraph: Element) -> Element:
    """The table before a paragraph where it was made for a mark; else None."""
    before = paragraph.getprevious()
    ours = before is not None and before.tag == _TABLE and any(_bookmarks(before, _OWN_TABLE))
    return before if ours else None


def _room(element: Element) -> int:
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


def _emptied(root: Element, answer: Answer, tags: Mapping[str, str]) -> list[str]:
    """Put the plain mark in the place of each control that `answer` has something for; returns lost ones."""
    for control, tag in _controls(root):
        if answer(tag, True) is not None:
            _plain(list(control.iter(WORD.run)), tag, control)
    left, lost = {control for control, _ in _controls(root)}, list[str]()
    for start, match in _bookmarks(root, _CONTROL):
        tag = tags.get(match[1], "")
        if not left.isdisjoint(start.iterancestors(_SDT)):
            continue  # of a control that is left as it is
        if not tag:
            lost.append(match[1])
        elif answer(tag, True) is not None:
            inside, number = list(next(start.iterancestors(_P)).iter()), start.get(qn("w:id"))
            ends = [e for e in inside if e.tag == qn("w:bookmarkEnd") and e.get(qn("w:id")) == number]
            between = inside[inside.index(start) : inside.index(ends[0]) if ends else len(inside)]
            _plain([e for e in between if e.tag == WORD.run], tag, start)
            remove((start, *ends))
    return lost


def _plain(runs: list[Element], tag: str, place: Element) -> None:
    """A run with the mark before `place`, looking like `runs`, which go; a picture's width and key stay."""
    run = xml(f"<w:r><w:t>{escape('{{' + tag + '}}')}</w:t></w:r>")
    looks = [look for each in runs for look in each.findall(WORD.properties)]
    run[:0] = map(deepcopy, looks[:1])
    for name, attribute in (("wp:extent", "cx"), ("a:blip", qn("r:embed"))):
        if (was := next((e for r in runs for e in r.iter(qn(name))), None)) is not None:
            run.set(qn(name), was.get(attribute))
    place.addprevious(run)
    remove((place,) if place.tag == _SDT else runs)


@dataclass
class _Filler:
    """Fills the paragraphs of a part; `counts`: marks so far."""

    package: Package
    part: str
    answer: Answer
    counts: Counter[str]

    def fill(self, paragraph: Element) -> bool:
        """Fill a paragraph; whether anything was."""
        words, filled = WORD.words(paragraph), False
        for mark in reversed(list(MARK.finditer(words))):
            alone = words.strip() == mark[0]
            if mark[1] == "表" and not alone:
                message = f"{mark[0]} 应独占一段，现在写在“{words[:40]}”之中"
                raise CallError(f"{message}。请把它移到单独的一段。")
            filling = self.answer(f"{mark[1]}:{mark[2]}", False)
            if filling is not None:
                self._put(paragraph, WORD.cut(paragraph, *mark.span()), filling, alone)
                filled = True
        return filled

    def _put(self, paragraph: Element, runs: list[Element], filling: Filling, alone: bool) -> None:
        self.counts[filling.tag] += 1
        number = number_of(filling.tag, self.counts[filling.tag])
        look, words = runs[0].find(WORD.properties), filling.words
        if filling.tag.startswith("表"):
            old, name = _own_table(paragraph), f"bft_{memory(filling.tag)}_{number}"
            if filling.exhibit is not None:
                table = filling.exhibit.table
                words = "".join(f"{line.rstrip('。')}。" for line in (*table.notes, table.source) if line)
                paragraph.addprevious(_table(table, _room(paragraph), old, _bookmark(name, number + 1)))
            if old is not None:
                old.getparent().remove(old)
        content = xml(f'<w:r><w:t xml:space="preserve">{escape(words)}</w:t></w:r>')
        if filling.exhibit is not None and filling.tag.startswith("图"):
            room = _room(paragraph) * _EMU_A_TWIP
            content = self._picture(filling, filling.exhibit, number, runs[0], room)
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
        remove(runs)

    def _picture(self, filling: Filling, exhibit: Exhibit, number: int, was: Element, room: int) -> Element:
        """A run with the chart, as wide as the one before it or `room`, in the part of that before it."""
        figure = draw(exhibit, title="")
        inches = figure.get_size_inches()
        across = int(was.get(qn("wp:extent")) or min(room, inches[0] * _EMU_AN_INCH))
        media = self.package.target(self.part, was.get(qn("a:blip"), ""))
        media = media if media.endswith(".png") else f"word/media/bangfu{memory(filling.tag)}.png"
        self.package.put(media, saved(figure, "png"), "image/png")
        key = self.package.relate(self.part, media, "image")
        high = int(across * inches[1] / inches[0])
        inline: Element = CT_Inline.new_pic_inline(number, key, filling.tag, Emu(across), Emu(high))
        for names in (inline.docPr, next(inline.iter(qn("pic:cNvPr")))):
            names.set("name", filling.tag)
            names.set("descr", f"{filling.words}。{exhibit.text}")
        run = xml("<w:r><w:drawing/></w:r>")
        run[0].append(inline)
        return run


def _table(content: DisplayTable, room: int, old: Element, bookmark: Sequence[Element]) -> Element:
    """The table, of the width of the line, as the one before it looked."""
    table = table_element(content, lambda name: f'<w:pStyle w:val="{name}"/>', room)
    next(table.iter(_P)).extend(bookmark)
    for paragraph in table.iter(_P):
        _set_plainly(paragraph)
    if old is not None:
        _dress(table, old)
    return table


def _bookmark(name: str, number: int) -> tuple[Element, Element]:
    """Where a bookmark begins and ends."""
    ends = f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>', f'<w:bookmarkEnd w:id="{number}"/>'
    return xml(ends[0]), xml(ends[1])


def _on_a_line_of_its_own(paragraph: Element) -> Element:
    """Room for what is higher than a line, from edge to edge, whatever the style says; returns the format."""
    layout = Paragraph(paragraph, _NO_STORY).paragraph_format
    layout.line_spacing, layout.first_line_indent = 1.0, Pt(0)
    paragraph.pPr.ind.attrib.pop(qn("w:firstLineChars"), None)
    paragraph.pPr.ind.set(qn("w:firstLineChars"), "0")
    return layout


def _set_plainly(paragraph: Element) -> None:
    """In the body style of the document, set as the style of our template that it names would."""
    name = paragraph.pPr.style
    paragraph.pPr.style = None
    layout = _on_a_line_of_its_own(paragraph)
    layout.space_before = layout.space_after = Pt(0)
    layout.alignment = next(place for word, place in _ALIGNED.items() if word in name)
    for run in paragraph.iter(WORD.run):
        Run(run, _NO_STORY).font.size = Pt(9 if name.endswith("Small") else 10.5)


def _dress(table: Element, old: Element) -> None:
    """Set a table as the one that stood there: its frame, and head and body by column."""
    table.replace(table.find(qn("w:tblPr")), deepcopy(old.find(qn("w:tblPr"))))
    head, *body = list(old.iter(qn("w:tr")))
    for row in table.iter(qn("w:tr")):
        like = head if row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None or not body else body[0]
        for cell, old_cell in zip(row.iter(qn("w:tc")), like.iter(qn("w:tc")), strict=False):
            for name, within in ((qn("w:pPr"), _P), (qn("w:rPr"), WORD.run)):
                new, was = (next(e.iter(within), None) for e in (cell, old_cell))
                if new is not None and was is not None and was.find(name) is not None:
                    remove(new.findall(name))
                    new.insert(0, deepcopy(was.find(name)))


_NO_STORY: Any = None  # python-docx asks it for styles, which are not asked for here
_ALIGNED = dict(zip(("Text", "Head", "Number"), WD_ALIGN_PARAGRAPH, strict=False))  # left, centre, right
