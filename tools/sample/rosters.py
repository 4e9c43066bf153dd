"""Who stands in which file of a wave: the true people, those sent twice, struck out, or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any

from tools.sample.dirt import Entry, Hand, damaged
from tools.sample.layouts import Blocks, Page, Place, physical_lines, roster_pages
from tools.sample.people import Person, Wave, order_causes

GIVEN_AGAIN = (
    "name", "sex", "id_number", "birth_date", "age", "hardship_level", "reporting_unit", "row_number"
)
LEFT_OPEN_AGAIN = (
    "income_per_capita_monthly", "phone", "has_dibao", "file_status", "cause_other", "district",
    "income_personal_monthly",
)  # fmt: skip
SENT_BY_TWO = 6


@dataclass(frozen=True)
class Roster:
    """A file of a wave: its plan, its pages and where the rows stand."""

    plan: Mapping[str, Any]
    pages: list[Page]
    places: list[Place]


def settings_of(plan: Mapping[str, Any], wave: str) -> Mapping[str, Any]:
    """What the plan says of a wave, published or later."""
    settings: Mapping[str, Any] = {**plan["waves"], **plan["later"]}[wave]
    return settings


def draw_rosters(wave: Wave, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> list[Roster]:
    """The roster files of a wave."""
    settings = settings_of(plan, wave.name)
    hands = [Hand(plan["files"][key], rng, words) for key in settings["files"]]
    left = [replace(p, day=wave.day) for p in wave.gone]
    gone = iter(left)
    first = [_blocks(hand, wave.people) for hand in hands]
    again = [_with_second_sendings(blocks, hand, first) for blocks, hand in zip(first, hands, strict=True)]
    rosters = [_roster(hand, _with_extras(b, hand, gone), wave) for b, hand in zip(again, hands, strict=True)]
    if "exits" in settings:  # a list of those who left since the wave before
        exits = {unit: [Entry(p, "exited") for p in left if p.unit == unit] for unit in words["units"]}
        rosters.append(_roster(Hand(plan["files"][settings["exits"]], rng, words), exits, wave))
    return rosters


def _roster(hand: Hand, blocks: Blocks, wave: Wave) -> Roster:
    plan = hand.plan
    pages, places = roster_pages(hand, blocks, [Entry(p, "old") for p in wave.gone[-25:]])
    if "hidden_row" in plan.get("extras", []):
        shown = [p for p in places if p.entry.fate == "counted"]
        pages[0].hidden_rows |= {p.row - 1 for p in hand.rng.sample(shown, 3)}  # as a filter left on does
    if plan["file"].endswith((".csv", ".tsv")):
        places = physical_lines(pages[0], places)
    copied = [
        replace(p, file=plan["copy"], entry=replace(p.entry, fate="duplicate"))
        for p in places if "copy" in plan
    ]
    return Roster(plan, pages, places + copied)


def _blocks(hand: Hand, people: Sequence[Person]) -> Blocks:
    ticks = [c[5:] for c in hand.columns if c.startswith("tick:")]
    said = [order_causes(p, ticks) if ticks else p for p in people]
    return {unit: damaged([p for p in said if p.unit == unit], hand) for unit in hand.plan["units"]}


def _sound(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.fate == "counted" and not e.damage]


def _with_second_sendings(blocks: Blocks, hand: Hand, all_blocks: list[Blocks]) -> Blocks:
    """With some people whom a unit of another file has sent too: little more than name and number is given
    here.
    """
    if "duplicate" not in hand.plan.get("extras", []) or "copy" in hand.plan:
        return blocks
    elsewhere = [e for o in all_blocks if o is not blocks for es in o.values() for e in _sound(es)]
    sent = {unit: list(entries) for unit, entries in blocks.items()}
    left_open = {c: None for c in hand.columns if c not in GIVEN_AGAIN}
    for entry in hand.rng.sample(elsewhere, SENT_BY_TWO):
        unit = hand.one(*blocks)
        sent[unit].append(
            Entry(replace(entry.person, unit=unit, causes=(), family=()), "duplicate", left_open)
        )
    return sent


def _with_extras(blocks: Blocks, hand: Hand, gone: Iterator[Person]) -> Blocks:
    """With rows over and above the true people: the same person twice, struck out, or no longer in hardship.
    """
    extras, units = hand.plan.get("extras", []), list(blocks)
    filled = {unit: list(entries) for unit, entries in blocks.items()}
    for fate, n in (("struck", 4), ("exited", 7)):
        for person in islice(gone, n if fate in extras else 0):
            rows = filled[unit := hand.one(*units)]
            rows.insert(hand.rng.randrange(1, len(rows)), Entry(replace(person, unit=unit), fate))
    left_open = {c: None for c in LEFT_OPEN_AGAIN if c in hand.columns}
    for i in range(6 if "duplicate" in extras else 0):
        entry = hand.one(*_sound(blocks[units[i % len(units)]]))
        unit = entry.person.unit if i % 2 else hand.one(*units)
        filled[unit].append(Entry(replace(entry.person, unit=unit), "duplicate", left_open))
    return filled
