"""An exhibit as data: what is counted, within what, of whom, how drawn, how said. Read from exhibits.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import CodebookError, did_you_mean, listed

EXHIBITS_FILE = "exhibits.yaml"
OWN = Path(__file__).with_name(EXHIBITS_FILE)


@dataclass(frozen=True)
class Recipe:
    """One exhibit.

    `make`: what makes its frame (see `making.MAKES`); `by`: the columns counted; `within`: those whose groups are the
    base, side by side in the table; `where`: the subgroup {variable: code or [codes]}; `of`: what a trend follows or
    a mean is of; `mention`: any or main cause; `sort`: size or share; `focus`: the level of `within` that figure and
    sentences speak of (`worst`: the one reports single out); `draw`: the chart; `text`: the sentences; `measures`,
    `tail`, `headings`, `notes`: see `Layout`; `show`: text, table, figure; `subject`, `noun`: words of the sentences.
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
    show: tuple[str, ...] = ("text", "table", "figure")
    subject: str = "困难职工"
    noun: str = ""
    added: bool = False  # by the study, not the package


_LISTS = {f.name for f in fields(Recipe) if str(f.type).startswith("tuple")}
_KEYS = [f.name for f in fields(Recipe) if f.name != "added"] + ["remove"]


def load_recipes(*files: Path) -> list[Recipe]:
    """The report's exhibits in order, with those of `files` (absent ones are skipped) laid over them, the later ones last.

    A row with a known id replaces what it names of that exhibit, `{id: x, remove: true}` takes it out, a new id is
    added. CodebookError names the file, the row, and the nearest right word.
    """
    rows: dict[str, dict[str, Any]] = {}
    for path in (OWN, *files):
        for entry in _entries(path) if path.exists() else []:
            rows = _laid_over(rows, _checked(entry, path, added=path != OWN), path)
    return [recipe(**row) for row in rows.values()]


def recipe(**settings: Any) -> Recipe:
    """A Recipe out of plain settings: a single name where several are possible, in the manner of YAML and of notebooks."""
    plain: dict[str, Any] = {
        k: _tuple(v) if k in _LISTS else v for k, v in settings.items() if v is not None
    }
    return Recipe(**plain)


def _tuple(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, [value])) if isinstance(value, str) else tuple(value)


def _entries(path: Path) -> list[Mapping[str, Any]]:
    content = read_yaml(path)["exhibits"] if path == OWN else _rows(path)
    return list(content)


def _rows(path: Path) -> list[Any]:
    content = read_yaml(path, (dict, list))
    rows = content if isinstance(content, list) else content.get("exhibits", [])
    extra = [] if isinstance(content, list) else [key for key in content if key != "exhibits"]
    if extra or not isinstance(rows, list):
        found = f"有未知的键 {listed(extra)}" if extra else f"exhibits 是 {type(rows).__name__}"
        raise CodebookError(f"{path.name}：应为一列表图（- {{id: …, make: …}}），{found}。{did_you_mean('exhibits', ['exhibits'])}")
    return rows


def _checked(entry: Any, path: Path, *, added: bool) -> dict[str, Any]:
    if not isinstance(entry, Mapping) or not entry.get("id"):
        raise CodebookError(f"{path.name}：每个表图应写作 {{id: 代号, make: …}}，实际是 {entry!r}。")
    for key in entry:
        if key not in _KEYS:
            told = f"未知的键 {key}。可用：{listed(_KEYS)}。{did_you_mean(str(key), _KEYS)}"
            raise CodebookError(f"{path.name}：表图 {entry['id']} 有{told}")
    return {**entry, "added": True} if added else dict(entry)


def _laid_over(rows: dict[str, dict[str, Any]], entry: dict[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    name = str(entry["id"])
    if entry.pop("remove", False):
        if name not in rows:
            raise CodebookError(f"{path.name}：没有表图 {name}，无法去掉。{did_you_mean(name, list(rows))}")
        return {key: row for key, row in rows.items() if key != name}
    if name not in rows and "make" not in entry:
        told = f"没有表图 {name}，也没有写 make（怎样制表）。{did_you_mean(name, list(rows))}"
        raise CodebookError(f"{path.name}：{told}")
    replaced = "make" in entry and name in rows
    return {**rows, name: entry if replaced else {**rows.get(name, {}), **entry}}


def names_of(recipes: Sequence[Recipe]) -> list[str]:
    """The ids, in order."""
    return [each.id for each in recipes]
