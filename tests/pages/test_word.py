import datetime
import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.blocks import FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.pages.word import write_report
from bangfu_analysis.pages.word_template import TEMPLATE

DAY = datetime.date(2009, 4, 11)
LEVEL = DisplayTable(
    title="困难职工的困难类别",
    columns=("困难类别", "人数", "占比（%）"),
    kinds=("text", "count", "percent"),
    rows=(("特困", 1058, 30.6), ("困难", 2398, 69.4), ("合计", 3456, 100.0)),
    notes=("占比的基数为3456人。",),
    unit="单位：人、%",
    source="数据来源：道里区困难职工名册",
)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    from matplotlib.figure import Figure

    path = tmp_path_factory.mktemp("figures") / "age.png"
    figure = Figure(figsize=(9, 3))
    figure.subplots().plot([0, 1])
    figure.savefig(path, dpi=60)
    return path


def written(blocks, folder, name="report.docx", **options):
    path = folder / name
    write_report(blocks, path, title="关于困难职工情况的\n调研报告", date=DAY, **options)
    return docx.Document(str(path))


def texts(document):
    return [(p.style.name, p.text) for p in document.paragraphs if p.text]


def fields(document):
    return [i.text.strip() for i in document.element.body.iter(qn("w:instrText"))]


def test_blocks_stand_in_order_in_the_styles_of_the_template(tmp_path):
    document = written(
        [Heading(1, "基本情况"), Heading(2, "类别"), Paragraph("见{表:level}。"), TableBlock("level", LEVEL)],
        tmp_path,
        subtitle="道里区总工会",
    )
    assert texts(document) == [
        ("Title", "关于困难职工情况的\n调研报告"),
        ("Subtitle", "道里区总工会"),
        ("Subtitle", "（2009年4月11日）"),
        ("Heading 1", "基本情况"),
        ("Heading 2", "类别"),
        ("Body Text", "见表1。"),
        ("Table Caption", "表1　困难职工的困难类别"),
        ("Table Unit", "单位：人、%"),
        ("Table Note", "注：占比的基数为3456人。"),
        ("Table Note", "数据来源：道里区困难职工名册"),
    ]


def test_captions_and_references_are_fields_that_meet_at_a_bookmark(tmp_path, picture):
    document = written(
        [
            Paragraph("见{图:age}和{表:two}。"),
            TableBlock("one", LEVEL),
            FigureBlock("age", picture, "年龄构成", "横条图"),
            TableBlock("two", LEVEL),
        ],
        tmp_path,
    )
    assert fields(document) == [
        "REF _Ref_figure_1 \\h",
        "REF _Ref_table_2 \\h",
        "SEQ 表 \\* ARABIC",
        "SEQ 图 \\* ARABIC",
        "SEQ 表 \\* ARABIC",
    ]
    marks = [mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))]
    assert marks == ["_Ref_table_1", "_Ref_figure_1", "_Ref_table_2"]
    captions = [text for style, text in texts(document) if style.endswith("Caption")]
    assert captions == ["表1　困难职工的困难类别", "图1　年龄构成", "表2　困难职工的困难类别"]
    assert texts(document)[2] == ("Body Text", "见图1和表2。")


def test_a_figure_narrower_than_the_text_block_stands_at_its_print_size(tmp_path):
    from matplotlib.figure import Figure

    Figure(figsize=(150 / 25.4, 2)).savefig(tmp_path / "a.png", dpi=300)
    shape = written([FigureBlock("a", tmp_path / "a.png", "图", "图")], tmp_path).inline_shapes[0]
    assert (shape.width.mm, shape.height.inches) == pytest.approx((150, 2.0), abs=0.2)


def test_a_figure_fits_the_text_block_and_says_in_words_what_it_shows(tmp_path, picture):
    document = written([FigureBlock("age", picture, "年龄构成", "横条图：男职工752人。")], tmp_path)
    shape = document.inline_shapes[0]
    assert shape.width.mm == pytest.approx(156, abs=0.1)
    assert shape.width / shape.height == pytest.approx(3, rel=0.01)
    assert shape._inline.docPr.get("descr") == "横条图：男职工752人。"
    figure = next(p for p in document.paragraphs if p.style.name == "Figure")
    assert figure.style.paragraph_format.keep_with_next
    assert texts(document)[-1:] == [("Figure Caption", "图1　年龄构成")]


