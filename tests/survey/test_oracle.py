"""Every key of the reference numbers: compared with R, or named with the reason why not."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.rates import (
    difference_of_shares,
    kitagawa,
    poisson_interval,
    share_interval,
    standardize_direct,
    standardized_ratio,
)
from bangfu_analysis.analysis.tallies import adjust_p
from bangfu_analysis.survey.association import (
    adjusted_residuals,
    chi_square,
    mcnemar,
    test_independence,
)
from bangfu_analysis.survey.crosstab import estimate_multiple, estimate_table
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.difference import estimate_difference
from bangfu_analysis.survey.estimate import (
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
)
from bangfu_analysis.survey.exact import fisher, mantel_haenszel
from bangfu_analysis.survey.poverty import fgt, gini
from bangfu_analysis.survey.quantiles import estimate_quantile
from bangfu_analysis.survey.replicates import Replicates
from bangfu_analysis.survey.trend import (
    annual_change,
    cochran_armitage,
    estimate_trend,
    kendall_trend,
    weighted_trend,
)
from bangfu_analysis.survey.weighting import standardize

HERE = Path(__file__).parent / "oracle"
R = json.loads((HERE / "expected_synthetic.json").read_text(encoding="utf-8"))["results"]
DESIGNS = {
    "wk": SurveyDesign(
        weight="weight", strata="district", cluster=["enterprise", "id"], fpc=["n_ent", "n_workers"],
        nest=True,
    ),
    "wk1": SurveyDesign(weight="weight", strata="district", cluster="enterprise", nest=True),
}
CAUSES = ["ill", "unemp", "debt", "school"]
LIMITS = ["estimate", "se", "ci_low", "ci_high"]


@pytest.fixture(scope="module")
def workers():
    return pd.read_csv(HERE / "workers.csv").assign(ill_hard=lambda f: f["ill"] * f["hard"])


@pytest.fixture(params=["wk", "wk1"])
def survey(request):
    """A design, and a function that fetches a reference value for it."""
    return DESIGNS[request.param], lambda key: expected(f"workers.{request.param}.{key}")


def expected(key):
    return R[key]


def assert_close(found, wanted, rel=1e-9):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.size == wanted.size
    np.testing.assert_allclose(found.ravel(), wanted.ravel(), rtol=rel, atol=1e-300)


def assert_limits(table, wanted):
    assert_close(table[LIMITS].T, [wanted["est"], wanted["se"], wanted["lci"], wanted["uci"]])


def test_mean_with_design_effect_and_degrees_of_freedom(workers, survey):
    design, reference = survey
    found, wanted = estimate_mean(workers, "hard", design=design), reference("mean.hard")
    assert_limits(found, wanted)
    assert_close(found[["df", "deff"]], [[wanted["df"], wanted["deff"]]])
    assert found["df"].item() == reference("degf")
    assert_limits(estimate_mean(workers, "income", design=design), reference("mean.income_narm"))


def test_total(workers, survey):
    design, reference = survey
    assert_limits(estimate_total(workers, "hard", design=design), reference("total.hard"))


def test_domains(workers, survey):
    design, reference = survey
    assert_limits(estimate_mean(workers, "hard", design=design, by="district"), reference("by.district"))
    assert_limits(estimate_mean(workers, "hard", design=design, by=["ageg", "sex"]), reference("by.sex_ageg"))
    assert_limits(estimate_total(workers, "hard", design=design, by="edu"), reference("by.edu.total"))
    assert_limits(estimate_mean(workers, "hard", design=design, by="wave"), reference("trend.by.wave"))
    assert estimate_mean(workers, "hard", design=design, by="sex")["n"].tolist() == reference("by.sex.n")["n"]


def test_tables(workers, survey):
    design, reference = survey
    rows = estimate_table(workers, ["edu", "sex"], within="sex", design=design, ci="mean")
    assert_limits(rows.sort_values(["edu", "sex"]), reference("row.edu_by_sex"))
    assert_limits(
        estimate_table(workers, ["edu", "sex"], design=design, ci="mean"), reference("cell.sex_edu")
    )


@pytest.mark.parametrize("variable", ["hard", "unemp"])
@pytest.mark.parametrize("method", ["logit", "beta", "asin", "xlogit", "mean", "wilson"])
def test_intervals_of_shares(workers, survey, variable, method):
    """R's logit comes from a glm that stops at 1e-8 of the deviance: its own digits end at 3e-9."""
    design, reference = survey
    wanted = reference(f"ciprop.{variable}")[method]
    found = estimate_share(workers, variable, design=design, ci=method).iloc[1]
    rel = 3e-9 if method == "logit" else 1e-9
    assert_close(found[LIMITS], [wanted["est"], wanted["se"], wanted["lci"], wanted["uci"]], rel)


