"""A header block -> the kind of table and the variable of every column. Headings match whole, never in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any

from bangfu_analysis.codebook import Variable
from bangfu_analysis.reading.owners import MEMBERS, Owner, owners_of
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.reading.vocabulary import (
    HELPING,
    LIKE,
    NOT_COUNTED,
    Heading,
    Meaning,
    Vocabulary,
)

_WHOM, _GIVEN = ("name", "id_number"), ("amount_yuan", "goods_value_yuan")
_BY_WHICH = ("id_number", "employer", "sex", "age", "birth_date")  # what makes a name a person
JUDGED = 1000  # headings: no list of people has more, and a stray export of 16,000 takes long
_WITH_ACTS = ("roster", "episodes", "aid")
# beyond the numbers of 家庭成员n: the places of those whom the heading names, ten a kind
SLOTS = {"spouse": 50, "child": 60, "parent": 70}
MORE = 80
REPEATABLE = ("row_number", "ignored", "private", "remark")
TICKS = frozenset("√✓✔☑■●vV1×✗xX□○0") | {"是", "否", "有", "无", "Y", "N", "y", "n", "1.0", "0.0", "打√"}
_MONEY = {"万": 10_000.0, "千": 1_000.0, "百": 100.0}
_TICKED = ("cause", "hardship_level", "sex")  # variables whose levels head columns of ticks
MOST_PROPOSED = 500  # columns of a table for which meanings are proposed: nobody chooses among more


def factor_of(variable: Variable, heading: Heading, sheet_factor: float = 1.0) -> float:
    """What a bare number under `heading` is multiplied with to be in yuan.

    The heading's own unit goes before that of the sheet (`sheet_factor`); a money unit in it, 元 too, sets
    the latter aside.
    """
    if variable.kind != "money":
        return 1.0
    unit = LIKE["yuan"].sub("元", LIKE["ten_thousand"].sub("万", heading.unit))
    if "元" in unit or "万" in unit:
        return next((factor for word, factor in _MONEY.items() if word in unit), 1.0)
    return sheet_factor


def period_of(variable: Variable, heading: Heading) -> str:
    """The period that `heading` says, where it is not the variable's own: year, month or ""."""
    other = {"month": "year", "year": "month"}.get(variable.period, "")
    words = LIKE["which_year"].sub("", heading.unit or heading.key)
    of_a_year = LIKE["of_a_year"].fullmatch(heading.key) is not None  # 2023年个人收入
    year, month = "年" in words or of_a_year, "月" in words
    said = "year" if year and not month else "month" if month and not year else ""
    if not said and {heading.key, *(p + heading.key for p in heading.parents)} & {*variable.other_period}:
        said = other
    return said if said == other else ""


def columns_for(
    kind: str, headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]],
    sheet_factor: float = 1.0,
) -> tuple[Column, ...]:
    """The columns of a table of `kind`: `values[i]` are the distinct squeezed cells below `headings[i]`.

    A variable is taken once; the second column that claims it is unmatched, ticks, slots and private columns
    apart. What belongs to nobody whom the table's frame keeps (a helper, one who signs) is ignored.
    """
    frame = str(words.codebook.kinds[kind]["frame"]) if kind in words.codebook.kinds else ""
    near = [frame, "members"] if frame == "workers" else [frame] if frame else list(words.frames)
    owners = owners_of(tuple(headings), words)
    meanings = _meanings(frame, headings, owners, words, values)
    columns: list[Column] = []
    for heading, owner, meaning, below in zip(headings, owners, meanings, values, strict=True):
        fate, more = _fate(meaning, heading, owner, words, bool(below)), dict[str, Any]()
        if meaning is not None:
            v, slot, tick = meaning
            factor, period = factor_of(v, heading, sheet_factor), period_of(v, heading)
            more = {"variable": v, "slot": slot, "tick": tick, "factor": factor, "period": period}
        elif fate == "unmatched" and len(columns) < MOST_PROPOSED:
            more = {"suggestions": words.suggestions(heading.key, near, below)}
        columns.append(
            Column(heading.index, heading.shown, fate=fate, owner=owner.person, key=heading.key, **more)
        )
    return tuple(columns)


