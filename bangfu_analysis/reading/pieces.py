"""A large workbook parsed in pieces: calamine lets go of the interpreter while it parses, so some parse while others are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import python_calamine

from bangfu_analysis.reading.preflight import Package

LARGE_SHEET = 16_000_000  # bytes of XML from which on cutting saves more than it costs
PIECES = 3
PARSERS = 2
Parsed = tuple[python_calamine.CalamineWorkbook, Mapping[str, python_calamine.CalamineSheet]]
_ROW, _END = b'<row r="', b"</sheetData>"


def parsed(package: io.BytesIO, names: Iterable[str] = ()) -> Parsed:
    """The workbook in `package`, and of its sheets those called `names`."""
    book = python_calamine.load_workbook(package)
    return book, {name: book.get_sheet_by_name(name) for name in names}


def parsed_ahead(package: Package, parts: Mapping[str, str], parsers: ThreadPoolExecutor) -> list[Future[Parsed]]:
    """The pieces of a workbook being parsed, none where no sheet is large; `parts`: sheet name -> its part of the package.

    Each piece has some rows of every large sheet, in their order; the first has all other sheets too.
    """
    cuts = {part: cut for part in parts.values() if (cut := _cuts(package.read(part)))}
    if not cuts:
        return []
    names = [name for name, part in parts.items() if part in cuts]
    return [parsers.submit(parsed, _piece(package, parts.values(), cuts, n), names) for n in range(PIECES)]


def _cuts(xml: bytes) -> list[slice]:
    first, end = xml.find(_ROW), xml.rfind(_END)
    if len(xml) < LARGE_SHEET or not 0 <= first < end:
        return []
    starts = [max(first, xml.rfind(_ROW, 0, first + (end - first) * n // PIECES)) for n in range(PIECES)]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], end], strict=True)]


def _piece(package: Package, sheets: Iterable[str], cuts: Mapping[str, Sequence[slice]], n: int) -> io.BytesIO:
    into = io.BytesIO()
    rest = [name for name in package.names - cuts.keys() if name.endswith((".xml", ".rels"))]
    with zipfile.ZipFile(into, "w") as piece:
        for name in rest:
            if n == 0 or name not in sheets:
                piece.writestr(name, package.read(name))
        for part, slices in cuts.items():
            xml = package.read(part)
            head, tail = slice(0, slices[0].start), slice(slices[-1].stop, None)
            with piece.open(part, "w") as sheet:
                sheet.writelines(memoryview(xml)[kept] for kept in (head, slices[n], tail))
    into.seek(0)
    return into


def joined(pieces: Iterable[python_calamine.CalamineSheet]) -> Iterator[Sequence[object]]:
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
