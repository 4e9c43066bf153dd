import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.analysis.change import change
from bangfu_analysis.analysis.disclosure import suppress
from bangfu_analysis.errors import ArgumentError, ColumnMissing


def table(n, **columns):
    total = sum(n)
    return pd.DataFrame(
        {
            "code": [str(i) for i in range(len(n))],
            "n": n,
            "base_n": total,
            "share": [x / max(total, 1) for x in n],
            **columns,
        }
    )


def test_a_small_cell_takes_the_next_smallest_with_it():
    hidden = suppress(table([3, 40, 7, 50]))
    assert hidden["suppressed"].tolist() == [True, False, True, False]
    assert hidden["n"].tolist() == [pd.NA, 40, pd.NA, 50]
    assert hidden["share"].isna().tolist() == [True, False, True, False]


def test_two_small_cells_that_are_few_together_take_a_third():
    assert suppress(table([1, 1, 9, 30]))["suppressed"].tolist() == [True, True, True, False]


def test_nothing_is_hidden_where_all_cells_are_large_or_empty():
    whole = table([5, 0, 9])
    hidden = suppress(whole)
    assert not hidden["suppressed"].any()
    assert hidden["n"].tolist() == [5, 0, 9]


def test_groups_are_protected_each_by_itself():
    grouped = table([2, 30, 30, 30], group=["a", "a", "b", "b"])
    assert suppress(grouped, group="group")["suppressed"].tolist() == [True, True, False, False]


def test_a_base_below_the_threshold_is_hidden_too():
    assert suppress(table([1, 2]))["base_n"].isna().all()


def test_changes_from_and_to_a_hidden_cell_are_hidden():
    waves = pd.concat([table([3, 7, 90]).assign(wave="1"), table([10, 20, 70]).assign(wave="2")], ignore_index=True)
    hidden = suppress(change(waves), group="wave")
    assert hidden["suppressed"].tolist() == [True, True, False, False, False, False]
    assert hidden["change"].isna().tolist() == [True, True, True, True, True, False]


def test_what_cannot_be_protected_stops():
    with pytest.raises(ArgumentError, match="threshold 应为不小于 2 的整数，实际是 '5'。未作保护，已停止"):
        suppress(table([1]), threshold="5")
    with pytest.raises(ArgumentError, match="实际是 True"):
        suppress(table([1]), threshold=True)
    with pytest.raises(ColumnMissing, match="suppress：数据框中没有列 unit"):
        suppress(table([1]), group="unit")
    with pytest.raises(ArgumentError, match="表中有多个基数 base_n，必须说明合计"):
        suppress(table([1, 2]).assign(base_n=[5, 6]))
    with pytest.raises(ArgumentError, match="n 中有缺数"):
        suppress(suppress(table([1, 9])))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(2, 10))
def test_no_hidden_cell_follows_from_the_total_and_no_small_cell_is_shown(counts, threshold):
    hidden = suppress(table(counts), threshold=threshold)
    shown = hidden["n"].dropna()
    assert not shown.between(1, threshold - 1).any()
    unseen = hidden["suppressed"].sum()
    if unseen and sum(counts) >= threshold and len(counts) > 1:
        assert unseen >= 2
        assert sum(counts) - shown.sum() >= threshold
