"""What stands beside the cells: remarks, ID cells that say more, the same person twice."""

import pytest

from bangfu_analysis.cleaning.identity import check_character

NUMBERS = [n + check_character(n) for n in (f"99010219650312{k:03d}" for k in range(11, 31, 2))]
HEAD = "姓名,性别,身份证号,工作单位,困难类别,家庭年收入,残疾类别,备注\n"


def issues(frames):
    return list(zip(frames["issues"]["cell"], frames["issues"]["problem"], strict=True))


def row(name="赵一强", sex="男", number="", unit="一厂", level="困难", income="", disability="", remark=""):
    return ",".join([name, sex, number, unit, level, income, disability, remark]) + "\n"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("2024年6月已脱困", "exited"), ("病故", "died"), ("与3号重复", "duplicate"),
        ("已转社区", "moved"), ("已调离本单位", "moved"),
        ("不再符合条件", "exited"), ("与丈夫同户", "same_household"),
        ("本年新增", ""), ("尚未脱困", ""), ("父亲去世", ""),
        ("防返贫对象", ""),
    ],
)  # fmt: skip
def test_a_remark_that_takes_a_person_away_is_told_and_changes_nothing(frames_of, said, problem):
    frames = frames_of({"a.csv": HEAD + row(number=NUMBERS[0], remark=said)})
    assert len(frames["workers"]) == 1
    assert issues(frames) == ([("H2", f"remark_{problem}")] if problem else [])
    assert not frames["issues"]["message"].str.contains(said).any()


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("{}（已故）", "id_with_note"), ("本人{} 妻另报", "id_with_note"), ("{}.0", ""),
        ("{} 13900000011", "id_with_note"),
        ("{}43", "disability_number"), ("{}12B1", "disability_number"),
    ],
)  # fmt: skip
def test_a_right_number_beside_something_else_is_taken(frames_of, cell, problem):
    frames = frames_of({"a.csv": HEAD + row(number=cell.format(NUMBERS[0]))})
    person = frames["workers"].iloc[0]
    assert (person["id_basis"], str(person["birth_date"])[:10]) == ("id_number", "1965-03-12")
    assert issues(frames) == ([("C2", problem)] if problem else [])


def test_a_wrong_number_beside_something_else_is_given_up(frames_of):
    wrong = NUMBERS[0][:17] + ("1" if NUMBERS[0][17] != "1" else "2")
    rows = row(number=f"{wrong}（已故）") + row("钱二", number="/".join(NUMBERS[:2]))
    frames = frames_of({"a.csv": HEAD + rows})
    assert set(frames["workers"]["id_basis"]) == {"row"}


def test_a_disability_number_says_kind_and_grade_where_no_cell_does(frames_of):
    head = "姓名,残疾证号,残疾类别,困难类别\n"
    frames = frames_of({"a.csv": head + f"赵一强,{NUMBERS[0]}43,,困难\n钱二刚,{NUMBERS[1]}12,听力,困难\n"})
    found = frames["workers"][["disability_type", "disability_grade"]].astype(str).values.tolist()
    assert found == [["physical", "grade_3"], ["hearing", "grade_2"]]


@pytest.mark.parametrize("cell", ["赵一强、钱二刚", "赵一强 钱二刚", "赵一强/钱二刚"])
def test_two_people_in_a_name_cell_are_told_and_no_key(frames_of, cell):
    frames = frames_of({"a.csv": HEAD + row(cell)})
    assert ("A2", "several_names") in issues(frames)
    assert "赵一强" not in frames["issues"].to_csv()


def test_the_same_people_without_a_number_are_told_at_the_later_row(frames_of):
    rows = row() + row(level="特困") + row(sex="女") + row("钱二刚") + row(unit="二厂")
    frames = frames_of({"a.csv": HEAD + rows})
    assert issues(frames) == [("A3", "same_name")]
    assert len(frames["workers"]) == 5


def test_each_cell_in_which_two_rows_of_one_person_differ_is_told(frames_of):
    one = row(number=NUMBERS[0], income="7200", level="特困")
    other = row(number=NUMBERS[0], income="9600", level="困难")
    found = frames_of({"a.csv": HEAD + one + row("钱二", number=NUMBERS[1]), "b.csv": HEAD + other})["issues"]
    differing = found[found["problem"] == "differs_from_same_person"]
    assert differing[["cell", "raw"]].values.tolist() == [["E2", "困难"], ["F2", "9600"]]
    assert set(differing["source_file"]) == {"b.csv"}


@pytest.mark.parametrize("cell", ["肢体残疾二级", "肢体二级", "二级肢体残疾", "肢体（2级）", "肢残 贰级"])
def test_a_kind_of_disability_and_its_grade_in_one_cell_are_two_values(frames_of, cell):
    rows = row(number=NUMBERS[0], disability=cell) + row("钱二", disability="无")
    frames = frames_of({"a.csv": HEAD + rows})
    found = frames["workers"][["disability_type", "disability_grade"]].astype(object)
    assert found.where(found.notna(), None).values.tolist() == [["physical", "grade_2"], ["none", None]]


@pytest.mark.parametrize(
    ("said", "causes"),
    [
        ("兼残疾", ["illness", "disability"]),
        ("另有子女上学、下岗失业", ["illness", "schooling", "unemployment"]),
        ("兼任工会主席", ["illness"]),
        ("残疾亲属来访", ["illness"]),
    ],
)
def test_a_remark_adds_a_cause_only_where_it_says_so_and_nothing_else(frames_of, said, causes):
    head = "姓名,身份证号,困难类别,致困原因,备注\n"
    frames = frames_of({"a.csv": head + f"赵一强,{NUMBERS[0]},困难,疾病,{said}\n"})
    assert frames["causes"]["cause"].tolist() == causes
    assert frames["workers"]["cause_main"].tolist() == ["illness"]


