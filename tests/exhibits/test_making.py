"""What a report holds depends on what data the wave has."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.findings import find
from bangfu_analysis.exhibits.recipes import load_recipes
from bangfu_analysis.exhibits.sections import load_outline
from bangfu_analysis.opened import OpenWave
from bangfu_analysis.pages.blocks import Heading, Placeholder
from bangfu_analysis.pages.charts import has_chart
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.report import exhibit_blocks, report_blocks
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.schemas import FRAME_COLUMNS, typed
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()


def frames_of(year, n, *, population=0, causes=True, few=0):
    people = pd.DataFrame(
        {
            "wave": year, "source_file": "a.csv", "source_sheet": "", "source_row": range(2, n + 2),
            "person_id": [f"p{i:016x}" for i in range(n)], "id_basis": "row",
            "sex": ["male", "female"] * (n // 2),
            "age": [30, 45] * (n // 2), "education": ["primary", "bachelor"] * (n // 2),
            "employer": "纺织总厂",
            "hardship_scheme": "s2000", "hardship_level": ["extreme"] * (n // 2) + ["general"] * (n - n // 2),
            "employment_status": "laid_off", "cause_main": "illness" if causes else None,
        }
    )  # fmt: skip
    if few:
        people["hardship_level"] = ["extreme"] * few + ["general"] * (n - few)
    frames = {name: typed(pd.DataFrame(), name, CODEBOOK) for name in [*FRAME_COLUMNS, "issues", "sources"]}
    frames["workers"] = typed(people, "workers", CODEBOOK)
    if causes:
        frames["causes"] = typed(people.assign(cause="illness", rank=1), "causes", CODEBOOK)
    if population:
        frames["population"] = typed(
            pd.DataFrame({"wave": [year], "unit": ["纺织总厂"], "n": [population]}), "population", CODEBOOK
        )
    return frames


def data_of(tmp_path, waves):
    settings = [Wave(tmp_path / year, datetime.date(int(year), 6, 30), scope="道里区") for year in waves]
    stacked = lambda: stack_waves(waves, settings, CODEBOOK)  # noqa: E731
    return WaveData(settings[-1], CODEBOOK, waves[settings[-1].name], stacked)


def exhibits(data, policy=None):
    return OpenWave(data, policy or load_policy()).exhibits()


def test_one_wave_without_denominators_has_no_trends_and_no_rates(tmp_path):
    data = data_of(tmp_path, {"2009": frames_of("2009", 40)})
    shown = exhibits(data)
    ids = [exhibit.id for exhibit in shown]
    assert "level" in ids
    assert "cause_main" in ids
    assert not any(id.startswith("trend") or id in ("unit", "helped") for id in ids)
    rate = next(exhibit for exhibit in shown if exhibit.id == "rate")
    assert pd.isna(rate.frame["base_n"].iloc[0])
    assert "职工总数未详" in rate.text


def test_what_the_roster_says_of_nobody_is_told(tmp_path):
    frames = frames_of("2009", 40)
    blank = frames["workers"]["education"].where(frames["workers"]["sex"].isna())
    frames["workers"] = frames["workers"].assign(education=blank)
    opened = OpenWave(data_of(tmp_path, {"2009": frames}), load_policy())
    recipes = [each for each in opened.recipes() if each.id in ("level", "education_band")]
    shown, released = opened.released(recipes)
    assert [each.id for each in shown] == ["level"]
    assert released.notes[-1] == "名册没有记录文化程度，有关的表图从略。"


def test_two_waves_with_denominators_have_both(tmp_path):
    data = data_of(
        tmp_path,
        {"2008": frames_of("2008", 60, population=500), "2009": frames_of("2009", 40, population=400)},
    )
    found = {exhibit.id: exhibit for exhibit in exhibits(data)}
    assert found["trend_total"].frame[["wave", "n", "base_n"]].values.tolist() == [
        ["2008", 60, 500],
        ["2009", 40, 400],
    ]
    assert "比上年减少20人" in found["trend_total"].text
    assert found["unit"].frame["share"].tolist() == [0.1]


def test_units_in_one_roster_only_are_named_beside_the_change_and_have_no_rate_of_nought(tmp_path):
    waves = {year: frames_of(year, n, population=400) for year, n in (("2008", 60), ("2009", 40))}
    waves["2009"]["workers"] = waves["2009"]["workers"].assign(employer="电机厂")
    for frames in waves.values():
        frames["population"] = pd.concat([frames["population"]] * 2, ignore_index=True)
        frames["population"]["unit"] = ["纺织总厂", "电机厂"]
    found = {exhibit.id: exhibit for exhibit in exhibits(data_of(tmp_path, waves))}
    told = "电机厂在2008年的名册中没有人，纺织总厂在2009年的名册中没有人"
    assert found["trend_total"].text.endswith(f"{told}，以上变化含这些人的增减。")
    assert find([*found.values()])[0].sentence.endswith(f"；{told}。")
    assert found["unit_waves"].table.texts() == [["电机厂", "…", "10.0", "—"], ["纺织总厂", "15.0", "…", "—"]]


def test_units_that_do_not_join_are_said_once_and_what_to_do_stands_under_the_table(tmp_path):
    frames = frames_of("2009", 40, population=400)
    frames["population"]["unit"] = ["纺织总厂有限公司"]
    (unit,) = [one for one in exhibits(data_of(tmp_path, {"2009": frames})) if one.id == "unit"]
    assert "纺织总厂有限公司（或即名册中的纺织总厂）" in unit.text and "mapping.yaml" not in unit.text
    assert any("mapping.yaml 的 units" in note for note in unit.table.notes)


def test_who_came_and_went_adds_up_and_units_stand_by_wave(tmp_path):
    waves = {year: frames_of(year, n, population=10 * n) for year, n in (("2008", 60), ("2009", 40))}
    for frames in waves.values():
        frames["workers"] = frames["workers"].assign(id_basis="id_number")
    found = {exhibit.id: exhibit for exhibit in exhibits(data_of(tmp_path, waves))}
    account = found["flow_accounts"]
    assert account.frame["n"].tolist() == [0, 0, 20, 40]
    assert account.table.columns[1:] == ("新建档", "返困", "退出", "留档", "上一批次在册", "本批次在册")
    assert account.table.texts() == [["2009", "0", "0", "20", "40", "60", "40"]]
    assert "60＋0－20＝40" in account.text
    assert found["unit_waves"].table.texts() == [["纺织总厂", "10.0", "10.0", "0.0"]]
    assert "standardized" not in found  # no denominators by sex and age


def test_the_few_who_came_new_or_back_are_one_group_that_the_totals_of_the_wave_do_not_give_away(tmp_path):
    waves = {y: frames_of(y, n) for y, n in (("2007", 60), ("2008", 40), ("2009", 62))}  # 2 new, 20 back
    policy = replace(load_policy(), class_rule=False)  # all of a level stay in it here
    moves = next(each for each in exhibits(data_of(tmp_path, waves), policy) if each.id == "flow_levels")
    assert not moves.frame["suppressed"].any()
    assert moves.frame.loc[moves.frame["hardship_level_before"].eq("came"), "n"].sum() == 22
    assert moves.frame.groupby(
        "hardship_level", observed=True
    )["n"].sum()[["extreme", "general"]].tolist() == [31, 31]
    assert "新建档和返困 人数" in moves.table.columns


def test_the_same_mix_of_workers_is_compared_where_denominators_know_sex_and_age(tmp_path):
    def split(year, n, mix):
        cells = [("male", "from_30", mix), ("female", "from_45", 1000 - mix)]
        people = pd.DataFrame(cells, columns=["sex", "age_band", "n"]).assign(wave=year)
        return frames_of(year, n) | {"population": typed(people, "population", CODEBOOK)}

    shown = exhibits(data_of(tmp_path, {"2008": split("2008", 60, 500), "2009": split("2009", 40, 400)}))
    fair = next(exhibit for exhibit in shown if exhibit.id == "standardized")
    assert fair.frame["crude"].tolist() == pytest.approx([0.06, 0.04])
    assert fair.frame["standardized"].tolist() == pytest.approx([0.06, 0.04])
    assert fair.frame["movement"].iloc[1] == pytest.approx(-0.02)
    assert fair.frame[["rate", "composition"]].iloc[1].sum() == pytest.approx(-0.02)


def test_a_wave_without_workers_or_causes_still_makes_a_report(tmp_path):
    nobody = data_of(tmp_path, {"2009": frames_of("2009", 0)})
    assert exhibits(nobody) == []
    parts = report_blocks(nobody, [], [], {}, load_outline(), [])
    assert [part.text for part in parts if isinstance(part, Heading)] == ["数据质量"]
    assert [part.heading for part in parts if isinstance(part, Placeholder)] == [
        "主要做法及成效",
        "存在的主要问题",
        "对策建议",
    ]
    no_causes = data_of(tmp_path, {"2009": frames_of("2009", 40, causes=False)})
    assert not any(exhibit.recipe.section == "causes" for exhibit in exhibits(no_causes))


def test_small_counts_are_hidden_in_tables_and_words_alike(tmp_path):
    data = data_of(tmp_path, {"2009": frames_of("2009", 40, few=3)})
    level = next(exhibit for exhibit in exhibits(data) if exhibit.id == "level")
    assert level.frame["suppressed"].any()
    assert "特困3人" not in level.text
    assert "*" in [cell for row in level.table.rows for cell in row]


def test_every_exhibit_has_a_section_and_draws_its_figure(tmp_path):
    data = data_of(
        tmp_path,
        {"2008": frames_of("2008", 60, population=500), "2009": frames_of("2009", 40, population=400)},
    )
    shown = exhibits(data)
    placed = {each.id for section, own in load_outline().filled(shown) for each in own}
    assert placed == {each.id for each in shown}
    for exhibit in shown:
        if has_chart(exhibit):
            assert draw(exhibit).axes


@pytest.mark.parametrize(
    ("verdicts", "rows", "blocks"),
    [
        (["agrees"], 0, []), (["differs"], 1, ["Paragraph"]),
        (["agrees", "differs", "cannot_tell"], 2, ["Paragraph", "TableBlock"]),
    ],
)  # fmt: skip
def test_the_totals_that_do_not_agree_are_listed_by_source_number_not_by_file(
    tmp_path, verdicts, rows, blocks
):
    frames = frames_of("2009", 40)
    totals = {
        "source_file": "王某上报.xlsx", "source_sheet": "表", "cell": "B9", "stated": 10.0, "computed": 9.0
    }
    off = pd.DataFrame([{**totals, "wave": "2009", "verdict": verdict} for verdict in verdicts])
    sheets = typed(pd.DataFrame({"source_file": ["王某上报.xlsx"], "wave": "2009"}), "sources", CODEBOOK)
    frames |= {"totals": typed(off, "totals", CODEBOOK), "sources": sheets}
    found = [each for each in exhibits(data_of(tmp_path, {"2009": frames})) if each.id == "totals"]
    assert sum(len(each.table.rows) for each in found) == rows
    assert not any("王某" in str(cell) for each in found for row in each.table.rows for cell in row)
    said = [block for each in found for block in exhibit_blocks(each, {})]
    assert [type(block).__name__ for block in said] == blocks  # a single row is a sentence
    if rows == 1:
        assert said[0].text == "上报合计与名册不符或无法核对的各项：来源1，单元格B9，核对结果不符，差额1。"


def test_every_row_of_exhibits_yaml_is_made_by_something_and_drawn_by_something():
    from bangfu_analysis.exhibits.exhibit import TEXTS
    from bangfu_analysis.exhibits.making import MAKES
    from bangfu_analysis.pages.charts import CHARTS

    for recipe in load_recipes():
        assert recipe.make in MAKES
        assert not recipe.draw or recipe.draw in CHARTS
        assert set(recipe.text) <= set(TEXTS)


@pytest.mark.parametrize(("few", "told"), [(20, "在册特困职工中得到帮扶的占60.0%（20人中的12人）"), (3, "")])
def test_whom_help_reached_is_told_by_level_and_hidden_where_few(tmp_path, few, told):
    frames = frames_of("2009", 40, few=few)
    ids = frames["workers"]["person_id"].tolist()[8:28]
    aid = pd.DataFrame(
        {"wave": "2009", "person_id": [*ids, None, ids[0]], "amount_yuan": 100.0, "kind": "living"}
    )
    frames["aid"] = typed(aid, "aid", CODEBOOK)
    found = {each.id: each for each in exhibits(data_of(tmp_path, {"2009": frames}))}["helped"]
    assert told in found.text and ("得到帮扶" in found.text) == bool(told)
    assert "人数" in found.to_markdown() and found.chart() is not None
