"""Workbooks drawn in layouts that reporting units use, and beside each cell's raw spelling what it truly
says.
"""

import csv
import datetime
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from bangfu_analysis.cleaning.identity import check_character

REFERENCE = datetime.date(2009, 6, 30)
SETTINGS = "reference_date = 2009-06-30\nscheme = 's2000'\n"
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
DIGITS = "〇一二三四五六七八九"
UNITS = ("第一机械厂", "纺织总厂", "市粮油公司", "松江木材厂")
STREETS = ("兆麟街道", "新阳路街道", "通江街道")
SAYS: dict[str, dict[Any, tuple[str, ...]]] = {
    "sex": {"male": ("男", "男性", " 男"), "female": ("女", "女性", "女　")},
    "education": {"primary": ("小学", "小学文化"), "junior_secondary": ("初中", "初  中", "初中毕业"),
                  "senior_secondary": ("高中", "普高"),
                  "vocational_secondary": ("中专", "技校"), "junior_college": ("大专", "高职"),
                  "bachelor": ("本科", "大学本科")},
    "employment_status": {
        "employed": ("在岗", "在职"), "laid_off": ("下岗", "下(待)岗", "待岗"),
        "unemployed": ("失业", "失（无）业"), "retired": ("退休", "已退休"),
    },
    "hardship_level": {"extreme": ("特困", "特困职工"), "general": ("困难", "一般困难")},
    "cause": {"illness": ("疾病", "患大病"), "illness_self": ("本人大病", "本人患病"),
              "schooling": ("子女上学", "因学"), "unemployment": ("下岗失业", "下岗"),
              "low_income": ("收入低", "低收入"), "disability": ("残疾", "因残"),
              "accident": ("意外事故", "车祸")},
    "relation": {"spouse": ("配偶", "妻", "丈夫"), "child": ("子", "女儿", "长子"), "parent": ("父", "母亲")},
    "has_dibao": {True: ("是", "有", "√"), False: ("否", "无", "×")},
    "is_single_parent": {True: ("是", "有"), False: ("否", "无", "×")},
}  # fmt: skip
HEADS = {
    "row": ("序号",), "name": ("姓名", "职工姓名", "姓　名"), "sex": ("性别", "性　别"),
    "id_number": ("身份证号", "公民身份号码", "*身份证号码"),
    "birth_date": ("出生日期", "出生年月日"), "age": ("年龄", "年龄（岁）"),
    "education": ("文化程度", "文化\n程度", "学历"), "employer": ("工作单位", "所在单位"),
    "district": ("所属街道", "居住街道"), "employment_status": ("工作状态", "就业状况"),
    "household_size": ("家庭人口", "家庭人口（人）"),
    "income_personal_monthly": ("本人月平均收入", "月收入（元）"),
    "income_per_capita_monthly": ("家庭月人均收入", "人均月收入"),
    "income_household_annual": ("家庭年收入", "家庭年度总收入"), "hardship_level": ("困难类别", "困难程度"),
    "has_dibao": ("是否低保", "低保户"),
    "is_single_parent": ("是否单亲", "单亲家庭"), "causes": ("致困原因", "主要致困原因"),
}  # fmt: skip
UNREADABLE = {
    "education": ("XX", "其它情况见备注"), "household_size": ("一家人", "99", "待核实"),
    "income_per_capita_monthly": ("见附件", "-500"),
    "income_personal_monthly": ("低保", "-20"), "birth_date": ("1965-13-45", "农历三月"),
    "employment_status": ("XX", "情况复杂"),
    "hardship_level": ("甲类",), "income_household_annual": ("待核实",),
}  # fmt: skip
ROSTER = ("sex", "birth_date", "id_number", "education", "employer", "district", "employment_status",
          "household_size",
          "income_personal_monthly", "income_per_capita_monthly", "hardship_level", "has_dibao",
          "is_single_parent", "causes")  # fmt: skip


