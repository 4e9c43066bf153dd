"""How probable it is that two records are one person (Fellegi and Sunter 1969, J. Am. Stat. Assoc. 64), by Splink on DuckDB.

The database lives in memory, spills to no disk and loads no extension: names are in it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import pandas as pd

from bangfu_analysis.errors import BangfuError

COMPARED = ("name", "born", "sex", "unit", "id_digits")
LEAST = 0.01  # pairs less probable than this are nobody's candidates
# How often the same person's records agree in full, but for one character, not at all: where training starts.
SAME = {
    "name": (0.95, 0.04, 0.01),
    "born": (0.95, 0.04, 0.01),
    "id_digits": (0.5, 0.45, 0.05),
    "unit": (0.85, 0.15),
    "sex": (0.99, 0.01),
}
MEMORY: dict[str, Any] = {
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def match_probabilities(records: pd.DataFrame) -> pd.DataFrame:
    """Pairs of records of different waves that may be one person: left, right (their `record`), probability.

    `records`: record (a unique int), wave, and the columns COMPARED (text, None where missing). Candidates agree in the name, or in birth and
    sex, or in the ID number as far as it is legible. How often strangers agree is counted, how often the same person's
    records do is found by EM; a common name weighs less. Raises BangfuError where the extra `link` is not installed.
    """
    waves = [part[["record", *COMPARED]].reset_index(drop=True) for _, part in records.groupby("wave")]
    found = pd.DataFrame({"left": [], "right": [], "probability": []}).astype(
        {"left": "int64", "right": "int64", "probability": float}
    )
    if len(waves) < 2:
        return found
    pairs = _predicted(waves)
    columns = {"record_l": "left", "record_r": "right", "match_probability": "probability"}
    return pairs.rename(columns=columns)[list(columns.values())].sort_values(["left", "right"], ignore_index=True)


def _predicted(waves: list[pd.DataFrame]) -> pd.DataFrame:
    try:
        import duckdb
        from splink import DuckDBAPI, Linker, block_on
        from splink.internals.exceptions import EMTrainingException
    except ImportError as fault:
        raise BangfuError(
            "按姓名、出生日期和单位关联各批次需要 splink：请运行 pip install 'bangfu-analysis[link]'。"
        ) from fault
    database = DuckDBAPI(connection=duckdb.connect(config=MEMORY))
    linker = Linker([database.register(wave) for wave in waves], _settings(), log_level=logging.CRITICAL)
    alike: Any = [block_on("name", "born"), block_on("id_digits")]
    with suppress(ValueError):  # a handful of records that all agree teach nothing: Splink's own low prior stands
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

    how = {
        "name": compare.LevenshteinAtThresholds("name", [1]),
        "born": compare.DamerauLevenshteinAtThresholds("born", [1]),
        "id_digits": compare.DamerauLevenshteinAtThresholds("id_digits", [1]),
        "unit": compare.ExactMatch("unit"),
        "sex": compare.ExactMatch("sex"),
    }
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="record",
        comparisons=[
            c.configure(m_probabilities=list(SAME[name]), term_frequency_adjustments=name == "name")
            for name, c in how.items()
        ],
        blocking_rules_to_generate_predictions=[block_on("name"), block_on("born", "sex"), block_on("id_digits")],
    )
