"""Blocks -> report.docx, set in the styles of the template: native tables, live captions and references, controls.

Everything is a style of the template; this file holds no font and no size. What the researcher wrote stands in content
controls and is carried over from an earlier report. The same blocks give the same bytes.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import date as Date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.document import Document
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml.ns import qn
from docx.shared import Emu, Mm
from docx.text.paragraph import Paragraph as WordParagraph

from bangfu_analysis.errors import ArgumentError, BangfuError, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.wording import date_words
from bangfu_analysis.files import write
from bangfu_analysis.pages.blocks import Block, FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.drawing import draw, has_chart
from bangfu_analysis.pages.report import exhibit_blocks
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_carry import Kept, control_id, kept_controls, place
from bangfu_analysis.pages.word_table import add_table
from bangfu_analysis.pages.word_template import (
    PROMPT,
    TEMPLATE,
    TEXT_HEIGHT_MM,
    TEXT_WIDTH_MM,
    open_template,
    packed,
    xml,
)

REFERENCE = re.compile(r"\{(表|图):([^{}]+)\}")
_BOOKMARKS = {"表": "_Ref_table_{}", "图": "_Ref_figure_{}"}
_MOST_OF_PAGE = 0.8
_IN_WORD = 0.9  # of its print size: beside its table on a page more figures fit so, and the text stays 7 pt high
LEFT_OVER = "原报告中未能归位的内容"
Numbers = Mapping[tuple[str, str], int]  # (kind, id) -> the number of a table or figure


def write_report(
    blocks: Sequence[Block],
    path: Path,
    *,
    title: str,
    subtitle: str = "",
    date: Date | None = None,
    template: Path | None = None,
    carry_over_from: Path | None = None,
) -> Path:
    """Write `blocks` as a Word report to `path` (which may be `carry_over_from`); returns `path`.

    `title` may hold line breaks; `subtitle` (the issuing union) and `date` stand under it. Tables and figures are
    numbered in order, by fields with cached numbers. The content of controls in `carry_over_from` (a path that does
    not exist is skipped) replaces the prompt of the Placeholder with the same id; what has no place any more is put
    at the end under a heading of its own. Raises ArgumentError for an unknown or repeated id, BangfuError for a
    template that lacks styles, an earlier report that cannot be read, a picture that is none, a file that is open.
    """
    kept = kept_controls(carry_over_from, [block for block in blocks if isinstance(block, Placeholder)])
    document = open_template(template or TEMPLATE)
    _add_title(document, title, subtitle, date)
    numbers = numbered(blocks)
    for block in (*blocks, *_left_over(blocks, kept)):
        _add(document, block, numbers, kept)
    document.core_properties.title = title.replace("\n", "")
    return write(path, packed(document), keep=True)


def exhibit_document(exhibit: Exhibit) -> bytes:
    """One exhibit as a Word file: its sentences, native table and figure, in the styles of the template."""
    document = open_template(TEMPLATE)
    with tempfile.TemporaryDirectory() as folder:
        figures = {}
        if has_chart(exhibit):
            figures = {exhibit.id: write(Path(folder) / "figure.png", saved(draw(exhibit), "png"))}
        blocks = exhibit_blocks(exhibit, figures)
        for block in blocks:
            _add(document, block, numbered(blocks), {})
    document.core_properties.title = exhibit.title
    return packed(document)


def _add_title(document: Document, title: str, subtitle: str, date: Date | None) -> None:
    document.add_paragraph(title, style="Title")
    for line in (subtitle, f"（{date_words(date)}）" if date else ""):
        if line:
            document.add_paragraph(line, style="Subtitle")
    document.add_paragraph(style="Body Text")


def numbered(blocks: Sequence[Block]) -> dict[tuple[str, str], int]:
    """(kind, id) -> number, in the order of the blocks; ArgumentError where an id is used twice."""
    ids = {
        "表": [block.id for block in blocks if isinstance(block, TableBlock)],
        "图": [block.id for block in blocks if isinstance(block, FigureBlock)],
        "待填写部分": [block.id for block in blocks if isinstance(block, Placeholder)],
    }
    for kind, used in ids.items():
        if twice := sorted({id for id in used if used.count(id) > 1}):
            raise ArgumentError(f"报告中{kind}的 id 重复：{listed(twice)}。请改成各不相同的 id。")
    return {(kind, id): number for kind in _BOOKMARKS for number, id in enumerate(ids[kind], start=1)}


def _left_over(blocks: Sequence[Block], kept: Mapping[str, Kept]) -> list[Block]:
    wanted = {block.id for block in blocks if isinstance(block, Placeholder)}
    rest = [Placeholder(tag, "", one.title) for tag, one in kept.items() if tag not in wanted]
    return [Heading(1, LEFT_OVER, numbered=False), *rest] if rest else []


def _add(document: Document, block: Block, numbers: Numbers, kept: Mapping[str, Kept]) -> None:
    match block:
        case Heading():
            _add_heading(document, block)
        case Paragraph():
            _add_text(document.add_paragraph(style="Body Text"), block.text, numbers)
        case TableBlock():
            _add_caption(document, "表", numbers["表", block.id], block.table.title)
            add_table(document, block.table)
        case FigureBlock():
            _add_figure(document, block, numbers["图", block.id])
        case Placeholder():
            _add_placeholder(document, block, kept.get(block.id))


def _add_heading(document: Document, block: Heading) -> None:
    if not 1 <= block.level <= 4:
        raise ArgumentError.naming("level", block.level, range(1, 5))
    heading = document.add_paragraph(block.text, style=f"Heading {block.level}")
    if not block.numbered:
        heading._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
        heading.paragraph_format.first_line_indent = 0


def _add_text(paragraph: WordParagraph, text: str, numbers: Numbers) -> None:
    end = 0
    for found in REFERENCE.finditer(text):
        paragraph.add_run(text[end : found.start()])
        kind, name = found[1], found[2]
        if (kind, name) not in numbers:
            known = [f"{{{kind}:{name}}}" for kind, name in numbers]
            raise ArgumentError.naming("text", found[0], known)
        number = numbers[kind, name]
        _add_field(paragraph, f"REF {_BOOKMARKS[kind].format(number)} \\h", f"{kind}{number}")
        end = found.end()
    paragraph.add_run(text[end:])


def _add_field(paragraph: WordParagraph, instruction: str, cached: str) -> None:
    """A field in five runs: a simple field would hide its cached text from most readers of .docx."""
    for inside in (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {instruction} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        f"<w:t>{escape(cached)}</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    ):
        paragraph._p.append(xml(f"<w:r>{inside}</w:r>"))


def _add_caption(document: Document, kind: str, number: int, title: str) -> None:
    """表1　…: the number is a field, and the bookmark around it is what references meet."""
    paragraph = document.add_paragraph(style="Table Caption" if kind == "表" else "Figure Caption")
    bookmark = _BOOKMARKS[kind].format(number)
    mark = zlib.crc32(bookmark.encode()) % 10**8
    paragraph._p.append(xml(f'<w:bookmarkStart w:id="{mark}" w:name="{bookmark}"/>'))
    paragraph.add_run(kind)
    _add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
    paragraph._p.append(xml(f'<w:bookmarkEnd w:id="{mark}"/>'))
    paragraph.add_run(f"　{title}")


def _add_figure(document: Document, block: FigureBlock, number: int) -> None:
    paragraph = document.add_paragraph(style="Figure")
    try:
        picture = paragraph.add_run().add_picture(str(block.path))
    except (UnrecognizedImageError, OSError) as fault:
        raise BangfuError(f"图片 {block.path.name} 不存在或不是 PNG。请先导出图表，再生成报告。") from fault
    scale = min(_IN_WORD, Mm(TEXT_WIDTH_MM) / picture.width, Mm(TEXT_HEIGHT_MM) * _MOST_OF_PAGE / picture.height)
    picture.width, picture.height = Emu(int(picture.width * scale)), Emu(int(picture.height * scale))
    properties = picture._inline.docPr
    properties.set("name", f"图{number}")
    properties.set("descr", block.alt)
    if block.note:
        document.add_paragraph(block.note, style="Figure Note")
    _add_caption(document, "图", number, block.caption)


def _add_placeholder(document: Document, block: Placeholder, kept: Kept | None) -> None:
    if block.heading:
        _add_heading(document, Heading(block.level, block.heading))
    control = xml(
        f"<w:sdt><w:sdtPr><w:alias w:val={quoteattr(block.heading or block.prompt)}/><w:tag w:val={quoteattr(block.id)}/>"
        f'<w:id w:val="{control_id(block.id, block.prompt)}"/><w:lock w:val="sdtLocked"/><w:showingPlcHdr/></w:sdtPr>'
        f"<w:sdtContent/></w:sdt>"
    )
    content = control.find(qn("w:sdtContent"))
    if kept:
        control.find(qn("w:sdtPr")).remove(control.find(f".//{qn('w:showingPlcHdr')}"))
        place(document, kept, content)
    else:
        prompt = document.add_paragraph(style="Body Text")
        prompt.add_run(block.prompt, style=PROMPT)
        content.append(prompt._p)
    body: Any = document.element.body
    body.insert_element_before(control, "w:sectPr")
