"""A wave folder -> frames -> report: the one place that strings the floors together."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bangfu_analysis.codebook import PACKAGE_CODEBOOKS, Codebook, load_codebook, read_yaml
from bangfu_analysis.errors import CallError, CodebookError, listed
from bangfu_analysis.findings import Finding
from bangfu_analysis.keys import load_key
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.tidy.corrections import apply_answers, queries_frame, read_answers, write_queries
from bangfu_analysis.tidy.frames import Frames, tidy_frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook, book_from, book_yaml, draft_book, with_book
from bangfu_analysis.tidy.questionnaires import questionnaire_frames, without_copied_exports
from bangfu_analysis.tidy.schemas import check
from bangfu_analysis.tidy.screening import apply_decisions
from bangfu_analysis.wave import (
    BOOK_FILE,
    OUTLINE_FILE,
    OWN_FILES,
    REPORT_FILES,
    SCREENING_FILE,
    SETTINGS_FILE,
    TEMPLATE_FILE,
    Wave,
    load_wave,
    next_settings,
)

if TYPE_CHECKING:
    from bangfu_analysis.outline import ReportData
    from bangfu_analysis.reporting.theme import Figure

Progress = Callable[[Sequence[Path]], Iterable[Path]]
FINGERPRINT = "inputs.sha256"
NOTHING_READ = ("unreadable", "notes", "empty")


@dataclass(frozen=True)
class Places:
    """Where the outputs of a wave go."""

    frames: Path
    figures: Path
    report: Path


def places(folder: Path, out: Path | None = None) -> Places:
    """Output folders of the wave in `folder`: of the project where it lies under data/raw, else `<wave>/_out`, or `out`."""
    wave = folder.resolve()
    raw = wave.parent.parent
    if out is None and (raw.name, raw.parent.name) == ("raw", "data"):
        root, own = raw.parent.parent, Path(wave.parent.name) / wave.name
        return Places(root / "data" / "processed" / own, root / "figures" / own, root / "reports" / own)
    chosen = out.resolve() if out else wave / "_out"
    return Places(chosen, chosen / "figures", chosen)


def wave_files(folder: Path) -> list[Path]:
    """The files as received, in order of name: not the wave's own files, hidden ones, lock files or outputs."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not _is_own(path)
        and not any(part.startswith((".", "~$", "_out")) for part in path.relative_to(folder).parts)
    )


def _is_own(path: Path) -> bool:
    return path.name in (*OWN_FILES, *REPORT_FILES) or (path.name.startswith("corrections") and path.suffix == ".xlsx")


def find_wave(study: str, wave: str, start: Path | None = None) -> Path:
    """The folder data/raw/<study>/<wave> of the project that `start` (the working folder) lies in.

    CallError names the waves that there are.
    """
    here = (start or Path.cwd()).resolve()
    for root in (here, *here.parents):
        folder = root / "data" / "raw" / study / wave
        if folder.is_dir():
            return folder
    known = [
        f"{p.parent.parent.name}/{p.parent.name}"
        for root in (here, *here.parents)
        for p in root.glob(f"data/raw/*/*/{SETTINGS_FILE}")
    ]
    raise CallError(
        f"找不到批次 data/raw/{study}/{wave}。现有批次：{listed(sorted(known)) or '无'}。请检查 study 与 wave。"
    )


def wave_codebook(folder: Path) -> Codebook:
    """The package's codebook with the study's codebook.yaml and the wave's mapping.yaml laid over it."""
    return load_codebook(folder.resolve().parent / "codebook.yaml", folder / "mapping.yaml")


def levels(folder: Path) -> tuple[Path, Path]:
    """Where settings of a report may lie: the study's folder, then the wave's, which prevails."""
    return folder.resolve().parent, folder.resolve()


def own_template(folder: Path) -> Path | None:
    """The union's own template.docx in the wave's or the study's folder; None where there is none."""
    found = [level / TEMPLATE_FILE for level in levels(folder) if (level / TEMPLATE_FILE).exists()]
    return found[-1] if found else None


