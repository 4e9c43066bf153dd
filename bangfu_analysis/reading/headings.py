"""A header block -> the kind of table and the variable of every column. Headings match whole, never in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.text import heading_key, heading_unit

NOT_COUNTED = ("row_number", "ignored")
REPEATABLE = ("row_number", "ignored", "private")
OPTIONED = ("choice", "choices")
TICKS = frozenset("√✓✔☑■●vV1×✗xX□○0") | {"是", "否", "有", "无", "Y", "N", "y", "n", "1.0", "0.0", "打√"}
_DIGITS = {character: n for n, character in enumerate("一二三四五六七八九十", start=1)}
_SLOT = re.compile(
    r"^(?:主要)?(?:家庭成员|家庭主要成员|成员|家属)[(]?([1-9]\d?|[一二三四五六七八九十])[)]?[/、.:的_-]?(.*)$"
)
_SLOT_BEHIND = re.compile(r"^(?:家庭成员|成员|家属)(.+?)[(]?([1-9]\d?)[)]?$")
UNIT_ALONE = re.compile(r"^[(\[【]?(?:万元|千元|元|元/月|元/年|人|岁|户|㎡|m2|平方米)[)\]】]?$")
_MONEY = {"万": 10_000.0, "千": 1_000.0}
_HEAD_WORDS = re.compile(r"户主|职工|本人|申请人")


@dataclass(frozen=True)
class Heading:
    """One column's heading: its levels from the top, squeezed, unlike neighbours only, and what its bracket says."""

    index: int
    levels: tuple[str, ...]

    @cached_property
    def _meaning(self) -> tuple[str, ...]:
        bare = tuple(level for level in self.levels if level)
        return bare[:-1] if len(bare) > 1 and UNIT_ALONE.match(bare[-1]) else bare

    @cached_property
    def key(self) -> str:
        """The key of the lowest level."""
        return heading_key(self._meaning[-1]) if self._meaning else ""

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The keys of the levels above, nearest first."""
        return tuple(heading_key(level) for level in self._meaning[-2::-1])

    @cached_property
    def unit(self) -> str:
        """`万元` of `家庭年收入（万元）`, or of a level that is nothing but a unit."""
        own = self.levels[-1] if self.levels else ""
        if len(self.levels) > 1 and UNIT_ALONE.match(own):
            return own.strip("()[]【】")
        return next((u for level in reversed(self.levels) if (u := heading_unit(level))), "")

    @cached_property
    def shown(self) -> str:
        """The levels joined with `/`."""
        return "/".join(level for level in self.levels if level)


class Meaning(NamedTuple):
    """What a heading stands for: a variable, of family member number `slot`, or its code `tick` where a cell is ticked."""

    variable: Variable
    slot: int | None = None
    tick: str = ""


class Vocabulary:
    """What headings may say, looked up once for a codebook."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.parents = frozenset(heading_key(str(p)) for p in codebook.kinds.get("members", {}).get("parents", ()))
        self.inner = {key: v for v in codebook.variables for key in v.inner}
        self.unsure: dict[str, tuple[Variable, ...]] = {}
        for variable in codebook.variables:
            for key in variable.unsure:
                self.unsure[key] = (*self.unsure.get(key, ()), variable)
        self.known = frozenset((*codebook.by_heading, *self.unsure, *self.inner, *codebook.ignored_headings))
        self.frames = dict.fromkeys(v.frame for v in codebook.variables)

    def knows(self, key: str) -> bool:
        """True where `key` is a heading of any frame, an inner heading of members or a slot."""
        return bool(key) and (key in self.known or slot_of(key) is not None)

    def find(self, frame: str, key: str) -> Variable | None:
        """The variable of `frame` that `key` means."""
        for variable in self.codebook.by_heading.get(key, ()):
            if variable.frame == frame:
                return variable
        return None

    def member(self, key: str) -> Variable | None:
        """The variable of members that `key` means under a parent that says so."""
        return self.inner.get(key) or self.find("members", key)

    def option(self, parent: str, leaf: str, frame: str) -> Meaning | None:
        """The variable that `parent` heads with the code of its level that `leaf` spells."""
        variable = self.find(frame, parent)
        if variable is None or variable.kind not in OPTIONED or leaf not in variable.spellings:
            return None
        return Meaning(variable, tick=variable.spellings[leaf][0].code)

    def suggestions(self, key: str, frames: Sequence[str]) -> tuple[str, ...]:
        """The nearest codebook entries, as frame.name, best first."""
        from rapidfuzz import fuzz, process

        own = (*self.codebook.by_heading.get(key, ()), *self.unsure.get(key, ()))
        sure = [f"{v.frame}.{v.name}" for v in sorted(own, key=lambda v: v.frame != "workers") if v.frame in frames]
        options = [
            (k, v)
            for k, vs in self.codebook.by_heading.items()
            for v in vs
            if v.frame in frames and v.kind != "row_number"
        ]
        found = (
            process.extract(key, [k for k, _ in options], scorer=fuzz.ratio, score_cutoff=50, limit=6) if key else []
        )
        near = [f"{options[place][1].frame}.{options[place][1].name}" for _, _, place in found]
        return tuple(dict.fromkeys([*sure, *near]))[:3]


