"""Writes the sample study: five waves of a made-up district, and the truth that tests hold against what
cleaning makes of it.

People are drawn first (people.py), each wave's rows are dealt out to files (rosters.py), hands write them
down (dirt.py, layouts.py), and the rest of a wave folder is added (ledgers.py). words.yaml and plan.yaml say
what there is to draw from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import one_of
from tools.sample.jilin import STUDY as JILIN
from tools.sample.jilin import write_jilin
from tools.sample.later import later_waves
from tools.sample.layouts import Place
from tools.sample.ledgers import aid_page, population_counts, population_page, settings_text
from tools.sample.mechanisms import write_daoli_mechanisms
from tools.sample.people import Person, Wave, draw_waves
from tools.sample.rosters import Roster, draw_rosters, settings_of
from tools.sample.survey import survey_page
from tools.sample.writing import write_text, write_workbook

STUDY, PUBLISHED = "daoli", "2009"
STUDIES = (STUDY, JILIN)
SEED = 20090630
HERE = Path(__file__).parent
TRUTH = (
    "sex", "birth_date", "age", "education", "unit", "district", "employment", "household_size",
    "income_personal_monthly",
    "income_per_capita_monthly", "income_household_annual", "level", "has_dibao", "is_single_parent",
)  # fmt: skip
COLUMN_OF = {"employment": "employment_status", "level": "hardship_level"}
ALWAYS_GIVEN = ("sex", "birth_date", "age", "unit")


def write_sample_study(folder: Path, *, study: str = STUDY, seed: int = SEED) -> Path:
    """Write a study under `folder` and return its folder, `<folder>/<study>`: daoli, or jilin-forestry (see
    jilin.py).

    codebook.yaml (units renamed, merged and split), and five wave folders with wave.toml, roster files of
    several layouts, 职工人数统计表.xlsx (the denominators) and 帮扶台账.xlsx; in 2009, whose figures are
    published, also the export of a member questionnaire with its codebook and the decisions on it; from 2010
    a list of exits. The same seed gives the same bytes. Existing files of the same names are replaced.
    """
    one_of("study", study, STUDIES)
    if study == JILIN:
        return write_jilin(folder, seed=seed)
    plan = read_yaml(HERE / "plan.yaml")
    for wave, words, rosters, rng in _waves(plan, seed):
        target, settings = folder / STUDY / wave.name, settings_of(plan, wave.name)
        target.mkdir(parents=True, exist_ok=True)
        for roster in rosters:
            _write_roster(target, roster)
        write_workbook(target / "职工人数统计表.xlsx", [population_page(wave, settings["workers"], words)])
        write_workbook(target / "帮扶台账.xlsx", [aid_page(wave, _known(rosters), plan["aid"], rng)])
        (target / "wave.toml").write_bytes(settings_text(wave, settings, plan["settings"]).encode())
        if "mapping" in settings:
            (target / "mapping.yaml").write_bytes((HERE / settings["mapping"]).read_bytes())
        if wave.name == PUBLISHED:
            _write_mechanisms(target, wave, rosters, settings["workers"], words, seed)
    (folder / STUDY / "codebook.yaml").write_bytes((HERE / "codebook.yaml").read_bytes())
    _write_survey(folder / STUDY / PUBLISHED, read_yaml(HERE / "words.yaml"), seed)
    return folder / STUDY


def true_people(*, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Wave -> one row per row of a roster that is about somebody, true values beside its place
    (tests/truth/README.md).
    """
    plan = read_yaml(HERE / "plan.yaml")
    told = {name: (*TRUTH, *s.get("truth", ())) for name, s in {**plan["waves"], **plan["later"]}.items()}
    return {wave.name: _truth(rosters, told[wave.name]) for wave, _, rosters, _ in _waves(plan, seed)}


def write_truth(folder: Path, *, seed: int = SEED) -> list[Path]:
    """Write `true_people` as `<folder>/daoli_<wave>.parquet` and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for wave, truth in true_people(seed=seed).items():
        paths.append(folder / f"{STUDY}_{wave}.parquet")
        truth.to_parquet(paths[-1], index=False)
    return paths


def _waves(
    plan: Mapping[str, Any], seed: int
) -> Iterator[tuple[Wave, Mapping[str, Any], list[Roster], Random]]:
    """Each wave with the words of its day, its rosters and its generator: the published one, back from it, on
    from it.
    """
    words = read_yaml(HERE / "words.yaml")
    drawn = draw_waves(Random(seed), plan, words)
    onward = later_waves(Random(seed + 1), plan, words, drawn[::-1])
    for wave, own in [*((wave, words) for wave in drawn), *onward]:
        rng = Random(seed + int(wave.name))
        yield wave, own, draw_rosters(wave, plan, rng, own), rng


def _known(rosters: list[Roster]) -> list[Person]:
    """Those whose rows are sound: aid to them can be found again by name and number."""
    places = (place for roster in rosters for place in roster.places)
    return [p.entry.person for p in places if p.entry.fate == "counted" and not p.entry.damage]


def _write_roster(target: Path, roster: Roster) -> None:
    names = [roster.plan[key] for key in ("file", "copy") if key in roster.plan]
    for name in names:
        if name.endswith((".csv", ".tsv")):
            write_text(target / name, roster.pages[0])
        else:
            write_workbook(target / name, roster.pages)


def _write_mechanisms(
    target: Path, wave: Wave, rosters: list[Roster], workers: int, words: Mapping[str, Any], seed: int
) -> None:
    by_unit: Counter[str] = Counter()
    for (unit, _, _), n in population_counts(wave, workers, words).items():
        by_unit[unit] += n
    extreme = [person for person in _known(rosters) if person.level == "extreme"]
    write_daoli_mechanisms(target, by_unit, extreme, Random(seed))


def _write_survey(target: Path, words: Mapping[str, Any], seed: int) -> None:
    plan = read_yaml(HERE / "survey.yaml")
    page, decisions = survey_page(plan, words["units"], Random(seed))
    write_workbook(target / plan["file"], [page])
    (target / "screening.yaml").write_bytes(decisions.encode())
    (target / "questionnaire.yaml").write_bytes((HERE / "questionnaire.yaml").read_bytes())


def _truth(rosters: list[Roster], told: tuple[str, ...]) -> pd.DataFrame:
    rows = [_true_row(place, roster, told) for roster in rosters for place in roster.places]
    truth = pd.DataFrame(rows)
    again = truth[truth["fate"] == "duplicate"]
    where = again["file"] + "|" + again["sheet"] + "|" + again["row"].astype("str")
    also = where.groupby(again["person_no"]).agg(";".join)
    counted = truth["fate"] == "counted"
    return truth.assign(also=truth["person_no"].map(also).where(counted, "").fillna(""))


def _true_row(place: Place, roster: Roster, told: tuple[str, ...]) -> dict[str, object]:
    entry, person = place.entry, place.entry.person
    values = {name: getattr(person, name) for name in told} | {"causes": "|".join(person.causes)}
    return {
        "person_no": person.number, "fate": entry.fate, "file": place.file, "sheet": place.sheet,
        "row": place.row,
        **values, "lost": "|".join(entry.lost), "not_given": "|".join(_not_given(place, roster, told)),
        "doubtful": "|".join(entry.doubtful),
    }  # fmt: skip


def _not_given(place: Place, roster: Roster, told: tuple[str, ...]) -> list[str]:
    """Variables that the row's file does not ask for, or that the hand left open."""
    asked = set(roster.plan["columns"])
    absent = [n for n in told if n not in ALWAYS_GIVEN and COLUMN_OF.get(n, n) not in asked]
    return [*absent, *place.entry.not_given]