def _meanings(
    frame: str, headings: Sequence[Heading], owners: Sequence[Owner], words: Vocabulary,
    values: Sequence[frozenset[str]],
) -> list[Meaning | None]:
    """What each heading means in a table of `frame`, None where nothing or what an earlier column has taken.
    """
    ticked = _tick_run(headings, words, values) if frame == "workers" else {}
    taken: set[tuple[str, str, int | None]] = set()
    found: list[Meaning | None] = []
    if frame not in ("workers", "members") and any(o.names and o.person == "worker" for o in owners):
        owners = [o._replace(person="other") if o.person in MEMBERS else o for o in owners]
    last = _last_years(headings, words)
    named = {h.key for h, o in zip(headings, owners, strict=True) if o.person == "worker" and not h.parents}
    for place, (heading, owner) in enumerate(zip(headings, owners, strict=True)):
        meaning = _meaning(heading, owner, frame, words) if last[place] else None
        if meaning is not None and frame == "workers" and meaning.variable.kind == "unit":
            label, mapped = meaning.variable.label, heading.key in words.codebook.mapped
            if label in named - {heading.key} and not mapped:  # 单位 beside 工作单位 is another's
                meaning = None
        meaning = ticked.get(place) or _by_values(meaning, heading, words, values[place])
        if meaning is not None and not meaning.tick:
            claim = (meaning.variable.frame, meaning.variable.name, meaning.slot)
            if claim in taken and meaning.variable.kind not in (*REPEATABLE, "choices"):
                meaning = None
            taken.add(claim)
        found.append(meaning)
    return found


def _last_years(headings: Sequence[Heading], words: Vocabulary) -> list[bool]:
    """False for the columns of 2022年家庭收入 beside 2023年家庭收入, be the year alone: an earlier one.
    """
    bare = [LIKE["which_year"].fullmatch(h.key) is not None for h in headings]
    forms = [(h.parents, b or words.codebook.form_of(h.key)) for h, b in zip(headings, bare, strict=True)]
    years = [h.key[:4] if h.key[:4].isdecimal() else "" for h in headings]
    latest: dict[object, str] = {}
    for form, year in zip(forms, years, strict=True):
        latest[form] = max(year, latest.get(form, ""))
    return [not year or year == latest[form] for form, year in zip(forms, years, strict=True)]


def _fate(meaning: Meaning | None, heading: Heading, owner: Owner, words: Vocabulary, filled: bool) -> str:
    if meaning is not None:
        return "ignored" if meaning.variable.kind in NOT_COUNTED else "matched"
    known = words.find("workers", owner.key)
    others = NOT_COUNTED + ("private",)
    if owner.person in MEMBERS + HELPING and known is not None and known.kind not in others:
        return "ignored" if owner.own or owner.names else "withheld"
    if heading.key in words.codebook.ignored_headings or owner.person in HELPING:
        return "ignored"
    return "unmatched" if heading.key or filled else "empty"


