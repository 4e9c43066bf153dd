"""A file -> its sheets of cells, whatever the format.

calamine gives values (and merges of .xlsx and .xls); `structure` reads the rest from the package's own XML;
openpyxl reads the .xlsx that calamine refuses.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import python_calamine

from bangfu_analysis.distinct import Rows
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading import structure, text_files
from bangfu_analysis.reading.preflight import (
    BROKEN,
    Package,
    file_type,
    refuse_far_cells,
    refuse_too_many,
    refused,
)
from bangfu_analysis.reading.spss import SUFFIXES, read_statistics_file
from bangfu_analysis.reading.tables import Cells, Sheet

UNKNOWN = {
    "xls": ".xls 格式：不能得知隐藏的行列、删除线、批注和出错的公式（错误值按空白计）。"
        "如有需要请另存为 .xlsx",
    "xlsb": ".xlsb 格式：不能得知隐藏的行列、删除线、批注和合并单元格。如有需要请另存为 .xlsx",
}
PARSERS = 2
MOST_CHARACTERS = 4000  # of a cell: what no expression is slow on, and no answer is longer than
CHART = "这是图表等没有单元格的工作表"
SHEET_LOST = "工作簿登记了这张表，但文件中没有它的内容，其中的人没有读入。请向报送单位索取完整的文件"
SHEET_BROKEN = "这张表已损坏，读不出来，其中的人没有读入。请用 Excel 或 WPS 打开核对，另存为 .xlsx"
Parsed = tuple[python_calamine.CalamineWorkbook, Mapping[str, python_calamine.CalamineSheet]]
_ERRORS = (python_calamine.CalamineError, OSError, ValueError, KeyError)


def read_sheets(path: Path, file: str) -> list[Sheet]:
    """The sheets of the file at `path`, in their order; `file` is its name in messages and addresses.

    A sheet that the file declares but that holds no cells, or cannot be read, says so in `lost`. Raises
    FileRefused, in Chinese, where the file is not a spreadsheet, has no sheet or would exhaust the machine.
    """
    if path.suffix.lower() in SUFFIXES:
        return [_guarded(read_statistics_file(path, file))]
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise refused(file, "文件打不开", "请检查文件是否存在、是否被其他程序占用") from fault
    sheets = _sheets(data, file)
    if not sheets:
        raise refused(file, "文件中没有任何工作表", "请向报送单位索取完整的文件")
    return [_guarded(sheet) for sheet in sheets]


def _sheets(data: bytes, file: str) -> list[Sheet]:
    kind, package = file_type(data, file)
    if kind == "text":
        return [text_files.delimited(data, file)]
    if kind in ("html", "xml"):
        read = text_files.tables_of_html if kind == "html" else text_files.workbook_2003
        return read(data, file)
    if kind == "xlsx" and package is not None:
        return _of_xlsx(data, package, file)
    if kind == "ods" and package is not None:
        structured = structure.of_ods(package, file)  # first, as what is broken there would hang calamine
        return [structured(sheet) for sheet in _values(data, kind, file)]
    return [replace(sheet, structure=UNKNOWN[kind]) for sheet in _values(data, kind, file)]


def _guarded(sheet: Sheet) -> Sheet:
    """The sheet with its cells as Rows and overlong texts cut, which `told` tells."""
    rows = sheet.cells if isinstance(sheet.cells, Rows) else Rows(sheet.cells)
    told = list(sheet.told)
    for j, distinct in enumerate(rows.distinct):
        for n, value in enumerate(distinct):
            if type(value) is str and (len(value) > MOST_CHARACTERS or "\ufffd" in value):
                key = "text_cut" if len(value) > MOST_CHARACTERS else "characters_lost"
                distinct[n] = value[:MOST_CHARACTERS]
                about = {"n": str(len(value)), "most": str(MOST_CHARACTERS)}
                places = np.flatnonzero(rows.places[:, j] == n)
                told += [(int(row) + 1, j + 1, key, about) for row in places]
    return replace(sheet, cells=rows, told=tuple(told))


def _of_xlsx(data: bytes, package: Package, file: str) -> list[Sheet]:
    """Values and structure of every sheet declared; a large one is parsed in pieces, side by side."""
    refuse_far_cells(package, file)
    declared = structure.declared_sheets(package)
    parts = [part for part in declared.values() if part in package.names]
    cuts = cuts_of(package, parts)
    large = [name for name, part in declared.items() if part in cuts]
    with ThreadPoolExecutor(PARSERS) as parsers:
        ahead = [parsers.submit(_parsed, piece, large) for piece in pieces_of(package, cuts, parts)]
        structured = structure.of_xlsx(package)
        sheets = _values(data, "xlsx", file, [piece.result for piece in ahead])
    there = {name for name, part in declared.items() if part in package.names}
    read = {s.name: s if s.lost else structured(s) for s in sheets if not s.lost or s.name in there}
    # What calamine does not know of is a sheet of charts, or not there.
    unread = {name: (CHART, "notes") if name in there else (SHEET_LOST, "unreadable") for name in declared}
    absent = {name: Sheet(file, name, (), (), lost=w, lost_kind=kind) for name, (w, kind) in unread.items()}
    return [*({**absent, **read}).values()]


def _parsed(package: io.BytesIO, names: Iterable[str] = ()) -> Parsed:
    """The workbook in `package`, and of its sheets those called `names`."""
    book = python_calamine.load_workbook(package)
    return book, {name: book.get_sheet_by_name(name) for name in names}


def _values(data: bytes, kind: str, file: str, pieces: Sequence[Callable[[], Parsed]] = ()) -> list[Sheet]:
    """The sheets with their values; what calamine cannot read of an .xlsx is left to openpyxl."""
    try:
        sheets = _by_calamine(pieces or [partial(_parsed, io.BytesIO(data))], file)
    except python_calamine.PasswordError as fault:
        raise refused(file, "工作簿设有打开密码", "请向报送单位索取密码，去掉密码后另存为 .xlsx") from fault
    except _ERRORS as fault:
        if kind != "xlsx":
            raise refused(file, "文件已损坏，读不出工作表", "请用 Excel 或 WPS 打开，另存为 .xlsx") from fault
        return _by_openpyxl(data, file)
    if kind != "xlsx" or not any(sheet.lost for sheet in sheets):
        return sheets
    with suppress(FileRefused):
        again = {sheet.name: sheet for sheet in _by_openpyxl(data, file)}
        return [again.get(sheet.name, sheet) if sheet.lost else sheet for sheet in sheets]
    return sheets


def _by_calamine(pieces: Sequence[Callable[[], Parsed]], file: str) -> list[Sheet]:
    sheets: list[Sheet] = []
    book, large = pieces[0]()
    with book:
        for about in book.sheets_metadata:
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            name = about.name
            try:
                first = large.get(name) or book.get_sheet_by_name(name)
                parts = [first, *(piece()[1][name] for piece in pieces[1:] if name in large)]
                refuse_too_many(sum(part.height for part in parts), max(part.width for part in parts), file)
                rows = Rows(_joined(parts))
            except _ERRORS:
                sheets.append(Sheet(file, name, (), (), lost=SHEET_BROKEN))
                continue
            corners = first.merged_cell_ranges or []
            merges = tuple((a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1) for a, b in corners)
            visible = about.visible == python_calamine.SheetVisibleEnum.Visible
            sheets.append(sheet_of(rows, file, name, visible=visible, merged=merges))
    return sheets


def _joined(pieces: Iterable[python_calamine.CalamineSheet]) -> Iterator[Sequence[object]]:
    """The rows of the pieces from A1 on, of different lengths. Raises ValueError where they do not follow
    each other.
    """
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
    """A sheet whose rows are numbered from 1; what lies hidden under a merge is dropped, and told if it
    differs.
    """
    rows = cells if isinstance(cells, Rows) else Rows(cells)
    places = rows.places.copy()
    under: set[tuple[int, int]] = set()
    for top, left, bottom, right in more.get("merged", ()):
        first = places[top - 1 : top, left - 1 : left].copy()
        if np.count_nonzero(places[top - 1 : bottom, left - 1 : right] >= 0) > 1:
            shown = rows[top - 1][left - 1]
            spots = np.argwhere(places[top - 1 : bottom, left - 1 : right] >= 0) + (top, left)
            under |= {(r, c) for r, c in spots.tolist() if rows[r - 1][c - 1] != shown}
        places[top - 1 : bottom, left - 1 : right] = -1
        places[top - 1 : top, left - 1 : left] = first
    numbers = tuple(range(1, len(rows) + 1))
    return Sheet(file, name, rows.placed(places), numbers, under_merge=frozenset(under), **more)


def _by_openpyxl(data: bytes, file: str) -> list[Sheet]:
    """Values alone, of a package that calamine refuses."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    # openpyxl raises whatever its parsers meet: KeyError, TypeError, ParseError, ...
    except Exception as fault:
        advice = "请用 Excel 或 WPS 打开，另存为 .xlsx"
        raise refused(file, "文件已损坏，calamine 与 openpyxl 都读不出", advice) from fault
    sheets = []
    for sheet in book.worksheets:
        cells = [tuple(row) for row in sheet.iter_rows(min_row=1, min_col=1, values_only=True)]
        merges = tuple((m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges)
        visible = sheet.sheet_state == "visible"
        sheets.append(sheet_of(cells, file, sheet.title, visible=visible, merged=merges))
    return sheets


LARGE_SHEET = 16_000_000  # bytes of XML from which on cutting saves more than it costs
PIECES = 4
Cuts = Mapping[str, Sequence[slice]]
_ROW, _END = b'<row r="', b"</sheetData>"


def cuts_of(package: Package, parts: Iterable[str]) -> Cuts:
    """Where the large ones among the sheets `parts` are cut: part -> the slices of its XML that hold its
    rows, one a piece.

    None of a package that can't be unpacked whole: its sheets may still be read from it as it is.
    """
    large = [part for part in parts if package.archive.getinfo(part).file_size >= LARGE_SHEET]
    try:
        cuts = {part: cuts for part in large if (cuts := _cuts(package.read(part)))}
        for name in _rest(package, cuts) if cuts else ():
            package.read(name)
    except BROKEN:  # whoever reads the sheets as they are says so
        return {}
    return cuts


def _rest(package: Package, cuts: Cuts) -> list[str]:
    return [name for name in package.names - cuts.keys() if name.endswith((".xml", ".rels"))]


def _cuts(xml: bytes) -> list[slice]:
    first, end = xml.find(_ROW), xml.rfind(_END)
    if not 0 <= first < end:
        return []
    starts = [max(first, xml.rfind(_ROW, 0, first + (end - first) * n // PIECES)) for n in range(PIECES)]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], end], strict=True)]


def pieces_of(package: Package, cuts: Cuts, parts: Iterable[str]) -> Iterator[io.BytesIO]:
    """Packages with some rows of every large sheet, in their order; the first has the other sheets among
    `parts` too. None without cuts.
    """
    rest = _rest(package, cuts)
    for n in range(PIECES if cuts else 0):
        into = io.BytesIO()
        with zipfile.ZipFile(into, "w") as piece:
            for name in rest:
                if n == 0 or name not in parts:
                    piece.writestr(name, package.read(name))
            for part, slices in cuts.items():
                xml = memoryview(package.read(part))
                with piece.open(part, "w") as sheet:
                    sheet.writelines([xml[: slices[0].start], xml[slices[n]], xml[slices[-1].stop :]])
        into.seek(0)
        yield into
