"""Questionnaires composed of blocks in many spellings, with traps beside: the counts read are those drawn."""

from collections import Counter
from datetime import date, datetime
from random import Random

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_sheet
from bangfu_analysis.reading.tables import Sheet

CODEBOOK = load_codebook()
N = 48
GRADES = ["非常满意", "比较满意", "一般", "不太满意", "很不满意"]
SETS = {
    "needs": [["看病报销", "孩子上学", "找工作", "住房"], ["心理咨询", "法律咨询", "文体活动", "培训班"]],
    "items": [["工会干部", "帮扶中心", "热线电话"], ["办事速度", "服务态度", "环境设施", "信息公开"]],
    "places": [["工资", "社保", "休假"], ["医疗", "教育", "养老", "就业"]],
}
STEMS = {
    "sex": ["性别", "您的性别", "您是男职工还是女职工"],
    "needs": ["您最希望工会提供什么", "目前最需要的服务"],
    "grade": ["对帮扶工作总的评价", "您觉得工会办事怎么样"],
    "rated": ["请对下列各项打分", "各部门评价"],
    "order": ["请按重要程度排列", "最看重的方面"],
    "age": ["您的年龄", "今年多大岁数"],
    "score": ["您有多大可能向工友推荐帮扶中心", "推荐意愿(0-10分)"],
    "remark": ["还有什么想对工会说的", "您的其他建议"],
    "name": ["您的姓名", "怎么称呼您"],
}
NUMBERS = ["{n}、{t}", "{n}.{t}", "Q{n} {t}", "Q{n}.{t}", "第{n}题 {t}", "{n}．{t}", "{t}", "Q{n}_{t}"]
JOINED = ["┋", ";", "；", ", ", "、", "|"]
SPREAD = ["{t}({o})", "{t}—{o}", "{t}:{o}", "{t}_{o}", "{t}-{o}", "{t}[{o}]", "{t}/{o}", "{t} - {o}"]
TICKS = [(1, 0), ("是", "否"), ("√", None), ("TRUE", "FALSE"), ("选中", "未选中"), (None, None), (1, None)]
TICKS += [("有", "没有")]
ARROWS = ["→", "->", " > "]
AGES = ["{}", "{}岁", "{}周岁", "约{}岁"]
METAS = [[], ["序号", "提交时间"], ["编号", "开始时间", "结束时间"], ["ID"], ["序号", "所用时间"]]
TRAPS = ["title", "codes", "total", "beside", "below", "types", "score"]


def people_of(rng, sets):
    for i in range(N):
        yield {
            "sex": rng.choice("男女"),
            "needs": [need for need in sets["needs"] if rng.random() < 0.45] or [rng.choice(sets["needs"])],
            "grade": rng.choice(GRADES),
            "rated": [rng.choice(GRADES) for _ in sets["items"]],
            "order": rng.sample(sets["places"], len(sets["places"])),
            "age": rng.randrange(19, 60),
            "score": rng.randrange(0, 11),
            "remark": rng.choice([None, f"第{i}件事盼着早点办好", f"希望多组织活动{i}，少开会"]),
            "name": rng.choice("王李张刘陈杨赵黄周吴") + rng.choice(["建国", "秀兰", "志强", "丽华", "桂英"]),
        }  # fmt: skip


def composed(seed):
    """File, cells, truth: (text, item) -> (kind, counts)."""
    rng = Random(seed)
    sets = {name: rng.choice(some) for name, some in SETS.items()}
    people = list(people_of(rng, sets))
    number, columns, truth = rng.choice(NUMBERS), [], {}
    asked = ["sex", "needs", *(key for key in list(STEMS)[2:] if rng.random() < 0.8)]
    for n, key in enumerate(asked, start=1):
        text = rng.choice(STEMS[key])
        blocks, kind, counts = BLOCKS[key](rng, text, sets, people)
        columns += [(number.format(n=n, t=heading), cells) for heading, cells in blocks]
        truth |= counts if isinstance(counts, dict) and kind == "matrix" else {(text, None): (kind, counts)}
    for name in reversed(rng.choice(METAS)):
        columns.insert(0, (name, [META(name, i) for i in range(N)]))
    body = zip(*(cells for _, cells in columns), strict=True)
    rows = [[heading for heading, _ in columns], *map(list, body)]
    return rng.choice(["结果.xlsx", "职工问卷.xlsx", "答案.csv"]), trapped(rng, rows), truth, people


