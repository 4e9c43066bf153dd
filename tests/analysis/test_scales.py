import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.analysis.scales import cronbach_alpha, scale_table
from bangfu_analysis.errors import ArgumentError

SCORES = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 3, 3, 4], "c": [1, 3, 2, 4, 5]})


def test_alpha_is_that_of_the_formula_by_hand():
    variances = [2.5, 1.3, 2.5]
    covariances = [1.5, 2.25, 1.0]
    total = sum(variances) + 2 * sum(covariances)
    assert cronbach_alpha(SCORES) == pytest.approx(3 / 2 * (1 - sum(variances) / total))


def test_two_identical_items_are_perfectly_consistent():
    assert cronbach_alpha(SCORES[["a", "a"]]) == pytest.approx(1)


def test_the_table_has_a_row_an_item_and_one_for_the_scale():
    table = scale_table(SCORES)
    rest = [np.corrcoef(SCORES[c], SCORES.drop(columns=c).sum(axis=1))[0, 1] for c in SCORES]
    assert table["item"].tolist() == ["a", "b", "c", ""]
    assert table["item_rest"].tolist()[:3] == pytest.approx(rest)
    assert table["alpha_without"].tolist()[0] == pytest.approx(cronbach_alpha(SCORES[["b", "c"]]))
    assert table["estimate"].tolist()[3] == pytest.approx(cronbach_alpha(SCORES))
    assert table["n"].tolist() == [5] * 4


def test_an_item_that_was_not_reversed_betrays_itself_by_its_correlation():
    assert scale_table(SCORES.assign(c=6 - SCORES["c"]))["item_rest"].tolist()[2] < 0


def test_incomplete_respondents_are_left_out_and_counted():
    more = pd.concat(
        [SCORES.astype("Float64"), pd.DataFrame({"a": [3], "b": [pd.NA], "c": [2]}, dtype="Float64")]
    )
    table = scale_table(more)
    assert table["left_out_n"].tolist() == [1] * 4 and table["estimate"].iloc[3] == pytest.approx(
        cronbach_alpha(SCORES)
    )


def test_too_little_for_a_scale_is_refused_in_words():
    with pytest.raises(ArgumentError, match="至少 2 个题目、3 份完整答卷；现有 1 题、5 份"):
        cronbach_alpha(SCORES[["a"]])


@given(st.integers(2, 5), st.integers(1, 9), st.floats(0.5, 3))
def test_alpha_does_not_change_with_the_unit_or_origin_of_all_items(items, shift, factor):
    scores = pd.DataFrame(np.random.default_rng(items).integers(1, 6, (12, items)))
    assert cronbach_alpha(scores * factor + shift) == pytest.approx(cronbach_alpha(scores))