@dataclass
class Person:
    """A made-up person: `true` values by variable."""

    name: str
    id: str
    true: dict[str, Any]
    members: list["Person"] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One truth: the person or member on this row of this sheet (row None on a form), and the cells that
    cannot be read.
    """

    file: str
    sheet: str
    row: int | None
    expected: dict[str, Any]
    bad: dict[str, str]
    member: bool = False


class Drawing:
    """Writes the workbooks into a folder and keeps the truth of each line."""

    def __init__(self, folder: Path, seed: int = 20090630) -> None:
        self.folder, self.rng, self.truth = folder, Random(seed), list[Line]()
        (folder / "wave.toml").write_text(SETTINGS, encoding="utf-8")

    def head(self, variable: str) -> str:
        return self.rng.choice(HEADS[variable])

    def people(self, n: int, *, members: bool = False) -> list[Person]:
        return [self._person(members=members) for _ in range(n)]

    def _person(self, *, members: bool = False, born: tuple[int, int] = (1949, 1988)) -> Person:
        r = self.rng
        day = datetime.date(born[0], 1, 1) + datetime.timedelta(r.randrange((born[1] - born[0]) * 365))
        sex, size, income = r.choice(("male", "female")), r.randint(1, 6), r.randrange(12, 90) * 10
        first = f"990102{day:%Y%m%d}{2 * r.randrange(500) + (sex == 'male'):03d}"
        own = {v: r.choice(list(SAYS[v])) for v in SAYS if v not in ("sex", "cause", "relation")}
        causes = r.sample(list(SAYS["cause"]), r.choice((1, 1, 1, 2, 3)))
        true = own | {"sex": sex, "birth_date": day,
                      "age": 2009 - day.year - ((day.month, day.day) > (6, 30)), "causes": causes,
                      "employer": r.choice(UNITS), "district": r.choice(STREETS), "household_size": size,
                      "income_personal_monthly": r.randrange(10, 160) * 10,
                      "income_per_capita_monthly": income,
                      "income_household_annual": income * 12 * size}  # fmt: skip
        name = "".join(
            r.choice(text)
            for text in ("王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋", "勇艳杰涛明超兰霞平刚")
        )
        family = [
            ("spouse", (1949, 1988)), ("child", (1990, 2008)), ("parent", (1930, 1940))
        ][: r.choice((0, 1, 2, 3))]
        found = Person(name, first + check_character(first), true)
        for relation, years in family if members else ():
            one = self._person(born=years)
            one.true["relation"] = relation
            found.members.append(one)
        return found

    def cell(self, person: Person, variable: str, *, may_be_bad: bool = True) -> tuple[Any, bool]:
        """How a hand writes a value, and whether it can no longer be read."""
        r, value = self.rng, person.true.get(variable)
        if variable == "name":
            return person.name, False
        if may_be_bad and variable == "id_number" and r.random() < 0.02:
            return "9.90102E+17", True
        if may_be_bad and variable in UNREADABLE and r.random() < 0.03:
            return r.choice(UNREADABLE[variable]), True
        return self._spelled(person, variable, value), False

    def _spelled(self, person: Person, variable: str, value: Any) -> Any:
        r = self.rng
        if variable == "id_number":
            i = person.id
            return r.choice(
                (i, i, f"{i[:6]} {i[6:14]} {i[14:]}", "'" + i, i.translate(FULL_WIDTH), i.lower())
            )
        if variable == "birth_date":
            y, m, d = value.year, value.month, value.day
            return r.choice(
                (
                    f"{y}/{m}/{d}", f"{value:%Y%m%d}", f"{y}年{m}月{d}日", f"{y}.{m}.{d}",
                    datetime.datetime(y, m, d),
                )
            )
        if variable == "household_size":
            return r.choice(
                (value, str(value), f"{value}人", DIGITS[value], str(value).translate(FULL_WIDTH))
            )
        if variable.startswith("income"):
            period = "年" if variable.endswith("annual") else "月"
            return r.choice(
                (
                    value,
                    float(value),
                    f"{value}元",
                    f"{value}.00",
                    f"¥{value:,}",
                    f"{value}元/{period}",
                    str(value).translate(FULL_WIDTH),
                )
            )
        if variable == "age":
            return r.choice((value, f"{value}岁", f"{value}周岁", str(value).translate(FULL_WIDTH)))
        if variable == "causes":
            return r.choice("、，；/+ \n和").join(r.choice(SAYS["cause"][c]) for c in value)
        return r.choice(SAYS[variable][value]) if variable in SAYS else value

    def line(self, sheet: Worksheet, file: str, row: int, person: Person, variables: tuple[str, ...], *,
             first: int = 1,
             instead: dict[str, Any] | None = None, number: int = 0, **known: Any) -> None:  # fmt: skip
        """One roster row from column `first`; `instead` holds cells written otherwise (dittos); `known`: what
        the row says by its place.
        """
        bad = {}
        for column, variable in enumerate(variables, first):
            raw, lost = (number, False) if variable == "row" else self.cell(person, variable)
            if instead and variable in instead:
                raw, lost = instead[variable], False
            sheet.cell(row, column, raw)
            if lost:
                bad[variable] = f"{get_column_letter(column)}{row}"
        self.told(file, sheet.title, row, person, variables, bad, **known)

    def told(
        self,
        file: str,
        sheet: str,
        row: int | None,
        person: Person,
        variables: tuple[str, ...],
        bad: dict[str, str],
        **known: Any,
    ) -> None:
        expected = {
            v: None if v in bad else person.true[v] for v in variables
            if v not in ("row", "name", "id_number")
        } | known
        if "id_number" in variables and "id_number" not in bad:
            expected |= {v: person.true[v] for v in ("sex", "birth_date") if v in expected}
        self.truth.append(Line(file, sheet, row, expected, bad))

    def member(
        self, sheet: Worksheet, file: str, row: int, member: Person, variables: tuple[str, ...], first: int
    ) -> None:
        for column, variable in enumerate(variables, first):
            sheet.cell(row, column, self.cell(member, variable, may_be_bad=False)[0])
        expected = {v: member.true[v] for v in ("relation", "sex", "birth_date")}
        self.truth.append(Line(file, sheet.title, row, expected, {}, member=True))


Layout = Callable[[Drawing, Worksheet, str], None]
LAYOUTS: dict[str, Layout] = {}


def layout(draw: Layout) -> Layout:
    LAYOUTS[draw.__name__] = draw
    return draw


def draw_wave(folder: Path) -> list[Line]:
    """Every layout as a workbook of its own, and two as text files, with a wave.toml; returns the truth."""
    drawing = Drawing(folder)
    for name, draw in LAYOUTS.items():
        book = openpyxl.Workbook()
        book.active.title = "名册"
        draw(drawing, book.active, f"{name}.xlsx")
        book.save(folder / f"{name}.xlsx")
    _text(drawing, "tabs.csv", "utf-16", "\t")
    _text(drawing, "export.csv", "gb18030", ",")
    return drawing.truth


def _merge(sheet: Worksheet, top: int, left: int, bottom: int, right: int) -> None:
    sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)


@layout
def printed_pages(d: Drawing, sheet: Worksheet, file: str) -> None:
    """Title and unit lines; the header, a subtotal and a page number on every page; ditto marks; signatures
    and notes.
    """
    variables = ("row", "name", *ROSTER)
    heads = [d.head(v) for v in variables]
    sheet["A1"], sheet["A2"] = "某区困难职工花名册", "填报单位（盖章）：某区总工会"
    sheet["J2"] = "2009年6月30日"
    _merge(sheet, 1, 1, 1, len(variables))
    row, above = 3, None
    for number, person in enumerate(sorted(d.people(24), key=lambda p: str(p.true["employer"])), 1):
        if number % 8 == 1:
            for column, text in enumerate(heads, 1):
                sheet.cell(row, column, text)
            row, above = row + 1, None
        same = [v for v in ("employer", "district", "education") if above and above.true[v] == person.true[v]]
        d.line(
            sheet,
            file,
            row,
            person,
            variables,
            number=number,
            instead={v: d.rng.choice(("〃", "同上", "”")) for v in same},
        )
        row, above = row + 1, person
        if number % 8 == 0:
            sheet.cell(row, 2, "本页小计")
            sheet.cell(row, 3, "8人")
            sheet.cell(row + 1, 1, f"第{number // 8}页 共3页")
            row += 2
    for column, text in ((1, "合　计"), (3, "24人")):
        sheet.cell(row, column, text)
    for column, text in ((1, "单位负责人："), (5, "审核人：某甲"), (9, "填表人：某乙")):
        sheet.cell(row + 1, column, text)
    sheet.cell(row + 2, 1, "注：1.“困难类别”填特困或困难；2.收入按上年度平均数填写。")


@layout
def three_levels_and_ticks(d: Drawing, sheet: Worksheet, file: str) -> None:
    """Three header levels, the unit once for its people, causes to be ticked, money in 万元, subtotals by
    unit.
    """
    causes = list(SAYS["cause"])
    sheet["A1"], sheet["A2"] = "困难职工情况统计表", "填报单位：某区总工会"
    sheet["P2"] = "金额单位：人民币万元"
    leaves = (
        "单位",
        "序号",
        "姓名",
        "性别",
        "身份证号码",
        "文化程度",
        "月收入（元）",
        "家庭年总收入",
        "家庭人口",
        *(SAYS["cause"][c][0] for c in causes),
        "困难类别",
    )
    for column, text in enumerate(leaves, 1):
        top = 3 if column < 3 or column == len(leaves) else 4 if column < 7 or column > 9 else 5
        sheet.cell(top, column, text)
        if top < 5:
            _merge(sheet, top, column, 5, column)
    for row, left, right, text in (
        (3, 3, 6, "职工基本情况"),
        (3, 7, 9, "收入情况"),
        (4, 8, 9, "家庭"),
        (3, 10, 9 + len(causes), "致困原因（打√）"),
    ):
        sheet.cell(row, left, text)
        _merge(sheet, row, left, row, right)
    sheet["G4"] = "本人"
    plain = ("row", "name", "sex", "id_number", "education", "income_personal_monthly")
    row, number = 6, 0
    for unit, group in groupby(
        sorted(d.people(18), key=lambda p: str(p.true["employer"])), key=lambda p: p.true["employer"]
    ):
        top = row
        for person in group:
            number += 1
            d.line(sheet, file, row, person, plain, first=2, number=number, employer=unit,
                   causes=person.true["causes"], **{v: person.true[v] for v in (
                          "income_household_annual", "household_size", "hardship_level")})  # fmt: skip
            annual = person.true["income_household_annual"]
            sheet.cell(row, 8, d.rng.choice((annual / 10_000, f"{annual / 10_000:g}万", f"{annual}元")))
            sheet.cell(row, 9, person.true["household_size"])
            for cause in person.true["causes"]:
                sheet.cell(row, 10 + causes.index(cause), d.rng.choice("√✓V■1"))
            sheet.cell(row, len(leaves), d.rng.choice(SAYS["hardship_level"][person.true["hardship_level"]]))
            row += 1
        sheet.cell(top, 1, unit)
        _merge(sheet, top, 1, row - 1, 1)
        sheet.cell(row, 1, "小计")
        sheet.cell(row, 2, row - top)
        row += 1
    sheet.cell(row, 1, "总计")
    sheet.cell(row, 2, number)


@layout
def form_per_sheet(d: Drawing, sheet: Worksheet, file: str) -> None:
    """One form a sheet: values to the right of labels, a family table inside, remarks and stamps below."""
    rows = (("name", "sex", "birth_date", "education"), ("id_number", "employment_status"),
            ("employer", "district"), ("income_personal_monthly", "income_per_capita_monthly"),
            ("hardship_level", "has_dibao", "is_single_parent"), ("causes",))  # fmt: skip
    book = sheet.parent
    for number, person in enumerate(d.people(8, members=True), 1):
        page = sheet if number == 1 else book.create_sheet()
        page.title, page["A1"], bad = f"档案{number}", "困难职工档案表", {}
        _merge(page, 1, 1, 1, 8)
        for row, variables in enumerate(rows, 2):
            step = 4 if len(variables) == 2 else 2
            for column, variable in zip(range(1, 9, step), variables, strict=False):
                raw, lost = d.cell(person, variable)
                page.cell(row, column, d.head(variable))
                page.cell(row, column + 1, raw)
                if step == 4:
                    _merge(page, row, column + 1, row, column + 3)
                if lost:
                    bad[variable] = f"{get_column_letter(column + 1)}{row}"
        for column, text in enumerate(("家庭成员", "姓名", "关系", "性别", "身份证号"), 1):
            page.cell(8, column, text)
        for row, member in enumerate(person.members, 9):
            d.member(page, file, row, member, ("name", "relation", "sex", "id_number"), 2)
        _merge(page, 8, 1, 12, 1)
        page["A13"], page["B13"], page["A14"], page["B14"] = (
            "困难情况说明",
            "老人多病，孩子上学，负担较重。",
            "基层工会意见",
            "（盖章）  年  月  日",
        )
        d.told(file, page.title, None, person, tuple(v for row in rows for v in row), bad)


@layout
def family_on_rows_below(d: Drawing, sheet: Worksheet, file: str) -> None:
    """The family in the roster's own columns: 本人 with a number, the others below without one."""
    variables = (
        "row",
        "name",
        "relation",
        "sex",
        "id_number",
        "employment_status",
        "household_size",
        "hardship_level",
        "causes",
    )
    for column, variable in enumerate(variables, 1):
        sheet.cell(2, column, "与户主关系" if variable == "relation" else d.head(variable))
    sheet["A1"], row = "困难职工家庭情况表", 3
    for number, person in enumerate(d.people(12, members=True), 1):
        d.line(sheet, file, row, person, ("row", "name"), number=number)
        d.truth.pop()
        d.line(sheet, file, row, person, variables[3:], first=4)
        sheet.cell(row, 3, d.rng.choice(("本人", "户主")))
        for member in person.members:
            row += 1
            d.member(sheet, file, row, member, ("name", "relation", "sex", "id_number"), 2)
        row += 1
    sheet.cell(row, 1, "合计")
    sheet.cell(row, 2, "12户")


