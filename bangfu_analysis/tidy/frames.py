"""Read sheets -> the tidy frames of a wave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.distinct import objects
from bangfu_analysis.findings import Finding, findings_frame
from bangfu_analysis.keys import pseudonym
from bangfu_analysis.reading.apart import beside
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.tidy import crosschecks, values
from bangfu_analysis.tidy.accounts import sources_frame, stated_in_settings, stated_totals, unspent
from bangfu_analysis.tidy.duplicates import merge_people, of_this_wave, without_copies
from bangfu_analysis.tidy.misplaced import known_names, permitted, without_names, without_shifted
from bangfu_analysis.tidy.people import by_ages, identity_columns, member_rows, worker_rows
from bangfu_analysis.tidy.pseudonyms import link_keys, with_person_ids
from bangfu_analysis.tidy.questionnaires import stack_questionnaires
from bangfu_analysis.tidy.schemas import PROVENANCE, ledgers, typed
from bangfu_analysis.tidy.values import CleanTable, CleanWave
from bangfu_analysis.wave import SETTINGS_FILE, Wave
from bangfu_analysis.words import Words

Frames = dict[str, pd.DataFrame]
LEFT = ("exited", "cancelled")
MANY = 10_000  # people from which on another process saves more than it costs


def tidy_frames(
    sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, key: bytes,
    replayed: Sequence[Finding] = (),
) -> Frames:
    """The frames of a wave by name: workers, exits, keys (of both, to find them in other waves), members,
    causes, the ledgers (aid, activities, units and those of further mechanisms), population, totals, issues,
    sources.

    Each keeps to its schema (tidy/schemas.py). `key` makes the pseudonyms; `replayed` is what became of the
    answers in corrections.xlsx. Raises BalanceBroken where a row or cell would be lost.
    """
    sheets = without_copies(of_this_wave(sheets, wave))
    scheme, findings = values.infer_scheme(sheets, codebook, wave)
    findings += [*replayed, *(finding for sheet in sheets for finding in sheet.findings)]
    clean = _clean_all(sheets, codebook, wave, scheme, key)
    cleans = clean.tables
    findings += [finding for table in cleans for finding in table.findings]
    everyone, found = _people(clean)
    members, more = _members(clean, everyone)
    names = known_names(everyone, members)
    population = _population(clean)
    places = [population[name].dropna().astype(str) for name in ("unit", "district") if name in population]
    words = Words(codebook, [name for names_given in places for name in names_given])
    everyone, misplaced = without_names(everyone, names, cleans, codebook.of("workers"), words)
    everyone, sized = crosschecks.sizes_from_members(everyone, members, cleans)
    people, away, merged = merge_people(everyone.assign(hardship_scheme=scheme or None), cleans, codebook)
    findings += [
        *found, *more, *misplaced, *sized, *merged,
        *crosschecks.cross_checks(people, members, clean),
        *crosschecks.shifted(found, people), *crosschecks.without_level(people, cleans),
    ]
    left = _has_left(people, wave)
    people = people.assign(medical_insurance=people["medical_insurance"].map("|".join, na_action="ignore"))
    with _keys_beside(people, clean) as keys:
        workers = people[~left]
        parts = {"workers": workers, "exits": people[left], "causes": _causes(workers)}
        frames = {name: typed(rows, name, codebook) for name, rows in parts.items()}
        frames["keys"] = people  # whose place it is; the keys come last
        frames["members"] = typed(members, "members", codebook)
        named, misplaced = _ledgers(clean, people, names, words)
        frames, findings = frames | named, findings + misplaced
        frames["population"] = typed(population, "population", codebook)
        if asked := [sheet for sheet in sheets if sheet.questions is not None and not sheet.set_aside]:
            frames["questions"], frames["responses"] = stack_questionnaires(asked, wave.name)
        totals = pd.DataFrame([total for table in cleans for total in stated_totals(table, wave)])
        in_settings = stated_in_settings(frames["workers"], frames["population"], codebook, wave)
        frames["totals"] = typed(_on_end([totals, in_settings]), "totals", codebook)
        findings += _disagreements(frames["totals"])
        findings += crosschecks.aid_against_funds(frames["aid"], frames["funds"])
        frames["issues"] = _issues(permitted(findings, names, words), wave)
        frames["keys"] = keys()
    frames["sources"] = typed(sources_frame(sheets, away, wave), "sources", codebook)
    others = [f for name, f in frames.items() if name not in ("workers", "exits", "causes")]  # in keys
    if lost := unspent([table.table for table in cleans], [*others, away]):
        frames["issues"] = _issues(permitted([*findings, *lost], names, words), wave)
    return frames


def _keys_beside(
    people: pd.DataFrame, clean: CleanWave
) -> AbstractContextManager[Callable[[], pd.DataFrame]]:
    """What gives the keys of `people`; a process beside makes them meanwhile where they are many."""
    made = partial(_keys, people, clean)
    return beside(made, long=False) if len(people) >= MANY else nullcontext(made)


def _keys(people: pd.DataFrame, clean: CleanWave) -> pd.DataFrame:
    return typed(link_keys(people, clean.tables, clean.key), "keys", clean.codebook)


def _ledgers(
    clean: CleanWave, people: pd.DataFrame, names: frozenset[str], words: Words
) -> tuple[Frames, list[Finding]]:
    """The ledgers, whose rows are of people by number or name; and what was found in them."""
    by_name, frames, findings = _by_name(people), Frames(), list[Finding]()
    for name in ledgers(clean.codebook):
        variables, rows = clean.codebook.of(name), _ledger(clean, name, by_name)
        rows, misplaced = without_names(rows, names, clean.tables, variables, words)
        findings += misplaced + (crosschecks.aid_checks(rows, people, clean.tables) if name == "aid" else [])
        frames[name] = typed(rows, name, clean.codebook)
    return frames, findings


def cleaned_people(
    sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, key: bytes
) -> tuple[pd.DataFrame, Sequence[CleanTable]]:
    """The people of a wave as in `workers` and `exits`, with their private columns, and the tables: never to
    be written.
    """
    clean = _clean_all(without_copies(of_this_wave(sheets, wave)), codebook, wave, "", key)
    people, _, _ = merge_people(_people(clean)[0], clean.tables, codebook)
    return people, clean.tables


def stacked(waves: Sequence[Frames]) -> Frames:
    """The frames of several waves, each in one; categories are those of the last wave, with any older ones
    kept.
    """
    names = list(waves[-1])
    return {name: _stack([frames[name] for frames in waves if name in frames]) for name in names}


def _stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return frames[-1]
    named = frames[-1].select_dtypes("category")
    kinds = {c: _union([f[c].dtype for f in reversed(frames) if c in f]) for c in named}
    plain = [f.astype(dict.fromkeys(kinds, object)) for f in filled]
    return pd.concat(plain, ignore_index=True).astype(kinds)


def _union(kinds: Sequence[object]) -> pd.CategoricalDtype:
    """The categories of the first, and behind them those that only the others have."""
    categorical = [kind for kind in kinds if isinstance(kind, pd.CategoricalDtype)]
    codes = list(dict.fromkeys(c for kind in categorical for c in kind.categories))
    return pd.CategoricalDtype(codes, categorical[0].ordered)


def _clean_all(
    sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, scheme: str, key: bytes
) -> CleanWave:
    tables = [table for sheet in sheets if not sheet.set_aside for table in sheet.tables]
    cleans = (values.clean_table(n, table, codebook, wave, scheme) for n, table in enumerate(tables))
    return CleanWave([without_shifted(clean, wave) for clean in cleans], codebook, wave, key)


def _people(clean: CleanWave) -> tuple[pd.DataFrame, list[Finding]]:
    rows, findings = worker_rows(clean)
    return with_person_ids(rows, clean.key, clean.settings.study), findings


def _has_left(people: pd.DataFrame, wave: Wave) -> pd.Series:
    """Who had left the file by the reference date: by the state of the file, or by the date of leaving."""
    gone = pd.to_datetime(people["exit_date"].astype(object)).le(pd.Timestamp(wave.reference_date))
    before = people["exit_year"].lt(wave.reference_date.year).fillna(False).astype(bool)
    return people["file_status"].isin(LEFT) | ((gone | before) & people["file_status"].ne("returned"))


def _causes(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per worker and cause, in the order said."""
    stated = rows.reindex(columns=[*PROVENANCE, "person_id", "causes"]).dropna(subset="causes")
    several = stated["causes"].map(len).to_numpy(dtype=int)
    long = stated.take(np.repeat(np.arange(len(stated)), several))
    rank = np.arange(several.sum()) - np.repeat(np.cumsum(several) - several, several) + 1
    return long.assign(cause=[cause for causes in stated["causes"] for cause in causes], rank=rank)