def slot_of(text: str) -> tuple[int, str] | None:
    """`家庭成员2姓名`, `家庭成员二/姓名`, `成员姓名2` -> (2, 姓名); None for anything else."""
    if found := _SLOT.match(text):
        number, rest = found.group(1), found.group(2)
    elif found := _SLOT_BEHIND.match(text):
        rest, number = found.group(1), found.group(2)
    else:
        return None
    return (int(number) if number.isdigit() else _DIGITS[number]), heading_key(rest) if rest else ""


def factor_of(variable: Variable, heading: Heading, sheet_factor: float = 1.0) -> float:
    """What a bare number under `heading` is multiplied with to be in yuan.

    The heading's own unit goes before that of the sheet (`sheet_factor`); a money unit in it, 元 too, sets the latter aside.
    """
    if variable.kind != "money":
        return 1.0
    if "元" in heading.unit or "万" in heading.unit:
        return next((factor for word, factor in _MONEY.items() if word in heading.unit), 1.0)
    return sheet_factor


def period_of(variable: Variable, heading: Heading) -> str:
    """The period that `heading` says, where it is not the variable's own: year, month or ""."""
    other = {"month": "year", "year": "month"}.get(variable.period, "")
    said = "year" if "年" in heading.unit else "month" if "月" in heading.unit else ""
    if not said and {heading.key, *(parent + heading.key for parent in heading.parents)} & {*variable.other_period}:
        said = other
    return said if said == other else ""


def columns_for(
    kind: str,
    headings: Sequence[Heading],
    words: Vocabulary,
    values: Sequence[frozenset[str]],
    sheet_factor: float = 1.0,
) -> tuple[Column, ...]:
    """The columns of a table of `kind`: `values[i]` are the distinct squeezed cells below `headings[i]`.

    A variable is taken once; the second column that claims it is unmatched, ticks, slots and private columns apart.
    """
    frame = str(words.codebook.kinds[kind]["frame"]) if kind in words.codebook.kinds else ""
    near = [frame, "members"] if frame == "workers" else [frame] if frame else list(words.frames)
    columns = []
    for heading, meaning, below in zip(headings, _meanings(frame, headings, words, values), values, strict=True):
        index, shown, fate = heading.index, heading.shown, _fate(meaning, heading, words, bool(below))
        if meaning is None:
            suggestions = words.suggestions(heading.key, near) if fate == "unmatched" else ()
            columns.append(Column(index, shown, fate=fate, suggestions=suggestions))
        else:
            factor, period = factor_of(meaning.variable, heading, sheet_factor), period_of(meaning.variable, heading)
            columns.append(Column(index, shown, meaning.variable, fate, meaning.slot, meaning.tick, factor, period))
    return tuple(columns)


def _meanings(
    frame: str, headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]]
) -> list[Meaning | None]:
    """What each heading means in a table of `frame`, None where nothing or what an earlier column has taken."""
    runs = _member_run(headings, words) if frame == "workers" else frozenset()
    ticked = _tick_run(headings, words, values) if frame == "workers" else {}
    taken: set[tuple[str, str, int | None]] = set()
    found: list[Meaning | None] = []
    for place, heading in enumerate(headings):
        meaning = ticked.get(place) or _meaning(heading, frame, words, inner=place in runs)
        if meaning is not None and not meaning.tick:
            claim = (meaning.variable.frame, meaning.variable.name, meaning.slot)
            if claim in taken and meaning.variable.kind not in REPEATABLE:
                meaning = None
            taken.add(claim)
        found.append(meaning)
    return found


def _fate(meaning: Meaning | None, heading: Heading, words: Vocabulary, filled: bool) -> str:
    if meaning is not None:
        return "ignored" if meaning.variable.kind in NOT_COUNTED else "matched"
    if heading.key in words.codebook.ignored_headings:
        return "ignored"
    return "unmatched" if heading.key or filled else "empty"


def _meaning(heading: Heading, frame: str, words: Vocabulary, *, inner: bool) -> Meaning | None:
    """What `heading` by itself means in `frame`; `inner`: it stands among the columns of a family member."""
    key, parents = heading.key, heading.parents
    if not key or not frame:
        return None
    if frame in ("workers", "members"):
        if slotted := _slotted(heading, words):
            return slotted
        if inner or any(parent in words.parents for parent in parents):
            return _of(words.member(key))
    for parent in parents:
        if option := words.option(parent, key, frame):
            return option
    if frame == "members":
        owner = words.find("workers", key)
        named = owner is not None and owner.name in ("name", "id_number") and _HEAD_WORDS.search(key)
        return _of(owner if named else words.member(key))
    joined = next((v for p in parents if (v := words.find(frame, p + key)) is not None), None)
    direct = joined or words.find(frame, key)
    if direct is None and frame == "workers":
        direct = words.find("members", key)
    return _of(direct)


