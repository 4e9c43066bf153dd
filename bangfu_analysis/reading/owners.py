"""Whose column a heading is: the worker's, a spouse's, child's, member's, helper's, or of one who signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bangfu_analysis.codebook import patterns
from bangfu_analysis.text import heading_key

if TYPE_CHECKING:
    from bangfu_analysis.reading.vocabulary import Heading, Vocabulary

MEMBERS = ("spouse", "child", "parent", "member")
LIKE = patterns("sheets")
_DIGITS = {character: n for n, character in enumerate("一二三四五六七八九十", start=1)}


class Owner(NamedTuple):
    """`person`: worker, spouse, child, parent, member, helper, staff or other; `key`: the heading without
    the person.

    `said`: the heading, its parent or a name to its left says so; else it is the worker's, as nobody else is
    named. `names`: the column holds the person's name. `own`: the heading or its parent names the person.
    `slot`: the number of the member that it names; `word`: how it names the person; `nth`: how many of his
    kind have been named before him.
    """

    person: str
    key: str
    said: bool = False
    names: bool = False
    own: bool = False
    slot: int | None = None
    word: str = ""
    nth: int = 0


NOBODY = Owner("", "")
HEADS = ("户主", "户主姓名")


def slot_of(text: str) -> tuple[int, str] | None:
    """`家庭成员2姓名`, `家庭成员二/姓名`, `成员姓名2` -> (2, 姓名); None for anything else."""
    found = LIKE["slot"].match(text) or LIKE["slot_behind"].match(text)
    if found is None:
        return None
    number, rest = found["n"], found["rest"]
    return (int(number) if number.isdigit() else _DIGITS[number]), heading_key(rest) if rest else ""


def slot_in(heading: Heading) -> tuple[int, str] | None:
    """The number of the family member that a heading or its parent names, and what it says of him."""
    texts = (heading.key, *(parent + "/" + heading.key for parent in heading.parents))
    return next(filter(None, map(slot_of, texts)), None)


@lru_cache(maxsize=256)  # asked for each kind of table, and units fill in one template
def owners_of(headings: tuple[Heading, ...], words: Vocabulary) -> tuple[Owner, ...]:
    """The owner of every column: by merged parent, by prefix, or by the nearest name heading to the left."""
    named = [_named(heading, words) for heading in headings]
    if any(owner.slot and not owner.names for owner in named):  # the number stands on every column
        named = [owner._replace(names=False) if owner.slot else owner for owner in named]
    related = any(words.is_relation(heading.key) for heading in headings)
    for n, heading in enumerate(headings):  # 家庭成员 that heads no person's columns describes the family
        right = headings[n + 1 : n + 2]
        alone = not related and not any(words.may_be_of(following, "member") for following in right)
        described = alone and not heading.parents and named[n].person in ("member", "parent")
        if described and words.person(heading.key):
            named[n] = NOBODY
    apart = _told_apart(headings, named, words, related)
    return _sure(headings, [*_numbered(headings, _in_order(headings, apart, words))], words)


def _sure(headings: Sequence[Heading], owners: Sequence[Owner], words: Vocabulary) -> tuple[Owner, ...]:
    """姓名, 配偶姓名, 性别, 身份证号: where the only ID number stands behind the spouse's name, nobody knows
    whose it is, nor whose what stands beside it.
    """
    known = [words.find("workers", heading.key) for heading in headings]
    numbers = [o for v, o in zip(known, owners, strict=True) if v is not None and v.name == "id_number"]
    if len(numbers) != 1 or numbers[0].person != "spouse" or numbers[0].own:
        return tuple(owners)
    return tuple(o._replace(person="other") if o.person == "spouse" and not o.own else o for o in owners)


def _numbered(headings: Sequence[Heading], owners: Iterator[Owner]) -> Iterator[Owner]:
    """The owners, each further one of a kind that is named (儿子姓名, 女儿姓名) with his number."""
    last: dict[str, int] = {}
    for heading, owner in zip(headings, owners, strict=True):
        if owner.person not in MEMBERS or owner.slot is not None:
            yield owner
            continue
        kind = owner.person
        if owner.names and (kind != "member" or heading.key.endswith("姓名") or kind not in last):
            last[kind] = last[kind + owner.word] = last.get(kind, -1) + 1
        yield owner._replace(nth=last.get(kind + owner.word, last.get(kind, 0)))


def _in_order(headings: Sequence[Heading], named: Sequence[Owner], words: Vocabulary) -> Iterator[Owner]:
    families = any(owner.person in MEMBERS for owner in named)
    current, group = Owner("worker", ""), tuple[str, ...]()
    for heading, owner in zip(headings, named, strict=True):
        if owner.person:
            begins = owner.names and not (owner.own and any(map(words.person, heading.parents)))
            current = owner if begins else Owner("worker", "") if owner.person == "worker" else current
            group = heading.parents
            yield owner
            continue
        if heading.parents != group:  # a name under 帮扶情况 has the columns of that group
            current = Owner("worker", "")
        if families and words.is_relation(heading.key) and current.person not in (*MEMBERS, "staff"):
            current = Owner("member", heading.key, said=True)
        elif not words.may_be_of(heading, current.person):
            current = Owner("worker", "")
        key = LIKE["nth"].sub("", heading.key) if current.person in MEMBERS else heading.key  # 年龄1
        yield Owner(current.person, key, said=current.said, slot=current.slot)


def _named(heading: Heading, words: Vocabulary) -> Owner:
    """The owner that a heading or its parent names."""
    if slotted := slot_in(heading):
        return Owner("member", slotted[1], said=True, names=_is_name(slotted[1]), own=True, slot=slotted[0])
    key = heading.key
    persons = ((words.person(key[:n]), key[n:].lstrip("的-_/·:、.")) for n in range(len(key), 1, -1))
    person, rest = next((found for found in persons if found[0]), ("", key))  # the longest it begins with
    known = words.find("workers", key)
    for word in filter(words.person, (heading.unit, *heading.parents)):  # 姓名（配偶）
        own = rest if person == (above := words.person(word)) else key
        return Owner(above, own or "姓名", said=True, names=_is_name(own), own=True, word=word)
    if known is not None and known.kind == "name":
        return Owner("worker", key, said=bool(person), names=True)
    if person and not rest and (sums := [*filter(words.amount, heading.parents)]):  # 月收入 over 本人
        return Owner(person, sums[0], said=True, own=True, word=key)
    if LIKE["worker_named"].fullmatch(key):
        return Owner("worker", "姓名", said=True, names=True)
    if person and _is_name(rest) and (person == "member" or not LIKE["about"].search(key)):
        word = key.removesuffix(rest)
        return Owner(person, "姓名", said=True, names=True, own=True, word=word)
    kept = known is not None and (known.kind != "ignored" or person not in ("spouse", "child", "parent"))
    if kept or (known is None and words.knows(key) and words.find("members", key) is None):
        return Owner("worker", key, said=True) if person == "worker" else NOBODY
    if not person or not words.knows(rest):
        return NOBODY
    return Owner(person, rest, said=True, own=True, word=key.removesuffix(rest))


def _is_name(key: str) -> bool:
    return key in ("", "姓名", "名字", "名单")


def _told_apart(
    headings: Sequence[Heading], named: Sequence[Owner], words: Vocabulary, related: bool
) -> list[Owner]:
    """A second 姓名 is a member's beside a relation, a child's beside a school, else of anybody."""
    own = [n for n, owner in enumerate(named) if owner.names and owner.person == "worker"]
    head = next((n for n in own if named[n].said), own[0] if own else -1)
    found = list(named)
    known = [v.name if (v := words.find("workers", h.key)) else "" for h in headings]
    at_school = "school" in known
    numbered = own and "id_number" in known[own[0] : head]
    if numbered and not (related or at_school) and headings[head].key in HEADS:
        head = own[0]  # who has a number of his own before the household's head is named
    second = "member" if related else "child" if at_school and head >= 0 and named[head].said else "other"
    for n in own:
        again = n == head + 1 and headings[n].levels == headings[head].levels  # 姓名 over two columns
        if n != head and not again and "worker" not in map(words.person, headings[n].parents):
            of_head = headings[n].key in HEADS and named[head].said and headings[head].key not in HEADS
            whose = "other" if of_head else second
            found[n] = Owner(whose, headings[n].key, said=True, names=True)
            for m, heading in enumerate(headings if whose == "other" and headings[n].parents else ()):
                if heading.parents == headings[n].parents and not found[m].person:
                    found[m] = Owner("other", heading.key, said=True)
    for n, heading in enumerate(headings if own else ()):  # 监护人姓名: nobody of whom the codebook knows
        if not found[n].person and not known[n] and heading.key.endswith("姓名"):
            found[n] = Owner("other", heading.key, said=True, names=True)
    return found
