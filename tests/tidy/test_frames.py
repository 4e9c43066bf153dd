"""Small waves, from a CSV a unit might send to frames."""

import datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()
HEAD = "姓名,性别,身份证号,出生日期,文化程度,工作单位,家庭人口,困难类别,致困原因\n"


MAN, WOMAN = "990102196503120114", "990102197006300223"  # region 99 is issued to nobody


def test_a_row_becomes_a_worker_with_codes_and_provenance(frames_of):
    row = f"张某,男,{MAN},1965年3月12日,初中,纺织总厂,3人,特困,疾病、子女上学\n"
    frames = frames_of(
        {
            "名册.csv": HEAD
            + row
            + row.replace("张某", "李某").replace(MAN, WOMAN).replace("男", "女").replace(
                "1965年3月12日", "1970-6-30"
            )
        },
    )
    worker = frames["workers"].iloc[0]
    own = ["wave", "source_file", "source_row", "sex", "education", "employer", "household_size"]
    assert worker[[*own, "hardship_level", "cause_main", "age"]].tolist() == [
        "2009", "名册.csv", 2, "male", "junior_secondary", "纺织总厂", 3, "extreme", "illness", 44,
    ]  # fmt: skip
    assert frames["causes"].query("person_id == @worker.person_id")["cause"].astype(str).tolist() == [
        "illness",
        "schooling",
    ]
    assert frames["causes"]["rank"].tolist() == [1, 2, 1, 2]
    # Born on the reference day forty years ago: full years are counted from the birthday on.
    assert frames["workers"]["age"].tolist() == [44, 39 if WOMAN[10:14] > "0630" else 39]
    assert frames["issues"].empty


def test_the_same_person_twice_is_one_worker_and_one_issue(frames_of):
    full = f"张某,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
    thin = f"张某,男,{MAN},,,纺织总厂,,特困,\n"
    frames = frames_of(
        {"a.csv": HEAD + thin + f"王某,女,{WOMAN},1970-06-30,小学,木材厂,2,困难,疾病\n", "b.csv": HEAD + full}
    )
    assert len(frames["workers"]) == 2
    assert frames["workers"].query("sex == 'male'")["source_file"].tolist() == ["b.csv"]
    merged = frames["issues"].query("problem == 'person_twice'")
    assert merged[["source_file", "source_row", "cell", "action"]].values.tolist() == [
        ["a.csv", 2, "A2", "repaired"]
    ]
    assert "b.csv" in merged["message"].iloc[0]
    assert frames["sources"].set_index("source_file")["rows_merged"].to_dict() == {"a.csv": 1, "b.csv": 0}


def test_one_id_number_under_two_names_stays_two_people(frames_of):
    rows = (
        f"张强刚,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
        f"李春林,男,{MAN},1965-03-12,初中,木材厂,3,困难,疾病\n"
    )
    frames = frames_of({"a.csv": HEAD + rows})
    assert frames["workers"]["person_id"].nunique() == 2
    assert (frames["issues"]["problem"] == "id_shared").sum() == 2


def test_people_side_by_side_on_a_row_without_id_numbers_stay_two(frames_of):
    head = "姓名,性别,年龄,困难类别"
    frames = frames_of(
        {"甲.csv": f"{head},{head}\n某甲,男,44,特困,某乙,女,45,困难\n某丙,男,46,特困,某丁,女,47,困难\n"}
    )
    assert sorted(frames["workers"]["age"].tolist()) == [44, 45, 46, 47]


def test_a_person_without_a_whole_id_number_is_linked_by_name_birth_and_unit(frames_of):
    rows = (
        f"张强刚,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
        "张强刚,男,99010219650312,1965-03-12,初中,纺织总厂,3,特困,疾病\n"
    )
    frames = frames_of({"a.csv": HEAD + rows})
    assert len(frames["workers"]) == 1


