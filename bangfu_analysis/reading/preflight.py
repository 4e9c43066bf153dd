"""Is it safe to open: the true type by its first bytes, encryption, bombs, macros, far cells. Bytes -> type.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager

from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading.tables import column_number

MOST_UNPACKED = 2_000_000_000
MOST_CELLS = 10_000_000  # of a sheet, from A1 to the last value, in every format
MOST_ROWS, MOST_COLUMNS = 2_000_000, 65_536
MOST_MERGED = 1_000_000
TWICE = ("有两格在同一位置，其中一格会丢失", "请用 Excel 打开核对，另存为 .xlsx")
# What the zip reader raises, and so what is the matter with the archive. Whoever catches these says so of
# the file.
DAMAGE: dict[type[Exception], str] = {
    zipfile.BadZipFile: "压缩结构不完整", zlib.error: "压缩的内容解不开", EOFError: "文件在中途断了",
    KeyError: "缺少应有的部件", NotImplementedError: "压缩方式不认识", RuntimeError: "部件加了密码",
}  # fmt: skip
BROKEN = tuple(DAMAGE)
PASSWORD = ("工作簿设有打开密码", "请向报送单位索取密码，去掉密码后另存为 .xlsx")
_MANIFEST = "META-INF/manifest.xml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']\s*([A-Za-z]{1,3})([0-9]{1,7})[^>]*(?<!/)>(?!</)""")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_FOREIGN = (
    (b"%PDF", "这是 PDF 文件", "请向报送单位索取电子表格，或另存为 .xlsx"),
    (b"Rar!", "这是 RAR 压缩包", "请解压后把其中的表格放入文件夹"),
    (b"7z\xbc\xaf", "这是 7z 压缩包", "请解压后把其中的表格放入文件夹"),
    (b"\x89PNG", "这是图片", "请把图片中的表录入电子表格"),
    (b"\xff\xd8\xff", "这是图片", "请把图片中的表录入电子表格"),
    (b"{\\rtf", "这是 RTF 文档", "请把其中的表复制到 Excel，另存为 .xlsx"),
    (b"MIME-Version", "这是网页归档文件", "请用 Excel 打开并另存为 .xlsx"),
)