@pytest.mark.parametrize(("by", "method"), [("district", "xlogit"), ("sex", "beta")])
def test_intervals_of_shares_in_subsets_use_the_degrees_of_freedom_of_the_subset(workers, survey, by, method):
    design, reference = survey
    found = estimate_share(workers, "hard", design=design, by=by, ci=method).query("hard == 1").set_index(by)
    for level, wanted in reference(f"ciprop.by.{by}.{method}").items():
        assert_close(found.loc[level, ["estimate", "ci_low", "ci_high", "df"]], wanted)


@pytest.mark.parametrize("pair", ["hard_edu", "sex_ageg"])
@pytest.mark.parametrize("statistic", ["F", "Chisq", "Wald", "adjWald", "lincom"])
def test_independence_under_the_design(workers, survey, pair, statistic):
    """R's lincom fell back to a saddlepoint approximation: its p is within 2 % of the integral."""
    design, reference = survey
    wanted = reference(f"chisq.{pair}.{statistic}")
    found = test_independence(workers, *pair.split("_"), design=design, statistic=statistic).iloc[0]
    assert_close(found["statistic"], wanted["statistic"])
    assert_close(found["p_value"], wanted["p"], 0.02 if statistic == "lincom" else 1e-9)
    df = np.atleast_1d(wanted["df"]) if wanted["df"] else []
    assert_close(found[["df", "df_denominator"]].to_numpy()[: len(df)], df)


def test_quantiles_and_their_limits(workers, survey):
    """The math rule picks data values: limits agree exactly. Interpolated ones agree to 1e-9."""
    design, reference = survey
    wanted = reference("quantile.income")
    assert_limits(estimate_quantile(workers, "income", wanted["p"], design=design), wanted)
    wanted = reference("quantile.income.hf7")
    found = estimate_quantile(workers, "income", wanted["p"], design=design, rule="hf7", interval="xlogit")
    assert_limits(found, wanted)


def test_ratio_and_multiple_response(workers, survey):
    design, reference = survey
    wanted = reference("ratio.ill_hard")
    found = estimate_ratio(workers, "ill_hard", "hard", design=design)
    assert_close(found[["estimate", "se"]], [[wanted["est"], wanted["se"]]])
    assert_limits(estimate_multiple(workers, CAUSES, design=design), reference("multi.causes"))
    by_sex = estimate_multiple(workers, CAUSES, design=design, by="sex").set_index(["option", "sex"])
    assert_limits(by_sex.loc[[(c, s) for c in CAUSES for s in "FM"]], reference("multi.causes.by.sex"))
    answers = estimate_multiple(workers, CAUSES, design=design, base="answers")
    assert_close(answers[["estimate", "se"]], reference("multi.share_of_responses"))


def test_difference_between_groups(workers, survey):
    design, reference = survey
    wanted = reference("contrast.F_minus_M")
    found = estimate_difference(workers, "hard", design=design, between="sex", reference="M")
    assert_close(found[["estimate", "se"]], [[wanted["est"], wanted["se"]]])
    wanted = reference("ttest.income_sex")
    found = estimate_difference(workers, "income", design=design, between="sex", reference="F")
    columns = ["estimate", "statistic", "df", "p_value"]
    assert_close(found[columns], [[wanted["est"], wanted["t"], wanted["df"], wanted["p"]]])


