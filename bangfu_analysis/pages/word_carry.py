"""A report as people left it, and what was written last -> the new report with all that they wrote in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_COLOR_INDEX
from docx.opc.packuri import PackURI
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from bangfu_analysis.pages.marks import WORD
from bangfu_analysis.pages.merging import Step, Unit, changed_numbers, merged, paired, places_of
from bangfu_analysis.pages.word_template import PROMPT, Element, P, open_word, parts_of, remove, xml

# Notes and comments live in parts that are not carried: a note is set in brackets, a comment is dropped.
_RANGES = ("w:commentRangeStart", "w:commentRangeEnd", "w:bookmarkStart", "w:bookmarkEnd")
_NOTES = {"w:footnoteReference": ("footnotes", "w:footnote"), "w:endnoteReference": ("endnotes", "w:endnote")}
_TABLE, _ROW, _CELL = map(qn, ("w:tbl", "w:tr", "w:tc"))
CHANGED = "Changed Number"
UNREADABLE = "原报告打不开，其中手写的内容无法沿用。请关闭该文件或换成完好的一份；若不需要，请先移走它。"
_SHOWN = 30  # characters of a paragraph that a message shows


def unit(element: Element, id: str = "") -> Unit | None:
    """A paragraph or table of a document as a unit; None of an empty paragraph."""
    if element.tag == _TABLE:
        cells = tuple(tuple(_text(cell) for cell in row.iter(_CELL)) for row in element.iter(_ROW))
        return Unit(id, "\n".join("\t".join(row) for row in cells), cells, element)
    drawn = [one.get("descr", "") for one in element.iter(qn("wp:docPr"))]
    text = "".join([*(f"［图：{alt}］" for alt in drawn), _text(element)])
    return Unit(id, text, (), element) if text.strip() else None


def read_last(path: Path) -> list[Unit] | None:
    """The units of the report as it was written last; None where that is not known."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return [Unit(one["id"], one["text"], tuple(map(tuple, one["cells"]))) for one in stored]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_as_text(units: Iterable[Unit]) -> str:
    """What `read_last` reads: what a report printed, and nothing else."""
    entries = [{"id": one.id, "text": one.text, "cells": one.cells} for one in units]
    return json.dumps(entries, ensure_ascii=False, indent=0)


def carry(
    document: Document, now: Sequence[Unit], path: Path, last: Sequence[Unit] | None, prompts: Iterable[str]
) -> tuple[list[str], list[Unit]]:  # fmt: skip
    """Put what people changed in the report at `path` into `document`, whose units are `now`. Returns in
    sentences what was done, and the units as they are to be kept.

    Where nothing tells what was written `last`, only what stands under the headings of `prompts` is taken for
    theirs. BangfuError where the file cannot be read, so that no words are lost.
    """
    source = open_word(path, f"{path.name}：{UNREADABLE}")
    theirs = _units(source)
    was = list(last) if last is not None else _taken_for_ours(theirs, source, now, set(prompts))
    done = _Carrying(document, source)
    done.run(*merged(now, was, theirs))
    as_seen = {one.id: one for one in done.last}
    return done.messages, [as_seen.get(one.id, one) for one in now]


def changed_since(path: Path, last: Sequence[Unit]) -> list[str]:
    """The ids of the units of `last` that people edited in the report at `path`."""
    theirs = _units(open_word(path, f"{path.name}：{UNREADABLE}"))
    return [was.id for was, one in paired(last, theirs) if was is not None and was.key != one.key]


def _units(document: Document) -> list[Unit]:
    return [one for one in map(unit, parts_of(document.element.body)) if one is not None]


def _taken_for_ours(
    theirs: Sequence[Unit], source: Document, now: Sequence[Unit], prompts: set[str]
) -> list[Unit]:  # fmt: skip
    """What a report must have been whose last version is not known: all but what stands under the headings to
    write under.
    """
    headings = {style.style_id for style in source.styles if str(style.name).startswith("Heading")}
    places, inside, was = {one.key: n for n, one in enumerate(now)}, False, list[Unit]()
    for n, one in enumerate(theirs):
        style = one.element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        if style is not None and style.get(qn("w:val")) in headings:
            inside = one.text.strip() in prompts
        if one.key in places:
            was.append(replace(one, id=now[places[one.key]].id))
            if inside and now[places[one.key]] is not now[-1] and one.text.strip() in prompts:
                was.append(now[places[one.key] + 1])
        elif not inside:
            was.append(replace(one, id=f"old.{n}"))
    return was


