"""What a report holds, in order: exhibits (a result frame, its table, figure and sentences) by section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.analysis.change import change, trend
from bangfu_analysis.analysis.disclosure import suppress
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, tabulate
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.outline_questionnaire import questionnaire_exhibits
from bangfu_analysis.reporting import narrative
from bangfu_analysis.reporting.blocks import Block, Exhibit, FigureBlock, Heading, Paragraph, Placeholder, TableBlock
from bangfu_analysis.reporting.display import DisplayTable, TableStyle, display_table
from bangfu_analysis.reporting.sections import Outline
from bangfu_analysis.tidy.derive import add_bands
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave

if TYPE_CHECKING:
    from bangfu_analysis.reporting.theme import Figure

BASIC, CAUSES, TRENDS = "基本情况", "致困原因", "变化趋势"
BY_SIZE = TableStyle(order="size")


@dataclass(frozen=True)
class ReportData:
    """All that a report is made from: this wave's frames with bands, and the stacked frames of all waves up to it."""

    wave: Wave
    codebook: Codebook
    frames: Frames
    workers: pd.DataFrame
    all_workers: pd.DataFrame
    all_population: pd.DataFrame
    definitions: pd.DataFrame
    book: QuestionnaireBook = QuestionnaireBook({})

    @property
    def place(self) -> str:
        """The scope in words."""
        return self.wave.scope or self.wave.study

    @property
    def source(self) -> str:
        """What tables and figures print as their source."""
        return (
            f"{self.place}{self.wave.name}年困难职工名册"
            if self.wave.name.isdigit()
            else f"{self.place}困难职工名册（{self.wave.name}）"
        )

    @property
    def worst(self) -> str:
        """The code of the level that the reports single out (特困 in s2000); "" where the scheme is not known."""
        schemes = self.workers["hardship_scheme"].dropna().unique()
        return str(self.codebook.schemes[schemes[0]]["worst"]) if len(schemes) == 1 else ""


def report_data(
    waves: Mapping[str, Frames], settings: Sequence[Wave], codebook: Codebook, book: QuestionnaireBook | None = None
) -> ReportData:
    """The data of a report on the last of the waves from the frames and settings of all, `book` its questionnaire's."""
    *_, wave = settings
    frames, every = waves[wave.name], stack_waves(waves, settings, codebook)
    return ReportData(
        wave=wave,
        codebook=codebook,
        frames=frames,
        workers=add_bands(with_unit(frames["workers"]), codebook),
        all_workers=add_bands(with_unit(every["workers"]), codebook),
        all_population=every["population"],
        definitions=every["definitions"],
        book=book or QuestionnaireBook({}),
    )


def with_unit(workers: pd.DataFrame) -> pd.DataFrame:
    """`workers` with `unit`: the employer where it is known, else the reporting unit."""
    return workers.assign(unit=workers["employer"].where(workers["employer"].notna(), workers["reporting_unit"]))


def exhibits(data: ReportData) -> list[Exhibit]:
    """All exhibits that the wave has data for, in the order of the report."""
    survey = questionnaire_exhibits(data.frames, data.book, data.codebook, f"{data.place}{data.wave.name}年问卷")
    roster = [] if data.workers.empty else [*_basic(data), *_causes(data), *_trends(data)]
    return [exhibit for exhibit in [*roster, *survey] if _says_something(exhibit.result)]


def _says_something(result: pd.DataFrame) -> bool:
    return bool(len(result) and (result["n"].fillna(0).sum() > 0 or result["suppressed"].any()))


def _exhibit(
    data: ReportData,
    id: str,
    section: str,
    title: str,
    result: pd.DataFrame,
    *,
    say: Callable[[pd.DataFrame], str] | None = None,
    draw: str = "",
    about: pd.DataFrame | None = None,
    about_title: str = "",
    within: str = "",
    style: TableStyle | None = None,
    **options: Any,
) -> Exhibit:
    """Table of `result` (its groups `within` across), with small counts hidden; words and figure of it, or of `about`."""
    rates = within != "" and not result.duplicated(within).any()
    safe = suppress(result, group=[within] if within and not rates else [])
    across = within if within and not rates else None
    printed = safe.drop(columns=["change", "growth"], errors="ignore") if across else safe
    table = display_table(
        printed, data.codebook, title=title, within=within or (), across=across, source=data.source, style=style
    )
    shown = safe if about is None else suppress(about, group=[])
    words = say(shown) if say else ""
    figure_title = about_title or title
    figure = _chart(data, draw, shown, title=figure_title, **options) if draw else None
    return Exhibit(id, section, title, safe, table, words, figure_title, figure)


def _chart(data: ReportData, name: str, result: pd.DataFrame, **options: Any) -> Callable[[], Figure]:
    def draw() -> Figure:
        from bangfu_analysis.reporting import charts, charts_compare

        function = getattr(charts, name, None) or getattr(charts_compare, name)
        figure: Figure = function(result, data.codebook, source=data.source, **options)
        return figure

    return draw


