"""How hands write the true people down: spellings, slips and losses. A person -> the cells of a row."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from bangfu_analysis.sample.people import Member, Person, full_years

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
NUMERALS = "〇一二三四五六七八九"
SERIAL_ZERO = datetime.date(1899, 12, 30)
EVERYONES_ID = "9.90102E+17"  # what is left of a number of region 990102 that was saved as text after display
INCOMES = ("income_personal_monthly", "income_per_capita_monthly", "income_household_annual")


@dataclass(frozen=True)
class Entry:
    """One row of a roster: whom it is about and what befell it.

    `fate`: counted, duplicate, struck, exited, old (a hidden sheet). `damage`: variable -> the cell instead of a sound
    one. `lost`: variables whose value the row no longer tells; `not_given`: left open by the hand that wrote it;
    `doubtful`: variables that the row tells in two ways.
    """

    person: Person
    fate: str = "counted"
    damage: Mapping[str, object] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    not_given: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


Slip = Callable[[Entry, Sequence[str], Random, Mapping[str, Any]], Entry | None]


def damaged(entries: list[Entry], plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> list[Entry]:
    """The entries with one slip here and there.

    What is truly lost is lost by 困难 people only; 特困 suffer only what a whole ID number mends. In a file that is sent
    twice everybody stays known.
    """
    slipped = [_slipped(entry, list(plan["columns"]), rng, words) for entry in entries]
    known = [not ("copy" in plan and "birth_date" in entry.lost) for entry in slipped]
    return [new if is_known else old for old, new, is_known in zip(entries, slipped, known, strict=True)]


def _slipped(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry:
    harmless = entry.person.level == "extreme" or entry.fate != "counted"
    slips: dict[Slip | None, float] = {_mended_sex: 6, _mended_birth: 8}
    if not harmless:
        slips |= {_lost_value: 45, _not_given: 30, _short_id: 8, _no_identity: 6, _no_sex: 5, _miscopied_id: 5, _other_birth: 6}
    slips[None] = 1000 - sum(slips.values())
    slip = rng.choices(list(slips), list(slips.values()))[0]
    return (slip and slip(entry, columns, rng, words)) or entry


def _mended_sex(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    return replace(entry, damage={"sex": None, "id_number": entry.person.id_number})


def _mended_birth(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    variable = "birth_date" if "birth_date" in columns else "age"
    cell = rng.choice(words["lost"]["birth_date"]) if variable == "birth_date" else None
    return replace(entry, damage={variable: cell, "id_number": entry.person.id_number})


def _lost_value(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    known = ("education", "education", "household_size", "income_personal_monthly", "employment_status", "cause")
    variable = rng.choice(known)
    if variable not in columns:
        return None
    damage = {variable: rng.choice(words["lost"][variable])}
    return replace(entry, damage=damage | ({"cause_other": None} if variable == "cause" else {}), lost=(variable,))


def _not_given(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    variable = rng.choice(INCOMES)
    if variable not in columns:
        return None
    return replace(entry, damage={variable: rng.choice(words["not_given"]) or None}, not_given=(variable,))


def _short_id(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    """Excel kept 15 digits: the birth date stands, the sex is in its own column."""
    short = replace(entry.person, order=entry.person.order // 100 * 100).id_number
    if short[-1] == "0":  # would pass for a whole number
        return None
    return replace(entry, damage={"id_number": float(short[:15] + "000")})


def _no_identity(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    broken = {"id_number": EVERYONES_ID}
    if "age" in columns:
        return replace(entry, damage=broken, lost=("birth_date",))
    return replace(
        entry, damage=broken | {"birth_date": rng.choice(words["lost"]["birth_date"])}, lost=("birth_date", "age")
    )


def _no_sex(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    short = _short_id(entry, columns, rng, words)
    no_sex = {"sex": rng.choice(words["lost"]["sex"]) or None}
    return short and replace(short, damage=dict(short.damage) | no_sex, lost=("sex",))


def _miscopied_id(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    if "birth_date" not in columns:
        return None
    right = entry.person.id_number
    wrong = right[:-1] + rng.choice([c for c in "0123456789" if c != right[-1]])
    birth = date_cell(entry.person.birth_date, "dashes", rng)
    return replace(entry, damage={"id_number": wrong, "birth_date": birth})


def _other_birth(entry: Entry, columns: Sequence[str], rng: Random, words: Mapping[str, Any]) -> Entry | None:
    if "birth_date" not in columns:
        return None
    other = entry.person.birth_date + datetime.timedelta(days=rng.choice([-400, -31, 30, 45, 370]))
    damage = {"birth_date": date_cell(other, "dashes", rng), "id_number": entry.person.id_number}
    return replace(entry, damage=damage, doubtful=("birth_date", "age"))


def cell_of(entry: Entry, variable: str, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    """What stands in the row's cell under `variable` (`tick:illness`, `m0:name`): text, number, date or None."""
    if variable in entry.damage:
        return entry.damage[variable]
    if variable.startswith("tick:"):
        return rng.choice(["√", "√", "√", "✓"]) if variable[5:] in entry.person.causes else None
    if variable.startswith("m"):
        slot, _, part = variable[1:].partition(":")
        members = entry.person.members
        return member_cell(entry.person, members[int(slot)], part, plan, rng, words) if int(slot) < len(members) else None
    if variable in INCOMES:
        return _money(getattr(entry.person, variable), variable, plan["columns"][variable], rng)
    return _WRITERS[variable](entry, plan, rng, words)