def test_the_id_number_overrules_sex_and_birth_and_says_so(frames_of):
    rows = (
        f"张某,女,{MAN},1966-03-12,初中,纺织总厂,3,特困,疾病\n"
        f"王某,女,{WOMAN},不清,小学,木材厂,2,困难,疾病\n"
    )
    frames = frames_of({"a.csv": HEAD + rows})
    assert frames["workers"]["sex"].astype(str).tolist() == ["male", "female"]
    assert frames["workers"]["birth_date"].dt.strftime("%F").tolist() == ["1965-03-12", "1970-06-30"]
    problems = frames["issues"].groupby("cell")["problem"].agg(list).to_dict()
    assert problems["B2"] == ["sex_differs_from_id"]
    assert problems["D2"] == ["birth_date_differs_from_id"]


def test_what_cannot_be_read_is_missing_and_listed_with_its_cell(frames_of):
    rows = f"张某,男,{MAN},1965-03-12,XX,纺织总厂,99,特困,疾病\n"
    frames = frames_of({"a.csv": HEAD + rows})
    assert frames["workers"][["education", "household_size"]].isna().all(axis=None)
    assert frames["issues"][["cell", "variable", "action"]].astype(str).values.tolist() == [
        ["E2", "education", "missing"], ["G2", "household_size", "missing"],
    ]  # fmt: skip
    assert "a.csv E2：文化程度" in frames["issues"]["message"].iloc[0]


def test_people_who_left_are_in_exits_and_not_among_the_workers(frames_of):
    head = HEAD.replace("\n", ",档案状态,脱困时间\n")
    rows = (
        f"张某,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病,已脱困,2009-03-01\n"
        f"王某,女,{WOMAN},1970-06-30,小学,木材厂,2,困难,疾病,在档,\n"
    )
    frames = frames_of({"a.csv": head + rows})
    assert frames["workers"]["sex"].astype(str).tolist() == ["female"]
    assert frames["exits"]["exit_date"].dt.strftime("%F").tolist() == ["2009-03-01"]


@pytest.mark.parametrize(
    ("labels", "scheme", "levels"),
    [
        (["特困", "困难"], "s2000", ["extreme", "general"]),
        (["低保户", "低保边缘户"], "s2012", ["dibao", "near_dibao"]),
        (["深度困难", "意外致困"], "s2018", ["deep", "accidental"]),
    ],
)
def test_the_scheme_is_inferred_where_every_label_fits_one(frames_of, labels, scheme, levels):
    rows = "".join(
        f"某{i},男,,19{60 + i}-01-02,初中,纺织总厂,3,{label},疾病\n" for i, label in enumerate(labels)
    )
    frames = frames_of({"a.csv": HEAD + rows}, scheme="")
    assert frames["workers"]["hardship_scheme"].unique().tolist() == [scheme]
    assert frames["workers"]["hardship_level"].astype(str).tolist() == levels


def test_a_single_choice_to_be_ticked_takes_every_column_and_two_ticks_are_none(frames_of):
    heads = "姓名,性别,出生日期,困难类别,,工作单位\n,,,特困,困难,\n"
    rows = "张强刚,男,1965-03-12,√,,甲厂\n李春林,男,1966-03-12,,√,甲厂\n王小明,男,1967-03-12,√,√,甲厂\n"
    frames = frames_of({"a.csv": heads + rows})
    assert frames["workers"]["hardship_level"].astype(object).where(lambda v: v.notna(), None).tolist() == [
        "extreme",
        "general",
        None,
    ]
    assert frames["issues"][["problem", "cell"]].values.tolist() == [["several_values", "D5"]]


def test_an_id_number_exported_as_a_formula_is_its_text(frames_of):
    heads = "姓名,性别,身份证号,困难类别\n"
    frames = frames_of(
        {"a.csv": heads + f'张强刚,男,"=""{MAN}""",特困\n', "b.csv": heads + f'李春,女,="{WOMAN}",困难\n'}
    )
    assert frames["workers"]["id_basis"].astype(str).tolist() == ["id_number", "id_number"]


