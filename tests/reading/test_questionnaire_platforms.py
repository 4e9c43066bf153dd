"""Replies drawn with truth, written as each platform exports them: the counts read back are those drawn."""

from collections import Counter
from random import Random

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.reading.inspection import proposed_mapping
from bangfu_analysis.reading.locate import read_sheet
from bangfu_analysis.reading.tables import Sheet

CODEBOOK = load_codebook()
N = 40
SEX, GRADES = ["男", "女"], ["满意", "一般", "不满意"]
NEEDS = ["法律援助", "技能培训", "子女助学", "大病救助"]
ITEMS, PLACES = ["办事快", "态度好", "说得清"], ["培训", "助学", "体检"]


def draw(seed=1):
    rng = Random(seed)
    return [
        {
            "sex": rng.choice(SEX),
            "needs": [need for need in NEEDS if rng.random() < 0.5] or [NEEDS[0]],
            "grade": rng.choice(GRADES),
            "rated": [rng.choice(GRADES) for _ in ITEMS],
            "order": rng.sample(PLACES, 3),
            "age": rng.randrange(20, 60),
            "score": rng.randrange(0, 11),
            "remark": f"第{i}条意见，盼望多办实事",
            "name": f"{rng.choice('王李张刘陈杨赵黄')}{rng.choice('测试样例')}{rng.choice('甲乙丙丁')}",
        }
        for i in range(N)
    ]


REPLIES = draw()
TRUTH = {
    "sex": Counter(r["sex"] for r in REPLIES),
    "needs": Counter(need for r in REPLIES for need in r["needs"]),
    "grade": Counter(r["grade"] for r in REPLIES),
    "rated": [Counter(r["rated"][i] for r in REPLIES) for i in range(3)],
    "order": Counter(r["order"][0] for r in REPLIES),
    "age": sum(r["age"] for r in REPLIES),
    "score": sum(r["score"] for r in REPLIES),
}
WHEN = [f"2024/6/{1 + i % 28} 10:{i:02d}:00" for i in range(N)]


def ticks(r, yes=1, no=0):
    return [yes if need in r["needs"] else no for need in NEEDS]


def ranks(r):
    return [r["order"].index(place) + 1 for place in PLACES]


def table(header, row, more=()):
    return [header, *more, *([WHEN[i], *row(i, r)] for i, r in enumerate(REPLIES))]


