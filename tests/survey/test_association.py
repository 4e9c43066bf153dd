import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bangfu_analysis.analysis.tallies import adjust_p
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.association import (
    _combination_tail,
    adjusted_residuals,
    chi_square,
    linear_by_linear,
    mcnemar,
    test_independence,
)
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.exact import fisher, mantel_haenszel

TABLES = st.lists(st.lists(st.integers(1, 30), min_size=3, max_size=3), min_size=2, max_size=4)


def rows_of(table):
    cells = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return pd.DataFrame(cells, columns=["a", "b"])


@settings(max_examples=25, deadline=None)
@given(table=TABLES)
def test_a_simple_random_sample_gives_the_chi_square_of_the_counts(table):
    """Rao and Scott's correction of a simple random sample is (n - 1) / n, so the first-order test is the
    plain one.
    """
    data = rows_of(table)
    plain = chi_square(table).iloc[0]
    found = test_independence(data, "a", "b", design=SurveyDesign(), statistic="Chisq").iloc[0]
    assert found["statistic"] == pytest.approx(plain["statistic"], rel=1e-9, abs=1e-9)
    wanted = stats.chi2.sf(plain["statistic"] * (len(data) - 1) / len(data), plain["df"])
    assert found["p_value"] == pytest.approx(wanted, rel=1e-6)


def test_every_statistic_sees_a_strong_relation_and_counts_missing_answers():
    data = rows_of([[40, 5], [5, 40]]).assign(b=lambda f: f["b"].where(f.index > 2))
    for statistic in ("F", "Chisq", "Wald", "adjWald", "lincom"):
        found = test_independence(data, "a", "b", design=SurveyDesign(), statistic=statistic)
        assert found[["n", "left_out_n"]].iloc[0].tolist() == [87, 3]
        assert found["p_value"].item() < 1e-6
    with pytest.raises(ArgumentError, match="statistic.*'chisq'.*是否想写 Chisq"):
        test_independence(data, "a", "b", design=SurveyDesign(), statistic="chisq")
    with pytest.raises(ArgumentError, match="变量 b 在所选的行中只有 1 个取值"):
        test_independence(data, "a", "b", design=SurveyDesign(), where={"b": 1})


def test_replicates_and_linearisation_lead_to_the_same_test():
    rng = np.random.default_rng(4)
    data = rows_of([[30, 20, 25], [15, 35, 25]]).assign(c=lambda f: rng.integers(0, 40, len(f)))
    linear = test_independence(data, "a", "b", design=SurveyDesign(cluster="c")).iloc[0]
    made = test_independence(data, "a", "b", design=SurveyDesign(cluster="c", replicates="JK1")).iloc[0]
    assert made["statistic"] == pytest.approx(linear["statistic"], rel=0.1)
    assert made["df_denominator"] == pytest.approx(linear["df_denominator"], rel=0.1)


def test_the_tail_of_a_combination_of_chi_squares():
    assert _combination_tail(np.ones(3), 5.0, 1e6) == pytest.approx(stats.chi2.sf(5.0, 3), rel=1e-5)
    assert _combination_tail(np.ones(3), 6.0, 20.0) == pytest.approx(stats.f.sf(2.0, 3, 20), rel=1e-8)
    rng = np.random.default_rng(0)
    drawn = rng.chisquare(1, (400_000, 2)) @ [2.0, 0.5] > 6 * rng.chisquare(30, 400_000) / 30
    assert _combination_tail(np.array([2.0, 0.5]), 6.0, 30.0) == pytest.approx(drawn.mean(), abs=0.002)


@settings(max_examples=25, deadline=None)
@given(table=TABLES)
def test_counts_against_scipy(table):
    wanted = stats.chi2_contingency(table, correction=False)
    found = chi_square(table).iloc[0]
    assert found["statistic"] == pytest.approx(wanted.statistic, abs=1e-9)
    assert found["p_value"] == pytest.approx(wanted.pvalue)
    assert found["cramers_v"] == pytest.approx(stats.contingency.association(table), abs=1e-9)
    assert 0 <= found["cramers_v_corrected"] <= found["cramers_v"] + 1e-12


