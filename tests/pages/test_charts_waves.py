"""The artists are read back; a missing glyph is a warning, hence a failure."""

from io import BytesIO

import pandas as pd
import pytest

from bangfu_analysis.analysis.compare import decomposition
from bangfu_analysis.analysis.flows import transitions
from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.pages import charts_compare, charts_flows, charts_waves

CODEBOOK = load_codebook()
LEVELS = CODEBOOK.variable("workers", "hardship_level").codes


@pytest.fixture(scope="module")
def moves():
    people = {"2008": "aabbbcd", "2009": "abbbce"}
    rows = [
        (w, f"{p}{people[w][:i].count(p)}", "extreme" if p in "ab" else "general")
        for w in people
        for i, p in enumerate(people[w])
    ]
    workers = pd.DataFrame(rows, columns=["wave", "person_id", "hardship_level"])
    workers = workers.assign(hardship_level=pd.Categorical(workers["hardship_level"], LEVELS), hardship_scheme="s2000")
    return transitions(workers, "hardship_level", outside=True)


def drawn(figure):
    figure.savefig(BytesIO(), format="png")
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("size", ["column", "full", "slide"])
def test_flow_blocks_bear_their_state_and_people(moves, size):
    figure = charts_flows.alluvial(moves, CODEBOOK, source="某区名册", size=size)
    words = drawn(figure)
    assert {"特困 5", "困难 2", "新建档 1", "退出 2", "特困 4"} <= set(words)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2008", "2009"]
    assert "n（人）：2008–2009 8" in figure.get_supxlabel()
    assert "数据来源：某区名册" in figure.get_supxlabel()


def test_bands_are_as_thick_as_the_people_in_them(moves):
    axes = charts_flows.alluvial(moves, CODEBOOK).axes[0]
    thick = sorted(
        max(path.vertices[:, 1]) - min(path.vertices[:, 1]) for band in axes.collections for path in band.get_paths()
    )
    assert len(thick) == int(moves["n"].gt(0).sum())
    blocks = sorted(round(patch.get_height(), 9) for patch in axes.patches)
    assert blocks == sorted([5, 2, 1, 4, 2, 2])


def test_a_flow_between_definitions_says_so(moves):
    figure = charts_flows.alluvial(moves.assign(comparable=False), CODEBOOK)
    assert "口径不同" in figure.get_supxlabel()


def test_a_table_that_is_no_flow_is_refused():
    with pytest.raises(ColumnMissing, match="transitions"):
        charts_flows.alluvial(pd.DataFrame({"wave": ["1"], "n": [1]}), CODEBOOK)


UNITS = ["道里区环境卫生管理处工会联合会（含下属十二个清扫保洁大队）", "甲厂", "乙厂"]


@pytest.fixture(scope="module")
def rates():
    n = [10, 20, 30, 15, 18, 24, 20, 10, 12]
    waves = [wave for wave in ("2008", "2009", "2010") for _ in UNITS]
    table = pd.DataFrame({"wave": waves, "unit": UNITS * 3, "n": n, "base_n": [100, 100, 200] * 3})
    return table.assign(share=table["n"] / table["base_n"], left_out_n=0)


@pytest.mark.parametrize("size", ["column", "full", "slide"])
def test_slopes_bear_their_shares_at_both_ends_and_their_names_at_the_right(rates, size):
    figure = charts_waves.slope(rates, CODEBOOK, size=size)
    words = drawn(figure)
    assert {"10.0", "20.0", "15.0", "10.0 甲厂", "6.0 乙厂"} <= set(words)
    lines = figure.axes[0].lines
    assert [[round(y, 6) for y in line.get_ydata()] for line in lines] == [[10, 20], [20, 10], [15, 6]]
    assert "n（人）：2008 400、2009 400、2010 400" in figure.get_supxlabel()


def test_names_at_the_ends_of_slopes_do_not_overlap(rates):
    close = rates.assign(share=0.2)
    figure = charts_waves.slope(close, CODEBOOK)
    figure.draw_without_rendering()
    boxes = sorted(
        (text.get_window_extent() for text in figure.axes[0].texts if text.xy[0] == 1), key=lambda box: box.y0
    )
    assert all(low.y1 <= high.y0 + 1 for low, high in zip(boxes, boxes[1:], strict=False))


