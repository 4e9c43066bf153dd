"""An office file (.docx .pptx) as its parts: what is not changed keeps its bytes, in a changed part too."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from bangfu_analysis.errors import BangfuError

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PARSER = etree.XMLParser(resolve_entities=False, huge_tree=True)
Changes = Mapping[Any, Sequence[Any]]  # an element of a tree -> what stands in its place


@dataclass
class Package:
    """The parts of a file by name, in order."""

    parts: dict[str, bytes]
    entries: dict[str, zipfile.ZipInfo] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Package:
        """The file at `path`; BangfuError where it is none of Word or PowerPoint."""
        try:
            with zipfile.ZipFile(path) as archive:
                entries = {entry.filename: entry for entry in archive.infolist()}
                return cls({name: archive.read(name) for name in entries}, entries)
        except FileNotFoundError as fault:
            raise BangfuError(f"没有文件 {path}。请检查文件名和所在的文件夹。") from fault
        except (OSError, zipfile.BadZipFile, RuntimeError) as fault:
            told = "打不开。应为没有加密的 .docx 或 .pptx 文件，请在 Word、WPS 中另存后重试"
            raise BangfuError(f"{path.name}：{told}。") from fault

    def packed(self) -> bytes:
        """The file: entries in their order and with their times, new ones at the end with a fixed one."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.parts.items():
                entry = self.entries.get(name) or zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return written.getvalue()

    def tree(self, name: str) -> Any:
        """The root of an XML part."""
        return etree.fromstring(self.parts[name], _PARSER)

    def target(self, name: str, relation: str) -> str:
        """The part that `relation` of the part `name` points to; "" where there is none."""
        rels = _rels(name)
        for one in self.tree(rels) if rels in self.parts else ():
            if one.get("Id") == relation and one.get("TargetMode") != "External":
                return posixpath.normpath(posixpath.join("/", posixpath.dirname(name), one.get("Target")))[1:]
        return ""

    def relations(self, name: str) -> list[str]:
        """The ids of all relations of a part."""
        return [one.get("Id") for one in self.tree(_rels(name))] if _rels(name) in self.parts else []

    def put(self, name: str, content: bytes, kind: str) -> None:
        """Put a part, and its content type where the package does not have it."""
        self.parts[name] = content
        types = self.tree("[Content_Types].xml")
        if not any(one.get("PartName") == f"/{name}" for one in types):
            etree.SubElement(types, f"{{{_TYPES}}}Override", PartName=f"/{name}", ContentType=kind)
            self.parts["[Content_Types].xml"] = written(types)

    def relate(self, name: str, target: str, kind: str) -> str:
        """The id of a relation of the part `name` to the part `target`, made where there is none."""
        rels = _rels(name)
        if rels not in self.parts:
            self.parts[rels] = f'<Relationships xmlns="{RELATIONS}"/>'.encode()
        root, known = self.tree(rels), self.relations(name)
        for one in known:
            if self.target(name, one) == target:
                return one
        new = next(f"rId{n}" for n in range(1, len(known) + 2) if f"rId{n}" not in known)
        own = {"Id": new, "Type": f"{OFFICE}/{kind}", "Target": f"/{target}"}
        etree.SubElement(root, f"{{{RELATIONS}}}Relationship", own)
        self.parts[rels] = written(root)
        return new

    def replace(self, name: str, root: Any, changes: Changes) -> None:
        """Put what `changes` says into the part of the tree `root`; every byte around stays as it is."""
        spans, content = _spans(self.parts[name]), self.parts[name]
        places = {element: n for n, element in enumerate(root.iter(etree.Element))}
        for element in sorted(changes, key=lambda one: -places[one]):
            start, end = spans[places[element]]
            scope = element.getparent().nsmap
            new = "".join(_bare(one, scope) for one in changes[element])
            content = content[:start] + new.encode() + content[end:]
        self.parts[name] = content


def written(root: Any) -> bytes:
    """A part of an office file."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _rels(name: str) -> str:
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _spans(content: bytes) -> list[tuple[int, int]]:
    """First and last byte of every element, in document order."""
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    parser = expat.ParserCreate()

    def start(_name: str, _attributes: Any) -> None:
        opened.append(len(spans))
        spans.append((parser.CurrentByteIndex, 0))

    def end(_name: str) -> None:
        n = opened.pop()
        spans[n] = (spans[n][0], content.index(b">", parser.CurrentByteIndex) + 1)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(content, True)
    return spans


def _bare(element: Any, scope: Mapping[str | None, str]) -> str:
    """An element as text, without the namespaces that are declared around it."""
    text: str = etree.tostring(element, encoding="unicode", with_tail=False)
    head, mark, rest = text.partition(">")
    for prefix, space in scope.items():
        head = head.replace(f' xmlns:{prefix}="{space}"' if prefix else f' xmlns="{space}"', "", 1)
    return head + mark + rest
