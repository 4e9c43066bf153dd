"""report.html: pictures inside, references that work, the words of researchers, nothing unescaped."""

import base64
import re

import docx

from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.blocks import FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.html import write_report_page
from bangfu_analysis.pages.word import write_report

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
TABLE = DisplayTable(
    "人<数>",
    ("类别", "男 人数", "男 占比（%）"),
    ("text", "count", "percent"),
    (("特困", 3, 100.0),),
    unit="单位：人、%",
)


def blocks(folder):
    (folder / "图.png").write_bytes(PNG)
    return [
        Heading(1, "基本情况"),
        Heading(2, "总量"),
        Heading(2, "结构"),
        Paragraph("共3人<b>（见{表:t}、{图:f}）。"),
        TableBlock("t", TABLE),
        FigureBlock("f", folder / "图.png", "构成", "三人都是特困"),
        Heading(1, "做法"),
        Placeholder("advice", "建议", "请写"),
    ]


def test_the_page_holds_everything_and_asks_for_nothing(tmp_path):
    write_report(blocks(tmp_path), tmp_path / "r.docx", title="报告", subtitle="某区总工会")
    page = write_report_page(tmp_path / "r.docx", tmp_path / "r.html").read_text("utf-8")
    assert "<title>报告</title>" in page and '<p class="under">某区总工会</p>' in page
    assert "<h2>一、基本情况</h2>" in page
    assert "<h3>（二）结构</h3>" in page
    assert "<h2>三、建议</h2>" in page
    assert '共3人&lt;b&gt;（见<a href="#_Ref_table_1">表1</a>、<a href="#_Ref_figure_1">图1</a>）。' in page
    assert 'id="_Ref_table_1"' in page and 'id="_Ref_figure_1"' in page and 'alt="三人都是特困"' in page
    assert '<td class="number">100.0</td>' in page and '<div class="unit">单位：人、%</div>' in page
    assert "人&lt;数&gt;" in page
    assert '<th scope="col" colspan="2" rowspan="1">男</th>' in page
    assert base64.b64encode(PNG).decode() in page
    assert not re.search(r"(?:src|href)=\"(?!data:|#)|@import|url\(", page)
    assert 'class="body prompt">请写' in page


def test_what_people_wrote_into_the_word_report_stands_in_the_page(tmp_path):
    path, last = tmp_path / "r.docx", tmp_path / "last.json"
    write_report(blocks(tmp_path), path, title="报告", last=last)
    document = docx.Document(str(path))
    document.element.body.xpath(".//w:sdt[w:sdtPr/w:tag/@w:val='advice']//w:t")[0].text = "一户一策。"
    document.tables[0].cell(2, 0).paragraphs[0].runs[0].text = "特困{表:x}"
    document.save(str(path))
    write_report(blocks(tmp_path), path, title="报告", last=last)
    page = write_report_page(path, tmp_path / "r.html").read_text("utf-8")
    assert "一户一策。" in page and "请写" not in page
    assert "特困{表:x}" in page
