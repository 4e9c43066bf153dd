"""Text, HTML and 2003 XML, whatever the file is called -> sheets."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any
from xml.etree import ElementTree

from bangfu_analysis.codebook import simplified, traditional
from bangfu_analysis.distinct import Rows
from bangfu_analysis.reading.preflight import MOST_MERGED, refuse_too_many, refused, utf16_of
from bangfu_analysis.reading.tables import Sheet

_DELIMITERS = ",\t;|，"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32"}
MOST_LINES = 200  # that one cell may hold
_COMMON = (
    "的一是在人有这个工会困家庭姓名性男女年月日收入元出生身份本原因序文化程度初中高小大科下退休健康疾病住址失岗特会区街道办事处"
)


def decoded(data: bytes, file: str) -> str:
    """The text of `data`: by its mark, else UTF-8, UTF-16 without a mark, GB18030 or Big5. Raises
    FileRefused.

    The headings and coded words of a Big5 text are turned into simplified characters. Of a text that is
    damaged in a few places only, what cannot be decoded is U+FFFD.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if (wide := utf16_of(data)) is not None:
        return data.decode(wide, errors="replace")
    if (text := _try(data, "utf-8")) is not None:
        return text
    mainland, taiwan = _try(data, "gb18030"), _try(data, "big5hkscs")
    damaged = [data.decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030")]
    if mainland is None or _plainness(damaged[0]) > _plainness(mainland):
        mainland = next((t for t in damaged if t.count("\ufffd") <= 1 + len(t) // 500), mainland)
    if mainland is None and taiwan is None:
        raise refused(
            file, "文字编码无法识别（不是 UTF-8、GB18030、Big5 或 UTF-16）", "请用 Excel 打开并另存为 .xlsx"
        )
    if taiwan is not None and (mainland is None or _plainness(taiwan) > _plainness(mainland)):
        return simplified(taiwan)
    assert mainland is not None, "one of the two could be decoded"
    return mainland


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _plainness(text: str) -> int:
    """How much of the text is what such files are made of: a wrong decoding gives rare and private
    characters.
    """
    sample = text[:20000]
    plain = sum(character in _frequent() for character in sample)
    return plain - 3 * sum(
        "\ue000" <= c <= "\uf8ff" or "\u2e80" <= c <= "\u2fdf" or c > "\uffff" for c in sample
    )


@lru_cache(maxsize=1)
def _frequent() -> frozenset[str]:
    """What such files are made of: common characters, and the traditional ones of the codebook, which Big5
    has alone.
    """
    return frozenset((*_COMMON, *map(chr, traditional()), *traditional().values()))


def delimited(data: bytes, file: str) -> Sheet:
    """One sheet without a name; a row's number is the physical line on which its record starts; ="123" is the
    text 123.

    A quotation mark that is never closed, or only many lines below, is read as it stands in its line, and
    told.
    """
    text = decoded(data, file)
    delimiter, usual = _delimiter(text)
    if '"' not in text:  # a line is a record
        refuse_too_many(text.count("\n"), usual + 1, file)
    lines = list(io.StringIO(text, newline=""))
    csv.field_size_limit(sys.maxsize // 2**32)
    rows: list[Sequence[object]] = []
    starts: list[int] = []
    told: list[tuple[int, int, str, dict[str, str]]] = []
    at = width = 0
    while at < len(lines):
        refuse_too_many(1, lines[at].count(delimiter), file)  # before it is cut up
        line, end = lines[at].rstrip("\r\n"), at + 1
        record = line.split(delimiter)
        if len(record) == 1 < usual and (same := [d for d in _DELIMITERS if line.count(d) == usual]):
            record = line.split(same[0])
            told.append((len(rows) + 1, 1, "delimiter_other", {"other": same[0]}))
        if '"' in lines[at]:
            within = iter(range(at, min(at + MOST_LINES, len(lines))))
            quoted = next(csv.reader(map(lines.__getitem__, within), delimiter=delimiter))
            last = next(within, min(at + MOST_LINES, len(lines)))
            if _is_swallowed(quoted, lines[at:last], delimiter, usual):
                record = [cell.strip().strip('"') for cell in record]
                told.append((len(rows) + 1, 1, "quote_open", {}))
            else:
                record = [cell[2:-1] if cell[:2] == '="' and cell[-1] == '"' else cell for cell in quoted]
                end = last
        rows.append(record)
        starts.append(at + 1)
        at, width = end, max(width, len(record))
        refuse_too_many(len(rows), width, file)
    return Sheet(file, "", Rows(rows), tuple(starts), is_text=True, told=tuple(told))


def _is_swallowed(record: Sequence[str], lines: Sequence[str], delimiter: str, usual: int) -> bool:
    """Whether a quotation mark took what follows for its own: whole records within a cell, or one never
    closed.
    """
    most = max((line.count(delimiter) for c in record if "\n" in c for line in c.splitlines()), default=0)
    is_open = sum(line.count('"') for line in lines) % 2 == 1 and len(record) <= usual
    return is_open or len(lines) >= MOST_LINES or most >= max(2, (usual + 1) // 2)


def _delimiter(text: str) -> tuple[str, int]:
    """The candidate that cuts the first lines into the most equal parts, and how often it stands in a line.
    """
    lines = [line for line in text[:65536].splitlines()[:50] if line.strip()] or [""]
    usual = {d: sorted(line.count(d) for line in lines)[len(lines) // 2] for d in _DELIMITERS}
    return max(usual.items(), key=itemgetter(1))


def tables_of_html(data: bytes, file: str) -> list[Sheet]:
    """One sheet for each outermost table of a page that wears a spreadsheet's name; FileRefused where it has
    none.
    """
    from lxml import etree

    text = f"<body>{decoded(data, file)}"  # there is a body, whatever the file holds
    page = etree.fromstring(text.encode(), etree.HTMLParser(encoding="utf-8", huge_tree=True))
    for line_break in page.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    filled = [t for t in page.xpath("//table[not(ancestor::table)]") if any(map(str.strip, t.itertext()))]
    if not filled:
        raise refused(file, "这是网页文件，其中没有表格", "请用浏览器打开查看，并向报送单位索取原始电子表格")
    several = len(filled) > 1
    return [_html_sheet(t, file, f"表{n}" if several else "Sheet1") for n, t in enumerate(filled, 1)]


def _html_sheet(table: Any, file: str, name: str) -> Sheet:
    """The sheet of an lxml table; what it spans is a merge."""
    taken: set[tuple[int, int]] = set()  # by spans
    cells: dict[tuple[int, int], object] = {}
    merged, spanned = [], 0
    rows = table.xpath("descendant-or-self::*[self::tr or td or th]")
    for r, row in enumerate(rows, 1):
        c = 1
        for cell in row.iterchildren("td", "th"):
            while (r, c) in taken:
                c += 1
            spans = (cell.get(f"{way}span", "1") for way in ("row", "col"))
            down, right = (min(int(n), 1000) or 1 if n.isdecimal() else 1 for n in spans)
            down = min(down, len(rows) - r + 1)
            depth = cell.xpath("count(ancestor::table)")
            texts = cell.xpath(".//text()[count(ancestor::table) = $depth]", depth=depth)
            cells[r, c] = "".join(texts).strip()
            if down > 1 or right > 1:
                spanned += down * right
                if spanned > MOST_MERGED:
                    raise refused(
                        file, "合并单元格覆盖上百万格", "请用浏览器打开核对，取消合并后另存为 .xlsx"
                    )
                taken |= {(r + i, c + j) for i in range(down) for j in range(right)}
                merged.append((r, c, r + down - 1, c + right - 1))
            c += right
    note = "网页格式：不能得知隐藏的行列、删除线和批注"
    return replace(_sheet_at(cells, file, name), merged=tuple(merged), structure=note)


def _sheet_at(cells: Mapping[tuple[int, int], object], file: str, name: str) -> Sheet:
    """The sheet with `cells`: (row, column), from 1 -> what it says."""
    height, width = (max((place[i] for place in cells), default=0) for i in (0, 1))
    refuse_too_many(height, width, file)
    rows = Rows([cells.get((r, c)) for c in range(1, width + 1)] for r in range(1, height + 1))
    return Sheet(file, name, rows, tuple(range(1, height + 1)))


_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def workbook_2003(data: bytes, file: str) -> list[Sheet]:
    """The sheets of an Excel 2003 XML workbook. Raises FileRefused where the XML is broken."""
    try:
        root = ElementTree.fromstring(decoded(data, file))  # in GB18030 too, which the parser does not know
    except ElementTree.ParseError as fault:
        raise refused(file, "2003 版 XML 表格已损坏", "请用 Excel 打开并另存为 .xlsx") from fault
    return [_sheet_2003(sheet, file) for sheet in root.iter(f"{_SS}Worksheet")]


def _sheet_2003(sheet: ElementTree.Element, file: str) -> Sheet:
    cells: dict[tuple[int, int], object] = {}
    merged, hidden = [], set()
    row = 0
    for line in sheet.iter(f"{_SS}Row"):
        row = _number_2003(line, "Index", row + 1)
        if line.get(f"{_SS}Hidden") == "1":
            hidden.add(row)
        column = 0
        for cell in line.iter(f"{_SS}Cell"):
            column = _number_2003(cell, "Index", column + 1)
            right, down = _number_2003(cell, "MergeAcross", 0), _number_2003(cell, "MergeDown", 0)
            if (row, column) in cells:
                raise refused(file, "2003 版 XML 表格中有两格在同一位置", "请用 Excel 打开并另存为 .xlsx")
            cells[row, column] = _value_2003(cell.find(f"{_SS}Data"))
            if right or down:
                merged.append((row, column, row + down, column + right))
            column += right
    note = "2003 版 XML 格式：不能得知删除线和批注"
    found = _sheet_at(cells, file, str(sheet.get(f"{_SS}Name", "Sheet1")))
    return replace(found, merged=tuple(merged), hidden_rows=frozenset(hidden), structure=note)


def _number_2003(element: ElementTree.Element, name: str, other: int) -> int:
    said = element.get(f"{_SS}{name}", "")
    return int(said) if said.isdecimal() and len(said) < 10 else other


def _value_2003(data: ElementTree.Element | None) -> object:
    if data is None:
        return None
    text = "".join(data.itertext())
    try:
        return float(text) if data.get(f"{_SS}Type") == "Number" and text else text
    except ValueError:  # what is no number stays as it stands
        return text
