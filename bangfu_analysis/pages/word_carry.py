"""What the researcher wrote: taken from the content controls of an earlier report and placed into a new one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.opc.packuri import PackURI
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from bangfu_analysis.pages.blocks import Placeholder
from bangfu_analysis.pages.word_template import PROMPT, open_word, xml

# Notes and comments live in parts that are not carried: a note's text is set in brackets, a comment's marks are dropped.
_COMMENTS = ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference", "w:bookmarkStart", "w:bookmarkEnd")
_NO_TEXT = ("w:drawing", "w:pict", "w:object", "w:tbl")
_NOTES = {"w:footnoteReference": ("footnotes", "w:footnote"), "w:endnoteReference": ("endnotes", "w:endnote")}


@dataclass(frozen=True)
class Kept:
    """The written content of one control: its `tag`, `title`, XML `content` and the document that it came from."""

    tag: str
    title: str
    content: Any
    source: Document


def kept_controls(path: Path | None, wanted: Sequence[Placeholder] = ()) -> dict[str, Kept]:
    """Tag -> what was written in the controls of the report at `path`; untouched prompts and empty ones are left out.

    Where an office program has taken a control away (LibreOffice drops tags), what stands under the heading of its
    Placeholder in `wanted` is kept instead. No path, or none that exists: nothing. BangfuError where the file cannot be
    read, so that no words are lost.
    """
    if path is None or not path.exists():
        return {}
    told = "原报告打不开，其中手写的内容无法沿用。请关闭该文件或换成完好的一份；若不需要，请先移走它。"
    document = open_word(path, f"{path.name}：{told}")
    controls = [one for one in (_read(c, document) for c in document.element.body.iter(qn("w:sdt"))) if one]
    kept: dict[str, Kept] = {}
    for one in filter(_is_written, controls):
        copies = sum(tag.partition("~")[0] == one.tag for tag in kept)  # a control pasted twice
        kept[f"{one.tag}~{copies + 1}" if copies else one.tag] = one
    there = {one.tag for one in controls}
    under = [_under_heading(document, block) for block in wanted if block.id not in there and block.heading]
    return kept | {one.tag: one for one in under if one}


def written_words(path: Path, wanted: Sequence[Placeholder] = ()) -> dict[str, list[str]]:
    """Tag -> the paragraphs written in the controls of the report at `path`, as kept_controls finds them."""
    texts = {tag: map(_text, one.content.iter(qn("w:p"))) for tag, one in kept_controls(path, wanted).items()}
    return {tag: [words for words in said if words.strip()] for tag, said in texts.items()}


def _under_heading(document: Document, block: Placeholder) -> Kept | None:
    """What stands between the heading of `block` and the next one, without its controls; None where only the prompt does."""
    headings = {style.style_id for style in document.styles if str(style.name).startswith("Heading")}
    content, inside = xml("<w:sdtContent/>"), False
    for element in document.element.body.iterchildren(qn("w:p"), qn("w:tbl"), qn("w:sdt")):
        if _value(element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")) in headings:
            inside = _text(element).strip() == block.heading
        elif inside:
            content.append(deepcopy(element))
    for control in list(content.iter(qn("w:sdt"))):
        for child in control.find(qn("w:sdtContent")):
            control.addprevious(child)
        control.getparent().remove(control)
    words = _text(content).replace(block.prompt, "").strip()
    return Kept(block.id, block.heading, content, document) if words else None


def _text(element: Any) -> str:
    return "".join(t.text or "" for t in element.iter(qn("w:t")))


def _read(control: Any, document: Document) -> Kept | None:
    settings, content = control.find(qn("w:sdtPr")), control.find(qn("w:sdtContent"))
    if settings is None or content is None or settings.find(qn("w:tag")) is None:
        return None
    tag, title = (_value(settings.find(qn(name))) for name in ("w:tag", "w:alias"))
    inner = any(child.tag in (qn("w:p"), qn("w:tbl")) for child in content)
    return Kept(tag, title or tag, content, document) if tag and inner else None


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(qn("w:val"), ""))


def control_id(tag: str, prompt: str) -> int:
    """The id of a control tells what its prompt said: so an untouched prompt is known, whatever styles it has by now."""
    return zlib.crc32(f"{tag}\n{prompt}".encode()) % 2**31


def _is_written(one: Kept) -> bool:
    """Something other than the prompt that the control was made with: other text, a picture, a table."""
    if next(one.content.iter(*map(qn, _NO_TEXT)), None) is not None:
        return True
    text = "".join(_text(run) for run in one.content.iter(qn("w:r"))).strip()
    made_with = _value(one.content.getparent().find(f"{qn('w:sdtPr')}/{qn('w:id')}"))
    return bool(text) and made_with != str(control_id(one.tag, text))


def place(document: Document, kept: Kept, content: Any) -> None:
    """Put a copy of `kept` into the empty `content`, with the pictures and links that it refers to."""
    for child in kept.content:
        content.append(deepcopy(child))
    for element in list(content.iter(*map(qn, _COMMENTS))):
        element.getparent().remove(element)
    _set_notes_in_brackets(kept.source, content)
    _set_styles(document, kept.source, content)
    for element, name, key in list(_references(content)):
        element.set(name, _carry_part(document, kept.source, key))


def _set_styles(document: Document, source: Document, content: Any) -> None:
    """Styles by name, as ids differ between templates; the prompt's grey and what the template lacks are taken off."""
    names = {style.style_id: style.name for style in source.styles}
    ids = {style.name: style.style_id for style in document.styles if style.name != PROMPT}
    for element in list(content.iter(qn("w:pStyle"), qn("w:rStyle"), qn("w:tblStyle"))):
        here = ids.get(names.get(_value(element)))
        if here:
            element.set(qn("w:val"), here)
        else:
            element.getparent().remove(element)


def _references(content: Any) -> Iterator[tuple[Any, str, str]]:
    space = "{" + content.nsmap.get("r", qn("r:id")[1:].partition("}")[0]) + "}"
    for element in content.iter():
        for name, value in element.attrib.items():
            if str(name).startswith(space):
                yield element, str(name), str(value)


def _carry_part(document: Document, source: Document, key: str) -> str:
    relation = source.part.rels[key]
    if relation.is_external:
        return document.part.relate_to(relation.target_ref, relation.reltype, is_external=True)
    part, here = relation.target_part, list(document.part.package.iter_parts())
    if part not in here:
        count = sum(str(p.partname).startswith("/word/carried/") for p in here)
        part.partname = PackURI(f"/word/carried/{count + 1}.{part.partname.ext}")
    return document.part.relate_to(part, relation.reltype)


def _set_notes_in_brackets(source: Document, content: Any) -> None:
    for reference, (kind, name) in _NOTES.items():
        for element in list(content.iter(qn(reference))):
            words = _note_text(source, kind, name, element.get(qn("w:id")))
            new = xml("<w:t/>")
            new.text = f"（注：{words}）"
            element.getparent().replace(element, new)


def _note_text(source: Document, kind: str, name: str, number: str) -> str:
    for relation in source.part.rels.values():
        if relation.reltype.endswith(f"/{kind}"):
            for note in parse_xml(relation.target_part.blob).iter(qn(name)):
                if note.get(qn("w:id")) == number:
                    return _text(note).strip()
    return ""
