"""Blocks -> report.docx, set in the styles of the template: native tables, live captions and references,
controls.

Everything is a style of the template; this file holds no font and no size. What the researcher wrote stands
in content controls and is carried over from an earlier report. The same blocks give the same bytes.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from docx.document import Document
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml.ns import qn
from docx.shared import Emu, Mm
from docx.text.paragraph import Paragraph as WordParagraph

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.wording import date_words
from bangfu_analysis.files import write
from bangfu_analysis.pages.blocks import Block, FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.charts import has_chart
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.marks import number_of
from bangfu_analysis.pages.merging import Unit
from bangfu_analysis.pages.report import exhibit_blocks
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_carry import carry, changed_since, last_as_text, read_last, unit
from bangfu_analysis.pages.word_table import add_table
from bangfu_analysis.pages.word_template import (
    PROMPT,
    TEMPLATE,
    TEXT_HEIGHT_MM,
    TEXT_WIDTH_MM,
    Element,
    new_control,
    open_template,
    packed,
    xml,
)
from bangfu_analysis.progress import doing

REFERENCE = re.compile(r"\{(表|图):([^{}]+)\}")
_EXHIBIT = re.compile(r"\.[表图句]?(\w+)\.\d+\.\d+$")  # in the id of a unit
_BOOKMARKS = {"表": "_Ref_table_{}", "图": "_Ref_figure_{}"}
_MOST_OF_PAGE = 0.8
MOST_PAGES = 10  # of a report without contents
LINES_A_PAGE, CHARACTERS_A_LINE = 22, 28  # of GB/T 9704
Numbers = Mapping[tuple[str, str], int]  # (kind, id) -> the number of a table or figure


@dataclass(frozen=True)
class Written:
    """A report as it was written: its title as people left it, and in sentences what of theirs was merged."""

    title: str
    messages: tuple[str, ...] = ()


@doing("写出报告")
def write_report(
    blocks: Sequence[Block], path: Path, *, title: str, subtitle: str = "", date: Date | None = None,
    template: Path | None = None, last: Path | None = None,
) -> Written:
    """Write `blocks` as a Word report to `path`, with what people wrote into the one that is there.

    `title` may hold line breaks; `subtitle` (the issuing union) and `date` stand under it. Tables and figures
    are numbered in order, by fields with cached numbers. `last` keeps what this report says, so that at the
    next refresh it is known what people changed: they keep it by paragraph, caption and cell. Where that file
    is gone, only what stands under the headings to write under is kept. BangfuError for a template that lacks
    styles, an earlier report that cannot be read, a picture that is none, a file that is open.
    """
    document, flat = open_template(template or TEMPLATE), list[Block]()
    for block in blocks:
        if isinstance(block, Placeholder) and block.heading:
            flat += [Heading(1, block.heading), replace(block, heading="")]
        else:
            flat.append(block)
    numbers, names = numbered(flat), _names(flat)
    units = _units_of(document, "题", lambda: _add_title(document, title, subtitle, date))
    chapters = [block for block in flat if isinstance(block, Heading) and block.level == 1]
    long = sum(map(_lines, flat)) > MOST_PAGES * LINES_A_PAGE
    for name, block in zip(names, flat, strict=True):
        if long and chapters and block is (chapters[1:] or chapters)[0]:  # behind 要点, which page 1 is for
            _add_contents(document, [each.text for each in chapters])
        units += _units_of(document, name, partial(_add, document, block, numbers))
    messages = list[str]()
    if last is not None and path.exists():
        prompts = [block.heading for block in blocks if isinstance(block, Placeholder)]
        messages, units = carry(document, units, path, read_last(last), prompts)
        _renumber(document)
    titles = [each.text for each in document.paragraphs if getattr(each.style, "name", "") == "Title"]
    titled = (titles or [title])[0]
    document.core_properties.title = titled.replace("\n", "")
    write(path, packed(document), keep=True)
    if last is not None:
        write(last, last_as_text(units), private=True)
    return Written(titled, tuple(messages))


def _lines(block: Block) -> float:
    """About how many of the lines of a page a block takes."""
    match block:
        case Paragraph():
            return len(block.text) // CHARACTERS_A_LINE + 1
        case TableBlock():
            return (len(block.table.rows) + len(block.table.notes) + 4) * 0.65
        case FigureBlock():
            return 9
    return 1


def _add_contents(document: Document, headings: Sequence[str]) -> None:
    """A field of contents: Word fills in the pages when the report is opened; until then it shows the
    headings.
    """
    name, lines = (document.styles[name].style_id for name in ("Subtitle", "Table Text"))
    contents = xml(
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/>'
        "</w:docPartObj></w:sdtPr><w:sdtContent>"
        f'<w:p><w:pPr><w:pStyle w:val="{name}"/></w:pPr><w:r><w:t>目录</w:t></w:r></w:p>'
        f'<w:p><w:pPr><w:pStyle w:val="{lines}"/></w:pPr></w:p></w:sdtContent></w:sdt>'
    )
    _add_field(WordParagraph(contents[1][1], document), 'TOC \\o "1-1" \\h \\z', "\n".join(headings))
    next(contents.iter(qn("w:fldChar"))).set(qn("w:dirty"), "true")
    body: Element = document.element.body
    body.insert_element_before(contents, "w:sectPr")


def _names(blocks: Sequence[Block]) -> list[str]:
    """A name of each block that it keeps in the next report: a paragraph has that of the table it speaks of.
    """
    heading, names = "", list[str]()
    for block in blocks:
        name = f"{type(block).__name__}.{getattr(block, 'id', '')}"
        if isinstance(block, Heading):
            heading = name = f"标题.{block.text}"
        elif isinstance(block, Paragraph):
            mark = REFERENCE.search(block.text)
            name = f"{heading}.{''.join(mark.groups()) if mark else '句' + block.of if block.of else '段'}"
        names.append(f"{name}.{sum(one.rpartition('.')[0] == name for one in names)}")
    return names


def edited(path: Path, last: Path) -> set[str]:
    """The exhibits whose sentence, table or figure people changed in the report at `path` since `last`."""
    names = changed_since(path, read_last(last) or []) if path.exists() else []
    return {match[1] for name in names if (match := _EXHIBIT.search(name))}


def _units_of(document: Document, name: str, add: Callable[[], None]) -> list[Unit]:
    """The units that `add` appends to the document, named after their block."""
    body: Element = document.element.body
    before = len(body) - 1
    add()
    units = (unit(element, f"{name}.{n}") for n, element in enumerate(body[before:-1]))
    return [one for one in units if one is not None]


def _renumber(document: Document) -> None:
    """The cached numbers of captions and references, where tables or figures were taken out or added."""
    counts, numbers = Counter[str](), dict[str, str]()
    for paragraph, (code, name, *_), result in _fields(document):
        if code == "SEQ":
            counts[name] += 1
            result.text = str(counts[name])
            marks = [mark.get(qn("w:name")) for mark in paragraph.iter(qn("w:bookmarkStart"))]
            numbers |= dict.fromkeys(marks, f"{name}{counts[name]}")
    for _, (code, name, *_), result in _fields(document):
        if code == "REF" and name in numbers:
            result.text = numbers[name]


def _fields(document: Document) -> Iterator[tuple[Element, list[str], Element]]:
    """The fields of a document: the paragraph of each, the words of its instruction, its cached text."""
    for paragraph in document.element.body.iter(qn("w:p")):
        for instruction in paragraph.iter(qn("w:instrText")):
            words, runs = (instruction.text or "").split(), instruction.getparent().itersiblings(qn("w:r"))
            result = next((text for run in runs for text in run.iter(qn("w:t"))), None)
            if len(words) > 1 and result is not None:
                yield paragraph, words, result


def exhibit_document(exhibit: Exhibit) -> bytes:
    """One exhibit as a Word file: its sentences, native table and figure, in the styles of the template."""
    document = open_template(TEMPLATE)
    with tempfile.TemporaryDirectory() as folder:
        figures = {}
        if has_chart(exhibit):
            figures = {exhibit.id: write(Path(folder) / "figure.png", saved(draw(exhibit), "png"))}
        with_table = replace(exhibit, recipe=replace(exhibit.recipe, show=("text", "table")))
        blocks = exhibit_blocks(with_table, figures)
        for block in blocks:
            _add(document, block, numbered(blocks))
    document.core_properties.title = exhibit.title
    return packed(document)


def _add_title(document: Document, title: str, subtitle: str, date: Date | None) -> None:
    document.add_paragraph(title, style="Title")
    for line in (subtitle, f"（{date_words(date)}）" if date else ""):
        if line:
            document.add_paragraph(line, style="Subtitle")
    document.add_paragraph(style="Body Text")


def numbered(blocks: Sequence[Block]) -> dict[tuple[str, str], int]:
    """(kind, id) -> number, in the order of the blocks."""
    tables = (block.id for block in blocks if isinstance(block, TableBlock))
    figures = (block.id for block in blocks if isinstance(block, FigureBlock))
    of_tables = {("表", id): n for n, id in enumerate(tables, start=1)}
    return of_tables | {("图", id): n for n, id in enumerate(figures, start=1)}


def _add(document: Document, block: Block, numbers: Numbers) -> None:
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
            _add_prompt(document, block)


def _add_heading(document: Document, block: Heading) -> None:
    heading = document.add_paragraph(block.text, style=f"Heading {block.level}")
    if not block.numbered:
        heading._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
        heading.paragraph_format.first_line_indent = 0


def _add_text(paragraph: WordParagraph, text: str, numbers: Numbers) -> None:
    end = 0
    for mark in REFERENCE.finditer(text):
        if (mark[1], mark[2]) not in numbers:
            continue  # no reference, but somebody's own words
        paragraph.add_run(text[end : mark.start()])
        kind, name = mark[1], mark[2]
        number = numbers[kind, name]
        _add_field(paragraph, f"REF {_BOOKMARKS[kind].format(number)} \\h", f"{kind}{number}")
        end = mark.end()
    paragraph.add_run(text[end:])


def _add_field(paragraph: WordParagraph, instruction: str, cached: str) -> None:
    """A field in five runs: a simple field would hide its cached text from most readers of .docx."""
    for inside in (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {instruction} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:br/>".join(f"<w:t>{escape(line)}</w:t>" for line in cached.split("\n")),
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
    scale = min(1.0, Mm(TEXT_WIDTH_MM) / picture.width, Mm(TEXT_HEIGHT_MM) * _MOST_OF_PAGE / picture.height)
    picture.width, picture.height = Emu(int(picture.width * scale)), Emu(int(picture.height * scale))
    properties = picture._inline.docPr
    properties.set("name", f"图{number}")
    properties.set("descr", block.alt)
    _add_caption(document, "图", number, block.caption)


def _add_prompt(document: Document, block: Placeholder) -> None:
    """The grey prompt in a control inside its paragraph, which gives way to the first word that is written.
    """
    paragraph = document.add_paragraph(style="Body Text")
    prompting = new_control(block.id, block.prompt, number_of(block.id))
    prompting[0].append(xml("<w:showingPlcHdr/>"))
    prompting[1].append(paragraph.add_run(block.prompt, style=PROMPT)._r)
    paragraph._p.append(prompting)
