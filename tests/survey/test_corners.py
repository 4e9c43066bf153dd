"""Corners of the design: lonely units, jackknife, domains with calibration, fractions; against corners.csv of corners.R."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.survey.association import test_independence
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.estimate import (
    estimate_difference,
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
)
from bangfu_analysis.survey.quantiles import estimate_quantile
from bangfu_analysis.survey.weighting import post_stratify, rake, trim

HERE = Path(__file__).parent / "oracle"
LINES = [line.split(",") for line in (HERE / "corners.csv").read_text(encoding="utf-8").splitlines()]
R = {key: np.array(values.split(), dtype=float) for key, values in LINES}
ONE = {"weight": "weight", "strata": "district", "cluster": "enterprise", "nest": True}
TWO = {**ONE, "cluster": ["enterprise", "id"], "fpc": ["n_ent", "n_workers"]}
RULES = ["remove", "certainty", "adjust", "average"]


@cache
def workers():
    frame = pd.read_csv(HERE / "workers.csv")
    units = frame.groupby("district")["enterprise"].transform("nunique")
    rank = frame.groupby("district")["enterprise"].transform(lambda x: np.minimum(pd.factorize(x)[0], 2))
    return frame.assign(
        fraction=units / frame["n_ent"],
        share2=frame.groupby("enterprise")["id"].transform("size") / frame["n_workers"],
        layer=frame["district"] + rank.astype(str),
    )


def poor():
    return (workers()["income"] < 1500).to_numpy()


def assert_same(key, found, rel=1e-9):
    np.testing.assert_allclose(np.asarray(found, float).ravel(), R[key], rtol=rel)


def by_column(table, *columns):
    return table[list(columns)].to_numpy().T


def limits(design, ci, where):
    found = estimate_share(workers(), "hard", design=design, ci=ci, where=where).iloc[1]
    return found[["estimate", "ci_low", "ci_high"]]


def assert_test(key, design, pair, statistic="F", where=None):
    found = test_independence(workers(), *pair, design=design, statistic=statistic, where=where)
    assert_same(key, found[["statistic", "df", "df_denominator", "p_value"]].dropna(axis=1))


def test_fractions_and_design_effects_of_domains():
    frame, design = workers(), SurveyDesign(**TWO)
    parts = SurveyDesign(**{**TWO, "weight": None, "fpc": ["fraction", "share2"]})
    wanted = ("estimate", "se", "deff")
    assert_same("fractions", by_column(estimate_mean(frame, "hard", design=parts), *wanted))
    assert_same("deff.by", by_column(estimate_mean(frame, "income", design=design, by="sex"), *wanted))
    assert_same("deff.total.by", by_column(estimate_total(frame, "income", design=design, by="sex"), *wanted))
    ratio = estimate_ratio(frame, "income", "age", design=design, by="edu")
    assert_same("ratio.by", by_column(ratio, "estimate", "se"))


@pytest.mark.parametrize("ci", ["logit", "beta", "asin", "xlogit", "mean"])
def test_a_domain_that_misses_whole_units_counts_the_degrees_of_freedom_it_has(ci):
    """R's logit stops at 1e-8 of the deviance."""
    assert_same(f"poor.{ci}", limits(SurveyDesign(**ONE), ci, poor()), 3e-9 if ci == "logit" else 1e-9)
    assert_same("degf.poor", estimate_share(workers(), "hard", design=SurveyDesign(**ONE), where=poor())["df"].iloc[:1])


@pytest.mark.parametrize("statistic", ["F", "Chisq", "Wald", "adjWald"])
def test_independence_in_a_domain(statistic):
    assert_test(f"poor.chisq.{statistic}", SurveyDesign(**ONE), ("hard", "edu"), statistic, poor())


def test_difference_in_a_domain():
    found = estimate_difference(workers(), "income", design=SurveyDesign(**ONE), between="sex", where="age > 55")
    assert_same("old.ttest", found[["estimate", "statistic", "df", "p_value"]])


