"""The template of the report: `template.docx`, set after GB/T 9704-2012, or a union's own that has the styles
of `STYLES`.

`template.docx` is edited in Word or WPS like any document; tests/pages/test_word_template.py says what must
hold.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from xml.sax.saxutils import quoteattr

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.oxml import serialize_part_xml
from docx.opc.part import XmlPart
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from bangfu_analysis.errors import BangfuError, listed

Element: TypeAlias = Any  # of lxml, which has no types
TEMPLATE = Path(__file__).parent / "template.docx"
TEXT_WIDTH_MM, TEXT_HEIGHT_MM = 156, 225
FIXED_TIME = datetime(2000, 1, 1)
PROMPT = "Placeholder Text"
P, TABLE, *_CONTROLS = map(qn, ("w:p", "w:tbl", "w:sdt", "w:sdtContent"))
_TIE = qn("r:id").removesuffix("id")  # the names of attributes that refer to a relationship
_MADE = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
STYLES = (
    "Title", "Subtitle", *(f"Heading {level}" for level in range(1, 5)), "Body Text",
    "Table Caption", "Table Unit", "Table Note", "Figure", "Figure Caption", PROMPT,
    *(f"Table {part}{size}" for part in ("Head", "Text", "Number") for size in ("", " Small")),
)  # fmt: skip


def open_word(path: Path, fault: str) -> Document:
    """The document at `path`; BangfuError saying `fault` where it cannot be read."""
    try:
        return docx.Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, OSError) as error:
        raise BangfuError(fault) from error


def parts_of(parent: Element) -> Iterator[Element]:
    """The paragraphs and tables of a document, those in controls as well, without its contents."""
    for element in parent.iterchildren(P, TABLE, *_CONTROLS):
        if element.tag in (P, TABLE):
            yield element
        elif next(element.iter(qn("w:docPartGallery")), None) is None:
            yield from parts_of(element)


def open_template(path: Path) -> Document:
    """A new document in the styles of the template at `path`; BangfuError names the styles that it lacks."""
    document = open_word(path, f"模板 {path.name} 不是能打开的 .docx 文件。请换用有效的模板，或不指定模板。")
    there = {style.name for style in document.styles}
    if absent := [name for name in STYLES if name not in there]:
        message = f"缺少样式：{listed(absent)}。请在自带的 template.docx 上修改，保留样式名称。"
        raise BangfuError(f"模板 {path.name} {message}")
    _cut_off(document)
    return document


def _cut_off(document: Document) -> None:
    """Takes off what ties a document to files and addresses elsewhere: attached templates, linked pictures.
    """
    for part in document.part.package.iter_parts():
        outside = [id for id, relation in part.rels.items() if relation.is_external]
        for id in outside:
            del part.rels[id]
        if not outside:
            continue
        root = part.element if isinstance(part, XmlPart) else parse_xml(part.blob)
        for element in [*root.iter()]:
            held = [name for name, value in element.attrib.items() if value in outside]
            ties = [name for name in held if name.startswith(_TIE)]
            for name in ties:
                del element.attrib[name]
            if ties and element.tag.endswith("}attachedTemplate"):
                element.getparent().remove(element)
        if not isinstance(part, XmlPart):  # footnotes and the like
            part._blob = serialize_part_xml(root)


def packed(document: Document) -> bytes:
    """The file of `document`, with no author and fixed times, so that the same content gives the same bytes.
    """
    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "category"):
        setattr(properties, name, "")
    properties.created = properties.modified = FIXED_TIME
    properties.revision, properties.language = 1, "zh-CN"
    written = io.BytesIO()
    document.save(written)
    return undated(written.getvalue())


def undated(package: bytes) -> bytes:
    """An office file with the same parts and no times of day, those inside it as well."""
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as parts, zipfile.ZipFile(again, "w") as archive:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            content = parts.read(name)
            if name == "docProps/core.xml":
                content = _MADE.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            content = undated(content) if name.endswith(".xlsx") else content
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return again.getvalue()


def xml(markup: str) -> Element:
    """An element from markup that uses the prefix w without declaring it."""
    return parse_xml(f"<w:body {nsdecls('w')}>{markup}</w:body>")[0]


def remove(elements: Iterable[Element]) -> None:
    """Take elements out of their tree."""
    for element in list(elements):
        element.getparent().remove(element)


def new_control(tag: str, alias: str, number: int) -> Element:
    """An empty content control that remembers a tag."""
    names = f"<w:alias w:val={quoteattr(alias)}/><w:tag w:val={quoteattr(tag)}/>"
    return xml(f'<w:sdt><w:sdtPr>{names}<w:id w:val="{number}"/></w:sdtPr><w:sdtContent/></w:sdt>')