def _basic(data: ReportData) -> list[Exhibit]:
    workers, codebook = data.workers, data.codebook
    overall = narrative.overall(overall_rate(data), place=data.place)
    level = tabulate(workers, "hardship_level")
    pyramid = tabulate(workers, "age_five_year", within="sex")
    return [
        _exhibit(data, "level", BASIC, "困难职工的困难类别", level, draw="level_split",
                 say=lambda r: overall + narrative.split(r, codebook, subject="困难职工")),
        _by_level(data, "age_by_sex", "困难职工的性别与年龄", "age_by_sex"),
        _exhibit(data, "pyramid", BASIC, "困难职工的年龄构成（五岁组）", pyramid, within="sex", draw="age_pyramid"),
        _by_level(data, "education_band", "困难职工的文化程度", "ordered_bars"),
        _exhibit(data, "employment_status", BASIC, "困难职工的就业状况", tabulate(workers, "employment_status"),
                 say=lambda r: narrative.split(r, codebook, subject="困难职工", order="size"), draw="bar_of_shares", style=BY_SIZE),
        *_rates_by_unit(data),
    ]  # fmt: skip


def overall_rate(data: ReportData) -> pd.DataFrame:
    """`hardship_rate` of the wave as one row; `base_n` is missing where no denominator is known."""
    return _rate(data.workers, data.frames["population"])


