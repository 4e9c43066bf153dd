import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.pages.survey_charts import diverging_bars, funnel_bars, multiple_bars, wave_multiples
from bangfu_analysis.pages.theme import save_figure

GRADES = ["不满意", "一般", "满意"]
CODEBOOK = load_codebook()


def likert_table():
    shares = {"态度": [0.2, 0.3, 0.5], "速度": [0.6, 0.1, 0.3]}
    rows = [
        {"item": item, "option": o, "n": round(s * 50), "base_n": 50, "left_out_n": 2, "share": s}
        for item, values in shares.items()
        for o, s in zip(GRADES, values, strict=True)
    ]
    return pd.DataFrame(rows).assign(option=lambda t: pd.Categorical(t["option"], GRADES, ordered=True))


def multiple_table():
    return pd.DataFrame(
        {"option": ["甲", "乙"], "n": [3, 9], "base_n": 10, "left_out_n": 0, "share": [0.3, 0.9], "answers_n": 12}
    )


def spans(figure):
    return [(round(p.get_x(), 6), round(p.get_x() + p.get_width(), 6)) for p in figure.axes[0].patches]


def test_a_diverging_bar_is_centred_on_the_middle_of_the_neutral_answer():
    figure = diverging_bars(likert_table(), CODEBOOK, title="满意度")
    assert spans(figure) == [(-35, -15), (-15, 15), (15, 65), (-65, -5), (-5, 5), (5, 35)]
    assert [t.get_text().replace("\n", "") for t in figure.axes[0].get_yticklabels()] == ["态度 (50)", "速度 (50)"]
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == GRADES
    assert "按中间一级对齐" in figure.get_supxlabel()


def test_the_neutral_answer_can_be_named_and_an_even_scale_is_parted_in_the_middle():
    assert spans(diverging_bars(likert_table(), CODEBOOK, neutral="满意"))[:3] == [(-75, -55), (-55, -25), (-25, 25)]
    even = likert_table()[lambda t: t["option"] != "一般"].assign(
        option=lambda t: t["option"].cat.remove_unused_categories()
    )
    assert spans(diverging_bars(even, CODEBOOK))[:2] == [(-20, 0), (0, 50)]


def test_negative_and_positive_answers_differ_in_colour_and_neutral_is_grey():
    red, grey, blue = (p.get_facecolor() for p in diverging_bars(likert_table(), CODEBOOK).axes[0].patches[:3])
    assert red[0] > red[2] and blue[2] > blue[0] and max(grey[:3]) - min(grey[:3]) < 0.05


def test_multiple_responses_are_drawn_largest_first_with_their_base():
    figure = multiple_bars(multiple_table(), CODEBOOK)
    assert [round(p.get_width()) for p in figure.axes[0].patches] == [90, 30]
    assert [t.get_text() for t in figure.axes[0].texts] == ["90.0%（9人）", "30.0%（3人）"]
    assert "n = 10人" in figure.get_supxlabel() and "大于100%" in figure.get_supxlabel()


def test_a_hidden_share_is_a_star_and_no_bar():
    table = multiple_table().assign(
        share=pd.array([None, 0.9], dtype="Float64"), n=pd.array([None, 9], dtype="Int64"), suppressed=[True, False]
    )
    axes = multiple_bars(table, CODEBOOK).axes[0]
    assert axes.texts[1].get_text() == "*" and axes.patches[1].get_width() == 0


def test_a_funnel_draws_each_step_within_its_base():
    table = pd.DataFrame(
        {"step": ["知晓", "申请"], "n": [40, 10], "base_n": [50, 38], "left_out_n": [0, 2], "share": [0.8, 10 / 38]}
    )
    figure = funnel_bars(table, CODEBOOK)
    assert [p.get_width() for p in figure.axes[0].patches] == [50, 38, 40, 10]
    assert [t.get_text() for t in figure.axes[0].texts] == ["80.0%（40/50人）", "26.3%（10/38人）"]


