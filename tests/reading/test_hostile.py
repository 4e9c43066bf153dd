"""Broken and hostile files: each costs itself only, and nothing in it vanishes without a word."""

import io
import time
import zipfile

import openpyxl
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.reading.workbook import MOST_CHARACTERS, read_sheets

HEAD = ("姓名", "性别", "身份证号", "文化程度", "工作单位", "家庭月人均收入", "困难类别")
_URN = "urn:schemas-microsoft-com:office:spreadsheet"
BOOK_2003 = f'<?xml version="1.0"?><Workbook xmlns="{_URN}" xmlns:ss="{_URN}">{{}}</Workbook>'
SHEET_2003 = BOOK_2003.format('<Worksheet ss:Name="t"><Table>{}</Table></Worksheet>')
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>{}'
    "</office:spreadsheet></office:body></office:document-content>"
)


@pytest.fixture(scope="module")
def codebook():
    return load_codebook()


REST = ("初中", "一厂", "200", "特困")


def people(n: int) -> list[tuple[str, ...]]:
    names = "赵钱孙李周吴郑王冯陈"
    return [
        (names[i % 10] + names[i // 10 % 10], "男", f"99010119{60 + i % 30}0110{i:04d}", *REST)
        for i in range(n)
    ]


def workbook(*sheets: str) -> bytes:
    book, into = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in (HEAD, *people(5)):
            sheet.append(row)
    book.save(into)
    return into.getvalue()


def but(data: bytes, **changes: object) -> bytes:
    """An archive with parts replaced (by a function of the part) or left out (None), by what is in a name."""
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = next((c for key, c in changes.items() if key in name), bytes)
            if change is not None:
                new.writestr(name, change(old.read(name)))
    return into.getvalue()


def ods(content: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(content))
    return into.getvalue()


def kept(tmp_path, codebook, name: str, data: bytes) -> dict[str, tuple[str, int]]:
    """Sheet -> its kind and rows kept."""
    (tmp_path / name).write_bytes(data)
    read = read_file(tmp_path / name, name, codebook)
    assert all(sheet.kind != "unreadable" or "请" in sheet.reason for sheet in read)
    return {sheet.sheet: (sheet.kind, sheet.rows.get("kept", 0)) for sheet in read}


@pytest.mark.parametrize(
    "broken",
    [
        {"sheet2.xml": None},
        {"sheet2.xml": lambda xml: xml[: len(xml) // 2]},
        {"sheet2.xml": lambda _: b""},
        {"workbook.xml.rels": lambda xml: xml.replace(b"/xl/worksheets/sheet2.xml", b"/xl/../../etc/passwd")},
    ],
    ids=["missing", "cut off", "empty", "elsewhere"],
)
def test_a_sheet_that_was_lost_is_told_and_the_others_are_read(tmp_path, codebook, broken):
    read = kept(tmp_path, codebook, "a.xlsx", but(workbook("一厂", "二厂", "三厂"), **broken))
    assert read == {"一厂": ("roster", 5), "二厂": ("unreadable", 0), "三厂": ("roster", 5)}


def test_of_two_sheets_of_one_name_none_is_lost_in_silence(tmp_path, codebook):
    twice = {"xl/workbook.xml": lambda xml: xml.replace("二厂".encode(), "一厂".encode())}
    (tmp_path / "a.xlsx").write_bytes(but(workbook("一厂", "二厂"), **twice))
    (read,) = read_file(tmp_path / "a.xlsx", "a.xlsx", codebook)
    assert read.kind == "unreadable" and "两张表同名" in read.reason


def test_a_workbook_of_charts_alone_says_so(tmp_path, codebook):
    book, into = openpyxl.Workbook(), io.BytesIO()
    book.create_chartsheet("图")
    book.remove(book.worksheets[0])
    book.save(into)
    assert kept(tmp_path, codebook, "a.xlsx", into.getvalue()) == {"图": ("notes", 0)}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xls", BOOK_2003.format("").encode()),
        ("a.ods", ods("")),
        ("a.ods", ods('<table:table table:name="t"><table:table-row><table:table-cell>')[:-1]),
        ("a.ods", ods("").replace(b"<office:body>", b"<office:body>&bomb;")),
    ],
    ids=["2003 XML without sheets", "ods without tables", "ods cut off", "ods with an entity"],
)
def test_a_file_without_a_sheet_is_one_unreadable_row(tmp_path, codebook, name, data):
    assert kept(tmp_path, codebook, name, data) == {"": ("unreadable", 0)}


@pytest.mark.parametrize(
    "cell",
    [
        '<c r = "XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c\n r="XFD1048576"\n><v>1</v></c>',
        '<c s="1" t="n" r="XFD1048576" ><v>1</v></c>',
        '<c r="xfd1048576"><v>1</v></c>',
    ],
)
def test_a_far_cell_is_refused_however_it_is_spelled(tmp_path, cell):
    row = f'<row r="1048576">{cell}</row></sheetData>'.encode()
    far = but(workbook("一厂"), **{"sheet1.xml": lambda xml: xml.replace(b"</sheetData>", row)})
    (tmp_path / "远.xlsx").write_bytes(far)
    with pytest.raises(FileRefused, match="1,048,576 行 × 16,384 列.*请删除远处的单元格"):
        read_sheets(tmp_path / "远.xlsx", "远.xlsx")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("宽.csv", "a,b\n" * 5000 + "," * 16000),
        ("跨.html", "<table>" + "<tr><td rowspan=1000 colspan=1000>1</td></tr>" * 1000 + "</table>"),
        ("远.xls", SHEET_2003.format('<Row ss:Index="99999"><Cell ss:Index="999"><Data/></Cell></Row>')),
    ],
    ids=["text", "html", "2003 XML"],
)
def test_every_format_has_the_same_limit_of_cells(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match=r"工作表范围达 .* 行 × .* 列|上百万格"):
        read_sheets(tmp_path / name, name)


