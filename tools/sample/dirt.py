"""How hands write the true people down: spellings, slips and losses. A person -> the cells of a row."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tools.sample.people import Member, Person, full_years

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
NUMERALS = "〇一二三四五六七八九"
SERIAL_ZERO = datetime.date(1899, 12, 30)
# all that is left of a number of region 990102 once its display was saved as text
EVERYONES_ID = "9.90102E+17"
INCOMES = (
    "income_personal_monthly", "income_per_capita_monthly", "income_household_annual", "rigid_expense_annual"
)
CAN_BE_LOST = (
    "education", "education", "household_size", "income_personal_monthly", "employment_status", "cause"
)
VALUE_OF = {
    "employment_status": "employment", "hardship_level": "level", "reporting_unit": "unit", "employer": "unit"
}
WAYS = {
    "mixed": ("dates", "dates", "serial", "chinese", "dots", "solid"),
    "years": ("dots", "numerals", "chinese"),
}
SCHOOLS = {6: "学龄前", 12: "小学", 15: "初中", 18: "高中", 22: "大学生"}


@dataclass(frozen=True)
class Entry:
    """One row of a roster: whom it is about and what befell it.

    `fate`: counted, duplicate, struck, exited, old (a hidden sheet). `damage`: variable -> the cell instead
    of a sound one. `lost`: variables whose value the row no longer tells; `not_given`: left open by the hand
    that wrote it;
    `doubtful`: variables that the row tells in two ways.
    """

    person: Person
    fate: str = "counted"
    damage: Mapping[str, object] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    not_given: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hand:
    """Who writes a file: its plan, the generator and the words."""

    plan: Mapping[str, Any]
    rng: Random
    words: Mapping[str, Any]

    @property
    def columns(self) -> dict[str, str]:
        """Variable -> heading."""
        return dict(self.plan["columns"])

    def one(self, *choices: object) -> Any:
        """One of them."""
        return self.rng.choice(choices)

    def sometimes(self, usual: object, *others: object) -> object:
        """Mostly the usual way to write it."""
        return usual if self.rng.random() < 0.75 else self.one(*others)

    def spelled(self, variable: str, code: str) -> object:
        """Mostly the usual word for a code, at times another that the codebook knows."""
        says = self.words["says"][variable][code]
        return self.sometimes(says[0], *says)


def damaged(people: list[Person], hand: Hand) -> list[Entry]:
    """A row for each, with a slip here and there.

    What is truly lost is never lost by 特困, who are counted as published: they suffer only what a whole ID
    number mends. In a file that is sent twice everybody stays known.
    """
    entries = [_slipped(Entry(person), hand) for person in people]
    unknown = "birth_date" if "copy" in hand.plan else None
    return [Entry(entry.person) if unknown in entry.lost else entry for entry in entries]


def _slipped(entry: Entry, hand: Hand) -> Entry:
    slips: dict[Callable[[Entry, Hand], Entry | None], float] = {_mended_sex: 6, _mended_birth: 8}
    if entry.person.level != "extreme":
        slips |= {
            _lost_value: 45, _not_given: 30, _short_id: 8, _no_identity: 6, _no_sex: 5, _miscopied: 5,
            _other_birth: 6,
        }  # fmt: skip
    nothing = 1000 - sum(slips.values())
    slip = hand.rng.choices([*slips, lambda *_: None], [*slips.values(), nothing])[0]
    return slip(entry, hand) or entry


def _mended_sex(entry: Entry, hand: Hand) -> Entry:
    return replace(entry, damage={"sex": None, "id_number": entry.person.id_number})


def _mended_birth(entry: Entry, hand: Hand) -> Entry:
    dated = "birth_date" in hand.columns
    bad = {"birth_date": hand.one(*hand.words["lost"]["birth_date"])} if dated else {"age": None}
    return replace(entry, damage={**bad, "id_number": entry.person.id_number})


def _lost_value(entry: Entry, hand: Hand) -> Entry | None:
    variable = hand.one(*CAN_BE_LOST)
    if variable not in hand.columns:
        return None
    second = {"cause_other": None} if variable == "cause" else {}
    return replace(
        entry, damage={variable: hand.one(*hand.words["lost"][variable]), **second}, lost=(variable,)
    )


def _not_given(entry: Entry, hand: Hand) -> Entry | None:
    variable = hand.one(*INCOMES[:3])
    if variable not in hand.columns:
        return None
    return replace(entry, damage={variable: hand.one(None, "/", "不详", "-")}, not_given=(variable,))


def _short_id(entry: Entry, hand: Hand) -> Entry | None:
    """Excel kept 15 digits: the birth date stands, the sex is in its own column."""
    short = replace(entry.person, order=entry.person.order // 100 * 100).id_number
    if short[-1] == "0":  # would pass for a whole number
        return None
    return replace(entry, damage={"id_number": float(short[:15] + "000")})


def _no_identity(entry: Entry, hand: Hand) -> Entry:
    if "age" in hand.columns:
        return replace(entry, damage={"id_number": EVERYONES_ID}, lost=("birth_date",))
    damage = {"id_number": EVERYONES_ID, "birth_date": hand.one(*hand.words["lost"]["birth_date"])}
    return replace(entry, damage=damage, lost=("birth_date", "age"))


def _no_sex(entry: Entry, hand: Hand) -> Entry | None:
    short = _short_id(entry, hand)
    return short and replace(short, damage={**short.damage, "sex": hand.one(None, "？")}, lost=("sex",))


def _miscopied(entry: Entry, hand: Hand) -> Entry | None:
    right = entry.person.id_number
    wrong = right[:-1] + hand.one(*(c for c in "0123456789" if c != right[-1]))
    return _with_birth(entry, hand, entry.person.birth_date, wrong)


def _other_birth(entry: Entry, hand: Hand) -> Entry | None:
    other = entry.person.birth_date + datetime.timedelta(days=hand.one(-400, -31, 30, 45, 370))
    told_twice = _with_birth(entry, hand, other, entry.person.id_number)
    return told_twice and replace(told_twice, doubtful=("birth_date", "age"))


def _with_birth(entry: Entry, hand: Hand, birth: datetime.date, id_number: str) -> Entry | None:
    if "birth_date" not in hand.columns:
        return None
    return replace(entry, damage={"birth_date": f"{birth:%Y-%m-%d}", "id_number": id_number})


def cell_of(entry: Entry, variable: str, hand: Hand) -> object:
    """What stands in the row's cell under `variable` (`tick:illness`, `m0:name`): text, number, date or None.
    """
    person = entry.person
    if variable in entry.damage:
        return entry.damage[variable]
    if variable.startswith("tick:"):
        return hand.sometimes("√", "✓") if variable[5:] in person.causes else None
    if variable.startswith("m"):
        slot, _, part = variable[1:].partition(":")
        return member_cell(person, int(slot), part, hand) if int(slot) < len(person.members) else None
    if variable in _WRITERS:
        return _WRITERS[variable](entry, hand)
    name = VALUE_OF.get(variable, variable)
    value = getattr(person, name)
    if variable in INCOMES:
        return _money(value, variable, hand)
    if isinstance(value, bool):
        return hand.one(*hand.words["says"]["yes" if value else "no"])
    return hand.spelled(name, value) if name in hand.words["says"] else value


def member_cell(person: Person, slot: int, part: str, hand: Hand) -> object:
    """A cell about a member of the household."""
    member = person.members[slot]
    if part in ("relation", "sex"):
        return hand.spelled(part, getattr(member, part))
    if part == "birth_date":
        return date_cell(member.birth_date, "months" if hand.plan["date"] == "chinese" else "dashes", hand)
    return member.name if part == "name" else _status(full_years(member.birth_date, person.day), member)


def _status(age: int, member: Member) -> str:
    adult = "退休" if age >= 60 else ("在岗", "下岗", "失业", "农民工")[member.birth_date.day % 4]
    return next((status for below, status in SCHOOLS.items() if age < below), adult)


def date_cell(day: datetime.date, style: str, hand: Hand) -> object:
    """A date as the hand writes it: as a date, a serial number or a text."""
    if style in WAYS:
        return date_cell(day, hand.one(*WAYS[style]), hand)
    if style in ("dates", "serial"):
        return day if style == "dates" else (day - SERIAL_ZERO).days
    year = "".join(NUMERALS[int(d)] for d in str(day.year))
    return {
        "dashes": f"{day:%Y-%m-%d}",
        "slashes": f"{day.year}/{day.month}/{day.day}",
        "dots": f"{day.year}.{day.month}.{day.day}",
        "solid": f"{day:%Y%m%d}",
        "months": f"{day.year}年{day.month}月",
        "chinese": f"{day.year}年{day.month}月{day.day}日",
        "numerals": f"{year}年{_numeral(day.month)}月{_numeral(day.day)}日",
    }[style]


def _numeral(n: int) -> str:
    tens, ones = divmod(n, 10)
    return (NUMERALS[tens] if tens > 1 else "") + ("十" if tens else "") + (NUMERALS[ones] if ones else "")


def _money(yuan: int, variable: str, hand: Hand) -> object:
    if "年人均" in hand.columns[variable]:
        return hand.sometimes(yuan * 12, f"{yuan * 12}元", f"{yuan * 12}元/年")
    if "万元" in hand.columns[variable]:
        return hand.sometimes(yuan / 10000, yuan / 10000, f"{yuan / 10000:g}万")
    if yuan == 0:
        return hand.one(0, "0", "无", "无收入")
    monthly = [f"{yuan}元/月"] if variable.endswith("monthly") else []
    wide = str(yuan).translate(FULL_WIDTH)
    return hand.sometimes(
        yuan, f"{yuan}元", f"{yuan}.00", f"{yuan:,}", wide, f"￥{yuan}", f"{yuan} ", f"约{yuan}元", *monthly
    )


def _id_number(entry: Entry, hand: Hand) -> object:
    right = entry.person.id_number
    is_old = entry.person.birth_date.year < 1975 and entry.person.day.year < 2013
    old = right[:6] + right[8:17] if is_old else right
    spaced = f"{right[:6]} {right[6:14]} {right[14:]}"
    return hand.sometimes(
        right, right, "'" + right, spaced, right.translate(FULL_WIDTH), right.lower(), old, old
    )


def _size(entry: Entry, hand: Hand) -> object:
    n = entry.person.household_size
    return hand.sometimes(n, f"{n}人", f"{n}口", str(n), str(n).translate(FULL_WIDTH), NUMERALS[n])


def _age(entry: Entry, hand: Hand) -> object:
    n = entry.person.age
    return hand.sometimes(n, f"{n}岁", f"{n}周岁", str(n).translate(FULL_WIDTH), str(n))


def _cause(entry: Entry, hand: Hand) -> object:
    wanted = entry.person.causes[:1] if "cause_other" in hand.columns else entry.person.causes
    join, numbers = hand.one(*hand.plan["join"]), hand.plan.get("cause_numbers")
    return join.join(str(numbers[c] if numbers else hand.spelled("cause", c)) for c in wanted)


def _cause_other(entry: Entry, hand: Hand) -> object:
    others = "、".join(str(hand.spelled("cause", c)) for c in entry.person.causes[1:])
    return others or hand.one(None, None, "无")


def _phone(entry: Entry, hand: Hand) -> object:
    number = 13900000000 + entry.person.number
    return hand.sometimes(str(number), number)


def _file_status(entry: Entry, hand: Hand) -> object:
    if entry.person.returned:
        return "返困"
    return hand.one("已脱困", "注销") if entry.fate == "exited" else hand.one("在档", "在档", None)


def _exit_date(entry: Entry, hand: Hand) -> object:
    year = entry.person.day.year
    left = entry.person.left_on or datetime.date(year, hand.one(1, 2, 3, 4, 5), hand.one(8, 15, 22))
    return f"{left:%Y-%m-%d}" if entry.fate == "exited" or entry.person.returned else None


_WRITERS: Mapping[str, Callable[[Entry, Hand], object]] = {
    "birth_date": lambda entry, hand: date_cell(entry.person.birth_date, hand.plan["date"], hand),
    "age": _age, "id_number": _id_number, "household_size": _size, "cause": _cause,
    "cause_other": _cause_other, "phone": _phone, "file_status": _file_status, "exit_date": _exit_date,
}  # fmt: skip