def test_waves_stand_side_by_side_on_one_scale():
    table = pd.DataFrame(
        {
            "wave": ["2008", "2009"] * 2,
            "option": ["甲", "甲", "乙", "乙"],
            "n": [10, 24, 25, 36],
            "share": [0.2, 0.4, 0.5, 0.6],
            "base_n": [50, 60] * 2,
        }
    )
    figure = wave_multiples(table, CODEBOOK)
    assert [[round(p.get_height()) for p in a.patches] for a in figure.axes] == [[20, 40], [50, 60]]
    assert len({a.get_ylim() for a in figure.axes}) == 1
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["2008\n(n = 50)", "2009\n(n = 60)"]


def test_charts_can_be_saved_in_chinese_and_english_without_a_missing_character(tmp_path):
    for lang in ("zh", "en"):
        for name, figure in {
            "d": diverging_bars(likert_table(), CODEBOOK, lang=lang),
            "m": multiple_bars(multiple_table(), CODEBOOK, lang=lang),
        }.items():
            assert save_figure(figure, tmp_path, f"{name}_{lang}", ("png",))[0].stat().st_size > 5000


def test_what_cannot_be_drawn_is_refused_in_words():
    with pytest.raises(ArgumentError, match="参数 neutral 的取值 '中立' 无效。可选：不满意、一般、满意"):
        diverging_bars(likert_table(), CODEBOOK, neutral="中立")
    with pytest.raises(ArgumentError, match="每个 item 的每个等级应只有一行"):
        diverging_bars(pd.concat([likert_table()] * 2), CODEBOOK)
    with pytest.raises(ColumnMissing, match="multiple_bars：数据框中没有列 base_n"):
        multiple_bars(multiple_table().drop(columns="base_n"), CODEBOOK)
    with pytest.raises(ArgumentError, match="funnel_bars：表中没有任何行"):
        funnel_bars(pd.DataFrame({"step": [], "n": [], "base_n": [], "share": []}), CODEBOOK)


def test_the_table_is_not_changed():
    table = multiple_table()
    multiple_bars(table, CODEBOOK)
    pd.testing.assert_frame_equal(table, multiple_table())


def likert_of(grades, items):
    share = 1 / len(grades)
    rows = [
        {"item": i, "option": g, "n": 60, "base_n": 300, "left_out_n": 5, "share": share} for i in items for g in grades
    ]
    return pd.DataFrame(rows).assign(option=lambda t: pd.Categorical(t["option"], grades, ordered=True))


@pytest.mark.parametrize("size", ["full", "column", "slide"])
def test_the_legend_is_clear_of_the_title_and_numbers_stay_in_their_segments(size):
    grades = ["非常不满意", "不满意", "一般", "满意", "非常满意", "说不清楚", "没有接触过"]
    items = ["对基层工会组织在困难职工帮扶工作中的服务态度的总体评价", "信息公开"]
    figure = diverging_bars(likert_of(grades, items), CODEBOOK, title="对工会工作的评价和满意程度", size=size)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert not axes.get_legend().get_window_extent().overlaps(figure._suptitle.get_window_extent())
    bars = [bar.get_window_extent() for bar in axes.patches]
    for text in axes.texts:
        box = text.get_window_extent()
        assert any(bar.x0 <= box.x0 and box.x1 <= bar.x1 and bar.y0 <= box.y0 <= bar.y1 for bar in bars)


def test_items_over_waves_are_not_taken_for_several_answers_of_one_person():
    waves = pd.DataFrame({"wave": ["2008", "2009"] * 2, "item": ["甲"] * 2 + ["乙"] * 2, "share": [0.8, 0.9, 0.7, 0.6]})
    figure = wave_multiples(waves.assign(n=8, base_n=10, left_out_n=[1, 2, 1, 2]), CODEBOOK)
    assert figure.get_supxlabel() == "图中数字为占比（%）；未详3人不计入"