@pytest.mark.parametrize("times", ["99999999", "1000000000", "99999999999"])
def test_a_row_repeated_however_often_counts_as_often(tmp_path, times):
    cell = '<table:table-cell office:value-type="string"><text:p>张</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="{times}">{cell}</table:table-row>'
    (tmp_path / "重.ods").write_bytes(ods(f'<table:table table:name="t">{row}</table:table>'))
    with pytest.raises(FileRefused, match="工作表范围达"):
        read_sheets(tmp_path / "重.ods", "重.ods")


def test_repeats_in_an_ods_count_as_cells(tmp_path):
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"/>'
    rows = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    (tmp_path / "重.ods").write_bytes(ods(f'<table:table table:name="t">{rows}</table:table>'))
    with pytest.raises(FileRefused, match="1,048,576 行"):
        read_sheets(tmp_path / "重.ods", "重.ods")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_2003_xml_is_read_in_the_encodings_of_windows(tmp_path, encoding):
    row = "<Row>" + "".join(f'<Cell><Data ss:Type="String">{head}</Data></Cell>' for head in HEAD) + "</Row>"
    xml = SHEET_2003.format(row).replace('"1.0"', f'"1.0" encoding="{encoding}"')
    (tmp_path / "a.xls").write_bytes(xml.encode(encoding))
    (sheet,) = read_sheets(tmp_path / "a.xls", "a.xls")
    assert [*sheet.cells[0]] == [*HEAD]


@pytest.mark.parametrize("text", ["," * 70_000, ",\n" * 2_100_000], ids=["columns", "rows"])
def test_more_rows_or_columns_than_any_program_writes_are_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match="工作表范围达"):
        read_sheets(tmp_path / "a.csv", "a.csv")


