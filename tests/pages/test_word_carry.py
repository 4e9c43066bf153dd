import io
import shutil
import subprocess
from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from lxml import etree

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.blocks import Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.word import edited, write_report
from bangfu_analysis.pages.word_carry import CHANGED
from bangfu_analysis.pages.word_template import xml

PRACTICE = Placeholder("practice", "主要做法", "请写做法。")
ADVICE = Placeholder("advice", "对策建议", "请写建议。")


def table(*rows):
    texts = tuple((label, n, share) for label, n, share in rows)
    return DisplayTable(
        "困难类别", ("类别", "人数", "占比（%）"), ("text", "count", "percent"), texts, source="来源：名册"
    )


def blocks(total, extreme, *more):
    share = round(extreme / total * 100, 1)
    rows = [("特困", extreme, share), *more, ("困难", total - extreme, 100 - share)]
    return [
        Paragraph(f"为掌握困难职工{total}人的情况，整理成本报告。"),
        Heading(1, "基本情况"),
        Paragraph(f"困难职工{total}人中，特困{extreme}人，占{share}%（见{{表:level}}）。"),
        TableBlock("level", table(*rows)),
        Paragraph(f"困难率为{total / 100}%，名册是全数登记。"),
        PRACTICE,
        ADVICE,
    ]


def report(folder, content, *, title="报告"):
    return write_report(content, folder / "report.docx", title=title, last=folder / "last.json")


def opened(folder):
    return docx.Document(str(folder / "report.docx"))


def words(folder):
    paragraphs = opened(folder).element.body.iter(qn("w:p"))
    return [text for p in paragraphs if (text := "".join(t.text or "" for t in p.iter(qn("w:t"))))]


def cells(folder):
    return [[cell.text for cell in row.cells] for row in opened(folder).tables[0].rows]


def starting(document, start):
    return next(p for p in document.paragraphs if p.text.startswith(start))


def edit(folder):
    """What a researcher does to title, words, cell, prompt; a new and a deleted paragraph."""
    document = opened(folder)
    starting(document, "报告").text = "道里区的报告"
    starting(document, "为掌握").text = "区总工会为掌握困难职工100人的情况，整理成本报告。"
    sentence = starting(document, "困难职工100人中")
    sentence.add_run("比预想的好。")
    sentence.insert_paragraph_before("我们走访了12户。", style="Body Text")
    document.tables[0].cell(1, 0).paragraphs[0].runs[0].text = "特困（重点）"
    gone = starting(document, "困难率为")
    gone._p.getparent().remove(gone._p)
    document.element.body.xpath(".//w:sdt[w:sdtPr/w:tag/@w:val='practice']//w:t")[
        0
    ].text = "一是走访慰问947户。"
    document.save(str(folder / "report.docx"))


def through_libreoffice(folder):
    to = ["--convert-to", "docx:MS Word 2007 XML", "--outdir", str(folder / "lo")]
    subprocess.run(["soffice", "--headless", *to, str(folder / "report.docx")], check=True)
    shutil.copy(folder / "lo" / "report.docx", folder / "report.docx")


needs_libreoffice = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("soffice"), reason="no LibreOffice"),
]


@pytest.mark.parametrize("saved", ["python-docx", pytest.param("LibreOffice", marks=needs_libreoffice)])
def test_everything_that_people_write_stays_and_everything_else_is_refreshed(tmp_path, saved):
    report(tmp_path, blocks(100, 30))
    edit(tmp_path)
    for _ in range(2):
        if saved == "LibreOffice":
            through_libreoffice(tmp_path)
        made = report(tmp_path, blocks(120, 40))
        said = words(tmp_path)
        assert said[0] == made.title == "道里区的报告"
        expected = [
            "区总工会为掌握困难职工100人的情况，整理成本报告。",
            "基本情况",
            "我们走访了12户。",
            "困难职工100人中，特困30人，占30.0%（见表1）。比预想的好。",
        ]
        assert said[1:5] == expected
        assert cells(tmp_path)[1] == ["特困（重点）", "40", "33.3"]
        assert said[-4:] == ["主要做法", "一是走访慰问947户。", "对策建议", "请写建议。"]
        assert not any("困难率为" in text for text in said)
        told = "\n".join(made.messages)
        assert "100（现为120）" in told
        assert "已删去的，不再写出：“困难率为" in told
        marked = [r.text for p in opened(tmp_path).paragraphs for r in p.runs if r.style.name == CHANGED]
        assert marked == ["100", "100", "30", "30.0"]
    first = (tmp_path / "report.docx").read_bytes()
    report(tmp_path, blocks(120, 40))
    assert (tmp_path / "report.docx").read_bytes() == first


