"""The artists are read back; every shape is rendered, and a missing glyph is a warning, hence a failure."""

from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart import Chart
from bangfu_analysis.pages.figures import draw, figure_of

UNITS = ["道里区环境卫生管理处工会联合会（含下属十二个清扫保洁大队）", "甲厂", "某某街道总工会"]
GRADES = ["非常不满意", "不满意", "一般", "满意", "非常满意", "说不清楚"]
ENGLISH = ["below the line without dibao", "on dibao", "above the line"]


def chart(shape, values, rows, series=("",), **more):
    numbers = pd.DataFrame(values, list(rows), list(series), dtype=float)
    texts = numbers.map(lambda number: "*" if np.isnan(number) else f"{number:.1f}")
    notes = ("未详7人不计入", "数据来源：名册乙")
    return Chart(shape, numbers, texts, "占比（%），n = 1000人", notes, "标题甲", **more)


def drawn(*shape):
    return np.random.default_rng(4).uniform(0, 30, shape).round()


AGES = [f"{age}–{age + 4}岁" for age in range(16, 66, 5)]
DECADES = tuple(f"{i}0–{i}9岁\nn = 1034" for i in range(5))
STEPS = [[-0.5, 0.3, -0.2], [0.1, -0.2, -0.1]]
TREND = [[50, 33.4, 33.3, 0.1], [60, 33.3, 33.3, 0.0], [np.nan, 33.2, 30, 0.2]]
WAVES = ["2007\nn = 33724", "2012\nn = 33724", "2018\nn = 33724"]
MOVES = [[800, 100, 200], [60, 2000, 500], [20, 300, np.nan]]
ITEMS = ["对基层工会组织在困难职工帮扶工作中的服务态度的总体评价", "信息公开"]
ENDS = {"low": pd.DataFrame([70.0, 10.0]), "high": pd.DataFrame([90.0, 35.0])}
OUT = {"新建档": theme.MUTED, "退出": theme.MUTED}
SIDES = {"heads": ("男 (n = 2079)", "女 (n = 1377)"), "cuts": ((6.5, "50岁"), (4.5, "40岁"))}
PAIRS = {"heads": tuple("男女男女"), "panels": ("2008\nn = 4", "2009\nn = 2")}
STATES = ["特困", "困难", "新建档"], ["特困", "困难", "退出"]
SHAPES = {
    "bars": chart("bars", [[65.4], [32.6], [np.nan]], UNITS),
    "english": chart("bars", [[65.4], [32.6], [2.0]], ENGLISH, lang="en"),
    "panels": chart("bars", drawn(6, 5), [f"致困原因{i}" for i in range(6)], range(5), heads=DECADES),
    "parts": chart("bars", STEPS, ["2007–2008", "2008–2009"], "abc", heads=("比率变化", "构成变化", "合计")),
    "funnel": chart("bars", [[40], [10]], ["知晓", "申请"], behind=(50.0, 38.0)),
    "dots": chart("bars", [[80], [20]], ["初中以下 (n = 50)", "高中 (n = 35)"], **ENDS),
    "stacked": chart("stacked", [[9.1, 30.9, 60.0], [54.8, 33.8, 11.4]], UNITS[:2], GRADES[:3]),
    "scale": chart("stacked", np.full((2, 6), 100 / 6), ITEMS, GRADES, middle=2.5),
    "pyramid": chart("pyramid", drawn(10, 2) * 20, AGES, "男女", **SIDES),
    "pyramids": chart("pyramid", drawn(10, 4), AGES, "男女男女", **PAIRS),
    "lines": chart("lines", TREND, WAVES, ["初中以下", "高中", "大专以上", "不详"]),
    "slope": chart("lines", [[20.0, 20.0], [20.0, 20.0]], ["2007", "2009"], ["甲", "乙"]),
    "heatmap": chart("heatmap", drawn(3, 8), UNITS, [f"致困原因之{i}" for i in range(8)]),
    "flow": chart("flow", MOVES, *STATES, heads=("2008年", "2009年"), colours=OUT),
}


def words(figure):
    figure.draw_without_rendering()
    return [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip() and text.get_visible()]


