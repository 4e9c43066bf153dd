"""What a wave leaves open: lines for mapping.yaml, or 设置.xlsx with drop-downs, replayed as that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from bangfu_analysis.cleaning.choices import read_choice, read_choices
from bangfu_analysis.cleaning.identity import name_key
from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.findings import quoted
from bangfu_analysis.reading.inspection import unknown_headings
from bangfu_analysis.reading.tables import SheetReading, mapped_columns
from bangfu_analysis.settings import instead, read_settings
from bangfu_analysis.settings import located as in_line
from bangfu_analysis.text import heading_key, is_blank, mask_long_numbers, squeeze
from bangfu_analysis.tidy.corrections import lists_of, rows_of, write_sheets
from bangfu_analysis.tidy.people import unit_of
from bangfu_analysis.tidy.schemas import FRAMES_FILE
from bangfu_analysis.tidy.screening import REASONS, doubts
from bangfu_analysis.wave import SETTINGS_BOOK
from bangfu_analysis.words import MOST_ROWS, package_words, withheld

COLUMNS = ("种类", "项目", "原文", "在哪里", "选择", "为什么这样建议")
HEADING, VALUE, UNIT, SHEET, REPLY, RELEASE = "列名", "写法", "单位", "表", "答卷", "发布"
IGNORE = "忽略"
DECISIONS = {"保留": "keep", "剔除": "drop"}
POLICIES = {"内部": "inside", "对外": "outside"}
WHO_READS = "本单位与上级工会选“内部”，单位以外选“对外”（隐去更多）；不选的，按 release.yaml 或“内部”"
FRAMES, KINDS = FRAMES_FILE["labels"], FRAMES_FILE["sheets"]
WIDTHS = (8, 22, 26, 34, 26, 60)
LONGEST = 12  # characters of an answer


Open = tuple[str, str, str, str, Sequence[str], str]  # kind, item, word, where, options (best first), reason


def open_things(sheets: Sequence[SheetReading], codebook: Codebook) -> Iterator[Open]:
    """Headings, values, units and sheets of a wave that nobody has settled, each with its first place."""
    for sheet in sheets:
        if sheet.kind == "other" and not sheet.set_aside:
            name = sheet.file.rsplit("/", 1)[-1]
            options = [*KINDS.values(), IGNORE]
            yield SHEET, "", name, sheet.file, options, sheet.reason or "认不出是哪一种表"
    for key, column, place in unknown_headings(sheets):
        near = [*dict.fromkeys([*(_shown(t, codebook) for t in column.suggestions), IGNORE])]
        frame = next((t.partition(".")[0] for t in column.suggestions if "." in t), "workers")
        every = [_shown(f"{frame}.{name}", codebook) for name in codebook.of(frame)]
        reason = "与列表开头的项目写法或内容相近，请核对" if len(near) > 1 else "没有相近的项目"
        yield HEADING, "", mask_long_numbers(key), place, [*dict.fromkeys([*near, *every])], reason
    for variable, word, shown, times, place in unknown_values(sheets):
        codes = [*(nearest_codes(word, variable) if shown else ()), *variable.codes]
        labels = [variable.label_of(code) for code in dict.fromkeys(codes)]
        order = "按写法的相近程度排列" if shown else "可能涉及个人，不在此显示，请在原表中改正"
        item, text = _shown(f"{variable.frame}.{variable.name}", codebook), word if shown else withheld(word)
        yield VALUE, item, text, place, [*labels, IGNORE], f"共 {times} 处；{order}"
    yield from _open_units(sheets, codebook)
    yield RELEASE, "", "报告给谁看", "", [*POLICIES], WHO_READS


def open_replies(reading: SheetReading, screening: Mapping[str, Any]) -> Iterator[Open]:
    """The doubtful replies of a questionnaire, to be kept or dropped; see `doubts`."""
    for who, reason, _, message, _ in doubts(reading, screening.get("rules", {})).astype(str).to_numpy():
        yield REPLY, REASONS[reason], who, reading.file, [*DECISIONS], message


def _open_units(sheets: Sequence[SheetReading], codebook: Codebook) -> Iterator[Open]:
    from rapidfuzz import process

    counted = [sheet for sheet in sheets if not sheet.set_aside]
    units = list(_said(counted, "population", "unit"))
    named = _said(counted, "workers", "reporting_unit")
    for table in (table for sheet in counted for table in sheet.tables if table.kind in ("roster", "form")):
        has_column = any(c.means("workers", "reporting_unit") for c in table.columns)
        if not has_column and (name := unit_of(table, codebook)):
            named.setdefault(name, table.file)
    for name, place in named.items() if units else ():
        if name not in units and squeeze(name) not in codebook.units:
            near = [unit for unit, _, _ in process.extract(name, units, limit=6)]
            reason = "职工人数表中没有这个单位；按写法的相近程度排列"
            yield UNIT, "", name, place, [*near, IGNORE], reason


def _said(sheets: Iterable[SheetReading], frame: str, name: str) -> dict[str, str]:
    """What the cells of a variable say, each once, with the file that says it first."""
    found: dict[str, str] = {}
    for table, column in mapped_columns(sheets):
        for value in table.body[column.index].dropna().unique() if column.means(frame, name) else ():
            found.setdefault(str(value).strip(), table.file)
    return found


def _shown(target: str, codebook: Codebook) -> str:
    frame, _, name = target.partition(".")
    return IGNORE if not name else f"{FRAMES.get(frame, frame)}·{codebook.variable(frame, name).label}"


def write_settings(things: Iterable[Open], folder: Path, last: Path | None = None) -> Path:
    """Write 设置.xlsx of the wave in `folder`: what stood there and was chosen stays; what is new follows.

    `last`: that of the wave before, of which all but the decisions on replies stay.
    """
    path = folder / SETTINGS_BOOK
    source = last or path
    lists = lists_of(source) if source.exists() else []
    before = {row.key: row for row in _rows(source) if row.kind != REPLY or not last}
    found = {thing[:3]: thing[3:] for thing in things}
    rows, options = [], []
    for key in dict.fromkeys([*before, *found]):
        old = before.get(key) or Row(0, *key, "", "", "")
        offered = lists[old.number - 2] if 2 <= old.number < len(lists) + 2 else []
        where, choices, reason = found.get(key) or (old.where, offered, old.reason)
        rows.append((*key, where, old.choice, reason))
        options.append(choices)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return write_sheets({"设置": table}, path, answer="选择", widths=WIDTHS, options=options)


class Row(NamedTuple):
    """A row of 设置.xlsx: its number, and its cells in the order of COLUMNS."""

    number: int
    kind: str
    item: str
    word: str
    where: str
    choice: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the row is about."""
        return self.kind, self.item, self.word

    def cell(self, column: str = "E") -> str:
        """Where a cell of the row stands, as messages name it."""
        return f"{SETTINGS_BOOK} [设置] {column}{self.number}"

    def wrong(self, what: str, column: str = "E") -> CodebookError:
        """The error that says what is wrong with a cell of the row."""
        return CodebookError(f"{self.cell(column)}：{what}")

    def code(self, options: Mapping[str, str], column: str = "E") -> str:
        """The code of the choice (of the item in column B); CodebookError where it is none of the options."""
        word = self.item if column == "B" else self.choice
        if word not in options:
            raise self.wrong(f"“{word}”不是可选的内容。{instead(word, options)}请从下拉列表中选择。", column)
        return options[word]


