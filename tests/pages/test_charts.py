"""The artists are read back; every chart is rendered, and a missing glyph is a warning, hence a failure."""

import inspect
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.pages import charts, charts_compare, theme
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_share
from bangfu_analysis.tidy.derive import add_bands

CODEBOOK = load_codebook()
UNITS = ["道里区环境卫生管理处工会联合会（含下属十二个清扫保洁大队）", "甲厂", "某某街道总工会"]
CAUSES = CODEBOOK.variable("workers", "cause").codes
SIZE = 300


@pytest.fixture(scope="module")
def workers():
    draw = np.random.default_rng(4)
    education = CODEBOOK.variable("workers", "education").codes
    frame = pd.DataFrame(
        {
            "wave": "2009",
            "person_id": [f"p{i:016x}" for i in range(SIZE)],
            "sex": pd.Categorical(draw.choice(["male", "female", None], SIZE, p=[0.6, 0.35, 0.05]), ["male", "female"]),
            "age": pd.array(draw.integers(18, 66, SIZE), "Int64"),
            "education": pd.Categorical(draw.choice(education, SIZE), education),
            "hardship_scheme": "s2000",
            "hardship_level": pd.Categorical(draw.choice(["extreme", "general"], SIZE), ["extreme", "general"]),
            "cause_main": pd.Categorical(draw.choice(CAUSES[:6] + ["other"], SIZE), CAUSES),
            "unit": draw.choice(UNITS, SIZE),
        }
    )
    return add_bands(frame, CODEBOOK)


@pytest.fixture(scope="module")
def causes(workers):
    return workers[["wave", "person_id", "cause_main"]].rename(columns={"cause_main": "cause"})


@pytest.fixture(scope="module")
def figures(workers, causes):
    """Every chart as a function of its keywords."""
    population = pd.DataFrame({"unit": UNITS[:2], "n": [1000, 2000]})
    waves = {"2007": workers.head(200), "2008": workers.head(250), "2009": workers}
    return {
        "bar_of_shares": lambda **k: charts.bar_of_shares(tabulate(workers, "education_band"), CODEBOOK, **k),
        "ordered_bars": lambda **k: charts.ordered_bars(tabulate(workers, "education"), CODEBOOK, **k),
        "cause_bars": lambda **k: charts.cause_bars(cause_table(workers, causes), CODEBOOK, **k),
        "unit_rates": lambda **k: charts.unit_rates(hardship_rate(workers, population, "unit"), CODEBOOK, **k),
        "level_split": lambda **k: charts.level_split(tabulate(workers, "hardship_level"), CODEBOOK, **k),
        "level_split_by": lambda **k: charts.level_split(
            tabulate(workers, "age_by_sex", within="unit"), CODEBOOK, by="unit", **k
        ),
        "age_pyramid": lambda **k: charts.age_pyramid(
            tabulate(workers, "age_five_year", within="sex"), CODEBOOK, **k
        ),
        "age_by_sex": lambda **k: charts.age_by_sex(tabulate(workers, "age_by_sex"), CODEBOOK, **k),
        "interval_dots": lambda **k: charts.interval_dots(
            estimate_share(workers, "education_band", design=SurveyDesign()).assign(roster=0.3), CODEBOOK, **k
        ),
        "causes_by_group": lambda **k: charts_compare.causes_by_group(
            cause_table(workers, causes, "age_ten_year"), CODEBOOK, by="age_ten_year", **k
        ),
        "trend_lines": lambda **k: charts_compare.trend_lines(trend(waves, "education_band"), CODEBOOK, **k),
        "cause_heatmap": lambda **k: charts_compare.cause_heatmap(
            cause_table(workers, causes, "unit"), CODEBOOK, by="unit", **k
        ),
    }  # fmt: skip


