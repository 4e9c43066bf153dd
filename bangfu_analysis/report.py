"""A wave -> its report: the files that may be passed on, and the quality page that stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bangfu_analysis.errors import CallError
from bangfu_analysis.exhibits.body import body
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.findings import find, headlines
from bangfu_analysis.exhibits.mechanisms import MechanismExhibit
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.sections import Outline, dimensions_of, report_settings
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.files import locked, write
from bangfu_analysis.opened import RELEASED, OpenWave, open_wave, wave_policy
from bangfu_analysis.progress import doing, steps
from bangfu_analysis.reading.apart import beside
from bangfu_analysis.release.gate import Released
from bangfu_analysis.release.scanner import scan, withdraw
from bangfu_analysis.reruns import REPORT_MARK, reasons, report_inputs, write_mark
from bangfu_analysis.study import cleaned_apart, wave_changes, wave_codebook
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.wave import TEMPLATE_FILE, Places, levels, load_wave, places, study_waves

if TYPE_CHECKING:
    from bangfu_analysis.pages.chart import Chart

RECORD, QUALITY = "发布记录", "数据质量"
NAMES = {"报告": "report.docx", "网页": "report.html", "幻灯": "report.pptx", "附表": "tables.xlsx"}
OFFICE = (
    "soffice", "libreoffice", r"C:\Program Files\LibreOffice\program\soffice.exe",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)  # fmt: skip
PDF_SECONDS, BY_HAND = 600, "在 Word、WPS 中另存为 PDF。"
LAST = "report_last.json"  # what report.docx said when it was written last


@dataclass(frozen=True)
class Report:
    """What `report_wave` made: the frames it is made from, and the files by what they are."""

    frames: Frames
    files: Mapping[str, Path]
    left_out: tuple[str, ...] = ()  # exhibits that contradict the rest, and why
    lacking: tuple[str, ...] = ()  # exhibits of exhibits.yaml that the wave has no data for
    merged: tuple[str, ...] = ()  # what people had changed in report.docx, and what became of it


def report_wave(folder: str | Path, *, out: str | Path | None = None) -> Report:
    """Tables, figures, quality page and report of a wave, at its `places`; left as they are where nothing
    changed.

    `out` receives two folders, `frames` (confidential) and `release` (what may be passed on).
    What people changed in an earlier report.docx at the same place stays, and is listed in `merged`.
    """
    wave, to = Path(folder), None if out is None else Path(out) / "frames"
    load_wave(wave)
    codebook = wave_codebook(wave)  # what is wrong in a settings file is told before hours of reading
    report_settings(wave, codebook)
    wave_policy(wave, dimensions_of(codebook))
    where, waves = places(wave, to), study_waves(wave)
    inputs = report_inputs(waves)
    files = {what: where.report / name for what, name in {**NAMES, RECORD: RELEASED}.items()}
    files[QUALITY] = where.frames / "quality.html"
    again, nothing = reasons(where.frames / REPORT_MARK, inputs), tuple[str, ...]()
    with cleaned_apart(waves[:-1] if again else ()):
        opened = open_wave(wave, out=to)
    left_out, merged, lacking = nothing, nothing, nothing
    if again:
        with locked(where.report):
            settings = report_settings(wave, codebook)
            quality = partial(_write_quality, opened, files[QUALITY])
            with beside(quality, long=False) as read_so:
                figures, left_out, merged = write_files(opened, files, where, *settings, before=read_so)
        lacking = _lacking(opened, files[RECORD], settings[0])
        write_mark(where.frames / REPORT_MARK, inputs, [*files.values(), *figures])
    made = {**files, "图": where.figures, "整洁数据": where.frames}
    return Report(opened.data.frames, made, left_out, lacking, merged)


def _lacking(opened: OpenWave, record: Path, recipes: Sequence[Recipe]) -> tuple[str, ...]:
    """What people ask for in exhibits.yaml and the wave has no data for; of one wave no change is expected.
    """
    made = {table["id"] for table in json.loads(record.read_text(encoding="utf-8"))["tables"]}
    several, first = ("mechanism", "questionnaire"), len(opened.data.waves) == 1
    own = [each for each in recipes if each.added and each.make not in several and each.id not in made]
    absent = [each for each in own if not (first and each.over_waves)]
    return tuple(f"{each.added}：{opened.lacks(each)}请检查 by、where 等所写的内容。" for each in absent)


def as_pdf(document: Path) -> Path:
    """The report as a PDF beside it, by LibreOffice; CallError where it is not installed or does not do it.
    """
    program = next(filter(None, map(shutil.which, OFFICE)), None)
    if program is None:
        message = "没有找到 LibreOffice，不能写 PDF，其余文件已写好。请安装后重新运行，"
        raise CallError(f"{message}或{BY_HAND}")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}"
        command = [program, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(document)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PDF_SECONDS)
            content = (Path(folder) / document.with_suffix(".pdf").name).read_bytes()
        except (OSError, subprocess.SubprocessError) as fault:
            raise CallError(f"LibreOffice 没有写出 {document.name} 的 PDF。请{BY_HAND}") from fault
    return write(document.with_suffix(".pdf"), content)


def write_files(
    opened: OpenWave, files: Mapping[str, Path], where: Places, recipes: Sequence[Recipe], outline: Outline,
    told: Sequence[str] = (), before: Callable[[], object] = lambda: None,
) -> tuple[list[Path], tuple[str, ...], tuple[str, ...]]:
    """Write the files of a report (`told`: what else it says at its end; `before`: what must be there before
    all files are searched); returns those of its figures, what was left out, and what was merged.
    """
    from bangfu_analysis.exhibits.wording import date_words
    from bangfu_analysis.pages.charts import charts_of
    from bangfu_analysis.pages.excel import tables_book
    from bangfu_analysis.pages.html import write_report_page
    from bangfu_analysis.pages.report import report_blocks, report_title
    from bangfu_analysis.pages.slides import deck
    from bangfu_analysis.pages.word import edited, write_report

    data = opened.data
    shown, released = opened.released(recipes)
    title, document = report_title(data, outline), files["报告"]
    points, charts = find(shown), charts_of(shown)
    found, kept = {point.exhibit for point in points}, edited(document, where.frames / LAST)
    chosen = body(shown, found=found, kept=kept, drawn=lambda each: each.id in charts)
    figures = _figures(_drawn(chosen, charts), where.figures)
    tables = _tables(shown)
    notes = (*released.notes, *told, f"全部{len(tables)}张表列在附表{files['附表'].name}中。")
    drawings = {id: paths[0] for id, paths in figures.items()}
    content = report_blocks(data, chosen, points, drawings, outline, notes)
    written = write_report(
        content, document, title=title, subtitle=outline.union, date=data.wave.reference_date,
        template=_template(data.wave.folder), last=where.frames / LAST,
    )
    day = f"（{date_words(data.wave.reference_date)}）"
    cover = [written.title.replace("\n", ""), *filter(None, [outline.union, day])]
    by_id = {each.id: each for each in shown}
    slides = [(point.sentence, by_id[point.exhibit]) for point in points]
    pages: list[Callable[[], Path]] = [
        lambda: write_report_page(document, files["网页"]),
        lambda: write(files["幻灯"], deck(slides, cover=cover)),
        lambda: write(files["附表"], tables_book(tables, charts, title=title)),
    ]
    for page in steps("写出网页、幻灯和附表", pages):
        page()
    drawn = [path for paths in figures.values() for path in paths]
    before()
    _pass_on(opened, released, files, drawn)
    doubts = () if opened.policy.rounding > 1 else _contradictions(document)  # rounded parts need not add up
    return drawn, (*released.left_out, *doubts), written.messages


def _template(folder: Path) -> Path | None:
    """The template.docx nearest to a wave: its own, or its study's."""
    templates = [path for level in levels(folder) if (path := level / TEMPLATE_FILE).exists()]
    return templates[-1] if templates else None


