"""The true people of the sample study: who they are and how they move from wave to wave, before anyone writes
them down.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from bangfu_analysis.cleaning.identity import check_character

REGION = "990102"  # issued to nobody
A_YEAR_BACK = {"extreme": {"extreme": 88, "general": 12}, "general": {"general": 94, "extreme": 6}}
ADULT, PENSION = 22, {"male": 60, "female": 52}


@dataclass(frozen=True)
class Member:
    """Someone in the household besides the worker."""

    name: str
    relation: str
    sex: str
    birth_date: datetime.date


@dataclass(frozen=True)
class Person:
    """A worker in hardship as they are in one wave; `number` and the ID number stay the same in all. Money is
    yuan.

    `left_on`: of those who left, and of those who `returned`, the day on which they (last) left the file.
    """

    number: int
    name: str
    sex: str
    birth_date: datetime.date
    order: int
    unit: str
    district: str
    education: str
    level: str
    family: tuple[Member, ...]
    day: datetime.date
    employment: str = ""
    causes: tuple[str, ...] = ()
    income_per_capita_monthly: int = 0
    income_personal_monthly: int = 0
    has_dibao: bool = False
    rigid_expense_annual: int = 0
    returned: bool = False
    exit_reason: str = ""
    left_on: datetime.date | None = None

    @property
    def age(self) -> int:
        """Full years on the reference date."""
        return full_years(self.birth_date, self.day)

    @property
    def members(self) -> tuple[Member, ...]:
        """The family born by the reference date."""
        return tuple(m for m in self.family if m.birth_date <= self.day)

    @property
    def household_size(self) -> int:
        """The worker and the members."""
        return 1 + len(self.members)

    @property
    def income_household_annual(self) -> int:
        """Always that of the income per head."""
        return self.income_per_capita_monthly * 12 * self.household_size

    @property
    def is_single_parent(self) -> bool:
        """A child under 22 and no spouse."""
        return bool(child_ages(self)) and not any(m.relation == "spouse" for m in self.family)

    @property
    def id_number(self) -> str:
        """Eighteen characters with a valid check character (GB 11643)."""
        body = f"{REGION}{self.birth_date:%Y%m%d}{self.order:03d}"
        return body + check_character(body)


@dataclass(frozen=True)
class Wave:
    """A wave's true people, and `gone`: some who left since the wave before, as they were then."""

    name: str
    day: datetime.date
    people: tuple[Person, ...]
    gone: tuple[Person, ...]


def full_years(birth: datetime.date, day: datetime.date) -> int:
    """Full years (周岁)."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def child_ages(person: Person) -> list[int]:
    """Ages of the children under 22."""
    ages = [full_years(m.birth_date, person.day) for m in person.members if m.relation == "child"]
    return [age for age in ages if age < ADULT]


def weighted(rng: Random, weights: Mapping[str, float]) -> str:
    """One key, drawn by its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def draw_waves(rng: Random, plan: Mapping[str, Any], words: Mapping[str, Any]) -> list[Wave]:
    """The waves, last first: the last is drawn to its published counts, each earlier one is those who stayed
    and others.
    """
    draw = Drawing(rng, plan, words)
    waves = list(plan["waves"].items())
    people = draw.last_wave()
    drawn = []
    for place, (name, settings) in enumerate(waves):
        day = settings["day"]
        before = {**settings, "day": day.replace(year=day.year - 1)}  # of the first wave
        earlier = waves[place + 1][1] if place + 1 < len(waves) else before
        stayers = [draw.a_year_back(p, earlier) for p in rng.sample(people, settings["stay"])]
        gone = earlier["people"] - len(stayers) if settings["stay"] else 80
        leavers = [draw.anyone(earlier) for _ in range(gone)]
        drawn.append(Wave(name, day, tuple(people), tuple(leavers[:80])))
        people = stayers + leavers
        rng.shuffle(people)
    return drawn


