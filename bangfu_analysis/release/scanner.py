"""The last look: every byte of what is to leave is searched for what belongs to a person."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.errors import Withdrawn, listed
from bangfu_analysis.keys import digests
from bangfu_analysis.text import squeeze

_ALONE = r"(?<![0-9A-Za-z.]){}(?![0-9A-Za-z]|\.\d)"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "身份证号": re.compile(_ALONE.format(r"[1-9]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d{4}[\dXx]")),
    "旧身份证号": re.compile(_ALONE.format(r"[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")),
    "手机号": re.compile(_ALONE.format(r"1[3-9]\d[ -]?\d{4}[ -]?\d{4}")),
    "银行卡号": re.compile(_ALONE.format(r"[3-6]\d{15,18}")),
    "车牌号": re.compile(rf"[{_PROVINCES}][A-HJ-Z][A-HJ-NP-Z0-9]{{5,6}}(?!\w)"),
    "账号": re.compile(r"[Qq]{2}[号:：]?\s*\d{5,}|wxid_\w+|[\w.+-]{1,64}@[\w-]+\.(?:com|cn|net)\b", re.ASCII),
}
_BLOCK = re.compile(r"</(?:[wac]:(?:pt?|tc|v)|si|v|c|row|p|t[dhr]|li|div|h\d|text|title|xdr:\w+)>|<br\s*/?>")
_TAG = re.compile(r"<(?!!--)[^>]*>")
_EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=\s]+")
_TOKEN = re.compile(r"[\u4e00-\u9fff·•]{2,}")
_PNG, _TEXTS = b"\x89PNG\r\n\x1a\n", (b"tEXt", b"zTXt", b"iTXt")


def codes_of(names: Iterable[str], key: bytes) -> list[str]:
    """Keyed hashes of names, in an order that says nothing of whose they are: what a scan knows them by."""
    tokens = {token for name in names for token in _TOKEN.findall(squeeze(name))}
    return sorted(digests((f"scan:{name}" for name in tokens), key))


@dataclass(frozen=True)
class Search:
    """What is searched for: numbers always; names, of which `codes_of` with this key gave the codes.

    A name counts as a whole token that is not `known` as a word or a unit.
    """

    codes: frozenset[str] = frozenset()
    key: bytes = b""
    known: frozenset[str] = frozenset()

    def kinds(self, texts: Iterable[str]) -> list[str]:
        """The kinds of what stands in texts, never the things."""
        every = list(texts)
        hits = ((kind, hit) for text in every for kind, p in PATTERNS.items() for hit in p.findall(text))
        kinds = {kind for kind, hit in hits if _is_meant(kind, hit)}
        tokens = {token for text in every for token in _TOKEN.findall(text)} if self.codes else set()
        named = not self.codes.isdisjoint(codes_of(tokens - self.known, self.key))
        return sorted(kinds | {"姓名"} if named else kinds)


def scan(paths: Iterable[Path], search: Search = Search()) -> dict[Path, list[str]]:  # noqa: B008
    """The files in which something of a person stands, each with the kinds of things, never the things.

    Searched are the bytes of each file, zipped parts, texts of pictures, parquet columns, escapes decoded.
    """
    found = {path: search.kinds([path.name, *_texts(path.read_bytes())]) for path in paths}
    return {path: kinds for path, kinds in found.items() if kinds}


def withdraw(kinds_found: Mapping[Path, list[str]]) -> None:
    """Takes the files away in which something was found, and says which; nothing where nothing was found."""
    for path in kinds_found:
        path.unlink(missing_ok=True)
    if kinds_found:
        files = listed(f"{path.name}（{'、'.join(kinds)}）" for path, kinds in kinds_found.items())
        to_do = "请检查原表中的单位名称、备注和标题后重新运行"
        raise Withdrawn(f"发布前检查：下列文件中有个人信息，已撤回：{files}。{to_do}。")


def _is_meant(kind: str, hit: str) -> bool:
    """Whether a number keeps to its check digit, where it has one (that of a bank card is Luhn's)."""
    if kind == "身份证号":
        return check_character(hit[:17]) == hit[17].upper()
    doubled = [int(d) * (2 - place % 2) for place, d in enumerate(hit[::-1], 1)] if kind == "银行卡号" else []
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _texts(data: bytes) -> Iterator[str]:
    """Everything readable in a file."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for name in package.namelist():
                yield name
                yield from _texts(package.read(name))
    elif data.startswith(_PNG):
        yield from _of_picture(data)
    elif data.startswith(b"PAR1"):
        import pyarrow.parquet as pq

        table = pq.read_table(io.BytesIO(data))
        yield b" ".join((table.schema.metadata or {}).values()).decode("utf-8", "ignore")
        for column in table.columns:
            yield "\n".join(str(value) for value in column.unique().to_pylist() if value is not None)
    elif data.startswith(b"%PDF"):
        streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
        yield from (_inflated(stream).decode("latin-1") for stream in streams)
    else:
        text = _EMBEDDED.sub("", data.decode("utf-8", "ignore"))
        yield text
        yield html.unescape(_TAG.sub("", _BLOCK.sub("\n", text)))
        if "\\u" in text:
            yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)


def _of_picture(data: bytes) -> Iterator[str]:
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        chunk = data[at + 8 : at + 8 + size]
        if kind in _TEXTS:
            yield chunk.decode("utf-8", "ignore")
            for packed in re.finditer(rb"x[\x01\x5e\x9c\xda]", chunk):
                yield _inflated(chunk[packed.start() :]).decode("utf-8", "ignore")
        at += size + 12


def _inflated(data: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(data)
    return b""