def member_cell(
    person: Person, member: Member, part: str, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]
) -> object:
    """A cell about a member of the household."""
    if part in ("relation", "sex"):
        return spelled(part, getattr(member, part), rng, words)
    if part == "birth_date":
        return date_cell(member.birth_date, "months" if plan["date"] == "chinese" else "dashes", rng)
    return member.name if part == "name" else _member_status(full_years(member.birth_date, person.day), member)


def _member_status(age: int, member: Member) -> str:
    for below, status in ((6, "学龄前"), (12, "小学"), (15, "初中"), (18, "高中"), (22, "大学生")):
        if age < below:
            return status
    adult = ["在岗", "下岗", "失业", "农民工"][member.birth_date.day % 4]
    return "退休" if age >= 60 else adult


def spelled(variable: str, code: str, rng: Random, words: Mapping[str, Any]) -> str:
    """Mostly the usual word for a code, at times another that the codebook knows."""
    says: list[str] = words["says"][variable][code]
    return says[0] if rng.random() < 0.7 else rng.choice(says)


def date_cell(day: datetime.date, hand: str, rng: Random) -> object:
    """A date as `hand` writes it."""
    if hand == "mixed":
        hand = rng.choice(["dates", "dates", "serial", "chinese", "dots", "solid"])
    if hand == "serial":
        return (day - SERIAL_ZERO).days
    year = "".join(NUMERALS[int(d)] for d in str(day.year))
    return {
        "dates": day,
        "dashes": f"{day:%Y-%m-%d}",
        "slashes": f"{day.year}/{day.month}/{day.day}",
        "dots": f"{day.year}.{day.month}.{day.day}",
        "solid": f"{day:%Y%m%d}",
        "months": f"{day.year}年{day.month}月",
        "chinese": f"{day.year}年{day.month}月{day.day}日",
        "years": rng.choice(
            [f"{day:%Y.%m.%d}", f"{year}年{_numeral(day.month)}月{_numeral(day.day)}日", f"{day.year}年{day.month}月{day.day}日"]
        ),
    }[hand]


def _numeral(n: int) -> str:
    tens, ones = divmod(n, 10)
    return ("" if tens < 2 else NUMERALS[tens]) + ("十" if tens else "") + (NUMERALS[ones] if ones or not tens else "")


def _money(yuan: int, variable: str, heading: str, rng: Random) -> object:
    if "万元" in heading:
        return yuan / 10000 if rng.random() < 0.9 else f"{yuan / 10000:g}万"
    if yuan == 0:
        return rng.choice([0, "0", "无", "无收入"])
    full = str(yuan).translate(FULL_WIDTH)
    odd = [f"{yuan}元", f"{yuan}.00", f"{yuan:,}", full, f"￥{yuan}", f"{yuan} ", f"约{yuan}元"]
    odd += [f"{yuan}元/月"] if variable.endswith("monthly") else []
    return yuan if rng.random() < 0.75 else rng.choice(odd)


def _id_number(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    right, born = entry.person.id_number, entry.person.birth_date
    old = right[:6] + right[8:17] if born.year < 1975 else right
    odd = ["'" + right, f"{right[:6]} {right[6:14]} {right[14:]}", right.translate(FULL_WIDTH), right.lower(), old, old]
    return right if rng.random() < 0.85 else rng.choice(odd)


def _size(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    n = entry.person.household_size
    odd = [f"{n}人", f"{n}口", str(n), str(n).translate(FULL_WIDTH), NUMERALS[n]]
    return n if rng.random() < 0.75 else rng.choice(odd)


def _age(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    n = entry.person.age
    return n if rng.random() < 0.75 else rng.choice([f"{n}岁", f"{n}周岁", str(n).translate(FULL_WIDTH), str(n)])


def _cause(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    wanted = entry.person.causes[:1] if "cause_other" in plan["columns"] else entry.person.causes
    return rng.choice(plan["join"]).join(spelled("cause", c, rng, words) for c in wanted)


def _cause_other(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    said = "、".join(spelled("cause", c, rng, words) for c in entry.person.causes[1:])
    return said or rng.choice([None, None, "无"])


def _yes_no(variable: str) -> Callable[..., object]:
    def write(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
        return rng.choice(words["says"]["yes" if getattr(entry.person, variable) else "no"])

    return write


def _coded(variable: str, attribute: str) -> Callable[..., object]:
    def write(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
        return spelled(variable, getattr(entry.person, attribute), rng, words)

    return write


def _phone(entry: Entry, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> object:
    number = 13900000000 + entry.person.number
    return number if rng.random() < 0.3 else str(number)


_WRITERS: Mapping[str, Callable[..., object]] = {
    "name": lambda entry, *_: entry.person.name,
    "sex": _coded("sex", "sex"),
    "birth_date": lambda entry, plan, rng, words: date_cell(entry.person.birth_date, plan["date"], rng),
    "age": _age,
    "id_number": _id_number,
    "education": _coded("education", "education"),
    "employment_status": _coded("employment", "employment"),
    "hardship_level": _coded("level", "level"),
    "district": lambda entry, *_: entry.person.district,
    "reporting_unit": lambda entry, *_: entry.person.unit,
    "employer": lambda entry, *_: entry.person.unit,
    "household_size": _size,
    "cause": _cause,
    "cause_other": _cause_other,
    "has_dibao": _yes_no("has_dibao"),
    "is_single_parent": _yes_no("is_single_parent"),
    "phone": _phone,
    "file_status": lambda entry, plan, rng, words: rng.choice(["已脱困", "注销"])
    if entry.fate == "exited"
    else rng.choice(["在档", "在档", None]),
    "exit_date": lambda entry, plan, rng, words: f"{entry.person.day.year}-0{rng.randint(1, 5)}-1{rng.randint(0, 9)}"
    if entry.fate == "exited"
    else None,
}
