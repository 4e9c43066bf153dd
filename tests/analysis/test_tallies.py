import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control

from bangfu_analysis.analysis.tallies import adjust_p, compare_columns
from bangfu_analysis.errors import ArgumentError

METHODS = ["bonferroni", "holm", "bh"]


def table(counts, bases):
    """One option in several columns."""
    units = [f"u{i}" for i in range(len(counts))]
    frame = pd.DataFrame({"option": "甲", "unit": units, "n": counts, "base_n": bases})
    return frame.assign(share=frame["n"] / frame["base_n"])


def two_sample_p(counts, bases):
    """The z test of two shares with a pooled variance is Pearson's test of the 2 x 2 table."""
    rest = [base - n for n, base in zip(counts, bases, strict=True)]
    return chi2_contingency([counts, rest], correction=False).pvalue


def by_definition(p_values, method):
    """Adjusted p values as the textbooks define them; scipy has Benjamini and Hochberg's."""
    if method == "bh":
        return false_discovery_control(p_values)
    m, ranked = len(p_values), sorted(p_values)
    if method == "bonferroni":
        return np.array([min(1, m * p) for p in p_values])
    step = [max(min(1, (m - j) * ranked[j]) for j in range(i + 1)) for i in range(m)]
    return np.array([step[ranked.index(p)] for p in p_values])


@pytest.mark.parametrize("correction", METHODS)
def test_letters_are_those_of_scipy(correction):
    counts, bases = [60, 35, 70, 50], [100, 90, 110, 100]
    found = compare_columns(table(counts, bases), "unit", correction=correction)
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    raw = [two_sample_p([counts[i], counts[j]], [bases[i], bases[j]]) for i, j in pairs]
    sure = by_definition(raw, correction) < 0.05
    higher = dict.fromkeys(range(4), "")
    for (i, j), yes in zip(pairs, sure, strict=True):
        up, down = (i, j) if counts[i] / bases[i] > counts[j] / bases[j] else (j, i)
        higher[up] += "ABCD"[down] if yes else ""
    assert found["higher_than"].tolist() == [higher[i] for i in range(4)]
    assert found["letter"].tolist() == list("ABCD") and "".join(higher.values())


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=10), st.sampled_from(METHODS))
def test_corrections_are_those_of_their_definition(p_values, correction):
    with_gap = np.array([[*p_values, np.nan]])
    ours = adjust_p(with_gap, correction)[0]
    assert ours[:-1] == pytest.approx(by_definition(p_values, correction))
    assert np.isnan(ours[-1])


def test_shares_of_nothing_all_or_nobody_are_not_tested():
    found = compare_columns(table([0, 50, 100, 60, 0], [100, 100, 100, 100, 0]), "unit", correction="none")
    assert found["higher_than"].tolist() == [""] * 5


def test_each_row_is_compared_with_itself_in_the_order_of_the_columns():
    rows = [("甲", "女", 0.7), ("甲", "男", 0.3), ("乙", "女", 0.3), ("乙", "男", 0.7)]
    frame = pd.DataFrame(rows, columns=["option", "sex", "share"]).assign(base_n=100)
    frame = frame.assign(sex=pd.Categorical(frame["sex"], ["男", "女"]))
    found = compare_columns(frame, "sex")
    told = found[["letter", "higher_than"]].to_numpy().tolist()
    assert told == [["B", "A"], ["A", ""], ["B", ""], ["A", "B"]]
    with pytest.raises(ArgumentError, match="参数 correction 的取值 'tukey' 无效"):
        compare_columns(frame, "sex", correction="tukey")