@dataclass
class _Carrying:
    """Takes what people wrote out of `source` into `document`: in sentences what was done, and the units of
    which is kept what they were when people saw them.
    """

    document: Document
    source: Document
    messages: list[str] = field(default_factory=list)
    last: list[Unit] = field(default_factory=list)

    def run(self, steps: Sequence[Step], deleted: Sequence[Unit]) -> None:
        """Do the steps; everything else in the document stays."""
        place = None
        for step in steps:
            if step.now is not None:
                place = step.now.element
                if step.theirs is not None and step.was is not None:
                    place = self._edited(step.now, step.was, step.theirs)
            elif step.theirs is not None:
                new = self._taken(step.theirs.element)
                place = _put_behind(place, new, self.document)
                self.messages.append(f"新写的，已保留：{_short(step.theirs.text)}")
        for one in deleted:
            remove([one.element])
            self.messages.append(f"已删去的，不再写出：{_short(one.text)}")

    def _edited(self, now: Unit, was: Unit, theirs: Unit) -> Element:
        """Put an edited unit in its place; of a table only the cells that were edited. Returns what stands
        there.
        """
        widths = {len(row) for one in (now, was, theirs) for row in one.cells[-1:]}
        if now.cells and len(widths) == 1:
            self._rows(now, was, theirs)
            return now.element
        new = self._taken(theirs.element)
        _keep_bookmarks(now.element, new)
        now.element.getparent().replace(now.element, new)
        if now.cells:
            self.messages.append(f"表的列改动过，整表按原样保留，数字没有刷新：{_short(theirs.text)}")
        else:
            self._marked(new, was.text, now.text, theirs.text)
        self.last.append(replace(now, text=was.text, cells=was.cells))
        return new

    def _rows(self, now: Unit, was: Unit, theirs: Unit) -> None:
        """The rows of a table merged as the paragraphs of a report are, and the cells of each."""
        new, old, edited = (_rows(one) for one in (now, was, theirs))
        steps, deleted = merged(new, old, edited)
        place: Element = None
        kept: list[tuple[str, ...]] = []
        for step in steps:
            if step.now is not None:
                place = step.now.element
                kept.append(self._cells(step.now, step.was, step.theirs))
            elif step.theirs is not None:
                place = _put_behind(place, self._taken(step.theirs.element), self.document)
        for one in deleted:
            remove([one.element])
            kept.append(one.cells[0])
        self.last.append(Unit(now.id, "\n".join("\t".join(row) for row in kept), tuple(kept)))
        self.messages.append(f"表中改动过的单元格和行，已保留：{_short(theirs.text)}")

    def _cells(self, now: Unit, was: Unit | None, theirs: Unit | None) -> tuple[str, ...]:
        """Put the cells that were edited into a row; returns what each cell was when people saw it."""
        base = list(now.cells[0])
        if was is None or theirs is None:
            return now.cells[0]
        pairs = zip(now.element.iter(_CELL), theirs.element.iter(_CELL), strict=True)
        for n, (cell, edited) in enumerate(pairs):
            if was.cells[0][n] != theirs.cells[0][n]:
                base[n] = was.cells[0][n]
                remove(cell.findall(P))
                for paragraph in edited.findall(P):
                    cell.append(self._taken(paragraph))
                self._marked(cell, base[n], now.cells[0][n], theirs.cells[0][n])
        return tuple(base)

    def _marked(self, element: Element, was: str, now: str, text: str) -> None:
        """Mark in an edited unit the numbers that it took from the last version and that changed since."""
        changed, outdated = changed_numbers(was, now), []
        for paragraph in element.iter(P):
            for start, end, number in reversed(places_of(changed, WORD.words(paragraph))):
                for run in WORD.cut(paragraph, start, end):
                    self._mark(Run(run, Paragraph(paragraph, self.document._body)), changed[number])
                outdated.append(f"{number}（{'现为' + changed[number] if changed[number] else '现已不写'}）")
        check = f"；请核对 {'、'.join(outdated[::-1])}" if outdated else ""
        self.messages.append(f"改写过的，已保留：{_short(text)}{check}")

    def _mark(self, run: Run, now: str) -> None:
        if CHANGED not in self.document.styles:
            style: Any = self.document.styles.add_style(CHANGED, WD_STYLE_TYPE.CHARACTER)
            style.font.highlight_color = WD_COLOR_INDEX.YELLOW
        run.style = CHANGED
        comment_text = f"数字已变：现为{now}。" if now else "新数据中不再有这个数。"
        comment = self.document.add_comment(run, comment_text, "bangfu")
        del comment._comment_elm.attrib[qn("w:date")]

    def _taken(self, element: Element) -> Element:
        """A copy for the new document, with the pictures and links that it refers to."""
        content = xml("<w:sdtContent/>")
        content.append(deepcopy(element))
        comments = [one.getparent() for one in content.iter(qn("w:commentReference"))]
        remove([*comments, *content.iter(*map(qn, _RANGES))])
        _set_notes_in_brackets(self.source, content)
        _set_styles(self.document, self.source, content)
        remove(content.iter(qn("w:showingPlcHdr"), qn("w:sectPr")))
        for one, name, key in list(_references(content)):
            one.set(name, _carry_part(self.document, self.source, key))
        return content[0]


