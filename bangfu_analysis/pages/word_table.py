"""A display table as a native three-line Word table: unit above, notes and source below, header repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from docx.document import Document

from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.word_template import TEXT_WIDTH_MM, Element, xml

_FULL = round(TEXT_WIDTH_MM * 1440 / 25.4)  # twips
_HALF_WIDTH = {"": 108, " Small": 93}  # a Latin character of 五号 and 小五, in twips
_MARGIN = {"": 60, " Small": 30}  # left and right of a cell, in twips
_WHOLE_UP_TO = 12  # a table of so many rows is not split over pages
_RULE = '<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="auto"/>'
_UNDER = f"<w:tcBorders>{_RULE.format(side='bottom', eighths=6)}</w:tcBorders>"


def add_table(document: Document, content: DisplayTable) -> None:
    """Append unit, table, notes and source of `content`; its caption stands before it already.

    Rules of 1.5 pt above and below, 0.75 pt under the header; header repeated, no row split; small tables
    keep to one page. Text is set left, numbers right under the middle of their column.
    """
    if content.unit:
        document.add_paragraph(content.unit, style="Table Unit")
    table = table_element(content, lambda name: f'<w:pStyle w:val="{document.styles[name].style_id}"/>')
    document.element.body.insert_element_before(table, "w:sectPr")
    lines = notes_below(content)
    for index, line in enumerate(lines):
        note = document.add_paragraph(line, style="Table Note")
        note.paragraph_format.keep_with_next = index < len(lines) - 1 or None
    document.add_paragraph(style="Table Note")


def table_element(content: DisplayTable, style: Callable[[str], str], full: int = _FULL) -> Element:
    """The table alone, `full` twips wide; `style` gives what says in the properties of a paragraph that it
    has a style.
    """
    rows = content.texts()
    heads = levels(content.columns)
    longest = [max((text_width(row[i]) for row in rows), default=0) for i in range(len(heads))]
    widths, small = _fitted(heads, longest, full)
    indents = _indents(longest, content.kinds, widths, small)
    head, *looks = (style(name + small) for name in ("Table Head", "Table Text", "Table Number"))
    styles = [looks[kind != "text"] for kind in content.kinds]
    body = ""
    for left, texts in zip(range(len(rows), 0, -1), rows, strict=True):
        cells, keep = zip(texts, styles, widths, indents, strict=True), len(rows) <= _WHOLE_UP_TO or left <= 3
        body += _row(_cell(text, style, w, indent=indent, keep=keep) for text, style, w, indent in cells)
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    above = f"{_frame(sum(widths), _MARGIN[small])}<w:tblGrid>{grid}</w:tblGrid>{_head(heads, head, widths)}"
    return xml(f"<w:tbl>{above}{body}</w:tbl>")


def notes_below(content: DisplayTable) -> list[str]:
    """The lines under a table: 注：… (numbered where there are several), 数据来源：…"""
    notes = [f"注：{note}" for note in content.notes]
    if len(notes) > 1:
        notes = [f"{'　　' if i > 1 else '注：'}{i}. {note}" for i, note in enumerate(content.notes, start=1)]
    return [*notes, *filter(None, [content.source])]


def _fitted(heads: Sequence[tuple[str, str]], longest: Sequence[int], full: int) -> tuple[list[int], str]:
    """Column widths in twips that fill the text block, and the suffix of the styles that they are for.

    Headings on one line if there is room, else on two, else in the small styles, else wide columns give way.
    """
    for lines, suffix in ((1, ""), (2, ""), (2, " Small")):
        shortest = 6 if lines > 1 else 4  # no break inside （%）
        headings = [-(-text_width(low) // lines) for _, low in heads]
        needed = [max(text, head, shortest) for text, head in zip(longest, headings, strict=True)]
        wanted = [chars * _HALF_WIDTH[suffix] + 2 * _MARGIN[suffix] + 20 for chars in needed]
        if sum(wanted) <= full:
            break
    limit = max(wanted)
    while sum(min(w, limit) for w in wanted) > full and limit > full / len(wanted):
        limit -= 20
    given = [min(w, limit) for w in wanted]
    return [w + (full - sum(given)) // len(given) for w in given], suffix


def _indents(longest: Sequence[int], kinds: Sequence[str], widths: Sequence[int], suffix: str) -> list[int]:
    """Right indents that bring a column's numbers, set right, under the middle of their heading."""
    spare = [w - 2 * _MARGIN[suffix] - t * _HALF_WIDTH[suffix] for t, w in zip(longest, widths, strict=True)]
    return [0 if kind == "text" else max(0, room // 2) for kind, room in zip(kinds, spare, strict=True)]


def _frame(full: int, margin: int) -> str:
    rules = "".join(_RULE.format(side=side, eighths=12) for side in ("top", "bottom"))
    edges = "".join(f'<w:{side} w:w="{margin}" w:type="dxa"/>' for side in ("left", "right"))
    return (
        f'<w:tblPr><w:tblW w:w="{full}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{rules}'
        f'</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{edges}</w:tblCellMar></w:tblPr>'
    )


def levels(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Headings as (group, heading): neighbours `男 人数`, `男 占比` share the group 男; "" where there is
    none.
    """
    parts = [c.rpartition(" ")[::2] for c in columns]
    runs = [list(run) for _, run in groupby(zip(parts, columns, strict=True), key=lambda part: part[0][0])]
    return [part if len(run) > 1 else ("", column) for run in runs for part, column in run]


def _head(heads: Sequence[tuple[str, str]], style: str, widths: Sequence[int]) -> str:
    """One heading row, or two where columns have groups: a group spans its columns, a lone heading both rows.
    """
    if not any(group for group, _ in heads):
        cells = [_cell(text, style, w, _UNDER) for (_, text), w in zip(heads, widths, strict=True)]
        return _row(cells, head=True)
    top, low = [], []
    for group, run in groupby(zip(heads, widths, strict=True), key=lambda column: column[0][0]):
        columns = [(text, w) for (_, text), w in run]
        if group:
            span = f'<w:gridSpan w:val="{len(columns)}"/>{_UNDER}'
            top.append(_cell(group, style, sum(w for _, w in columns), span))
            low += [_cell(text, style, w, _UNDER) for text, w in columns]
        else:
            top += [_cell(text, style, w, '<w:vMerge w:val="restart"/>') for text, w in columns]
            low += [_cell("", style, w, f"<w:vMerge/>{_UNDER}") for _, w in columns]
    return _row(top, head=True) + _row(low, head=True)


def _row(cells: Iterable[str], *, head: bool = False) -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' * head}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(text: str, style: str, twips: int, marks: str = "", *, indent: int = 0, keep: bool = True) -> str:
    layout = style + "<w:keepNext/>" * keep
    layout += f'<w:ind w:rightChars="0" w:right="{indent}"/>' * bool(indent)
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{twips}" w:type="dxa"/>{marks}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr>{layout}</w:pPr><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
    )