def _write_quality(opened: OpenWave, target: Path) -> Path:
    """How the wave was read, and what is new in it."""
    from bangfu_analysis.pages.html import write_quality

    data, changes = opened.data, wave_changes(opened.settings.folder, out=opened.out)
    return write_quality(target, data.frames, wave=data.wave, codebook=data.codebook, changes=changes)


def _contradictions(document: Path) -> list[str]:
    """What a report says that does not hold together."""
    from bangfu_analysis.checking.report import check_report

    faults = check_report(document).faults.to_dict("records")
    return [f"报告自核：{row['place']}：{row['found']}，应为{row['expected']}。" for row in faults]


@doing("检查有无个人信息")
def _pass_on(opened: OpenWave, released: Released, files: Mapping[str, Path], drawn: list[Path]) -> None:
    """Search all that was written for what is a person's, write release.json, withdraw what was met."""
    hits = scan([*(path for what, path in files.items() if what != RECORD), *drawn], opened.search)
    sent = [path for what, path in files.items() if what not in (RECORD, QUALITY)]
    opened.record(released, scanned={"files": len(sent) + len(drawn), "hits": len(hits)})
    withdraw(hits)


def _tables(shown: list[Exhibit]) -> dict[str, DisplayTable]:
    grouped = [each for each in shown if isinstance(each, MechanismExhibit) and each.by]
    tables = {each.id: each.table for each in shown if each.frame.columns.size and each.table.rows}
    return tables | {f"{each.id}_overall": each.whole_table for each in grouped}


def _drawn(shown: list[Exhibit], charts: Mapping[str, Chart]) -> dict[str, Chart]:
    heads = headlines(shown)  # the caption says what is drawn: the title, what it shows
    ids = [each.id for each in shown if "figure" in each.recipe.show and each.id in charts]
    return {id: replace(charts[id], title=heads.get(id, "")) for id in ids}


def _figures(charts: Mapping[str, Chart], folder: Path) -> dict[str, list[Path]]:
    """The files of the charts; half of them are drawn beside the others."""
    ids = [*charts]
    with beside(partial(_saved, charts, ids[1::2], folder), long=False) as others:
        mine = _saved(charts, ids[::2], folder)
        figures = mine | others()
    return {id: figures[id] for id in ids}


def _saved(charts: Mapping[str, Chart], ids: Sequence[str], folder: Path) -> dict[str, list[Path]]:
    from bangfu_analysis.pages.figures import figure_of
    from bangfu_analysis.pages.theme import save_figure

    return {id: save_figure(figure_of(charts[id]), folder, id) for id in steps("制图", ids)}
