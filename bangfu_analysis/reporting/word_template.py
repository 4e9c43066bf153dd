"""The styles of the report after GB/T 9704-2012, as a template that a union can replace.

`template.docx` beside this file is what `make_template` writes. A template of one's own needs the styles of `STYLES`.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

TEMPLATE = Path(__file__).parent / "template.docx"
TEXT_WIDTH_MM, TEXT_HEIGHT_MM = 156, 225
FIXED_TIME = datetime(2000, 1, 1)
_SONG, _FANG, _KAI, _HEI, _TITLE = "宋体", "仿宋", "楷体", "黑体", "方正小标宋简体"
_LATIN = "Times New Roman"
_EXTRAS = ("/thumbnail", "/stylesWithEffects", "/customXml", "/webSettings")
# What Word shows where the font is not installed.
_ELSE = {_TITLE: "宋体", _FANG: "仿宋_GB2312", _KAI: "楷体_GB2312"}


@dataclass(frozen=True)
class _Set:
    """How one style sets a paragraph: sizes and spaces in pt, `line` 0 for single spacing, `indent` in characters."""

    name: str
    font: str
    size: float
    align: str = "both"
    bold: bool = False
    line: float = 28
    indent: int = 0
    before: float = 0
    after: float = 0
    keep_next: bool = False
    level: int = 0


_SETS = (
    _Set("Title", _TITLE, 22, "center", line=34, before=28, after=8, keep_next=True),
    _Set("Subtitle", _KAI, 16, "center", keep_next=True),
    _Set("heading 1", _HEI, 16, indent=2, keep_next=True, level=1),
    _Set("heading 2", _KAI, 16, indent=2, keep_next=True, level=2),
    _Set("heading 3", _FANG, 16, bold=True, indent=2, keep_next=True, level=3),
    _Set("heading 4", _FANG, 16, indent=2, keep_next=True, level=4),
    _Set("Body Text", _FANG, 16, indent=2),
    _Set("Table Caption", _FANG, 12, "center", bold=True, line=0, before=10, after=2, keep_next=True),
    _Set("Table Unit", _SONG, 9, "right", line=0, after=2, keep_next=True),
    _Set("Table Head", _SONG, 10.5, "center", bold=True, line=0, before=2, after=2),
    _Set("Table Text", _SONG, 10.5, "left", line=0, before=1.5, after=1.5),
    _Set("Table Number", _SONG, 10.5, "right", line=0, before=1.5, after=1.5),
    _Set("Table Head Small", _SONG, 9, "center", bold=True, line=0, before=2, after=2),
    _Set("Table Text Small", _SONG, 9, "left", line=0, before=1.5, after=1.5),
    _Set("Table Number Small", _SONG, 9, "right", line=0, before=1.5, after=1.5),
    _Set("Table Note", _SONG, 9, "left", line=0, before=1),
    _Set("Figure", _FANG, 12, "center", line=0, before=8, keep_next=True),
    _Set("Figure Note", _SONG, 9, "center", line=0, keep_next=True),
    _Set("Figure Caption", _FANG, 12, "center", bold=True, line=0, before=2, after=10),
    _Set("footer", _SONG, 14, "right", line=0),
)
PROMPT = "Placeholder Text"
STYLES = (*(s.name.replace("heading", "Heading") for s in _SETS if s.name != "footer"), PROMPT)
_NUMBERS = (("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3."), ("decimal", "（%4）"))
_NORMAL = (
    """<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>"""
)
_BARE = """
<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>
  <w:semiHidden/></w:style>
<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:semiHidden/><w:tblPr>
  <w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>
<w:style w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/><w:semiHidden/></w:style>
<w:style w:type="character" w:styleId="PlaceholderText"><w:name w:val="Placeholder Text"/>
  <w:rPr><w:color w:val="808080"/></w:rPr></w:style>"""
_FOOTER = """<w:p %s><w:pPr><w:pStyle w:val="footer"/><w:ind %s="100" %s="280"/><w:jc w:val="%s"/></w:pPr>
<w:r><w:t xml:space="preserve">— </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r>
<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>
<w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p>"""


def make_template(path: Path = TEMPLATE) -> Path:
    """Write the empty template: A4, styles, numbering, page numbers. The same bytes every time. Returns `path`."""
    document = docx.Document()
    _drop_extras(document)
    _set_styles(document)
    _number_headings(document)
    _set_page(document)
    _set_footers(document)
    _name_substitutes(document)
    save(document, path)
    return path


def save(document: Document, path: Path) -> None:
    """Write `document` with no author and fixed times, so that the same content gives the same bytes."""
    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "category"):
        setattr(properties, name, "")
    properties.created = properties.modified = FIXED_TIME
    properties.revision, properties.language = 1, "zh-CN"
    written, packed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(packed, "w") as archive:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            archive.writestr(entry, parts.read(name), zipfile.ZIP_DEFLATED)
    path.write_bytes(packed.getvalue())


def xml(markup: str) -> Any:
    """An element from markup that uses the prefix w without declaring it."""
    head, gap, rest = markup.strip().partition(min((c for c in (" ", "/", ">") if c in markup), key=markup.index))
    return parse_xml(f"{head} {nsdecls('w')}{gap}{rest}")


def _drop_extras(document: Document) -> None:
    """Parts of the library's own template that say nothing here, and its languages."""
    for rels in (document.part.rels, document.part.package.rels):
        for key in [k for k, r in rels.items() if r.reltype.endswith(_EXTRAS)]:
            rels.pop(key)
    settings = document.settings.element
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    settings.find(f".//{qn('w:compatSetting')}").set(qn("w:val"), "15")
    for name in ("w:rsids", "w:savePreviewPicture", "w:doNotAutoCompressPictures"):
        settings.remove(settings.find(qn(name)))


