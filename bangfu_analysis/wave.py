"""A wave: its folder, what wave.toml says, the files as received, and where outputs go."""

from __future__ import annotations

import datetime
import math
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CallError, WaveSettingsError, did_you_mean, listed
from bangfu_analysis.settings import Words, read_settings
from bangfu_analysis.text import source_label

SETTINGS_FILE = "wave.toml"
BOOK_FILE, SCREENING_FILE = "questionnaire.yaml", "screening.yaml"
# How the report looks; frames do not depend on them.
OUTLINE_FILE, TEMPLATE_FILE = "outline.yaml", "template.docx"
REPORT_FILES = (OUTLINE_FILE, TEMPLATE_FILE, "exhibits.yaml", "release.yaml")
SETTINGS_BOOK = "设置.xlsx"
OWN_FILES = (SETTINGS_FILE, SETTINGS_BOOK, "mapping.yaml", "corrections.xlsx", BOOK_FILE, SCREENING_FILE)
IGNORED = "系统文件或临时文件，按名称忽略"
_SYSTEM = re.compile(r"(?i)\.|~\$|thumbs\.db$|ehthumbs|desktop\.ini$|.*\.(tmp|temp|bak|part|crdownload)$")
_NEAR_BOOK = re.compile(r"(?i)(设置\s*([(（-].*)?|corrections?[^.]*)\.(xlsx?|xlsm|et|csv)$")
_OURS = re.compile(r"\.git.*|\.lock|\.~[0-9a-f]{8}")


@dataclass(frozen=True)
class Wave:
    """What wave.toml says, and where the wave lies.

    `note`: a sentence that the report prints under its title (about the sources, say). `line`: yuan per
    person per month by name; `population`: denominators by name; `stated`: totals that the reporting union
    stated; `sample`: names of the weight, strata, cluster and fpc columns, empty for a full roster.
    """

    folder: Path
    reference_date: datetime.date
    scope: str = ""
    scheme: str = ""
    include_hidden: bool = False
    note: str = ""
    line: Mapping[str, Any] = field(default_factory=dict)
    population: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The wave's name: its folder's."""
        return self.folder.resolve().name

    @property
    def study(self) -> str:
        """The study's name: the folder above."""
        return self.folder.resolve().parent.name


def load_wave(folder: Path, *, columns: Mapping[str, bool] | None = None) -> Wave:
    """The settings of the wave in `folder`; with `columns` (of its data -> whether they hold numbers),
    whether those of [sample] are among them.

    Raises CallError where there is no such folder, WaveSettingsError where wave.toml is absent (the message
    holds a ready-made one) or says what settings.yaml does not allow.
    """
    if not folder.is_dir():
        advice = f"应为含有 {SETTINGS_FILE} 与各单位报表的文件夹。"
        raise CallError(f"找不到批次文件夹 {folder}。请检查路径；{advice}")
    path = folder / SETTINGS_FILE
    for fault in filter(None, map(_misnamed, sorted(folder.iterdir()))):
        raise WaveSettingsError(fault)
    if not path.exists():
        advice = f"请在该文件夹内新建 {SETTINGS_FILE}（UTF-8），粘贴以下内容并改成本批次的情况："
        raise WaveSettingsError(f"批次文件夹 {folder} 中没有 {SETTINGS_FILE}。{advice}\n\n{_example(folder)}")
    words = partial(_words, folder, columns)
    content = read_settings(path, "wave", words, error=WaveSettingsError, against=partial(_against, folder))
    return Wave(folder=folder, **content)


def _misnamed(path: Path) -> str:
    """What is wrong with the name of a file that looks like settings; "" where nothing is."""
    names = [*OWN_FILES, *REPORT_FILES]
    if is_own(path) or path.name in names or path.name.startswith((".", "~$")):
        return ""
    if path.name == "codebook.yaml":
        message = "应放在上一级的调查文件夹中；只对本批次有效的，写在 mapping.yaml 中"
        return f"{path.name}：{message}。请移动或改名。"
    message = "不是设置文件的名称，不会采用"
    if _NEAR_BOOK.match(path.name):
        near = SETTINGS_BOOK if path.name.startswith("设置") else "corrections.xlsx"
    elif not re.search(r"(?i)\.(ya?ml|toml|tml)(\.txt)?$", path.name):
        return ""
    else:
        near = next(iter(get_close_matches(path.name.casefold(), names, n=1, cutoff=0.75)), "")
    return f"{path.name}：{message}。是否想写 {near}？请改名，或移出这个文件夹。" if near else ""


def codebooks(folder: Path) -> list[Path]:
    """What lies over the package's codebook: codebook.yaml of the study (and of the study of its counties),
    mapping.yaml.
    """
    study = folder.resolve().parent
    return [study.parent / "codebook.yaml", study / "codebook.yaml", folder / "mapping.yaml"]


