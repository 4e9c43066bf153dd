"""A workbook with a large sheet, cut into workbooks of some rows each, so that they can be parsed side by
side.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bangfu_analysis.reading.preflight import BROKEN, Package

LARGE_SHEET = 16_000_000  # bytes of XML from which on cutting saves more than it costs
PIECES = 3
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
