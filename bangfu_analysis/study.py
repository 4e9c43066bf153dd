"""A wave folder -> frames -> report: the one place that strings the floors together."""

from __future__ import annotations

import datetime
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from bangfu_analysis import reruns
from bangfu_analysis.codebook import Codebook, load_codebook
from bangfu_analysis.errors import BangfuError, CallError, CodebookError
from bangfu_analysis.files import locked, write
from bangfu_analysis.findings import Finding
from bangfu_analysis.keys import load_key
from bangfu_analysis.linkage.candidates import candidates
from bangfu_analysis.linkage.links import Links, link_frames, read_decisions, review_links
from bangfu_analysis.pages.notebook import mark_raw_frames
from bangfu_analysis.progress import doing, steps
from bangfu_analysis.questionnaire_settings import (
    asked_by,
    questionnaire_of,
    questionnaires_in,
    with_questionnaire_files,
)
from bangfu_analysis.reading.apart import beside, read_apart
from bangfu_analysis.reading.locate import read_file, unreadable
from bangfu_analysis.reading.tables import Column, SheetReading, Table
from bangfu_analysis.release.scanner import Search, codes_of, scan, withdraw
from bangfu_analysis.settings import read_settings
from bangfu_analysis.text import heading_key
from bangfu_analysis.tidy import questionnaire_book as books
from bangfu_analysis.tidy import settings_book
from bangfu_analysis.tidy.corrections import apply_answers, queries_frame, read_answers, write_queries
from bangfu_analysis.tidy.derive import with_bands
from bangfu_analysis.tidy.frames import Frames, tidy_frames
from bangfu_analysis.tidy.questionnaires import questionnaire_frames
from bangfu_analysis.tidy.schemas import check, typed
from bangfu_analysis.tidy.waves import layout_changes, layout_frame
from bangfu_analysis.wave import (
    BOOK_FILE,
    IGNORED,
    SETTINGS_BOOK,
    SETTINGS_FILE,
    Wave,
    codebooks,
    decisions,
    load_wave,
    not_read,
    places,
    shown,
    study_waves,
    wave_files,
)
from bangfu_analysis.words import MOST_ROWS
from bangfu_analysis.words import Words as Vocabulary

TOGETHER = 25  # files that an executor is given at once
NAMES = "names.codes"  # beside the frames: keyed hashes of the names, by which a scan knows them
NOTHING_READ = ("unreadable", "notes", "empty")


def wave_codebook(folder: Path) -> Codebook:
    """The package's codebook with the study's codebook.yaml, the wave's mapping.yaml and 设置.xlsx laid over
    it.
    """
    below = load_codebook(*codebooks(folder), files=partial(_names_of_files, folder))
    if not (folder / SETTINGS_BOOK).exists():
        return below
    files = _names_of_files(folder)
    overlay = settings_book.settings_overlay(folder, below, files)
    try:
        return load_codebook(*codebooks(folder), overlay)
    except CodebookError as fault:
        raise CodebookError(settings_book.located(folder, str(fault))) from fault


def _names_of_files(folder: Path) -> set[str]:
    """What mapping.yaml may call the files of a wave: their names, with or without the folder."""
    names = [shown(path, folder) for path in (*wave_files(folder), *not_read(folder))]
    return {*names, *(name.rpartition("/")[2] for name in names)}


def write_settings(folder: Path) -> Path:
    """Write 设置.xlsx into the wave's folder: what the wave leaves open, with drop-downs; what was chosen
    there stays.
    """
    wave, codebook = load_wave(folder), wave_codebook(folder)
    sheets, screenings = asked_by(read_wave(wave, codebook), folder)
    replies = (settings_book.open_replies(s, screenings.get(s.file, {})) for s in questionnaires_in(sheets))
    return settings_book.write_settings(chain(settings_book.open_things(sheets, codebook), *replies), folder)


def read_wave(wave: Wave, codebook: Codebook, *, executor: Executor | None = None) -> list[SheetReading]:
    """How every sheet of every file of the wave is read; `executor` reads files in parallel."""
    files = wave_files(wave.folder)
    read = partial(_read, folder=wave.folder, codebook=codebook, include_hidden=wave.include_hidden)
    if executor is None:
        done = read(files)
    else:
        some = [files[n : n + TOGETHER] for n in range(0, len(files), TOGETHER)]
        done = chain.from_iterable(executor.map(partial(_all_read, read), some))
    readings = [sheet for _, sheets in zip(steps("读取文件", files), done, strict=True) for sheet in sheets]
    return sorted([*readings, *_not_read(wave.folder)], key=lambda sheet: sheet.file)