def _set_styles(document: Document) -> None:
    """Our styles only; theme fonts would win over named ones, so the defaults name theirs."""
    styles = document.styles.element
    for element in styles.findall(qn("w:style")):
        styles.remove(element)
    defaults = f"""<w:docDefaults><w:rPrDefault><w:rPr>{_fonts(_FANG)}<w:sz w:val="32"/><w:szCs w:val="32"/>
        <w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"""
    styles.replace(styles.find(qn("w:docDefaults")), xml(defaults))
    for element in xml(f"<w:styles>{_NORMAL}{''.join(map(_style, _SETS))}{_BARE}</w:styles>"):
        styles.append(element)


def _fonts(name: str) -> str:
    return f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_LATIN}" w:eastAsia="{name}"/>'


def _style(one: _Set) -> str:
    line = f'w:line="{one.line * 20:.0f}" w:lineRule="exact"' if one.line else 'w:line="240" w:lineRule="auto"'
    size = f'<w:sz w:val="{one.size * 2:.0f}"/><w:szCs w:val="{one.size * 2:.0f}"/>'
    parts = [
        f'<w:style w:type="paragraph" w:styleId="{one.name.replace(" ", "")}"><w:name w:val="{one.name}"/>',
        '<w:basedOn w:val="Normal"/>' + ('<w:next w:val="BodyText"/>' if one.level else "") + "<w:qFormat/><w:pPr>",
        "<w:keepNext/>" if one.keep_next else "",
        f'<w:numPr><w:ilvl w:val="{one.level - 1}"/><w:numId w:val="1"/></w:numPr>' if one.level else "",
        "" if one.line == 28 else '<w:snapToGrid w:val="0"/>',
        f'<w:spacing w:before="{one.before * 20:.0f}" w:after="{one.after * 20:.0f}" {line}/>',
        f'<w:ind w:firstLineChars="{one.indent * 100}" w:firstLine="{one.indent * one.size * 20:.0f}"/>'
        * bool(one.indent),
        f'<w:jc w:val="{one.align}"/>',
        f'<w:outlineLvl w:val="{one.level - 1}"/>' if one.level else "",
        f"</w:pPr><w:rPr>{_fonts(one.font)}{'<w:b/><w:bCs/>' * one.bold}{size}</w:rPr></w:style>",
    ]
    return "".join(parts)


def _number_headings(document: Document) -> None:
    """一、（一）1.（1） as one list tied to the heading styles, so that a new heading numbers itself."""
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:pStyle w:val="heading{i + 1}"/>'
        f'<w:suff w:val="nothing"/><w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
        for i, (form, text) in enumerate(_NUMBERS)
    )
    numbering = document.part.numbering_part.element
    for element in list(numbering):
        numbering.remove(element)
    numbering.append(
        xml(f'<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>')
    )
    numbering.append(xml('<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'))


def _set_page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance, section.gutter = Mm(15), Mm(24), 0
    for grid in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(grid)
    section._sectPr.append(xml('<w:docGrid w:type="lines" w:linePitch="560"/>'))


def _set_footers(document: Document) -> None:
    """— 1 — in 四号: right on odd pages, left on even ones, one character in from the edge."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        old: Paragraph = footer.paragraphs[0]
        new = parse_xml(_FOOTER % (nsdecls("w"), f"w:{side}Chars", f"w:{side}", side))
        old._p.getparent().replace(old._p, new)


def _name_substitutes(document: Document) -> None:
    table = next(r.target_part for r in document.part.rels.values() if r.reltype == RELATIONSHIP_TYPE.FONT_TABLE)
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for name, other in _ELSE.items()
    )
    table._blob = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'.encode()
    )
