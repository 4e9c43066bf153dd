"""Charts of mechanisms, read back: lengths, numbers with their units, and no axis for unlike units."""

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.pages.mechanism_charts import amount_bars, rate_bars, running_line

CODEBOOK = load_codebook()


def table(rows, **columns):
    return pd.DataFrame({"label": list(rows), "n": list(rows.values()), "counted_in": "persons", **columns})


def texts(axes):
    return [text.get_text() for text in axes.texts]


def widths(axes):
    return [bar.get_width() for bar in axes.patches]


def test_bars_are_as_long_as_the_number_and_bear_its_unit():
    axes = amount_bars(table({"特困职工": 947, "农民工": 51}), CODEBOOK).axes[0]
    assert widths(axes) == [947, 51] and texts(axes) == ["947人", "51人"]
    axes = amount_bars(table({"社会捐助": 303600, "工会经费": 900}, counted_in="yuan"), CODEBOOK).axes[0]
    assert texts(axes) == ["30.36万元", "900元"]
    axes = amount_bars(table({"job fair": 105}, counted_in="units"), CODEBOOK, lang="en").axes[0]
    assert texts(axes) == ["105 units"]


def test_a_hidden_number_has_no_length_and_a_star():
    hidden = table({"特困职工": 947, "困难劳模": None}, suppressed=[False, True])
    axes = amount_bars(hidden, CODEBOOK).axes[0]
    assert widths(axes) == [947, 0] and texts(axes) == ["947人", "*"]


def test_unlike_units_have_no_common_axis():
    with pytest.raises(ArgumentError, match="人、户、人次"):
        amount_bars(table({"低保": 18643, "涉及": 34121}, counted_in=["households", "persons"]), CODEBOOK)


def test_rates_bear_both_their_numbers_and_stand_on_a_scale_to_100():
    axes = rate_bars(table({"回收": 412, "有效": 405}, base_n=[420, 412], share=[412 / 420, 405 / 412]), CODEBOOK).axes[
        0
    ]
    assert texts(axes) == ["98.1%（412/420人）", "98.3%（405/412人）"]
    assert widths(axes) == pytest.approx([98.095, 98.301], abs=0.01) and axes.get_xlim()[1] > 100


def test_a_debt_runs_on_as_steps_with_their_amounts():
    days = pd.to_datetime(["2009-10-23", "2009-11-26"])
    axes = running_line(pd.DataFrame({"date": days, "n": [38000.0, 17000.0]}), CODEBOOK, title="个案").axes[0]
    assert list(axes.lines[0].get_ydata()) == [38000, 17000]
    assert texts(axes) == ["3.8万元", "1.7万元"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2009-10-23", "2009-11-26"]
