"""The pseudonym key: where it lives, how it is made, and what it makes.

A `person_id` is `p` and 16 hexadecimal digits of keyed BLAKE2b (RFC 7693) over what identifies a person.
Whoever has no key can neither compute nor check one. The key lies in the user's own folder, never under
data/; who loses it can no longer link new waves to processed frames made before (clean all waves again with
the new key).
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.files import locked, write

KEY_FILE_VARIABLE = "BANGFU_KEY_FILE"
KEY_BYTES = 32


def key_file() -> Path:
    """Where the key lies: `BANGFU_KEY_FILE` if set, else the user's own settings folder."""
    if chosen := os.environ.get(KEY_FILE_VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local")))  # does not roam
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config")))
    return folder / "bangfu_analysis" / "pseudonym.key"


def load_key() -> bytes:
    """The key, made at first use and readable by its owner alone.

    Raises BangfuError where the file exists but holds no key, since a new one would silently break all links.
    """
    place = _settled(key_file())
    if not place.exists():
        with locked(place.parent):
            if not place.exists():  # another process may have made it in the meantime: that one counts
                write(place, secrets.token_hex(KEY_BYTES), private=True)
    if why := _fault(data := place.read_bytes()):
        raise BangfuError(
            f"化名密钥文件 {place} 不能用：{why}；应为 {2 * KEY_BYTES} 位十六进制字符。请从备份恢复；"
            "若没有备份，请移走该文件后重新清洗全部批次（旧的 person_id 将不再对应）。"
        )
    return bytes.fromhex(data.decode("ascii"))


def _settled(place: Path) -> Path:
    """`place`, to which a key is moved that an earlier version kept in the roaming profile of Windows."""
    roaming = os.environ.get("APPDATA", "") if sys.platform == "win32" else ""
    old = Path(roaming) / "bangfu_analysis" / place.name
    if roaming and old.exists() and not place.exists():
        write(place, old.read_bytes(), private=True)
        old.unlink()
    return place


def _fault(data: bytes) -> str:
    """Why a file's content is no key, "" where it is one."""
    if not data.strip():
        return "文件是空的"
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "文件带有 BOM，像是被文本编辑器另存过"
    try:
        key = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return "内容不是十六进制"
    if len(key) < KEY_BYTES:
        return f"只有 {len(key)} 个字节"
    return "密钥过弱（字节大多相同）" if len(set(key)) < KEY_BYTES // 4 else ""


def pseudonym(identity: str, key: bytes) -> str:
    """`p` + 16 hex digits, the same for the same identity and key."""
    return pseudonyms([identity], key)[0]


def pseudonyms(identities: Iterable[str], key: bytes) -> list[str]:
    """The pseudonym of each identity, in their order."""
    return ["p" + code for code in digests(identities, key)]


def digests(texts: Iterable[str], key: bytes) -> list[str]:
    """A keyed hash (BLAKE2b) of each text: 16 hexadecimal digits."""
    return [blake2b(text.encode("utf-8"), key=key[:64], digest_size=8).hexdigest() for text in texts]