@lru_cache(maxsize=65536)  # units fill in one template: the same headings in every file
def _meaning(heading: Heading, owner: Owner, frame: str, words: Vocabulary) -> Meaning | None:
    """What `heading` means in `frame`, as a column of its owner."""
    key, parents, person = heading.key, heading.parents, owner.person
    if not key or not frame:
        return None
    if words.codebook.mapped.get(key, "").startswith(f"{frame}."):
        return _of(words.find(frame, key))
    if frame in ("workers", "members") and owner.slot:
        return _of(words.member(owner.key or "家庭成员"), slot=owner.slot)
    for parent in parents:
        if option := words.option(parent, key, frame):
            return option
    if frame == "members":
        own = words.find("workers", owner.key) if person == "worker" and owner.said else None
        return _of(own if own is not None and own.name in ("name", "id_number") else words.member(key))
    if frame == "workers" and person in MEMBERS:
        own = words.find("workers", key)
        of_family = own is not None and own.name in words.codebook.each["family"]
        slot = SLOTS.get(person, MORE) + owner.nth if owner.nth else SLOTS.get(person)
        return _of(own) if of_family and not owner.nth else _of(words.member(owner.key), slot=slot)
    theirs = (frame == "workers" and person != "worker") or (frame == "aid" and person in HELPING)
    if person == "other" or (theirs and owner.said):
        variable = words.find(frame, key)
        family = words.codebook.each["family"] if frame == "aid" else ()
        kept = variable is not None and (variable.kind == "private" or variable.name in family)
        return _of(variable) if kept else None
    bare = [LIKE["which_year"].sub("", LIKE["about"].sub("", parent)) for parent in parents]
    both = (text for parent in bare for text in (parent + key, key + parent))  # 支出 over 医疗
    joined = next((v for text in both if (v := words.find(frame, text)) is not None), None)
    if joined is None and frame == "workers" and any(words.find("aid", p + key) for p in bare):
        return None  # 帮扶情况 over 金额: an act of help beside
    direct = joined or words.find(frame, key) or words.find(frame, owner.key)
    if direct is None and (per := LIKE["per"].search(heading.unit)) and key.endswith("收入"):
        direct = words.find(frame, f"{key[:-2]}{per[0]}收入")
    if direct is None and frame == "workers":
        direct = words.find("members", key)
    if direct is not None and direct.kind == "ignored" and "元" in heading.unit:  # 慰问品（元）
        direct = words.find(frame, key + "金额") or direct
    return _of(direct or words.codebook.withheld(frame, key))


def _by_values(
    meaning: Meaning | None, heading: Heading, words: Vocabulary, below: frozenset[str]
) -> Meaning | None:
    """`meaning`, or where its list does not spell all cells the other that the heading may have and that
    does.
    """
    others = words.by_values.get(heading.key, ())
    said = below - {"", "…"} if others else below
    if meaning is None or not others or not said or said <= meaning.variable.spellings.keys():
        return meaning
    fitting = (v for v in others if said <= v.spellings.keys())
    return next((meaning._replace(variable=v) for v in fitting), meaning)


def _of(variable: Variable | None, slot: int | None = None) -> Meaning | None:
    return None if variable is None else Meaning(variable, slot)


def _tick_run(
    headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]]
) -> dict[int, Meaning]:
    """Columns of a run of two or more headings that all spell causes, levels or sexes, over ticks or blanks.
    """
    found: dict[int, Meaning] = {}
    for variable in [v for name in _TICKED if (v := words.codebook.of("workers").get(name))]:
        told = [h.key in variable.spellings and v <= TICKS for h, v in zip(headings, values, strict=True)]
        for spelt, places in groupby(range(len(headings)), key=told.__getitem__):
            run = list(places)
            own = any(not words.find("workers", headings[n].key) for n in run)
            if spelt and len(run) > 1 and own and any(values[n] for n in run):
                ticks = {n: variable.spellings[headings[n].key][0].code for n in run}
                found |= {n: Meaning(variable, tick=code) for n, code in ticks.items()}
    return found