class Package:
    """A zip archive whose worksheets are unpacked once."""

    def __init__(self, data: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = frozenset(self.archive.namelist())
        self._read: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """The content of a part; KeyError where there is none."""
        if name not in self._read:
            self._read[name] = self.archive.read(name)
        return self._read[name]


def file_type(data: bytes, file: str) -> tuple[str, Package | None]:
    """xlsx, xlsb, ods, xls, html, xml (a 2003 XML workbook) or text, by content and not by name; the package
    of a zipped one.

    Raises FileRefused, naming `file`, where the content is not a spreadsheet or would exhaust the machine;
    how far the sheets of an .xlsx reach is for refuse_far_cells to say.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise refused(file, "文件是空的（没有任何内容）", "请向报送单位索取完整的文件")
    if file.lower().endswith((".et", ".ett", ".wps")):
        raise refused(file, "这是 WPS 专有格式", "请用 WPS 打开并另存为 .xlsx")
    for magic, found, advice in _FOREIGN:
        if data.startswith(magic):
            raise refused(file, found + "，不是电子表格", advice)
    if data.startswith(b"PK"):
        return _package_type(data, file)
    if data.startswith(_OLE):
        return _ole_type(data, file), None
    if data[:2] in (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00") and file.lower().endswith(".xls"):
        return "xls", None
    return _text_type(data, file), None


def refused(file: str, found: str, advice: str) -> FileRefused:
    """The refusal of `file`: what was found and what to do."""
    return FileRefused(f"{file}：{found}，未读取。{advice}。")


def _text_type(data: bytes, file: str) -> str:
    head = data[:4096]
    if b"\0" in head and utf16_of(data) is None:
        raise refused(file, "不是电子表格（内容是二进制数据）", "请用 Excel 或 WPS 打开原文件，另存为 .xlsx")
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start and start.startswith(b"<?xml"):
        return "xml"
    if start.startswith(b"<?xml") and b"opendocument" in start:
        raise refused(file, "这是单个 XML 文件的 OpenDocument 表格（.fods）", "请用 WPS 打开并另存为 .xlsx")
    tagged = start.startswith(b"<") and re.search(rb"<(html|table|!doctype|meta|head|body|div)", start)
    return "html" if tagged else "text"


def utf16_of(data: bytes) -> str | None:
    """utf-16 where `data` has its mark, utf-16-le or -be where its start reads as text so, else None."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    for encoding in ("utf-16-le", "utf-16-be"):
        start = data[:2000].decode(encoding, errors="replace")
        plain = re.findall("[\t\r\n -\x7e\u2010-\u9fff\uff01-\U0010ffff]", start)
        if len(plain) > 0.97 * len(start):
            return encoding if b"\0" in data[:2000] else None
    return None


def _ole_type(data: bytes, file: str) -> str:
    def has(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise refused(file, *PASSWORD)
    if has("_VBA_PROJECT"):
        raise refused(file, "工作簿含有宏", "请用 Excel 打开（不启用宏）并另存为不含宏的 .xlsx")
    if has("Workbook") or has("Book"):
        return "xls"
    what = "Word 文档" if has("WordDocument") else "旧式 Office 文件"
    raise refused(file, f"这是{what}，不是电子表格", "请把其中的表复制到 Excel，另存为 .xlsx")


def _package_type(data: bytes, file: str) -> tuple[str, Package]:
    with _refusing_broken(file):
        package = Package(data)
        found = _named_type(package, file)
    unpacked = sum(info.file_size for info in package.archive.infolist())
    if unpacked > MOST_UNPACKED or (unpacked > 100_000_000 and unpacked > 100 * len(data)):
        sizes = f"解压后达 {unpacked / 1e6:,.0f} MB（原 {len(data) / 1e6:.1f} MB）"
        raise refused(file, f"{sizes}，会耗尽内存", "请只保留有数据的单元格，另存后再用")
    return found, package


@contextmanager
def _refusing_broken(file: str) -> Iterator[None]:
    """A broken archive becomes the refusal of `file`."""
    try:
        yield
    except BROKEN as fault:
        why = next(reason for kind, reason in DAMAGE.items() if isinstance(fault, kind))
        raise refused(
            file, f"文件已损坏（{why}）", "请重新获取原文件，或用 Excel 修复后另存为 .xlsx"
        ) from fault


def _named_type(package: Package, file: str) -> str:
    names = {name.replace("\\", "/").lstrip("/").lower() for name in package.names}
    if len(package.names) < len(package.archive.infolist()):  # which of them is meant?
        raise refused(file, "压缩包中有重名的部件", "请用 Excel 打开核对，另存为 .xlsx")
    if any(info.flag_bits & 1 for info in package.archive.infolist()):
        raise refused(file, "压缩包设有密码", "请去掉密码后重新保存")
    if any(name.endswith("vbaproject.bin") for name in names) or file.lower().endswith((".xlsm", ".xltm")):
        raise refused(file, "工作簿含有宏", "请用 Excel 打开（不启用宏）并另存为不含宏的 .xlsx")
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names and b"spreadsheet" in package.read("mimetype")[:100]:
        if _MANIFEST in package.names and b"encryption-data" in package.read(_MANIFEST):
            raise refused(file, *PASSWORD)
        return "ods"
    if any(name.startswith("word/") for name in names):
        raise refused(file, "这是 Word 文档，不是电子表格", "请把其中的表复制到 Excel，另存为 .xlsx")
    raise refused(file, "这是压缩包或其他文件，不是电子表格", "请解压后把其中的表格放入文件夹")


def refuse_far_cells(package: Package, file: str, *, known: Container[str] = ()) -> None:
    """Raises FileRefused where a sheet of an .xlsx reaches too far, a merge covers too much or words are
    declared beforehand: before any sheet is parsed. How far those `known` reach is asked where their cells
    are placed.
    """
    for name in sorted(package.names):
        if not (part := re.search(r"(worksheets/[^/]+|sharedStrings)\.xml$", name.replace("\\", "/"))):
            continue
        with _refusing_broken(file):
            xml = package.read(name)
        if b"<!DOCTYPE" in xml or b"v><![CDATA[" in xml:  # what stands in these would be lost in silence
            raise refused(file, "其中的 XML 有 DTD 声明或 CDATA，不是 Excel 写的", "请用 Excel 另存为 .xlsx")
        if part[1] == "sharedStrings":
            continue
        if name not in known:
            refuse_too_many(*_extent(xml, file), file)
        for left, top, right, bottom in _MERGE.findall(xml, max(xml.rfind(b"sheetData"), 0)):
            wide = column_number(right.decode()) - column_number(left.decode()) + 1
            if wide * (int(bottom) - int(top) + 1) > MOST_MERGED:
                raise refused(file, "有一处合并单元格覆盖上百万格", "请取消该合并后另存")


def refuse_too_many(rows: int, columns: int, file: str) -> None:
    """Raises FileRefused where a sheet, from A1 to its last value, has more than MOST_CELLS cells, or more
    rows or columns than any program writes.
    """
    if rows * columns > MOST_CELLS or rows > MOST_ROWS or columns > MOST_COLUMNS:
        found = f"工作表范围达 {rows:,} 行 × {columns:,} 列（有孤立或重复的单元格在极远处），会耗尽内存"
        raise refused(file, found, "请删除远处的单元格后另存")


def _extent(xml: bytes, file: str) -> tuple[int, int]:
    """Rows and columns up to the last cell with a value. Raises FileRefused where two cells have one address,
    of which a reader keeps the last.
    """
    cells: list[tuple[bytes, bytes]] = _CELL.findall(xml)
    if len({*cells}) < len(cells):
        raise refused(file, *TWICE)
    numbers, letters = {number for _, number in cells}, {letters.upper() for letters, _ in cells}
    return max(map(int, numbers), default=0), max((column_number(c.decode()) for c in letters), default=0)