def _rows(path: Path) -> Iterator[Row]:
    """The rows of the settings workbook, where there is one."""
    for _, number, row in rows_of(path, COLUMNS) if path.exists() else ():
        yield Row(number, *("" if is_blank(row[head]) else str(row[head]).strip() for head in COLUMNS))


def _chosen(folder: Path, *kinds: str) -> list[Row]:
    """The rows of these kinds with a choice, each thing once; CodebookError where two rows differ."""
    first: dict[tuple[str, ...], Row] = {}
    for row in _rows(folder / SETTINGS_BOOK):
        if not row.choice or row.kind not in kinds:
            continue
        if not row.word and row.kind != RELEASE:
            raise row.wrong(f"原文是空的，不知道“{row.choice}”指什么。请勿改动这一列。", "C")
        other = first.setdefault((*row.key, row.where if row.kind == REPLY else ""), row)
        if other.choice != row.choice:
            fault = f"“{row.word}”选的是“{row.choice}”，与 {other.cell()} 不一致"
            raise row.wrong(f"{fault}。请改成一致或删去一行。")
    return [*first.values()]


def _mapping(folder: Path) -> dict[str, Any]:
    """What the wave's mapping.yaml says, where there is one."""
    path = folder / "mapping.yaml"
    return read_settings(path, "codebook") if path.exists() else {}


