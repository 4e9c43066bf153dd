"""Where things of a study lie: the waves and their files, and where outputs go."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bangfu_analysis.errors import CallError, did_you_mean, listed
from bangfu_analysis.files import safe_name, write
from bangfu_analysis.text import source_label
from bangfu_analysis.wave import (
    OWN_FILES,
    REPORT_FILES,
    SETTINGS_BOOK,
    SETTINGS_FILE,
    TEMPLATE_FILE,
    load_wave,
    next_settings,
)

IGNORED = "系统文件或临时文件，按名称忽略"
_SYSTEM = re.compile(r"(?i)\.|~\$|~.*\.tmp$|thumbs\.db$|ehthumbs|desktop\.ini$|.*\.(tmp|temp|bak|part|crdownload)$")
_READ_AS = re.compile(rb"(?m)^read_as:.*\n?(?:[ \t].*\n?)*")  # of mapping.yaml
_OURS = re.compile(r"\.git.*|\.lock|\.~[0-9a-f]{8}")
_CLONE = Path(__file__).parents[1]  # where the package is not installed from a wheel
_SHIPPED = Path(__file__).parent / "sample"  # a wheel holds the sample study here; a clone in data/raw


@dataclass(frozen=True)
class Places:
    """Where the outputs of a wave go: its frames are confidential, figures and report may be passed on."""

    frames: Path
    figures: Path
    report: Path


def places(folder: Path, out: Path | None = None) -> Places:
    """Output folders of the wave in `folder`: those of the project where it lies under data/raw, else
    `<wave>/_out`.

    `out` is the folder of the frames; beside one called `frames` stands `release` with what may be passed on.
    """
    wave = folder.resolve()
    raw = wave.parent.parent
    if out is None and (raw.name, raw.parent.name) == ("raw", "data"):
        root, own = raw.parent.parent, Path(wave.parent.name) / wave.name
        return Places(root / "data" / "processed" / own, root / "figures" / own, root / "reports" / own)
    chosen = out.resolve() if out else wave / "_out" / "frames"
    if chosen == wave or (wave in chosen.parents and not chosen.relative_to(wave).parts[0].startswith("_out")):
        raise CallError(f"输出文件夹 {chosen} 在批次文件夹之中，会与收到的文件混在一起。请用 --out 另选文件夹。")
    release = chosen.with_name("release") if chosen.name == "frames" else chosen
    return Places(chosen, release / "figures", release)


def wave_files(folder: Path) -> list[Path]:
    """The files as received, in order of name: not the wave's own files, nor what `not_read` tells."""
    return [path for path, why in _received(folder) if not why]


def not_read(folder: Path) -> dict[Path, str]:
    """What lies in a wave folder and is not read, and why, in Chinese: what is ignored by its name begins
    with IGNORED.
    """
    return {path: why for path, why in _received(folder) if why}


def county_waves(study: Path) -> list[Path]:
    """The wave folders of every county of a study, which lie at any depth below it; outputs (_out) are none.
    """
    found = sorted(path.parent for path in study.rglob(SETTINGS_FILE) if "_out" not in path.parts)
    if not found:
        raise CallError(f"{study} 之下没有带 {SETTINGS_FILE} 的批次文件夹。每个县区应为 {study.name}/县区/批次。")
    return found


def dataset_of(study: Path) -> Path:
    """Where the frames of all counties lie together: data/processed/<study> of a project, else <study>/_out.
    """
    whole = study.resolve()
    inside = (whole.parent.name, whole.parents[1].name) == ("raw", "data")
    return whole.parents[1] / "processed" / whole.name if inside else whole / "_out"


def _received(folder: Path) -> list[tuple[Path, str]]:
    """Everything in a wave folder, in order of name, with why it is not read ("" where it is); not what is
    our own.
    """
    found: dict[Path, str] = {}

    def closed(fault: OSError) -> None:
        found[Path(fault.filename)] = f"文件夹打不开（{fault.strerror}），其中的文件未读取。请检查权限"

    for place, inner, names in os.walk(folder, onerror=closed):
        for name in [*inner]:
            if (Path(place) / name).is_symlink():
                found[Path(place) / name] = "这是链接到别处的文件夹，其中的文件未读取。请把文件复制进来"
            if name.startswith((".", "_out")) or Path(place) / name in found:
                inner.remove(name)
        paths = [Path(place) / name for name in names if not _OURS.fullmatch(name)]
        found |= {path: _why_not(path) for path in paths if not is_own(path)}
    return sorted(found.items())


def _why_not(path: Path) -> str:
    """Why a file is not read; "" where it is."""
    if _SYSTEM.match(path.name):
        return IGNORED
    try:
        whole = stat.S_ISREG(path.stat().st_mode)
    except OSError as fault:
        target = "链接所指的文件不存在" if path.is_symlink() else f"文件打不开（{fault.strerror}）"
        return f"{target}，未读取。请把原文件复制进来"
    return "" if whole else "这是管道或设备，不是文件，未读取。请移走"


def shown(path: Path, folder: Path) -> str:
    """The name of a file of a wave as frames and messages give it: relative, with `/`, in characters that can
    be written.

    A name that is not UTF-8 (of an archive packed on Windows) is read as GB18030, or its bytes are spelled
    out; for one with a person's number in it stands a `source_label`.
    """
    name = path.relative_to(folder).as_posix()
    return "/".join(source_label(part) for part in _decoded(os.fsencode(name)).split("/"))


