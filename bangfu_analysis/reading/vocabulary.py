"""What headings may say, looked up once for a codebook; and what an unknown one may mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from bangfu_analysis.codebook import Codebook, Variable, patterns, simplified
from bangfu_analysis.overlays import KINDS
from bangfu_analysis.reading.owners import slot_of
from bangfu_analysis.text import heading_key, heading_unit

HELPING = ("helper", "staff")
NOT_COUNTED = ("row_number", "ignored", "remark")
OPTIONED = ("choice", "choices")
LIKE = patterns("sheets")


@dataclass(frozen=True)
class Heading:
    """One column's heading: its levels from the top, squeezed, unlike neighbours only, and what its bracket
    says.
    """

    index: int
    levels: tuple[str, ...]

    @cached_property
    def _meaning(self) -> tuple[str, ...]:
        bare = tuple(level for level in self.levels if level)
        return bare[:-1] if len(bare) > 1 and LIKE["unit_alone"].match(bare[-1]) else bare

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
        if len(self.levels) > 1 and LIKE["unit_alone"].match(own):
            return simplified(own.strip("()[]【】"))
        return next((simplified(u) for level in reversed(self.levels) if (u := heading_unit(level))), "")

    @cached_property
    def shown(self) -> str:
        """The levels joined with `/`."""
        return "/".join(level for level in self.levels if level)


class Meaning(NamedTuple):
    """What a heading stands for: a variable, of family member number `slot`, or its code `tick` where a cell
    is ticked.
    """

    variable: Variable
    slot: int | None = None
    tick: str = ""


@lru_cache(maxsize=4)
def vocabulary(codebook: Codebook) -> Vocabulary:
    """The Vocabulary of a codebook, made once."""
    return Vocabulary(codebook)


class Vocabulary:
    """What headings may say, looked up once for a codebook.

    `find(frame, key)`: the variable of a frame that a heading's key means; `member(key)`: the variable of
    members that it means under a parent that says so; `knows(key)`: whether it is a heading of any frame, an
    inner heading of members or a slot. Units fill in one template, so that each is asked again and again.
    """

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.family = {*codebook.each.get("person", ()), *codebook.each.get("family", ())}
        self.persons = {heading_key(word): p for p, said in codebook.persons.items() for word in said}
        self.inner = {codebook.form_of(key): v for v in codebook.variables for key in v.inner}
        self.by_values: dict[str, list[Variable]] = {}
        for variable in codebook.variables:
            for key in variable.by_values:
                self.by_values.setdefault(key, []).append(variable)
        ignored = map(codebook.form_of, codebook.ignored_headings)
        self.known = frozenset((*codebook.by_form, *self.inner, *ignored))
        self.frames = dict.fromkeys(v.frame for v in codebook.variables)
        self.find: Callable[[str, str], Variable | None] = cache(codebook.meant)
        self.member: Callable[[str], Variable | None] = cache(self._member)
        self.knows: Callable[[str], bool] = cache(self._knows)

    def _knows(self, key: str) -> bool:
        return bool(key) and (self.codebook.form_of(key) in self.known or slot_of(key) is not None)

    def _member(self, key: str) -> Variable | None:
        own = self.codebook.mapped.get(key, "").startswith(("members.", "ignore"))
        inner = None if own else self.inner.get(self.codebook.form_of(key))
        return inner or self.find("members", key) or self.codebook.withheld("members", key)

    def person(self, key: str) -> str:
        """Whom `key` names (成员, 家庭成员情况 -> member), "" where nobody."""
        bare = LIKE["about"].sub("", key)
        forms = (key, bare, *(LIKE[part].sub("", bare) for part in ("nth", "and")))
        named = map(self.persons.get, forms)
        worker = "worker" if LIKE["worker_named"].fullmatch(bare + "姓名") else ""
        return next(filter(None, named), "helper" if LIKE["helper_named"].fullmatch(bare) else worker)

    def is_relation(self, key: str) -> bool:
        """True where `key` heads a member's relation to the head."""
        variable = self.find("members", key)
        return variable is not None and variable.name == "relation"

    def amount(self, key: str) -> bool:
        """True where `key` heads a worker's or the household's sum of money."""
        variable = self.find("workers", key)
        return variable is not None and variable.kind == "money"

    def may_be_of(self, heading: Heading, person: str) -> bool:
        """True where a column right of the name of `person` says something of that person, not of the
        household.
        """
        if person == "worker":
            return True
        own = next(filter(None, (self.find("workers", key) for key in (heading.key, *heading.parents))), None)
        if own is None:
            known = self.find("members", heading.key) is not None
            return known or (person != "staff" and not self.codebook.by_heading.get(heading.key))
        of = self.codebook.each[person] if person in HELPING else self.family
        return own.kind in ("row_number", "ignored") or own.name in of  # a remark is of the whole row

    def option(self, parent: str, leaf: str, frame: str) -> Meaning | None:
        """The variable that `parent` heads with the code of its level that `leaf` spells."""
        variable = self.find(frame, parent)
        if variable is None or variable.kind not in OPTIONED or leaf not in variable.spellings:
            return None
        return Meaning(variable, tick=variable.spellings[leaf][0].code)

    def suggestions(
        self, key: str, frames: Sequence[str], values: frozenset[str] = frozenset()
    ) -> tuple[str, ...]:
        """What a heading over `values` may mean, as frame.name, best first: three, the last of them `ignore`
        if fewer fit.

        What the heading says in any frame goes before what it only resembles in `frames`; nothing of another
        kind (a sum under a heading of dates) is proposed.
        """
        form = self.codebook.form_of(key)
        kinds = _kinds_under(form, values)
        return _suggestions(self.codebook, form, tuple(frames), kinds) if key else ("ignore",)


@lru_cache(maxsize=4096)
def _suggestions(
    codebook: Codebook, form: str, frames: Sequence[str], kinds: frozenset[str]
) -> tuple[str, ...]:
    from rapidfuzz import fuzz, process

    by_form = [(f, v) for f, known in codebook.by_form.items() for v, _ in known]
    same = [v for f, v in by_form if f == form]
    same = sorted(same, key=lambda v: (v.frame not in frames, v.frame != "workers"))
    options = [(f, v) for f, v in by_form if v.frame in frames and v.kind in kinds - {"row_number"}]
    found = process.extract(form, [f for f, _ in options], scorer=fuzz.ratio, score_cutoff=45, limit=12)
    near = [*same, *(options[place][1] for _, _, place in found)]
    return (*tuple(dict.fromkeys(f"{v.frame}.{v.name}" for v in near))[:3], "ignore")[:3]


def _kinds_under(form: str, values: frozenset[str]) -> frozenset[str]:
    """The kinds of variable that a heading of this form and the cells below it leave open."""
    fitting = (kinds.split() for kinds, ending in patterns("kinds").items() if ending.search(form))
    left = frozenset(next(fitting, KINDS))
    filled = [value for value in values if value]
    numbers = sum(LIKE["numeric"].fullmatch(value) is not None for value in filled)
    if filled and numbers < 0.2 * len(filled):
        return left - {"money", "count", "number", "age"}
    return left - {"choice", "choices", "unit", "name"} if filled and numbers > 0.8 * len(filled) else left
