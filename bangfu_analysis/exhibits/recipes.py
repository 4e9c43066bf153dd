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


FITTING = ("charts", "texts", "of", "mentions", "sorts", "dimensions", "others", "undivided", "focuses")
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
            rows = _laid_over(rows, {**entry, "added": located(path, f"表图 {entry['id']}")})
    return [recipe(**row) for row in rows.values()]


def _words(words: Callable[[], Words], known: Mapping[str, Any], content: Mapping[str, Any]) -> Words:
    """With the ids that a file may name (those known before, and of rows that say how they are made), and
    what fits.
    """
    rows = content.get("exhibits")
    entries = rows if isinstance(rows, list) else []
    made = [row.get("id") for row in entries if isinstance(row, dict) and "make" in row]
    given: dict[str, Any] = {**words()}

    def fitting(part: str) -> Callable[[tuple[str, ...], Beside], Collection[str] | None]:
        def fits(_: tuple[str, ...], beside: Beside) -> Collection[str] | None:
            before = {} if "make" in beside else known.get(str(beside.get("id")), {})
            return _fitting({**before, **beside}, given)[part]

        return fits

    ids = [*known, *filter(_WORD.fullmatch, map(str, made))]
    return {**given, "ids": ids, "measures": list(measures()), **{part: fitting(part) for part in FITTING}}


def _fitting(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Collection[str] | None]:
    """What fits each entry of an exhibit beside its others; None where anything may.

    Nothing is divided twice by the same, one sex stands to each side of a pyramid, `overall` says the rate of
    all, and a trend is of a variable, or of a rate by something.
    """
    make, fits = row.get("make"), read_yaml(OWN)["fits"]
    of_make = fits.get(make, fits["other"])
    by, within = (_tuple(row.get(name) or ()) for name in ("by", "within"))
    divided = (*by, *within)
    unfit = {"overall"} if divided else set[str]()
    unfit |= set() if len(divided) == 2 and "sex" in divided else {"pyramid"}
    composed = make == "trend" and row.get("of") != "rate"
    levels = given["codes"](("focus", *within), row) if within and "codes" in given else ()

    def names(entry: str, besides: Collection[str] = ()) -> Collection[str] | None:
        every = of_make.get(entry, [])
        every = given.get("dimensions") if every == "any" else every
        return None if every is None else [name for name in every if name not in besides]

    return {
        "charts": [word for word in of_make["draw"] if word not in unfit],
        "texts": [word for word in of_make["text"] if word not in unfit],
        "of": given.get(f"of {make}", []) if given else None,
        "mentions": ["any", "main"] if make == "causes" else [],
        "sorts": of_make.get("sort", []),
        "dimensions": [] if composed else names("by"),
        "others": names("within", by),
        "undivided": names("where", divided),
        "focuses": None if within and "codes" not in given else ["worst", *(levels or ())] if within else [],
    }


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
