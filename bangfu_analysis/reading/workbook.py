"""A file -> its sheets of cells, whatever the format.

calamine gives values (and merges of .xlsx and .xls); `structure` reads the rest from the package's own XML;
openpyxl reads the .xlsx that calamine refuses.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import python_calamine

from bangfu_analysis.distinct import Places, Rows, objects
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading import structure, text_files
from bangfu_analysis.reading.preflight import (
    BROKEN,
    PASSWORD,
    TWICE,
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
THREADS = 2
MOST_CHARACTERS = 4000  # of a cell: what no expression is slow on, and no answer is longer than
CHART = "这是图表等没有单元格的工作表"
SHEET_LOST = "工作簿登记了这张表，但文件中没有它的内容，其中的人没有读入。请向报送单位索取完整的文件"
SHEET_BROKEN = "这张表已损坏，读不出来，其中的人没有读入。请用 Excel 或 WPS 打开核对，另存为 .xlsx"
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
    whole = partial(_by_calamine, data, file, {})
    if kind == "ods" and package is not None:
        structured = structure.of_ods(package, file)  # first, as what is broken there would hang calamine
        return [structured(sheet) for sheet in _values(whole, data, kind, file)]
    return [replace(sheet, structure=UNKNOWN[kind]) for sheet in _values(whole, data, kind, file)]


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
    """Values and structure of every sheet declared; of a large one each distinct cell is parsed once."""
    declared = structure.declared_sheets(package)
    there = {name: part for name, part in declared.items() if part in package.names}
    with ThreadPoolExecutor(THREADS) as threads:
        short, apart = _shortened(package, there, threads)
        said = {there[name]: cells.xml for name, cells in apart.items()}
        refuse_far_cells(package, file, known=said)
        ahead = threads.submit(structure.of_xlsx, package, said) if apart else None
        sheets = _values(partial(_by_calamine, short or data, file, apart), data, "xlsx", file)
        structured = ahead.result() if ahead else structure.of_xlsx(package, said)
    read = {s.name: s if s.lost else structured(s) for s in sheets if not s.lost or s.name in there}
    # What calamine does not know of is a sheet of charts, or not there.
    unread = {name: (CHART, "notes") if name in there else (SHEET_LOST, "unreadable") for name in declared}
    absent = {name: Sheet(file, name, (), (), lost=w, lost_kind=kind) for name, (w, kind) in unread.items()}
    return [*({**absent, **read}).values()]


def _values(read: Callable[[], list[Sheet]], data: bytes, kind: str, file: str) -> list[Sheet]:
    """The sheets with their values; what calamine cannot `read` of an .xlsx is left to openpyxl."""
    try:
        sheets = read()
    except python_calamine.PasswordError as fault:
        raise refused(file, *PASSWORD) from fault
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


def _by_calamine(data: bytes, file: str, apart: Mapping[str, Apart]) -> list[Sheet]:
    sheets: list[Sheet] = []
    with python_calamine.load_workbook(io.BytesIO(data)) as book:
        if len({*book.sheet_names}) < len(book.sheet_names):  # a sheet is known by its name
            raise refused(file, "有两张表同名，其中一张会丢失", "请改成不同的表名后另存")
        for about in book.sheets_metadata:
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            name = about.name
            try:
                sheet = book.get_sheet_by_name(name)
                rows = _placed(sheet, apart[name], file) if name in apart else _rows(sheet, file)
            except _ERRORS:
                sheets.append(Sheet(file, name, (), (), lost=SHEET_BROKEN))
                continue
            corners = sheet.merged_cell_ranges or []
            merges = tuple((a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1) for a, b in corners)
            visible = about.visible == python_calamine.SheetVisibleEnum.Visible
            sheets.append(sheet_of(rows, file, name, visible=visible, merged=merges))
    return sheets


def _rows(sheet: python_calamine.CalamineSheet, file: str) -> Rows:
    """The rows of a sheet from A1 on."""
    refuse_too_many(sheet.height, sheet.width, file)
    left = [""] * (sheet.start[1] if sheet.start else 0)
    return Rows([*left, *row] if left else row for row in sheet.iter_rows())


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


LARGE_SHEET = 1_000_000  # bytes of XML from which on telling cells apart first saves more than it costs
PIECE = 2_000_000
_ROW, _END = b"<row", b"</sheetData>"
Bytes = npt.NDArray[np.uint8]


class Apart(NamedTuple):
    """Cells of a sheet told apart before they are parsed: the row and the column of each, from 0, and its
    number among the distinct ones: `said` is the XML of each, without the address, and `xml` of them all.
    """

    row: Places
    column: Places
    number: Places
    said: list[bytes]
    xml: bytes


def _shortened(
    package: Package, sheets: Mapping[str, str], threads: ThreadPoolExecutor
) -> tuple[bytes, Mapping[str, Apart]]:
    """The package with each distinct cell of the large ones among `sheets` once, in one row, and where these
    stand. Nothing where none is large, or what is there can't be unpacked.
    """
    large = [n for n, part in sheets.items() if package.archive.getinfo(part).file_size >= LARGE_SHEET]
    try:
        found = {name: _told_apart(package.read(sheets[name]), threads) for name in large}
        apart = {name: cells for name, cells in found.items() if cells is not None}
        rows = {sheets[name]: cells.xml for name, cells in apart.items()}
        with zipfile.ZipFile(into := io.BytesIO(), "w") as short:
            for part in (n for n in package.names if rows and n.endswith((".xml", ".rels"))):
                xml = package.read(part)
                if part in rows:
                    xml = xml[: xml.find(_ROW)] + rows[part] + xml[xml.rfind(_END) :]
                short.writestr(part, xml)
    except BROKEN:  # whoever reads the sheets as they are says so
        return b"", {}
    return into.getvalue() if rows else b"", apart


def _told_apart(xml: bytes, threads: ThreadPoolExecutor) -> Apart | None:
    """None where the XML is written otherwise than programs do: it has to be parsed as it is."""
    starts, end = [xml.find(_ROW)], xml.rfind(_END)
    while (cut := xml.find(_ROW, starts[-1] + PIECE, end)) >= 0:
        starts.append(cut)
    if not 0 <= starts[0] < end:
        return None
    ranges = zip(starts, [*starts[1:], end], strict=True)
    try:
        found = [*threads.map(_cells, (memoryview(xml)[start:stop] for start, stop in ranges))]
    except (ValueError, IndexError):
        return None
    row, column, codes = zip(*found, strict=True)
    contents = pa.chunked_array(codes).unify_dictionaries().chunks
    number = np.concatenate([content.indices.to_numpy() for content in contents])
    said = contents[0].dictionary.to_pylist()
    once = b"<row><c" + b"<c".join(said) + b"</row>"
    return Apart(np.concatenate(row), np.concatenate(column), number, said, once)


def _cells(xml: memoryview) -> tuple[Places, Places, pa.DictionaryArray]:
    """The row and column of each cell in some rows of a sheet, and its content. Raises ValueError or
    IndexError where they are not what programs write.
    """
    at = np.frombuffer(xml, np.uint8)
    tags = np.flatnonzero(at[:-3] == ord("<"))
    first, second = at[tags + 1], at[tags + 2]
    cell = first == ord("c")
    bound = cell | ((first == ord("/")) & (second == ord("r")) & (at[tags + 3] == ord("o")))
    starts, begins = tags[bound], np.flatnonzero(cell[bound])
    start, stop = starts[begins], starts[begins + 1]
    column, place = _number(at, start + 6, ord("A"), 26)
    row, place = _number(at, place, ord("0"), 10)
    usual = [at[start + n + 2] == sign for n, sign in enumerate(b' r="')]
    if not np.all([*usual, at[place] == ord('"'), row > 0, column > 0]) or (first == ord("!")).any():
        raise ValueError("unusual")
    ends = np.column_stack([place + 1, stop]).ravel().astype(np.int32)
    parts = [None, pa.py_buffer(ends), pa.py_buffer(xml)]
    contents = pa.Array.from_buffers(pa.binary(), len(ends) - 1, parts)[::2]
    return row - 1, column - 1, contents.dictionary_encode()


def _number(at: Bytes, place: Places, zero: int, base: int) -> tuple[Places, Places]:
    """The number that letters (A is 1) or digits make from each place on, and the place behind it."""
    number: Places = np.zeros(len(place), np.int32)
    for _ in range(7):
        digit = at[place] - np.uint8(zero)
        goes = digit < base
        if not goes.any():
            break
        number = np.where(goes, number * base + digit + (base == 26), number)
        place = place + goes
    return number, place


def _placed(sheet: python_calamine.CalamineSheet, apart: Apart, file: str) -> Rows:
    """The rows of a large sheet, of whose cells `sheet` has each distinct one."""
    values = [value for row in sheet.to_python(skip_empty_area=False) for value in row]
    said = [*values, *[""] * (len(apart.said) - len(values) + 1)]
    filled = np.array([v != "" or b't="e"' in xml for v, xml in zip(said, apart.said, strict=False)])
    known = slice(None) if filled.all() else filled[apart.number]
    row, column, number = (part[known] for part in apart[:3])
    height, width = (int(part.max(initial=-1)) + 1 for part in (row, column))
    refuse_too_many(height, width, file)
    numbers = np.full((height, width), -1, np.int32, order="F")
    numbers[row, column] = number
    if np.count_nonzero(numbers >= 0) < len(number):
        raise refused(file, *TWICE)
    return Rows.of(numbers, objects(said))
