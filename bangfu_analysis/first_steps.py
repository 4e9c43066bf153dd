"""What a newcomer asks first: a wave's settings, a variable's codes, and what is wrong with this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bangfu_analysis import __version__
from bangfu_analysis.cleaning.dates import read_date
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import BangfuError, CallError
from bangfu_analysis.files import safe_name, write
from bangfu_analysis.keys import key_file, load_key
from bangfu_analysis.notebook_runs import HOME
from bangfu_analysis.overlays import KINDS
from bangfu_analysis.pages.theme import register_font
from bangfu_analysis.report import LAST, NAMES
from bangfu_analysis.study import inspect, wave_codebook
from bangfu_analysis.tidy.settings_book import write_settings
from bangfu_analysis.tidy.values import infer_scheme
from bangfu_analysis.wave import REPORT_FILES, SETTINGS_BOOK, SETTINGS_FILE, Wave, load_wave, places, waves_in

QUESTIONS = {
    "reference_date": "年龄算到哪一天？年-月-日",
    "scope": "调查的范围叫什么（印在报告标题中）？",
    "scheme": "困难类别按哪个口径？s2000、s2008、s2012、s2018；不清楚请留空，由程序推断",
    "urban": "低保标准是每人每月多少元？没有请留空",
}
OLDEST, NEWEST = (3, 11), (3, 14)
MOST_CHARACTERS = 240  # of a path: Windows ends at 259, and outputs have longer names than inputs
_PLACE = re.compile(r"(?:.*?省)?(?:[\u4e00-\u9fff]{1,6}?市)?([\u4e00-\u9fff]{1,4}?[区县旗市])")
_READ_AS = re.compile(rb"(?m)^read_as:.*\n?(?:[ \t].*\n?)*")  # of mapping.yaml
_OPEN = re.compile(r"(?:~\$|\.~lock\.|\.~)(.+\.(?:xlsx?|xlsb|docx?|pptx?|ods|et|wps|csv))#?")


def start_wave(folder: Path, ask: Callable[[str, str], str]) -> Path:
    """Write wave.toml into a folder of files; `ask(question, default)` answers, again after a fault.

    Defaults come from the files: the latest date on them, the place in their titles, the scheme that their
    categories fit. CallError where there is a wave.toml already.
    """
    path = folder / SETTINGS_FILE
    if path.exists():
        raise CallError(f"{path} 已经有了，没有改动。要重新回答，请先移走或删除它。")
    defaults = _defaults(folder)
    schemes = wave_codebook(folder).schemes
    answers = {name: _answer(name, defaults[name], ask, [*schemes]) for name in QUESTIONS}
    lines = [f"reference_date = {answers['reference_date']}      # 年龄算到这一天"]
    lines += [f"scope = {json.dumps(answers['scope'], ensure_ascii=False)}"] if answers["scope"] else []
    lines += [f'scheme = "{answers["scheme"]}"      # 困难类别的口径'] if answers["scheme"] else []
    lines += ["[line]", f"urban = {answers['urban']}      # 低保标准，元/人·月"] if answers["urban"] else []
    write(path, "\n".join(lines) + "\n")
    load_wave(folder)
    return path


def _answer(name: str, default: str, ask: Callable[[str, str], str], schemes: list[str]) -> str:
    fault = ""
    while True:
        answer = ask(fault + QUESTIONS[name], default).strip()
        day = read_date(answer, reference=date.today())
        if name == "reference_date" and (not isinstance(day.value, date) or day.detail != "day"):
            fault = f"“{answer}”不是年月日齐全、不晚于今年的日期，应如 2024-06-30。"
        elif name == "scheme" and answer and answer not in schemes:
            fault = f"没有口径“{answer}”，可写 {'、'.join(schemes)}。"
        elif name == "urban" and answer and not (re.fullmatch(r"[1-9]\d{0,4}(\.\d+)?", answer)):
            fault = f"“{answer}”不是金额，应只写数字，如 735。"
        else:
            return str(day.value) if name == "reference_date" else answer


def _defaults(folder: Path) -> dict[str, str]:
    """What the files and the names of the folders say: question -> answer, "" where they do not."""
    today, sheets = date.today(), inspect(folder)
    tables = [table for sheet in sheets for table in sheet.tables]
    dates = [read_date(t.meta["date"], reference=today) for t in tables if t.meta.get("date")]
    days = [day.value for day in dates if isinstance(day.value, date) and day.detail == "day"]
    titles = [str(table.meta.get("title", "")) for table in tables]
    years = re.findall(r"(?:19|20)\d\d", " ".join([folder.resolve().name, *titles]))
    places = Counter(found[1] for title in titles if (found := _PLACE.match(title)))
    scheme, _ = infer_scheme(sheets, wave_codebook(folder), Wave(folder, today))
    return {
        "reference_date": str(max(days)) if days else f"{years[0] if years else today.year}-06-30",
        "scope": places.most_common(1)[0][0] if places else folder.resolve().parent.name,
        "scheme": scheme,
        "urban": "",
    }


def _next_settings(text: str, name: str) -> str:
    """The wave.toml of the next wave: the year of `name` in the reference date, last wave's numbers as
    comments.
    """
    lines, section = [f"# 沿用上一批次的设置，请逐行确认后用于 {name}。"], ""
    date, year = r"^(reference_date\s*=\s*)\d{4}", name[:4]
    for line in text.splitlines():
        section = line.strip() if line.startswith("[") else section
        stale = section.startswith(("[stated", "[population")) and not line.startswith("#") and line.strip()
        moved = re.sub(date, rf"\g<1>{year}", line) if year.isdigit() else line
        lines.append(f"# {line}" if stale else moved)
    return "\n".join(lines) + "\n"


def sample_study(raw: Path, study: str) -> Path:
    """The folder `raw`/<study> of a sample study: as it is, or else as the package ships it or tools/sample
    writes it.

    daoli is shipped; any other is written by the tool, which only a clone has: elsewhere a CallError says so.
    """
    folder = raw / study
    if folder.is_dir():
        return folder
    if (shipped := HOME / "data" / "raw" / study).is_dir():
        shutil.copytree(shipped, folder)
    elif (HOME / "tools" / "sample").is_dir():
        command = [sys.executable, "-m", "tools.sample", str(raw.resolve()), "--study", study]
        subprocess.run(command, cwd=HOME, check=True)
    else:
        message = "由源代码中的 tools/sample 生成，安装包里没有。请在源代码文件夹中运行，或改用 daoli。"
        raise CallError(f"示例调查 {study} {message}")
    return folder


def lay_down(project: Path) -> None:
    """The notebooks and the pages of docs/ in a project's folder, as far as it has none."""
    for name in ("notebooks", "docs"):
        if not (project / name).exists():
            shutil.copytree(HOME / name, project / name)


