"""An exhibit as data: what is counted, within what, of whom, how drawn, how said. Read from exhibits.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.exhibits.measures import measures
from bangfu_analysis.settings import Beside, Words, located, read_settings

EXHIBITS_FILE = "exhibits.yaml"
OWN = Path(__file__).with_name(EXHIBITS_FILE)


@dataclass(frozen=True)
class Recipe:
    """One exhibit.

    `make`: what makes its frame (see `making.MAKES`); `by`: the columns counted; `within`: those whose groups
    are the base, side by side in the table; `where`: the subgroup {variable: code or [codes]}; `of`: what a
    trend follows or a mean is of; `mention`: any or main cause; `sort`: size or share; `focus`: the level of
    `within` that figure and sentences speak of (`worst`: the one reports single out); `draw`: the chart;
    `text`: the sentences; `measures`, `tail`, `headings`, `notes`: see `Layout`; `show`: text, table, figure,
    or annex for tables.xlsx alone (chosen by what it says where empty: see `body`); `subject`, `noun`: words
    of the sentences; `join`: levels of a variable that are one, so that none is of few (see `coarser`).
    """

    id: str
    make: str
    section: str = ""
    title: str = ""
    by: tuple[str, ...] = ()
    within: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""
    mention: str = ""
    sort: str = ""
    focus: str = ""
    draw: str = ""
    text: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    subject: str = "困难职工"
    noun: str = ""
    join: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    added: str = ""  # where the study, not the package, writes it: file, line and id

    @property
    def over_waves(self) -> bool:
        """Whether it is of all waves up to this one."""
        return self.make in ("trend", "flows", "moves", "standardized")


_WORD = re.compile(r"\w+")  # an id names files
_LISTS = {f.name for f in fields(Recipe) if str(f.type).startswith("tuple")}


def load_recipes(*files: Path, words: Callable[[], Words] = dict) -> list[Recipe]:
    """The report's exhibits in order, with those of `files` (absent ones are skipped) laid over them, the
    later ones last.

    A row with a known id replaces what it names of that exhibit, `{id: x, remove: true}` takes it out, a new
    id is added. `words`: the vocabularies that settings.yaml names. CodebookError names the file, the line,
    and the nearest right word.
    """
    rows: dict[str, dict[str, Any]] = {row["id"]: row for row in read_yaml(OWN)["exhibits"]}
    for path in filter(Path.exists, files):
        content = read_settings(path, "exhibits", partial(_words, words, rows))
        for entry in content.get("exhibits", []):
            rows = _laid_over(rows, {**entry, "added": located(path, f"表图 {entry['id']}", [entry["id"]])})
    return [recipe(**row) for row in rows.values()]


def _words(words: Callable[[], Words], known: Mapping[str, Any], content: Mapping[str, Any]) -> Words:
    """With the ids that a file may name (those known before, and of rows that say how they are made), and
    what fits.
    """
    rows = content.get("exhibits")
    entries = rows if isinstance(rows, list) else []
    made = [row.get("id") for row in entries if isinstance(row, dict) and "make" in row]
    fits = _Fits(known, given := words())
    own: Words = {
        "ids": [*known, *filter(_WORD.fullmatch, map(str, made))], "measures": list(measures()),
        "charts": fits.looks, "texts": fits.looks, "of": fits.subjects, "others": fits.others,
        "undivided": fits.undivided, "mentions": fits.mentions, "focuses": fits.focuses,
        "dimensions": fits.divisions, "sorts": fits.sorts,
    }  # fmt: skip
    return {**given, **own}


@dataclass(frozen=True)
class _Fits:
    """What fits an entry of an exhibit beside its others, those of the exhibit that it changes included; None
    where anything may. Each takes where the entry stands and what stands beside it.
    """

    known: Mapping[str, Any]
    given: Words

    def _row(self, beside: Beside) -> dict[str, Any]:
        """All entries of the exhibit; one that says how it is made replaces what was known of it."""
        return {**({} if "make" in beside else self.known.get(str(beside.get("id")), {})), **beside}

    def _of_make(self, beside: Beside) -> dict[str, Any]:
        fits = read_yaml(OWN)["fits"]
        found: dict[str, Any] = fits.get(self._row(beside).get("make"), fits["other"])
        return found

    def _divided(self, beside: Beside) -> tuple[str, ...]:
        row = self._row(beside)
        return (*_tuple(row.get("by") or ()), *_tuple(row.get("within") or ()))

    def _dimensions(
        self, at: tuple[str, ...], beside: Beside, besides: Collection[str] = ()
    ) -> Collection[str] | None:
        """What an entry may name that its make reads: not what stands already in another."""
        every = self._of_make(beside).get(at[1], [])
        every = self.given.get("dimensions") if every == "any" else every
        return None if every is None or callable(every) else [name for name in every if name not in besides]

    def looks(self, at: tuple[str, ...], beside: Beside) -> list[str]:
        """Charts and texts of its make."""
        by = self._divided(beside)
        unfit = {"overall"} if by else set[str]()  # it says one rate, that of all
        unfit |= set() if len(by) == 2 and "sex" in by else {"pyramid"}  # one sex to each side
        return [word for word in self._of_make(beside)[at[-1]] if word not in unfit]

    def subjects(self, _: tuple[str, ...], beside: Beside) -> Collection[str] | None:
        """What it may be made of."""
        make = self._row(beside).get("make")
        found = self.given.get(f"of {make}", []) if self.given else None
        return None if callable(found) else found

    def mentions(self, _: tuple[str, ...], beside: Beside) -> list[str]:
        """Which causes are counted, where causes are."""
        return ["any", "main"] if self._row(beside).get("make") == "causes" else []

    def sorts(self, _: tuple[str, ...], beside: Beside) -> list[str]:
        """By what its rows may be sorted."""
        found: list[str] = self._of_make(beside).get("sort", [])
        return found

    def divisions(self, at: tuple[str, ...], beside: Beside) -> Collection[str] | None:
        """By what it may be: a trend is of a variable, or of a rate by something."""
        row = self._row(beside)
        composed = row.get("make") == "trend" and row.get("of") != "rate"
        return [] if composed else self._dimensions(at, beside)

    def others(self, at: tuple[str, ...], beside: Beside) -> Collection[str] | None:
        """Within what it may stand: not what it is by."""
        return self._dimensions(at, beside, _tuple(self._row(beside).get("by") or ()))

    def undivided(self, at: tuple[str, ...], beside: Beside) -> Collection[str] | None:
        """What may stand in `where`: not what the exhibit is divided by."""
        return self._dimensions(at, beside, self._divided(beside))

    def focuses(self, _: tuple[str, ...], beside: Beside) -> list[str] | None:
        """A level of what the exhibit is within."""
        codes, within = self.given.get("codes"), str(self._row(beside).get("within") or "")
        if not within:
            return []
        return ["worst", *(codes(("focus", within), beside) or ())] if callable(codes) else None


def recipe(**settings: Any) -> Recipe:
    """A Recipe out of plain settings: a single name where several are possible, in the manner of YAML and of
    notebooks.
    """
    plain: dict[str, Any] = {
        k: _tuple(v) if k in _LISTS else v for k, v in settings.items() if v is not None
    }
    return Recipe(**plain)


def _tuple(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, [value])) if isinstance(value, str) else tuple(value)


def _laid_over(rows: dict[str, dict[str, Any]], entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    name = entry["id"]
    if entry.pop("remove", False):
        return {key: row for key, row in rows.items() if key != name}
    replaced = "make" in entry and name in rows
    return {**rows, name: entry if replaced else {**rows.get(name, {}), **entry}}
