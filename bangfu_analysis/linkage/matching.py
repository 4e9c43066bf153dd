"""Which pseudonyms may be one person by name, mistyped ones as well, from the raw files: Splink on DuckDB.

Fellegi and Sunter (1969, J. Am. Stat. Assoc. 64). The database lives in memory, spills to no disk and loads
no extension: names are in it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import BangfuError
from bangfu_analysis.linkage.candidates import FOUND
from bangfu_analysis.linkage.links import BY_NAME
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.tidy.frames import cleaned_people
from bangfu_analysis.tidy.pseudonyms import compared
from bangfu_analysis.wave import Wave

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


def named_records(sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, key: bytes) -> pd.DataFrame:
    """One row per person of a wave for `match_by_name`, in memory: wave, person_id, whole, COMPARED."""
    people, cleans = cleaned_people(sheets, codebook, wave, key)
    said = compared(people, cleans)
    whole = people["id_basis"].eq("id_number") & ~people["shared_id"]
    return said.assign(
        wave=wave.name, person_id=people["person_id"], whole=whole,
        born=said["born"].where(said["born"].str.len().eq(10), None),
        sex=people["sex"].astype(object).where(people["sex"].notna(), None),
        unit=said["employer"].where(said["employer"].notna(), said["unit"]),
        id_digits=said["id_digits"].where(said["id_digits"].str.len().ge(17), None),
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
    found = pd.DataFrame({**ends, "probability": pairs["match_probability"].array, "evidence": BY_NAME})
    asked = ~(one["whole"] & other["whole"]) & one["person_id"].ne(other["person_id"])
    return found[asked].reset_index(drop=True)


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
    found: pd.DataFrame = predicted.as_pandas_dataframe()
    return found


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