def new_wave(study: Path, name: str) -> Path:
    """The folder of the next wave: last wave's settings, its wave.toml with the year moved on; and its
    report, of which what people wrote stays when the new one is made.

    All are to be confirmed. Stated totals, denominators and what read_as says of files are kept as comments:
    they are the last wave's. So are decisions on replies, which are left out.
    CallError where the study has no wave yet or this one exists.
    """
    if safe_name(name) != name:
        raise CallError(f"批次名 {name!r} 不能用作文件夹名。请用年份等简单的名称，如 2010。")
    waves, folder = waves_in(study), study / name
    none = "" if waves else f"{study} 中还没有带 {SETTINGS_FILE} 的批次，没有可沿用的设置"
    if why := f"已有文件夹 {folder}" if folder.exists() else none:
        raise CallError(f"无法建立新批次：{why}。请检查调查文件夹与批次名。")
    last = waves[-1]
    settings = (last / SETTINGS_FILE).read_text(encoding="utf-8-sig")
    write(folder / SETTINGS_FILE, _next_settings(settings, name))
    if (last / "mapping.yaml").exists():
        text = (last / "mapping.yaml").read_bytes()
        text = _READ_AS.sub(lambda part: re.sub(rb"(?m)^(?=.)", b"# ", part[0]), text)
        write(folder / "mapping.yaml", text, private=True)
    if (last / SETTINGS_BOOK).exists():
        write_settings([], folder, last / SETTINGS_BOOK)
    old, new = places(last), places(folder)
    kept = {last / file: folder / file for file in REPORT_FILES}
    kept |= {old.report / NAMES["报告"]: new.report / NAMES["报告"], old.frames / LAST: new.frames / LAST}
    for path, target in kept.items():
        if path.exists():
            write(target, path.read_bytes(), private=LAST in target.name)
    return folder


def codes_of(name: str, codebook: Codebook) -> Iterator[str]:
    """Lines on a variable ([frame.]name) or band: what it is, each code, its label and what cells may say.

    >>> from bangfu_analysis.codebook import load_codebook
    >>> list(codes_of("workers.sex", load_codebook()))[1]
    'male    男    也认：M、Male、m、male、♂、先生、男士、男性、男职工'
    """
    if name in codebook.bands:
        band = codebook.bands[name]
        yield f"{name}：{band.label}，由 {band.variable} 归组"
        yield from (f"{level['code']}    {level['label']}" for level in band.levels)
        return
    variable = codebook.named(name)
    yield f"{variable.frame}.{variable.name}：{variable.label}（{variable.label_en}），{KINDS[variable.kind]}"
    for level in variable.levels:
        scheme = f"（{level.scheme}）" if level.scheme else ""
        also = "、".join(sorted(level.says - {level.label}))
        yield f"{level.code}    {level.label}{scheme}{f'    也认：{also}' if also else ''}"
    if variable.low is not None and variable.high is not None:
        yield f"范围：{variable.low:g} 至 {variable.high:g}，之外作缺失并列出"
    if variable.headings:
        yield f"列名：{'、'.join(variable.headings)}"


def faults_of_machine(folder: Path) -> Iterator[tuple[bool, str]]:
    """(well, sentence) on the versions, font, key; `folder`: writable or not, long paths, open files."""
    version = ".".join(map(str, sys.version_info[:3]))
    versions = f"bangfu {__version__}，Python {version}（应为 3.11 至 3.14），{sys.platform}"
    yield OLDEST <= sys.version_info[:2] <= NEWEST, versions
    yield _told(lambda: f"字体可用：{register_font()}")
    yield _told(_key)
    yield os.access(folder, os.W_OK), f"文件夹 {folder.resolve()}（应可写入）"
    paths = [path for path in folder.resolve().rglob("*") if ".git" not in path.parts]
    longest = max((len(str(path)) for path in paths), default=0)
    yield longest <= MOST_CHARACTERS, f"最长的路径 {longest} 个字符（应不超过 {MOST_CHARACTERS}）"
    opened = sorted({found[1] for path in paths if (found := _OPEN.fullmatch(path.name))})
    yield not opened, f"正在 Excel、Word 或 WPS 中打开的文件：{'、'.join(opened) or '无'}"


def _told(check: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, check()
    except (BangfuError, OSError) as fault:
        return False, str(fault)


def _key() -> str:
    if not key_file().exists():
        return f"化名密钥将在首次清洗时建立：{key_file()}"
    load_key()
    return f"化名密钥可用：{key_file()}，请另存一份备份"
