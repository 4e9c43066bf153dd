"""What values alone do not tell: hidden rows and columns, struck-through cells, comments, errors, formulas
never calculated.

Read from the package's own XML, as no library gives all of it quickly (see docs/decisions).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any, NamedTuple
from xml.etree import ElementTree

from bangfu_analysis.distinct import Rows
from bangfu_analysis.reading.preflight import BROKEN, Package, refuse_too_many, refused
from bangfu_analysis.reading.tables import Cells, Sheet, column_number

Marked = dict[tuple[int, int], Any]
BOOK = "xl/workbook.xml"
LARGEST_XML = 400_000_000
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_ATTRIBUTE = re.compile(rb'(?<![\w:])([\w:]+)="([^"]*)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]*)</|<(?:\w+:)?t\b[^>]*>([^<]*)</")
_RUN = re.compile(rb"<(?:\w+:)?r>.*?</(?:\w+:)?r>|<(?:\w+:)?r\s[^>]*>.*?</(?:\w+:)?r>", re.DOTALL)
_TEXT = re.compile(rb"<(?:\w+:)?t\b[^>]*>([^<]*)</")
_STRINGS = "xl/sharedStrings.xml"
_LEGEND = [word.encode() for c in "红黄绿蓝灰" for word in (f"标{c}", f"{c}色", f"{c}字", f"{c}底")]
_SIGNS = (b't="e"', b"<f", b"strike")
MOST_SIGNS = 50
_STRIKE_OFF, _ON = ("0", "false"), (b"1", b"true")
_UNREADABLE: tuple[type[Exception], ...] = (*BROKEN, ElementTree.ParseError, ValueError)
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]+)$")


def of_xlsx(package: Package, said: Mapping[str, bytes]) -> Callable[[Sheet], Sheet]:
    """What adds to a sheet the structure that the package holds of it; where it can't be read, `structure`
    says so. `said`: all that cells of a part say, where that is known.
    """
    try:
        book, looks = _root(package, BOOK), _looks(package)
        parts = {name: part for name, part in _parts(package, book).items() if part in package.names}
        known = {name: _of_part(package, part, looks, said.get(part)) for name, part in parts.items()}
        epoch1904 = any(p.get("date1904") in ("1", "true") for p in _all(book, "workbookPr"))
    except _UNREADABLE as fault:
        why = f"工作簿的结构读不出（{type(fault).__name__}），不能得知隐藏与删除线"
        return lambda sheet: replace(sheet, structure=why)

    def added(sheet: Sheet) -> Sheet:
        texts, marks = known.get(sheet.name, ({}, {}))
        return replace(sheet, cells=_with(sheet.cells, texts), epoch1904=epoch1904, **marks)

    return added


class Looks(NamedTuple):
    """What styles and shared strings say of the cells that bear their numbers.

    `struck`: styles; `units`: style -> 万元 or 千元, which its number format only writes behind the number;
    `colours`: style -> colour, where a legend may stand in the workbook; `strings`: shared string with a
    strike -> what of it is not struck.
    """

    struck: set[bytes]
    units: dict[bytes, str]
    colours: dict[bytes, str]
    strings: dict[bytes, str]


def _of_part(
    package: Package, part: str, looks: Looks, said: bytes | None
) -> tuple[Marked, dict[str, Any]]:
    """The cells of a sheet that calamine reads otherwise than shown, and the fields of Sheet that its XML
    tells.
    """
    xml = package.read(part)
    if len(xml) > LARGEST_XML:
        return {}, {"structure": "工作表过大，未检查隐藏的行列、删除线和批注"}
    texts, marks = _marked_cells(xml, looks, xml if said is None else said)
    hidden = b"hidden=" in xml
    rows, columns = (map(_attributes, t.findall(xml) if hidden else ()) for t in (_ROW, _COLUMN))
    marks["hidden_rows"] = {int(row[b"r"]) for row in rows if row.get(b"hidden") in _ON and b"r" in row}
    spans = [(int(c[b"min"]), min(int(c[b"max"]), 16384) + 1) for c in columns if c.get(b"hidden") in _ON]
    marks["hidden_columns"] = {n for span in spans for n in range(*span)}
    marks["commented"] = _comments(package, part)
    return texts, {name: frozenset(at) if isinstance(at, set) else at for name, at in marks.items()}


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(tag))


def _with(cells: Cells, errors: Marked) -> Cells:
    """The cells with the texts of those that calamine leaves blank or reads otherwise than they are shown."""
    if not errors:
        return cells
    rows = cells if isinstance(cells, Rows) else Rows(cells)
    height, width = rows.places.shape
    return rows.but({(r - 1, c - 1): text for (r, c), text in errors.items() if r <= height and c <= width})


def _marked_cells(xml: bytes, looks: Looks, said: bytes) -> tuple[Marked, dict[str, Any]]:
    """Cells to be read otherwise (errors, numbers with a unit, texts struck in part), and the places of each
    mark.
    """
    texts: Marked = {}
    marks: dict[str, Any] = {"uncalculated": set(), "struck": set(), "part_struck": set(), "colours": {}}
    styles = looks.struck | looks.units.keys() | looks.colours.keys()
    signs = [*_SIGNS, *(b' s="%s"' % n for n in styles), *(b">%s</" % n for n in looks.strings)]
    for cell in _cells_with_signs(xml, [sign for sign in signs if sign in said]):
        head, body = cell[1], cell[3] or b""
        tag = _attributes(head)
        value = _VALUE.search(body)
        text = (value.group(1) or value.group(2) or b"") if value else b""
        kind, style, place = tag.get(b"t", b"n"), tag.get(b"s", b""), position(tag.get(b"r", b"A1").decode())
        if kind == b"e":
            texts[place] = text.decode()
        elif not text and kind != b"str" and _FORMULA.search(body):
            marks["uncalculated"].add(place)
        elif kind == b"n" and text and style in looks.units:
            texts[place] = f"{float(text):.10g}{looks.units[style]}"
        if text and style in looks.colours:
            marks["colours"][place] = looks.colours[style]
        left = looks.strings.get(text) if kind == b"s" else _not_struck(body) if _strikes(body) else None
        if text and left and style not in looks.struck:
            texts[place] = left
            marks["part_struck"].add(place)
        elif text and (style in looks.struck or left is not None):
            marks["struck"].add(place)
    return texts, marks


def _not_struck(xml: bytes) -> str:
    """The text of the runs that are not struck through; "" where all are."""
    runs = [run for run in _RUN.findall(xml) if not _strikes(run)]
    return unescape(b"".join(_TEXT.findall(b"".join(runs))).decode()).strip()


def _cells_with_signs(xml: bytes, signs: Sequence[bytes]) -> Iterator[re.Match[bytes]]:
    """The cells in or at which a sign stands, in order: of a large sheet few, so that not all are looked at.
    """
    # another prefix, or more searches than one pass is worth
    if b"<sheetData" not in xml or len(signs) > MOST_SIGNS:
        yield from _CELL.finditer(xml)
        return
    starts = {xml.rfind(b"<c ", 0, place) for sign in signs for place in _found(xml, sign)}
    yield from filter(None, (_CELL.match(xml, start) for start in sorted(starts - {-1})))


def _found(xml: bytes, sign: bytes) -> Iterator[int]:
    place = xml.find(sign)
    while place >= 0:
        yield place
        place = xml.find(sign, place + 1)


def _strikes(xml: bytes) -> bool:
    return b"strike" in xml and re.search(rb'<(?:\w+:)?strike(?! val="(?:0|false)")', xml) is not None


def position(address: str) -> tuple[int, int]:
    """`B3` -> (3, 2)."""
    found = _ADDRESS.match(address)
    if found is None:
        raise ValueError(address)
    return int(found[2]), column_number(found[1])


def _root(package: Package, name: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(package.read(name))
    except KeyError:
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _all(root: ElementTree.Element | None, name: str) -> Iterator[ElementTree.Element]:
    return (e for e in root.iter() if _local(e.tag) == name) if root is not None else iter(())


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Relation id -> (type, target part) of `part`."""
    folder, name = posixpath.split(part)
    root = _root(package, f"{folder}/_rels/{name}.rels")
    targets = {r: posixpath.join("/" + folder, str(r.get("Target"))) for r in _all(root, "Relationship")}
    return {
        str(r.get("Id")): (str(r.get("Type")), posixpath.normpath(target).lstrip("/"))
        for r, target in targets.items()
    }


