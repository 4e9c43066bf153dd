"""What a result was made from, by content, and so why it must be made again.

A mark beside a result lists its inputs and its own files with keyed digests: no content, and nothing that can
be guessed without the key. See docs/decisions/ on why whole waves are kept, and no raw cells.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path

from bangfu_analysis.errors import listed
from bangfu_analysis.files import write
from bangfu_analysis.keys import load_key
from bangfu_analysis.wave import codebooks, load_wave, places, report_settings, settings_of, shown, wave_files

Inputs = dict[str, str]  # "<kind> <name>" -> digest
MARK, REPORT_MARK = "inputs.json", "report.json"
_PACKAGE = Path(__file__).parent
_CLEANING = ("cleaning", "reading", "tidy", "codebooks")  # the folders, beside the modules above them
_READERS = ("pandas", "pyarrow", "python-calamine", "openpyxl", "pyreadstat")
_DRAWERS = ("matplotlib", "seaborn", "python-docx", "python-pptx", "XlsxWriter", "Jinja2")
_KEY = "密钥"


def wave_inputs(folder: Path) -> Inputs:
    """Everything that the frames of a wave depend on: its files, settings, codebooks, this package's code,
    and the key.

    Of wave.toml each setting by itself, `note` apart, which only the report prints.
    """
    wave = load_wave(folder)
    settings = {f.name: repr(getattr(wave, f.name)) for f in fields(wave) if f.name not in ("folder", "note")}
    return {
        **{f"文件 {shown(path, folder)}": _digest_of(path) for path in wave_files(folder)},
        **{f"设置 {name}": _digest(value.encode()) for name, value in settings.items()},
        "设置 name": _digest(wave.name.encode()),
        **_digests("设置", settings_of(folder)),
        **_digests("上级码本", [path for path in codebooks(folder)[:1] if path.exists()]),
        **_digests("码本", [path for path in codebooks(folder)[1:] if path.exists()]),
        **{name: digest for name, digest in _code(load_key()).items() if _cleans(name.partition(" ")[2])},
        **_versions(_READERS),
        _KEY: _digest(b"bangfu_analysis"),
    }


def report_inputs(waves: Sequence[Path]) -> Inputs:
    """Everything that the report on the last of the waves depends on; of the earlier ones one entry each."""
    *earlier, own = waves
    before = {
        f"批次 {wave.resolve().name}": _digest(json.dumps([wave_inputs(wave), load_wave(wave).note]).encode())
        for wave in earlier
    }
    note = {"设置 note": _digest(load_wave(own).note.encode())}
    layout = _digests("设置", report_settings(own), own.resolve().parent)
    return {**wave_inputs(own), **note, **layout, **before, **_code(load_key()), **_versions(_DRAWERS)}


def due(folder: Path, out: Path | None = None) -> list[str]:
    """Why a wave must be cleaned again, in Chinese; [] where its frames are those of what lies there now."""
    return reasons(places(folder, out).frames / MARK, wave_inputs(folder))


def stored(folder: Path, out: Path | None = None) -> dict[str, Path]:
    """The frames that the last clean of a wave has left: name -> file."""
    where = places(folder, out).frames
    files = (where / name for name in _stored(where / MARK)["files"])
    return {file.stem: file for file in files if file.suffix == ".parquet"}


def state(folder: Path, out: Path | None = None) -> str:
    """A keyed digest of the frames of a wave: another where the data are others."""
    files = _stored(places(folder, out).frames / MARK)["files"]
    return _digest(json.dumps(sorted(files.items())).encode())[:16]


def reasons(mark: Path, now: Inputs) -> list[str]:
    """Why a result with this mark must be made again from `now`, in Chinese; [] where nothing changed, its
    files included.
    """
    if not mark.exists():
        return ["没有以前的结果"]
    last = _stored(mark)
    was, files = last["inputs"], {name: mark.parent / name for name in last["files"]}
    if not was:
        return ["以前结果的记录已损坏"]
    if was.get(_KEY) != now[_KEY]:
        return ["假名密钥改变"]
    gone = [path.name for path in files.values() if not path.exists()]
    touched = [p.name for name, p in files.items() if p.exists() and _digest_of(p) != last["files"][name]]
    changed = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    code = [name.partition(" ")[2] for name in changed if name.startswith("程序 ")]
    how = dict.fromkeys(was.keys() - now, "已不在") | dict.fromkeys(now.keys() - was, "是新增的")
    told = [f"{name} {how.get(name, '内容改变')}" for name in changed if not name.startswith("程序 ")]
    groups = [("程序更新", code), ("成果不在原处", gone), ("成果被改动", touched)]
    return [*told, *(f"{what}（{listed(names)}）" for what, names in groups if names)]


def _stored(mark: Path) -> dict[str, Inputs]:
    """`inputs` and `files` as the mark says; both empty of a damaged one."""
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
        parts: list[Inputs] = [content["inputs"], content["files"]]
        whole = all(isinstance(digest, str) for part in parts for digest in part.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    return dict(zip(("inputs", "files"), parts if whole else ({}, {}), strict=True))


def write_mark(mark: Path, inputs: Inputs, files: Iterable[Path]) -> None:
    """Note what a result of `files` was made from; file names are kept relative to the mark."""
    outputs = {Path(os.path.relpath(path, mark.parent)).as_posix(): _digest_of(path) for path in files}
    text = json.dumps({"inputs": inputs, "files": outputs}, ensure_ascii=False, indent=1)
    write(mark, text, private=True)


def _digest(content: bytes) -> str:
    return hmac.digest(load_key(), content, "sha256").hex()


def _digest_of(path: Path) -> str:
    """The digest of a file, piece by piece; of one that cannot be read, why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hmac.new(load_key(), digestmod="sha256")).hexdigest()
    except OSError as fault:
        return str(fault.errno)


def _digests(kind: str, paths: Iterable[Path], root: Path | None = None) -> Inputs:
    return {f"{kind} {path.relative_to(root or path.parent).as_posix()}": _digest_of(path) for path in paths}


@lru_cache(maxsize=2)
def _code(key: bytes) -> Inputs:
    """The files of this package, which do not change while it runs."""
    files = sorted(path for path in _PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return _digests("程序", files, _PACKAGE)


def _cleans(name: str) -> bool:
    return "/" not in name or name.partition("/")[0] in _CLEANING


def _versions(packages: Sequence[str]) -> Inputs:
    return {f"环境 {name}": next((one.version for one in distributions(name=name)), "") for name in packages}