def study_waves(folder: Path) -> list[Path]:
    """The wave folders of the study that `folder` is a wave of, in order of their reference dates, up to this one."""
    this = load_wave(folder)
    waves = [load_wave(path.parent) for path in sorted(folder.resolve().parent.glob(f"*/{SETTINGS_FILE}"))]
    earlier = [wave for wave in waves if wave.reference_date <= this.reference_date]
    return [wave.folder for wave in sorted(earlier, key=lambda wave: (wave.reference_date, wave.name))]


def read_wave(
    wave: Wave, codebook: Codebook, *, executor: Executor | None = None, progress: Progress = iter
) -> list[SheetReading]:
    """How every sheet of every file of the wave is read; `executor` reads files in parallel."""
    files = wave_files(wave.folder)
    read = partial(_read, folder=wave.folder, codebook=codebook, include_hidden=wave.include_hidden)
    if executor is None:
        return [sheet for path in progress(files) for sheet in read(path)]
    done = executor.map(read, files)
    return [sheet for _, sheets in zip(progress(files), done, strict=True) for sheet in sheets]


def _read(path: Path, folder: Path, codebook: Codebook, include_hidden: bool = False) -> list[SheetReading]:
    return read_file(path, path.relative_to(folder).as_posix(), codebook, include_hidden=include_hidden)


def clean_wave(
    folder: Path, *, out: Path | None = None, executor: Executor | None = None, progress: Progress = iter
) -> Frames:
    """Raw wave -> tidy frames, checked against their schemas and written as parquet; see tidy_frames for what is in them."""
    wave = load_wave(folder)
    codebook = wave_codebook(folder)
    key = load_key()
    read = _told_apart(read_wave(wave, codebook, executor=executor, progress=progress), folder)
    sheets, replayed = apply_answers(with_questionnaire_files(read, folder), read_answers(folder), key)
    frames = tidy_frames(sheets, codebook, wave, key, replayed)
    for name, frame in frames.items():
        check(frame, name, codebook)
    _write(frames, places(folder, out).frames, _fingerprint(folder))
    return frames


def _told_apart(sheets: list[SheetReading], folder: Path) -> list[SheetReading]:
    """The sheets, with a finding for each file that gave nothing, and one for a folder without files."""
    if not sheets:
        message = f"{folder.name} 文件夹中没有可读取的文件。请把各单位上报的表格（.xlsx .xls .csv 等）放入该文件夹。"
        return [SheetReading("", "", "empty", reason=message, findings=(Finding("no_files", message, "error"),))]
    return sheets


def with_questionnaire_files(sheets: list[SheetReading], folder: Path) -> list[SheetReading]:
    """The readings with copies of a questionnaire set aside, questionnaire.yaml laid over it and screening.yaml replayed.

    Where a wave has several questionnaires, `file:` in these says which one is meant; CodebookError where that is not clear.
    """
    sheets = without_copied_exports(sheets)
    for name, apply in ((BOOK_FILE, with_book), (SCREENING_FILE, apply_decisions)):
        if (folder / name).exists():
            content = read_yaml(folder / name)
            chosen = _questionnaire_of(sheets, str(content.pop("file", "")), name)
            sheets = [apply(sheet, content) if sheet is chosen else sheet for sheet in sheets]
    return sheets


def _questionnaire_of(sheets: Sequence[SheetReading], file: str, where: str) -> SheetReading:
    known = [sheet for sheet in sheets if sheet.questions is not None and not sheet.set_aside]
    chosen = [sheet for sheet in known if not file or sheet.file == file]
    if len(chosen) != 1:
        files = listed(sheet.file for sheet in known) or "无"
        raise CodebookError(f"{where}：本批次的问卷有：{files}。请在其中写一行 file: 文件名，说明是哪一份。")
    return chosen[0]