def META(name, i):
    when = "80秒" if name == "所用时间" else f"2024/6/{1 + i % 28} 9:{i:02d}:05"
    return i + 1 if name in ("序号", "编号", "ID") else when


def plain(key, kind):
    def block(rng, text, sets, people):
        cells = [person[key] for person in people]
        given = [cell for cell in cells if cell is not None]
        count = {"single": Counter, "number": sum, "text": len}.get(kind, list)
        return [(text, cells)], kind, count(given)

    return block


def age_block(rng, text, sets, people):
    cells = [rng.choice(AGES).format(person["age"]) for person in people]
    return [(text, cells)], "number", sum(person["age"] for person in people)


def needs_block(rng, text, sets, people):
    counts = Counter(need for person in people for need in person["needs"])
    if rng.random() < 0.5:
        (yes, no), pattern = rng.choice(TICKS), rng.choice(SPREAD)
        return [
            (pattern.format(t=text, o=o), [(yes or o) if o in p["needs"] else no for p in people])
            for o in sets["needs"]
        ], "multiple", counts
    mark, ends = rng.choice(JOINED), rng.random() < 0.3
    cells = [mark.join(p["needs"]) + (mark.strip() if ends else "") for p in people]
    return [(text + rng.choice(["（可多选）", "【多选题】", "(最多选3项)"]), cells)], "multiple", counts


def rated_block(rng, text, sets, people):
    pattern = rng.choice(SPREAD)
    columns = [[p["rated"][j] for p in people] for j in range(len(sets["items"]))]
    each = zip(sets["items"], columns, strict=True)
    told = {(text, item): ("matrix", Counter(cells)) for item, cells in each}
    heads = [pattern.format(t=text, o=item) for item in sets["items"]]
    return list(zip(heads, columns, strict=True)), "matrix", told


def order_block(rng, text, sets, people):
    first, way, pattern = Counter(p["order"][0] for p in people), rng.random(), rng.choice(SPREAD)
    if way < 0.4:
        ranks = [[p["order"].index(o) + 1 for p in people] for o in sets["places"]]
        heads = [pattern.format(t=text, o=o) for o in sets["places"]]
        return list(zip(heads, ranks, strict=True)), "ranking", first
    if way < 0.6:
        return [(f"{text}—第{j + 1}位", [p["order"][j] for p in people]) for j in range(3)], "ranking", first
    arrow = rng.choice(ARROWS)
    return [(text, [arrow.join(person["order"]) for person in people])], "ranking", first


BLOCKS = {
    "sex": plain("sex", "single"),
    "needs": needs_block,
    "grade": plain("grade", "single"),
    "rated": rated_block,
    "order": order_block,
    "age": age_block,
    "score": plain("score", "number"),
    "remark": plain("remark", "text"),
    "name": plain("name", "private"),
}


def trapped(rng, rows):
    """The sheet with one or two traps: titles, code or type rows, sums, frequency tables, scores."""
    traps, width = set(rng.sample(TRAPS, rng.choice([0, 1, 1, 2]))), len(rows[0])
    blank = [None] * width
    if "codes" in traps:
        rows.insert(1, [f"V{j + 1}" for j in range(width)])
    elif "types" in traps:
        rows.insert(1, ["单选题"] * width)
    elif "score" in traps:
        rows = [[*row, "总分" if i == 0 else 60 + i % 30] for i, row in enumerate(rows)]
    if "below" in traps:
        rows += [blank, *([[word, n, *blank[2:]] for word, n in (("选项", "小计"), ("男", 20), ("女", 28))])]
    elif "total" in traps:
        rows += [["合计", N, *blank[2:]]]
    if "beside" in traps:
        extra = [[None, "频数"], [None, 20], [None, 28]]
        rows = [[*row, *(extra[i] if i < 3 else [None] * 2)] for i, row in enumerate(rows)]
    return [["职工情况调查结果"], *rows] if "title" in traps else rows


