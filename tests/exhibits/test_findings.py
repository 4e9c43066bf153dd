"""What opens the report: the number and its change, the largest cause and how it moved, who is hit most."""

from dataclasses import replace

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.body import absurd, body
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.findings import find, headlines
from bangfu_analysis.exhibits.making import joined
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut

CODEBOOK = load_codebook()


def exhibit(id, frame, dimensions, *, section="basic", **settings):
    settings = {"make": "count", **settings}
    frame = frame.assign(share=frame["n"] / frame["base_n"], left_out_n=frame.get("left_out_n", 0))
    cut = Cut(id, id, frame, tuple(dimensions))
    own = recipe(id=id, section=section, **settings)
    return Exhibit(cut, own, Layout(), CODEBOOK, facts={"place": "北城区"})


def whole(n, base):
    return exhibit("rate", pd.DataFrame({"n": [n], "base_n": [base]}), [], make="rate")


def waves(ns, *, comparable=True):
    frame = pd.DataFrame({"wave": ["2007", "2008"], "n": ns, "base_n": 1000})
    frame = frame.assign(comparable=[False, comparable])
    return exhibit("trend_total", frame, ["wave"], make="trend", of="rate", section="trends")


def causes(counts, *, left=0):
    frame = composition(counts, left).assign(left_out_n=left)
    return exhibit("cause_group", frame, ["cause_group"], section="causes", noun="主要致困原因")


def composition(counts, left=0):
    frame = pd.DataFrame({"cause_group": list(counts), "n": list(counts.values())})
    return frame.assign(base_n=sum(counts.values()), left_out_n=left)


def trend(first, last, *, left=(0, 0), comparable=True):
    before = composition(first, left[0]).assign(wave="2007", comparable=False)
    both = pd.concat([before, composition(last, left[1]).assign(wave="2008", comparable=comparable)])
    frame = both.reset_index(drop=True)
    return exhibit("trend", frame, ["wave", "cause_group"], make="trend", of="cause_group", section="trends")


def test_number_rate_and_change_stand_first_as_the_tables_print_them():
    first, *_ = find([waves([110, 100]), whole(100, 1000)])
    change = "比上年减少10人，下降9.1%，占比下降1.0个百分点"
    assert first.sentence == f"北城区共有困难职工100人，占职工1000人的10.0%，{change}。"
    assert first.exhibit == "rate"


def test_a_change_stands_on_page_one_as_in_its_section_and_table():
    trend_total = waves([36410, 31780])
    trend_total.frame["base_n"] = 1_000_000
    trend_total.frame["share"] = trend_total.frame["n"] / 1_000_000
    trend_total.frame["change"] = trend_total.frame["share"].diff()  # 0.463 points: 3.6 and 3.2 are printed
    first, *_ = find([trend_total, whole(31780, 1_000_000)])
    assert "占比下降0.5个百分点" in first.sentence


def test_nothing_is_compared_across_a_change_of_who_counts():
    said = [one.sentence for one in find([whole(100, 1000), waves([110, 100], comparable=False),
                                          causes({"by_illness": 60, "by_schooling": 40}),
                                          trend({"by_illness": 20, "by_schooling": 90},
                                                {"by_illness": 60, "by_schooling": 40}, comparable=False)])]
    assert said[0] == "北城区共有困难职工100人，占职工1000人的10.0%；认定口径已变，不与2007年比较。"
    assert not any(word in "".join(said) for word in ("上升", "下降", "增加", "减少"))