@pytest.mark.parametrize("kind", ["linear", "logit"])
def test_regression_on_time(workers, survey, kind):
    design, reference = survey
    wanted = reference(f"trend.{kind}")
    found = estimate_trend(workers, "hard", "wave", design=design, kind=kind)
    rows = [wanted["coef"], wanted["se"], wanted["t"], wanted["p"], [wanted["df"]] * 2]
    rel = 3e-5 if kind == "logit" else 1e-9  # R's default control stops early
    assert_close(found[["estimate", "se", "statistic", "p_value", "df"]].T, rows, rel)


def test_standardisation_under_the_design(workers, survey):
    design, reference = survey
    wanted = reference("standardize.edu_by_district")
    mix = {"ageg": dict(zip(wanted["ageg"], wanted["pop"], strict=True))}
    found = estimate_mean(
        workers, "hard", design=standardize(workers, design, "ageg", "district", mix), by="district"
    )
    assert_close(found[["estimate", "se"]].T, [wanted["est"], wanted["se"]])


def test_poverty_and_inequality(workers, survey):
    design, reference = survey
    assert_close(fgt(workers, "income", 3000, design=design)[["estimate", "se"]], reference("fgt.z3000"))
    wanted = reference("gini.income")
    assert_close(gini(workers, "income", design=design)[["estimate", "se"]], [[wanted["est"], wanted["se"]]])


def test_replicate_weights_that_are_given(workers):
    wanted = expected("workers.bootstrap_given")
    frame = workers.merge(pd.read_csv(HERE / "workers_repw.csv"), on="id")
    columns = [f"rw{i}" for i in range(1, 51)]
    given = Replicates(columns, scale=wanted["scale"], rscales=wanted["rscales"], mse=wanted["mse"])
    design = SurveyDesign(weight="weight", replicates=given)
    found = estimate_mean(frame, "hard", design=design)
    assert_limits(found, wanted["mean"])
    assert found["df"].item() == wanted["degf"]
    assert_limits(estimate_total(frame, "hard", design=design), wanted["total"])
    assert_limits(estimate_mean(frame, "hard", design=design, by="district"), wanted["by"])
    plain = SurveyDesign(weight="weight", replicates=columns)
    pd.testing.assert_frame_equal(estimate_mean(frame, "hard", design=plain), found)


def test_inequality_as_laeken(workers):
    wanted, census = expected("workers.laeken"), SurveyDesign(weight="weight")
    assert_close(gini(workers, "income", design=census)["estimate"] * 100, [wanted["gini_pct"]])
    assert_close(estimate_quantile(workers, "income", 0.5, design=census)["estimate"], [wanted["median"]])
    below = fgt(workers, "income", 0.6 * wanted["median"], design=census, alpha=[0])
    assert_close(below["estimate"] * 100, [wanted["arpr_pct"]])


def test_kitagawa():
    wanted = expected("kitagawa")
    columns = {"share_a": "comp_a", "share_b": "comp_b", "rate_a": "rate_a", "rate_b": "rate_b"}
    found = kitagawa(pd.DataFrame({c: wanted[c] for c in columns.values()}), **columns)
    assert_close(found["estimate"], [wanted["rate_effect"], wanted["composition_effect"], wanted["total"]])


def test_trend_in_shares():
    wanted, z = expected("base.prop.trend"), expected("base.cochran_armitage_z")
    plain = cochran_armitage(wanted["x"], wanted["n"]).iloc[0]
    scored = cochran_armitage(wanted["x"], wanted["n"], wanted["scores"]).iloc[0]
    assert_close(plain[["chi_square", "p_value"]], [wanted["chisq"], wanted["p"]])
    assert_close(scored[["chi_square", "p_value"]], [wanted["chisq_scores"], wanted["p_scores"]])
    assert_close(plain[["statistic", "p_value", "p_lower"]], [z["z"], z["p_two"], z["p_one_lower"]])