def read(file, cells):
    width, text = max(map(len, cells)), file.endswith(".csv")
    rows = [(*row, *[None] * (width - len(row))) for row in cells]
    rows = [tuple(None if c is None else str(c) for c in row) for row in rows] if text else rows
    numbers = tuple(range(1, len(rows) + 1))
    return read_sheet(Sheet(file, "" if text else "Sheet1", rows, numbers, is_text=text), CODEBOOK)


def found_in(reading, text, item, kind):
    asked = reading.questions[reading.questions["text"].fillna("").str.contains(text, regex=False)]
    asked = asked if item is None else asked[asked["item"].eq(item)]
    rows = reading.responses[reading.responses["question_id"].isin(asked["question_id"])]
    rows = rows[rows["status"].eq("answered")]
    if kind in ("number", "text"):
        return asked["kind"].tolist(), float(rows["value"].sum()) if kind == "number" else len(rows)
    chosen = rows[rows["option"].notna() & rows["value"].fillna(1).eq(1)]["option"].astype(str)
    return asked["kind"].tolist(), Counter(chosen)


def holds(seed):
    file, cells, truth, people = composed(seed)
    reading = read(file, cells)
    assert reading.kind == "questionnaire", reading.reason
    assert reading.responses["respondent_id"].nunique() == N
    assert sum(reading.cells.values()) == reading.cells_filled
    for (text, item), (kind, counts) in truth.items():
        if kind == "private":
            said = reading.responses.to_csv() + str(reading.findings)
            assert not any(person["name"] in said for person in people)
        else:
            assert found_in(reading, text, item, kind) == ([kind], counts), (text, item)


@pytest.mark.parametrize("seed", range(8))
def test_a_questionnaire_in_other_words_and_layouts_gives_the_counts_drawn(seed):
    holds(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 108))
def test_a_hundred_more_do(seed):
    holds(seed)


def asked(heading, cells):
    """The one question that a sheet with sex and these cells asks."""
    header = ["序号", "提交时间", "1、性别", f"2、{heading}"]
    rows = [[i + 1, META("提交时间", i), "男女"[i % 2], cell] for i, cell in enumerate(cells)]
    reading = read("答卷.xlsx", [header, *rows])
    kind = reading.questions["kind"].tolist()[-1]
    return found_in(reading, heading.partition("（")[0], None, kind)


DATES = [date(1980 + i % 30, 1 + i % 12, 1 + i % 28) for i in range(40)]


MIDNIGHT = datetime(2000, 1, 1).time()
WRITTEN = [date.isoformat, "{0:%Y}年{0.month}月".format, lambda day: datetime.combine(day, MIDNIGHT)]


@pytest.mark.parametrize("written", WRITTEN)
def test_dates_are_kept_to_the_year(written):
    assert asked("入会日期", map(written, DATES)) == (["number"], float(sum(d.year for d in DATES)))


def test_letters_that_stand_together_are_the_options_ticked():
    words = ["AB", "A", "BCD", "AD", "C", "ACD"] * 5
    assert asked("需要什么（多选）", words) == (["multiple"], Counter("".join(words)))


def test_what_several_write_behind_other_is_one_option():
    words = ["甲；乙", "乙；其他（接孩子）", "甲；其他_修车", "甲", "乙；丙", "丙；甲"] * 5
    assert asked("需要什么（可多选）", words)[1]["其他"] == 10
