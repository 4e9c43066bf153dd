"""Who stands in which file of a wave: the true people, those sent twice, struck out, or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from bangfu_analysis.sample.dirt import Entry, damaged
from bangfu_analysis.sample.layouts import Blocks, Page, Place, hide_some, physical_lines, roster_pages
from bangfu_analysis.sample.people import Person, Wave, order_causes

OF_A_SECOND_SENDING = ("name", "sex", "id_number", "birth_date", "age", "hardship_level", "reporting_unit", "row_number")
OPTIONAL = ("phone", "has_dibao", "file_status", "cause_other", "district", "income_personal_monthly")
SENT_BY_TWO = 6


@dataclass(frozen=True)
class Roster:
    """A file of a wave: its plan, its pages and where the rows stand."""

    plan: Mapping[str, Any]
    pages: list[Page]
    places: list[Place]


def draw_rosters(wave: Wave, plan: Mapping[str, Any], rng: Random, words: Mapping[str, Any]) -> list[Roster]:
    """The roster files of a wave."""
    plans = [plan["files"][key] for key in plan["waves"][wave.name]["files"]]
    gone = iter([replace(p, day=wave.day) for p in wave.gone])
    blocks = [_blocks(p, wave.people, rng, words) for p in plans]
    blocks = [_with_second_sendings(b, p, blocks, rng) for b, p in zip(blocks, plans, strict=True)]
    return [_roster(p, _with_extras(b, p, gone, rng), wave, rng, words) for p, b in zip(plans, blocks, strict=True)]


def _roster(plan: Mapping[str, Any], blocks: Blocks, wave: Wave, rng: Random, words: Mapping[str, Any]) -> Roster:
    old = [Entry(p, "old") for p in wave.gone[-25:]]
    pages, places = roster_pages(plan, blocks, old, rng, words)
    if "hidden_row" in plan.get("extras", []):
        hide_some(pages[0], [p for p in places if p.entry.fate == "counted"], rng)
    if plan["file"].endswith(".csv"):
        places = physical_lines(pages[0], places)
    copies = [replace(p, file=plan["copy"], entry=_as_duplicate(p.entry)) for p in places] if "copy" in plan else []
    return Roster(plan, pages, places + copies)


def _as_duplicate(entry: Entry) -> Entry:
    return replace(entry, fate="duplicate") if entry.fate == "counted" else entry


def _blocks(
    plan: Mapping[str, Any], people: tuple[Person, ...], rng: Random, words: Mapping[str, Any]
) -> dict[str, list[Entry]]:
    ticks = [c[5:] for c in plan["columns"] if c.startswith("tick:")]
    blocks = {}
    for unit in plan["units"]:
        own = [order_causes(p, ticks) if ticks else p for p in people if p.unit == unit]
        blocks[unit] = damaged([Entry(p) for p in own], plan, rng, words)
    return blocks


def _clean(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.fate == "counted" and not e.damage]


def _with_second_sendings(blocks: Blocks, plan: Mapping[str, Any], others: list[Any], rng: Random) -> Blocks:
    """With some people whom a unit of another file has sent too: little more than name and number is given here."""
    if "duplicate" not in plan.get("extras", []) or "copy" in plan:
        return blocks
    elsewhere = [e for other in others if other is not blocks for entries in other.values() for e in _clean(entries)]
    sent = {unit: list(entries) for unit, entries in blocks.items()}
    for entry in rng.sample(elsewhere, SENT_BY_TWO):
        unit = rng.choice(list(blocks))
        left_open = {c: None for c in plan["columns"] if c not in OF_A_SECOND_SENDING}
        sent[unit].append(Entry(replace(entry.person, unit=unit, causes=()), "duplicate", left_open))
    return sent


def _with_extras(blocks: Blocks, plan: Mapping[str, Any], gone: Iterator[Person], rng: Random) -> Blocks:
    """With rows over and above the true people: the same person twice, struck out, or no longer in hardship."""
    extras = plan.get("extras", [])
    filled = {unit: list(entries) for unit, entries in blocks.items()}
    units = list(blocks)
    for fate, n in (("struck", 4), ("exited", 7)):
        for person in (next(gone) for _ in range(n if fate in extras else 0)):
            unit = rng.choice(units)
            filled[unit].insert(rng.randrange(len(filled[unit])), Entry(replace(person, unit=unit), fate))
    for i in range(6 if "duplicate" in extras else 0):
        entry = rng.choice(_clean(blocks[units[i % len(units)]]))
        unit = entry.person.unit if i % 2 else rng.choice(units)
        open_cells = {c: None for c in OPTIONAL if c in plan["columns"]}
        filled[unit].append(Entry(replace(entry.person, unit=unit), "duplicate", open_cells))
    return filled
