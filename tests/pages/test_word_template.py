import docx
from docx.oxml.ns import qn

from bangfu_analysis.pages.word_template import STYLES, TEMPLATE


def fonts(style):
    found = style.element.rPr.find(qn("w:rFonts"))
    return found.get(qn("w:eastAsia")), found.get(qn("w:ascii"))


def test_the_template_names_no_author_and_holds_nothing_but_styles():
    document = docx.Document(str(TEMPLATE))
    assert [p.text for p in document.paragraphs] == []
    assert not document.tables


def test_the_page_is_a4_with_the_official_margins():
    section = docx.Document(str(TEMPLATE)).sections[0]
    page = (section.page_width, section.page_height)
    margins = (section.top_margin, section.left_margin, section.right_margin, section.bottom_margin)
    assert [round(x.mm) for x in page] == [210, 297]
    assert [round(x.mm) for x in margins] == [37, 28, 26, 35]


def test_levels_have_their_fonts_and_number_themselves():
    document = docx.Document(str(TEMPLATE))
    seen = {
        name: fonts(document.styles[name])[0]
        for name in ("Title", *(f"Heading {i}" for i in range(1, 5)), "Body Text")
    }
    assert seen == {
        "Title": "方正小标宋简体",
        "Heading 1": "黑体",
        "Heading 2": "楷体",
        "Heading 3": "仿宋",
        "Heading 4": "仿宋",
        "Body Text": "仿宋",
    }
    levels = document.part.numbering_part.element.iter(qn("w:lvlText"))
    assert [level.get(qn("w:val")) for level in levels] == ["%1、", "（%2）", "%3.", "（%4）"]
    assert document.styles["Heading 3"].font.bold
    assert not document.styles["Heading 4"].font.bold


def test_body_is_16_pt_with_two_characters_indent_and_a_fixed_line():
    document = docx.Document(str(TEMPLATE))
    body = document.styles["Body Text"]
    assert body.font.size.pt == 16
    assert body.element.pPr.ind.get(qn("w:firstLineChars")) == "200"
    assert body.paragraph_format.line_spacing.pt == 28.95
    assert document.styles["Title"].font.size.pt == 22
    assert fonts(body)[1] == "Times New Roman"


def test_a_page_holds_22_lines_of_28_characters():
    document = docx.Document(str(TEMPLATE))
    section = document.sections[0]
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "lines"
    height = (section.page_height - section.top_margin - section.bottom_margin) / 12700  # points
    width = (section.page_width - section.left_margin - section.right_margin) / 12700
    assert height // (int(grid.get(qn("w:linePitch"))) / 20) == 22
    closer = document.styles["Body Text"].element.rPr.find(qn("w:spacing"))
    assert width // (16 + int(closer.get(qn("w:val"))) / 20) == 28


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages():
    document = docx.Document(str(TEMPLATE))
    section = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        assert paragraph.text == "— 1 —"
        assert paragraph._p.pPr.find(qn("w:jc")).get(qn("w:val")) == side
        assert paragraph._p.pPr.find(qn("w:ind")).get(qn(f"w:{side}Chars")) == "100"
        assert [i.text.strip() for i in paragraph._p.iter(qn("w:instrText"))] == ["PAGE"]


def test_the_language_is_chinese_and_nobody_is_named():
    document = docx.Document(str(TEMPLATE))
    language = next(document.styles.element.iter(qn("w:lang")))
    assert language.get(qn("w:eastAsia")) == "zh-CN"
    assert (document.core_properties.author, document.core_properties.language) == ("", "zh-CN")


def test_all_styles_that_a_template_needs_are_in_it():
    assert set(STYLES) <= {style.name for style in docx.Document(str(TEMPLATE)).styles}
