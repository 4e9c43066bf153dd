import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.rates import decomposition, standardized
from bangfu_analysis.analysis.tabulate import hardship_rate
from bangfu_analysis.errors import ArgumentError, NotComparable
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.trend import cochran_armitage

HERE = Path(__file__).parents[1] / "survey" / "oracle"
R = json.loads((HERE / "expected_synthetic.json").read_text(encoding="utf-8"))["results"]
DESIGN = SurveyDesign(
    weight="weight", strata="district", cluster=["enterprise", "id"], fpc=["n_ent", "n_workers"], nest=True
)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), rtol=1e-9)


def rates(waves, strata, n, base_n):
    return pd.DataFrame({"wave": waves, "unit": strata, "n": n, "base_n": base_n})


@pytest.fixture(scope="module")
def survey():
    return pd.read_csv(HERE / "workers.csv")


def test_direct_standardisation_is_that_of_r():
    wanted = R["rates.direct"]
    k = len(wanted["count"])
    n, base_n = [1] * k + wanted["count"], wanted["stdpop"] + wanted["pop"]
    table = rates(["std"] * k + ["w"] * k, list(range(k)) * 2, n, base_n)
    found = standardized(table, "unit", standard="std").set_index("wave").loc["w"]
    close(
        found[["crude", "estimate", "ci_low", "ci_high"]],
        [wanted[c] for c in ("crude", "adj", "ff_lci_epitools", "ff_uci_epitools")],
    )
    assert found["standard"] == "std"


def test_indirect_standardisation_has_byars_limits():
    wanted = R["rates.indirect"]
    observed, expected = wanted["observed"], wanted["expected"]
    table = rates(["a", "b"], ["x", "x"], [50, observed], [1000, 1000 * expected / 50])
    found = standardized(table, "unit", method="indirect").set_index("wave").loc["b"]
    close(found[["expected", "estimate", "ci_low", "ci_high"]], [expected, wanted["smr"], *wanted["byar"]])


def test_kitagawa_of_two_waves_is_the_oracles_and_its_details_add_up():
    wanted = R["kitagawa"]
    size = 1_000_000
    base = [c * size for side in ("comp_b", "comp_a") for c in wanted[side]]
    rate = wanted["rate_b"] + wanted["rate_a"]
    table = rates(["1"] * 4 + ["2"] * 4, list("abcd") * 2, np.multiply(base, rate), base)
    found = decomposition(table, "unit").set_index("component")["estimate"]
    effects = [wanted[c] for c in ("rate_effect", "composition_effect", "total")]
    close(found[["rate", "composition", "total"]], effects)
    detail = decomposition(table, "unit", detail=True)
    assert detail["unit"].tolist()[:4] == list("abcd")
    close(detail.groupby("component", observed=True)["estimate"].sum()[found.index], found)


def test_one_wave_alone_cannot_be_split_into_rates_and_composition():
    with pytest.raises(ArgumentError, match="至少两个批次，现有：1"):
        decomposition(rates(["1", "1"], ["a", "b"], [1, 2], [10, 20]), "unit")


def test_tidy_frames_are_compared_in_one_line():
    workers = pd.DataFrame({"wave": ["1"] * 3 + ["2"] * 2, "unit": list("aabab")})
    population = pd.DataFrame({"wave": ["1", "1", "2", "2"], "unit": list("abab"), "n": [10, 20, 20, 10]})
    table = hardship_rate(workers, population, by=["wave", "unit"])
    assert decomposition(table, "unit")["estimate"].round(6).tolist() == [-0.05, 0.016667, -0.033333]
    assert standardized(table, "unit")["estimate"].round(6).tolist() == [0.1, 0.083333]
    totals = hardship_rate(workers, population, by="wave")
    assert cochran_armitage(totals["n"], totals["base_n"])["p_value"].item() < 1


def test_strata_that_a_wave_lacks_are_named():
    table = rates(["1", "1", "2"], ["甲", "乙", "甲"], [1, 1, 1], [10, 10, 10])
    with pytest.raises(NotComparable, match="2 缺 乙"):
        decomposition(table, "unit")
    with pytest.raises(NotComparable, match="2 缺 乙"):
        standardized(table, "unit")
    with pytest.raises(ArgumentError, match="应只有一行"):
        standardized(pd.concat([table, table]), "unit")
    with pytest.raises(ArgumentError, match="standard"):
        standardized(table.head(2), "unit", standard="3")
    with pytest.raises(ArgumentError, match="method"):
        standardized(table, "unit", method="middle")
