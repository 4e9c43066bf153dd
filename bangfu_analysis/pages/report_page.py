"""Blocks -> report.html: the report on one page that needs no other file and no network, with the words carried over."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
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


def write_report_page(
    blocks: Sequence[Block], path: Path, *, title: str, under: Sequence[str] = (), written: Mapping[str, Sequence[str]]
) -> Path:
    """Write `blocks` as one HTML page with its pictures inside; returns `path`.

    `under` are the lines below the title; `written` gives, by id of Placeholder, the paragraphs that stand in its place
    (word_carry.written_words of the Word report). BangfuError where the file is open elsewhere.
    """
    parts = list(_parts(blocks, numbered(blocks), written))
    return write_page(path, template("report").render(title=title, under=[line for line in under if line], parts=parts))


def _parts(blocks: Sequence[Block], numbers: Numbers, written: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
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
                words, look = (written[block.id], "") if written.get(block.id) else ([block.prompt], " prompt")
                yield from ({"kind": "text", "text": text, "look": look} for text in words)


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
        return f'<a href="#{_TARGETS[found[1]]}-{found[2]}">{found[1]}{numbers[found[1], found[2]]}</a>'

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