def texts(figure):
    """Every word of a figure."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_visible()]


def render(figure):
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi="figure")
    return buffer.getvalue()


def table(shares, name="education_band", **columns):
    codes = CODEBOOK.bands[name].codes if name in CODEBOOK.bands else CAUSES
    n = [round(share * 1000) for share in shares]
    return pd.DataFrame(
        {
            name: pd.Categorical(codes[: len(n)], codes),
            "n": n,
            "base_n": 1000,
            "share": shares,
            "left_out_n": 7,
            **columns,
        }
    )


def test_every_chart_bears_its_title_its_source_and_our_font(figures):
    before = dict(mpl.rcParams)
    for name, draw in figures.items():
        figure = draw(title="标题甲", source="名册乙")
        words = texts(figure)
        assert "标题甲" in words, name
        assert any("名册乙" in word for word in words), name
        families = {tuple(t.get_fontfamily()) for t in figure.findobj(mpl.text.Text) if t.get_text()}
        assert families == {("Bangfu Sans", "DejaVu Sans")}, name
    assert dict(mpl.rcParams) == before


def test_no_chart_changes_its_table(workers):
    result = tabulate(workers, "education_band")
    before = result.copy()
    charts.bar_of_shares(result, CODEBOOK)
    charts.cause_bars(tabulate(workers, "cause_main"), CODEBOOK)
    assert_frame_equal(result, before)


SLOW = [pytest.param("en", size, marks=pytest.mark.slow) for size in ("column", "slide")]


@pytest.mark.parametrize(
    ("lang", "size"), [("zh", "column"), ("zh", "full"), ("zh", "slide"), ("en", "full"), *SLOW]
)
def test_every_chart_renders_with_every_glyph_and_no_words_overlap_or_leave_the_page(figures, lang, size):
    for name, draw in figures.items():
        if (name, size) == ("cause_heatmap", "column"):
            continue
        figure = draw(source="名册", lang=lang, size=size)
        figure.set_dpi(100)
        assert render(figure).startswith(b"\x89PNG"), name
        page = figure.bbox
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in figure.findobj(mpl.text.Text)
            if text.get_text().strip() and text.get_visible()
        ]
        for word, box in boxes:
            assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1 and page.y0 - 1 <= box.y0, (name, word)
        for i, (word, box) in enumerate(boxes):
            for other, second in boxes[i + 1 :]:
                wide = min(box.x1, second.x1) - max(box.x0, second.x0)
                high = min(box.y1, second.y1) - max(box.y0, second.y0)
                assert wide < 2 or high < 3, (name, word, other)


def test_bars_are_as_long_as_the_shares_and_say_percent_and_count():
    figure = charts.bar_of_shares(table([0.654, 0.326, 0.02]), CODEBOOK)
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([65.4, 32.6, 2.0])
    words = texts(figure)
    assert {"65.4%（654人）", "32.6%（326人）", "2.0%（20人）", "初中以下", "高中", "大专以上"} <= set(words)
    assert "n = 1000人；未详7人不计入" in words


def test_chart_and_table_round_alike():
    thirds = table([1 / 3] * 3).assign(n=1, base_n=3)
    assert {"33.3%（1人）"} <= set(texts(charts.bar_of_shares(thirds, CODEBOOK)))


def test_a_zero_a_hidden_and_an_absent_share_are_told_apart():
    mixed = table([0.0, 0.5, 0.5], suppressed=[False, True, False]).assign(share=[0.0, np.nan, 0.5])
    words = texts(charts.bar_of_shares(mixed, CODEBOOK))
    assert {"0.0%（0人）", "*", "50.0%（500人）"} <= set(words)
    assert any("* 人数过少" in word for word in words)
    nobody = table([0, 0, 0]).assign(n=0, base_n=0, share=np.nan)
    assert texts(charts.bar_of_shares(nobody, CODEBOOK)).count("—") == 3


def test_causes_stand_by_size_with_other_last_and_nobodys_left_out():
    shares = [0.1, 0.0, 0.5] + [0.0] * (len(CAUSES) - 4) + [0.4]
    figure = charts.cause_bars(table(shares, "cause"), CODEBOOK)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["家属大病", "疾病未分本人家属", "其他"]
    assert "无人提及的致困原因未画出" in texts(figure)[-1] or any("无人提及" in word for word in texts(figure))


def test_many_mentions_say_that_they_pass_a_hundred():
    assert any("之和大于100%" in w for w in texts(charts.cause_bars(table([0.9, 0.8], "cause"), CODEBOOK)))


def test_education_lies_down_where_it_cannot_stand(figures):
    upright, lying = figures["ordered_bars"](), figures["ordered_bars"](size="column")
    assert len({bar.get_width() for bar in upright.axes[0].patches}) == 1
    assert len({bar.get_height() for bar in lying.axes[0].patches}) == 1


def test_rates_stand_by_size_and_a_unit_without_workers_has_none():
    rates = pd.DataFrame(
        {
            "unit": ["甲", "乙", "丙"],
            "n": [1, 5, 3],
            "base_n": pd.array([10, 10, None], "Int64"),
            "share": [0.1, 0.5, np.nan],
        }
    ).assign(left_out_n=0)
    figure = charts.unit_rates(rates, CODEBOOK)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["乙", "甲", "丙"]
    words = texts(figure)
    assert {"50.0%（5/10人）", "10.0%（1/10人）", "… (3)"} <= set(words)
    assert any("没有职工总数" in word for word in words)


def test_units_that_do_not_fit_are_counted_in_the_note():
    many = pd.DataFrame(
        {"unit": [f"第{i}厂" for i in range(200)], "n": 1, "base_n": 200, "share": 0.005, "left_out_n": 0}
    )
    for figure in (charts.unit_rates(many, CODEBOOK), charts.bar_of_shares(many, CODEBOOK)):
        drawn = len(figure.axes[0].patches)
        assert any(f"另有{200 - drawn}个未画出" in word for word in texts(figure))
        assert figure.get_size_inches()[1] * 25.4 <= theme.TALLEST_MM["full"] + 1e-6


def test_a_split_adds_up_to_the_whole_width_and_the_legend_tells_all():
    figure = charts.level_split(table([0.5, 0.47, 0.03]), CODEBOOK)
    bars = figure.axes[0].patches
    assert sum(bar.get_width() for bar in bars) == pytest.approx(100)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "初中以下 50.0%（500人）",
        "高中 47.0%（470人）",
        "大专以上 3.0%（30人）",
    ]
    assert [text.get_text() for text in figure.axes[0].texts] == ["50.0", "47.0"]


def test_the_pyramid_has_men_at_the_left_and_cuts_at_fifty_and_forty(workers):
    result = tabulate(workers, "age_five_year", within="sex")
    figure = charts.age_pyramid(result, CODEBOOK)
    men, women = figure.axes
    assert men.get_xlim()[0] > men.get_xlim()[1]
    assert [bar.get_width() for bar in men.patches] == result.loc[result["sex"] == "male", "n"].tolist()
    assert [text.get_text() for text in men.texts[: len(men.patches)]] == [
        f"{n:.0f}" for n in (b.get_width() for b in men.patches)
    ]
    figure.draw_without_rendering()
    longest = max(zip(men.patches, men.texts, strict=False), key=lambda pair: pair[0].get_width())
    assert longest[1].get_window_extent().x1 <= longest[0].get_window_extent().x0  # behind the bar, not on it
    codes = CODEBOOK.bands["age_five_year"].codes
    cuts = [line.get_ydata()[0] for axes in (men, women) for line in axes.lines]
    assert cuts == [codes.index("from_50") - 0.5, codes.index("from_40") - 0.5]
    bases = result.groupby("sex", observed=True)["base_n"].first()
    assert {f"男 (n = {bases['male']})", f"女 (n = {bases['female']})", "50岁", "40岁"} <= set(texts(figure))
    with pytest.raises(ColumnMissing, match="age_pyramid"):
        charts.age_pyramid(tabulate(workers, "age_five_year"), CODEBOOK)


def test_the_sexes_differ_in_shade(workers):
    bars = charts.age_by_sex(tabulate(workers, "age_by_sex"), CODEBOOK).axes[0].patches
    shades = [round(theme.lightness(bar.get_facecolor()[:3])) for bar in bars]
    assert shades[0] == shades[1] < shades[2] - 40 == shades[3] - 40


def estimates(**columns):
    rows = {"n": [40, 7, 0], "share": [0.8, 0.2, np.nan], "ci_low": [0.7, 0.1, np.nan], "ci_high": [0.9, 0.35, np.nan]}
    codes = CODEBOOK.bands["education_band"].codes
    return pd.DataFrame({"education_band": pd.Categorical(codes, codes), **rows, **columns})


def test_estimates_are_dots_on_their_intervals_beside_the_value_of_the_roster():
    figure = charts.interval_dots(estimates(roster=[0.75, 0.25, 0.0], base_n=[50, 35, 0]), CODEBOOK)
    axes, beside = figure.axes
    dots, ticks = axes.lines
    assert list(dots.get_xdata())[:2] == pytest.approx([80, 20])
    assert list(ticks.get_xdata()) == pytest.approx([75, 25, 0])
    intervals = [list(path.vertices[:, 0]) for path in axes.collections[0].get_paths()[:2]]
    assert intervals == [pytest.approx([70, 90]), pytest.approx([10, 35])]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "初中以下 (n = 50)", "高中 (n = 35)", "大专以上 (n = 0)",
    ]  # fmt: skip
    assert [tick.get_text() for tick in beside.get_yticklabels()] == ["80.0 (70.0–90.0)", "20.0 (10.0–35.0)", "*"]
    assert any("竖线为全部名册的实际值" in word for word in texts(figure))


def test_means_keep_their_own_unit_and_need_no_roster():
    means = estimates().rename(columns={"share": "estimate"})
    figure = charts.interval_dots(means, CODEBOOK)
    assert "0.80 (0.70–0.90)" in texts(figure)
    assert not any("竖线" in word for word in texts(figure))
    with pytest.raises(ColumnMissing, match="interval_dots：数据框中没有列 ci_low"):
        charts.interval_dots(means.drop(columns="ci_low"), CODEBOOK)


def test_help_prints_how_a_chart_is_called_and_wrong_options_are_refused():
    assert str(inspect.signature(charts.level_split)).startswith(
        "(table: 'pd.DataFrame', codebook: 'Codebook', *, lang"
    )
    assert "by" in inspect.signature(charts.level_split).parameters
    assert "by" not in inspect.signature(charts.cause_bars).parameters
    with pytest.raises(TypeError, match="tilte"):
        charts.cause_bars(table([0.5], "cause"), CODEBOOK, tilte="x")
    with pytest.raises(ArgumentError, match="参数 lang 的取值 'cn' 无效。可选：zh、en"):
        charts.cause_bars(table([0.5], "cause"), CODEBOOK, lang="cn")


def test_panels_share_the_order_of_causes_and_name_their_base(workers, causes):
    result = cause_table(workers, causes, "education_band")
    figure = charts_compare.causes_by_group(result, CODEBOOK, by="education_band")
    assert len(figure.axes) == 3
    sizes = result.groupby("education_band", observed=True)["base_n"].first()
    assert [axes.get_title() for axes in figure.axes] == [
        f"{label}\nn = {n}" for label, n in zip(["初中以下", "高中", "大专以上"], sizes, strict=True)
    ]
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "其他"


def test_causes_that_are_hidden_everywhere_still_stand(workers, causes):
    table = cause_table(workers.head(40), causes, "sex")
    cut = Cut("t", "", table, ("sex", "cause"), ("sex",), multiple=frozenset({"cause"}))
    result = protect([cut], load_policy()).frames["t"]
    figure = charts_compare.causes_by_group(result, CODEBOOK, by="sex")
    assert "*" in texts(figure)
    assert any("* 人数过少" in word for word in texts(figure))


def waves(*shares, **columns):
    rows = [table(s).assign(wave=str(2007 + i), comparable=i > 0) for i, s in enumerate(shares)]
    return pd.concat(rows, ignore_index=True).assign(**columns)


def test_lines_are_named_at_their_ends_with_n_under_each_wave():
    figure = charts_compare.trend_lines(waves([0.5, 0.3, 0.2], [0.6, 0.3, 0.1]), CODEBOOK)
    lines = figure.axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [
        pytest.approx([50, 60]), pytest.approx([30, 30]), pytest.approx([20, 10]),
    ]  # fmt: skip
    assert {"初中以下 60.0", "高中 30.0", "大专以上 10.0", "2007\nn = 1000", "2008\nn = 1000"} <= set(texts(figure))
    assert len({line.get_marker() for line in lines}) == 3
    assert all(theme.lightness(colour) < 52 for colour in charts_compare.LINE_COLOURS)


def test_line_ends_round_as_the_tables_do():
    thirds = waves([1 / 3] * 3).assign(n=1, base_n=3)
    assert {"初中以下 33.3", "高中 33.3", "大专以上 33.3"} <= set(texts(charts_compare.trend_lines(thirds, CODEBOOK)))


def test_a_level_that_is_hidden_in_every_wave_is_named_with_a_star():
    hidden = waves([0.5, 0.3, 0.2], suppressed=[False, False, True])
    hidden = hidden.assign(share=hidden["share"].mask(hidden["suppressed"]))
    assert "大专以上 *" in texts(charts_compare.trend_lines(hidden, CODEBOOK))


def test_waves_stand_at_their_distance_in_time():
    uneven = waves([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]).replace({"wave": {"2008": "2012"}})
    assert list(charts_compare.trend_lines(uneven, CODEBOOK).axes[0].lines[0].get_xdata()) == [2007, 2012]


def test_a_line_breaks_where_the_definition_changes():
    broken = waves([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    broken = broken.assign(comparable=broken["wave"].eq("2008"))
    figure = charts_compare.trend_lines(broken, CODEBOOK)
    lengths = [len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
    assert lengths == [2, 1] * 3
    assert any("线断处" in word for word in texts(figure))


def test_the_note_says_why_a_line_breaks_and_a_wave_without_the_definition_has_no_point():
    table = waves([0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    last = table["wave"].eq("2008")
    apart = table.assign(comparable=False, break_note=last.map({True: "2008 批次：口径不同", False: ""}))
    figure = charts_compare.trend_lines(
        apart.assign(n=table["n"].mask(last, 0), base_n=table["base_n"].mask(last, 0), share=table["share"].mask(last)),
        CODEBOOK,
    )
    assert any("2008 批次：口径不同" in word for word in texts(figure))
    assert {"2008", "2007\nn = 1000", "初中以下 50.0"} <= set(texts(figure))


def test_the_largest_levels_are_chosen_anew_behind_each_break():
    levels = [f"某{c}" for c in "甲乙丙丁戊己庚辛"]
    table = pd.DataFrame(
        {
            "wave": ["2009"] * 8 + ["2018"] * 8, "employer": levels * 2, "n": [9] * 4 + [0] * 8 + [9] * 4, "base_n": 36,
            "share": [0.25] * 4 + [0.0] * 8 + [0.25] * 4, "left_out_n": 0, "comparable": False,
        }
    )  # fmt: skip
    words = texts(charts_compare.trend_lines(table[table["n"].gt(0)], CODEBOOK))
    assert {f"{level} 25.0" for level in levels} <= set(words)


def test_names_of_close_lines_are_pushed_apart():
    figure = charts_compare.trend_lines(waves([0.334, 0.333, 0.333], [0.334, 0.333, 0.333]), CODEBOOK)
    figure.draw_without_rendering()
    heights = sorted(text.get_window_extent().y0 for text in figure.axes[0].texts)
    assert min(np.diff(heights)) >= figure.axes[0].texts[0].get_window_extent().height * 0.8


def test_beyond_six_lines_the_largest_of_the_last_wave_are_drawn(workers):
    frames = {"2008": workers.head(100), "2009": workers}
    figure = charts_compare.trend_lines(trend(frames, "cause_main"), CODEBOOK)
    assert len(figure.axes[0].lines) == 6
    assert any("最大的6项" in word for word in texts(figure))


def test_counts_are_drawn_as_whole_numbers_and_an_unknown_measure_is_refused():
    frame = waves([0.5, 0.3, 0.2], [0.6, 0.3, 0.1])
    assert "初中以下 600" in texts(charts_compare.trend_lines(frame, CODEBOOK, measure="n"))
    with pytest.raises(ArgumentError, match="参数 measure 的取值 'mean' 无效。可选：share、n"):
        charts_compare.trend_lines(frame, CODEBOOK, measure="mean")


def test_the_heatmap_prints_every_share_readably(workers, causes):
    result = cause_table(workers, causes, "unit")
    figure = charts_compare.cause_heatmap(result, CODEBOOK, by="unit")
    axes = figure.axes[0]
    shown = result[result.groupby("cause", observed=True)["n"].transform("sum") > 0]
    assert len(axes.texts) == len(shown)
    faces = axes.collections[0].get_facecolor()
    for text, face in zip(axes.texts, faces, strict=True):
        assert abs(theme.lightness(text.get_color()) - theme.lightness(face[:3])) > 35
    with pytest.raises(ArgumentError, match="75 毫米的栏宽放不下"):
        charts_compare.cause_heatmap(result, CODEBOOK, by="unit", size="column")


def test_a_wave_in_which_nobody_answered_is_drawn_without_a_fault():
    names = {"education_band": None, "sex": None, "age_five_year": None}
    empty = pd.DataFrame({"wave": ["1", "2"], **{c: [v, v] for c, v in names.items()}}).astype(
        {
            "education_band": pd.CategoricalDtype(CODEBOOK.bands["education_band"].codes),
            "age_five_year": pd.CategoricalDtype(CODEBOOK.bands["age_five_year"].codes),
            "sex": pd.CategoricalDtype(["male", "female"]),
        }
    )
    bands = tabulate(empty, "education_band")
    hidden = pd.array([pd.NA], "Int64").repeat(20)
    for figure in (
        charts_compare.trend_lines(trend(empty, "education_band"), CODEBOOK),
        charts_compare.trend_lines(trend(empty.head(1), "education_band"), CODEBOOK),
        charts.bar_of_shares(bands, CODEBOOK),
        charts.ordered_bars(bands, CODEBOOK),
        charts.level_split(bands, CODEBOOK),
        charts.cause_bars(bands, CODEBOOK),
        charts.age_pyramid(tabulate(empty, "age_five_year", within="sex"), CODEBOOK),
        charts.age_pyramid(tabulate(empty, "age_five_year", within="sex").assign(n=hidden), CODEBOOK),
        charts_compare.causes_by_group(tabulate(empty, "education_band", within="sex"), CODEBOOK, by="sex"),
    ):
        assert render(figure).startswith(b"\x89PNG")
    with pytest.raises(ArgumentError, match="各格都是 0 人，没有可画的数"):
        charts_compare.cause_heatmap(tabulate(empty, "education_band", within="sex"), CODEBOOK, by="sex")


def test_a_table_of_two_dimensions_is_refused_with_its_columns(workers):
    with pytest.raises(ArgumentError, match=r"需要一个分组列，结果表中有 \['sex', 'education_band'\]"):
        charts.bar_of_shares(tabulate(workers, ["sex", "education_band"]), CODEBOOK)