def _words(folder: Path, columns: Mapping[str, bool] | None, content: Mapping[str, Any]) -> Words:
    """The names that wave.toml may use: schemes and levels (of the wave's scheme) of the study's codebook."""
    codebook = load_codebook(*codebooks(folder))
    levels = codebook.variable("workers", "hardship_level").codes
    of_scheme = codebook.schemes.get(str(content.get("scheme")), {}).get("levels", levels)
    held: Words = {} if columns is None else {
        "columns": columns, "numbers": [name for name, number in columns.items() if number]
    }  # fmt: skip
    return {
        **held,
        "parts_of": lambda at, _: codebook.variable("population", at[1]).codes or None,
        "schemes": [*codebook.schemes],
        "lines": [*dict.fromkeys([*codebook.crosswalk["line"], *of_scheme])],
        "totals": ["workers_total", "hardship_total", *(f"{code}_total" for code in of_scheme)],
        "dimensions": [*(v.name for v in codebook.of("population").values() if v.kind in ("choice", "unit"))],
    }


def _against(folder: Path, content: Mapping[str, Any]) -> Iterator[str]:
    """Columns of stages that the sample has not; totals that are less than their parts, or not their sum."""
    sample, stated, population = (content.get(part, {}) for part in ("sample", "stated", "population"))
    several = {key: len(names) for key, names in sample.items() if isinstance(names, list)}
    stages = several.get("cluster", 1)
    for key in (key for key in ("strata", "fpc") if several.get(key, 1) > stages):
        fault = f"{key} 有 {several[key]} 列，而抽样只有 {stages} 个阶段（cluster 每个阶段一列）"
        yield f"sample：{fault}。请去掉多余的列，或补上 cluster。"
    codebook = load_codebook(*codebooks(folder))
    levels = codebook.schemes.get(content.get("scheme", ""), {}).get("levels", ())
    parts = {name: n for name, n in stated.items() if name not in ("workers_total", "hardship_total")}
    yield from _unequal(stated, "hardship_total", parts, len(levels) == len(parts) > 0)
    workers = {**population, **stated}
    yield from _unequal(workers, "workers_total", {k: n for k, n in stated.items() if k == "hardship_total"})
    for name, of in ((key, each) for key, each in population.items() if isinstance(each, dict)):
        codes = codebook.variable("population", name).codes
        yield from _unequal(population, "workers_total", of, len(codes) == len(of) > 0)


def _unequal(
    totals: Mapping[str, Any], name: str, parts: Mapping[str, int], complete: bool = False
) -> Iterator[str]:
    """Where the parts of a total are more than it, or (all of them) not as many."""
    total, whole = sum(parts.values()), totals.get(name, math.inf)
    if total > whole or (complete and total < whole < math.inf):
        counts = listed(f"{part} {n}" for part, n in parts.items())
        summed = f" 合计 {total}，" if len(parts) > 1 else " "
        way = "多于" if total > whole else "少于"
        yield f"{counts}{summed}{way} {name} 的 {whole}。请核对改正，或去掉一处。"


def _example(folder: Path) -> str:
    year = folder.resolve().name[:4]
    text = Path(__file__).with_name("example.toml").read_text(encoding="utf-8")
    return text.format(year=year if year.isdigit() else datetime.date.today().year)


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
    root, place = project_of(wave.parent), Path(wave.parent.name) / wave.name
    if out is None and root:
        return Places(root / "data" / "processed" / place, root / "figures" / place, root / "reports" / place)
    chosen = out.resolve() if out else wave / "_out" / "frames"
    received = root / "data" / "raw" if root else wave
    own_out = chosen.is_relative_to(wave) and str(chosen.relative_to(wave)).startswith("_out")
    if chosen.is_relative_to(received) and not own_out:
        advice = "会与收到的文件混在一起。请用 --out 另选文件夹。"
        raise CallError(f"输出文件夹 {chosen} 在收到的文件之中（{received}），{advice}")
    release = chosen.with_name("release") if chosen.name == "frames" else chosen
    return Places(chosen, release / "figures", release)


def project_of(study: Path) -> Path | None:
    """The project in whose data/raw a study lies; None where it lies elsewhere."""
    inside = (study.parent.name, study.parent.parent.name) == ("raw", "data")
    return study.parents[2] if inside else None


def wave_files(folder: Path) -> list[Path]:
    """The files as received, in order of name: not the wave's own files, nor what `not_read` tells."""
    return [path for path, why in _received(folder) if not why]


def not_read(folder: Path) -> dict[Path, str]:
    """What lies in a wave folder and is not read, and why, in Chinese: what is ignored by its name begins
    with IGNORED.
    """
    return {path: why for path, why in _received(folder) if why}


