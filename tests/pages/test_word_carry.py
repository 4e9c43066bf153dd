import io

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph as WordParagraph
from lxml import etree

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.pages.blocks import Paragraph, Placeholder
from bangfu_analysis.pages.word import LEFT_OVER, write_report
from bangfu_analysis.pages.word_carry import kept_controls
from bangfu_analysis.pages.word_template import xml

PRACTICE = Placeholder("practice", "主要做法", "请写做法。")
ADVICE = Placeholder("advice", "对策建议", "请写建议。")


def report(folder, *blocks, old=None, name="report.docx"):
    return write_report(blocks, folder / name, title="报告", carry_over_from=old)


def control(document, tag):
    tags = {t.getparent().getparent(): t.get(qn("w:val")) for t in document.element.body.iter(qn("w:tag"))}
    return next(element for element, known in tags.items() if known == tag)


def paragraph(document, tag):
    return WordParagraph(next(control(document, tag).iter(qn("w:p"))), document._body)


def words(path, tag):
    return "".join(t.text for t in control(docx.Document(str(path)), tag).iter(qn("w:t")))


def edit(path, tag, text):
    document = docx.Document(str(path))
    paragraph(document, tag).text = text
    document.save(str(path))


def test_what_was_written_survives_while_numbers_are_refreshed(tmp_path):
    path = report(tmp_path, Paragraph("共3456人。"), PRACTICE, ADVICE)
    edit(path, "practice", "一是走访慰问947户。")
    report(tmp_path, Paragraph("共3436人。"), PRACTICE, ADVICE, old=path)
    assert words(path, "practice") == "一是走访慰问947户。"
    assert words(path, "advice") == "请写建议。"
    assert "共3436人。" in [p.text for p in docx.Document(str(path)).paragraphs]


def test_a_second_refresh_changes_nothing(tmp_path):
    path = report(tmp_path, PRACTICE)
    edit(path, "practice", "做法。")
    first = report(tmp_path, PRACTICE, old=path).read_bytes()
    assert report(tmp_path, PRACTICE, old=path).read_bytes() == first


def test_an_untouched_prompt_gives_way_to_a_new_prompt(tmp_path):
    path = report(tmp_path, PRACTICE)
    report(tmp_path, Placeholder("practice", "主要做法", "请另写。"), old=path)
    assert words(path, "practice") == "请另写。"


def test_written_content_is_no_prompt_any_more(tmp_path):
    path = report(tmp_path, PRACTICE)
    edit(path, "practice", "做法。")
    report(tmp_path, PRACTICE, old=path)
    kept = control(docx.Document(str(path)), "practice")
    assert kept.find(f".//{qn('w:showingPlcHdr')}") is None
    assert not list(kept.iter(qn("w:rStyle")))


def test_words_whose_section_is_gone_are_put_at_the_end(tmp_path):
    path = report(tmp_path, PRACTICE, ADVICE)
    edit(path, "practice", "不能丢的话。")
    report(tmp_path, ADVICE, old=path)
    document = docx.Document(str(path))
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 1"] == ["对策建议", LEFT_OVER]
    assert words(path, "practice") == "不能丢的话。"
    report(tmp_path, PRACTICE, ADVICE, old=path)
    headings = [p.text for p in docx.Document(str(path)).paragraphs if p.style.name == "Heading 1"]
    assert headings == ["主要做法", "对策建议"]
    assert words(path, "practice") == "不能丢的话。"


def test_a_control_that_was_pasted_twice_loses_neither_text(tmp_path):
    from copy import deepcopy

    path = report(tmp_path, PRACTICE)
    edit(path, "practice", "甲。")
    document = docx.Document(str(path))
    first = control(document, "practice")
    second = deepcopy(first)
    first.addnext(second)
    next(second.iter(qn("w:t"))).text = "乙。"
    document.save(str(path))
    assert list(kept_controls(path)) == ["practice", "practice~2"]
    report(tmp_path, PRACTICE, old=path)
    said = ["".join(t.text for t in c.iter(qn("w:t"))) for c in docx.Document(str(path)).element.body.iter(qn("w:sdt"))]
    assert said == ["甲。", "乙。"]


