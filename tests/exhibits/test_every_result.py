"""Every public function that returns a result is shown as it is: labelled, in the digits of measures.yaml."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest

import bangfu_analysis as bangfu
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.exhibit import as_exhibit

CODEBOOK = load_codebook()
N = 120
DESIGN = bangfu.SurveyDesign(weight="weight", cluster="psu")


def drawn_workers():
    """Two waves of people, most of them in both, with what the functions ask for."""
    draw = np.random.default_rng(5)
    sexes = CODEBOOK.variable("workers", "sex").codes
    levels = CODEBOOK.bands["education_band"].levels
    bands = [str(level["code"]) for level in levels]
    one = pd.DataFrame({
        "person_id": [f"p{i:016x}" for i in range(N)], "sex": pd.Categorical(draw.choice(sexes, N), sexes),
        "education_band": pd.Categorical(draw.choice(bands, N), bands, ordered=True),
        "age": draw.integers(20, 60, N), "weight": draw.uniform(1, 3, N),
        "income_per_capita_monthly": draw.integers(100, 900, N).astype(float),
        "psu": np.arange(N) // 6, "need": draw.random(N) < 0.4, "helped": draw.random(N) < 0.3,
        "cause_main": pd.Categorical(draw.choice(["illness", "schooling"], N)),
        "hardship_level": pd.Categorical(draw.choice(["extreme", "general"], N)), "hardship_scheme": "s2000",
    })
    later = one.iloc[10:].assign(wave="2009", need=draw.random(N - 10) < 0.5)
    return pd.concat([one.assign(wave="2007"), later], ignore_index=True)


EVERY = drawn_workers()
NOW = EVERY[EVERY["wave"] == "2009"].reset_index(drop=True)
CAUSES = NOW[["person_id"]].assign(cause=NOW["cause_main"], rank=1)
POPULATION = pd.DataFrame({
    "wave": ["2007", "2007", "2009", "2009"], "n": [900, 700, 910, 650],
    "sex": pd.Categorical(["male", "female"] * 2, NOW["sex"].cat.categories),
})
RATES = bangfu.hardship_rate(EVERY, POPULATION, by=["wave", "sex"])
MODEL = bangfu.fit_model(NOW, "need ~ sex + age", design=DESIGN)
TARGETS = {"sex": {"male": 150.0, "female": 110.0}}

SECONDS = pd.DataFrame({"seconds": [40.0, 90.0, 300.0]})
RAKED = bangfu.rake(NOW, DESIGN, TARGETS)

RESULTS = {
    "tabulate": lambda: bangfu.tabulate(NOW, ["sex", "education_band"], within=["sex"]),
    "cause_table": lambda: bangfu.cause_table(NOW, CAUSES, by=["sex"]),
    "means": lambda: bangfu.means(NOW, "age", by=["sex"]),
    "hardship_rate": lambda: RATES,
    "trend": lambda: bangfu.trend(EVERY, "education_band"),
    "change": lambda: bangfu.change(RATES),
    "decomposition": lambda: bangfu.decomposition(RATES, "sex", detail=True),
    "standardized": lambda: bangfu.standardized(RATES, "sex"),
    "flows": lambda: bangfu.flows(EVERY),
    "flow_accounts": lambda: bangfu.flow_accounts(EVERY),
    "transitions": lambda: bangfu.transitions(EVERY, "hardship_level"),
    "estimate_mean": lambda: bangfu.estimate_mean(NOW, "age", design=DESIGN, by="sex"),
    "estimate_total": lambda: bangfu.estimate_total(NOW, "age", design=DESIGN, by="sex"),
    "estimate_ratio": lambda: bangfu.estimate_ratio(NOW, "income_per_capita_monthly", "age", design=DESIGN),
    "estimate_quantile": lambda: bangfu.estimate_quantile(NOW, "age", [0.25, 0.5], design=DESIGN, by="sex"),
    "estimate_share": lambda: bangfu.estimate_share(NOW, "education_band", design=DESIGN, by="sex"),
    "estimate_table": lambda: bangfu.estimate_table(
        NOW, ["sex", "education_band"], design=DESIGN, within="sex", margins=True
    ),
    "estimate_difference": lambda: bangfu.estimate_difference(NOW, "age", design=DESIGN, between="sex"),
    "estimate_change": lambda: bangfu.estimate_change(EVERY, "age", design=None),
    "test_independence": lambda: bangfu.test_independence(NOW, "sex", "education_band", design=DESIGN),
    "targeting": lambda: bangfu.targeting(NOW, "need", "helped", by="sex"),
    "fit_model.coefficients": lambda: MODEL.coefficients,
    "fit_model.terms": lambda: MODEL.terms,
    "fit_model.effects": lambda: MODEL.effects,
    "weighting_report": lambda: bangfu.weighting_report(NOW, DESIGN, RAKED, "sex"),
    "thresholds": lambda: bangfu.thresholds(SECONDS, "seconds", [60, 120]),
    "describe": lambda: bangfu.describe([]),
    "clean_study": lambda: pd.DataFrame(
        [["甲县", "2025", "cleaned", "", 5, 1]],
        columns=["county", "wave", "outcome", "reason", "n", "elsewhere_n"],
    ),
    "wave_changes": lambda: pd.DataFrame(
        [["列名", "unknown", "workers.sex", "", "名册.xlsx C2", "未认出的列名"]],
        columns=["subject", "event", "variable", "item", "where", "message"],
    ),
}
# One row a person or a reply, refused as such; and sums of cells that counts and estimators take.
OF_PERSONS = {
    "spells", "add_bands", "item_scores", "with_concepts", "was_asked", "wide_answers", "reply_quality",
    "screen", "cells",
}


def test_no_public_function_that_returns_a_frame_is_forgotten():
    returning = {
        name for name in bangfu.__all__
        if inspect.isfunction(found := getattr(bangfu, name))
        and "pd.DataFrame" in str(inspect.signature(found).return_annotation)
    }
    assert returning - OF_PERSONS == {name for name in RESULTS if "." not in name}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", RESULTS)
def test_it_is_shown_with_headings_and_labels_and_few_decimals(name, lang):
    table = as_exhibit(RESULTS[name](), CODEBOOK, lang=lang).table
    raw = re.compile(r"[a-z]+_[a-z_]+|\d\.\d{4}|nan|<NA>")
    assert not [text for text in (*table.columns, *table.notes) if raw.search(text)]
    assert not [text for row in table.texts() for text in row if raw.search(text)]
    if lang == "zh":
        assert not [text for text in table.columns if not re.search(r"[\u4e00-\u9fff]|p 值", text)]


def test_estimated_shares_are_in_percent_and_respondents_are_no_workers_at_all():
    table = as_exhibit(RESULTS["estimate_share"](), CODEBOOK).table
    assert "估计值（%）" in table.columns and "职工总数" not in table.columns
    shares = table.columns.index("占比（%）"), table.columns.index("估计值（%）")
    assert all(row[shares[0]] == row[shares[1]] for row in table.rows if row[0] == "男" and row[1] != "合计")


def test_rows_of_persons_are_refused():
    with pytest.raises(ArgumentError, match="逐人的数据，不是结果表"):
        as_exhibit(bangfu.spells(EVERY), CODEBOOK)