def test_the_exhibits_whose_words_or_cells_people_changed_are_known(tmp_path):
    content = [*blocks(100, 30), Paragraph("困难率为10.0%。", "rate"), Paragraph("其余从略。", "age")]
    report(tmp_path, content)
    assert edited(tmp_path / "report.docx", tmp_path / "last.json") == set()
    document = opened(tmp_path)
    document.tables[0].cell(1, 0).paragraphs[0].runs[0].text = "特困（重点）"
    starting(document, "困难率为10.0%").add_run("不高。")
    document.save(str(tmp_path / "report.docx"))
    assert edited(tmp_path / "report.docx", tmp_path / "last.json") == {"level", "rate"}
    assert edited(tmp_path / "absent.docx", tmp_path / "last.json") == set()


def test_numbers_that_are_mended_are_marked_no_more(tmp_path):
    report(tmp_path, blocks(100, 30))
    edit(tmp_path)
    report(tmp_path, blocks(120, 40))
    document = opened(tmp_path)
    starting(document, "区总工会").text = "区总工会为掌握困难职工120人的情况，整理成本报告。"
    document.save(str(tmp_path / "report.docx"))
    report(tmp_path, blocks(120, 40))
    assert not [r for r in starting(opened(tmp_path), "区总工会").runs if r.style.name == CHANGED]


def test_a_report_that_nobody_touched_is_as_if_made_anew(tmp_path):
    report(tmp_path, blocks(100, 30))
    made = report(tmp_path, blocks(120, 40))
    fresh = tmp_path / "fresh"
    report(fresh, blocks(120, 40))
    assert made.messages == ()
    assert (tmp_path / "report.docx").read_bytes() == (fresh / "report.docx").read_bytes()


def test_rows_that_people_add_and_delete_stay_so_while_the_others_are_refreshed(tmp_path):
    report(tmp_path, blocks(100, 30))
    document = opened(tmp_path)
    rows = document.tables[0]._tbl.tr_lst
    new = rows[1].__copy__()
    rows[1].addnext(new)
    next(new.iter(qn("w:t"))).text = "其中单亲"
    rows[2].getparent().remove(rows[2])
    document.save(str(tmp_path / "report.docx"))
    report(tmp_path, blocks(120, 40, ("意外", 5, 1.0)))
    assert [row[0] for row in cells(tmp_path)] == ["类别", "特困", "其中单亲", "意外"]
    assert cells(tmp_path)[1] == ["特困", "40", "33.3"]
    report(tmp_path, blocks(120, 40, ("意外", 5, 1.0)))
    assert [row[0] for row in cells(tmp_path)] == ["类别", "特困", "其中单亲", "意外"]


def test_a_table_with_another_column_stays_whole(tmp_path):
    report(tmp_path, blocks(100, 30))
    document = opened(tmp_path)
    document.tables[0].add_column(100000).cells[1].text = "核实过"
    document.save(str(tmp_path / "report.docx"))
    made = report(tmp_path, blocks(120, 40))
    assert cells(tmp_path)[1] == ["特困", "30", "30.0", "核实过"]
    assert any("数字没有刷新" in told for told in made.messages)


def test_without_the_last_version_what_stands_under_the_headings_to_write_under_is_kept(tmp_path):
    report(tmp_path, blocks(100, 30))
    edit(tmp_path)
    (tmp_path / "last.json").unlink()
    report(tmp_path, blocks(120, 40))
    said = words(tmp_path)
    assert "困难职工120人中，特困40人，占33.3%（见表1）。" in said
    assert said[-4:] == ["主要做法", "一是走访慰问947户。", "对策建议", "请写建议。"]


