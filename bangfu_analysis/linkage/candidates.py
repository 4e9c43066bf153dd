"""Which pseudonyms may be one person, and how probably: by the keyed hashes of the frames `keys`.

How much it says that two records agree in the name and the unit (say) is not assumed but counted among
those whose whole ID numbers tell: how often they would have been put together rightly, and how often
wrongly, had the numbers been lost.

From the raw files, names alone, mistyped ones as well: Splink on DuckDB; Fellegi and Sunter (1969, J. Am.
Stat. Assoc. 64). The database lives in memory, spills to no disk and loads no extension: names are in it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats, Truths
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import BangfuError
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.tidy.frames import cleaned_people
from bangfu_analysis.tidy.pseudonyms import compared
from bangfu_analysis.wave import Wave

EVIDENCE = {"name_unit": 1, "name_employer": 2, "name_birth": 4, "name_id": 8}
BIRTH, ID = EVIDENCE["name_birth"], EVIDENCE["name_id"]
FOUND = ["person_id", "other_id", "probability", "evidence"]
BY_NAME = "splink"  # evidence of the raw files
MOST = 50  # a key that more persons bear tells nobody apart
COMPARED = ("name", "born", "sex", "unit", "id_digits")
LEAST = 0.01  # pairs less probable than this are nobody's candidates
# How often the same person's records agree in full, but for one character, not at all: where training starts.
SAME = {
    "name": [0.95, 0.04, 0.01], "born": [0.95, 0.04, 0.01], "id_digits": [0.5, 0.45, 0.05],
    "unit": [0.85, 0.15], "sex": [0.99, 0.01],
}
MEMORY: Any = {
    "temp_directory": "", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
}


def candidates(keys: pd.DataFrame) -> pd.DataFrame:
    """Pairs that may be one person: person_id, other_id, probability, evidence (the keys that agree).

    `keys`: the frames of that name of all waves, stacked. A pair is in no wave together, has not two whole
    numbers, and agrees in a key; where both give an ID number, in that, else where both give the birth, in
    that. The probability is (right + 1/2) / (right + wrong + 1) of persons with whole numbers that agree in
    the same keys, so that few say little. Of several candidates in a wave one at most is the person: their
    odds are shared out.
    """
    people, waves = pd.Index(keys["person_id"].unique()), pd.Index(keys["wave"].unique())
    person = people.get_indexer(pd.Index(keys["person_id"]))
    stock = np.zeros((len(people), len(waves)), dtype=bool)
    stock[person, waves.get_indexer(pd.Index(keys["wave"]))] = True

    def ever(said: pd.Series) -> Truths:
        return np.asarray(np.bincount(person, said.to_numpy(dtype=bool), len(people)) > 0)

    complete_id = ever(keys["whole"])
    given_keys = np.sum([bit * ever(keys[kind].notna()) for kind, bit in EVIDENCE.items()], axis=0)
    pairs, again = _alike(keys.assign(person=person), len(people))
    one, other, bits = pairs.to_numpy().T
    both, numbered = given_keys[one] & given_keys[other], complete_id[one] & complete_id[other]
    apart = ~(stock[one] & stock[other]).any(axis=1)
    by_birth = (bits & BIRTH > 0) | (both & BIRTH == 0)
    eligible = apart & ~numbered & ((bits & ID > 0) | ((both & ID == 0) & by_birth))
    right, wrong = again[complete_id & (stock.sum(axis=1) > 1)], bits[apart & numbered]
    both = np.where(bits & ID > 0, both & (bits | BIRTH), both)  # whom the number shows may have moved
    chance = _measured(both[eligible], bits[eligible], right, wrong)
    one, other = one[eligible], other[eligible]
    evidence = ["+".join(kind for kind, bit in EVIDENCE.items() if bit & said) for said in bits[eligible]]
    found = (people[one], people[other], _shared_out(one, other, chance, stock), evidence)
    return pd.DataFrame(dict(zip(FOUND, found, strict=True))).astype({"probability": float})


def _alike(keys: pd.DataFrame, count: int) -> tuple[pd.DataFrame, Codes]:
    """Pairs of persons with the bits of the keys that they share; of each person those of two waves."""
    parts, again = [], np.zeros(count, dtype=np.intp)
    for kind, bit in EVIDENCE.items():
        values = keys[["person", kind]].dropna()
        values = values.assign(**{kind: values[kind].str.split()}).explode(kind)
        borne = values.groupby(["person", kind]).size().rename("waves").reset_index()
        again[borne.loc[borne["waves"] > 1, "person"].unique()] += bit
        several = borne[borne.groupby(kind)["person"].transform("size").between(2, MOST)][["person", kind]]
        both = several.merge(several, on=kind, suffixes=("", "_other"))
        both = both.loc[both["person"] < both["person_other"], ["person", "person_other"]]
        parts.append(both.drop_duplicates().assign(bit=bit))
    together = pd.concat(parts, ignore_index=True).astype(np.intp)
    return together.groupby(["person", "person_other"])["bit"].sum().reset_index(), again


def _measured(given: Codes, agree: Codes, right: Codes, wrong: Codes) -> Floats:
    """The share of the right among those that agree in the same of the keys known on both sides.

    To agree in more is no weaker: where few do, what a part of the agreement shows alone stands for it.
    """
    probability = np.zeros(len(agree))
    for mask, bits in {*zip(given.tolist(), agree.tolist(), strict=True)}:
        parts = [part for part in range(1, bits + 1) if part & bits == part]
        rates = []
        for part in parts:
            rights, wrongs = (int((seen & (mask & ~bits | part) == part).sum()) for seen in (right, wrong))
            rates.append((rights + 0.5) / (rights + wrongs + 1))
        probability[(given == mask) & (agree == bits)] = max(rates)
    return probability


def _shared_out(one: Codes, other: Codes, chance: Floats, stock: Truths) -> Floats:
    """The probabilities, given that of all candidates that a person has in a wave one at most is right."""
    odds, rivals = chance / (1 - chance), []
    for own, theirs in ((one, other), (other, one)):
        pair, wave = np.nonzero(stock[theirs])
        rivals.append(pd.DataFrame({"pair": pair, "wave": wave, "own": own[pair], "odds": odds[pair]}))
    every = pd.concat(rivals, ignore_index=True)
    summed = every.groupby(["own", "wave"])["odds"].transform("sum").groupby(every["pair"]).max()
    return np.asarray(odds / (1 + summed.reindex(range(len(odds))).to_numpy()))


def named_records(sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, key: bytes) -> pd.DataFrame:
    """One row per person of a wave for `match_by_name`, in memory: wave, person_id, whole, COMPARED."""
    people, cleans = cleaned_people(sheets, codebook, wave, key)
    records = compared(people, cleans)
    complete_id = people["id_basis"].eq("id_number") & ~people["shared_id"]
    return records.assign(
        wave=wave.name, person_id=people["person_id"], whole=complete_id,
        born=records["born"].where(records["born"].str.len().eq(10), None),
        sex=people["sex"].astype(object).where(people["sex"].notna(), None),
        unit=records["employer"].where(records["employer"].notna(), records["unit"]),
        id_digits=records["id_digits"].where(records["id_digits"].str.len().ge(17), None),
    )[["wave", "person_id", "whole", *COMPARED]]


def match_by_name(records: pd.DataFrame) -> pd.DataFrame:
    """Pairs of pseudonyms of different waves that may be one person, as `candidates` gives them.

    `records`: those of all waves. Compared are such as agree in the name, or in birth and sex, or in the ID
    number as far as it is legible; two whole numbers are two people. How often strangers agree is counted,
    how often the same person's records do is found by EM; a common name weighs less. Raises BangfuError
    where the extra `link` is not installed.
    """
    rows = records.reset_index(drop=True).assign(record=range(len(records)))
    waves = [part[["record", *COMPARED]].reset_index(drop=True) for _, part in rows.groupby("wave")]
    if len(waves) < 2:
        return pd.DataFrame(columns=FOUND).astype({"probability": float})
    pairs = _predicted(waves).sort_values(["record_l", "record_r"])
    sides = ("record_l", "record_r")
    one, other = (rows.loc[pairs[side], ["person_id", "whole"]].reset_index(drop=True) for side in sides)
    ends = {"person_id": one["person_id"], "other_id": other["person_id"]}
    matches = pd.DataFrame({**ends, "probability": pairs["match_probability"].array, "evidence": BY_NAME})
    eligible = ~(one["whole"] & other["whole"]) & one["person_id"].ne(other["person_id"])
    return matches[eligible].reset_index(drop=True)


def _predicted(waves: list[pd.DataFrame]) -> pd.DataFrame:
    try:
        import duckdb
        from splink import DuckDBAPI, Linker, block_on
        from splink.internals.exceptions import EMTrainingException
    except ImportError as fault:
        needed = "按姓名、出生日期和单位关联各批次需要 splink：请运行 pip install 'bangfu-analysis[link]'。"
        raise BangfuError(needed) from fault
    database = DuckDBAPI(connection=duckdb.connect(config=MEMORY))
    linker = Linker([database.register(wave) for wave in waves], _settings(), log_level=logging.CRITICAL)
    alike: Any = [block_on("name", "born"), block_on("id_digits")]
    with suppress(ValueError):  # a handful of records that all agree teach nothing: Splink's low prior stands
        linker.training.estimate_probability_two_random_records_match(alike, recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e5, seed=1)
    for rule in (block_on("born"), block_on("name")):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        except EMTrainingException:  # too few pairs to learn from: SAME stands
            continue
    predicted: Any = linker.inference.predict(threshold_match_probability=LEAST)
    frame: pd.DataFrame = predicted.as_pandas_dataframe()
    return frame


def _settings() -> Any:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    near: Any = compare.DamerauLevenshteinAtThresholds
    by_name, exact = compare.LevenshteinAtThresholds("name", [1]), map(compare.ExactMatch, ("unit", "sex"))
    how = [by_name, near("born", [1]), near("id_digits", [1]), *exact]
    blocks: Any = [block_on("name"), block_on("born", "sex"), block_on("id_digits")]
    trained = [
        each.configure(m_probabilities=SAME[name], term_frequency_adjustments=name == "name")
        for name, each in zip(SAME, how, strict=True)
    ]
    return SettingsCreator(
        link_type="link_only", unique_id_column_name="record", comparisons=trained,
        blocking_rules_to_generate_predictions=blocks,
    )
