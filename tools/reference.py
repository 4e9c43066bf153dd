"""Write docs/reference from the codebook, the exhibits, the measures, the settings and the commands.

python -m tools.reference        tests/test_docs.py holds the pages to what this writes.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

import bangfu_analysis
from bangfu_analysis.cli import _parser
from bangfu_analysis.codebook import Codebook, Variable, load_codebook
from bangfu_analysis.exhibits.recipes import load_recipes
from bangfu_analysis.overlays import KINDS

HOUSE = Path(bangfu_analysis.__file__).parent
FOLDER = HOUSE.parent / "docs" / "reference"
WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
RULES: dict[str, str] = WORDS["rules"]
WORKED_OUT = (property, cached_property)
PUBLIC: list[str] = vars(bangfu_analysis)["__all__"]
MADE = "本页由 `python -m tools.reference` 写出，请勿手改。Made by a script; do not edit.\n\n"


def pages() -> dict[str, str]:
    """File name -> the page, of every page of the reference."""
    codebook = load_codebook()
    return {
        "variables.md": _page("变量一览 / Variables", _variables(codebook)),
        "bands.md": _page("分组一览 / Bands", _bands(codebook)),
        "exhibits.md": _page("表图一览 / Exhibits", _exhibits()),
        "measures.md": _page("度量一览 / Measures", _measures()),
        "settings.md": _page("设置一览 / Settings", _settings()),
        "functions.md": _page("函数一览 / Functions", _functions()),
        "commands.md": _page("命令一览 / Commands", _commands()),
    }


def _page(title: str, lines: Iterable[str]) -> str:
    return f"# {title}\n\n{MADE}" + "\n".join(lines) + "\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads := [*heads])} |"
    yield "|" + "---|" * len([*heads])
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _variables(codebook: Codebook) -> Iterator[str]:
    yield "列名整个比较；代码旁是印出的标签。`bangfu codes 变量` 另列出单元格的各种写法。"
    yield "种类写作“不保留”的不离开原始文件。\n"
    for frame, label in WORDS["frames"].items():
        yield f"## {frame}（{label}）\n"
        heads = ("变量", "名称", "English", "种类", "范围", "代码", "列名")
        yield from _table(heads, (_variable(each) for each in codebook.of(frame).values()))


def _variable(each: Variable) -> Iterator[str]:
    labels = {level.code: level.label for level in reversed(each.levels)}
    yield from (f"`{each.name}`", each.label, each.label_en, KINDS[each.kind].partition("，")[0])
    yield f"{each.low:g}–{each.high:g}" if each.low is not None and each.high is not None else ""
    yield "、".join(f"`{code}` {labels[code]}" for code in each.codes)
    yield "、".join(each.headings)


def _bands(codebook: Codebook) -> Iterator[str]:
    rows = (
        (f"`{band.name}`", band.label, band.label_en, f"`{band.variable}`",
         "、".join(f"`{level['code']}` {level['label']}" for level in band.levels))
        for band in codebook.bands.values()
    )  # fmt: skip
    yield from _table(("分组", "名称", "English", "由哪个变量", "各级"), rows)


def _exhibits() -> Iterator[str]:
    yield "报告的表图。`id` 也是标记 `{{表:id}}`、`now.exhibit(\"id\")` 用的名称。\n"
    rows = (
        (f"`{one.id}`", one.section, one.make, ", ".join(one.by) or one.of, one.within, one.draw,
         ", ".join(one.text), one.title)
        for one in load_recipes()
    )  # fmt: skip
    yield from _table(("id", "section", "make", "by / of", "within", "draw", "text", "标题"), rows)
    yield "## 一行可以写什么\n\n```text"
    text = (HOUSE / "exhibits" / "exhibits.yaml").read_text(encoding="utf-8")
    yield from (line.removeprefix("# ") for line in text.splitlines() if line.startswith("#"))
    yield "```"


def _measures() -> Iterator[str]:
    yield "结果框中不是分组的列。种类：count 整数，percent 占比（印成百分数），points 百分点，number 数，"
    yield "p 为 p 值，amount 金额等，text 文字，flag 不印。\n"
    measures = yaml.safe_load((HOUSE / "exhibits" / "measures.yaml").read_text(encoding="utf-8"))
    rows = ((f"`{name}`", m["kind"], m.get("zh", ""), m.get("en", "")) for name, m in measures.items())
    yield from _table(("度量", "种类", "中文", "English"), rows)


def _settings() -> Iterator[str]:
    yield "各设置文件可以写什么；带 * 的必填。写错时，会指出文件、行号和最接近的正确写法。\n"
    rules = yaml.safe_load((HOUSE / "settings.yaml").read_text(encoding="utf-8"))
    for part, file in WORDS["files"].items():
        yield f"## {file}\n"
        yield from _table(("键", "写什么", "作用"), _keys(rules[part], (), part))


def _keys(rules: Mapping[str, Any], at: tuple[str, ...], part: str) -> Iterator[tuple[str, str, str]]:
    """Key, what may stand there, what it does; of entries known or new, the rules of a new one."""
    for key, rule in rules.items():
        of_all = key in ("+", "/", "//", "=", "<", "?") or f"{key}!" in rules
        if of_all or (key == "*$known" and {"*name", "*"} & {*rules}):
            continue
        star = "数" if key == "*#" else RULES.get(key[1:], "名称")
        name = f"〈{star}〉" if key.startswith("*") else key.rstrip("!")
        path = (*at, name)
        rules_in = [each for each in rule if each not in ("+", "<")] if isinstance(rule, list) else [rule]
        inner: Any = rules_in[0] if len(rules_in) == 1 else rules_in
        nested = isinstance(inner, dict) and "|" not in inner
        said = ("一列" if inner is not rule else "一组") if nested else _said(rule)
        plain = ".".join(each for each in path if not each.startswith("〈"))
        told = "" if name.startswith("〈") else WORDS["meanings"][part].get(plain, "")
        yield f"`{'.'.join(path)}`{'*' if key.endswith('!') else ''}", said, told
        if nested:
            yield from _keys(inner, path, part)


def _said(rule: Any) -> str:
    if isinstance(rule, dict):
        return "，或 ".join(_said(each) for each in rule["|"]) if "|" in rule else "一组"
    if isinstance(rule, list):
        rule = [each for each in rule if each not in ("+", "<")]
        return f"一列：{_said(rule[0])}" if len(rule) == 1 else f"[{'，'.join(_said(each) for each in rule)}]"
    kind, _, more = str(rule).partition(" ")
    if kind in ("number", "whole"):
        low, _, high = more.partition("..")
        least = f"大于 {low[:-1]}" if low.endswith("<") else f"不小于 {low}" if low else ""
        most = f"不大于 {high}" if high and high[0] != "$" else ""
        parts = ("整数" if kind == "whole" else "数", least, most)
        return "，".join(part for part in parts if part)
    return more.removeprefix("of ") if kind == "one" else RULES[kind]


def _functions() -> Iterator[str]:
    yield "`import bangfu_analysis as bangfu` 之后可用的名称；说明和例子如 `help(bangfu.open_wave)`。\n"
    heads = ("名称", "参数", "作用", "English")
    yield from _table(heads, (_function(n, getattr(bangfu_analysis, n)) for n in PUBLIC))
    for shown in (bangfu_analysis.OpenWave, bangfu_analysis.OpenStudy, bangfu_analysis.Exhibit):
        yield f"## {shown.__name__}\n"
        own = [(name, each) for name, each in vars(shown).items() if not name.startswith("_")]
        told = [(name, each) for name, each in own if callable(each) or isinstance(each, WORKED_OUT)]
        yield from _table(heads, (_function(name, each, shown.__name__) for name, each in told))


def _function(name: str, each: Any, of: str = "") -> Iterator[str]:
    """Its name, the names of its arguments, what it does in Chinese, and the first paragraph of its
    docstring.
    """
    yield f"`{name}`"
    is_function = inspect.isfunction(each)
    yield ", ".join(p for p in inspect.signature(each).parameters if p != "self") if is_function else ""
    yield WORDS["functions"].get(f"{of}.{name}") or WORDS["functions"][name]
    yield (inspect.getdoc(each) or "").split("\n\n")[0]


def _commands() -> Iterator[str]:
    commands = next(a.choices for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in commands.items():
        yield f"## bangfu {name}\n\n{command.description}\n"
        rows = (
            (f"`{'`, `'.join(action.option_strings) or action.metavar or action.dest}`", action.help or "")
            for action in command._actions
            if action.dest != "help"
        )
        yield from _table(("参数", "说明"), rows)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
