"""A researcher's own document is filled and refreshed; everything around the marks stays to the byte."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from lxml import etree
from pptx import Presentation
from pptx.util import Mm

from bangfu_analysis.cli import main
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import BangfuError, CallError, Withdrawn
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.pages.fill import fill

OWN = "我们认为形势好转，联系电话13800000000。"


def exhibits(extreme, general, text=""):
    n = [extreme, general]
    base = sum(n)
    frame = pd.DataFrame({"hardship_level": ["extreme", "general"], "n": n, "base_n": base})
    level = as_exhibit(frame.assign(share=frame["n"] / base), load_codebook(), title="困难类别")
    rate = as_exhibit(pd.DataFrame({"n": [base], "base_n": [9999], "share": [base / 9999]}), load_codebook())
    own = recipe(id="level_all", make="count", draw="columns", text="given", title="困难类别")
    said = {"words": text or f"共{base}人。"}
    level = replace(level, cut=replace(level.cut, id="level_all"), recipe=own, facts=said)
    return [level, replace(rate, cut=replace(rate.cut, id="rate"))]


def own_document(path, id="level_all"):
    document = docx.Document()
    document.add_heading("自己的报告", 0)
    document.sections[0].header.paragraphs[0].text = "困难职工{{数:rate.n}}人"
    split = document.add_paragraph("全区困难职工")
    for piece in ("{", "{数:ra", "te.n}", "}"):
        split.add_run(piece).bold = True
    split.add_run("人，特困占{{ 数：level.extreme.share }}%。" + OWN)
    document.add_paragraph("{{句:level}}此外见图。")
    document.add_paragraph("{{图:level}}")
    document.add_paragraph(f"{{{{表:{id}}}}}")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "困难（人）", f"{{{{数:{id}.general.n}}}}"
    document.add_paragraph("{{别人的标记}}不动。")
    document.save(str(path))
    return path


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def words(path):
    body = docx.Document(str(path)).element.body
    return ["".join(t.text for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p"))]


def around(path):
    """The bytes of the main part without its controls and the tables before them."""
    text = parts(path)["word/document.xml"].decode()
    return re.sub(r"<w:tbl>(?:(?!</w:tbl>).)*?bft_.*?</w:tbl>|<w:sdt>.*?</w:sdt>", "", text, flags=re.DOTALL)


def test_marks_are_filled_and_refreshed_and_all_around_stays_to_the_byte(tmp_path):
    path = own_document(tmp_path / "报告.docx")
    before = parts(path)
    assert fill(path, exhibits(30, 70), {}) == []
    first, said = parts(path), words(path)
    assert "全区困难职工100人，特困占30.0%。" + OWN in said
    assert "共100人。此外见图。" in said
    assert "{{别人的标记}}不动。" in said
    changed = {name for name in before if first[name] != before[name]}
    header = next(name for name in changed if "header" in name)
    assert changed == {"word/document.xml", header, "[Content_Types].xml", "word/_rels/document.xml.rels"}
    assert b"100" in first[header]
    assert {name for name in first if name not in before} == {n for n in first if "media" in n}
    document = docx.Document(str(path))
    assert document.tables[0].cell(1, 1).text == "30"
    picture = next(document.element.body.iter(qn("wp:docPr")))
    assert picture.get("descr").startswith("困难类别。共100人")
    assert fill(path, exhibits(50, 90), {}) == []
    assert around(path) == around(tmp_path / "报告.docx.bak")
    assert "全区困难职工140人，特困占35.7%。" + OWN in words(path)
    assert docx.Document(str(path)).tables[0].cell(1, 1).text == "50"
    assert docx.Document(str(path)).tables[-1].cell(0, 1)._tc.xpath(".//w:t")[0].text == "90"
    assert all(parts(path)[name] == before[name] for name in before if name not in changed)
    again = path.read_bytes()
    fill(path, exhibits(50, 90), {})
    assert path.read_bytes() == again


def test_what_stands_before_the_marks_keeps_its_bytes(tmp_path):
    path = own_document(tmp_path / "报告.docx")
    before = parts(path)["word/document.xml"]
    fill(path, exhibits(30, 70), {})
    after = parts(path)["word/document.xml"]
    start, end = before.index("全区困难".encode()), before.index("{{别人".encode())
    assert after.startswith(before[:start])
    assert after.endswith(before[end:])


def test_the_looks_that_a_researcher_gave_stay(tmp_path):
    path = own_document(tmp_path / "报告.docx")
    fill(path, exhibits(30, 70), {})
    document = docx.Document(str(path))
    run = document.element.body.xpath(".//w:sdt//w:r")[0]
    assert run.rPr.b is not None
    table = document.tables[0]
    table._tbl.tblPr.style = "TableGrid"
    table.cell(1, 1).paragraphs[0].runs[0].italic = True
    size = next(document.element.body.iter(qn("wp:extent")))
    size.set("cx", "1000000")
    document.save(str(path))
    fill(path, exhibits(50, 90), {})
    document = docx.Document(str(path))
    assert document.tables[0]._tbl.tblPr.style == "TableGrid"
    assert document.tables[0].cell(2, 1).paragraphs[0].runs[0].italic
    assert document.tables[0].cell(2, 1).text == "90"
    assert next(document.element.body.iter(qn("wp:extent"))).get("cx") == "1000000"


def one_paragraph(path, text):
    document = docx.Document()
    document.add_paragraph(text)
    document.save(str(path))
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{数:level_all.extrem.n}}", "没有标记 {{数:level_all.extrem.n}}。是否想写"),
        ("{{图表:rate}}", "没有标记"),
        ("{{图:rate}}", "没有标记 {{图:rate}}"),
        ("见{{表:rate}}。", "应独占一段"),
        ("没有标记的文字", "没有可填的标记"),
    ],
)
def test_what_cannot_be_meant_is_an_error_and_the_file_untouched(tmp_path, text, told):
    path = one_paragraph(tmp_path / "a.docx", text)
    before = path.read_bytes()
    with pytest.raises(CallError, match=re.escape(told)):
        fill(path, exhibits(30, 70), {})
    assert path.read_bytes() == before
    assert not (tmp_path / "a.docx.bak").exists()


@pytest.mark.parametrize("name", ["a.txt", "a.doc", "b.docx"])
def test_a_file_of_another_kind_is_told_in_a_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(BangfuError, match=name):
        fill(tmp_path / name, exhibits(30, 70), {})


def test_what_a_wave_lacks_is_said_in_its_place(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", "{{句:trend}}又{{数:level_all.extreme.n}}人")
    told = fill(path, exhibits(30, 70), {"trend": "没有可比的批次。"})
    assert told == ["{{句:trend}}：没有可比的批次。"]
    assert words(path)[0] == "没有可比的批次。又30人"
    lacking = [replace(e, cut=replace(e.cut, frame=e.frame.iloc[1:])) for e in exhibits(30, 70)[:1]]
    fill(path, lacking, {"trend": "没有可比的批次。"})
    assert words(path)[0] == "没有可比的批次。又（本批次无此数）人"


def test_the_table_of_an_earlier_wave_goes_where_this_one_has_none(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", "{{表:level_all}}")
    fill(path, exhibits(30, 70), {})
    fill(path, [], {"level_all": "没有困难类别。"})
    assert words(path) == ["没有困难类别。"]
    fill(path, exhibits(50, 90), {})
    assert docx.Document(str(path)).tables[0].cell(1, 1).text == "50"


def test_a_chart_that_a_wave_has_too_few_numbers_for_is_said_in_its_place(tmp_path):
    level, rate = exhibits(4, 0)
    hidden = level.frame.assign(n=pd.array([None, None], "Int64"), share=float("nan"), suppressed=True)
    few = replace(level, cut=replace(level.cut, frame=hidden))
    path = one_paragraph(tmp_path / "a.docx", "{{图:level_all}}")
    assert fill(path, [few, rate], {}) == ["{{图:level_all}}：本批次没有可以列出的“困难类别”，从略。"]
    assert words(path) == ["本批次没有可以列出的“困难类别”，从略。"]
    fill(path, exhibits(30, 70), {})
    assert "没有可以列出" not in "".join(words(path))


def test_an_exhibit_updates_its_own_marks_and_no_others(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", "{{数:rate.n}}和{{数:level_all.extreme.n}}")
    level, rate = exhibits(30, 70)
    assert rate.update(path) == path
    assert words(path)[0] == "100和{{数:level_all.extreme.n}}"
    level.update(path)
    rate = exhibits(40, 80)[1]
    rate.update(path)
    assert words(path)[0] == "120和30"
    with pytest.raises(CallError, match="没有可填的标记"):
        rate.update(one_paragraph(tmp_path / "b.docx", "{{数:level_all.extreme.n}}"))


def test_nothing_of_a_person_is_filled_in(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", f"{OWN}{{{{句:level_all}}}}")
    before = path.read_bytes()
    with pytest.raises(Withdrawn, match="手机号"):
        fill(path, exhibits(30, 70, text="电话13900000000。"), {})
    assert path.read_bytes() == before


def test_what_leaves_goes_through_the_release(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", "{{数:level_all.extreme.n}}人{{数:rate.n}}")
    seen = []

    def keep(exhibit, to):
        seen.append((exhibit.id, to))
        hidden = exhibit.frame.assign(n=pd.array([None, None]), suppressed=True)
        return exhibit.with_frames({exhibit.id: hidden})

    level, rate = exhibits(30, 70)
    fill(path, [replace(level, keep=keep), rate], {})
    assert seen == [("level_all", path)]
    assert words(path)[0] == "*人100"


def test_marks_in_text_boxes_and_notes_and_between_breaks_are_filled(tmp_path):
    path = one_paragraph(tmp_path / "a.docx", "甲{{数:rate.n}}")
    content = parts(path)
    run = "<w:r><w:t>前</w:t><w:br/><w:t>x{{数:rate.n}}y</w:t><w:tab/></w:r>"
    box = f"<w:r><w:pict><w:p><w:r><w:t>框{{{{数:rate.n}}}}</w:t></w:r></w:p></w:pict></w:r>{run}</w:p>"
    content["word/document.xml"] = content["word/document.xml"].replace(b"</w:p>", box.encode(), 1)
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    note = "<w:p><w:r><w:t>注{{数:rate.n}}</w:t></w:r></w:p>"
    notes = f'<w:footnotes {space}><w:footnote w:id="2">{note}</w:footnote></w:footnotes>'
    content["word/footnotes.xml"] = notes.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    fill(path, exhibits(30, 70), {})
    text = parts(path)["word/document.xml"]
    assert b"{{" not in text
    assert "框" in text.decode()
    assert b"100" in parts(path)["word/footnotes.xml"]
    root = etree.fromstring(text)
    order = [e.text or e.tag.rpartition("}")[2] for e in root.iter(*map(qn, ("w:t", "w:br", "w:tab")))]
    assert order == ["甲", "100", "框", "100", "前", "br", "x", "100", "y", "tab"]


def own_deck(path, number="{{数:level_all.base_n}}"):
    show = Presentation()
    bodies = {"困难率{{数:rate.share}}%": "{{图:level}}", "类别": "{{表:level}}", "话": "{{句:level}}"}
    for title, body in bodies.items():
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
        slide.shapes.add_textbox(Mm(10), Mm(170), Mm(200), Mm(10)).text_frame.text = OWN + number
    slide.notes_slide.notes_text_frame.text = "备注{{数:rate.n}}"
    show.save(str(path))
    return path


def test_a_deck_is_filled_with_native_charts_and_refreshed_in_place(tmp_path):
    path = own_deck(tmp_path / "幻灯.pptx")
    before = parts(path)
    fill(path, exhibits(30, 70), {})
    show = Presentation(str(path))
    chart = next(s for s in show.slides[0].shapes if s.has_chart)
    assert chart.name == "图:level_all"
    assert list(chart.chart.plots[0].series[0].values) == [30.0, 70.0]
    assert (chart.left, chart.width) == (457200, 8229600)
    chart.left = 0
    table = next(s for s in show.slides[1].shapes if s.has_table)
    assert table.table.cell(1, 1).text == "30"
    assert show.slides[2].notes_slide.notes_text_frame.text == "备注100"
    show.save(str(path))
    fill(path, exhibits(50, 90), {})
    show = Presentation(str(path))
    charts = [s for s in show.slides[0].shapes if s.has_chart]
    assert [list(s.chart.plots[0].series[0].values) for s in charts] == [[35.7, 64.3]]
    assert charts[0].left == 0
    assert [s.table.cell(1, 1).text for s in show.slides[1].shapes if s.has_table] == ["50"]
    after = parts(path)
    for n in (1, 2, 3):
        assert OWN.encode() in after[f"ppt/slides/slide{n}.xml"]
        assert b">140<" in after[f"ppt/slides/slide{n}.xml"]
    assert "共140人。".encode() in after["ppt/slides/slide3.xml"]
    assert b">140<" in after["ppt/notesSlides/notesSlide1.xml"]
    assert sum("charts/chart" in n and n.endswith(".xml") for n in after) == 1
    assert set(before) <= set(after)
    again = path.read_bytes()
    fill(path, exhibits(50, 90), {})
    assert path.read_bytes() == again


def test_untouched_slides_keep_their_bytes(tmp_path):
    path = own_deck(tmp_path / "幻灯.pptx")
    show = Presentation(str(path))
    show.slides.add_slide(show.slide_layouts[1]).shapes.title.text = OWN
    show.save(str(path))
    before = parts(path)
    fill(path, exhibits(30, 70), {})
    after = parts(path)
    kept = [name for name in before if re.search(r"slide4|Layout|theme|presentation\.xml$|core", name)]
    assert kept
    assert all(after[name] == before[name] for name in kept)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_a_document_that_libreoffice_saved_is_refreshed_without_repeats(tmp_path):
    path = own_document(tmp_path / "a.docx")
    fill(path, exhibits(30, 70), {})
    for extreme in (50, 60):
        to = ["--convert-to", "docx:MS Word 2007 XML", "--outdir", str(tmp_path / "lo")]
        subprocess.run(["soffice", "--headless", *to, str(path)], check=True)
        shutil.copy(tmp_path / "lo" / "a.docx", path)
        fill(path, exhibits(extreme, 90), {})
        base, share = extreme + 90, extreme / (extreme + 90) * 100
        said = words(path)
        assert said.count(f"全区困难职工{base}人，特困占{share:.1f}%。{OWN}") == 1
        assert said.count(f"共{base}人。此外见图。") == 1
        assert len(docx.Document(str(path)).tables) == 2
        assert docx.Document(str(path)).tables[0].cell(1, 1)._tc.xpath(".//w:t")[0].text == str(extreme)
        assert len([n for n in parts(path) if "media" in n]) == 1


@pytest.mark.slow
def test_the_sample_study_fills_a_document_for_2009_and_refreshes_it_for_2010(tmp_path, own_project, capsys):
    wave = own_project(tmp_path / "p")
    path, deck = own_document(tmp_path / "a.docx", "level"), own_deck(tmp_path / "b.pptx", "{{数:rate.n}}")
    assert main(["fill", str(path), str(wave)]) == 0
    assert main(["fill", str(deck), str(wave)]) == 0
    assert "全区困难职工3456人，特困占30.6%。" + OWN in words(path)
    first = around(path)
    assert main(["fill", str(path), str(wave.parent / "2010")]) == 1
    assert main(["fill", str(deck), str(wave.parent / "2010")]) == 0
    assert "本批次" in capsys.readouterr().err
    assert around(path) == first
    assert "全区困难职工3208人，特困占（本批次无此数）%。" + OWN in words(path)
    assert b">3208<" in parts(deck)["ppt/slides/slide1.xml"]
    assert main(["fill", "--all", "--list", str(wave)]) == 0
    every = capsys.readouterr().out
    assert "{{数:rate.share}}  10.2" in every
    assert main(["fill", "--list", str(wave)]) == 0
    short = capsys.readouterr().out
    assert "困难类别：{{图:level}} {{表:level}} {{句:level}} {{数:level.extreme.n}} 等10个数" in short
    marks = [set(re.findall("{{[图表句]:.*?}}", listed)) for listed in (short, every)]
    assert marks[0] == marks[1] and len(short.splitlines()) * 10 < len(every.splitlines())
    assert main(["fill", str(path)]) == 2