@pytest.mark.parametrize("table", ["t22", "t22b", "t23", "t34"])
def test_chi_square_and_residuals(table):
    wanted = expected(f"base.chisq.{table}")
    plain, corrected = chi_square(wanted["table"]).iloc[0], chi_square(wanted["table"], yates=True).iloc[0]
    assert_close(plain[["statistic", "df", "p_value"]], [wanted["stat"], wanted["df"], wanted["p"]])
    assert_close(corrected[["statistic", "p_value"]], [wanted["stat_yates"], wanted["p_yates"]])
    assert_close(plain["least_expected"], np.min(wanted["expected"]))
    np.testing.assert_allclose(adjusted_residuals(wanted["table"]), wanted["stdres"], rtol=1e-9)


@pytest.mark.parametrize("table", ["t22", "t22b", "t23", "t34"])
def test_fisher(table):
    """p agrees to 1e-9. R finds odds ratios by uniroot at its default tolerance (1e-4, on a bounded scale): 1
    %.
    """
    wanted = expected(f"base.fisher.{table}")
    found = fisher(wanted["table"]).iloc[0]
    assert_close(found["p_value"], wanted["p"])
    if "or" in wanted:
        assert_close(found[["estimate", "ci_low"]], [wanted["or"], wanted["lci"]], 1e-3)
        assert_close(found["ci_high"], wanted["uci"], 1e-2)


def test_mantel_haenszel():
    wanted = expected("base.cmh.UCB")
    # male admitted and rejected, female admitted and rejected, by department
    rows = np.array(wanted["table"], float)
    layers = [np.array([[rows[0, k], rows[2, k]], [rows[1, k], rows[3, k]]]) for k in range(rows.shape[1])]
    found, plain = mantel_haenszel(layers).iloc[0], mantel_haenszel(layers, correct=False).iloc[0]
    columns = ["statistic", "p_value", "estimate", "ci_low", "ci_high"]
    assert_close(found[columns], [wanted[k] for k in ("stat", "p", "or", "lci", "uci")])
    assert_close(plain[["statistic", "p_value"]], [wanted["stat_nc"], wanted["p_nc"]])
    exact = mantel_haenszel(layers, exact=True).iloc[0]
    assert_close(exact["p_value"], wanted["exact_p"])
    assert_close(exact["estimate"], wanted["exact_or"], 1e-4)  # uniroot again
    wanted = expected("base.cmh.general")
    cube = np.array(wanted["flat"], float).reshape(wanted["dim"], order="F")
    found = mantel_haenszel([cube[:, :, k] for k in range(cube.shape[2])]).iloc[0]
    assert_close(found[["statistic", "df", "p_value"]], [wanted["stat"], wanted["df"], wanted["p"]])


def test_intervals_of_counts():
    for wanted in expected("base.binom_ci"):
        for method in ("wilson", "wilson_cc", "clopper_pearson", "jeffreys"):
            found = share_interval(wanted["x"], wanted["n"], method=method)
            assert_close(found[["ci_low", "ci_high"]], [wanted[method]])
        found = share_interval(wanted["x"], wanted["n"], method="clopper_pearson", level=0.9)
        assert_close(found[["ci_low", "ci_high"]], [wanted["clopper_pearson_90"]])


def test_newcombe():
    wanted = expected("base.newcombe_diff")
    found = difference_of_shares(wanted["x"], wanted["n"])
    assert_close(found, [[wanted["diff"], wanted["lci"], wanted["uci"], *wanted["wald"]]])