def test_a_slope_over_a_change_of_definition_is_dotted_and_what_has_one_end_is_said(rates):
    broken = rates.assign(comparable=rates["wave"].ne("2009") | rates["unit"].ne("甲厂")).drop(index=8)
    figure = charts_waves.slope(broken, CODEBOOK)
    assert sorted(line.get_linestyle() for line in figure.axes[0].lines) == ["-", ":"]
    assert "虚线" in figure.get_supxlabel()
    assert "另有1项首末批次不全" in figure.get_supxlabel()
    with pytest.raises(ArgumentError, match="只有 2008"):
        charts_waves.slope(rates.head(3), CODEBOOK)


@pytest.mark.parametrize("size", ["column", "full"])
def test_pyramids_stand_side_by_side_on_one_scale(size):
    bands = [level["code"] for level in CODEBOOK.bands["age_five_year"].levels]
    workers = pd.DataFrame(
        {
            "wave": ["2008"] * 4 + ["2009"] * 2,
            "sex": pd.Categorical(["male", "male", "female", "female", "male", "female"], ["male", "female"]),
            "age_five_year": pd.Categorical([bands[i] for i in (1, 2, 2, 3, 5, 5)], bands),
        }
    )
    figure = charts_waves.pyramids(tabulate(workers, ["sex", "age_five_year"], within="wave"), CODEBOOK, size=size)
    assert [axes.get_title() for axes in figure.axes] == ["2008\nn = 4", "2009\nn = 2"]
    assert drawn(figure).count("25.0") == 4
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert min(patch.get_width() for patch in figure.axes[1].patches) == -50
    with pytest.raises(ColumnMissing, match="sex"):
        charts_waves.pyramids(tabulate(workers, "age_five_year", within="wave"), CODEBOOK)


@pytest.mark.parametrize("size", ["column", "full"])
def test_a_heatmap_has_the_highest_unit_of_the_last_wave_first(rates, size):
    figure = charts_waves.wave_heatmap(rates.drop(index=1), CODEBOOK, by="unit", size=size)
    assert drawn(figure) == ["10.0", "15.0", "20.0", "—", "18.0", "10.0", "15.0", "12.0", "6.0"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2008", "2009", "2010"]
    with pytest.raises(ArgumentError, match="wave_heatmap"):
        charts_waves.wave_heatmap(rates.assign(share=float("nan")), CODEBOOK, by="unit")


@pytest.mark.parametrize("size", ["column", "full"])
def test_decomposition_bars_are_percentage_points_and_add_up(rates, size):
    steps = decomposition(rates, "unit")
    figure = charts_waves.decomposition_bars(steps, CODEBOOK, size=size)
    words = drawn(figure)
    total = steps.loc[steps["component"].eq("total"), "estimate"].iloc[1] * 100
    assert f"{total:+.2f}".replace("-", "\u2212") in words
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    assert widths[0] + widths[2] == pytest.approx(widths[4])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["比率变化", "构成变化", "合计"]


def test_a_decomposition_by_stratum_is_drawn_one_step_at_a_time(rates):
    detail = decomposition(rates, "unit", detail=True)
    with pytest.raises(ArgumentError, match="一次画一对批次"):
        charts_waves.decomposition_bars(detail, CODEBOOK)
    figure = charts_waves.decomposition_bars(detail[detail["wave"].eq("2010")], CODEBOOK)
    drawn(figure)
    assert len(figure.axes[0].get_yticks()) == 3


def test_trend_lines_carry_intervals_or_say_that_they_are_of_a_census(rates):
    one = rates[rates["unit"].eq("甲厂")].drop(columns="unit").assign(comparable=True)
    plain = charts_compare.trend_lines(one, CODEBOOK)
    assert "普查数之差" in plain.get_supxlabel()
    whiskers = charts_compare.trend_lines(one.assign(ci_low=0.05, ci_high=0.3), CODEBOOK)
    drawn(whiskers)
    assert "竖线为置信区间" in whiskers.get_supxlabel()
    (segments,) = [c.get_segments() for c in whiskers.axes[0].collections]
    assert [segment[:, 1].tolist() for segment in segments] == [[5, 30]] * 3