def test_written_content_is_no_prompt_any_more(tmp_path):
    report(tmp_path, [PRACTICE])
    document = opened(tmp_path)
    document.element.body.xpath(".//w:sdt//w:t")[0].text = "做法。"
    document.save(str(tmp_path / "report.docx"))
    report(tmp_path, [PRACTICE])
    body = opened(tmp_path).element.body
    assert words(tmp_path)[-1] == "做法。"
    assert not list(body.iter(qn("w:showingPlcHdr"), qn("w:rStyle")))


def test_an_untouched_prompt_gives_way_to_a_new_prompt(tmp_path):
    report(tmp_path, [PRACTICE])
    report(tmp_path, [Placeholder("practice", "主要做法", "请另写。")])
    assert words(tmp_path)[-1] == "请另写。"


def test_what_is_written_under_a_heading_that_is_gone_is_not_lost(tmp_path):
    report(tmp_path, [PRACTICE, ADVICE])
    document = opened(tmp_path)
    document.element.body.xpath(".//w:sdt//w:t")[0].text = "不能丢的话。"
    document.save(str(tmp_path / "report.docx"))
    report(tmp_path, [ADVICE])
    assert "不能丢的话。" in words(tmp_path)


def test_pictures_tables_notes_and_styles_come_along_and_comments_go(tmp_path):
    from matplotlib.figure import Figure

    report(tmp_path, [PRACTICE])
    document = opened(tmp_path)
    buffer = io.BytesIO()
    Figure(figsize=(1, 1)).savefig(buffer, dpi=20)
    here = document.add_paragraph("见图", style=document.styles.add_style("我的样式", 1))
    here.add_run().add_picture(buffer)
    here._p.append(xml('<w:r><w:footnoteReference w:id="7"/></w:r>'))
    here._p.append(xml('<w:commentRangeStart w:id="1"/>'))
    document.add_table(1, 1).cell(0, 0).text = "自制表"
    notes = xml(
        '<w:footnotes><w:footnote w:id="7"><w:p><w:r><w:t>见年鉴</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), kind, etree.tostring(notes), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(tmp_path / "report.docx"))
    for _ in range(2):
        report(tmp_path, [PRACTICE])
        again = opened(tmp_path)
        key = next(again.element.body.iter(qn("a:blip"))).get(qn("r:embed"))
        assert again.part.related_parts[key].blob == buffer.getvalue()
        assert again.tables[0].cell(0, 0).text == "自制表"
        assert "见图（注：见年鉴）" in words(tmp_path)
        gone = (qn("w:commentRangeStart"), qn("w:footnoteReference"))
        assert not list(again.element.body.iter(*gone))


def test_numbers_of_tables_and_references_close_up_where_one_was_deleted(tmp_path):
    content = [
        Heading(1, "表"),
        TableBlock("a", table(("甲", 1, 1.0))),
        TableBlock("b", table(("乙", 2, 2.0))),
        Paragraph("见{表:b}。"),
    ]
    report(tmp_path, content)
    document = opened(tmp_path)
    for element in (document.tables[0]._tbl, starting(document, "表1")._p):
        element.getparent().remove(element)
    starting(document, "表2　").add_run("（核实）")
    document.save(str(tmp_path / "report.docx"))
    report(tmp_path, content)
    said = words(tmp_path)
    assert "表1　困难类别（核实）" in said
    assert said[-1] == "见表1。"


def test_a_broken_earlier_report_stops_before_anything_is_written(tmp_path):
    (tmp_path / "report.docx").write_bytes(b"PK no zip")
    with pytest.raises(BangfuError, match=r"report\.docx：原报告打不开，其中手写的内容无法沿用"):
        report(tmp_path, [PRACTICE])
    assert Path(tmp_path / "report.docx").read_bytes() == b"PK no zip"