def test_what_is_left_to_write_is_a_grey_prompt_in_a_tagged_control(tmp_path):
    document = written([Placeholder("practice", "主要做法", "请写做法。")], tmp_path)
    control = next(document.element.body.iter(qn("w:sdt")))
    settings = control.find(qn("w:sdtPr"))
    assert settings.find(qn("w:tag")).get(qn("w:val")) == "practice"
    assert settings.find(qn("w:showingPlcHdr")) is not None
    run = next(control.iter(qn("w:r")))
    assert run.find(f"{qn('w:rPr')}/{qn('w:rStyle')}").get(qn("w:val")) == "PlaceholderText"
    assert "".join(t.text for t in control.iter(qn("w:t"))) == "请写做法。"
    assert control.getparent().getnext().tag == qn("w:sectPr")


def test_the_same_blocks_give_the_same_bytes_and_name_nobody(tmp_path, picture):
    blocks = [
        TableBlock("a", LEVEL),
        FigureBlock("a", picture, "图", "图"),
        Placeholder("x", "做法", "请写。"),
    ]
    once, twice = written(blocks, tmp_path, "a.docx"), written(blocks, tmp_path, "b.docx")
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    assert once.core_properties.author == twice.core_properties.last_modified_by == ""
    assert once.core_properties.title == "关于困难职工情况的调研报告"
    assert once.core_properties.language == "zh-CN"


def test_every_part_is_there_once_and_well_formed(tmp_path, picture):
    written([FigureBlock("a", picture, "图", "图"), FigureBlock("b", picture, "图", "图")], tmp_path)
    with zipfile.ZipFile(tmp_path / "report.docx") as parts:
        assert len(parts.namelist()) == len(set(parts.namelist()))
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not re.search(r"https?://(?!schemas|purl|www\.w3)", parts.read("word/document.xml").decode())


def test_what_only_looks_like_a_reference_is_text(tmp_path):
    document = written([Paragraph("单位{表:一厂}，见{表:level}。"), TableBlock("level", LEVEL)], tmp_path)
    assert ("Body Text", "单位{表:一厂}，见表1。") in texts(document)


def test_a_heading_may_stand_without_a_number(tmp_path):
    document = written([Heading(1, "附表", numbered=False)], tmp_path)
    assert document.paragraphs[-1]._p.pPr.numPr.numId.val == 0