@pytest.mark.parametrize(("left", "told"), [((0, 0), True), ((0, 80), False)])
def test_a_rise_is_told_with_who_led_before_unless_the_missing_moved_more(left, told):
    now = {"by_illness": 60, "by_schooling": 40}
    before = {"by_illness": 40, "by_schooling": 60}
    found = find([causes(now, left=left[1] // 2), trend(before, now, left=left)])
    said = next(one.sentence for one in found if one.exhibit == "cause_group")
    assert ("，比2007年的40.0%上升20.0个百分点，当时居首位的是因学" in said) is told
    assert "因病60人，占60.0%，居首位" in said


def test_a_change_of_few_or_to_nobody_is_no_finding():
    few = {"by_illness": 15, "by_schooling": 10}
    found = find([causes(few), trend({"by_illness": 40, "by_schooling": 60}, few)])
    assert not any("2007" in one.sentence for one in found)
    gone = find([trend({"by_illness": 60, "by_schooling": 40}, {"by_illness": 0, "by_schooling": 90})])
    assert gone and not any("占0.0%" in one.sentence for one in gone)


def test_levels_joined_are_not_called_the_first():
    assert find([causes({"by_schooling∪by_housing": 60, "by_illness": 40})]) == []


def test_who_is_hit_most_is_no_group_of_a_few():
    rates = pd.DataFrame({"unit": ["一厂", "二厂", "三厂"], "n": [9, 40, 51], "base_n": [10, 200, 790]})
    units = exhibit("unit", rates, ["unit"], make="rate", by="unit")
    said = find([whole(100, 1000), units])[1].sentence
    assert said == "按单位看，困难率最高的是二厂，职工200人中困难职工40人，占20.0%，高于总体的10.0%。"


def test_what_is_hidden_is_not_said():
    hidden = whole(100, 1000)
    none = pd.array([None], "Int64")
    frame = hidden.frame.assign(n=none, base_n=none, share=float("nan"))
    assert find([hidden.with_frames({"rate": frame})]) == []


def test_a_chart_is_titled_by_what_it_shows():
    shown = [causes({"by_illness": 60, "by_schooling": 40})]
    assert headlines(shown) == {"cause_group": "因病占60.0%，居首位"}


def test_the_body_leaves_to_the_annex_what_says_nothing_new_but_keeps_the_study_s_own():
    same = causes({"by_illness": 60, "by_schooling": 40})
    again = replace(same, cut=replace(same.cut, id="again"))
    alike = pd.DataFrame({"unit": ["一厂", "二厂", "三厂"], "n": 10, "base_n": 100})
    units = exhibit("unit", alike, ["unit"], make="rate", by="unit")
    own = replace(again, recipe=replace(again.recipe, added=True))
    ids = lambda shown: [each.id for each in body(shown, found=(), drawn=lambda _: True)]  # noqa: E731
    assert ids([same, again, units]) == ["cause_group"]
    assert ids([same, own]) == ["cause_group", "again"]
    assert body([same], found=(), drawn=lambda _: True)[0].recipe.show == ("text", "figure")


def test_a_unit_that_nobody_stands_under_has_no_rate_and_its_likely_match_is_named():
    rates = pd.DataFrame({"unit": ["区教育工会", "区教育系统工会", "一厂"], "n": [0, 60, 9]})
    rates = rates.assign(base_n=pd.array([900, None, 90], "Int64"))
    left, notes = joined(rates, "unit")
    assert left["unit"].tolist() == ["区教育系统工会", "一厂"]
    assert "区教育工会（或即名册中的区教育系统工会）" in notes[0]


def test_more_people_than_workers_and_parts_over_their_whole_are_left_out():
    assert "一厂的人数1518多于基数5" in absurd(whole_of("一厂", 1518, 5))
    assert absurd(causes({"by_illness": 60})) == ""
    over = pd.DataFrame({"cause_group": ["by_illness", "by_schooling"], "n": [30, 26], "base_n": 54})
    assert absurd(exhibit("over", over, ["cause_group"])) == "各项之和多于合计，请核对"


def whole_of(unit, n, base):
    return exhibit("unit", pd.DataFrame({"unit": [unit], "n": [n], "base_n": [base]}), ["unit"], make="rate")


def test_a_figure_of_stars_is_left_to_the_annex():
    units, counts = ["一厂", "二厂", "三厂", "四厂"], pd.array([None, 31, 42, 53], "Int64")
    rows = {"unit": units, "n": counts, "base_n": 100}
    shares = [float("nan"), float("nan"), float("nan"), 0.53]
    frame = pd.DataFrame(rows).assign(share=shares, suppressed=[True, False, False, False])
    stars = exhibit("unit", frame, ["unit"], make="count", by="unit")
    stars = replace(stars, cut=replace(stars.cut, frame=frame))
    assert body([stars], found=(), drawn=lambda _: True) == []
    assert [each.id for each in body([stars], found=(), kept={stars.id}, drawn=lambda _: True)] == [stars.id]
    seen = frame.assign(share=[float("nan"), 0.31, 0.42, 0.53])
    shown = replace(stars, cut=replace(stars.cut, frame=seen))
    assert [each.id for each in body([shown], found=(), drawn=lambda _: True)] == ["unit"]
