"""300 broken and hostile files, drawn: each beside a good one, whose people are all there; none takes long or much."""

import io
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

HEAD = ("姓名", "性别", "身份证号", "文化程度", "工作单位", "家庭月人均收入", "困难类别", "致困原因")
LONG = ("1", "万", "(", "、", "一", "1,", "年", "：a", "同上", "姓名：张 ", "1-", "街1", "是", '"', "\n")
URN = "urn:schemas-microsoft-com:office:spreadsheet"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
) + "]>"  # fmt: skip
Change = Callable[[bytes], bytes | None]


def people(n: int) -> list[tuple[str, ...]]:
    names = "赵钱孙李周吴郑王冯陈"
    rest = ("初中", "一厂", "200", "特困", "疾病")
    return [(names[i % 10] + names[-1 - i % 7], "男", f"99010119{50 + i % 45}0110{i % 9999:04d}", *rest) for i in range(n)]


def text(n: int = 30, mark: str = ",") -> str:
    return "\r\n".join(mark.join(row) for row in (HEAD, *people(n)))


def book(n: int = 10, sheets: int = 2) -> bytes:
    into = io.BytesIO()
    with xlsxwriter.Workbook(into) as made:  # its words are shared strings, as those of Excel
        for number in range(sheets):
            sheet = made.add_worksheet(f"表{number}")
            for place, row in enumerate((HEAD, *people(n))):
                sheet.write_row(place, 0, [200 if cell == "200" else cell for cell in row])
    return into.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return into.getvalue()


def changed(part: str, change: Change) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book())) as old:
        assert any(part in name for name in old.namelist()), part
        parts = {name: change(old.read(name)) if part in name else old.read(name) for name in old.namelist()}
    return zipped({name: content for name, content in parts.items() if content is not None})


def within(xml: str, before: bytes = b"</sheetData>") -> Change:
    return lambda old: old.replace(before, xml.encode() + before)


def ods(tables: str, head: str = "") -> bytes:
    spaces = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = f'<?xml version="1.0"?>{head}<office:document-content{spaces}>{body}</office:document-content>'
    manifest = b'<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'  # calamine asks for one
    kind = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": manifest}
    return zipped({**kind, "content.xml": content.encode()})


def ods_table(row: str) -> str:
    return f'<table:table table:name="t"><table:table-row {row}</table:table-row></table:table>'


def book_2003(inner: str, head: str = "") -> bytes:
    sheet = f'<Worksheet ss:Name="t"><Table>{inner}</Table></Worksheet>'
    return f'<?xml version="1.0"?>{head}<Workbook xmlns="{URN}" xmlns:ss="{URN}">{sheet}</Workbook>'.encode()


def far_cell(rng: random.Random) -> tuple[str, bytes]:
    place = rng.choice(["XFD1048576", "A1048576", "XFD1", "AAA99999", "XFE1", "A9999999", "ZZZ1", "xfd1048576", "A0", "1A"])
    cell = rng.choice([
        '<c r="{}"><v>1</v></c>', "<c r='{}'><v>1</v></c>", '<c  r = "{}" ><v>1</v></c>', '<c\nr="{}"><v>1</v></c>',
        '<c s="0" r="{}" t="str"><f>A1</f><v>1</v></c>', '<c r="&#x{:x};{}"><v>1</v></c>', '<x:c r="{}"><x:v>1</x:v></x:c>',
    ])  # fmt: skip
    spelled = cell.format(ord(place[0]), place[1:]) if "&#x" in cell else cell.format(place)
    return "远.xlsx", changed("sheet1", within(f'<row r="{rng.choice([1048576, 12, 0, 99999999999])}">{spelled}</row>'))