def test_adjusted_residuals_keep_the_labels_of_the_table():
    table = pd.DataFrame([[8, 12], [3, 9]], index=["甲", "乙"], columns=["x", "y"])
    found = adjusted_residuals(table)
    assert found.index.tolist() == ["甲", "乙"]
    assert found.columns.tolist() == ["x", "y"]
    assert (found["x"] == -found["y"]).all()


def test_linear_by_linear_is_n_less_one_times_the_squared_correlation():
    table = [[10, 8, 3], [5, 9, 12]]
    data = rows_of(table)
    r = np.corrcoef(data["a"], data["b"])[0, 1]
    found = linear_by_linear(table).iloc[0]
    assert found["estimate"] == pytest.approx(r)
    assert found["statistic"] == pytest.approx((len(data) - 1) * r**2)
    assert linear_by_linear(table, column_scores=[0, 0, 1])["estimate"].item() != pytest.approx(r)


def test_mcnemar_by_hand_and_of_larger_tables():
    found = mcnemar([[10, 5], [2, 20]], correct=False).iloc[0]
    assert found["statistic"] == pytest.approx((5 - 2) ** 2 / 7)
    larger = mcnemar([[10, 5, 1], [2, 20, 4], [3, 4, 9]]).iloc[0]
    assert larger[["statistic", "df"]].tolist() == pytest.approx([9 / 7 + 4 / 4 + 0, 3])
    with pytest.raises(ArgumentError, match="McNemar 检验要方表"):
        mcnemar([[1, 2, 3], [4, 5, 6]])


def test_adjusted_p_values_keep_their_places_and_missing_ones():
    found = adjust_p([0.04, np.nan, 0.01], "holm")
    np.testing.assert_allclose(found, [0.04, np.nan, 0.02])
    with pytest.raises(ArgumentError, match="method.*'BH'"):
        adjust_p([0.1], "BH")


def test_fisher_of_three_columns_by_listing_every_table():
    table, total = [[3, 1, 2], [1, 4, 0]], 0.0
    columns = [4, 5, 2]
    chance = lambda a, b, c: stats.multivariate_hypergeom.pmf([a, b, c], columns, 6)  # noqa: E731
    seen = chance(*table[0])
    for a in range(5):
        for b in range(6):
            c = 6 - a - b
            if 0 <= c <= 2 and chance(a, b, c) <= seen * (1 + 1e-7):
                total += chance(a, b, c)
    assert fisher(table)["p_value"].item() == pytest.approx(total)


@settings(max_examples=20, deadline=None)
@given(cells=st.lists(st.integers(1, 15), min_size=4, max_size=4))
def test_fisher_of_two_by_two_against_scipy(cells):
    table = np.reshape(cells, (2, 2))
    found = fisher(table).iloc[0]
    wanted = stats.contingency.odds_ratio(table)
    limits = wanted.confidence_interval()
    assert found["p_value"] == pytest.approx(stats.fisher_exact(table).pvalue)
    found_odds = found[["estimate", "ci_low", "ci_high"]].tolist()
    assert found_odds == pytest.approx([wanted.statistic, limits.low, limits.high], rel=1e-6)


def test_an_empty_corner_has_an_infinite_odds_ratio():
    found = fisher([[5, 0], [2, 6]]).iloc[0]
    assert np.isinf(found[["estimate", "ci_high"]].astype(float)).all()
    assert found["ci_low"] > 0


def test_one_layer_of_mantel_haenszel_is_the_chi_square_of_n_less_one():
    table = [[12, 7], [5, 20]]
    found = mantel_haenszel([table], correct=False).iloc[0]
    assert found["statistic"] == pytest.approx(chi_square(table)["statistic"].item() * 43 / 44)
    assert mantel_haenszel([table], exact=True)["p_value"].item() == pytest.approx(
        fisher(table)["p_value"].item()
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([[1, 2]], "至少 2×2"),
        ([[1.5, 2], [3, 4]], "不小于 0 的整数"),
        ([[0, 0], [3, 4]], "一整行或一整列为 0"),
    ],
)
def test_words_of_errors(table, words):
    for test in (chi_square, fisher, adjusted_residuals):
        with pytest.raises(ArgumentError, match=words):
            test(table)


def test_tables_too_large_to_list_are_refused():
    with pytest.raises(ArgumentError, match="超过 500 万张"):
        fisher(np.full((6, 6), 40))
