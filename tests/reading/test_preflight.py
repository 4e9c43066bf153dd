"""What is refused before it is opened, and in which words."""

import io
import zipfile

import openpyxl
import pytest
from openpyxl.styles import Font

from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading.preflight import Package, file_type, refuse_far_cells

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600


def package(**parts: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return into.getvalue()


def saved(cell: str, value: object = "x", merge: str = "", bold: bool = False) -> bytes:
    book, into = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet["A1"] = "姓名"
    if value is not None:
        sheet[cell] = value
    if bold:
        sheet[cell].font = Font(bold=True)
    if merge:
        sheet.merged_cells.add(merge)
    book.save(into)
    return into.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("空.xlsx", b"", "空.xlsx：文件是空的"),
        ("表.et", OLE, "WPS 专有格式，未读取。请用 WPS 打开并另存为 .xlsx"),
        ("扫描.xls", b"%PDF-1.4", "这是 PDF 文件，不是电子表格"),
        ("密.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "设有打开密码"),
        (
            "密.ods", package(
                mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_xml=b"\1",
                **{"META-INF__manifest_xml": b"<manifest:encryption-data/>"},
            ), "设有打开密码",
        ),
        ("表.fods", b'<?xml version="1.0"?><office:document xmlns:office="urn:x:opendocument:x"/>', ".fods"),
        ("函.xls", OLE + "WordDocument".encode("utf-16-le"), "这是Word 文档"),
        ("宏.xls", OLE + "Workbook_VBA_PROJECT_CUR".encode("utf-16-le"), "含有宏"),
        ("宏.xlsx", package(xl__workbook_xml=b"", xl__vbaProject_bin=b""), "含有宏"),
        ("函.docx", package(word__document_xml=b""), "这是 Word 文档，不是电子表格"),
        ("包.zip", package(a=b"1"), "这是压缩包或其他文件"),
        ("坏.xlsx", b"PK\x03\x04junk", "文件已损坏"),
        ("乱.csv", bytes(range(256)) * 9, "不是电子表格（内容是二进制数据）"),
        (
            "弹.xlsx", package(xl__workbook_xml=b"", xl__worksheets__sheet1_xml=b" " * 150_000_000),
            "会耗尽内存",
        ),
    ],
)
def test_what_is_no_spreadsheet_is_refused_by_name_with_what_to_do(
    name: str, data: bytes, words: str
) -> None:
    with pytest.raises(FileRefused, match="未读取。") as refusal:
        file_type(data, name)
    assert str(refusal.value).startswith(f"{name}：")
    assert words in str(refusal.value)


def test_a_far_cell_and_a_giant_merge_are_refused_at_once() -> None:
    far, merged = saved("XFD1048576"), saved("A2", merge="A1:XFD1048576")
    with pytest.raises(FileRefused, match="1,048,576 行 × 16,384 列"):
        refuse_far_cells(Package(far), "远.xlsx")
    with pytest.raises(FileRefused, match="合并单元格覆盖上百万格"):
        refuse_far_cells(Package(merged), "并.xlsx")


@pytest.mark.parametrize("part", ["xl__worksheets__sheet1_xml", "xl__sharedStrings_xml"])
def test_entities_declared_in_a_workbook_refuse_it_as_they_would_be_lost_in_silence(part: str) -> None:
    declared = b'<!DOCTYPE a [<!ENTITY x "1">]><sst>&x;</sst>'
    for xml in (declared, b"<!--" + b"x" * 9000 + b"-->" + declared, b'<c r="A1"><v><![CDATA[1]]></v></c>'):
        data = package(xl__workbook_xml=b"", **{part: xml})
        _, found = file_type(data, "a.xlsx")
        with pytest.raises(FileRefused, match="DTD"):
            refuse_far_cells(found, "a.xlsx")


def test_what_stands_twice_refuses_a_workbook_as_one_would_be_lost_in_silence() -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A1"><v>2</v></c></row>'
    _, found = file_type(package(xl__worksheets__sheet1_xml=cells), "a.xlsx")
    with pytest.raises(FileRefused, match="两格在同一位置"):
        refuse_far_cells(found, "a.xlsx")
    into = io.BytesIO(package(xl__workbook_xml=b""))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(into, "a") as archive:
        archive.writestr("xl/workbook.xml", b"")
    with pytest.raises(FileRefused, match="重名的部件"):
        file_type(into.getvalue(), "a.xlsx")


def test_a_far_cell_without_a_value_does_no_harm() -> None:
    kind, package = file_type(saved("XFD1048576", value=None, bold=True), "空白格式.xlsx")
    assert kind == "xlsx" and package is not None
    refuse_far_cells(package, "空白格式.xlsx")


def test_the_content_decides_and_not_the_name() -> None:
    assert file_type("姓名,性别\n".encode("gb18030"), "导出.xls")[0] == "text"
    assert file_type("姓名,性别\n".encode("utf-16-le"), "导出.xls")[0] == "text"
    assert file_type(b"<html><table></table></html>", "导出.xls")[0] == "html"
    assert file_type(saved("B2"), "导出.csv")[0] == "xlsx"