def draft_questionnaire(folder: Path, file: str = "") -> Path:
    """Write questionnaire.yaml, drafted from the wave's questionnaire, for the researcher to complete; returns its path.

    An existing one is left as it is. `file` says which export is meant where the wave has several.
    """
    path = folder / BOOK_FILE
    if not path.exists():
        wave = load_wave(folder)
        reading = _questionnaire_of(read_wave(wave, wave_codebook(folder)), file, BOOK_FILE)
        book = draft_book(*questionnaire_frames(reading))
        path.write_text((f"file: {file}\n" if file else "") + book_yaml(book), encoding="utf-8")
    return path


def questionnaire_book(folder: Path, frames: Frames) -> QuestionnaireBook:
    """The wave's questionnaire.yaml; without one, what the frames of its only questionnaire say (nothing of several)."""
    if (folder / BOOK_FILE).exists():
        return book_from(read_yaml(folder / BOOK_FILE))
    if "questions" not in frames or frames["questions"]["question_id"].duplicated().any():
        return QuestionnaireBook({})
    return draft_book(frames["questions"], frames["responses"])


def _write(frames: Frames, folder: Path, fingerprint: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FINGERPRINT).unlink(missing_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / FINGERPRINT).write_text(fingerprint, encoding="ascii")


def _fingerprint(folder: Path) -> str:
    """SHA-256 over everything that the frames depend on: files, settings, codebooks, this package's code, and the key."""
    code = sorted(Path(__file__).parent.rglob("*.py"))
    inputs = [
        *wave_files(folder),
        *(p for p in sorted(folder.iterdir()) if _is_own(p) and p.name not in REPORT_FILES),
        folder.resolve().parent / "codebook.yaml",
    ]
    digest = hashlib.sha256(hmac.new(load_key(), b"bangfu_analysis", hashlib.sha256).digest())
    for path in [*inputs, *sorted(PACKAGE_CODEBOOKS.glob("*.yaml")), *code]:
        if path.exists():
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def wave_frames(folder: Path, *, out: Path | None = None, progress: Progress = iter) -> Frames:
    """The tidy frames of a wave: loaded where nothing that they depend on has changed, else cleaned anew."""
    stored = places(folder, out).frames
    mark = stored / FINGERPRINT
    if mark.exists() and mark.read_text(encoding="ascii") == _fingerprint(folder):
        return {path.stem: pd.read_parquet(path) for path in sorted(stored.glob("*.parquet"))}
    return clean_wave(folder, out=out, progress=progress)


def could_not_read(frames: Frames) -> pd.DataFrame:
    """The files that gave nothing (refused, empty, or without any table), one row each with the reason."""
    sources = frames["sources"]
    nothing = sources["kind"].isin(NOTHING_READ).groupby(sources["source_file"]).transform("all")
    broken = sources[nothing | sources["kind"].eq("unreadable")]
    return broken.drop_duplicates("source_file")[["source_file", "source_sheet", "kind", "reason"]].reset_index(
        drop=True
    )


def inspect(path: Path, progress: Progress = iter) -> list[SheetReading]:
    """How a file, or every file of a folder, would be read; nothing is written. A folder needs no wave.toml for this."""
    if not path.exists():
        raise CallError(f"找不到 {path}。请检查路径。")
    folder = path if path.is_dir() else path.parent
    files = wave_files(path) if path.is_dir() else [path]
    codebook = wave_codebook(folder)
    return [sheet for file in progress(files) for sheet in _read(file, folder, codebook)]


def study_frames(folder: Path) -> Frames:
    """The frames of all waves of the study up to this one, stacked on what they share; see stack_waves, also for `definitions`."""
    from bangfu_analysis.tidy.waves import stack_waves

    waves = study_waves(folder)
    frames = {wave.name: wave_frames(wave) for wave in waves}
    return stack_waves(frames, [load_wave(wave) for wave in waves], wave_codebook(folder))