def _decoded(raw: bytes) -> str:
    for encoding in (sys.getfilesystemencoding(), "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def is_own(path: Path) -> bool:
    """Whether a file of a wave folder is the wave's own (settings, mapping, corrections), not one as
    received.
    """
    return path.name in (*OWN_FILES, *REPORT_FILES) or (path.name.startswith("corrections") and path.suffix == ".xlsx")


def find_wave(study: str, wave: str, start: Path | None = None) -> Path:
    """The folder data/raw/<study>/<wave> of the project that `start` (the working folder) lies in, or
    <study>/<wave> of a path.

    CallError names the waves that there are.
    """
    here = (start or Path.cwd()).resolve()
    if (here / study / wave / SETTINGS_FILE).exists():
        return here / study / wave
    for raw in _raw(here):
        if (folder := raw / study / wave).is_dir():
            return folder
    settings = [path for raw in _raw(here) for path in raw.glob(f"*/*/{SETTINGS_FILE}")]
    known = listed(sorted("/".join(path.parts[-3:-1]) for path in settings)) or "无"
    raise CallError(f"找不到批次 data/raw/{study}/{wave}。现有批次：{known}。请检查 study 与 wave。")


def find_study(name: str) -> Path:
    """The folder data/raw/<name> of the project around the working folder; CallError names those there are."""
    raws = _raw(Path.cwd().resolve())
    for raw in raws:
        if (folder := raw / name).is_dir():
            return folder
    known = sorted({path.name for raw in raws for path in raw.glob("*") if path.is_dir()})
    raise CallError(f"找不到调查 data/raw/{name}。现有：{listed(known) or '无'}。{did_you_mean(name, known)}")


def _raw(here: Path) -> list[Path]:
    """Where a project around a folder may keep what it received, the nearest first."""
    return [root / "data" / "raw" for root in (here, *here.parents)]


def levels(folder: Path) -> tuple[Path, Path]:
    """Where settings of a report may lie: the study's folder, then the wave's, which prevails."""
    return folder.resolve().parent, folder.resolve()


def decisions(folder: Path) -> list[Path]:
    """The workbooks in the study's folder that say who is one person over the waves: links.xlsx,
    links_<name>.xlsx.
    """
    return sorted(folder.resolve().parent.glob("links*.xlsx"))


def own_template(folder: Path) -> Path | None:
    """The union's own template.docx in the wave's or the study's folder; None where there is none."""
    return next((path for level in levels(folder)[::-1] if (path := level / TEMPLATE_FILE).exists()), None)


def study_waves(folder: Path) -> list[Path]:
    """The wave folders of the study that `folder` is a wave of, in order of their reference dates, up to this
    one.
    """
    this = load_wave(folder)
    waves = [load_wave(path.parent) for path in sorted(folder.resolve().parent.glob(f"*/{SETTINGS_FILE}"))]
    earlier = [wave for wave in waves if wave.reference_date <= this.reference_date]
    return [wave.folder for wave in sorted(earlier, key=lambda wave: (wave.reference_date, wave.name))]


def sample_study(raw: Path, study: str) -> Path:
    """The folder `raw`/<study> of a sample study: as it is, or else as the package ships it or tools/sample
    writes it.

    daoli is shipped; any other is written by the tool, which only a clone has: elsewhere a CallError says so.
    """
    folder = raw / study
    if folder.is_dir():
        return folder
    shipped = next((place for root in (_SHIPPED, _CLONE / "data" / "raw") if (place := root / study).is_dir()), None)
    if shipped:
        shutil.copytree(shipped, folder)
    elif (_CLONE / "tools" / "sample").is_dir():
        command = [sys.executable, "-m", "tools.sample", str(raw.resolve()), "--study", study]
        subprocess.run(command, cwd=_CLONE, check=True)
    else:
        raise CallError(f"示例调查 {study} 由源代码中的 tools/sample 生成，安装包里没有。请在源代码文件夹中运行，或改用 daoli。")
    return folder


def new_wave(study: Path, name: str) -> Path:
    """The folder of the next wave: last wave's mapping.yaml and 设置.xlsx, and its wave.toml with the year
    moved on.

    All are to be confirmed. Stated totals, denominators and what read_as says of files are kept as comments:
    they are the last wave's.
    CallError where the study has no wave yet or this one exists.
    """
    if safe_name(name) != name:
        raise CallError(f"批次名 {name!r} 不能用作文件夹名。请用年份等简单的名称，如 2010。")
    waves = sorted(study.glob(f"*/{SETTINGS_FILE}"), key=lambda path: load_wave(path.parent).reference_date)
    folder = study / name
    none = "" if waves else f"{study} 中还没有带 {SETTINGS_FILE} 的批次，没有可沿用的设置"
    if why := f"已有文件夹 {folder}" if folder.exists() else none:
        raise CallError(f"无法建立新批次：{why}。请检查调查文件夹与批次名。")
    last = waves[-1].parent
    settings = next_settings(waves[-1].read_text(encoding="utf-8-sig"), name)
    write(folder / SETTINGS_FILE, settings)
    for kept in ("mapping.yaml", SETTINGS_BOOK):
        if (last / kept).exists():
            write(folder / kept, _READ_AS.sub(_as_comments, (last / kept).read_bytes()))
    return folder


def _as_comments(lines: re.Match[bytes]) -> bytes:
    return re.sub(rb"(?m)^", b"# ", lines[0].rstrip(b"\n")) + b"\n"