def test_a_picture_that_is_none_is_named(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(BangfuError, match="bad.png 不存在或不是 PNG"):
        written([FigureBlock("a", tmp_path / "bad.png", "图", "图")], tmp_path)
    with pytest.raises(BangfuError, match="gone.png 不存在或不是 PNG"):
        written([FigureBlock("a", tmp_path / "gone.png", "图", "图")], tmp_path)


def test_a_template_without_our_styles_is_told_what_it_lacks(tmp_path):
    docx.Document().save(tmp_path / "own.docx")
    with pytest.raises(BangfuError, match="own.docx 缺少样式：Table Caption、.*保留样式名称"):
        written([], tmp_path, template=tmp_path / "own.docx")
    (tmp_path / "text.docx").write_text("no zip", encoding="utf-8")
    with pytest.raises(BangfuError, match="模板 text.docx 不是能打开的 .docx 文件"):
        written([], tmp_path, template=tmp_path / "text.docx")


def test_a_template_of_ones_own_loses_what_ties_it_to_other_places(tmp_path):
    template = docx.Document(str(TEMPLATE))
    hyper = template.part.relate_to("http://elsewhere.example/a", RT.HYPERLINK, is_external=True)
    template.element.body.insert(
        0,
        parse_xml(
            f'<w:p {nsdecls("w", "r")}><w:hyperlink r:id="{hyper}"><w:r><w:t>链接</w:t></w:r>'
            "</w:hyperlink></w:p>"
        ),
    )
    settings = template.settings.element
    other = template.part._settings_part.relate_to("file:///elsewhere.dotx", RT.HYPERLINK, is_external=True)
    settings.insert(0, parse_xml(f'<w:attachedTemplate {nsdecls("w", "r")} r:id="{other}"/>'))
    template.save(str(tmp_path / "own.docx"))
    written([Paragraph("正文")], tmp_path, template=tmp_path / "own.docx")
    with zipfile.ZipFile(tmp_path / "report.docx") as package:
        parts = b"".join(map(package.read, package.namelist()))
    assert b"elsewhere" not in parts and b"attachedTemplate" not in parts


@pytest.mark.parametrize("tie", ["r:link", "r:id"])
def test_headers_and_footnotes_of_a_template_point_nowhere_and_the_report_opens(tmp_path, tie):
    template = docx.Document(str(TEMPLATE))
    header = template.sections[0].header
    header.is_linked_to_previous = False
    picture = header.part.relate_to("http://elsewhere.example/logo.png", RT.IMAGE, is_external=True)
    tag = {"r:link": "a:blip", "r:id": "w:object"}[tie]  # a linked picture, a linked OLE object
    names = nsdecls("w", "r", "a")
    header._element.append(parse_xml(f'<w:p {names}><w:r><{tag} {tie}="{picture}"/></w:r></w:p>'))
    template.save(str(tmp_path / "own.docx"))
    link = '<w:footnote w:id="2"><w:p><w:hyperlink r:id="rId1"/></w:p></w:footnote>'
    notes = f"<w:footnotes {names}>{link}</w:footnotes>".encode()
    part = Part(PackURI("/word/footnotes.xml"), CT.WML_FOOTNOTES, notes, template.part.package)
    part.relate_to("http://elsewhere.example/n", RT.HYPERLINK, is_external=True)
    template.part.relate_to(part, RT.FOOTNOTES)
    template.save(str(tmp_path / "own.docx"))
    written([Paragraph("正文")], tmp_path, template=tmp_path / "own.docx")
    with zipfile.ZipFile(tmp_path / "report.docx") as package:
        parts = {name: package.read(name) for name in package.namelist()}
    assert not any(b"elsewhere" in part or b"External" in part for part in parts.values())
    left = [name for name, part in parts.items() if name.startswith("word/foot") and b'r:id="rId1"' in part]
    assert not left  # what names a relationship that is gone does not open in Word


def test_a_template_of_ones_own_keeps_its_own_fonts(tmp_path):
    own = written([], tmp_path, "empty.docx")
    own.styles["Body Text"].font.size = docx.shared.Pt(14)
    own.save(tmp_path / "own.docx")
    document = written([Paragraph("正文")], tmp_path, template=tmp_path / "own.docx")
    assert document.styles["Body Text"].font.size.pt == 14


def test_a_report_that_is_open_elsewhere_is_said_so(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(
        BangfuError, match=r"report.docx：无法写入，文件可能正在 Excel、Word 或 WPS 中打开.*请关闭"
    ):
        written([], tmp_path)


def test_a_report_has_contents_when_it_is_longer_than_ten_pages(tmp_path):
    for pages, contents in ((9, 0), (12, 1)):
        blocks = [Heading(1, "甲"), *[Paragraph("字" * 28 * 21)] * pages, Heading(1, "乙"), Heading(1, "丙")]
        document = written(blocks, tmp_path, f"{pages}.docx")
        assert len(list(document.element.body.iter(qn("w:docPartGallery")))) == contents
    field = "".join(one.text for one in document.element.body.iter(qn("w:instrText")))
    assert field.strip().startswith("TOC")
    path, last = tmp_path / "12.docx", tmp_path / "last.json"
    once = write_report(blocks, path, title="长", last=last)
    assert write_report(blocks, path, title="长", last=last).messages == () == once.messages[3:]


def test_no_part_of_a_report_points_outside(tmp_path, picture):
    written([FigureBlock("a", picture, "图", "图")], tmp_path)
    with zipfile.ZipFile(tmp_path / "report.docx") as parts:
        assert not any(b"External" in parts.read(name) for name in parts.namelist() if name.endswith(".rels"))
