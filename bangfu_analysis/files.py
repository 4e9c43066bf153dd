"""The one writer: a file is put in place whole, or what was there stays as it was.

Content goes to a temporary file in the same folder, is forced to the disk, and takes its name in one step on
every system. Whoever stops in between finds the old file, and the next run writes over the temporary one.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bangfu_analysis.errors import BangfuError

BACKUP, LOCK = ".bak", ".lock"
WAIT = 60.0  # seconds that a run waits for another on the same wave
MOST_BYTES = 180  # of a name in UTF-8: file systems hold 255, and endings are added
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)")
_WHY = {
    errno.ENOSPC: "磁盘已满。请腾出空间",
    errno.EDQUOT: "磁盘配额已用完。请腾出空间",
    errno.EROFS: "磁盘是只读的。请用 --out 指定可写的文件夹",
    errno.EACCES: "文件可能正在 Excel、Word 或 WPS 中打开，或所在文件夹只读。请关闭文件或检查权限",
    errno.EPERM: "文件可能正在 Excel、Word 或 WPS 中打开，或所在文件夹只读。请关闭文件或检查权限",
    errno.ENAMETOOLONG: "路径过长。请用 --out 指定较短的文件夹",
    errno.EISDIR: "同名的文件夹挡在那里。请移走或改名",
    errno.EEXIST: "路径中有一段是文件，不是文件夹。请移走该文件，或另选文件夹",
    errno.ENOTDIR: "路径中有一段是文件，不是文件夹。请移走该文件，或另选文件夹",
    errno.ENOENT: "所在的磁盘或文件夹不存在。请检查路径",
}


class WriteFailed(BangfuError):
    """A file could not be written; what was there before is untouched."""

    @classmethod
    def of(cls, path: Path, fault: OSError) -> WriteFailed:
        """The system's `fault` in writing `path`, worded."""
        return cls(f"{path}：无法写入，{why(fault)}后重新运行（原有的文件没有改动）。")


def why(fault: OSError) -> str:
    """What the system's `fault` means and what to do, in Chinese."""
    return _WHY.get(fault.errno or 0, f"系统提示：{fault.strerror or fault}。请检查该位置")


def write(path: Path, content: bytes | str, *, keep: bool = False, private: bool = False) -> Path:
    """Put `content` (text as UTF-8, line ends as they are) at `path`, making its folder; returns `path`.

    keep: what stood there, if it said something else, stays beside it under the same name and `.bak`: people
    may have edited it. private: readable by its owner alone. Raises WriteFailed, with the old file intact.

    >>> from pathlib import Path
    >>> write(Path(getfixture("tmp_path")) / "新" / "a.txt", "一").read_text(encoding="utf-8")
    '一'
    """
    target, data = Path(os.path.realpath(path)), content.encode() if isinstance(content, str) else content
    with _replacing(target, path) as temporary:
        if keep and target.exists() and (old := target.read_bytes()) != data:
            write(target.with_name(target.name + BACKUP), old, private=private)
        _write_through(temporary, data, 0o600 if private else 0o666)
    return path


def place(path: Path, source: Path) -> Path:
    """Put the file `source` at `path` too, whole: a link to it, or a copy where the disk has no links."""
    with _replacing(path, path) as temporary:
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copy2(source, temporary)
    return path


@contextmanager
def _replacing(target: Path, path: Path) -> Iterator[Path]:
    """A temporary file beside `target`, whose name it takes in the end; WriteFailed, of `path`, instead of
    the system's faults.
    """
    temporary = target.with_name(f".~{zlib.crc32(os.fsencode(target.name)):08x}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as fault:
        raise WriteFailed.of(path, fault) from fault


def _write_through(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While this holds, no other run works on `folder`, which is made; the same run may hold it twice.

    Another run waits `WAIT` seconds and is then told by a BangfuError; a run that was killed leaves no lock.
    """
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=WAIT, is_singleton=True)
        lock.acquire()
    except filelock.Timeout as fault:
        message = f"另一个 bangfu 正在处理 {folder}，等了 {WAIT:.0f} 秒仍未结束。请等它完成后重新运行。"
        raise BangfuError(message) from fault
    except OSError as fault:
        raise WriteFailed.of(folder, fault) from fault
    try:
        yield
    finally:
        lock.release()


def safe_name(text: str) -> str:
    """A file's name, without ending, that Windows, macOS and Linux can hold; 未命名 where nothing is left.

    >>> safe_name('一/二: "三"'), safe_name("con"), safe_name(" . ")
    ('一_二_ _三_', 'con_', '未命名')
    """
    normal = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
    name = _FORBIDDEN.sub("_", normal)
    while len(name.encode()) > MOST_BYTES:
        name = name[:-1]
    name = name.strip(" .")
    return _RESERVED.sub(r"\1_", name, count=1) if _RESERVED.match(name) else name or "未命名"


def safe_names(texts: Iterable[str]) -> dict[str, str]:
    """Text -> its safe name; names that differ in case alone, or became equal, are numbered.

    >>> safe_names(["A", "a", "甲"])
    {'A': 'A', 'a': 'a_2', '甲': '甲'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        plain, n = safe_name(text), 1
        while (name := plain if n == 1 else f"{plain}_{n}").casefold() in taken:
            n += 1
        taken.add(name.casefold())
        names[text] = name
    return names
