"""Blocks -> report.html: the report on one page that needs no other file and no network, with the words
carried over.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from bangfu_analysis.exhibits.wording import chinese
from bangfu_analysis.pages.blocks import Block, FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.html import template, write_page
from bangfu_analysis.pages.word import REFERENCE, Numbers, numbered
from bangfu_analysis.pages.word_table import levels, notes_below

_FORMS = {1: "{}、", 2: "（{}）", 3: "{}.", 4: "（{}）"}
_TARGETS = {"表": "table", "图": "figure"}


def write_report_page(blocks: Sequence[Block], path: Path, *, title: str, under: Sequence[str] = ()) -> Path:
    """Write `blocks` (those of the Word report, as people made them) as one HTML page with its pictures
    inside.

    `under` are the lines below the title. Returns `path`. BangfuError where the file is open elsewhere.
    """
    parts = list(_parts(blocks, numbered(blocks)))
    return write_page(path, template("report").render(title=title, under=[line for line in under if line], parts=parts))


def _parts(blocks: Sequence[Block], numbers: Numbers) -> Iterator[dict[str, Any]]:
    counts: dict[int, int] = {}
    for block in blocks:
        match block:
            case Heading():
                yield _heading(block, counts)
            case Paragraph():
                yield {"kind": "text", "text": _linked(block.text, numbers), "look": ""}
            case FigureBlock():
                data = base64.b64encode(block.path.read_bytes()).decode("ascii")
                yield {"kind": "figure", "block": block, "number": numbers["图", block.id], "data": data}
            case TableBlock():
                own = {"number": numbers["表", block.id], "head": _head(block.table.columns)}
                yield {"kind": "table", "block": block, "notes": notes_below(block.table), **own}
            case Placeholder():
                if block.heading:
                    yield _heading(Heading(block.level, block.heading), counts)
                yield {"kind": "text", "text": block.prompt, "look": " prompt"}


def _heading(block: Heading, counts: dict[int, int]) -> dict[str, Any]:
    """The heading with the number that the styles of the Word report give it."""
    text = block.text
    if block.numbered:
        counts[block.level] = counts.get(block.level, 0) + 1
        for lower in [level for level in counts if level > block.level]:
            del counts[lower]
        number = counts[block.level]
        told = chinese(number) if block.level <= 2 else str(number)
        text = _FORMS[block.level].format(told) + text
    return {"kind": "heading", "level": block.level, "text": text}


def _linked(text: str, numbers: Numbers) -> Markup:
    def link(found: re.Match[str]) -> str:
        number = numbers.get((found[1], found[2]))
        target = f"#{_TARGETS[found[1]]}-{found[2]}"
        return f'<a href="{target}">{found[1]}{number}</a>' if number else found[0]

    return Markup(REFERENCE.sub(link, str(escape(text))))


def _head(columns: Sequence[str]) -> list[list[tuple[str, int, int]]]:
    """Rows of heading cells (text, columns, rows): two where columns share a group."""
    heads = levels(columns)
    if not any(group for group, _ in heads):
        return [[(text, 1, 1) for _, text in heads]]
    top: list[tuple[str, int, int]] = []
    for group, run in groupby(heads, key=lambda head: head[0]):
        texts = [text for _, text in run]
        top += [(group, len(texts), 1)] if group else [(text, 1, 2) for text in texts]
    return [top, [(text, 1, 1) for group, text in heads if group]]