def new_wave(study: Path, name: str) -> Path:
    """The folder of the next wave: last wave's mapping.yaml, and its wave.toml with the year moved on, to be confirmed.

    Stated totals and denominators are kept as comments, since they are the last wave's. CallError where the study has no
    wave yet or this one exists.
    """
    waves = sorted(study.glob(f"*/{SETTINGS_FILE}"), key=lambda path: load_wave(path.parent).reference_date)
    folder = study / name
    if not waves or folder.exists():
        why = (
            f"已有文件夹 {folder}"
            if folder.exists()
            else f"{study} 中还没有带 {SETTINGS_FILE} 的批次，没有可沿用的设置"
        )
        raise CallError(f"无法建立新批次：{why}。请检查调查文件夹与批次名。")
    last = waves[-1].parent
    folder.mkdir()
    (folder / SETTINGS_FILE).write_text(
        next_settings(waves[-1].read_text(encoding="utf-8-sig"), name), encoding="utf-8"
    )
    if (last / "mapping.yaml").exists():
        (folder / "mapping.yaml").write_bytes((last / "mapping.yaml").read_bytes())
    return folder


def query_units(folder: Path, *, progress: Progress = iter) -> list[Path]:
    """Workbooks of questions to send back, one a reporting unit and one of all, written to the report folder of the wave.

    Answered, they lie in the wave folder as corrections.xlsx (several: corrections_<unit>.xlsx) and are replayed by every clean.
    """
    wave, codebook, key = load_wave(folder), wave_codebook(folder), load_key()
    frames = wave_frames(folder, progress=progress)
    sheets, _ = apply_answers(read_wave(wave, codebook, progress=progress), read_answers(folder), key)
    return write_queries(queries_frame(frames["issues"], frames["workers"], sheets, key), places(folder).report)


def save_figures(folder: Path, **figures: Figure) -> list[Path]:
    """Write each figure under its name to the figures folder of the wave, as PNG and SVG."""
    from bangfu_analysis.reporting.theme import save_figure

    where = places(folder).figures
    return [path for name, figure in figures.items() for path in save_figure(figure, where, name)]


@dataclass(frozen=True)
class Report:
    """What `report_wave` made: the frames it is made from, and the files by what they are."""

    frames: Frames
    files: Mapping[str, Path]


def report_data_of(folder: Path, *, out: Path | None = None, progress: Progress = iter) -> ReportData:
    """Everything that the report of a wave is made from: its frames and those of the study's earlier waves."""
    from bangfu_analysis.outline import report_data

    *earlier, wave = [load_wave(path) for path in study_waves(folder)]
    frames = {each.name: wave_frames(each.folder, progress=progress) for each in earlier}
    frames[wave.name] = wave_frames(folder, out=out, progress=progress)
    return report_data(frames, [*earlier, wave], wave_codebook(folder), questionnaire_book(folder, frames[wave.name]))


def report_wave(folder: Path, *, out: Path | None = None, progress: Progress = iter) -> Report:
    """Tables, figures, quality page and report of a wave, written to `places(folder, out)`.

    What the researcher wrote into an earlier report.docx at the same place is carried over.
    """
    from bangfu_analysis.outline import blocks, exhibits
    from bangfu_analysis.reporting.excel import write_tables
    from bangfu_analysis.reporting.html import write_quality
    from bangfu_analysis.reporting.sections import load_outline
    from bangfu_analysis.reporting.theme import save_figure
    from bangfu_analysis.reporting.word import write_report

    data = report_data_of(folder, out=out, progress=progress)
    where = places(folder, out)
    where.report.mkdir(parents=True, exist_ok=True)
    shown = exhibits(data)
    figures = {each.id: save_figure(each.draw(), where.figures, each.id)[0] for each in shown if each.draw}
    outline = load_outline(*(level / OUTLINE_FILE for level in levels(folder)))
    title = outline.title.replace("{place}", data.place)
    document, tables = where.report / "report.docx", where.report / "tables.xlsx"
    write_report(
        blocks(data, shown, figures, outline), document, title=title, subtitle=outline.union, date=data.wave.reference_date,
        template=own_template(folder), carry_over_from=document,
    )  # fmt: skip
    write_tables({each.id: each.table for each in shown}, tables, title=title)
    quality = write_quality(where.report / "quality.html", data.frames, wave=data.wave, codebook=data.codebook)
    files = {"报告": document, "附表": tables, "数据质量": quality, "图": where.figures, "整洁数据": where.frames}
    return Report(data.frames, files)
