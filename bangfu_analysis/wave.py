"""A wave's settings: wave.toml, read and checked."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CallError, WaveSettingsError
from bangfu_analysis.settings import Beside, Words, read_settings

SETTINGS_FILE = "wave.toml"
BOOK_FILE, SCREENING_FILE = "questionnaire.yaml", "screening.yaml"
# How the report looks; frames do not depend on them.
OUTLINE_FILE, TEMPLATE_FILE = "outline.yaml", "template.docx"
REPORT_FILES = (OUTLINE_FILE, TEMPLATE_FILE, "exhibits.yaml", "release.yaml")
SETTINGS_BOOK = "设置.xlsx"
OWN_FILES = (SETTINGS_FILE, SETTINGS_BOOK, "mapping.yaml", "corrections.xlsx", BOOK_FILE, SCREENING_FILE)


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


def load_wave(folder: Path, *, columns: Collection[str] | None = None) -> Wave:
    """The settings of the wave in `folder`; with `columns` (of its data), whether those of [sample] are among
    them.

    Raises CallError where there is no such folder, WaveSettingsError where wave.toml is absent (the message
    holds a ready-made one) or says what settings.yaml does not allow.
    """
    if not folder.is_dir():
        raise CallError(f"找不到批次文件夹 {folder}。请检查路径；应为含有 {SETTINGS_FILE} 与各单位报表的文件夹。")
    path = folder / SETTINGS_FILE
    if not path.exists():
        told = f"请在该文件夹内新建 {SETTINGS_FILE}（UTF-8），粘贴以下内容并改成本批次的情况：\n\n{_example(folder)}"
        raise WaveSettingsError(f"批次文件夹 {folder} 中没有 {SETTINGS_FILE}。{told}")
    words = {**_words(folder), **({} if columns is None else {"columns": columns})}
    return Wave(folder=folder, **read_settings(path, "wave", words, error=WaveSettingsError))


def next_settings(text: str, name: str) -> str:
    """The wave.toml of the next wave: the year of `name` in the reference date, last wave's numbers as
    comments.
    """
    lines, section = [f"# 沿用上一批次的设置，请逐行确认后用于 {name}。"], ""
    for line in text.splitlines():
        section = line.strip() if line.startswith("[") else section
        stale = section.startswith(("[stated", "[population")) and not line.startswith("#") and line.strip()
        moved = re.sub(r"^(reference_date\s*=\s*)\d{4}", rf"\g<1>{name[:4]}", line) if name[:4].isdigit() else line
        lines.append(f"# {line}" if stale else moved)
    return "\n".join(lines) + "\n"


def codebooks(folder: Path) -> list[Path]:
    """What lies over the package's codebook: codebook.yaml of the study (and of the study of its counties),
    mapping.yaml.
    """
    study = folder.resolve().parent
    return [study.parent / "codebook.yaml", study / "codebook.yaml", folder / "mapping.yaml"]


def _words(folder: Path) -> Words:
    """The names that wave.toml may use: schemes and levels of the study's codebook."""
    codebook = load_codebook(*codebooks(folder))
    levels = codebook.variable("workers", "hardship_level").codes

    def parts_of(at: tuple[str, ...], _: Beside) -> Collection[str] | None:
        return codebook.variable("population", at[1]).codes or None

    return {
        "parts_of": parts_of,
        "schemes": [*codebook.schemes],
        "lines": [*dict.fromkeys([*codebook.crosswalk["line"], *levels])],
        "totals": ["workers_total", "hardship_total", *(f"{code}_total" for code in levels)],
        "dimensions": [*(v.name for v in codebook.of("population").values() if v.kind in ("choice", "unit"))],
    }


def _example(folder: Path) -> str:
    name = folder.resolve().name
    year = name[:4] if name[:4].isdigit() else str(datetime.date.today().year)
    return (
        f"reference_date = {year}-06-30      # 必填：年龄算到这一天\n"
        'scope = "某某区"                  # 调查范围\n'
        '# scheme = "s2018"                # 困难类别的口径：s2000、s2008、s2012、s2018；不填则推断\n'
        "# [line]\n# urban = 500                     # 低保标准，元/人·月\n"
        "# [population]\n# workers_total = 10000           # 职工总数（或另附一张职工人数表）\n"
        "# [stated]\n# hardship_total = 1000           # 上报的困难职工总数，用来核对\n"
    )
