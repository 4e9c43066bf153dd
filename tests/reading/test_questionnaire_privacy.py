"""Nothing that names a person leaves the reading of a questionnaire, whatever the heading is called."""

from random import Random

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.tidy.questionnaires import stack_questionnaires

N = 24
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "测试样例甲乙丙丁"


def names(rng, n=N):
    return [rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2)) for _ in range(n)]


def frames_of(heading, values, **more):
    rows = [
        ("1", "2024/6/1 10:00", "男", values[0]),
        *((str(i), "", "女", v) for i, v in enumerate(values[1:], 2)),
    ]
    cells = [("序号", "提交时间", "您的性别", heading), *rows]
    reading = read_questionnaire(
        Grid(Sheet("问卷.xlsx", "S", cells, tuple(range(1, len(cells) + 1)))), load_codebook()
    )
    questions, responses = stack_questionnaires([reading], "2024")
    return responses.to_csv() + questions.to_csv() + str(reading.findings)


def said_of(kind, rng):
    return {
        "names": names(rng),
        "names that recur": [rng.choice(["王测试", "李样例", "张甲乙"]) for _ in range(N)],
        "titles": [f"{rng.choice(SURNAMES)}{rng.choice(['女士', '先生', '师傅'])}" for _ in range(N)],
        "plates": [f"黑A·T{rng.randrange(1000, 9999)}" for _ in range(N)],
        "job numbers": [f"GH{rng.randrange(10000, 99999)}" for _ in range(N)],
        "numbers of one length": [str(rng.randrange(1000000, 9999999)) for _ in range(N)],
        "devices": [f"{rng.getrandbits(64):016x}" for _ in range(N)],
        "accounts": [f"wx_test{rng.randrange(1000, 9999)}" for _ in range(N)],
        "mails": [f"test{rng.randrange(1000, 9999)}@example.org" for _ in range(N)],
        "phones": [f"+86 451 {rng.randrange(100, 999)} {rng.randrange(1000, 9999)}" for _ in range(N)],
        "names among ages": [*(str(20 + i) for i in range(N - 6)), *names(rng, 6)],
        "names beside an option": [
            *(["满意", "一般"] * (N // 2 - 1)),
            *(f"其他：{n}" for n in names(rng, 2)),
        ],
        "open answers": [f"我叫{n}，住在新街口{rng.randrange(1, 99)}号" for n in names(rng)],
    }[kind]


KINDS = [
    "names", "names that recur", "titles", "plates", "job numbers", "numbers of one length", "devices",
    "accounts", "mails", "phones", "names among ages", "names beside an option", "open answers",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_looks_like_a_person_is_not_written_under_a_heading_that_says_nothing(kind, seed):
    values = said_of(kind, Random(seed))
    frames = frames_of("请填写", values)
    hidden = [
        v.removeprefix("其他：")
        for v in values
        if not (v.isdigit() and len(v) < 3) and v not in ("满意", "一般")
    ]
    assert hidden and not [v for v in hidden if v in frames]


@pytest.mark.parametrize("heading", ["您的称呼", "Name", "填表人", "签名", "您孩子叫什么", "紧急联系人"])
def test_a_name_is_private_by_its_heading_though_it_recurs(heading):
    values = ["样甲", "样乙", "样丙"] * 8
    assert not [v for v in values if v in frames_of(heading, values)]


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("您的文化程度", ["小学", "初中", "高中", "大专"] * 6),
        ("您想怎样联系", ["电话", "微信", "上门"] * 8),
        ("您所在行业", ["金融", "安保", "方便食品", "纺织"] * 6),
        ("您愿意留下姓名吗", ["是", "否"] * 12),
    ],
)
def test_a_choice_stays_a_choice(heading, values):
    frames = frames_of(heading, values)
    assert all(v in frames for v in values) and "identifying_column" not in frames