def test_direct_standardisation():
    for key, standard, names in (
        ("rates.direct", "stdpop", ("adj", "ff_lci_epitools", "ff_uci_epitools")),
        ("rates.direct.zero", "stdw", ("rate", "lci", "uci")),
    ):
        wanted = expected(key)
        frame = pd.DataFrame({c: wanted[c] for c in ("count", "pop", standard)})
        found = standardize_direct(frame, count="count", population="pop", standard=standard)
        assert_close(found[["estimate", "ci_low", "ci_high"]], [[wanted[name] for name in names]])
    wanted = R["rates.direct"]
    frame = pd.DataFrame({c: wanted[c] for c in ("count", "pop", "stdpop")})
    found = standardize_direct(frame, count="count", population="pop", standard="stdpop").iloc[0]
    assert_close([found["crude"], found["se"] ** 2], [wanted["crude"], wanted["formula"]["var"]])


def test_indirect_standardisation_and_exact_rates():
    wanted = expected("rates.indirect")
    logs = [wanted["sir"]["lci"], wanted["sir"]["uci"]]
    for method, limits in (("byar", wanted["byar"]), ("exact", wanted["exact"]), ("log", logs)):
        found = standardized_ratio(wanted["observed"], wanted["expected"], method=method)
        assert_close(found[["estimate", "ci_low", "ci_high"]], [[wanted["smr"], *limits]])
    for wanted in expected("rates.poisson_exact"):
        found = poisson_interval(wanted["x"], wanted["T"])
        assert_close(found[["estimate", "ci_low", "ci_high"]], [[wanted["rate"], *wanted["ci"]]])


def test_trends_of_series():
    wanted = expected("trend.kendall")
    found = kendall_trend(wanted["x"], wanted["y"]).iloc[0]
    assert_close(found[["estimate", "p_value", "slope"]], [wanted["tau"], wanted["p"], wanted["sen"]])
    wanted = expected("trend.wls")
    found = weighted_trend(wanted["x"], wanted["y"], wanted["se"])
    assert_close(
        found[["estimate", "se_fitted", "se"]].T, [wanted["coef"], wanted["lm_se"], wanted["fixed_se"]]
    )
    slope = found[["statistic", "p_value", "q", "q_p_value"]].iloc[1]
    assert_close(slope, [wanted["z"], wanted["p_z"], wanted["Q"], wanted["Q_p"]])
    wanted = expected("trend.apc")
    found = annual_change(wanted["x"], wanted["k"], wanted["n"]).iloc[0]
    assert_close(found[["coefficient", "se"]], [wanted["coef"][1], wanted["se"][1]], 1e-6)
    percent = found[["estimate", "ci_low", "ci_high"]] * 100
    assert_close(percent, [wanted["apc_pct"], *wanted["apc_ci"]], 1e-6)


def test_comparisons_and_panels():
    wanted = expected("p.adjust")
    for ours, theirs in (("holm", "holm"), ("bh", "BH"), ("bonferroni", "bonferroni")):
        assert_close(adjust_p(wanted["p"], ours), wanted[theirs])
    wanted = expected("mcnemar")
    found, plain = mcnemar(wanted["table"]).iloc[0], mcnemar(wanted["table"], correct=False).iloc[0]
    assert_close(found[["statistic", "p_value"]], [wanted["stat"], wanted["p"]])
    assert_close(plain[["statistic", "p_value"]], [wanted["stat_nc"], wanted["p_nc"]])


def test_no_key_is_forgotten():
    """Every key is fetched by a test above. Within keys these are not compared: ciprop "likelihood" (not
    offered), rates.indirect "rate" (its inputs are not in the file), laeken qsr and rmpg (no such function),
    covariances off the diagonal (no result frame holds them)."""
    source = Path(__file__).read_text(encoding="utf-8")
    fetched = (
        re.findall(r'(?:reference|expected)\(f?"([^"]+)"\)', source) + ["rates.direct", "rates.direct.zero"]
    )
    pattern = "|".join(".+".join(map(re.escape, re.split(r"\{[^}]+\}", key))) for key in fetched)
    assert [key for key in R if not re.fullmatch(rf"(workers\.wk1?\.)?({pattern})", key)] == []
