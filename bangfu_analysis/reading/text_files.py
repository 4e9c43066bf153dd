"""Text, HTML and 2003 XML, whatever the file is called -> sheets."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from xml.etree import ElementTree

from bangfu_analysis.reading.preflight import refused
from bangfu_analysis.reading.tables import Sheet

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",\t;|，"
_LONGEST_FIELD = 1_000_000


def decoded(data: bytes, file: str) -> str:
    """The text of `data`: by its mark, else UTF-8, UTF-16 without a mark, GB18030 or Big5. Raises FileRefused."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data[:4096]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    options = [text for encoding in ("utf-8", "gb18030", "big5hkscs") if (text := _try(data, encoding)) is not None]
    if not options:
        raise refused(file, "文字编码无法识别（不是 UTF-8、GB18030、Big5 或 UTF-16）", "请用 Excel 打开并另存为 .xlsx")
    return options[0] if len(options) == 1 or _try(data, "utf-8") else max(options, key=_plainness)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _plainness(text: str) -> float:
    """How much of the text is what such files are made of: a wrong decoding gives rare characters and private ones."""
    plain = sum(1 for character in text[:20000] if character in _FREQUENT)
    odd = sum(1 for c in text[:20000] if "\ue000" <= c <= "\uf8ff" or "\u2e80" <= c <= "\u2fdf" or c > "\uffff")
    return plain - 3 * odd


_FREQUENT = frozenset(
    "的一是在人有这个工会职困难家庭姓名性别男女年龄月日收入元单位出生身份证号本原因类序文化程度初中高小学大专科业失下岗退休健康疾病"
    "残住址电话備註職難庭戶類別號學業醫療單親屬戶貧縣區鄉鎮齡證碼費無張李王劉陳楊黃趙吳周徐孫馬朱胡林郭何羅鄭謝許華國電話"
)


def delimited(data: bytes, file: str) -> Sheet:
    """One sheet without a name; a row's number is the physical line on which its record starts."""
    text = decoded(data, file)
    delimiter = _delimiter(text)
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[object, ...]] = []
    lines: list[int] = []
    try:
        start = 1
        for record in reader:
            rows.append(tuple(record))
            lines.append(start)
            start = reader.line_num + 1
    except csv.Error as fault:
        raise refused(
            file, f"第 {reader.line_num} 行起不是有效的分隔文本（引号未配对或字段过长）", "请用 Excel 打开并另存为 .xlsx"
        ) from fault
    return _sheet(rows, file, lines)


def _delimiter(text: str) -> str:
    """The candidate that cuts the first lines into the most equal parts."""
    lines = [line for line in text[:65536].splitlines()[:50] if line.strip()]
    counts = {d: sorted(line.count(d) for line in lines) for d in _DELIMITERS}
    return max(counts, key=lambda d: counts[d][len(lines) // 2] if lines else 0) if lines else ","


def _sheet(rows: list[tuple[object, ...]], file: str, lines: list[int] | None = None, name: str = "") -> Sheet:
    width = max((len(row) for row in rows), default=0)
    cells = [(*row, *(None,) * (width - len(row))) for row in rows]
    return Sheet(file, name, cells, tuple(lines or range(1, len(cells) + 1)), is_text=lines is not None)


class _Tables(HTMLParser):
    """Collects the cells of every outermost table, spans as merges."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._depth = 0
        self._text: list[str] | None = None
        self._span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif self._depth and tag == "tr":
            self._close()
            self.tables[-1].append([])
        elif self._depth and tag in ("td", "th"):
            self._close()
            about = dict(attrs)
            self._text, self._span = [], (_span(about.get("rowspan")), _span(about.get("colspan")))
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        if tag == "table":
            self._depth = max(self._depth - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _close(self) -> None:
        if self._text is not None and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            self.tables[-1][-1].append(("".join(self._text).strip(), *self._span))
        self._text = None


def _span(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdigit() and int(text) > 0 else 1


def tables_of_html(data: bytes, file: str) -> list[Sheet]:
    """One sheet for each table of a page that wears a spreadsheet's name. Raises FileRefused where it has none."""
    parser = _Tables()
    parser.feed(decoded(data, file))
    parser.close()
    filled = [table for table in parser.tables if any(text for row in table for text, _, _ in row)]
    if not filled:
        raise refused(file, "这是网页文件，其中没有表格", "请用浏览器打开查看，并向报送单位索取原始电子表格")
    return [_html_sheet(table, file, f"表{n}" if len(filled) > 1 else "Sheet1") for n, table in enumerate(filled, 1)]


def _html_sheet(table: list[list[tuple[str, int, int]]], file: str, name: str) -> Sheet:
    taken: set[tuple[int, int]] = set()
    texts: dict[tuple[int, int], str] = {}
    merged = []
    for r, row in enumerate(table):
        c = 0
        for text, down, right in row:
            while (r, c) in taken:
                c += 1
            down = min(down, len(table) - r)
            taken |= {(r + i, c + j) for i in range(down) for j in range(right)}
            texts[r, c] = text
            if down > 1 or right > 1:
                merged.append((r + 1, c + 1, r + down, c + right))
            c += right
    width = max((c for _, c in taken), default=-1) + 1
    cells: list[tuple[object, ...]] = [tuple(texts.get((r, c)) for c in range(width)) for r in range(len(table))]
    note = "网页格式：不能得知隐藏的行列、删除线和批注"
    return Sheet(file, name, cells, tuple(range(1, len(cells) + 1)), merged=tuple(merged), structure=note)


_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def workbook_2003(data: bytes, file: str) -> list[Sheet]:
    """The sheets of an Excel 2003 XML workbook. Raises FileRefused where the XML is broken."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as fault:
        raise refused(file, "2003 版 XML 表格已损坏", "请用 Excel 打开并另存为 .xlsx") from fault
    return [_sheet_2003(sheet, file) for sheet in root.iter(f"{_SS}Worksheet")]


def _sheet_2003(sheet: ElementTree.Element, file: str) -> Sheet:
    cells: dict[tuple[int, int], object] = {}
    merged, hidden = [], set()
    row = 0
    for line in sheet.iter(f"{_SS}Row"):
        row = int(line.get(f"{_SS}Index", row + 1))
        if line.get(f"{_SS}Hidden") == "1":
            hidden.add(row)
        column = 0
        for cell in line.iter(f"{_SS}Cell"):
            column = int(cell.get(f"{_SS}Index", column + 1))
            right, down = int(cell.get(f"{_SS}MergeAcross", 0)), int(cell.get(f"{_SS}MergeDown", 0))
            cells[row, column] = _value_2003(cell.find(f"{_SS}Data"))
            if right or down:
                merged.append((row, column, row + down, column + right))
            column += right
    if row > 100_000 or max((c for _, c in cells), default=0) > 2_000:
        raise refused(file, "2003 版 XML 表格范围过大", "请用 Excel 打开并另存为 .xlsx")
    width = max((c for _, c in cells), default=0)
    rows = [tuple(cells.get((r, c)) for c in range(1, width + 1)) for r in range(1, row + 1)]
    return Sheet(
        file,
        str(sheet.get(f"{_SS}Name", "Sheet1")),
        rows,
        tuple(range(1, row + 1)),
        merged=tuple(merged),
        hidden_rows=frozenset(hidden),
        structure="2003 版 XML 格式：不能得知删除线和批注",
    )


def _value_2003(data: ElementTree.Element | None) -> object:
    if data is None:
        return None
    text = "".join(data.itertext())
    return float(text) if data.get(f"{_SS}Type") == "Number" and text else text