@pytest.mark.parametrize("interval", ["mean", "beta", "xlogit", "asin"])
def test_quantiles_with_many_ties(interval):
    found = estimate_quantile(workers(), "age", [0.1, 0.5, 0.9], design=SurveyDesign(**TWO), interval=interval)
    assert_same(f"quantile.{interval}", by_column(found, "estimate", "ci_low", "ci_high", "se"))


@pytest.mark.parametrize("kind", ["jkn", "jk1"])
def test_jackknife_and_its_degrees_of_freedom(kind):
    strata = {"strata": "district", "replicates": "JKn"} if kind == "jkn" else {"strata": None, "replicates": "JK1"}
    design = SurveyDesign(**{**ONE, **strata})
    found = estimate_mean(workers(), "hard", design=design, by="district")
    assert_same(f"{kind}.by", by_column(found, "estimate", "se"))
    sample = resolve(workers(), design)
    assert_same(f"{kind}.degf", [sample.degrees(), sample.degrees(np.where(poor(), 0, 1), 1)])
    for ci in ("logit", "beta", "xlogit"):
        assert_same(f"{kind}.poor.{ci}", limits(design, ci, poor()), 3e-9 if ci == "logit" else 1e-9)
    assert_test(f"{kind}.chisq", design, ("hard", "edu"))


@pytest.mark.parametrize("rule", RULES)
def test_lonely_units_with_and_without_replicates(rule):
    layers = {**ONE, "strata": "layer", "lonely_psu": rule}
    plain, made = SurveyDesign(**layers), SurveyDesign(**layers, replicates="JKn")
    assert_same(f"lonely.{rule}", by_column(estimate_mean(workers(), "hard", design=plain), "estimate", "se"))
    by = estimate_mean(workers(), "income", design=plain, by="sex")
    assert_same(f"lonely.by.{rule}", by_column(by, "estimate", "se"))
    assert_same(f"lonely.jkn.{rule}", by_column(estimate_mean(workers(), "hard", design=made), "estimate", "se"))
    assert_same(f"lonely.degf.{rule}", [resolve(workers(), d).degrees() for d in (plain, made)])


@pytest.mark.parametrize("kind", ["wk", "jkn"])
@pytest.mark.parametrize("verb", ["post", "rake"])
def test_calibration_in_domains(kind, verb):
    """A subset of a calibrated linear design keeps its other rows, which R counts as rows."""
    frame = workers()
    design = SurveyDesign(**(TWO if kind == "wk" else {**ONE, "replicates": "JKn"}))
    sexes, ages = {"sex": {"F": 9000, "M": 11000}}, frame["ageg"].value_counts(normalize=True) * 20000
    made = post_stratify(frame, design, sexes) if verb == "post" else rake(frame, design, {**sexes, "ageg": dict(ages)})
    key, where = f"{kind}.{verb}", frame["edu"] == frame["edu"].iloc[0]
    assert_same(f"{key}.mean", by_column(estimate_mean(frame, "hard", design=made), "estimate", "se", "deff"))
    assert_same(f"{key}.total", by_column(estimate_total(frame, "income", design=made), "estimate", "se"))
    assert_same(f"{key}.by", by_column(estimate_mean(frame, "hard", design=made, by="edu"), "estimate", "se"))
    assert_same(f"{key}.beta", limits(made, "beta", where))
    assert_test(f"{key}.chisq", made, ("hard", "sex"), where=where)


def test_trimming_after_calibration():
    post = post_stratify(workers(), SurveyDesign(**TWO), {"sex": {"F": 9000, "M": 11000}})
    found = estimate_mean(workers(), "hard", design=trim(workers(), post, lower=15, upper=60))
    assert_same("trim", by_column(found, "estimate", "se"))


def test_every_key_is_compared():
    source = Path(__file__).read_text(encoding="utf-8")
    heads = {key.split(".")[0] for key in R}
    assert [h for h in heads if f'"{h}' not in source and h not in ("jkn", "jk1", "wk")] == []
