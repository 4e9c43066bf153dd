"""What the report says of mechanisms: sentences with units, totals of like units only, few people hidden."""

import datetime
from pathlib import Path

import pandas as pd

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.tables import as_text
from bangfu_analysis.opened import OpenWave
from bangfu_analysis.pages.charts import has_chart
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.schemas import ledgers, typed
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()


def exhibits(**rows):
    frames = {n: typed(pd.DataFrame(r), n, CODEBOOK) for n, r in {"workers": {}, **rows}.items()}
    data = WaveData(Wave(Path("帮扶/2009"), datetime.date(2009, 6, 30)), CODEBOOK, frames, dict)
    wave = OpenWave(data, load_policy())
    return {e.id: e for e in wave.released([recipe(id="mechanism", make="mechanism", section="help")])[0]}


def visit(recipient, quantity, **numbers):
    return {
        "kind": "visit",
        "recipient": recipient,
        "quantity": quantity,
        "counted_in": "persons" if quantity else None,
        **numbers,
    }


def test_a_mechanism_without_rows_has_no_exhibit():
    assert exhibits(**{name: [] for name in ledgers(CODEBOOK)}) == {}


def test_sentences_name_units_bases_and_the_largest_groups():
    shown = exhibits(
        aid=[
            visit("migrant_worker", 51),
            visit("extreme_worker", 947, goods_value_yuan=189400),
            visit(None, None, amount_yuan=100000),
        ]
    )
    visits = shown["mechanism_visits"]
    assert visits.recipe.section == "help" and visits.title == "送温暖走访慰问（按对象类别）"
    assert "慰问998人，其中特困职工947人、农民工51人；投入慰问资金10万元" in visits.text
    assert [row[0] for row in visits.table.rows] == ["特困职工", "农民工", "未详", "合计"]
    assert visits.table.columns[1:3] == ("慰问（人）", "投入慰问资金（元）")
    assert visits.table.rows[-1][1:3] == (998, 100000)
    assert has_chart(visits)


def test_members_of_two_lists_of_units_do_not_contradict_each_other():
    graded = {"unit": "一厂", "home_grade": "model", "members_total": 300}
    organised = {"unit": "二厂", "has_committee": True, "members_total": 500, "workers_total": 600}
    shown = exhibits(units=[graded, organised])
    assert "会员300人" in shown["mechanism_home_grade"].text
    assert "会员500人" in shown["mechanism_organisation"].text


def test_columns_of_persons_and_of_households_stand_apart():
    shown = exhibits(
        aid=[
            {"kind": "medical_card", "giver": g, "quantity": n, "counted_in": u}
            for g, n, u in (("甲", 9, "persons"), ("乙", 7, "households"))
        ]
    )
    cards = shown["mechanism_medical_cards"].table
    assert cards.columns == ("帮扶单位", "办理优惠卡（人）", "办理优惠卡（户）")
    assert cards.rows[-1] == ("合计", 9, 7)


def test_few_people_are_hidden_and_the_money_beside_them_too():
    shown = exhibits(
        aid=[
            visit("extreme_worker", 947, goods_value_yuan=189400),
            visit("migrant_worker", 51, goods_value_yuan=10200),
            visit("model_worker", 3, goods_value_yuan=600),
        ]
    )
    rows = {row[0]: row for row in shown["mechanism_visits"].table.rows}
    assert rows["困难劳模"][1] == rows["困难劳模"][3] == rows["农民工"][1] == "*"
    assert rows["合计"][1] == 1001 and "困难劳模" not in shown["mechanism_visits"].text


def test_few_cadres_are_nobody_in_need_and_are_printed():
    unit = {
        "has_committee": True,
        "workers_total": 900,
        "members_total": 880,
        "cadres_full_time": 1,
        "kind": "enterprise",
    }
    shown = exhibits(units=[unit, {**unit, "kind": "government"}])["mechanism_organisation"]
    assert "专职工会干部2人" in shown.text
    assert shown.figure_title == "工会组织状况：各项占比"  # not by the kind of unit, as its table is
    assert all(row[shown.table.columns.index("专职工会干部（人）")] != "*" for row in shown.table.rows)