def settings_overlay(folder: Path, codebook: Codebook, files: Collection[str]) -> dict[str, Any]:
    """What was chosen in the wave's 设置.xlsx, as mapping.yaml would say it; {} without one. `files`: those
    of the wave.

    CodebookError where a choice is none of what there is (the cell is named), or mapping.yaml says otherwise.
    """
    policy_chosen(folder)
    known = (HEADING, VALUE, UNIT, SHEET, REPLY, RELEASE)
    for row in _rows(folder / SETTINGS_BOOK):
        if row.choice and row.kind not in known:
            raise row.wrong(f"种类“{row.kind}”无效。{instead(row.kind, known)}", "A")
    overlay: dict[str, Any] = {}
    mapping = _mapping(folder)
    variables = {f"{FRAMES.get(v.frame, v.frame)}·{v.label}": v for v in codebook.variables}
    for row in _chosen(folder, HEADING, VALUE, UNIT, SHEET):
        if row.kind == SHEET and row.word not in files:
            raise row.wrong(f"没有文件“{row.word}”。{instead(row.word, files)}", "C")
        part, of, code = _resolved(row, variables)
        if row.choice == IGNORE and row.kind != HEADING:
            continue
        written = mapping.get(part) or {}
        for name in (of, of.removeprefix("workers.")) if of else ():
            written = written.get(name) or written
        key = heading_key if row.kind == HEADING else squeeze
        other = {key(str(word)): str(value) for word, value in written.items()}.get(key(row.word), code)
        if other.removeprefix("workers.") != code.removeprefix("workers."):
            fault = f"“{row.word}”选的是 {row.choice}（{code}），mapping.yaml 的 {part} 中写的是 {other}"
            raise row.wrong(f"{fault}，两处不一致。请改成一致或删去一处。")
        within = overlay.setdefault(part, {})
        (within.setdefault(of, {}) if of else within)[row.word] = code
    return overlay


def _resolved(row: Row, variables: Mapping[str, Variable]) -> tuple[str, str, str]:
    """The part of a mapping that a row fills, the variable of a value, and the code of what was chosen."""
    if row.kind == UNIT:
        return "units", "", row.choice
    if row.kind == SHEET:
        return "read_as", "", row.code({IGNORE: "", **{label: name for name, label in KINDS.items()}})
    if row.kind == HEADING:
        targets = {label: f"{v.frame}.{v.name}" for label, v in variables.items()}
        return "headings", "", row.code({IGNORE: "ignore", **targets})
    variable = variables.get(row.item)
    if variable is None or not variable.levels:
        asked = [label for label, each in variables.items() if each.levels]
        raise row.wrong(f"没有这样的项目“{row.item}”。{instead(row.item, asked)}", "B")
    code = row.code({IGNORE: "", **{level.label: level.code for level in variable.levels}})
    return "values", f"{variable.frame}.{variable.name}", code


def check_units(folder: Path, known: Collection[str], used: Collection[str]) -> None:
    """CodebookError where a unit that 设置.xlsx or mapping.yaml names, and that is `used`, is not `known`."""
    lost = {*used} - {*known} if known else set()
    chosen = {row.choice: row for row in _chosen(folder, UNIT)}
    for unit in (unit for unit in (*chosen, *_mapping(folder).get("units", {}).values()) if unit in lost):
        fault = f"职工人数表中没有单位“{unit}”。{instead(unit, known)}"
        row = chosen.get(unit)
        raise row.wrong(fault) if row else CodebookError(in_line(folder / "mapping.yaml", fault))


