"""The waves after the published one: who stays, who comes back, who leaves and why, under the names and rules
of the day.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tools.sample.people import PENSION, Drawing, Person, Wave, still_caused, weighted

POOR = ("extreme", "dibao", "no_dibao", "deep")
BURDENS = {
    "illness": (150, 900), "illness_self": (150, 900), "illness_family": (150, 700), "schooling": (80, 300)
}
SCHOOLS_AS_OF = datetime.date(2009, 6, 30)  # schooling goes by the year of birth, not by the age


def later_waves(
    rng: Random, plan: Mapping[str, Any], words: Mapping[str, Any], earlier: Sequence[Wave]
) -> Iterator[tuple[Wave, Mapping[str, Any]]]:
    """The waves of plan["later"], each with the words of its day (units, age bands); `earlier` are those
    before, first first.
    """
    draw, known = Onward(rng, plan, words, earlier), list(earlier)
    for name, settings in plan["later"].items():
        bands = settings.get("age_bands", words["age_bands"])
        draw.words = words = {
            **words, "units": units_of(words["units"], settings["units"]), "age_bands": bands
        }
        known.append(draw.wave(name, settings, known))
        yield known[-1], words


def units_of(units: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The units after `changes`: new name -> its shares, whether it stands still, and the units that it came
    of.
    """
    gone = {old for *_, came_of in changes.values() for old in came_of}
    stay = {unit: said for unit, said in units.items() if unit not in gone}
    return stay | {unit: said[:3] for unit, said in changes.items()}


class Onward(Drawing):
    """Draws people on from the waves that are known; the dead never come back."""

    def __init__(
        self, rng: Random, plan: Mapping[str, Any], words: Mapping[str, Any], earlier: Sequence[Wave]
    ) -> None:
        super().__init__(rng, plan, words)
        everyone = [person for wave in earlier for person in (*wave.people, *wave.gone)]
        self.number = max(person.number for person in everyone)
        self.taken = {key for p in everyone for key in ((p.birth_date, p.name), (p.birth_date, p.order))}
        self.dead = set[int]()
        self.now = dict[str, list[str]]()  # old unit -> what came of it

    def wave(self, name: str, settings: Mapping[str, Any], known: Sequence[Wave]) -> Wave:
        """The next wave: those who stay, those who come back after a wave away, and new ones."""
        for unit, (*_, came_of) in settings["units"].items():
            for old in came_of:
                self.now.setdefault(old, []).append(unit)
        before = known[-1]
        here = {p.number for p in before.people}
        away = {p.number: p for wave in known[:-1] for p in wave.people if p.number not in here | self.dead}
        back = self.rng.sample(sorted(away.values(), key=lambda p: p.number), settings["return"])
        drawn = {
            p: self.rng.random() + 0.3 * (p.age >= 52) + 0.15 * (p.level not in POOR) for p in before.people
        }
        order = sorted(drawn, key=drawn.__getitem__)
        stayers, leavers = order[: settings["stay"]], order[settings["stay"] :]
        people = [self._on(p, settings) for p in stayers]
        people += [
            replace(self._on(p, settings), returned=True, left_on=self._day(p.day, before.day)) for p in back
        ]
        people += [self.anyone(settings) for _ in range(settings["people"] - len(people))]
        self.rng.shuffle(people)
        return Wave(name, settings["day"], tuple(people), tuple(self._leaving(leavers, before.day, settings)))

    def _on(self, person: Person, settings: Mapping[str, Any]) -> Person:
        """The same person at the next wave: older, under today's name of the unit, mostly in the same state.
        """
        now = replace(person, day=settings["day"], unit=self._unit(person.unit), returned=False, left_on=None)
        if self.rng.random() < 0.12 or (person.employment != "retired" and now.age >= PENSION[now.sex]):
            now = replace(now, employment=self._employment(now))
        causes = still_caused(person, now) if self.rng.random() < 0.85 else ()
        causes = causes or self._causes(now, settings["illness"])
        return self._with_money(replace(now, causes=causes), settings)

    def _unit(self, unit: str) -> str:
        """What the unit is called now; of a unit that was split, one of the parts."""
        return self._unit(self.rng.choice(self.now[unit])) if unit in self.now else unit

    def _leaving(
        self, leavers: Sequence[Person], since: datetime.date, settings: Mapping[str, Any]
    ) -> Iterator[Person]:
        """Those of `leavers` whom the list of exits names with day and reason: all who died, and some of the
        others.
        """
        by_age = sorted(leavers, key=lambda p: self.rng.random() ** (1 / (p.age - 18)), reverse=True)
        died, others = by_age[: settings["died"]], by_age[settings["died"] :]
        self.dead |= {p.number for p in died}
        for person in [*died, *self.rng.sample(others, settings["listed"])]:
            reason = "died" if person.number in self.dead else weighted(self.rng, self.plan["exit_reasons"])
            left = self._day(since, settings["day"])
            now = replace(person, unit=self._unit(person.unit), returned=False)
            yield replace(now, exit_reason=reason, left_on=left)

    def _day(self, after: datetime.date, until: datetime.date) -> datetime.date:
        return after + datetime.timedelta(days=self.rng.randint(1, (until - after).days - 1))

    def _education(self, person: Person) -> str:
        return super()._education(replace(person, day=SCHOOLS_AS_OF))

    def _with_money(self, person: Person, settings: Mapping[str, Any]) -> Person:
        """Income, spending and level by the scheme of the wave."""
        rule = self._by_income if settings["scheme"] == "s2008" else self._after_spending
        placed = rule(person, settings["lines"]["dibao"])
        return replace(
            placed, income_personal_monthly=self._own_income(placed, placed.income_per_capita_monthly)
        )

    def _by_income(self, person: Person, line: int) -> Person:
        below = (person.level in POOR) != (self.rng.random() < 0.08)
        per_head = self.rng.randrange(*((90, line, 10) if below else (line, line * 3 // 2, 10)))
        dibao = below and self.rng.random() < 0.6
        level = "dibao" if dibao else "no_dibao" if below else "above_line"
        return replace(person, level=level, income_per_capita_monthly=per_head, has_dibao=dibao)

    def _after_spending(self, person: Person, line: int) -> Person:
        poor = person.level in POOR
        level = weighted(
            self.rng, {"deep": 58 if poor else 24, "relative": 40 if poor else 66, "accidental": 7}
        )
        bounds = {
            "deep": (60, line, 10), "relative": (line, 2 * line, 10), "accidental": (line // 2, 3 * line, 10)
        }
        causes = (
            tuple(dict.fromkeys(("accident", *person.causes))) if level == "accidental" else person.causes
        )
        left = self.rng.randrange(*bounds[level])
        burden = self.rng.randrange(*BURDENS.get(causes[0], (0, 120)), 10)
        dibao = level == "deep" and left + burden < line and self.rng.random() < 0.7
        return replace(
            person, level=level, causes=causes[:3], has_dibao=dibao, income_per_capita_monthly=left + burden,
            rigid_expense_annual=burden * 12 * person.household_size,
        )  # fmt: skip