def test_the_unit_in_a_title_is_that_of_the_people_under_it(frames_of):
    rows = "姓名,性别,出生日期,困难类别\n{},男,{}-03-12,特困\n合计,1人,,\n"
    text = (
        "松江木材厂困难职工花名册（2009年）,,,\n" + rows.format("张强刚", 1965)
        + "纺织总厂困难职工花名册,,,\n"
    )
    frames = frames_of({"a.csv": text + rows.format("李春林", 1966)})
    assert frames["workers"]["reporting_unit"].tolist() == ["松江木材厂", "纺织总厂"]
    assert frames["totals"]["verdict"].tolist() == ["agrees", "agrees"]


def test_labels_of_two_schemes_leave_the_scheme_open_with_an_issue(frames_of):
    rows = "".join(
        f"某{i},男,,19{60 + i}-01-02,初中,纺织总厂,3,{label},疾病\n"
        for i, label in enumerate(["特困", "深度困难"])
    )
    frames = frames_of({"a.csv": HEAD + rows}, scheme="")
    assert frames["workers"]["hardship_scheme"].isna().all()
    assert "scheme_unknown" in set(frames["issues"]["problem"])


def test_denominators_and_stated_totals_of_wave_toml_are_used(frames_of):
    rows = f"张某,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
    frames = frames_of(
        {"a.csv": HEAD + rows},
        population={"unit": {"纺织总厂": 120}}, stated={"hardship_total": 2, "workers_total": 120},
    )  # fmt: skip
    assert frames["population"][["unit", "n"]].values.tolist() == [["纺织总厂", 120]]
    verdicts = frames["totals"].set_index("what")["verdict"].astype(str).to_dict()
    assert verdicts == {"hardship_total": "differs", "workers_total": "agrees"}


def test_the_same_file_under_another_name_is_set_aside_whole(frames_of):
    text = HEAD + f"张某,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
    frames = frames_of({"a.csv": text, "b.csv": text})
    assert len(frames["workers"]) == 1
    assert frames["sources"].set_index("source_file")["rows_set_aside"].to_dict() == {"a.csv": 0, "b.csv": 1}
    assert frames["issues"]["problem"].tolist() == ["sheet_sent_twice"]


CELLS = st.one_of(
    st.none(), st.sampled_from([
        "男", "女", "初中", "特困", "合计", "3人", "-", "不详", "1965.3", "１２００元", MAN, "注：", "〃",
        "#REF!",
    ]),
    st.text(alphabet="男女中学0123456789./-元万 　注合计", max_size=8),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=9, max_size=9), min_size=1, max_size=8))
def test_whatever_the_cells_say_the_accounts_balance_and_schemas_hold(frames_of, rows):
    text = HEAD + "".join(",".join(cell or "" for cell in row) + "\n" for row in rows)
    frames = frames_of({"a.csv": text})
    source = frames["sources"].iloc[0]
    assert source[[c for c in frames["sources"] if c.startswith("rows_")]].sum() == source["rows"]
    assert frames["workers"]["person_id"].is_unique
    assert set(frames["causes"]["person_id"]) <= set(frames["workers"]["person_id"])


def test_frames_do_not_depend_on_the_key_but_for_the_pseudonyms(frames_of, tmp_path):
    text = HEAD + f"张某,男,{MAN},1965-03-12,初中,纺织总厂,3,特困,疾病\n"
    frames = frames_of({"a.csv": text})
    wave = Wave(tmp_path / "2009", datetime.date(2009, 6, 30), scheme="s2000")
    other = tidy_frames(read_file(wave.folder / "a.csv", "a.csv", CODEBOOK), CODEBOOK, wave, b"x" * 32)
    same, also = (f["workers"].drop(columns="person_id") for f in (frames, other))
    pd.testing.assert_frame_equal(same, also)
    assert frames["workers"]["person_id"].tolist() != other["workers"]["person_id"].tolist()