def kind_of(headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]]) -> str:
    """The kind of table that `headings` head: of those whose conditions hold, the one that most columns
    match; else "".

    Row numbers, remarks, phones and the like do not count; of two that match as many, the one that leaves
    fewer columns open. What may be roster or members is a roster where a relation says 本人:
    the heads would have no place among the members.
    """
    headings, values = headings[:JUDGED], values[:JUDGED]
    best, most, owners = "", (0, 0), owners_of(tuple(headings), words)
    if any(_is_stacked(heading, words) for heading in headings):
        return ""
    for kind, rule in words.codebook.kinds.items():
        meanings = _meanings(str(rule["frame"]), headings, owners, words, values)
        matched = [m.variable for m in meanings if m is not None and m.variable.kind not in NOT_COUNTED]
        own = {v.name for v in matched if v.frame == rule["frame"]}
        told = {(v.frame, v.name) for v in matched if v.kind != "private"}
        if own.isdisjoint(rule["any_of"]) or len(own) < 2 or len(told) < int(rule["least"]):
            continue
        parts = zip(meanings, headings, owners, values, strict=True)
        fates = [_fate(m, h, owner, words, bool(v)) for m, h, owner, v in parts]
        count = (len(told), sum(fate != "unmatched" for fate in fates))
        if count > most or (count == most and kind == "members"):
            best, most = "roster" if kind == "members" and _has_heads(meanings, values) else kind, count
    return best


def read_headings(
    headings: Sequence[Heading], words: Vocabulary, values: Sequence[frozenset[str]],
    sheet_factor: float = 1.0, called: str = "",
) -> tuple[str, tuple[Column, ...], list[tuple[Column, ...]]]:
    """The kind of table that `headings` head, its columns, and those of each act of help that stands in its
    rows besides. Names and sums under what is `called` a list of visits or of help are such a list.
    """
    kind = kind_of(headings, words, values) or "other"
    if kind == "population" and LIKE["of_hardship"].search(called):
        kind = "other"  # the numbers are of those in hardship, no denominator
    columns = columns_for(kind, headings, words, values, sheet_factor)
    if kind == "other" and _is_of_help(called, words):
        given = columns_for("aid", headings, words, values, sheet_factor)
        if all(any(c.means("aid", *names) for c in given) for names in (_WHOM, _GIVEN)):
            kind, columns = "aid", given
    levels = words.codebook.variable("workers", "hardship_level").around
    if kind == "other" and any(word in called for word in levels):
        people = columns_for("roster", headings, words, values, sheet_factor)
        if all(any(c.means("workers", *names) for c in people) for names in (_WHOM[:1], _BY_WHICH)):
            kind, columns = "roster", people
    if kind == "roster" and not _tells_of_hardship(columns, words):
        given = columns_for("aid", headings, words, values, sheet_factor)
        if any(c.means("aid", "amount_yuan", "goods_value_yuan") for c in given):
            kind, columns = "aid", given
        elif LIKE["no_roster"].search(called):
            kind, columns = "other", columns_for("other", headings, words, values, sheet_factor)
    if kind == "aid" and any(c.fate == "unmatched" for c in columns):  # a level: they are workers in hardship
        people = columns_for("roster", headings, words, values, sheet_factor)
        if all(any(c.means("workers", *names) for c in people) for names in (_WHOM, ("hardship_level",))):
            kind, columns = "roster", people
    acts = _acts_beside(columns, headings, words, values, sheet_factor) if kind in _WITH_ACTS else []
    spent = {c.index for act in acts for c in act if c.variable is not None}
    open_ = (c.index in spent and (c.fate == "unmatched" or _is_part(c, words)) for c in columns)
    return kind, tuple(_unused(c) if o else c for c, o in zip(columns, open_, strict=True)), acts


def _is_of_help(called: str, words: Vocabulary) -> bool:
    """Whether a list is called after help that those in it were given, not gave (捐款)."""
    around = words.codebook.variable("aid", "kind").around
    return "捐" not in called and any(word in called for word in around)