@layout
def same_headings_under_two_parents(d: Drawing, sheet: Worksheet, file: str) -> None:
    """姓名, 性别, 身份证号 twice: of the worker (merged over the family's rows) and of the members."""
    own, family = (
        ("name", "sex", "id_number", "education", "hardship_level", "causes"),
        ("name", "sex", "relation", "id_number"),
    )
    sheet["A1"], sheet["B1"], sheet["H1"] = "序号", "职工", "家庭成员"
    for column, text in enumerate([*(HEADS[v][0] for v in own), "姓名", "性别", "关系", "身份证号"], 2):
        sheet.cell(2, column, text)
    for span in ((1, 1, 2, 1), (1, 2, 1, 7), (1, 8, 1, 11)):
        _merge(sheet, *span)
    row = 3
    for number, person in enumerate(d.people(12, members=True), 1):
        top = row
        d.line(sheet, file, row, person, ("row", *own), number=number)
        for member in person.members:
            d.member(sheet, file, row, member, family, 8)
            row += 1
        row = max(row, top + 1)
        for column in range(1, 8) if row - top > 1 else ():
            _merge(sheet, top, column, row - 1, column)


@layout
def units_in_lines_of_their_own(d: Drawing, sheet: Worksheet, file: str) -> None:
    """The table begins at E6; a merged line names each unit over its people; blank lines between."""
    variables = ("row", "name", *(v for v in ROSTER if v != "employer"))
    sheet["F2"] = "困难职工情况"
    for column, variable in enumerate(variables, 5):
        sheet.cell(6, column, d.head(variable))
    row = 7
    for n, unit in enumerate(UNITS):
        sheet.cell(row, 5, f"{DIGITS[n + 1]}、{unit}（5人）")
        _merge(sheet, row, 5, row, 4 + len(variables))
        for number, person in enumerate(d.people(5), 1):
            d.line(sheet, file, row + number, person, variables, first=5, number=number, reporting_unit=unit)
        row += 7


