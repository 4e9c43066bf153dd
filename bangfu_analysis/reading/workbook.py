"""A file -> its sheets of cells, whatever the format.

calamine gives values (and merges of .xlsx and .xls); `structure` reads the rest from the package's own XML;
openpyxl reads the .xlsx that calamine refuses.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import python_calamine

from bangfu_analysis.distinct import Rows
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading import structure, text_files
from bangfu_analysis.reading.pieces import cuts_of, pieces_of
from bangfu_analysis.reading.preflight import Package, file_type, refuse_far_cells, refused
from bangfu_analysis.reading.spss import SUFFIXES, read_statistics_file
from bangfu_analysis.reading.tables import Cells, Sheet

UNKNOWN = {
    "xls": ".xls 格式：不能得知隐藏的行列、删除线、批注和出错的公式（错误值按空白计）。如有需要请另存为 .xlsx",
    "xlsb": ".xlsb 格式：不能得知隐藏的行列、删除线、批注和合并单元格。如有需要请另存为 .xlsx",
}
PARSERS = 2
Parsed = tuple[python_calamine.CalamineWorkbook, Mapping[str, python_calamine.CalamineSheet]]
_ERRORS = (python_calamine.CalamineError, OSError, ValueError, KeyError)


def read_sheets(path: Path, file: str) -> list[Sheet]:
    """The sheets of the file at `path`, in their order; `file` is its name in messages and addresses.

    Raises FileRefused, in Chinese, where the file is not a spreadsheet or would exhaust the machine.
    """
    if path.suffix.lower() in SUFFIXES:
        return [read_statistics_file(path, file)]
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise refused(file, "文件打不开", "请检查文件是否存在、是否被其他程序占用") from fault
    kind, package = file_type(data, file)
    if kind == "text":
        return [text_files.delimited(data, file)]
    if kind in ("html", "xml"):
        return text_files.tables_of_html(data, file) if kind == "html" else text_files.workbook_2003(data, file)
    if kind == "xlsx" and package is not None:
        return _of_xlsx(data, package, file)
    sheets = _values(data, kind, file)
    if kind == "ods" and package is not None:
        return structure.of_ods(package, sheets)
    return [replace(sheet, structure=UNKNOWN[kind]) for sheet in sheets]


def _of_xlsx(data: bytes, package: Package, file: str) -> list[Sheet]:
    """Values and structure; a large sheet is parsed in pieces meanwhile, as calamine lets go of the interpreter."""
    refuse_far_cells(package, file)
    parts = structure.sheet_parts(package)
    cuts = cuts_of(package, parts.values())
    large = [name for name, part in parts.items() if part in cuts]
    with ThreadPoolExecutor(PARSERS) as parsers:
        ahead = [parsers.submit(_parsed, piece, large) for piece in pieces_of(package, cuts, parts.values())]
        structured = structure.of_xlsx(package)
        return [structured(sheet) for sheet in _values(data, "xlsx", file, [piece.result for piece in ahead])]


def _parsed(package: io.BytesIO, names: Iterable[str] = ()) -> Parsed:
    """The workbook in `package`, and of its sheets those called `names`."""
    book = python_calamine.load_workbook(package)
    return book, {name: book.get_sheet_by_name(name) for name in names}


def _values(data: bytes, kind: str, file: str, pieces: Sequence[Callable[[], Parsed]] = ()) -> list[Sheet]:
    try:
        return _by_calamine(pieces or [partial(_parsed, io.BytesIO(data))], file)
    except python_calamine.PasswordError as fault:
        raise refused(file, "工作簿设有打开密码", "请向报送单位索取密码，去掉密码后另存为 .xlsx") from fault
    except _ERRORS as fault:
        if kind != "xlsx":
            raise refused(file, "文件已损坏，读不出工作表", "请用 Excel 或 WPS 打开，另存为 .xlsx") from fault
    return _by_openpyxl(data, file)


def _by_calamine(pieces: Sequence[Callable[[], Parsed]], file: str) -> list[Sheet]:
    sheets = []
    book, large = pieces[0]()
    with book:
        for about in book.sheets_metadata:
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            name = about.name
            first = large.get(name) or book.get_sheet_by_name(name)
            rows = Rows(_joined(chain([first], (piece()[1][name] for piece in pieces[1:] if name in large))))
            merges = tuple((a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1) for a, b in first.merged_cell_ranges or [])
            visible = about.visible == python_calamine.SheetVisibleEnum.Visible
            sheets.append(sheet_of(rows, file, name, visible=visible, merged=merges))
    return sheets


def _joined(pieces: Iterable[python_calamine.CalamineSheet]) -> Iterator[Sequence[object]]:
    """The rows of the pieces from A1 on, of different lengths. Raises ValueError where they do not follow each other."""
    done = 0
    for piece in pieces:
        if piece.start is None:
            continue
        top, left = piece.start
        if top < done:
            raise ValueError("rows out of order")
        yield from [[""]] * (top - done)
        rows = islice(piece.iter_rows(), top, None)
        yield from ([""] * left + row for row in rows) if left else rows
        done = top + piece.height


def sheet_of(cells: Cells, file: str, name: str, **more: Any) -> Sheet:
    """A sheet whose rows are numbered from 1; what lies hidden under a merge's top left cell is dropped."""
    rows = cells if isinstance(cells, Rows) else Rows(cells)
    places = rows.places.copy()
    for top, left, bottom, right in more.get("merged", ()):
        first = places[top - 1 : top, left - 1 : left].copy()
        places[top - 1 : bottom, left - 1 : right] = -1
        places[top - 1 : top, left - 1 : left] = first
    return Sheet(file, name, rows.placed(places), tuple(range(1, len(rows) + 1)), **more)


def _by_openpyxl(data: bytes, file: str) -> list[Sheet]:
    """Values alone, of a package that calamine refuses."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except Exception as fault:  # openpyxl raises whatever its parsers meet: KeyError, TypeError, ParseError, ...
        raise FileRefused(
            f"{file}：文件已损坏，calamine 与 openpyxl 都读不出，未读取。请用 Excel 或 WPS 打开，另存为 .xlsx。"
        ) from fault
    return [_openpyxl_sheet(sheet, file) for sheet in book.worksheets]


def _openpyxl_sheet(sheet: Any, file: str) -> Sheet:
    cells = [tuple(row) for row in sheet.iter_rows(min_row=1, min_col=1, values_only=True)]
    merges = tuple((m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges)
    return sheet_of(cells, file, sheet.title, visible=sheet.sheet_state == "visible", merged=merges)
