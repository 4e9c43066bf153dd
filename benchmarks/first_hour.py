"""Play docs/first-hour.md, its own blocks in their order, on the files of a wave, and of the next one.

python benchmarks/first_hour.py WAVE [NEXT] [--choices CHOICES]

CHOICES: YAML, what to choose in 设置.xlsx, {what files say: a choice}; without it nothing is chosen. Works
in a folder of its own; prints the exit status and the seconds of each step.
"""

import argparse
import builtins
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import docx
import openpyxl
import yaml

from bangfu_analysis.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "first-hour.md"
OURS = shutil.ignore_patterns("_out", "*.toml", "*.yaml", "设置.xlsx")
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def choose(path: Path, choices: dict[str, str]) -> None:
    """Fill 选择 of 设置.xlsx as a person would, and tell what is left open."""
    book = openpyxl.load_workbook(path)
    sheet = book["设置"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        word, cell = sheet.cell(row, at["原文"]).value, sheet.cell(row, at["选择"])
        cell.value = cell.value or choices.get(str(word))
        if word and not cell.value:
            print(f"   没有选：{sheet.cell(row, at['种类']).value} {word}")
    book.save(path)


def take_default(question: str) -> str:
    """An empty answer, as Enter gives it."""
    print(f"   {question}")
    return ""


def run(line: str, choices: dict[str, str]) -> int:
    """Run a line of a block; the exit status, 0 for lines that install."""
    if not line.startswith("bangfu "):
        return 0
    words, begun = line.split()[1:], time.perf_counter()
    status = main(words)
    print(f"== {line}：退出状态 {status}，{time.perf_counter() - begun:.0f} 秒", flush=True)
    if "--settings" in words:
        choose(Path(words[-1]) / "设置.xlsx", choices)
    return status


def play(wave: Path, later: Path | None, choices: dict[str, str]) -> int:
    """The worst exit status of all steps, in the working folder."""
    study, worst = Path("data/raw/daowai"), 0
    shutil.copytree(wave, study / "2024", ignore=OURS)
    document = docx.Document()
    for mark in ("{{句:level}}", "{{表:cause_main}}", "{{图:cause_main}}"):
        document.add_paragraph(mark)
    document.save("我的报告.docx")
    for kind, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "python":
            exec(code, {})
            continue
        worst = max([worst, *(run(line, choices) for line in code.splitlines())])
    if later:
        shutil.copytree(later, study / "2025", dirs_exist_ok=True, ignore=OURS)
        for step in ("inspect --settings data/raw/daowai/2025", "report data/raw/daowai/2025"):
            worst = max(worst, run(f"bangfu {step}", choices))
        worst = max(worst, run("bangfu check reports/daowai/2025/report.docx", choices))
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("wave", type=Path)
    parser.add_argument("later", type=Path, nargs="?")
    parser.add_argument("--choices", type=Path)
    given = parser.parse_args()
    chosen = yaml.safe_load(given.choices.read_text(encoding="utf-8")) if given.choices else {}
    wave, later = given.wave.resolve(), given.later.resolve() if given.later else None
    builtins.input = take_default
    os.chdir(tempfile.mkdtemp())
    print(Path.cwd())
    sys.exit(play(wave, later, chosen))