def _rate(workers: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    if population["n"].notna().any():
        return hardship_rate(workers, population)
    unknown = {"base_n": pd.array([None], "Int64"), "share": [float("nan")], "left_out_n": [0]}
    return pd.DataFrame({"n": [len(workers)], **unknown})


def _by_level(data: ReportData, name: str, title: str, chart: str) -> Exhibit:
    """One variable within each level of hardship; said and drawn of the level that the reports single out."""
    worst = data.workers[data.workers["hardship_level"] == data.worst]
    if worst.empty:
        result = tabulate(data.workers, name)
        return _exhibit(data, name, BASIC, title, result, draw=chart,
                        say=lambda r: narrative.split(r, data.codebook, subject="困难职工"))  # fmt: skip
    subject = f"{data.codebook.variable('workers', 'hardship_level').label_of(data.worst)}职工"
    return _exhibit(
        data, name, BASIC, title, tabulate(data.workers, name, within="hardship_level"), within="hardship_level",
        about=tabulate(worst, name), about_title=title.replace("困难职工", subject), draw=chart,
        say=lambda r: narrative.split(r, data.codebook, subject=subject),
    )  # fmt: skip


def _rates_by_unit(data: ReportData) -> list[Exhibit]:
    population = data.frames["population"]
    if population.loc[population["unit"].notna(), "n"].isna().all():
        return []
    result = hardship_rate(data.workers, population, by="unit")
    return [
        _exhibit(data, "unit", BASIC, "各单位的困难职工与困难率", result, within="unit", draw="unit_rates",
                 say=lambda r: narrative.extremes(r, data.codebook, what="困难职工占职工总数的比重"))
    ]  # fmt: skip


def _named(result: pd.DataFrame) -> pd.DataFrame:
    """A table of causes without those that nobody names in any group."""
    counts = result.groupby("cause", observed=False)["n"].transform("sum")
    named = result[counts > 0]
    return named.assign(cause=named["cause"].cat.remove_unused_categories()).reset_index(drop=True)


def _causes(data: ReportData) -> list[Exhibit]:
    workers, causes, codebook = data.workers, data.frames["causes"], data.codebook
    if causes.empty:
        return []
    main, every = cause_table(workers, causes, mention="main"), cause_table(workers, causes)
    found = [
        _exhibit(data, id, CAUSES, title, _named(result), draw="cause_bars", style=BY_SIZE,
                 say=partial(narrative.leading, codebook=codebook, subject="困难职工", noun=noun))
        for id, title, noun, result in (
            ("cause_main", "困难职工的主要致困原因", "主要致困原因", main),
            ("cause_any", "困难职工提及的致困原因（可多项）", "提及的致困原因", every),
        )
    ]  # fmt: skip
    for by, title in (("age_ten_year", "主要致困原因与年龄"), ("education_band", "主要致困原因与文化程度")):
        result = _named(cause_table(workers, causes, by=by, mention="main"))
        found.append(
            _exhibit(data, f"cause_by_{by}", CAUSES, title, result, within=by, draw="causes_by_group", by=by,
                     say=partial(narrative.by_group, codebook=codebook, within=by, subject="困难职工"))
        )  # fmt: skip
    return found


def _trends(data: ReportData) -> list[Exhibit]:
    if data.all_workers["wave"].nunique() < 2:
        return []
    rates = _rates_by_wave(data)
    causes = data.all_workers["cause_main"]
    everyone = data.all_workers.assign(cause=causes) if causes.notna().any() else data.all_workers
    named = {
        "hardship_level": "困难类别",
        **_common_scales(data),
        "education_band": "文化程度",
        "age_by_sex": "性别与年龄",
    }
    found = {
        name: (f"各批次{what}的构成", trend(everyone, name, breaks="mark", definitions=data.definitions))
        for name, what in {**named, "cause": "主要致困原因"}.items()
        if name in everyone
    }
    compositions = [(name, what, _named(table) if name == "cause" else table) for name, (what, table) in found.items()]
    total = _exhibit(
        data, "trend_total", TRENDS, "各批次困难职工人数与困难率", rates, within="wave",
        say=lambda r: narrative.change(r, subject="困难职工"), draw="trend_lines" if rates["share"].notna().all() else "",
    )  # fmt: skip
    return [total] + [
        _exhibit(data, f"trend_{name}", TRENDS, title, result, within="wave", draw="trend_lines",
                 say=lambda r: narrative.shift(r, data.codebook, subject="困难职工"))
        for name, title, result in compositions
    ]  # fmt: skip


def _common_scales(data: ReportData) -> dict[str, str]:
    """The scales that at least two waves in a row share, where the scheme changed, and income by one rule, with their titles."""
    told = data.definitions
    shared = told.loc[told["comparable"], "variable"].unique()
    schemes = data.all_workers["hardship_scheme"].nunique()
    scales = [band for band in data.codebook.bands.values() if band.name in shared]
    known = data.all_workers.groupby("wave")["income_to_line"].count()
    return {
        b.name: b.label for b in scales if (b.schemes and schemes > 1) or (b.name == "income_level" and known.all())
    }


def _rates_by_wave(data: ReportData) -> pd.DataFrame:
    """One row a wave: n, and the rate where the wave has a denominator."""
    population = data.all_population
    rows = [
        _rate(workers, population[population["wave"] == wave]).assign(wave=wave)
        for wave, workers in data.all_workers.groupby("wave")
    ]
    return change(pd.concat(rows, ignore_index=True)[["wave", "n", "base_n", "share", "left_out_n"]])


def blocks(data: ReportData, shown: list[Exhibit], figures: Mapping[str, Path], outline: Outline) -> list[Block]:
    """The report: introduction, then the sections of `outline` that have exhibits or are left to write."""
    found: list[Block] = [Paragraph(_introduction(data))]
    if data.wave.note:
        found.append(Paragraph(data.wave.note))
    for section, own in outline.filled([*shown, _quality(data)]):
        if section.write:
            found.append(Placeholder(section.write, section.title, section.prompt))
        else:
            found += [Heading(1, section.title), *(block for exhibit in own for block in _blocks_of(exhibit, figures))]
    return found


def _quality(data: ReportData) -> Exhibit:
    totals = data.frames["totals"]
    words = narrative.quality(data.frames["sources"], data.frames["issues"], totals)
    table = totals_table(totals)
    return Exhibit("totals", "数据质量", table.title, totals, table, words)


def _introduction(data: ReportData) -> str:
    sources = data.frames["sources"]
    files = sources.loc[sources["rows_kept"].gt(0) & sources["kind"].ne("questionnaire"), "source_file"].nunique()
    day = data.wave.reference_date
    return (
        f"为掌握{data.place}困难职工的基本情况，根据各填报单位报送的{files}个文件，经逐行核对、去除重复后整理成本报告。"
        f"年龄计算到{day.year}年{day.month}月{day.day}日，均为周岁。现将有关情况报告如下。"
    )


def _blocks_of(exhibit: Exhibit, figures: Mapping[str, Path]) -> list[Block]:
    figure = figures.get(exhibit.id)
    where = f"（见{{表:{exhibit.id}}}" + (f"、{{图:{exhibit.id}}}）。" if figure else "）。")
    words = exhibit.words.removesuffix("。") if exhibit.words else f"{exhibit.title}如下"
    found: list[Block] = [Paragraph(words + where), TableBlock(exhibit.id, exhibit.table)]
    if figure:
        alt = f"{exhibit.figure_title}。{exhibit.words}"
        found.append(FigureBlock(exhibit.id, figure, exhibit.figure_title, alt))
    return found


def totals_table(totals: pd.DataFrame) -> DisplayTable:
    """Stated totals that do not agree with what was counted, with their cells."""
    words = {"differs": "不符", "cannot_tell": "无法核对", "agrees": "相符"}
    off = totals[totals["verdict"] != "agrees"]
    rows = tuple(
        (
            t["source_file"],
            t["source_sheet"],
            t["cell"],
            _number(t["stated"]),
            _number(t["computed"]),
            words[t["verdict"]],
        )
        for t in off.fillna({"source_sheet": ""}).to_dict("records")
    )
    return DisplayTable(
        title="上报合计与名册不符或无法核对的各项",
        columns=("文件", "工作表", "单元格", "上报数", "逐行合计", "核对结果"),
        kinds=("text", "text", "text", "count", "count", "text"),
        rows=rows or (("—", "—", "—", "—", "—", "全部相符"),),
    )


def _number(value: Any) -> float | str:
    return "…" if pd.isna(value) else float(value)
