"""One exhibit -> one file, by its suffix; and as it shows itself in a notebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
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


def save(exhibit: Exhibit, path: Path, *, size: str = "full") -> Path:
    """Write `exhibit` as the suffix of `path` says; ArgumentError names the suffixes there are."""
    suffix = path.suffix.lower()
    picture = suffix.removeprefix(".")
    if picture not in FORMATS and suffix not in WRITERS:
        known = [*WRITERS, *(f".{name}" for name in FORMATS)]
        told = f"不能写成 {path.name}。文件名应以 {'、'.join(known)} 之一结尾。{did_you_mean(suffix, known)}"
        raise ArgumentError(f"save：{told}")
    bare = not path.is_absolute() and len(path.parts) == 1
    place = exhibit.folder / path if bare and exhibit.folder else path
    checked = exhibit.keep(exhibit, place) if exhibit.keep else exhibit
    if picture in FORMATS:
        return write(place, saved(draw(checked, size=size), picture))
    return write(place, WRITERS[suffix](checked))


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


def _csv(exhibit: Exhibit) -> bytes:
    out = io.StringIO()
    rows = [list(exhibit.table.columns), *map(_plain, exhibit.table.texts())]
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(row: list[str]) -> list[str]:
    """Cells that no spreadsheet takes for a formula; a minus sign stays one that it reads as a number."""
    cells = [cell.replace("−", "-") if cell[1:2].isdigit() else cell for cell in row]
    return ["'" * (cell.startswith(("=", "+", "@", "-")) and not _number(cell)) + cell for cell in cells]


def _number(cell: str) -> bool:
    return cell.lstrip("+-").replace(".", "", 1).isdigit()


def _html_page(exhibit: Exhibit) -> bytes:
    head = f'<!DOCTYPE html><html lang="zh"><meta charset="utf-8"><title>{escape(exhibit.title)}</title>'
    return f"{head}<body>{html(exhibit)}</body></html>\n".encode()


def _xlsx(exhibit: Exhibit) -> bytes:
    from bangfu_analysis.pages.excel import tables_book

    return tables_book({exhibit.id: exhibit.table}, charts_of([exhibit]), title=exhibit.title)


def _docx(exhibit: Exhibit) -> bytes:
    from bangfu_analysis.pages.word import exhibit_document

    return exhibit_document(exhibit)


def _pptx(exhibit: Exhibit) -> bytes:
    from bangfu_analysis.pages.slides import deck

    return deck([(exhibit.title, exhibit)])


WRITERS: dict[str, Callable[[Exhibit], bytes]] = {
    ".xlsx": _xlsx, ".docx": _docx, ".pptx": _pptx, ".html": _html_page, ".csv": _csv,
    ".md": lambda exhibit: f"**{exhibit.title}**\n\n{markdown(exhibit.table)}\n".encode(),
}