def _read(
    files: Sequence[Path], folder: Path, codebook: Codebook, include_hidden: bool = False
) -> Iterator[list[SheetReading]]:
    """The sheets of each of `files`, read apart; one that cannot be read is a sheet of kind `unreadable`."""
    read = partial(_read_one, folder=folder, codebook=codebook, include_hidden=include_hidden)
    return read_apart(files, read, lambda path, why: [unreadable(shown(path, folder), f"{why}，未读取")])


def _all_read(
    read: Callable[[Sequence[Path]], Iterable[list[SheetReading]]], files: Sequence[Path]
) -> list[list[SheetReading]]:
    return list(read(files))


def _read_one(path: Path, folder: Path, codebook: Codebook, include_hidden: bool) -> list[SheetReading]:
    return read_file(path, shown(path, folder), codebook, include_hidden=include_hidden)


def _not_read(folder: Path) -> list[SheetReading]:
    """What stands for the files of a wave that are ignored by name (nothing to worry about) or cannot be
    opened.
    """
    kinds = {IGNORED: "other"}
    reasons = not_read(folder).items()
    return [unreadable(shown(path, folder), why, kind=kinds.get(why, "unreadable")) for path, why in reasons]


def clean_wave(
    folder: str | Path, *, out: str | Path | None = None, executor: Executor | None = None
) -> Frames:
    """Raw wave -> tidy frames, checked against their schemas and written as parquet; see tidy_frames for what
    is in them.
    """
    folder, out = Path(folder), None if out is None else Path(out)
    wave, codebook = load_wave(folder), wave_codebook(folder)
    # before reading: what changes meanwhile is read again next time
    key, made_from = load_key(), reruns.wave_inputs(folder)
    where = places(folder, out).frames
    with locked(where), _collector_paused():
        read = read_wave(wave, codebook, executor=executor) or [_nothing_in(folder)]
        with doing("整理数据"):
            asked = with_questionnaire_files(read, folder)
            sheets, replayed = apply_answers(asked, read_answers(folder), key)
            frames = tidy_frames(sheets, codebook, wave, key, [*replayed, *_unused(folder, sheets)])
            frames["layout"] = typed(layout_frame(sheets, wave.name), "layout", codebook)
            known, used = frames["population"].get("unit", pd.Series()), frames["workers"]["reporting_unit"]
            settings_book.check_units(folder, [*known.dropna().unique()], [*used.dropna().unique()])
            if wave.sample:  # whose columns can be looked for only now
                load_wave(folder, columns=_columns(sheets, frames))
            for name, frame in frames.items():
                check(frame, name, codebook)
            _store(frames, codes_of(_names_in(sheets), key), where, made_from)
    return frames


def _columns_of(sheets: Sequence[SheetReading]) -> list[tuple[Table, Column]]:
    return [(table, column) for sheet in sheets for table in sheet.tables for column in table.columns]


def _names_in(sheets: Sequence[SheetReading]) -> Iterator[str]:
    """What stands in columns of names."""
    named = [(t, c) for t, c in _columns_of(sheets) if c.variable and c.variable.kind == "name"]
    return (str(value) for table, column in named for value in table.body[column.index].dropna().unique())


def wave_search(folder: Path, *, out: Path | None = None) -> Search:
    """What is searched for in all that is made of a wave: the names of its raw files, that are no words.

    Words are those of the codebook, the units of the population sheet, places of several workers. Numbers
    alone, where the wave has not been cleaned.
    """
    where = places(folder, out).frames
    if not (where / NAMES).exists():
        return Search()
    codes = (where / NAMES).read_text(encoding="utf-8").split()
    workers = pd.read_parquet(where / "workers.parquet", columns=["employer", "reporting_unit", "district"])
    rows = pd.concat([workers[name].astype(object) for name in workers]).value_counts()
    units = pd.read_parquet(where / "population.parquet").get("unit", pd.Series(dtype=object)).dropna()
    known = Vocabulary(wave_codebook(folder), [*rows.index[rows >= MOST_ROWS], *units]).known
    return Search(frozenset(codes), load_key(), known)


