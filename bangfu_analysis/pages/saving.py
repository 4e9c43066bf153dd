"""One exhibit -> one file, by its suffix; and as it shows itself in a notebook."""

from __future__ import annotations

import csv
import io
from html import escape
from pathlib import Path

from bangfu_analysis.errors import ArgumentError, did_you_mean
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.files import write
from bangfu_analysis.pages.charts import charts_of
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.html import template
from bangfu_analysis.pages.theme import FORMATS, saved

SUFFIXES = (".xlsx", ".docx", ".pptx", ".html", ".csv", ".md")


def save(exhibit: Exhibit, path: Path, *, size: str = "full") -> Path:
    """Write `exhibit` as the suffix of `path` says; ArgumentError names the suffixes there are."""
    suffix = path.suffix.lower()
    picture = suffix.removeprefix(".")
    suffixes = [*SUFFIXES, *(f".{name}" for name in FORMATS)]
    if suffix not in suffixes:
        near = did_you_mean(suffix, suffixes)
        raise ArgumentError(f"save：不能写成 {path.name}。文件名应以 {'、'.join(suffixes)} 之一结尾。{near}")
    bare = not path.is_absolute() and len(path.parts) == 1
    place = exhibit.folder / path if bare and exhibit.folder else path
    checked = exhibit.keep(exhibit, place) if exhibit.keep else exhibit
    if picture in FORMATS:
        return write(place, saved(draw(checked, size=size), picture))
    return write(place, _content(checked, suffix))


def markdown(table: DisplayTable) -> str:
    """A table as Markdown, its notes and source below."""
    rule = ["---" if kind == "text" else "---:" for kind in table.kinds]
    rows = [list(table.columns), rule, *table.texts()]
    lines = [f"| {' | '.join(cell.replace('|', '｜') for cell in row)} |" for row in rows]
    below = [*table.notes, *filter(None, [table.source])]
    return "\n".join([*lines, *(["", *below] if below else [])])


def html(exhibit: Exhibit) -> str:
    """The three-line table that a notebook shows; it pastes into Word and Excel as it looks."""
    table = exhibit.table if len(exhibit.frame) else None
    words = exhibit.text if exhibit.lang == "zh" else ""
    return template("exhibit").render(table=table, words=words).strip()


def _content(exhibit: Exhibit, suffix: str) -> bytes:
    """The bytes of a file that is no picture."""
    match suffix:
        case ".xlsx":
            from bangfu_analysis.pages.excel import tables_book

            return tables_book({exhibit.id: exhibit.table}, charts_of([exhibit]), title=exhibit.title)
        case ".docx":
            from bangfu_analysis.pages.word import exhibit_document

            return exhibit_document(exhibit)
        case ".pptx":
            from bangfu_analysis.pages.slides import deck

            return deck([(exhibit.title, exhibit)])
        case ".html":
            head = f'<html lang="zh"><meta charset="utf-8"><title>{escape(exhibit.title)}</title>'
            return f"<!DOCTYPE html>{head}<body>{html(exhibit)}</body></html>\n".encode()
        case ".csv":
            out = io.StringIO()
            rows = [list(exhibit.table.columns), *map(_plain, exhibit.table.texts())]
            csv.writer(out, lineterminator="\r\n").writerows(rows)
            return out.getvalue().encode("utf-8-sig")
    return f"**{exhibit.title}**\n\n{markdown(exhibit.table)}\n".encode()


def _plain(row: list[str]) -> list[str]:
    """Cells that no spreadsheet takes for a formula; a minus sign stays one that it reads as a number."""
    cells = [cell.replace("−", "-") if cell[1:2].isdigit() else cell for cell in row]
    number = [cell.lstrip("+-").replace(".", "", 1).isdigit() for cell in cells]
    risky = [cell.startswith(("=", "+", "@", "-")) for cell in cells]
    return ["'" * (r and not n) + cell for cell, r, n in zip(cells, risky, number, strict=True)]