@pytest.mark.parametrize("size", ["column", "full", "slide"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_renders_with_every_glyph_and_no_words_overlap_or_leave_the_page(name, size):
    before = dict(mpl.rcParams)
    if (name, size) == ("heatmap", "column"):
        pytest.skip("eight columns of numbers want a page")
    figure = figure_of(SHAPES[name], size)
    figure.set_dpi(100)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi="figure")
    assert buffer.getvalue().startswith(b"\x89PNG") and dict(mpl.rcParams) == before
    told = words(figure)
    assert {"标题甲", "占比（%），n = 1000人"} <= {text.get_text() for text in told}
    assert any("名册乙" in text.get_text() for text in told)
    assert {tuple(text.get_fontfamily()) for text in told} == {("Bangfu Sans", "DejaVu Sans")}
    assert min(text.get_fontsize() for text in told) >= theme.POINTS[size]
    page, boxes = figure.bbox, [(text.get_text(), text.get_window_extent()) for text in told]
    for word, box in boxes:
        assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1, word
        assert page.y0 - 1 <= box.y0 and box.y1 <= page.y1 + 1, word
    for i, (word, box) in enumerate(boxes):
        for other, second in boxes[i + 1 :]:
            wide = min(box.x1, second.x1) - max(box.x0, second.x0)
            high = min(box.y1, second.y1) - max(box.y0, second.y0)
            assert wide < 2 or high < 3, (word, other)


def test_text_is_nine_points_on_paper():
    assert theme.POINTS["full"] == 9 and theme.WIDTHS_MM["full"] <= 156


def axes_of(name):
    return figure_of(SHAPES[name]).axes


def test_bars_are_as_long_as_their_numbers_and_bear_their_texts():
    (axes,) = axes_of("bars")
    assert [bar.get_width() for bar in axes.patches] == [65.4, 32.6, 0.0]
    assert [text.get_text() for text in axes.texts] == ["65.4", "32.6", "*"]


def test_panels_share_one_scale_and_bars_go_below_zero():
    first, *others = axes_of("parts")
    assert {axes.get_xlim() for axes in others} == {first.get_xlim()} and first.get_xlim()[0] < -0.5
    assert [bar.get_width() for bar in first.patches] == [-0.5, 0.1]


def test_rows_that_do_not_fit_are_counted_in_the_note():
    many = chart("bars", np.ones((200, 1)), [f"第{i}厂" for i in range(200)])
    figure = figure_of(many)
    drawn = len(figure.axes[0].patches)
    assert any(f"另有{200 - drawn}个未画出" in text.get_text() for text in words(figure))
    assert figure.get_size_inches()[1] * 25.4 <= theme.TALLEST_MM["full"] + 1e-6


def test_stacked_bars_add_up_on_an_axis_in_percent_and_a_scale_is_centred():
    (axes,) = axes_of("stacked")
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(200) and axes.get_xlim() == (0, 100)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0%", "25%", "50%", "75%", "100%"]
    (centred,) = figure_of(chart("stacked", [[20, 30, 50]], ["态度"], "abc", middle=1.0)).axes
    assert centred.patches[1].get_x() == -15


def test_men_are_left_of_the_line_and_every_line_bears_its_first_and_last_value():
    (axes,) = axes_of("pyramid")
    assert all(bar.get_width() < 0 for bar in axes.patches[:10]) and len(axes.lines) == 2
    (axes,) = axes_of("lines")
    told = [text.get_text() for text in axes.texts]
    assert {"50.0", "初中以下 60.0", "33.4", "高中 33.2"} <= set(told) and len(axes.get_yticks()) > 2
    assert list(axes.lines[0].get_xdata()) == [2007, 2012, 2018]
    assert not len(axes_of("slope")[0].get_yticks())


def test_a_line_is_drawn_in_pieces_where_it_is_not_comparable():
    comparable = pd.DataFrame([[True], [True], [False]])
    waves = ["2007", "2008", "2009"]
    lines = figure_of(chart("lines", [[1], [2], [3]], waves, comparable=comparable)).axes[0].lines
    assert [len(line.get_xdata()) for line in lines if line.get_marker() not in ("None", "")] == [2, 1]


def test_numbers_in_a_heatmap_can_be_read():
    axes = axes_of("heatmap")[0]
    faces = axes.collections[0].get_facecolor()
    assert len(axes.texts) == 24
    for text, face in zip(axes.texts, faces, strict=True):
        assert abs(theme.lightness(text.get_color()) - theme.lightness(face[:3])) > 35


def test_blocks_and_bands_of_a_flow_are_as_thick_as_their_people():
    (axes,) = axes_of("flow")
    assert [round(block.get_height()) for block in axes.patches] == [1100, 2560, 320, 880, 2400, 700]
    assert len(axes.collections) == 8 and "特困 1100" in [text.get_text() for text in axes.texts]


def test_where_there_is_nothing_to_draw_a_sentence_says_so():
    nothing = as_exhibit(pd.DataFrame({"n": []}), load_codebook())
    assert draw(nothing).axes == []
