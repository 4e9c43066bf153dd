"""Workbooks of strangers, drawn at random with their truth: no value is wrong without a word, no row is lost.

Drawn by chance: whose columns stand beside the worker's and how they are named, the form of the family, where
the category is said, the unit of money, dittos, a second header level, totals, and damaged cells.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.study import clean_wave

LEVELS = {"深度困难": "deep", "相对困难": "relative", "意外致困": "accidental"}
SEXES = {"男": "male", "女": "female"}
RELATIONS = {"配偶": "spouse", "儿子": "child", "母亲": "parent"}
WAVE = 'reference_date = 2024-12-31\nscope = "某区"\nscheme = "s2018"\n'


@dataclass
class Stranger:
    """A workbook: what every kept row should say, and the cells that were damaged."""

    draw: random.Random
    rows: dict[int, dict] = field(default_factory=dict)
    members: int = 0
    aid: float = 0.0
    damaged: set[str] = field(default_factory=set)
    serial: int = 0

    def person(self):
        self.serial += 1
        born = date(1966, 1, 1) + timedelta(days=self.draw.randrange(12000))
        sex = self.draw.choice([*SEXES])
        first = f"990102{born:%Y%m%d}{self.serial:02d}{self.draw.choice('13579' if sex == '男' else '02468')}"
        given = "甲乙丙丁戊己庚辛壬癸"
        name = "甄" + given[self.serial // 10 % 10] + given[self.serial % 10]
        return {"name": name, "sex": sex, "born": born, "id": first + check_character(first)}


def blocks(d: Stranger):
    """Columns of others than the worker, as (headings, cells of a person), in any order and naming."""
    one = d.draw.choice
    helper = one(["帮扶责任人", "结对干部", "包保责任人"])
    spouse = one(["配偶", "爱人"])
    child = one(["子女", "学生"])

    def spouse_of():
        return [d.person()["name"], 44, "健康"]

    return [
        ([helper, "所属单位", one(["职务", "部门"])], lambda: [d.person()["name"], "某局", "科长"]),
        ([f"{helper}姓名", f"{helper}单位"], lambda: [d.person()["name"], "某局"]),
        ([f"{spouse}姓名", one(["年龄", f"{spouse}年龄"]), f"{spouse}健康状况"], spouse_of),
        ([f"{child}姓名", "性别", "年龄"], lambda: [d.person()["name"], "女", 17]),
        ([f"{helper}/姓名", f"{helper}/单位"], lambda: [d.person()["name"], "某局"]),
    ]


def drawn(folder, seed: int) -> Stranger:
    d = Stranger(random.Random(seed))
    one = d.draw.choice
    book = openpyxl.Workbook()
    sheet = book.active
    place = one(["column", "title", "section", "sheet", "file"])
    wan, ditto, aid = one([True, False]), one([True, False]), one([True, False, False])
    others = d.draw.sample(blocks(d), k=one([0, 1, 2]))
    family = one(["", "", "merged", "repeated"]) if not others else ""
    own = ["序号", one(["姓名", "职工姓名"]), "身份证号", "性别", "工作单位", "家庭人口"]
    own[2:4] = d.draw.sample(own[2:4], k=2)
    if family:
        own = ["序号", "户主姓名", "工作单位", "家庭人口"]
    tail = [f"家庭年收入{'（万元）' if wan else ''}", *(["困难类别"] if place == "column" else [])]
    relatives = ["成员姓名", "与户主关系", "身份证号", "健康状况"] if family else []
    beside = [h for head, _ in others for h in head]
    headings = [*own, *tail, *beside, *relatives, *(["助学金额"] if aid else [])]
    levels = [*LEVELS] if place in ("section", "column") else [one([*LEVELS])]
    if place == "sheet":
        sheet.title = levels[0] + "职工"
    if place in ("title", "section") or one([True, False]):
        sheet.append([(levels[0] if place == "title" else "") + "某区困难职工花名册"])
    upper = [h.partition("/")[0] if "/" in h else None for h in headings]
    if any(upper):
        sheet.append([u or h for u, h in zip(upper, headings, strict=True)])
        sheet.append([h.partition("/")[2] if u else None for u, h in zip(upper, headings, strict=True)])
        top = sheet.max_row - 1
        for c, u in enumerate(upper, 1):
            if not u:
                sheet.merge_cells(start_row=top, end_row=top + 1, start_column=c, end_column=c)
        first = upper.index(next(u for u in upper if u)) + 1
        sheet.merge_cells(start_row=top, end_row=top, start_column=first, end_column=first + 1)
    else:
        sheet.append(headings)
    income, size = 0.0, 0
    for n, said in enumerate(levels if place == "section" else [""], 1):
        if said:
            sheet.append([f"{'一二三'[n - 1]}、{said}职工"])
        for k in range(one([3, 4])):
            level = said or (one(levels) if place == "column" else levels[0])
            how = (wan, ditto and k, aid)
            income, size = written(d, sheet, headings, level, others, family, how, income, size)
    if one([True, False]):
        total = {"序号": "合计", "家庭人口": size, tail[0]: income / 10_000 if wan else income}
        sheet.append([total.get(h) for h in headings])
    book.save(folder / ((levels[0] + "职工名单" if place == "file" else "上报") + ".xlsx"))
    return d


def written(d, sheet, headings, level, others, family, how, income, size):
    """One household below the last row; returns the running sums of income and persons."""
    wan, ditto, aid = how
    person, one, row = d.person(), d.draw.choice, sheet.max_row + 1
    persons, yuan = (one([2, 3]) if family else 3), d.draw.randrange(50, 400) * 100
    said = {
        "序号": len(d.rows) + 1, "身份证号": person["id"], "性别": person["sex"], "困难类别": level,
        "家庭人口": persons,
        "工作单位": one(["同上", "〃"]) if ditto else "一厂", "助学金额": 3000 if aid else None,
    }  # fmt: skip
    names = dict.fromkeys(("姓名", "职工姓名", "户主姓名"), person["name"])
    incomes = {h: yuan / 10_000 if wan else yuan for h in headings if h.startswith("家庭年收入")}
    start = headings.index("困难类别") if "困难类别" in headings else len(said)
    cells = [(said | names | incomes).get(h) for h in headings]
    place = next((n for n, h in enumerate(headings) if others and h == others[0][0][0]), start)
    for head, fill in others:
        cells[place : place + len(head)] = fill()
        place += len(head)
        d.members += head[0][:2] in ("配偶", "爱人", "子女", "学生")
    truth = {
        "sex": SEXES[person["sex"]], "birth_date": person["born"], "employer": "一厂",
        "hardship_level": LEVELS[level], "income_household_annual": float(yuan), "household_size": persons,
        "id_basis": "id_number",
    }  # fmt: skip
    if not family and d.draw.random() < 0.15:
        name = one(["性别", "身份证号"])
        column = headings.index(name)
        cells[column] = "不清?" if name == "性别" else person["id"][:11]
        d.damaged.add(f"{openpyxl.utils.get_column_letter(column + 1)}{row}")
        truth = {k: v for k, v in truth.items() if k not in ("sex", "birth_date", "id_basis")}
    d.rows[row] = truth
    d.aid += 3000 * aid
    if not family:
        sheet.append(cells)
        return income + yuan, size + persons
    at = headings.index("成员姓名")
    lines = [(person["name"], "本人", person["id"], "健康")]
    related = d.draw.sample([*RELATIONS], k=persons - 1)
    lines += [(d.person()["name"], relation, d.person()["id"], "患病") for relation in related]
    for k, line in enumerate(lines):
        shared = cells if k == 0 else [c if family == "repeated" and h == "户主姓名" else None
                                       for h, c in zip(headings, cells, strict=True)]  # fmt: skip
        sheet.append([*shared[:at], *line, *shared[at + 4 :]])
    if family == "merged":
        for c in range(1, at + 1):
            sheet.merge_cells(start_row=row, end_row=row + persons - 1, start_column=c, end_column=c)
    d.members += persons - 1
    return income + yuan, size + persons


def held(folder, seed: int) -> list[str]:
    """What the frames say otherwise than the truth."""
    wave = folder / f"s{seed}" / "2024"
    wave.mkdir(parents=True)
    (wave / "wave.toml").write_text(WAVE, encoding="utf-8")
    d, frames = drawn(wave, seed), clean_wave(wave)
    workers = frames["workers"].set_index("source_row")
    rows, aid = sorted(workers.index), frames["aid"]["amount_yuan"].sum()
    faults = [f"rows {rows} for {sorted(d.rows)}"] if rows != sorted(d.rows) else []
    for row, truth in d.rows.items() if not faults else ():
        for name, value in truth.items():
            found = workers.at[row, name]
            found = None if pd.isna(found) else found.date() if name == "birth_date" else found
            faults += [f"row {row} {name}: {found!r} for {value!r}"] if found != value else []
    members = len(frames["members"])
    faults += [f"members {members} for {d.members}"] if members != d.members else []
    faults += [f"aid {aid} for {d.aid}"] if aid != d.aid else []
    faults += [f"silent: {cell}" for cell in d.damaged - set(frames["issues"]["cell"])]
    differing = frames["totals"][frames["totals"]["verdict"] == "differs"]
    return [f"seed {seed}: {fault}" for fault in [*faults, *map(str, differing["what"])]]


@pytest.mark.parametrize("seed", range(20))
def test_a_strangers_workbook_is_read_as_it_was_drawn(tmp_path, seed):
    assert held(tmp_path, seed) == []


@pytest.mark.slow
def test_two_hundred_more_are_too(tmp_path):
    assert [fault for seed in range(100, 300) for fault in held(tmp_path, seed)] == []