def _acts_beside(
    columns: Sequence[Column], headings: Sequence[Heading], words: Vocabulary,
    values: Sequence[frozenset[str]], sheet_factor: float = 1.0,
) -> list[tuple[Column, ...]]:
    """The columns of the acts of help in a table whose `columns` leave sums open, a tuple a sum: who, how
    much, when.
    """
    amount, sized = (words.codebook.variable("aid", name) for name in ("amount_yuan", "goods_value_yuan"))
    owners = owners_of(tuple(headings), words)
    meanings = [_meaning(h, o, "aid", words) for h, o in zip(headings, owners, strict=True)]
    meant = [m and m.variable for m in meanings]
    keyed = [words.find("aid", h.key) for h in headings]
    if sized not in meant and amount not in [*meant, *keyed]:
        return []
    found = columns_for("aid", headings, words, values, sheet_factor)
    whose = [a.means("aid", "name", "id_number") for a in found]
    own = [
        a if same or a == c or (c.fate == "unmatched" and a.fate == "matched") else _unused(a)
        for c, a, same in zip(columns, found, whose, strict=True)
    ]
    goods = [n for n, a in enumerate(own) if a.means("aid", "goods_value_yuan") and a != columns[n]]
    named = [n for n, a in enumerate(found) if amount in (meant[n], keyed[n]) and a.owner == "worker"]
    named = [n for n in named if not LIKE["of_all"].fullmatch(headings[n].key)] or named
    free = [n for n in named if columns[n].fate == "unmatched"]
    sums = [n for n in named if n in free or (free and _is_part(columns[n], words))]
    rounds = {headings[n].parents for n in named} - {()}
    acts = []
    for n in sums:
        money = {m for m, a in enumerate(own) if a.variable is not None and a.variable.kind == "money"}
        spent = money - ({*goods} if n == sums[0] else set())
        act = [_unused(a) if m in spent else a for m, a in enumerate(own)]
        for m, variable in enumerate(meant):  # 时间 under 第二次慰问 is of that sum alone
            if variable is not None and variable.kind != "money" and headings[m].parents in rounds:
                its = replace(found[m], variable=variable, fate="matched", suggestions=())
                act[m] = its if headings[m].parents == headings[n].parents else _unused(act[m])
        factor = factor_of(amount, headings[n], sheet_factor)
        act[n] = replace(own[n], variable=amount, fate="matched", factor=factor)
        acts.append(tuple(act))
    return (acts or [tuple(own)] * bool(goods)) if any(whose) else []


def _is_part(column: Column, words: Vocabulary) -> bool:
    """医疗救助金额: what was received of one kind of help, no total where sums of others stand beside it."""
    kinds = words.codebook.variable("aid", "kind").around
    return column.means("workers", "aid_total") and any(word in column.heading for word in kinds)


def _unused(column: Column) -> Column:
    return replace(column, variable=None, fate="ignored", suggestions=())


def _tells_of_hardship(columns: Sequence[Column], words: Vocabulary) -> bool:
    """True where a table of people says something that makes them workers in hardship: a level, a cause, an
    income.
    """
    each = words.codebook.each["person"]
    said = [v for c in columns if (v := c.variable) is not None and v.frame == "workers"]
    own = [v for v in said if v.name not in each]
    kinds = ("choice", "choices", "yes_no", "money", "count")
    return any(v.kind in kinds and v.name != "aid_total" for v in own)


def _is_stacked(heading: Heading, words: Vocabulary) -> bool:
    """姓名 over 身份证号: each person fills two rows, which no frame can hold."""
    parent = heading.parents[0] if heading.parents else ""
    above, own = words.find("workers", parent), words.find("workers", heading.key)
    if above is None or own is None or above == own or words.knows(parent + heading.key):
        return False  # 户主 over 身份证号 is his
    return above.kind in ("name", "id_number", "row_number") and not words.person(parent)


def _has_heads(meanings: Sequence[Meaning | None], values: Sequence[frozenset[str]]) -> bool:
    for place, meaning in enumerate(meanings):
        if meaning is not None and meaning.variable.name == "relation":
            return any(level.code == "head" for v in values[place] for level in meaning.variable.find(v))
    return False


def words_for_head(relation: Variable) -> frozenset[str]:
    """What the column of relations says of the head himself: 本人, 户主."""
    said = relation.spellings.items()
    return frozenset(word for word, levels in said if any(level.code == "head" for level in levels))