def odd_sheet(rng: random.Random) -> tuple[str, bytes]:
    part, change = rng.choice([
        ("sheet1", within('<row r="13">' + '<c r="A13"><v>1</v></c>' * 300_000 + "</row>")),
        ("sheet1", within("<row/>" * 2_000_000)),
        ("sheet1", lambda xml: xml.replace(b"A1:H11", rng.choice([b"A1", b"A1:XFD1048576", b"x", b""]))),
        ("sheet1", lambda xml: xml.replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
        ("sheet1", lambda xml: xml.replace(b"</sheetData>", b"</sheetData><mergeCells>" + b'<mergeCell ref="A2:B3"/>' * 200_000 + b"</mergeCells>")),
        ("sheet1", lambda xml: xml.replace(b"<sheetData>", b'<cols><col min="1" max="99999999" hidden="1"/></cols><sheetData>')),
        ("sheet1", lambda xml: xml.replace(b'<row r="3"', b'<row r="abc" hidden="1"')),
        ("sheet1", lambda xml: BOMB.encode() + xml.replace(b"<v>200</v>", b"<v>&j;</v>")),
        ("sheet1", lambda xml: b"\xff\xfe" + xml.decode().encode("utf-16-le")),
        ("sheet1", lambda xml: xml[: rng.randrange(len(xml))]),
        ("sheet2", lambda xml: None),
        ("sheet1", lambda xml: b" " * 150_000_000),
        ("sheet1", within("<row>" + "<c t='inlineStr'><is><t>" + "长" * 5_000_000 + "</t></is></c></row>")),
        ("sharedStrings", lambda xml: xml.replace(b"<t>", b"<t>" + b"x" * 30_000_000, 1)),
        ("sharedStrings", lambda xml: xml[: rng.randrange(len(xml))]),
        ("sharedStrings", lambda xml: None),
        ("styles", lambda xml: None),
        ("styles", lambda xml: b"<a>" * 200_000),
        ("styles", lambda xml: xml.replace(b"<cellXfs", b"<cellXfs>" + b'<xf fontId="99999"/>' * 300_000 + b"</cellXfs><cellXfs")),
        ("xl/workbook.xml", lambda xml: None),
        ("xl/workbook.xml", lambda xml: xml.replace(b"sheetId", b"sheet" + b"\0Id")),
        ("xl/workbook.xml", lambda xml: xml.replace(b"</sheets>", b'<sheet name="x" sheetId="9" r:id="rId99"/></sheets>')),
        ("xl/workbook.xml", lambda xml: xml.replace("表1".encode(), "表0".encode())),
        ("workbook.xml.rels", lambda xml: None),
        ("workbook.xml.rels", lambda xml: xml.replace(b"worksheets/sheet1.xml", b"../../../../etc/passwd")),
        ("Content_Types", lambda xml: None),
    ])  # fmt: skip
    return "怪.xlsx", changed(part, change)


def broken_archive(rng: random.Random) -> tuple[str, bytes]:
    data = bytearray(book())
    what = rng.choice(["cut", "flip", "tail", "middle", "junk", "magic", "pad"])
    at = rng.randrange(4, len(data))
    if what == "flip":
        for _ in range(rng.choice([1, 5, 50])):
            data[rng.randrange(4, len(data))] ^= 1 << rng.randrange(8)
    elif what == "junk":
        data[4:] = rng.randbytes(5000)
    elif what == "middle":
        del data[at : at + 200]
    else:
        data = data[:at] if what == "cut" else data[at:] if what == "tail" else bytearray(b"PK\x03\x04") if what == "magic" else data + bytes(at)
    return f"坏.{rng.choice(['xlsx', 'xls', 'xlsb', 'ods', 'csv', 'XLSX'])}", bytes(data)


def bomb(rng: random.Random) -> tuple[str, bytes]:
    name = rng.choice(["xl/worksheets/sheet1.xml", "xl/media/image1.png", "docProps/app.xml", "content.xml"])
    parts = {"xl/workbook.xml": b"<workbook/>", "mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}
    return "弹.xlsx", zipped({**parts, name: bytes(rng.choice([120_000_000, 300_000_000]))})


def delimited(rng: random.Random) -> tuple[str, bytes]:
    plain = text(60)
    lines = plain.split("\r\n")
    at, cell = rng.randrange(1, 60), rng.randrange(8)
    row = lines[at].split(",")
    options: list[Callable[[], bytes]] = [
        lambda: plain.encode(rng.choice(["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030", "utf-8-sig", "utf-7"])),
        lambda: plain.encode().replace("一厂".encode(), b"\xe4\xb8\xff", rng.choice([1, 30])),
        lambda: plain.encode("gb18030").replace("一厂".encode("gb18030"), b"\x81\xff", 1),
        lambda: plain.replace("初中", "初\0中").encode(),
        lambda: "\r\n".join([*lines[:at], ",".join([*row[:cell], '"' + row[cell], *row[cell + 1 :]]), *lines[at + 1 :]]).encode(),
        lambda: ("\n" + '"' * rng.choice([1, 2, 3, 99_999])).join(lines).encode(),
        lambda: ('"a,b\n' * 100_000).encode(),
        lambda: ("a," * 8000 + "\n").encode() * rng.choice([1, 5, 500]),
        lambda: plain.encode() + b"," * rng.choice([20_000, 3_000_000]),
        lambda: plain.replace("一厂", rng.choice(LONG) * 32_000, rng.choice([1, 5])).encode(),
        lambda: (rng.choice(LONG) * 3_000_000).encode(),
        lambda: plain.replace("\r\n", rng.choice(["\r", "\n\r", "\x0b", "\u2028", "\n\n\n"])).encode(),
        lambda: b"\n" * 3_000_000,
        lambda: text(20_000).encode(),
        lambda: plain.replace(",", rng.choice(["\t", ";", "|", "，", " ", "^"])).encode(),
        lambda: bytes(rng.choice([1, 50_000_000])),
        lambda: rng.randbytes(rng.choice([10, 3000, 1_000_000])),
        lambda: b"",
    ]
    return f"文.{rng.choice(['csv', 'tsv', 'txt', 'xls'])}", rng.choice(options)()


def page(rng: random.Random) -> tuple[str, bytes]:
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in (HEAD, *people(20)))
    return "网.xls", rng.choice([
        f"<html><table>{rows}</table>",
        f"<table>{rows.replace('<td>', '<td rowspan=65534 colspan=1000>', 50)}</table>",
        "<table><tr><td rowspan=-1 colspan=x>1</table>" + f"<table>{rows}",
        "<table><tr><td>" * 20_000,
        f"<table>{rows}" + "<!--" * 50_000,
        f"<table>{rows}" + "<a " * 50_000,
        "<table>" + "<tr>" * 300_000,
        "<table><tr>" + "<td>1" * 300_000,
        f"<table>{rows}" + "&amp" * 200_000,
        f"<html><table>{rows.replace('初中', rng.choice(LONG) * 30_000, 3)}</table>",
    ]).encode(rng.choice(["utf-8", "gb18030", "utf-16"]))  # fmt: skip


def old_xml(rng: random.Random) -> tuple[str, bytes]:
    cell = '<Cell{}><Data ss:Type="{}">{}</Data></Cell>'
    return "旧.xls", rng.choice([
        book_2003("<Row>" + cell.format("", "Number", "1x") + "</Row>"),
        book_2003("<Row>" + cell.format(' ss:Index="99999999"', "String", "1") + "</Row>"),
        book_2003('<Row ss:Index="99999999">' + cell.format("", "Number", "1") + "</Row>"),
        book_2003("<Row>" + cell.format(' ss:Index="-5" ss:MergeAcross="99999999"', "Number", "") + "</Row>"),
        book_2003("<Row>" + cell.format("", "String", "&j;") + "</Row>", BOMB),
        book_2003("<Row>" * 100_000),
        book_2003("<Row>" + cell.format("", "String", "1") * 3 + "</Row>" + '<Row ss:Index="1">' + cell.format("", "String", "2") + "</Row>"),
        f'<?xml version="1.0"?><Workbook xmlns="{URN}"></Workbook>'.encode(),
    ])  # fmt: skip


def open_document(rng: random.Random) -> tuple[str, bytes]:
    value = 'office:value-type="string"'
    wide, tall = rng.choice([16384, 99999999999]), rng.choice([1048576, 5000])
    return "开.ods", rng.choice([
        ods(""), ods("<table:table>"), ods("&bomb;"), ods(ods_table(f"><table:table-cell {value}><text:p>&j;</text:p></table:table-cell>"), BOMB),
        ods(ods_table(f'table:number-rows-repeated="{tall}"><table:table-cell {value} table:number-columns-repeated="{wide}"/>')),
        ods(ods_table(f'table:number-rows-repeated="x"><table:table-cell {value} table:number-columns-spanned="{wide}"/>')),
        ods(ods_table(f'><table:table-cell table:number-columns-repeated="{wide}"/>')),
        ods("<table:table>" * 50_000 + "</table:table>" * 50_000),
        ods(ods_table(f"><table:table-cell {value}><text:p>{rng.choice(LONG[:12]) * 30_000}</text:p></table:table-cell>")),
        ods("")[: rng.randrange(4, 300)],
    ])  # fmt: skip


def other(rng: random.Random) -> tuple[str, bytes]:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    name, data = rng.choice([
        ("a.xls", ole + rng.randbytes(5000)),
        ("a.xls", ole + "Workbook".encode("utf-16-le") + rng.randbytes(50_000)),
        ("a.xls", ole + "EncryptedPackage".encode("utf-16-le")),
        ("a.xls", b"\x09\x08\x10\x00" + rng.randbytes(3000)),
        ("a.xlsb", zipped({"xl/workbook.bin": rng.randbytes(3000), "xl/worksheets/sheet1.bin": rng.randbytes(3000)})),
        ("a.sav", b"$FL2" + rng.randbytes(5000)), ("a.dta", rng.randbytes(5000)), ("a.pdf", b"%PDF-1.4"),
        ("a.rar", b"Rar!" + rng.randbytes(99)), ("a.docx", zipped({"word/document.xml": b"<a/>"})),
        ("a.xlsm", book()), ("a.et", book()), ("a", book()), ("CON.xlsx", book()), ("名" * 80 + ".csv", text().encode()),
        ("a.xlsx", book(2, 300)), ("a.csv", text(8)[:-30].encode()),
    ])  # fmt: skip
    return name, data


DRAWERS = [far_cell, odd_sheet, odd_sheet, broken_archive, bomb, delimited, delimited, page, old_xml, open_document, other]


def measured(said_in: Path, *command: str) -> tuple[int, float, float, str]:
    """Status, seconds of the processor, megabytes and words of one command and all that it starts."""
    with said_in.open("wb") as said:
        whole = [sys.executable, "-m", "bangfu_analysis.cli", *command]
        child = subprocess.Popen(whole, stdout=said, stderr=subprocess.STDOUT)
        _, ended, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(ended)
    told = said_in.read_text(encoding="utf-8", errors="replace")
    return child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="forks, and limits of Linux")
