"""Pages -> files, the same bytes for the same pages."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import xlsxwriter
from xlsxwriter.workbook import Format, Worksheet

from tools.sample.layouts import Page

CREATED = datetime.datetime(2009, 7, 1)


def write_workbook(path: Path, pages: Sequence[Page]) -> None:
    """An .xlsx file of the pages."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        book.set_properties({"created": CREATED, "title": path.stem})
        styles = {False: "General", True: "yyyy-mm-dd"}
        looks = {
            (struck, dated): book.add_format({"font_strikeout": struck, "num_format": styles[dated]})
            for struck, dated in product((False, True), repeat=2)
        }
        middle = book.add_format({"align": "center", "valign": "vcenter"})
        for page in pages:
            _write_page(book.add_worksheet(page.name), page, looks, middle)


def _write_page(sheet: Worksheet, page: Page, looks: dict[tuple[bool, bool], Format], middle: Format) -> None:
    for block in page.merged:
        sheet.merge_range(*block, "", middle)
    corners = {(top, left) for top, left, *_ in page.merged}
    for (row, column), value in page.cells.items():
        if value is None:
            continue
        dated = isinstance(value, datetime.date)
        look = middle if (row, column) in corners else looks[row in page.struck, dated]
        if isinstance(value, datetime.date):
            sheet.write_datetime(row, column, datetime.datetime.combine(value, datetime.time()), look)
        elif isinstance(value, str):
            sheet.write_string(row, column, value, look)
        else:
            sheet.write_number(row, column, value, look)
    for row in page.hidden_rows:
        sheet.set_row(row, None, None, {"hidden": True})
    if not page.visible:
        sheet.hide()


def write_text(path: Path, page: Page) -> None:
    """A text file as a Chinese Excel saves it: .csv in GB18030 by commas, .tsv in UTF-16 by tabs."""
    tabs = path.suffix == ".tsv"
    width = max(column for _, column in page.cells) + 1
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n", delimiter="\t" if tabs else ",")
    for row in range(max(r for r, _ in page.cells) + 1):
        lines.writerow([_plain(page.cells.get((row, column))) for column in range(width)])
    path.write_bytes(text.getvalue().encode("utf-16" if tabs else "gb18030"))


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