def _received(folder: Path) -> list[tuple[Path, str]]:
    """Everything in a wave folder, in order of name, with why it is not read ("" where it is); not what is
    our own.
    """
    reasons: dict[Path, str] = {}

    def closed(fault: OSError) -> None:
        reasons[Path(fault.filename)] = f"文件夹打不开（{fault.strerror}），其中的文件未读取。请检查权限"

    for place, inner, names in os.walk(folder, onerror=closed):
        for name in [*inner]:
            if (Path(place) / name).is_symlink():
                reasons[Path(place) / name] = "这是链接到别处的文件夹，其中的文件未读取。请把文件复制进来"
            if name.startswith((".", "_out")) or Path(place) / name in reasons:
                inner.remove(name)
        paths = [Path(place) / name for name in names if not _OURS.fullmatch(name)]
        reasons |= {path: _why_not(path) for path in paths if not is_own(path)}
    return sorted(reasons.items())


def _why_not(path: Path) -> str:
    """Why a file is not read; "" where it is."""
    if _SYSTEM.match(path.name):
        return IGNORED
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError as fault:
        target = "链接所指的文件不存在" if path.is_symlink() else f"文件打不开（{fault.strerror}）"
        return f"{target}，未读取。请把原文件复制进来"
    return "" if is_file else "这是管道或设备，不是文件，未读取。请移走"


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


def settings_of(folder: Path) -> list[Path]:
    """What else people wrote for the frames of a wave: beside wave.toml and mapping.yaml, in its folder."""
    elsewhere = (SETTINGS_FILE, "mapping.yaml", *REPORT_FILES)
    return [path for path in sorted(folder.iterdir()) if is_own(path) and path.name not in elsewhere]


def report_settings(folder: Path) -> list[Path]:
    """What people wrote for the reports of a study and of a wave, and who is one person over the waves."""
    pages = [level / name for level in levels(folder) for name in REPORT_FILES]
    return [*filter(Path.exists, pages), *decisions(folder)]


def is_own(path: Path) -> bool:
    """Whether a file of a wave folder is the wave's own (settings, mapping, corrections), not one as
    received.
    """
    return path.name in (*OWN_FILES, *REPORT_FILES) or path.match("corrections*.xlsx")


def levels(folder: Path) -> tuple[Path, Path]:
    """Where settings of a report may lie: the study's folder, then the wave's, which prevails."""
    return folder.resolve().parent, folder.resolve()


def decisions(folder: Path) -> list[Path]:
    """The workbooks in the study's folder that say who is one person over the waves: links.xlsx,
    links_<name>.xlsx.
    """
    return sorted(folder.resolve().parent.glob("links*.xlsx"))


def waves_in(study: Path) -> list[Path]:
    """The wave folders of a study in the order of their reference dates."""
    waves = [load_wave(path.parent) for path in study.glob(f"*/{SETTINGS_FILE}")]
    return [wave.folder for wave in sorted(waves, key=lambda wave: (wave.reference_date, wave.name))]


def study_waves(folder: Path) -> list[Path]:
    """The wave folders of the study that `folder` is a wave of, in the same order, up to this one."""
    load_wave(folder)
    waves = waves_in(folder.resolve().parent)
    return waves[: waves.index(folder.resolve()) + 1]


def find_wave(study: str, wave: str) -> Path:
    """The folder data/raw/<study>/<wave> of the project that the working folder lies in, or <study>/<wave> of
    a path.

    CallError names the waves that there are.
    """
    here = Path.cwd()
    folders = [root / study / wave for root in (here, *_raw(here))]
    settled = [folder for folder in folders if (folder / SETTINGS_FILE).exists()]
    if matches := settled or [folder for folder in folders[1:] if folder.is_dir()]:
        return matches[0]
    settings = [path for raw in _raw(here) for path in raw.glob(f"*/*/{SETTINGS_FILE}")]
    waves = listed(sorted("/".join(path.parts[-3:-1]) for path in settings)) or "无"
    advice = f"现有批次：{waves}。请检查 study 与 wave；不在项目文件夹中的，study 写调查文件夹的完整路径。"
    raise CallError(f"找不到批次 data/raw/{study}/{wave}。{advice}")


def find_study(study: str | Path) -> Path:
    """A study's folder: a path, or data/raw/<name> of the project around the working folder; CallError names
    those there are.
    """
    raws = _raw(Path.cwd())
    folders = [Path(study), *(raw / study for raw in raws)]
    if match := next(filter(Path.is_dir, folders), None):
        return match
    studies = sorted({path.name for raw in raws for path in raw.glob("*") if path.is_dir()})
    near = did_you_mean(str(study), studies)
    raise CallError(f"找不到调查 data/raw/{study}。现有：{listed(studies) or '无'}。{near}")


def _raw(here: Path) -> list[Path]:
    """Where a project around a folder may keep what it received, the nearest first."""
    return [root / "data" / "raw" for root in (here, *here.parents)]