def _members(wave: CleanWave, everyone: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Members of every table with the person_id of their head; a form's members belong to the form's person.
    """
    rows, findings = member_rows(wave)
    owners: list[Any] = []
    for clean in [wave.tables[table] for table in rows["table"].unique()]:
        heads = _heads_of(clean, rows.loc[rows["table"].eq(clean.number), "head_row"], wave, everyone)
        owners += heads
        if lost := heads.count(None):
            file, sheet = clean.table.file, clean.table.sheet
            findings.append(values.told_at("members_without_head", file, sheet, n=lost))
    members = rows.assign(person_id=objects(owners))
    members, related = by_ages(members, everyone) if len(members) else (members, [])
    findings += values.at_cells(wave.tables, related, "members", "relation")
    return members.assign(member_no=members.groupby("person_id", dropna=False).cumcount() + 1), findings


def _heads_of(
    clean: CleanTable, head_rows: pd.Series, wave: CleanWave, everyone: pd.DataFrame
) -> list[Any]:
    """The person_id of the head whom each member of a table belongs to, None where nobody says."""
    table = clean.table
    # a sheet of its own that names the head in every row
    if table.kind == "members" and clean.columns("workers"):
        named = dict(zip(clean.rows, _owners(clean, "workers", _by_name(everyone), wave.key), strict=True))
        return [named.get(row) for row in head_rows]
    same_sheet = [c.number for c in wave.tables if (c.table.file, c.table.sheet) == (table.file, table.sheet)]
    heads = everyone[everyone["table"].isin(same_sheet if table.kind == "members" else [clean.number])]
    if table.kind == "members" and table.head_of is None:
        return [heads["person_id"].iloc[0] if len(heads) == 1 else None] * len(head_rows)
    by_row = heads.drop_duplicates("row").set_index("row")["person_id"]
    return [by_row.get(row) for row in head_rows]


def _population(wave: CleanWave) -> pd.DataFrame:
    """Denominators of the sheets and of wave.toml: `workers_total = 100`, or a section a dimension,
    [population.unit] 纺织总厂 = 100.
    """
    rows = values.gathered(wave.of_kind("population"), "population", wave.name)
    stated = wave.settings.population.items()
    sections = [(name, v) if isinstance(v, Mapping) else ("", {"": v}) for name, v in stated]
    source = {"wave": wave.name, "source_file": SETTINGS_FILE, "source_sheet": ""}
    lines = [{**source, name: level, "n": n} for name, levels in sections for level, n in levels.items()]
    return _on_end([rows, pd.DataFrame(lines)])


def _on_end(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _ledger(wave: CleanWave, frame: str, by_name: Mapping[str, str]) -> pd.DataFrame:
    """The rows of a ledger; a person's by whole ID number, else by a name that only one worker of the wave
    has.
    """
    tables = wave.of_kind(frame)
    rows = values.named_units(values.gathered(tables, frame, wave.name), wave.codebook)
    if "id_number" not in wave.codebook.of(frame):
        return rows
    owners = [owner for clean in tables for owner in _owners(clean, frame, by_name, wave.key)]
    return rows.assign(person_id=objects(owners))


def _by_name(people: pd.DataFrame) -> dict[str, str]:
    """Name -> person_id, of the names that only one person bears."""
    if people.empty:
        return {}
    names = people[["name_key", "person_id"]].drop_duplicates()
    once = names[~names["name_key"].duplicated(keep=False) & names["name_key"].notna()]
    return dict(zip(once["name_key"], once["person_id"], strict=True))


def _owners(clean: CleanTable, frame: str, by_name: Mapping[str, str], key: bytes) -> list[str | None]:
    names = values.readings_of([clean], frame, "name").values
    numbers = identity_columns([clean], frame)["id_key"]
    return [
        pseudonym(f"id:{number}", key) if number else by_name.get(name)
        for name, number in zip(names, numbers, strict=True)
    ]


def _disagreements(totals: pd.DataFrame) -> Iterator[Finding]:
    for total in totals[totals["verdict"] == "differs"].to_dict("records"):
        stated, computed = f"{total['stated']:g}", f"{total['computed']:g}"
        row = None if pd.isna(total["source_row"]) else int(total["source_row"])
        place = (total["source_file"], total["source_sheet"], row, total["cell"], total["what"])
        reading = told("total_differs", what=total["what"], stated=stated, computed=computed)
        yield values.at_place(reading, *place, raw=stated, value=computed)


def _issues(findings: Sequence[Finding], wave: Wave) -> pd.DataFrame:
    """One row per cell and problem; where a later step filled a cell that was given up, only the filling
    stays.
    """
    filled = {_cell_of(f) for f in findings if f.action == "inferred" and f.problem in _FILLS}
    stays = [f for f in findings if f.action != "missing" or _cell_of(f) not in filled]
    return findings_frame(stays, wave.name)


def _cell_of(f: Finding) -> tuple[str, str, str, str]:
    return f.source_file, f.source_sheet, f.cell, f.variable


_FILLS = ("taken_from_id", "counted_from_birth", "size_from_members", "relation_by_ages")
