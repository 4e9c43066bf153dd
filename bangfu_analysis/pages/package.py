"""An office file (.docx .pptx) as its parts: what is not changed keeps its bytes."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docx.oxml.parser import element_class_lookup
from lxml import etree

from bangfu_analysis.errors import BangfuError

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?<\?xml.*?\?>\s*")
_NONE = f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{RELATIONS}"/>'.encode()
_PARSER = etree.XMLParser(resolve_entities=False, huge_tree=True)
_PARSER.set_element_class_lookup(element_class_lookup)


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
            message = "打不开。应为没有加密的 .docx 或 .pptx 文件，请在 Word、WPS 中另存后重试"
            raise BangfuError(f"{path.name}：{message}。") from fault

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

    def put(self, name: str, content: bytes, kind: str) -> None:
        """Put a part, and its content type where the package does not have it."""
        self.parts[name] = content
        types = self.tree("[Content_Types].xml")
        if not any(one.get("PartName") == f"/{name}" for one in types):
            etree.SubElement(types, f"{{{_TYPES}}}Override", PartName=f"/{name}", ContentType=kind)
            self.write("[Content_Types].xml", types)

    def relate(self, name: str, target: str, kind: str) -> str:
        """The id of a relation of the part `name` to the part `target`, made where there is none."""
        rels = _rels(name)
        self.parts.setdefault(rels, _NONE)
        root = self.tree(rels)
        ids = [one.get("Id") for one in root]
        if same := [id for id in ids if self.target(name, id) == target]:
            return str(same[0])
        new = next(f"rId{n}" for n in range(1, len(ids) + 2) if f"rId{n}" not in ids)
        relation = {"Id": new, "Type": f"{OFFICE}/{kind}", "Target": f"/{target}"}
        etree.SubElement(root, f"{{{RELATIONS}}}Relationship", relation)
        self.write(rels, root)
        return new

    def write(self, name: str, root: Any) -> None:
        """Put the changed tree of an XML part, declared as it was."""
        declared = _DECLARATION.match(self.parts[name])
        self.parts[name] = (declared[0] if declared else b"") + etree.tostring(root, encoding="UTF-8")


def _rels(name: str) -> str:
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")