def declared_sheets(package: Package) -> dict[str, str]:
    """Name of every sheet that the workbook declares -> its part, which may be absent; {} where that can't be
    read.
    """
    try:
        return _parts(package, _root(package, BOOK))
    except _UNREADABLE:
        return {}


def _parts(package: Package, book: ElementTree.Element | None) -> dict[str, str]:
    relations = _relations(package, BOOK)
    ids = {sheet: [v for n, v in sheet.attrib.items() if n.endswith("}id")] for sheet in _all(book, "sheet")}
    return {str(s.get("name")): relations.get(of[0] if of else "", ("", ""))[1] for s, of in ids.items()}


def _looks(package: Package) -> Looks:
    root = _root(package, "xl/styles.xml")
    parts = (("fonts", "font"), ("fills", "fill"), ("cellXfs", "xf"))
    fonts, fills, styles = ([e for of in _all(root, k) for e in of if _local(e.tag) == o] for k, o in parts)
    formats = {f.get("numFmtId"): str(f.get("formatCode")) for f in _all(root, "numFmt")}
    on = [[s for s in _all(f, "strike") if s.get("val") not in _STRIKE_OFF] for f in fonts]
    struck = {n for n, strikes in enumerate(on) if strikes}
    shared = package.read(_STRINGS) if _STRINGS in package.names else b""
    legend = not shared or any(word in shared for word in _LEGEND)
    found = Looks(set(), {}, {}, _struck_strings(shared))
    for n, xf in enumerate(styles):
        number, font, fill = str(n).encode(), int(xf.get("fontId", 0)), int(xf.get("fillId", 0))
        if font in struck:
            found.struck.add(number)
        if unit := _unit_of(formats.get(xf.get("numFmtId"), "")):
            found.units[number] = unit
        colour = _colour(fonts[font : font + 1], "color") or _colour(fills[fill : fill + 1], "fgColor")
        if colour and legend:
            found.colours[number] = colour
    return found