def wjx_text():
    header = [
        "序号",
        "提交答卷时间",
        "所用时间",
        "来自IP",
        "1、您的性别",
        "2、需要哪些帮助【多选题】",
        "3、是否满意",
        "4、请评价—办事快",
        "4、态度好",
        "4、说得清",
        "5、三项服务排序",
        "6、您的年龄",
        "7、推荐帮扶中心（0-10）",
        "8、您的建议",
        "9、您的姓名",
    ]
    return "1_按文本_职工_40_40.xlsx", [
        header,
        *(
            [
                str(i),
                WHEN[i],
                "90秒",
                "10.0.0.1(黑龙江-哈尔滨)",
                r["sex"],
                "┋".join(r["needs"]),
                r["grade"],
                *r["rated"],
                "→".join(r["order"]),
                f"{r['age']}岁",
                str(r["score"]),
                r["remark"],
                r["name"],
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def wjx_number():
    header = [
        "序号",
        "提交答卷时间",
        "所用时间",
        "1、您的性别",
        *(f"2、({need})" for need in NEEDS),
        "3、是否满意",
        "4、请评价—办事快",
        "4、态度好",
        "4、说得清",
        *(f"5、({place})" for place in PLACES),
        "6、您的年龄",
    ]
    return "1_按序号_职工_40_40.xlsx", [
        header,
        *(
            [
                i,
                WHEN[i],
                "90秒",
                SEX.index(r["sex"]) + 1,
                *ticks(r),
                GRADES.index(r["grade"]) + 1,
                *(GRADES.index(g) + 1 for g in r["rated"]),
                *ranks(r),
                r["age"],
            ]
            for i, r in enumerate(REPLIES, start=0)
        ),
    ]


def wjx_stem_spelt_once():
    header = [
        "序号",
        "提交答卷时间",
        "1、您的性别",
        "2、需要哪些帮助(法律援助)",
        *(f"2、({need})" for need in NEEDS[1:]),
    ]
    header += ["3、请评价(办事快)", "3、(态度好)", "3、(说得清)"]
    return "导出.xlsx", [
        header,
        *([i, WHEN[i], r["sex"], *ticks(r), *r["rated"]] for i, r in enumerate(REPLIES)),
    ]


def tencent():
    header = [
        "编号",
        "开始答题时间",
        "结束答题时间",
        "答题时长",
        "1.您的性别",
        "2.需要哪些帮助(可多选)",
        "3.是否满意",
        *(f"4.请评价:{i}" for i in ITEMS),
        "5.您的年龄",
        "6.推荐帮扶中心",
        "昵称",
    ]
    return "腾讯问卷.csv", [
        header,
        *(
            [
                i,
                WHEN[i],
                WHEN[i],
                90,
                r["sex"],
                "|".join(r["needs"]),
                r["grade"],
                *r["rated"],
                r["age"],
                r["score"],
                r["name"],
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def jinshuju():
    header = [
        "序号",
        "您的性别",
        *(f"需要哪些帮助［{n}］" for n in NEEDS),
        "是否满意",
        *(f"请评价/{i}" for i in ITEMS),
    ]
    header += [
        "您的年龄",
        "您的称呼",
        "提交人",
        "提交时间",
        "修改时间",
        "填写设备",
        "操作系统",
        "浏览器",
        "IP",
    ]
    return "需求收集_20240601.xlsx", [
        header,
        *(
            [
                i,
                r["sex"],
                *(n if n in r["needs"] else None for n in NEEDS),
                r["grade"],
                *r["rated"],
                r["age"],
                r["name"],
                "微信用户",
                WHEN[i],
                WHEN[i],
                "iPhone",
                "iOS",
                "Chrome",
                "10.0.0.1",
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def wenjuan():
    header = [
        "答题序号",
        "答题人",
        "开始时间",
        "结束时间",
        "答题时长",
        "Q1 您的性别",
        *(f"Q2 需要哪些帮助_{n}" for n in NEEDS),
    ]
    header += ["Q3 是否满意", *(f"Q4 请评价_{i}" for i in ITEMS), *(f"Q5 三项服务排序_{p}" for p in PLACES)]
    return "导出数据.xlsx", [
        header,
        *(
            [
                i,
                r["name"],
                WHEN[i],
                WHEN[i],
                "1分30秒",
                r["sex"],
                *ticks(r),
                r["grade"],
                *r["rated"],
                *ranks(r),
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def credamo():
    header = ["作答ID", "作答总时长", "您的性别", *(f"请评价帮扶中心-{i}" for i in ITEMS)]
    header += [
        *(f"需要哪些帮助【多选】-{n}" for n in NEEDS),
        *(f"三项服务排序【排序】-{p}" for p in PLACES),
        "是否满意",
    ]
    codes = [
        "作答ID",
        "作答总时长",
        "Q1",
        "Q2_1",
        "Q2_2",
        "Q2_3",
        *(f"Q3_{i}" for i in range(1, 5)),
        *(f"Q4_{i}" for i in range(1, 4)),
        "Q5",
    ]
    return "数据.xlsx", [
        header,
        codes,
        *(
            [f"r{i:03d}x", 90, r["sex"], *r["rated"], *ticks(r), *ranks(r), r["grade"]]
            for i, r in enumerate(REPLIES)
        ),
    ]


def google_forms():
    header = [
        "时间戳记",
        "您的性别",
        "需要哪些帮助？（可多选）",
        "您是否满意？",
        *(f"请评价 [{i}]" for i in ITEMS),
        "您的年龄",
        "您还有什么建议？",
    ]
    return "职工需求（回复）.xlsx", table(
        header, lambda i, r: [r["sex"], ", ".join(r["needs"]), r["grade"], *r["rated"], r["age"], r["remark"]]
    )


def microsoft_forms():
    header = [
        "ID",
        "开始时间",
        "完成时间",
        "电子邮件",
        "名称",
        "您的性别",
        "需要哪些帮助？",
        "您是否满意？",
        *(f"请评价.{i}" for i in ITEMS),
        "三项服务排序",
    ]
    return "职工需求(1-40).xlsx", [
        header,
        *(
            [
                i,
                WHEN[i],
                WHEN[i],
                "anonymous",
                r["name"],
                r["sex"],
                "".join(f"{n};" for n in r["needs"]),
                r["grade"],
                *r["rated"],
                "".join(f"{p};" for p in r["order"]),
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def limesurvey():
    header = [
        "id. 答复 ID",
        "submitdate. 提交日期",
        "lastpage. 最后一页",
        "startlanguage. 起始语言",
        "G01Q01. 您的性别",
    ]
    header += [f"G01Q02[SQ00{i}]. 需要哪些帮助？ [{n}]" for i, n in enumerate(NEEDS, 1)] + [
        "G01Q02[other]. 需要哪些帮助？ [其他]"
    ]
    header += [f"G01Q03[SQ00{i}]. 请评价 [{n}]" for i, n in enumerate(ITEMS, 1)]
    header += [f"G01Q04[{i}]. 三项服务排序 [Rank {i}]" for i in (1, 2, 3)] + ["G01Q05. 是否满意"]
    return "results-survey.csv", [
        header,
        *(
            [
                i,
                f"2024-06-01 10:{i:02d}:00",
                3,
                "zh-Hans",
                r["sex"],
                *ticks(r, "是", "否"),
                "交通" if i == 7 else "",
                *r["rated"],
                *r["order"],
                r["grade"],
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def kobo():
    header = [
        "start",
        "end",
        "性别",
        "需要哪些帮助",
        *(f"需要哪些帮助/{n}" for n in NEEDS),
        "是否满意",
        *(f"请评价/{i}" for i in ITEMS),
    ]
    header += ["_id", "_uuid", "_submission_time", "_submitted_by", "_index"]
    return "aXy_2024.xlsx", [
        header,
        *(
            [
                WHEN[i],
                WHEN[i],
                r["sex"],
                " ".join(r["needs"]),
                *ticks(r),
                r["grade"],
                *r["rated"],
                90000 + i,
                f"0f1e2d3c-{i:04d}-4a5b-8c9d-0123456789ab",
                WHEN[i],
                "caiji01",
                i + 1,
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def qualtrics():
    codes = [
        "StartDate",
        "EndDate",
        "Status",
        "IPAddress",
        "Progress",
        "Duration (in seconds)",
        "Finished",
        "ResponseId",
    ]
    words = ["开始日期", "结束日期", "答复类型", "IP 地址", "进度", "持续时间（秒）", "已完成", "答复 ID"]
    codes += [
        "Q1",
        *(f"Q2_{i}" for i in range(1, 5)),
        "Q2_5_TEXT",
        "Q3",
        *(f"Q4_{i}" for i in range(1, 4)),
        *(f"Q5_{i}" for i in range(1, 4)),
    ]
    words += ["您的性别", *(f"需要哪些帮助 - {n}" for n in NEEDS), "需要哪些帮助 - 其他 - 文本", "是否满意"]
    words += [*(f"请评价 - {i}" for i in ITEMS), *(f"三项服务排序 - {p}" for p in PLACES)]
    ids = [f'{{"ImportId":"QID{i}"}}' for i in range(len(codes))]
    return "导出.csv", [
        codes,
        words,
        ids,
        *(
            [
                WHEN[i],
                WHEN[i],
                "IP Address",
                "10.0.0.1",
                100,
                90,
                "True",
                f"R_{i:015d}",
                r["sex"],
                *(n if n in r["needs"] else "" for n in NEEDS),
                "交通" if i == 7 else "",
                r["grade"],
                *r["rated"],
                *ranks(r),
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def surveymonkey():
    top = [
        "Respondent ID",
        "Start Date",
        "您的性别",
        "需要哪些帮助",
        "",
        "",
        "",
        "是否满意",
        "请评价",
        "",
        "",
    ]
    low = ["", "", "Response", *NEEDS, "Response", *ITEMS]
    return "Sheet_1.xlsx", [
        top,
        low,
        *(
            [
                114000 + i,
                WHEN[i],
                r["sex"],
                *(n if n in r["needs"] else "" for n in NEEDS),
                r["grade"],
                *r["rated"],
            ]
            for i, r in enumerate(REPLIES)
        ),
    ]


def plain_with_title():
    return "汇总.xlsx", [
        ["道里区职工需求问卷汇总", "", "", ""],
        ["您的性别", "需要哪些帮助（最多选3项）", "您满意吗", "您多大年龄"],
        *([r["sex"], "、".join(r["needs"]), r["grade"], f"{r['age']}周岁"] for r in REPLIES),
        ["", "", "", ""],
        ["选项", "小计", "", ""],
        ["男", TRUTH["sex"]["男"], "", ""],
        ["女", TRUTH["sex"]["女"], "", ""],
    ]


PLATFORMS = [
    wjx_text,
    wjx_number,
    wjx_stem_spelt_once,
    tencent,
    jinshuju,
    wenjuan,
    credamo,
    google_forms,
    microsoft_forms,
    limesurvey,
    kobo,
    qualtrics,
    surveymonkey,
    plain_with_title,
]


def read(file, cells):
    width = max(map(len, cells))
    rows = [(*row, *[None] * (width - len(row))) for row in cells]
    name = "" if file.endswith(".csv") else "Sheet1"
    return read_sheet(Sheet(file, name, rows, tuple(range(1, len(rows) + 1)), is_text=not name), CODEBOOK)


def counted(reading, text, item=None):
    """Option (or value) -> how many chose it; of a ranking, put it first."""
    asked = reading.questions[reading.questions["text"].fillna("").str.contains(text, regex=False)]
    if item:
        asked = asked[asked["item"].eq(item)]
    rows = reading.responses[reading.responses["question_id"].isin(asked["question_id"])]
    chosen = rows[rows["option"].notna() & rows["value"].fillna(1).eq(1)]["option"].astype(str)
    return asked["kind"].tolist(), Counter(chosen)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.__name__)
def test_an_export_of_any_platform_gives_the_counts_that_were_drawn(platform):
    reading = read(*platform())
    assert reading.kind == "questionnaire", reading.reason
    assert (
        sum(reading.rows.values()) == reading.row_count
        and sum(reading.cells.values()) == reading.cells_filled
    )
    assert reading.responses["respondent_id"].nunique() == N
    coded = platform is wjx_number
    if not coded:
        assert counted(reading, "性别") == (["single"], TRUTH["sex"])
    expected = TRUTH["needs"] + Counter(["其他"] if platform in (limesurvey, qualtrics) else [])
    if platform is not wjx_number:
        assert counted(reading, "需要哪些帮助") == (["multiple"], expected)
    else:
        assert Counter(counted(reading, "")[1])["法律援助"] == TRUTH["needs"]["法律援助"]
    texts = reading.questions["text"].fillna("")
    for i, item in enumerate(ITEMS):
        if not coded and texts.str.contains("请评价").any():
            assert counted(reading, "请评价", item) == (["matrix"], TRUTH["rated"][i])
    if texts.str.contains("排序").any():
        assert counted(reading, "排序") == (["ranking"], TRUTH["order"])
    for word, name in (("年龄", "age"), ("推荐", "score")):
        found = reading.questions[texts.str.contains(word)]
        values = reading.responses[reading.responses["question_id"].isin(found["question_id"])]["value"]
        assert not len(found) or (found["kind"].tolist() == ["number"] and values.sum() == TRUTH[name])
    said = reading.responses.to_csv() + str(reading.findings)
    assert not any(r["name"] in said for r in REPLIES) and "caiji01" not in said and "10.0.0.1" not in said


def plain(n=30):
    """Headings that are no questions: a questionnaire only by the shape of its answers."""
    rng = Random(3)
    rows = [[rng.choice(["甲", "乙", "丙"]) for _ in range(4)] for _ in range(n)]
    return "数据.xlsx", [["颜色", "口味", "大小", "形状"], *rows]


def test_what_only_looks_like_a_questionnaire_is_set_aside_and_one_line_settles_it():
    file, cells = plain()
    unsure = read(file, cells)
    assert unsure.kind == "other" and "looks like a questionnaire" in unsure.reason
    assert f'#   "{file}": questionnaire' in proposed_mapping([unsure])
    sheet = Sheet(file, "Sheet1", [tuple(row) for row in cells], tuple(range(1, len(cells) + 1)))
    settled = read_sheet(sheet, load_codebook({"read_as": {file: "questionnaire"}}))
    assert settled.kind == "questionnaire" and settled.responses["respondent_id"].nunique() == 30
    with pytest.raises(CodebookError, match="read_as.数据.xlsx 写的是 'survey'，可用：questionnaire"):
        load_codebook({"read_as": {file: "survey"}})


SUMMARIES = {
    "counts of options": [["选项", "小计", "比例"], ["男", 17, "70%"], ["女", 7, "30%"], ["合计", 24, ""]],
    "the questions": [["题号", "题目", "选项"], *([f"Q{i}", f"问{i}？", "是/否"] for i in range(9))],
    "sums by unit": [["单位", "满意", "一般", "合计"], *([f"{i}厂", i, 2 * i, 3 * i] for i in range(1, 9))],
}


@pytest.mark.parametrize("cells", SUMMARIES.values(), ids=SUMMARIES)
def test_summaries_beside_the_answers_are_no_replies(cells):
    assert read("问卷统计.xlsx", cells).kind != "questionnaire"


def test_a_frequency_table_beside_the_replies_and_sums_below_are_told_apart():
    file, cells = google_forms()
    beside = [["", "选项", "小计"], ["", "男", 9], ["", "女", 11]]
    wide = [[*row, *(beside[i] if i < 3 else [""] * 3)] for i, row in enumerate(cells)]
    reading = read(file, [*wide, ["合计", 40, 40]])
    assert reading.responses["respondent_id"].nunique() == N
    assert counted(reading, "性别") == (["single"], TRUTH["sex"])
    assert [f.problem for f in reading.findings if f.problem != "identifying_column"] == ["not_replies"]
    assert sum(reading.cells.values()) == reading.cells_filled and reading.cells["set_aside"] == 9