def _rows(table: Unit) -> list[Unit]:
    """The rows of a table as units, known by their first cell."""
    elements = [None] * len(table.cells) if table.element is None else list(table.element.iter(_ROW))
    firsts = [row[0] if row else "" for row in table.cells]
    ids = [f"{first}.{firsts[:n].count(first)}" for n, first in enumerate(firsts)]
    rows = zip(ids, table.cells, elements, strict=True)
    return [Unit(id, "\t".join(row), (row,), element) for id, row, element in rows]


def _keep_bookmarks(now: Element, new: Element) -> None:
    """Put the bookmark of a caption, which references meet, around the number of the edited one."""
    starts, ends = ([deepcopy(one) for one in now.iter(qn(name))] for name in _RANGES[2:])
    numbers = [one.getparent() for one in new.iter(qn("w:fldChar")) if one.get(qn("w:fldCharType")) == "end"]
    if starts and numbers:
        first = next(new.iter(WORD.run))
        first.addprevious(starts[0])
        numbers[0].addnext(ends[0])


def _put_behind(place: Element, new: Element, document: Document) -> Element:
    if place is None:
        document.element.body.insert(0, new)
    else:
        place.addnext(new)
    return new


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line[:_SHOWN]}{'…' * (len(line) > _SHOWN)}”"


def _text(element: Element) -> str:
    return "".join(t.text or "" for t in element.iter(qn("w:t")))


def _set_styles(document: Document, source: Document, content: Element) -> None:
    """Styles by name, as ids differ between templates; the prompt's grey and what the template lacks are
    taken off.
    """
    names = {style.style_id: style.name for style in source.styles}
    ids = {style.name: style.style_id for style in document.styles if style.name not in (PROMPT, CHANGED)}
    for element in list(content.iter(qn("w:pStyle"), qn("w:rStyle"), qn("w:tblStyle"))):
        here = ids.get(names.get(element.get(qn("w:val"))))
        if here:
            element.set(qn("w:val"), here)
        else:
            element.getparent().remove(element)


def _references(content: Element) -> Iterator[tuple[Element, str, str]]:
    space = "{" + content.nsmap.get("r", qn("r:id")[1:].partition("}")[0]) + "}"
    for element in content.iter():
        for name, value in element.attrib.items():
            if str(name).startswith(space):
                yield element, str(name), str(value)


def _carry_part(document: Document, source: Document, key: str) -> str:
    relation = source.part.rels[key]
    if relation.is_external:
        return document.part.relate_to(relation.target_ref, relation.reltype, is_external=True)
    part, here = relation.target_part, list(document.part.package.iter_parts())
    if part not in here:
        count = sum(str(p.partname).startswith("/word/carried/") for p in here)
        part.partname = PackURI(f"/word/carried/{count + 1}.{part.partname.ext}")
    return document.part.relate_to(part, relation.reltype)


def _set_notes_in_brackets(source: Document, content: Element) -> None:
    for reference, (kind, name) in _NOTES.items():
        for element in list(content.iter(qn(reference))):
            words = _note_text(source, kind, name, element.get(qn("w:id")))
            new = xml("<w:t/>")
            new.text = f"（注：{words}）"
            element.getparent().replace(element, new)


def _note_text(source: Document, kind: str, name: str, number: str) -> str:
    for relation in source.part.rels.values():
        if relation.reltype.endswith(f"/{kind}"):
            for note in parse_xml(relation.target_part.blob).iter(qn(name)):
                if note.get(qn("w:id")) == number:
                    return _text(note).strip()
    return ""