def _unit_of(format_code: str) -> str:
    """`General"万元"` -> 万元; "" where the format itself scales the number, as `0!.0,"万元"` does."""
    unit = re.search("[万千]元?", format_code.partition(";")[0])
    return f"{unit[0][0]}元" if unit and not re.search("[0#?],+(?![0#?])", format_code) else ""


def _colour(elements: Sequence[ElementTree.Element], name: str) -> str:
    """红, 黄, 绿, 蓝 or 灰 as far as it is told in red, green and blue; "" for black, white and colours of
    the theme.
    """
    rgb = next((c.get("rgb") for e in elements for c in _all(e, name) if c.get("rgb")), None)
    if rgb is None:
        return ""
    red, green, blue = (int(rgb[-6:][n : n + 2], 16) for n in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) < 40:
        return "灰" if 60 < red < 240 else ""
    levels = {"r": red, "g": green, "b": blue}
    strong = "".join(c for c, level in levels.items() if level > 0.75 * max(levels.values()))
    return {"r": "红", "rg": "黄", "g": "绿", "b": "蓝", "gb": "蓝"}.get(strong, "")


def _struck_strings(xml: bytes) -> dict[bytes, str]:
    """Number of a shared string with a struck-through run -> what of it is not struck."""
    if not _strikes(xml):
        return {}
    items = re.findall(rb"<(?:\w+:)?si\b.*?</(?:\w+:)?si>|<(?:\w+:)?si\s*/>", xml, re.DOTALL)
    return {str(n).encode(): _not_struck(item) for n, item in enumerate(items) if _strikes(item)}


def _comments(package: Package, part: str) -> set[tuple[int, int]]:
    targets = [target for kind, target in _relations(package, part).values() if kind.endswith("/comments")]
    return {position(str(c.get("ref"))) for t in targets for c in _all(_root(package, t), "comment")}


def of_ods(package: Package, file: str) -> Callable[[Sheet], Sheet]:
    """What adds to a sheet the merges, hidden rows, struck-through cells and annotations of an OpenDocument
    spreadsheet.

    Raises FileRefused where its XML is broken or the values reach too far.
    """
    try:
        root = ElementTree.fromstring(package.read("content.xml"))
    except _UNREADABLE as fault:
        raise refused(
            file, "文件已损坏（内容的 XML 不完整）", "请用 Excel 或 WPS 打开，另存为 .xlsx"
        ) from fault
    lines = [(style, p) for style in _all(root, "style") for p in _all(style, "text-properties")]
    through = "text-line-through-style"
    struck = {str(_get(s, "name")) for s, p in lines if _get(p, through) not in (None, "none")}
    tables = {_get(table, "name"): table for table in _all(root, "table") if _get(table, "name")}
    for table in tables.values():
        refuse_too_many(*_ods_extent(table), file)
    return lambda sheet: _ods_sheet(sheet, tables[sheet.name], struck) if sheet.name in tables else sheet


def _get(element: ElementTree.Element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if _local(key) == name), None)


def _times(element: ElementTree.Element, name: str) -> int:
    said = _get(element, name) or ""
    return min(int(said), 10**9) if said.isdecimal() and len(said) < 20 else 1


def _ods_cells(
    table: ElementTree.Element,
) -> Iterator[tuple[int, int, ElementTree.Element, ElementTree.Element]]:
    """Row and column of every cell, its line and itself; a repeated one once, where it begins."""
    row = 1
    for line in _all(table, "table-row"):
        column = 1
        for cell in line:
            yield row, column, line, cell
            column += _times(cell, "number-columns-repeated")
        row += _times(line, "number-rows-repeated")


def _ods_extent(table: ElementTree.Element) -> tuple[int, int]:
    """Rows and columns up to the last cell with a value, repeated ones counted."""
    rows = columns = 0
    for row, column, line, cell in _ods_cells(table):
        if _get(cell, "value-type"):
            rows = row + _times(line, "number-rows-repeated") - 1
            columns = max(columns, column + _times(cell, "number-columns-repeated") - 1)
    return rows, columns


def _ods_sheet(sheet: Sheet, table: ElementTree.Element, struck_styles: set[str]) -> Sheet:
    merged, hidden, struck, commented = [], set[int](), set(), set()
    for row, column, line, cell in _ods_cells(table):
        if _get(line, "visibility") in ("collapse", "filter"):
            hidden |= {*range(row, min(row + _times(line, "number-rows-repeated"), len(sheet.cells) + 1))}
        down, right = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
        if down > 1 or right > 1:
            merged.append((row, column, row + down - 1, column + right - 1))
        if _get(cell, "style-name") in struck_styles:
            struck.add((row, column))
        if any(True for _ in _all(cell, "annotation")):
            commented.add((row, column))
    return replace(
        sheet, merged=tuple(merged), hidden_rows=frozenset(hidden), struck=frozenset(struck),
        commented=frozenset(commented),
    )
