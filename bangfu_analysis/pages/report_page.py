"""report.docx as people left it -> report.html: one page that needs no other file and no network."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from markupsafe import Markup, escape

from bangfu_analysis.exhibits.wording import chinese
from bangfu_analysis.files import write
from bangfu_analysis.pages.html import template
from bangfu_analysis.pages.word_template import PROMPT, P, open_word, parts_of

_FORMS = {1: "{}、", 2: "（{}）", 3: "{}.", 4: "（{}）"}  # the numbers of headings, as their styles have them
_KINDS = {"Title": "title", "Subtitle": "under", "Table Note": "note"}


def write_report_page(report: Path, path: Path) -> Path:
    """Write the Word report as one HTML page with its pictures inside; returns `path`.

    BangfuError where the file is open elsewhere.
    """
    document = open_word(report, f"{report.name}：打不开，不能写成网页。请关闭该文件后重新运行。")
    title = document.core_properties.title
    return write(path, template("report").render(title=title, parts=_parts(document)))


def _parts(document: Document) -> Iterator[dict[str, Any]]:
    """Paragraphs, tables and pictures; a caption goes with its table or picture."""
    counts, caption, pictures = dict[int, int](), dict[str, Any](), list[dict[str, str]]()
    for element in parts_of(document.element.body):
        if element.tag != P:
            yield {"kind": "table", **caption, "rows": list(_rows(Table(element, document)))}
            caption = {}
            continue
        style = str(getattr(Paragraph(element, document).style, "name", ""))
        marks = [mark.get(qn("w:name")) for mark in element.iter(qn("w:bookmarkStart"))]
        own = {"text": _text(element), "id": "".join(marks[:1])}
        if style == "Figure Caption":
            yield {"kind": "figure", **own, "pictures": pictures}
            pictures = []
        elif found := list(_pictures(document, element)):
            pictures += found
        elif style == "Table Caption":
            caption = own
        elif style == "Table Unit":
            caption["unit"] = own["text"]
        elif style.startswith("Heading"):
            level = int(style[-1])
            yield {"kind": "heading", "level": level, "text": _number(element, level, counts) + own["text"]}
        elif own["text"]:
            yield {"kind": _KINDS.get(style, "text"), **own, "look": _look(document, element)}


def _text(element: Any) -> Markup:
    """The text of an element, its references as links."""
    told, target, code = Markup(""), "", ""
    for one in element.iter(qn("w:fldChar"), qn("w:instrText"), qn("w:t"), qn("w:br")):
        kind = one.get(qn("w:fldCharType"))
        if one.tag == qn("w:instrText"):
            code += one.text or ""
        elif kind:
            words = code.split() if kind == "separate" else []
            target, code = words[1] if words[:1] == ["REF"] else "", "" if kind == "begin" else code
        else:
            text = escape("\n" if one.tag == qn("w:br") else one.text or "")
            told += Markup('<a href="#{}">{}</a>').format(target, text) if target else text
    return told


def _number(element: Any, level: int, counts: dict[int, int]) -> str:
    """The number that the style gives a heading; none where its paragraph says so."""
    if any(one.get(qn("w:val")) == "0" for one in element.iter(qn("w:numId"))):
        return ""
    counts[level] = counts.get(level, 0) + 1
    for lower in [each for each in counts if each > level]:
        del counts[lower]
    return _FORMS[level].format(chinese(counts[level]) if level <= 2 else counts[level])


def _look(document: Document, element: Any) -> str:
    prompt = document.styles[PROMPT].style_id
    return " prompt" if any(one.get(qn("w:val")) == prompt for one in element.iter(qn("w:rStyle"))) else ""


def _pictures(document: Document, element: Any) -> Iterator[dict[str, str]]:
    for blip in element.iter(qn("a:blip")):
        part = document.part.related_parts[blip.get(qn("r:embed"))]
        data = f"data:{part.content_type};base64,{base64.b64encode(part.blob).decode('ascii')}"
        yield {"data": data, "alt": next((one.get("descr", "") for one in element.iter(qn("wp:docPr"))), "")}


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    """Rows of cells (text, columns, rows, whether a number): a merged cell once, where it begins."""
    rows = [[cell._tc for cell in row.cells] for row in table.rows]
    heads = [any(True for _ in row._tr.iter(qn("w:tblHeader"))) for row in table.rows]
    for n, row in enumerate(rows):
        new = [cell for cell in dict.fromkeys(row) if not n or cell not in rows[n - 1]]
        names = [str(getattr(Paragraph(next(cell.iter(P)), table).style, "name", "")) for cell in new]
        spans = [(row.count(cell), sum(cell in other for other in rows[n:])) for cell in new]
        numbers = [name.startswith("Table Number") for name in names]
        texts = zip(map(_text, new), spans, numbers, strict=True)
        yield {"head": heads[n], "cells": [(text, *span, number) for text, span, number in texts]}