def test_a_number_without_its_check_digit_does_not_overrule_the_age_beside_it(frames_of):
    head = "姓名,身份证号,年龄,困难类别\n"
    cut = NUMBERS[0][:15] + "000"
    frames = frames_of({"a.csv": head + f"赵一强,{cut},44,困难\n钱二刚,{cut},31,困难\n孙三立,{cut},,困难\n"})
    assert frames["workers"]["age"].tolist() == [44, 31, 44]
    assert frames["workers"]["birth_date"].notna().tolist() == [True, False, True]
    assert ("C3", "age_differs_from_id") in issues(frames)


def test_the_cells_decide_what_a_heading_of_two_readings_means(frames_of):
    head = "姓名,身份证号,困难类别,建档标准,家庭年收入\n"
    rows = f"赵一强,{NUMBERS[0]},城镇困难职工,特困,6000\n钱二刚,{NUMBERS[1]},困难农民工,困难,7000\n"
    workers = frames_of({"a.csv": head + rows})["workers"]
    assert workers["person_kind"].tolist() == ["urban", "migrant"]
    assert workers["hardship_level"].tolist() == ["extreme", "general"]


@pytest.mark.parametrize("name", ["名册（单位：万元）.csv", "名册_万元.csv", "2009年_单位万元.csv"])
def test_the_name_of_a_file_says_the_unit_of_money(frames_of, name):
    rows = row(number=NUMBERS[0], income="0.6") + row("钱二", number=NUMBERS[1], income="900元")
    frames = frames_of({name: HEAD + rows})
    assert frames["workers"]["income_household_annual"].tolist() == [6000.0, 900.0]


def test_each_sum_of_a_list_of_payments_is_an_act_of_help_of_its_own_kind(frames_of):
    head = "序号,姓名,身份证号,生活救助金,医疗救助金,助学金,发放时间\n"
    rows = f"1,赵一强,{NUMBERS[0]},1000,2000,,2009-05-01\n2,钱二刚,{NUMBERS[1]},500,,300,2009-05-02\n"
    frames = frames_of({"发放.csv": head + rows + "合计,,,1500,2000,300,\n"})
    found = frames["aid"][["source_row", "kind", "amount_yuan"]].astype({"kind": str}).values.tolist()
    living = [[2, "living", 1000.0], [3, "living", 500.0]]
    assert sorted(found) == sorted([*living, [2, "medical", 2000.0], [3, "schooling", 300.0]])
    assert len(frames["workers"]) == 0 and frames["aid"]["date"].notna().all()
    assert frames["totals"]["verdict"].tolist() == ["agrees"] * 3


def test_a_name_beside_a_school_is_the_childs_where_the_parent_is_named(frames_of):
    head = "序号,姓名,性别,学校,家长姓名,家长单位,困难类别\n"
    frames = frames_of({"a.csv": head + "1,赵小,女,一中,赵一强,一厂,困难\n"})
    worker = frames["workers"].iloc[0]
    assert (worker["employer"], str(worker["sex"])) == ("一厂", "nan")
    assert frames["members"]["relation"].tolist() == ["child"]
    assert frames["members"]["sex"].tolist() == ["female"]


def test_a_second_table_with_other_columns_is_no_repetition_of_the_header(frames_of):
    people = [("赵一", NUMBERS[0]), ("钱二", NUMBERS[1])]
    first, second = "序号,姓名,身份证号,困难类别\n", "序号,姓名,身份证号,家庭年收入,家庭人口\n"
    first += "".join(f"{n},{a},{b},困难\n" for n, (a, b) in enumerate(people, 1))
    second += "".join(f"{n},{a},{b},{6000 + n},3\n" for n, (a, b) in enumerate(people, 1))
    workers = frames_of({"a.csv": f"表一\n{first}表二\n{second}"})["workers"]
    assert workers["income_household_annual"].tolist() == [6001.0, 6002.0]
    assert workers["hardship_level"].tolist() == ["general", "general"]


def test_a_column_of_relations_under_a_heading_of_two_readings_makes_families(frames_of):
    head = "户数,姓名,家庭关系,性别,身份证号,困难类别\n"
    family = f"1,赵一,本人,男,{NUMBERS[0]},困难\n,钱二,妻,女,,\n,赵小,长子,男,,\n"
    frames = frames_of({"a.csv": head + family + family.replace("赵", "孙").replace(NUMBERS[0], NUMBERS[1])})
    assert frames["workers"]["source_row"].tolist() == [2, 5]
    assert frames["members"]["relation"].tolist() == ["spouse", "child"] * 2


@pytest.mark.parametrize(
    ("file", "kind"),
    [("春节走访慰问名单.csv", "aid"), ("爱心捐款名单.csv", "other"), ("慰问困难职工捐款名单.csv", "other")],
)
def test_names_and_sums_are_acts_of_help_where_the_list_is_called_so(frames_of, file, kind):
    frames = frames_of({file: "序号,姓名,单位,慰问金\n1,赵一强,一厂,500\n2,钱二平,一厂,500\n"})
    assert frames["sources"]["kind"].tolist() == [kind]
    assert frames["aid"]["amount_yuan"].sum() == (1000 if kind == "aid" else 0)


def test_numbered_remarks_are_remarks_and_rented_public_housing_is_public(frames_of):
    head = "姓名,身份证号,困难类别,住房类型,备注1,备注2\n"
    frames = frames_of({"a.csv": head + f"赵一强,{NUMBERS[0]},困难,租住公租房,,病故\n"})
    assert frames["workers"]["housing_type"].tolist() == ["public_rented"]
    assert ("F2", "remark_died") in issues(frames)