def _columns(sheets: Sequence[SheetReading], frames: Frames) -> dict[str, bool]:
    """What a setting may call a column (of the frames, headings of the files, questions) -> whether it holds
    numbers.
    """
    of_all = [(t, c) for t, c in _columns_of(sheets) if not (c.variable and c.variable.identifying)]
    cells = ((c.heading, pd.to_numeric(t.body[c.index], errors="coerce")) for t, c in of_all)
    questions = frames["questions"]["question_id"].astype("str") if "questions" in frames else ()
    held = {str(name): is_numeric_dtype(each) for frame in frames.values() for name, each in frame.items()}
    headings = {name: bool(each.notna().any()) for name, each in cells}
    return {**held, **headings, **dict.fromkeys(questions, True), **held}


def _unused(folder: Path, sheets: Sequence[SheetReading]) -> list[Finding]:
    """A finding for each heading of mapping.yaml that stands in no file of the wave."""
    path = folder / "mapping.yaml"
    mapped = read_settings(path, "codebook").get("headings", {}) if path.exists() else {}
    met = {heading_key(part) for _, column in _columns_of(sheets) for part in column.heading.split("/")}
    message = "mapping.yaml：headings 中的列名“{}”在本批次的文件中没有。请检查写法，或删去这一行。"
    return [
        Finding("mapping_unused", message.format(heading), source_file="mapping.yaml", raw=heading)
        for heading in mapped
        if not {heading_key(heading), heading_key(heading.rpartition("/")[2])} & met
    ]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Cells, readings and findings hold no cycles: the collector's rounds among them are a fifteenth of a
    clean, for nothing.
    """
    resume = gc.enable if gc.isenabled() else gc.disable
    gc.disable()
    try:
        yield
    finally:
        resume()


def _nothing_in(folder: Path) -> SheetReading:
    """What stands for a folder without files: a finding that says so."""
    to_do = "请把各单位上报的表格（.xlsx .xls .csv 等）放入该文件夹。"
    message = f"{folder.name} 文件夹中没有可读取的文件。{to_do}"
    return SheetReading("", "", "empty", reason=message, findings=(Finding("no_files", message, "error"),))


def draft_questionnaire(folder: str | Path, file: str = "") -> Path:
    """Write questionnaire.yaml, drafted from the wave's questionnaire, for the researcher to complete;
    returns its path.

    An existing one is left as it is. `file` says which export is meant where the wave has several.
    """
    folder, path = Path(folder), Path(folder) / BOOK_FILE
    if not path.exists():
        wave, codebook = load_wave(folder), wave_codebook(folder)
        reading = questionnaire_of(read_wave(wave, codebook), file, BOOK_FILE)
        book = books.draft_book(*questionnaire_frames(reading), codebook)
        write(path, (f"file: {file}\n" if file else "") + books.book_yaml(book))
    return path


def questionnaire_book(folder: Path, frames: Frames) -> books.QuestionnaireBook:
    """The wave's questionnaire.yaml; without one, what the frames of its only questionnaire say (nothing of
    several).
    """
    if (folder / BOOK_FILE).exists():
        return books.book_from(read_settings(folder / BOOK_FILE, "questionnaire"))
    if "questions" not in frames or frames["questions"]["question_id"].duplicated().any():
        return books.QuestionnaireBook({})
    return books.draft_book(frames["questions"], frames["responses"], wave_codebook(folder))


def _store(frames: Frames, names: Sequence[str], folder: Path, made_from: reruns.Inputs) -> None:
    with ThreadPoolExecutor(2) as threads:
        made = threads.map(lambda frame: frame.to_parquet(index=False), frames.values())
        content = dict(zip((f"{name}.parquet" for name in frames), made, strict=True))
    content[NAMES] = "\n".join(names).encode()
    written = [write(folder / name, each, private=True) for name, each in content.items()]
    reruns.write_mark(folder / reruns.MARK, made_from, written)


def wave_frames(
    folder: Path, *, clean: bool = True, out: Path | None = None, executor: Executor | None = None
) -> Frames:
    """The tidy frames of a wave: loaded where nothing that they depend on has changed, else cleaned anew.

    clean=False: those that a clean has left, however old; CallError where there are none.
    """
    if not clean:
        where = places(folder, out).frames
        if files := sorted(where.glob("*.parquet")):
            return {file.stem: pd.read_parquet(file) for file in files}
        raise CallError(f"{where} 中没有整洁数据。请先运行 bangfu clean {folder}，或去掉 clean=False。")
    if reruns.due(folder, out):
        return clean_wave(folder, out=out, executor=executor)
    return {name: pd.read_parquet(file) for name, file in reruns.stored(folder, out).items()}


@contextmanager
def cleaned_apart(waves: Iterable[Path]) -> Iterator[None]:
    """Those of the waves that are due are cleaned meanwhile, two at a time; what fails there says so when its
    frames are asked for.
    """
    load_key()  # made once, by this process
    stale = [wave for wave in waves if reruns.due(wave)]
    with ExitStack() as stack:
        some = filter(None, (stale[::2], stale[1::2]))
        ends = [stack.enter_context(beside(partial(_clean_each, each), long=True)) for each in some]
        yield
        for end in ends:
            end()


def _clean_each(waves: Sequence[Path]) -> None:
    for wave in waves:
        with suppress(BangfuError):
            wave_frames(wave)


def read_workbook(
    path: str | Path, codebook: Codebook | None = None, *, reference_date: str | None = None
) -> Frames:
    """One file -> its tidy frames, `workers` with bands and `unit`; no wave.toml is needed and nothing is
    written.

    `reference_date` (ISO) is the day to which ages are counted: without it, today.
    """
    path = Path(path)
    if not path.is_file():
        raise CallError(f"找不到文件 {path}。请检查路径。")
    day = datetime.date.fromisoformat(reference_date) if reference_date else datetime.date.today()
    book = codebook or wave_codebook(path.parent)
    sheets = [sheet for each in _read([path], path.parent, book) for sheet in each]
    frames = tidy_frames(sheets, book, Wave(path.parent, day), load_key())
    mark_raw_frames()
    return {**frames, "workers": with_bands(frames["workers"], book)}


def why(folder: Path, *, out: Path | None = None, report: bool = True) -> list[tuple[str, list[str]]]:
    """What would run, and why (in Chinese): (step, reasons) of each wave up to this one and of the report; no
    reason: nothing runs.

    `report=False` asks of cleaning this wave alone.
    """
    waves = study_waves(folder) if report else [folder]
    outs = {wave: out if wave.resolve() == folder.resolve() else None for wave in waves}
    steps = [(f"清洗 {wave.resolve().name}", reruns.due(wave, to)) for wave, to in outs.items()]
    mark = places(folder, out).frames / reruns.REPORT_MARK
    return [*steps, *([("报告", reruns.reasons(mark, reruns.report_inputs(waves)))] if report else [])]


def wave_changes(folder: str | Path, *, out: str | Path | None = None) -> pd.DataFrame:
    """What is new in headings, values and layouts against the study's last wave; see layout_changes. Empty
    for a first wave.
    """
    folder, out = Path(folder), None if out is None else Path(out)
    *earlier, _ = study_waves(folder)
    now = wave_frames(folder, out=out)
    return layout_changes(wave_frames(earlier[-1]) if earlier else now, now, wave_codebook(folder))


def could_not_read(frames: Frames) -> pd.DataFrame:
    """The files that gave nothing (refused, empty, or without any table), one row each with the reason."""
    sources = frames["sources"]
    nothing = sources["kind"].isin(NOTHING_READ).groupby(sources["source_file"]).transform("all")
    broken = sources[nothing | sources["kind"].eq("unreadable")].drop_duplicates(["source_file", "reason"])
    return broken[["source_file", "source_sheet", "kind", "reason"]].reset_index(drop=True)


def nothing_read(sheets: Iterable[SheetReading]) -> bool:
    """Whether a file among those read gave nothing: as could_not_read, before frames are made."""
    kinds: dict[str, set[str]] = {}
    for sheet in sheets:
        kinds.setdefault(sheet.file, set()).add(sheet.kind)
    return any("unreadable" in of or of <= {*NOTHING_READ} for of in kinds.values())


def inspect(path: str | Path) -> list[SheetReading]:
    """How a file, or every file of a folder, would be read; nothing is written. A folder needs no wave.toml
    for this.
    """
    path = Path(path)
    if not path.exists():
        raise CallError(f"找不到 {path}。请检查路径。")
    if not path.is_dir() and not path.is_file():
        raise CallError(f"{path} 是管道或设备，不是文件。请给出文件或文件夹。")
    if (path / SETTINGS_FILE).exists():
        load_wave(path)
    folder = path if path.is_dir() else path.parent
    files = wave_files(path) if path.is_dir() else [path]
    read = zip(steps("读取文件", files), _read(files, folder, wave_codebook(folder)), strict=True)
    return [sheet for _, sheets in read for sheet in sheets] + (_not_read(path) if path.is_dir() else [])


def study_frames(
    folder: str | Path, *, own: Frames | None = None, out: str | Path | None = None
) -> Frames:
    """The frames of all waves of the study up to this one, stacked on what they share, people under one id.

    See stack_waves, also for `definitions`, and link_frames for `links`. `own`: the frames of this wave,
    where at hand; `out`: where its outputs go.
    """
    folder, out = Path(folder), None if out is None else Path(out)
    from bangfu_analysis.tidy.waves import stack_waves

    *earlier, last = study_waves(folder)
    waves = [*earlier, last]
    with cleaned_apart(earlier):
        pass
    frames = {wave.name: wave_frames(wave) for wave in earlier}
    frames[last.name] = wave_frames(last) if own is None else own
    frames = linked_frames(folder, frames, out=out)
    return stack_waves(frames, [load_wave(wave) for wave in waves], wave_codebook(folder))


@doing("关联各批次")
def linked_frames(folder: Path, waves: Mapping[str, Frames], *, out: Path | None = None) -> dict[str, Frames]:
    """The frames of the waves up to the one in `folder` with everybody under one person_id; see link_frames.

    `links` is kept beside the last wave's frames. Pairs that somebody decided lie in the study's folder as
    links.xlsx (several: links_<name>.xlsx), and are found again by what the records say.
    """
    linked = link_frames(waves, read_decisions(decisions(folder)))
    links = linked[[*waves][-1]]["links"].to_parquet(index=False)
    write(places(folder, out).frames / "links.parquet", links, private=True)
    return linked


def link_waves(folder: str | Path, *, out: str | Path | None = None) -> Links:
    """The links of the study, and with the extra `link` those that names alone show, mistyped ones too, from
    the raw files.

    Nothing derived from a name is kept but pseudonyms and keyed codes. Pairs to decide are written to
    links_review.xlsx beside the frames of the wave; answered, that workbook lies in the study's folder as
    links.xlsx.
    """
    folder, out = Path(folder), None if out is None else Path(out)
    from bangfu_analysis.linkage.candidates import match_by_name, named_records

    waves, key = [load_wave(path) for path in study_waves(folder)], load_key()
    keys = pd.concat([wave_frames(wave.folder)["keys"] for wave in waves], ignore_index=True)

    def records(wave: Wave) -> pd.DataFrame:
        codebook = wave_codebook(wave.folder)
        sheets, _ = apply_answers(read_wave(wave, codebook), read_answers(wave.folder), key)
        return named_records(sheets, codebook, wave, key)

    nobody = candidates(keys).head(0)
    by_name = match_by_name(pd.concat(map(records, waves))) if find_spec("splink") else nobody
    where = places(folder, out).frames / "links_review.xlsx"
    return review_links(keys, by_name, read_decisions(decisions(folder)), where)


def query_units(folder: str | Path) -> list[Path]:
    """Workbooks of questions to send back, one a reporting unit and one of all, written beside the frames of
    the wave.

    Answered, they lie in the wave folder as corrections.xlsx (several: corrections_<unit>.xlsx) and are
    replayed by every clean.
    """
    folder = Path(folder)
    wave, codebook, key = load_wave(folder), wave_codebook(folder), load_key()
    frames = wave_frames(folder)
    sheets, _ = apply_answers(read_wave(wave, codebook), read_answers(folder), key)
    queries = queries_frame(frames["issues"], frames["workers"], sheets, key)
    made = write_queries(queries, places(folder).frames)
    withdraw(scan(made, wave_search(folder)))
    return made