@pytest.mark.parametrize("seed", range(300))
def test_a_drawn_file_costs_itself_only(tmp_path, monkeypatch, seed):
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "key"))
    wave, drawer, rng = tmp_path / "2009", DRAWERS[seed % len(DRAWERS)], random.Random(seed)
    wave.mkdir()
    (wave / "wave.toml").write_text("reference_date = 2009-06-30\nscheme = 's2000'\n", encoding="utf-8")
    (wave / "好.csv").write_text(text(10), encoding="utf-8")
    name, data = drawer(rng)
    (wave / name).write_bytes(data)
    statuses = []
    for command in ("clean", "inspect", "report") if seed % 3 == 0 else ("clean", "inspect"):
        status, seconds, megabytes, said = measured(tmp_path / "said", command, str(wave))
        print(f"{seed} {drawer.__name__} {name[-8:]} {command} {status}: {seconds:.1f} s, {megabytes:.0f} MB")
        assert status in (0, 1) and "Traceback" not in said, said[-2000:]
        assert seconds < 20 and megabytes < 900
        statuses.append(status)
    sources = pd.read_parquet(wave / "_out" / "frames" / "sources.parquet")
    good = sources[sources["source_file"].eq("好.csv")].iloc[0]
    assert good["rows_kept"] + good["rows_merged"] == 10 or "完全相同" in good["reason"]  # a copy of what was drawn
    unreadable = sources["kind"].eq("unreadable")
    assert sources.loc[unreadable, "reason"].str.contains("请|上限|中止|出错").all()
    assert (statuses[0] == 1) >= unreadable.any()
    assert sources["source_file"].nunique() >= 2