def test_tables_pictures_and_links_inside_a_control_come_along(tmp_path):
    from matplotlib.figure import Figure

    path = report(tmp_path, PRACTICE)
    document = docx.Document(str(path))
    buffer = io.BytesIO()
    Figure(figsize=(1, 1)).savefig(buffer, dpi=20)
    here = paragraph(document, "practice")
    here.add_run("见图").add_picture(buffer)
    table = document.add_table(1, 1)
    table.cell(0, 0).text = "自制表"
    here._p.addnext(table._tbl)
    document.save(str(path))
    for _ in range(2):
        report(tmp_path, PRACTICE, old=path)
        again = docx.Document(str(path))
        assert len(again.inline_shapes) == 1
        key = next(again.element.body.iter(qn("a:blip"))).get(qn("r:embed"))
        assert again.part.related_parts[key].blob == buffer.getvalue()
        assert again.tables[0].cell(0, 0).text == "自制表" if again.tables else "自制表" in words(path, "practice")


def test_styles_that_the_template_lacks_are_taken_off(tmp_path):
    path = report(tmp_path, PRACTICE)
    document = docx.Document(str(path))
    own = document.styles.add_style("我的样式", 1)
    here = paragraph(document, "practice")
    here.text, here.style = "自定义样式的话。", own
    document.save(str(path))
    report(tmp_path, PRACTICE, old=path)
    assert not list(control(docx.Document(str(path)), "practice").iter(qn("w:pStyle")))
    assert words(path, "practice") == "自定义样式的话。"


def without_controls(path):
    document = docx.Document(str(path))
    for one in list(document.element.body.iter(qn("w:sdt"))):
        for child in one.find(qn("w:sdtContent")):
            one.addprevious(child)
        one.getparent().remove(one)
    document.save(str(path))


def test_what_stands_under_a_heading_whose_control_is_gone_is_kept(tmp_path):
    path = report(tmp_path, PRACTICE, ADVICE, Paragraph("尾段。"))
    edit(path, "practice", "控件已丢失。")
    without_controls(path)
    report(tmp_path, Paragraph("引言。"), PRACTICE, ADVICE, old=path)
    assert words(path, "practice") == "控件已丢失。"
    assert words(path, "advice").startswith("请写建议。")


def test_notes_are_set_in_brackets_and_comments_dropped(tmp_path):
    path = report(tmp_path, PRACTICE)
    edit(path, "practice", "有脚注")
    document = docx.Document(str(path))
    here = paragraph(document, "practice")
    for markup in (
        '<w:commentRangeStart w:id="1"/>',
        '<w:r><w:footnoteReference w:id="7"/></w:r>',
        '<w:commentRangeEnd w:id="1"/>',
    ):
        here._p.append(xml(markup))
    notes = xml('<w:footnotes><w:footnote w:id="7"><w:p><w:r><w:t>见年鉴</w:t></w:r></w:p></w:footnote></w:footnotes>')
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), kind, etree.tostring(notes), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(path))
    report(tmp_path, PRACTICE, old=path)
    assert words(path, "practice") == "有脚注（注：见年鉴）"
    body = docx.Document(str(path)).element.body
    assert not list(body.iter(qn("w:commentRangeStart"), qn("w:commentRangeEnd"), qn("w:footnoteReference")))


def test_no_earlier_report_is_no_fault_but_a_broken_one_is(tmp_path):
    assert kept_controls(None) == kept_controls(tmp_path / "none.docx") == {}
    (tmp_path / "broken.docx").write_bytes(b"PK no zip")
    with pytest.raises(BangfuError, match="broken.docx：原报告打不开，其中手写的内容无法沿用"):
        report(tmp_path, PRACTICE, old=tmp_path / "broken.docx")
    assert not (tmp_path / "report.docx").exists()