def _of(variable: Variable | None) -> Meaning | None:
    return None if variable is None else Meaning(variable)


def _slotted(heading: Heading, words: Vocabulary) -> Meaning | None:
    for text in (heading.key, *(parent + "/" + heading.key for parent in heading.parents)):
        if found := slot_of(text):
            variable = words.member(found[1] or "家庭成员")
            if variable is not None:
                return Meaning(variable, slot=found[0])
    return None


def _member_run(headings: Sequence[Heading], words: Vocabulary) -> frozenset[int]:
    """The places of a flat household sheet's member columns: beside 与户主关系 and a member's name, as far as they reach."""
    flat = [None if h.parents else h.key for h in headings]
    relations = [n for n, key in enumerate(flat) if key and (v := words.find("members", key)) and v.name == "relation"]
    if not relations:
        return frozenset()
    first = last = relations[0]
    before = {v.name for n in range(first) if flat[n] and (v := words.find("workers", str(flat[n])))}
    while (
        first > 0 and flat[first - 1] and _is_member_name(str(flat[first - 1]), words, "name" in before and first > 1)
    ):
        first -= 1
        before = {v.name for n in range(first) if flat[n] and (v := words.find("workers", str(flat[n])))}
        if "name" not in before:
            return frozenset()
    while last + 1 < len(flat) and flat[last + 1] and words.member(str(flat[last + 1])) is not None:
        last += 1
    run = range(first, last + 1)
    names = [n for n in run if _is_member_name(str(flat[n]), words, "name" in before)]
    return frozenset(run) if names else frozenset()


def _is_member_name(key: str, words: Vocabulary, again: bool) -> bool:
    """True where `key` heads a member's name by itself, or is 姓名 for the second time."""
    direct = words.find("members", key)
    inner = words.inner.get(key)
    return (direct is not None and direct.name == "name") or (again and inner is not None and inner.name == "name")


def _tick_run(headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]]) -> dict[int, Meaning]:
    """Columns of a run of two or more headings that all spell causes, over cells that are ticks or blank."""
    variable = next((v for v in words.codebook.variables if (v.frame, v.name) == ("workers", "cause")), None)
    if variable is None:
        return {}
    found: dict[int, Meaning] = {}
    run: list[int] = []
    for place in range(len(headings) + 1):
        if place < len(headings) and headings[place].key in variable.spellings and values[place] <= TICKS:
            run.append(place)
            continue
        own = [n for n in run if not words.find("workers", headings[n].key)]
        if len(run) > 1 and own and any(values[n] for n in run):
            for n in run:
                found[n] = Meaning(variable, tick=variable.spellings[headings[n].key][0].code)
        run = []
    return found


def kind_of(headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]]) -> str:
    """The kind of table that `headings` head: of those whose conditions hold, the one that most columns match; else "".

    Row numbers, remarks, phones and the like do not count; of two that match as many, the one that leaves fewer columns
    open. What may be roster or members is a roster where a relation says 本人.
    """
    best, most = "", (0, 0)
    if any(_is_stacked(heading, words) for heading in headings):
        return ""
    for kind, rule in words.codebook.kinds.items():
        meanings = _meanings(str(rule["frame"]), headings, words, values)
        matched = [m.variable for m in meanings if m is not None and m.variable.kind not in NOT_COUNTED]
        own = {v.name for v in matched if v.frame == rule["frame"]}
        if own.isdisjoint(rule["any_of"]) or len(own) < int(rule["least"]):
            continue
        told = {(v.frame, v.name) for v in matched if v.kind != "private"}
        fates = [_fate(m, h, words, bool(v)) for m, h, v in zip(meanings, headings, values, strict=True)]
        count = (len(told), sum(fate != "unmatched" for fate in fates))
        if count > most or (count == most and kind == "members" and not _has_heads(meanings, values)):
            best, most = kind, count
    return best


def _is_stacked(heading: Heading, words: Vocabulary) -> bool:
    """姓名 over 身份证号: each person fills two rows, which no frame can hold."""
    above = words.find("workers", heading.parents[0]) if heading.parents else None
    own = words.find("workers", heading.key)
    if above is None or own is None or above == own or words.knows(heading.parents[0] + heading.key):
        return False
    return above.kind in ("name", "id_number", "row_number")


def _has_heads(meanings: Iterable[Meaning | None], values: Sequence[frozenset[str]]) -> bool:
    for place, meaning in enumerate(meanings):
        if meaning is not None and meaning.variable.name == "relation":
            return any(level.code == "head" for v in values[place] for level in meaning.variable.spellings.get(v, ()))
    return False