def replies_decided(folder: Path) -> dict[str, dict[tuple[str, str], tuple[str, str]]]:
    """What was chosen of doubtful replies: file -> (respondent, reason) -> the decision and its cell."""
    reasons, found = {label: code for code, label in REASONS.items()}, dict[str, Any]()
    for row in _chosen(folder, REPLY):
        decision = row.code(DECISIONS), row.cell()
        found.setdefault(row.where, {})[row.word, row.code(reasons, "B")] = decision
    return found


def policy_chosen(folder: Path) -> str:
    """The release policy that was chosen in 设置.xlsx; "" where none was."""
    return next((row.code(POLICIES) for row in _chosen(folder, RELEASE)), "")


def located(folder: Path, fault: str) -> str:
    """A fault of what 设置.xlsx lays over a codebook, with the cell of the word that it tells of."""
    rows = _rows(folder / SETTINGS_BOOK)
    met = (row.cell() for row in rows if row.word and row.word in fault)
    return f"{next(met, SETTINGS_BOOK)}：{fault.removeprefix('mapping：')}"


def proposed_values(sheets: Sequence[SheetReading]) -> str:
    """The `values:` part of a mapping.yaml in which every unknown value is a comment with its nearest code;
    "" if none is.

    A value that is the name of a person on the same rows, or too long to be an answer, is left to `issues`;
    what may be a name, or stands in few rows and is no misspelt word, is not quoted.
    """
    lines: dict[str, list[str]] = {}
    for variable, word, shown, times, place in unknown_values(sheets):
        said = f'    # "{word}": {nearest_codes(word, variable)[0]}    # {place}，{times} 处'
        hidden = f"    # {withheld(word)}（可能含个人信息，请看原表） # {place}，{times} 处"
        lines.setdefault(f"  {variable.frame}.{variable.name}:", []).append(said if shown else hidden)
    parts = [line for target, said in lines.items() for line in (target, *said)]
    return "\n".join(["# 下列写法不在码本中。核对后去掉行首的 #。", "values:", *parts]) if parts else ""


def unknown_values(sheets: Sequence[SheetReading]) -> Iterator[tuple[Variable, str, bool, int, str]]:
    """Variable, value, whether it may be quoted, in how many rows it stands and where first."""
    columns = [(t, c, c.meaning, t.body[c.index].dropna().tolist()) for t, c in mapped_columns(sheets)]
    names = {name_key(raw) for _, _, variable, raws in columns if variable.kind == "name" for raw in raws}
    found: dict[tuple[str, str, str], tuple[Variable, int, str]] = {}
    for table, column, variable, raws in columns:
        if variable.kind not in ("choice", "choices") or column.tick:
            continue
        for raw, times in Counter(raws).items():
            if _is_unknown(raw, variable, names):
                key = (variable.frame, variable.name, quoted(raw).strip())
                _, before, place = found.get(key, (variable, 0, f"{table.file} [{table.sheet}]"))
                found[key] = (variable, before + times, place)
    words = package_words()
    for (_, _, word), (variable, times, place) in found.items():
        often = times >= MOST_ROWS and not words.names_in(word)
        yield variable, word, bool(words.permit(word) or words.near(word) or often), times, place


def _is_unknown(raw: object, variable: Variable, names: set[str | None]) -> bool:
    if len(squeeze(str(raw))) > LONGEST or squeeze(str(raw)) in names:
        return False
    read = read_choice if variable.kind == "choice" else read_choices
    return read(raw, variable).problem == "value_unknown"


def nearest_codes(word: str, variable: Variable) -> list[str]:
    """The codes whose spellings are most like `word`, best first."""
    from rapidfuzz import process

    found = process.extract(squeeze(word), list(variable.spellings), limit=8)
    return list(dict.fromkeys(variable.spellings[near][0].code for near, _, _ in found))
