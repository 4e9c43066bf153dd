"""What stands in the wrong place: cells one column beside their own, names in texts of units and in remarks.

No value may land in another column, and no name leaves the raw files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import BLANK, Reading, Readings, told
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.text import mask, squeeze
from bangfu_analysis.tidy.values import CleanTable, finding_at
from bangfu_analysis.wave import Wave
from bangfu_analysis.words import MOST_ROWS, Words, like_a_name, withheld

_WORDED = ("unit", "text", "name", "remark")  # columns that take any text prove nothing
_PROOF = 3  # cells that must fit the column beside their own
_SHIFTED = told("row_cells_shifted")


def without_shifted(clean: CleanTable, wave: Wave) -> CleanTable:
    """`clean` with the cells of a row that is shifted by one column given up, from where the shift begins."""
    read = [c for c in clean.table.columns if c.index in clean.readings and not c.tick]
    typed = [c for c in read if c.meaning.kind not in _WORDED]
    given_up = [clean.readings[c.index].where(_is_given_up) for c in typed]
    doubtful = np.flatnonzero(np.sum(given_up, axis=0) >= 2)
    if clean.table.is_form or len(given_up) < _PROOF or not len(doubtful):
        return clean
    cells = dict(zip(doubtful, clean.table.body.iloc[doubtful].to_dict("records"), strict=True))
    by_index = {column.index: column for column in typed}

    @cache
    def is_read(kind: type, cell: object, index: int) -> bool:
        own, day = by_index[index], wave.reference_date
        return not _is_given_up(read_column([cell], own.meaning, reference=day, factor=own.factor)[0])

    starts = {}
    for n in doubtful:
        own = [c for c, lost in zip(typed, given_up, strict=True) if lost[n]]
        if any(_fits(cells[n], typed, own[0], step, is_read) for step in (1, -1)):
            starts[int(n)] = own[0]
    if not starts:
        return clean
    findings = (*clean.findings, *_told(clean, starts))
    return replace(clean, readings=_blanked(clean, starts), findings=findings)


def _is_given_up(reading: Reading) -> bool:
    return reading.value is None and reading.action == "missing"


def _fits(
    cells: Mapping[Any, object], typed: list[Column], first: Column, step: int,
    is_read: Callable[[type, object, int], bool],
) -> bool:
    """The cells from `first` on are what the columns `step` before them ask for, three of them or more."""
    asked = [c for c in typed if (c.index >= first.index if step > 0 else c.index > first.index)]
    beside = [(cell, c) for c in asked if (cell := cells.get(c.index + step)) is not None]
    return len(beside) >= _PROOF and all(is_read(type(cell), cell, c.index) for cell, c in beside)


def _start(clean: CleanTable, n: int, first: Column) -> int:
    """Where the shift begins: right of the last blank cell before the first that does not fit."""
    cells = clean.table.body.iloc[n]
    return max((i for i in cells.index[cells.isna()] if i < first.index), default=first.index)


def _blanked(clean: CleanTable, starts: Mapping[int, Column]) -> dict[int, Readings]:
    since = {n: _start(clean, n, first) for n, first in starts.items()}
    found = {}
    for index, read in clean.readings.items():
        rows = [n for n, start in since.items() if index >= start]
        places = read.places.copy()
        places[rows] = len(read.distinct)
        found[index] = Readings([*read.distinct, BLANK], places) if rows else read
    return found


def _told(clean: CleanTable, starts: Mapping[int, Column]) -> Iterator[Any]:
    for n, first in starts.items():
        row = clean.rows[n]
        yield finding_at(clean.table, row, first, _SHIFTED, clean.table.body.at[row, first.index])


WORDED = ("unit", "text")
_SHORTEST = 2  # characters of a name
_QUOTE = re.compile("“([^”]*)”")
_SURE = 3  # characters of a name that is no word of a unit's name or of a sentence


def known_names(*frames: pd.DataFrame) -> frozenset[str]:
    """The names of workers and members of a wave, in memory only."""
    named = [frame["name_key"].dropna().unique() for frame in frames if "name_key" in frame]
    return frozenset(name for names in named for name in names if len(name) >= _SHORTEST)


def without_names(
    rows: pd.DataFrame, names: frozenset[str], cleans: Sequence[CleanTable],
    variables: Mapping[str, Variable], words: Words,
) -> tuple[pd.DataFrame, list[Finding]]:
    """`rows` with every unit or text that is somebody's name made missing, names inside one masked, a finding
    each.

    A name is one of `names`, or what looks like one in a text that stands in fewer than MOST_ROWS rows.
    """
    whole, part = told("name_in_cell"), told("name_in_cell/part")
    findings: list[Finding] = []
    cleared = {}
    for variable in [v for v in variables.values() if v.kind in WORDED and v.name in rows]:
        times = rows[variable.name].value_counts()
        said = {value: _nameless(str(value), names, words, int(n)) for value, n in times.items()}
        changed = {value: nameless for value, nameless in said.items() if nameless != value}
        hit = rows[variable.name].isin([*changed])
        if not changed:
            continue
        cleared[variable.name] = rows[variable.name].where(~hit, rows.loc[hit, variable.name].map(changed))
        for table, row, value in rows.loc[hit, ["table", "row", variable.name]].itertuples(index=False):
            column = cleans[table].column(variable.frame, variable.name)
            if column is not None:
                reading = whole if changed[value] is None else part._replace(value=changed[value])
                findings.append(finding_at(cleans[table].table, int(row), column, reading, mask("人名")))
    return rows.assign(**cleared), findings


def _nameless(text: str, names: frozenset[str], words: Words, rows: int) -> str | None:
    """A text without names, None where it is nothing else."""
    said = squeeze(text)
    if said in names:
        return None
    whole = rows >= MOST_ROWS or said in words.known
    found = [] if whole else words.names_in(text)
    if said in found:
        return None
    return _blotted(text, {*found, *_held(said, names), *(set(words.unknown(said)) & names)})


def _held(text: str, names: frozenset[str]) -> list[str]:
    """The known names of three characters and more inside a text."""
    pieces = {text[a : a + size] for size in _lengths(names) for a in range(len(text) - size + 1)}
    return [name for name in pieces & names if len(name) >= _SURE]


@lru_cache(maxsize=4)
def _lengths(names: frozenset[str]) -> frozenset[int]:
    return frozenset(map(len, names))


def _blotted(text: str, names: set[str]) -> str:
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text = text.replace(name, "*" * len(name))
    return text


def permitted(findings: Sequence[Finding], names: frozenset[str], words: Words) -> list[Finding]:
    """The findings with every quote withheld that is not made of known words.

    What stands in MOST_ROWS cells of a variable, or is a known word misspelt, and holds no name, is quoted
    too.
    """
    times = Counter((finding.variable, finding.raw) for finding in findings)
    shown: dict[tuple[str, bool], bool] = {}

    def may(text: str, often: bool) -> bool:
        if (text, often) not in shown:
            shown[text, often] = _is_permitted(text, names, words, often=often)
        return shown[text, often]

    return [_quoting(f, may, times[f.variable, f.raw] >= MOST_ROWS) for f in findings]


def _is_permitted(text: str, names: frozenset[str], words: Words, *, often: bool) -> bool:
    said = squeeze(text)
    if said in names or _held(said, names):
        return False
    nameless = often and not like_a_name(said) and not words.names_in(said)
    return nameless or words.permit(text) or words.near(text)


def _quoting(finding: Finding, may: Callable[[str, bool], bool], often: bool) -> Finding:
    def fit(text: str) -> str:
        return text if may(text, often and text == finding.raw) else withheld(text)

    if not finding.raw and not finding.value and "“" not in finding.message:
        return finding
    message = _QUOTE.sub(lambda quote: f"“{fit(quote[1])}”", finding.message)
    raw, value = fit(finding.raw), fit(finding.value)
    if (raw, value, message) == (finding.raw, finding.value, finding.message):
        return finding
    return replace(finding, raw=raw, value=value, message=message)