def test_what_is_no_number_in_2003_xml_stays_as_it_stands(tmp_path):
    row = '<Row ss:Index="x"><Cell ss:MergeAcross="-1"><Data ss:Type="Number">1x</Data></Cell></Row>'
    (tmp_path / "a.xls").write_text(SHEET_2003.format(row), encoding="utf-8")
    (sheet,) = read_sheets(tmp_path / "a.xls", "a.xls")
    assert [*sheet.cells] == [("1x",)]


def text_file(rows, quote: int, cell: int = 0, both: bool = False) -> str:
    """Lines of the rows; before a cell of line `quote` stands a quotation mark (another behind one below)."""
    lines = [[*row] for row in (HEAD, *rows)]
    lines[quote][cell] = '"' + lines[quote][cell]
    if both:
        lines[quote + 20][cell] += '"'
    return "\r\n".join(",".join(line) for line in lines)


@pytest.mark.parametrize("cell", range(7))
@pytest.mark.parametrize(("quote", "both"), [(22, False), (60, False), (1, False), (22, True)])
def test_a_quotation_mark_that_is_not_closed_loses_nobody(tmp_path, codebook, quote, cell, both):
    (tmp_path / "a.csv").write_text(text_file(people(60), quote, cell, both), encoding="utf-8")
    (read,) = read_file(tmp_path / "a.csv", "a.csv", codebook)
    assert (read.kind, read.rows["kept"], read.row_count) == ("roster", 60, 61)
    name = next(column.index for column in read.tables[0].columns if column.heading == "姓名")
    assert read.tables[0].body[name].str.strip('"').tolist() == [person[0] for person in people(60)]


def test_quotation_marks_as_they_should_be_are_read_as_ever(tmp_path):
    text = '姓名,地址,数\r\n张三,"一街,\n二号\n",1\r\n李四,"他说""好""",="007"\r\n"王\r\n五",5" 管,3\r\n'
    (tmp_path / "a.csv").write_bytes(text.encode())
    (sheet,) = read_sheets(tmp_path / "a.csv", "a.csv")
    assert sheet.row_numbers == (1, 2, 5, 6) and not sheet.told
    assert [row[1] for row in sheet.cells] == ["地址", "一街,\n二号\n", '他说"好"', '5" 管']


def test_long_texts_are_cut_and_lost_characters_told(tmp_path, codebook):
    rows = people(5)
    rows[2] = (*rows[2][:4], "厂" * 40_000, *rows[2][5:])
    text = "\n".join(",".join(row) for row in (HEAD, *rows)).encode()
    (tmp_path / "a.csv").write_bytes(text.replace("一厂".encode(), b"\xe4\xb8\xff\xe5\x8e\x82", 1))
    (read,) = read_file(tmp_path / "a.csv", "a.csv", codebook)
    told = {found.problem: found.cell for found in read.findings}
    assert (told["text_cut"], told["characters_lost"]) == ("E4", "E2")
    assert read.tables[0].body[5].str.len().max() == MOST_CHARACTERS


PATTERNS = ["1", "万", "(", "、", "一", "1.", "年", "：a", "同上", "合计", "姓名：张 ", "1-", "街1", "a "]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("place", ["title", "heading", "body", "below", "alone"])
def test_no_expression_is_slow_on_long_text(tmp_path, codebook, pattern, place):
    def seconds(length: int) -> float:
        long = (pattern * length)[:length]
        heading = (*HEAD[:4], long, *HEAD[5:]) if place == "heading" else HEAD
        rows = [[long if place == "title" else "名册"], heading, *people(3)]
        rows += {"body": [(long,) * 7], "below": [[long]]}.get(place, [])
        rows = [[long]] if place == "alone" else rows
        (tmp_path / "a.csv").write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
        start = time.process_time()
        read_file(tmp_path / "a.csv", "a.csv", codebook)
        return time.process_time() - start

    seconds(10)
    half, whole = (min(seconds(length) for _ in range(3)) for length in (16_000, 32_000))
    assert whole < 0.3 + 4 * half
    assert whole < 1