@layout
def several_tables_on_a_sheet(d: Drawing, sheet: Worksheet, file: str) -> None:
    """Two rosters with headings of their own and a table of aid, one under another."""
    row = 1
    for title, variables in (
        ("一、特困职工名单", (
            "row", "name", "sex", "id_number", "education", "employer", "hardship_level", "causes"
        )),
        ("二、困难职工名单", (
            "row", "name", "sex", "birth_date", "education", "employment_status", "household_size"
        )),
    ):
        sheet.cell(row, 1, title)
        for column, variable in enumerate(variables, 1):
            sheet.cell(row + 1, column, d.head(variable))
        for number, person in enumerate(d.people(8), 1):
            d.line(sheet, file, row + 1 + number, person, variables, number=number)
        sheet.cell(row + 10, 1, "合计")
        sheet.cell(row + 10, 2, "8人")
        row += 12
    for column, text in enumerate(("序号", "姓名", "救助类别", "救助金额（元）", "救助时间"), 1):
        sheet.cell(row, column, text)
        sheet.cell(row + 1, column, (1, "王某某", "助学", 500, "2009.3")[column - 1])


@layout
def struck_hidden_and_1904(d: Drawing, sheet: Worksheet, file: str) -> None:
    """Days counted from 1904, as dates and as bare numbers; people struck through, hidden rows, a hidden
    sheet.
    """
    sheet.parent.epoch = CALENDAR_MAC_1904
    variables = ("row", "name", "birth_date", "education", "employer", "hardship_level", "causes")
    sheet.append([d.head(v) for v in variables])
    for row, person in enumerate(d.people(16), 2):
        serial = (person.true["birth_date"] - datetime.date(1904, 1, 1)).days
        d.line(
            sheet, file, row, person, variables, number=row - 1,
            instead={"birth_date": serial} if row % 2 else {},
        )
        if row % 6 == 0:
            d.truth.pop()
            for cell in sheet[row]:
                cell.font = Font(strike=True)
        sheet.row_dimensions[row].hidden = row % 5 == 0
    old = sheet.parent.create_sheet("去年")
    old.append([d.head(v) for v in variables])
    old.append([1, "王某某", "1965.3"])
    old.sheet_state = "hidden"


def _text(d: Drawing, file: str, encoding: str, separator: str) -> None:
    """A text file with line breaks inside its cells."""
    variables = ("name", *ROSTER)
    rows: list[list[str]] = [[d.head(v) for v in variables]]
    number = 2 + rows[0][variables.index("education")].count("\n")
    for person in d.people(10):
        raws = [d.cell(person, v) for v in variables]
        bad = {
            v: f"{get_column_letter(n)}{number}"
            for n, (v, (_, lost)) in enumerate(zip(variables, raws, strict=True), 1)
            if lost
        }
        d.told(file, "", number, person, variables, bad)
        rows.append([str(raw) for raw, _ in raws])
        number += 1 + sum(text.count("\n") for text in rows[-1])
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    (d.folder / file).write_bytes(out.getvalue().encode(encoding))


def lines_of(truth: list[Line], file: str, *, members: bool) -> Iterator[Line]:
    return (line for line in truth if line.file == file and line.member is members)
