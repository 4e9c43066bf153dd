"""What stands in the wrong place: cells one column beside their own, names in texts of units and in remarks.

No value may land in another column, and no name leaves the raw files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import BLANK, Reading, Readings, told
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding
from bangfu_analysis.text import mask, squeeze
from bangfu_analysis.tidy.values import CleanTable, finding_at
from bangfu_analysis.wave import Wave
from bangfu_analysis.words import MOST_ROWS, Words, like_a_name, withheld

_WORDED = ("unit", "text", "name", "remark")  # columns that take any text prove nothing
_PROOF = 3  # cells that must fit the column beside their own
_SHIFTED = told("row_cells_shifted")


def without_shifted(clean: CleanTable, wave: Wave) -> CleanTable:
    """`clean` with the cells of a row that is shifted by one column given up, from where the shift begins."""
    columns = [c for c in clean.table.columns if c.index in clean.readings and not c.tick]
    typed = {c.index: c for c in columns if c.meaning.kind not in _WORDED}
    lost = {index: clean.readings[index].where(_is_given_up) for index in typed}
    doubtful = np.flatnonzero(np.sum([*lost.values()], axis=0) >= 2)
    if clean.table.is_form or len(typed) < _PROOF or not len(doubtful):
        return clean
    cells = dict(zip(doubtful, clean.table.body.iloc[doubtful].to_dict("records"), strict=True))

    @cache
    def is_read(kind: str, cell: Any, index: int) -> bool:
        own, day = typed[index], wave.reference_date
        return not _is_given_up(read_column([cell], own.meaning, reference=day, factor=own.factor)[0])

    def fit(row: Mapping[Any, Any], first: int, step: int) -> bool:
        """The cells from `first` on are what the columns `step` before them ask for, three or more."""
        asked = [index for index in typed if (index >= first if step > 0 else index > first)]
        beside = [(cell, index) for index in asked if (cell := row.get(index + step)) is not None]
        fitting = (is_read(type(cell).__name__, cell, index) for cell, index in beside)
        return len(beside) >= _PROOF and all(fitting)

    found = {n: next(index for index in typed if lost[index][n]) for n in map(int, doubtful)}
    firsts = {n: first for n, first in found.items() if any(fit(cells[n], first, step) for step in (1, -1))}
    return _given_up(clean, firsts) if firsts else clean


def _is_given_up(reading: Reading) -> bool:
    return reading.value is None and reading.action == "missing"


def _given_up(clean: CleanTable, firsts: Mapping[int, int]) -> CleanTable:
    """`clean` without what rows hold from the last blank cell on before the first that does not fit."""
    starts, findings = dict[int, Any](), [*clean.findings]
    columns = {c.index: c for c in clean.table.columns}
    for n, first in firsts.items():
        cells = clean.table.body.iloc[n]
        starts[n] = max((i for i in cells.index[cells.isna()] if i < first), default=first)
        findings.append(finding_at(clean.table, clean.rows[n], columns[first], _SHIFTED, cells[first]))
    readings = dict(clean.readings)
    for index, read in clean.readings.items():
        places = read.places.copy()
        places[[n for n, start in starts.items() if index >= start]] = len(read.distinct)
        readings[index] = Readings([*read.distinct, BLANK], places)
    return replace(clean, readings=readings, findings=tuple(findings))


WORDED = ("unit", "text")
_SHORTEST = 2  # characters of a name
_QUOTE = re.compile("“([^”]*)”")
_SURE = range(3, 31)  # characters of a name that is no word of a unit's name or of a sentence


def known_names(*frames: pd.DataFrame) -> frozenset[str]:
    """The names of workers and members of a wave, in memory only."""
    columns = [frame["name_key"].dropna().unique() for frame in frames if "name_key" in frame]
    return frozenset(name for names in columns for name in names if len(name) >= _SHORTEST)


def without_names(
    rows: pd.DataFrame, names: frozenset[str], cleans: Sequence[CleanTable],
    variables: Mapping[str, Variable], words: Words,
) -> tuple[pd.DataFrame, list[Finding]]:
    """`rows` with every unit or text that is somebody's name made missing, names inside one masked, a finding
    each.

    A name is one of `names`, or what looks like one in a text that stands in fewer than MOST_ROWS rows.
    """
    name_alone, name_inside = told("name_in_cell"), told("name_in_cell/part")
    findings: list[Finding] = []
    cleared = {}
    for variable in [v for v in variables.values() if v.kind in WORDED and v.name in rows]:
        times = rows[variable.name].value_counts()
        nameless_of = {value: _nameless(str(value), names, words, int(n)) for value, n in times.items()}
        changed = {value: nameless for value, nameless in nameless_of.items() if nameless != value}
        hit = rows[variable.name].isin([*changed])
        if not changed:
            continue
        cleared[variable.name] = rows[variable.name].where(~hit, rows.loc[hit, variable.name].map(changed))
        for table, row, value in rows.loc[hit, ["table", "row", variable.name]].itertuples(index=False):
            column = cleans[table].column(variable.frame, variable.name)
            if column is not None:
                reading = name_alone if changed[value] is None else name_inside._replace(value=changed[value])
                findings.append(finding_at(cleans[table].table, int(row), column, reading, mask("人名")))
    return rows.assign(**cleared), findings


def _nameless(text: str, names: frozenset[str], words: Words, rows: int) -> str | None:
    """A text without names, None where it is nothing else."""
    plain = squeeze(text)
    if plain in names:
        return None
    is_common = rows >= MOST_ROWS or plain in words.known
    found = [] if is_common else words.names_in(text)
    if plain in found:
        return None
    inside = {*found, *_held(plain, names), *(set(words.unknown(plain)) & names)}
    for name in sorted(inside, key=lambda name: (-len(name), name)):
        text = text.replace(name, "*" * len(name))
    return text


def _held(text: str, names: frozenset[str]) -> set[str]:
    """The known names of three characters and more inside a text."""
    return {text[a : a + size] for size in _SURE for a in range(len(text) - size + 1)} & names


def permitted(findings: Sequence[Finding], names: frozenset[str], words: Words) -> list[Finding]:
    """The findings with every quote withheld that is not made of known words.

    What stands in MOST_ROWS cells of a variable, or is a known word misspelt, and holds no name, is quoted
    too.
    """
    times = Counter((finding.variable, finding.raw) for finding in findings)

    @cache
    def may_show(text: str, often: bool) -> bool:
        plain = squeeze(text)
        if plain in names or _held(plain, names):
            return False
        nameless = often and not like_a_name(plain) and not words.names_in(plain)
        return nameless or words.permit(text) or words.near(text)

    def fit(text: str, of: Finding) -> str:
        often = text == of.raw and times[of.variable, of.raw] >= MOST_ROWS
        return text if may_show(text, often) else withheld(text)

    def quoting(finding: Finding) -> Finding:
        if not finding.raw and not finding.value and "“" not in finding.message:
            return finding
        message = _QUOTE.sub(lambda quote: f"“{fit(quote[1], finding)}”", finding.message)
        raw, value = fit(finding.raw, finding), fit(finding.value, finding)
        return replace(finding, raw=raw, value=value, message=message)

    return [*map(quoting, findings)]