class Drawing:
    """Draws people; holds the generator, the word lists and the last number given."""

    def __init__(self, rng: Random, plan: Mapping[str, Any], words: Mapping[str, Any]) -> None:
        self.rng, self.plan, self.words, self.number = rng, plan, words, 0
        self.taken = set[tuple[datetime.date, str | int]]()

    def last_wave(self) -> list[Person]:
        """The people of the last wave, cell by cell, with the education of 特困 as published."""
        settings = next(iter(self.plan["waves"].values()))
        people = [self._of_cell(cell, settings, i) for cell in self.plan["cells"] for i in range(cell["n"])]
        extreme = sorted(
            (p for p in people if p.level == "extreme"), key=lambda p: -p.age + self.rng.uniform(-24, 24)
        )
        given = [code for code, n in self.plan["education_of_extreme"].items() for _ in range(n)]
        schooled = {p.number: code for p, code in zip(extreme, given, strict=True)}
        people = [replace(p, education=schooled.get(p.number, p.education)) for p in people]
        self.rng.shuffle(people)
        return people

    def anyone(self, settings: Mapping[str, Any]) -> Person:
        """Somebody of any cell."""
        cell = self.rng.choices(self.plan["cells"], [c["n"] for c in self.plan["cells"]])[0]
        return self._of_cell(cell, settings, len(cell["edge"]))

    def a_year_back(self, person: Person, settings: Mapping[str, Any]) -> Person:
        """The same person in the wave before: younger, mostly in the same state."""
        level = weighted(self.rng, A_YEAR_BACK[person.level])
        earlier = replace(person, day=settings["day"], level=level)
        if self.rng.random() < 0.08 or (person.employment == "retired" and earlier.age < PENSION[person.sex]):
            earlier = replace(earlier, employment=self._employment(earlier))
        keep = 0.9 if person.causes[0].startswith("illness") else 0.96
        still = still_caused(person, earlier)
        if not still or self.rng.random() > keep:
            still = self._causes(earlier, settings["illness"] * 0.5)
        return self._with_money(replace(earlier, causes=still), settings)

    def _of_cell(self, cell: Mapping[str, Any], settings: Mapping[str, Any], place: int) -> Person:
        day = settings["day"]
        low, high, mode = cell["ages"]
        age = int(self.rng.triangular(low, high, mode))
        born = day.replace(year=day.year - age) - datetime.timedelta(days=self.rng.randrange(365))
        if place < len(cell["edge"]):
            born = cell["edge"][place]
        return self._person(cell["sex"], born, cell["level"], settings)

    def _person(self, sex: str, born: datetime.date, level: str, settings: Mapping[str, Any]) -> Person:
        self.number += 1
        unit = weighted(self.rng, {u: share for u, (_, share, _) in self.words["units"].items()})
        name, order = self._name(sex), self._order(sex)
        while {(born, name), (born, order)} & self.taken:
            name, order = self._name(sex), self._order(sex)
        self.taken |= {(born, name), (born, order)}
        district = self.rng.choice(self.words["streets"])
        person = Person(self.number, name, sex, born, order, unit, district, "", level, (), settings["day"])
        person = replace(person, education=self._education(person), family=self._family(person))
        person = replace(person, employment=self._employment(person))
        return self._with_money(replace(person, causes=self._causes(person, settings["illness"])), settings)

    def _order(self, sex: str) -> int:
        return self.rng.randrange(498) * 2 + (sex == "male")

    def _name(self, sex: str, surname: str = "") -> str:
        given = self.words[f"given_{sex}"]
        second = self.rng.choice(given) if self.rng.random() < 0.75 else ""
        return f"{surname or self.rng.choice(self.words['surnames'])}{self.rng.choice(given)}{second}"

    def _education(self, person: Person) -> str:
        old = max(person.age - 30, 0) / 10
        weights = {
            "illiterate": 0.1 * old, "primary": 3 + 3 * old, "junior_secondary": 40, "senior_secondary": 24
        }
        return weighted(
            self.rng, weights | {"vocational_secondary": 15, "junior_college": 5, "bachelor": 1.5}
        )

    def _family(self, person: Person) -> tuple[Member, ...]:
        wed = person.age >= 25 and self.rng.random() < 0.85
        apart = wed and self.rng.random() < 0.22
        family = []
        if wed and not apart:
            sex = "female" if person.sex == "male" else "male"
            family.append(Member(self._name(sex), "spouse", sex, self._near(person.birth_date, -4, 4)))
        if wed and self.rng.random() < 0.88:
            kids = 1 + (self.rng.random() < 0.1)
            family += [self._kin(person, "child", (22, 31), person.name[0]) for _ in range(kids)]
        if len(family) < 3 and self.rng.random() < 0.2:
            family.append(self._kin(person, "parent", (-31, -22), person.name[0]))
        return tuple(family)

    def _kin(self, person: Person, relation: str, years: tuple[int, int], surname: str) -> Member:
        sex = "male" if relation == "parent" else self.rng.choice(["male", "female"])
        return Member(self._name(sex, surname), relation, sex, self._near(person.birth_date, *years))

    def _near(self, day: datetime.date, low: int, high: int) -> datetime.date:
        return day + datetime.timedelta(days=self.rng.randint(low * 365, high * 365))

    def _employment(self, person: Person) -> str:
        if person.age >= PENSION[person.sex] and self.rng.random() < 0.85:
            return "retired"
        stopped = self.words["units"][person.unit][2]
        weights = {
            "employed": 1.0 if stopped else 5.0, "laid_off": 5.0 if stopped else 1.5, "unemployed": 2.5
        }
        weights |= {"flexible": 1.6, "sick_leave": 0.5, "migrant_worker": 0.5 if person.age < 45 else 0.1}
        late = person.age >= PENSION[person.sex] - 8
        return weighted(self.rng, weights | {"temporary": 0.4, "internal_retired": 1.5 if late else 0.0})

    def _causes(self, person: Person, illness: float) -> tuple[str, ...]:
        ill = illness * (0.6 + max(person.age - 28, 0) / 9)
        idle = person.employment in ("laid_off", "unemployed", "flexible")
        low_school = person.education in ("illiterate", "primary", "junior_secondary")
        stopped = self.words["units"][person.unit][2]
        weights = {
            "illness": 0.9 * ill, "illness_self": 0.45 * ill, "illness_family": 0.5 * ill,
            "schooling": 2.6 if _schooling(person) else 0.0,
            "unemployment": (3.0 + low_school) if idle else 0.05,
            "enterprise_stopped": 2.8 if stopped else 0.1,
            "single_parent": 3.5 if person.is_single_parent else 0.0,
            "low_income": 1.0, "disability": 0.35, "accident": 0.2,
        }  # fmt: skip
        found = {weighted(self.rng, weights): None}
        if self.rng.random() < 0.38:
            found[weighted(self.rng, weights)] = None
        return tuple(found)

    def _with_money(self, person: Person, settings: Mapping[str, Any]) -> Person:
        low, high = settings["lines"]
        bounds = (70, low) if person.level == "extreme" else (low, high + 60)
        per_head = self.rng.randrange(-(-bounds[0] // 10) * 10, bounds[1], 10)
        own = self._own_income(person, per_head)
        dibao = person.level == "extreme" and self.rng.random() < 0.45
        return replace(
            person, income_per_capita_monthly=per_head, income_personal_monthly=own, has_dibao=dibao
        )

    def _own_income(self, person: Person, per_head: int) -> int:
        works = person.employment not in ("unemployed", "laid_off") or self.rng.random() < 0.4
        return int(per_head * person.household_size * self.rng.uniform(0.5, 1)) // 10 * 10 if works else 0


def still_caused(person: Person, then: Person) -> tuple[str, ...]:
    """The person's causes that hold of them at another time too."""
    return tuple(c for c in person.causes if c != "schooling" or _schooling(then))


def _schooling(person: Person) -> bool:
    return any(age >= 6 for age in child_ages(person))


def order_causes(person: Person, ticks: Sequence[str]) -> Person:
    """The person's causes as a form of tick columns can say them: in its order, 本人大病 under 患大病 where
    it has no column.
    """
    said = {"illness" if c == "illness_self" and c not in ticks else c for c in person.causes}
    return replace(person, causes=tuple(c for c in ticks if c in said))