def test_one_group_alone_gives_a_table_of_indicators_with_units_and_bases():
    shown = exhibits(
        dibao=[{"unit": "甲", "households": 18643, "persons": 34121, "due_yuan": 200000, "paid_yuan": 150000}]
    )
    dibao = shown["mechanism_dibao"]
    assert dibao.title == "低保应保尽保" and not has_chart(dibao)
    assert ("实发低保金", 150000, "元", 75.0, "应发低保金") in dibao.table.rows
    assert ["平均每户低保家庭人口", "1.83", "人"] in [row[:3] for row in dibao.table.texts()]
    assert "享受低保18643户；涉及34121人；平均每户低保家庭人口1.83人" in dibao.text
    counts = exhibits(dibao=[{"unit": "甲", "households": 18643, "persons": 34121}])["mechanism_dibao"].table
    assert counts.columns == ("指标", "数值", "计数单位")  # nothing has a share
    assert as_text(18643, "amount") == "18643" and as_text(1.83, "amount") == "1.83"


def test_a_case_is_drawn_as_its_running_debt():
    days = pd.to_datetime(["2009-10-23", "2009-11-26"])
    rows = [
        {"date": days[0], "event": "arrears", "owed_yuan": 30000},
        {"date": days[1], "event": "donation", "received_yuan": 9000},
    ]
    case = exhibits(cases=rows)["mechanism_case"]
    assert [bar.get_width() for bar in case.chart().axes[0].patches] == [30000, 21000]


def test_a_base_that_no_number_of_the_text_gives_is_said_beside_the_share():
    people = [{"person_id": f"p{n:016x}", "hardship_level": "extreme"} for n in range(60)]
    shown = exhibits(aid=[visit("extreme_worker", 45)], workers=people)
    assert "其中慰问特困职工45人，占在册特困职工60人的75.0%" in shown["mechanism_visits"].text


def test_shares_of_one_base_that_go_beyond_it_say_why():
    unit = {"files_n": 100, "plans_n": 90, "updated_n": 80}
    assert "占同一基数的比重之和大于100%" in exhibits(units=[unit])["mechanism_files"].text


def bill(at, disease, cost):
    return {"person_id": f"p{at:016x}", "disease": disease, "cost_yuan": cost}


def test_money_that_one_person_has_most_of_is_hidden_with_all_that_gives_it_back():
    costs = {"cancer": [1000, 1200, 900, 1100, 480000], "uremia": [8000] * 6, "cardiovascular": [5000] * 7}
    pairs = [(disease, cost) for disease, each in costs.items() for cost in each]
    bills = [bill(at, *pair) for at, pair in enumerate(pairs)]
    shown = exhibits(episodes=bills)["mechanism_medical"]
    printed = f"{shown.table.rows}{shown.whole_table.rows}{shown.text}{shown.deed}"
    assert not any(number in printed for number in ("484200", "48.42"))
    assert "567200" in printed and "18" in printed  # of all, nobody has that much
    parts = shown.frame[shown.frame["indicator"].eq("cost")]
    assert parts["amount"].isna().sum() == 2  # or all less the others tells it
    alone = exhibits(episodes=bills[:11])["mechanism_medical"]  # now one has nearly all of the sum as well
    cost = alone.whole.set_index("indicator").loc["cost"]
    assert cost[["amount", "n"]].isna().all() and cost["suppressed"]


def test_the_money_of_few_is_told_by_no_kind_of_help_no_sum_and_no_sentence():
    few = [{"person_id": f"p{at:016x}", "kind": "medical", "amount_yuan": 700} for at in range(3)]
    many = [{"person_id": f"p{at:016x}", "kind": kind, "amount_yuan": 500} for at in range(9, 39)
            for kind in ("living", "schooling")]  # fmt: skip
    frames = {"workers": typed(pd.DataFrame(), "workers", CODEBOOK)}
    frames["aid"] = typed(pd.DataFrame([*few, *many]), "aid", CODEBOOK)
    data = WaveData(Wave(Path("帮扶/2009"), datetime.date(2009, 6, 30)), CODEBOOK, frames, dict)
    wave = OpenWave(data, load_policy())
    asked = recipe(id="aid_total", make="aid", by=["kind"], section="help", text="given")
    (shown,) = wave.released([asked])[0]
    amounts = shown.frame.set_index("aid.kind")["amount"]
    assert pd.isna(amounts["medical"]) and amounts.isna().sum() == 2  # or all less the others tells it
    assert [*amounts.isna()] == [False, True, True]  # the hidden ones last, in no order of size
    assert "合计3.21万元" in shown.text and "2100" not in shown.text and "其余不列出" in shown.text
