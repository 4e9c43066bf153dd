"""The commands: parse, call study, print."""

from __future__ import annotations

import argparse
import errno
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import bangfu_analysis as bangfu
from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import BalanceBroken, BangfuError, CallError, Withdrawn
from bangfu_analysis.files import why
from bangfu_analysis.progress import SHOWN

if TYPE_CHECKING:
    import pandas as pd

    from bangfu_analysis.report import Report
    from bangfu_analysis.tidy.frames import Frames

DONE, NOT_ALL_READ, WRONG_CALL, INTERRUPTED = 0, 1, 2, 130
TO_DO = {  # where the reader's reason does not say it
    "empty": "。请向报送单位核实是否发错了文件。",
    "notes": "。其中若有数据表，请用 bangfu inspect 查看读法，补全表头后再清洗。",
}
FATES = {"matched": "", "ignored": "不采用", "unmatched": "没有认出", "empty": "空列"}
MOST_LINES = 15
FEW_NUMBERS = 6  # of a table, that are listed one by one
DOUBTFUL = 0.5  # confidence below which a sheet is told
COUNTED = "{desc} {n_fmt}/{total_fmt} |{bar}| 已用 {elapsed}，还需 {remaining}"


class _Parser(argparse.ArgumentParser):
    """argparse, with faults worded for the researcher and the nearest command or option suggested."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"invalid choice: '(.*?)'|unrecognized arguments: (\S+)", message)
        word = (wrong[1] or wrong[2]) if wrong else ""
        near = get_close_matches(word.split("=")[0], self._words(), n=1, cutoff=0.5) if word else []
        hint = f"是否想写 {near[0]}？" if near else ""
        self.exit(WRONG_CALL, f"命令有误：{message}\n{hint}用法见 {self.prog} --help\n")

    def _words(self) -> list[str]:
        """Every option, and every command with its options."""
        words = [option for action in self._actions for option in action.option_strings]
        for commands in (a.choices for a in self._actions if isinstance(a, argparse._SubParsersAction)):
            words += [word for name, one in commands.items() for word in (name, *one._words())]
        return words


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 (done), 1 (done, but something could not be read) or 2 (not
    done).

    Whatever happens outside (disk, memory, keyboard, the reader of the output) ends in a sentence; 130 is an
    interruption.
    """
    for stream in (sys.stdout, sys.stderr):
        _say_what_can_be_said(stream)
    try:
        chosen = _parser().parse_args(arguments)
        with _progress():
            status = NOT_ALL_READ if chosen.run(chosen) else DONE
        sys.stdout.flush()
        return status
    except (BalanceBroken, Withdrawn) as fault:
        return _ended(str(fault), NOT_ALL_READ)
    except BangfuError as fault:
        return _ended(str(fault), WRONG_CALL)
    except KeyboardInterrupt:
        return _ended("已中断。已经写好的文件都是完整的，重新运行即可。", INTERRUPTED)
    except MemoryError:
        return _ended("内存不足，没有完成。请关闭其他程序，或把批次分成几部分后重新运行。", WRONG_CALL)
    except OSError as fault:
        if isinstance(fault, BrokenPipeError) or (fault.errno == errno.EINVAL and not fault.filename):
            return _output_closed()
        return _ended(f"{fault.filename or '文件'}：{why(fault)}后重新运行。", WRONG_CALL)


def _ended(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status


def _output_closed() -> int:
    """The reader of the output (head, more) has seen enough; on Windows a closed pipe is EINVAL."""
    with suppress(OSError, ValueError):  # what is still held back has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _say_what_can_be_said(stream: TextIO) -> None:
    """Print in the console's own encoding, a character that it lacks as ?; in UTF-8 where it knows no Chinese
    at all.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return
    encoding = stream.encoding
    try:
        "困难职工".encode(encoding)
    except UnicodeEncodeError:
        encoding = encoding if "PYTHONIOENCODING" in os.environ else "utf-8"
    stream.reconfigure(encoding=encoding, errors="replace")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"应为不小于 1 的整数，实际是 {text!r}")
    return int(text)


def _path(text: str) -> Path:
    if not text.strip():  # would be the working folder
        raise argparse.ArgumentTypeError("路径是空的，应为文件或文件夹")
    return Path(text)


TYPES: dict[str, Any] = {"path": _path, "count": _positive}


def _parser() -> argparse.ArgumentParser:
    about = "困难职工帮扶数据：清洗、制表、制图、写报告。数据不离开本机。"
    parser = _Parser(prog="bangfu", description=about)
    parser.add_argument("--version", action="version", version=f"bangfu {bangfu.__version__}")
    commands = parser.add_subparsers(required=True, metavar="命令", parser_class=_Parser)
    for name, entry in read_yaml(Path(__file__).with_name("commands.yaml")).items():
        command = commands.add_parser(name, help=entry["does"], description=entry["does"], allow_abbrev=False)
        command.set_defaults(run=RUN[name])
        for flag, how in entry["arguments"].items():
            command.add_argument(flag, **{k: TYPES[v] if k == "type" else v for k, v in how.items()})
    return parser


@contextmanager
def _progress() -> Iterator[None]:
    """On a terminal, a bar for each step, and at the end what each took; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield
        return
    from tqdm import tqdm

    took, begun = dict[str, float](), time.monotonic()

    @contextmanager
    def show(what: str, total: int) -> Iterator[Callable[[], object]]:
        start = took.setdefault(what, 0.0) - time.monotonic()
        with tqdm(total=total, desc=what, leave=False, bar_format=COUNTED if total else "{desc}…") as bar:
            yield bar.update
        took[what] = start + time.monotonic()

    before = SHOWN.set(show)
    try:
        yield
    finally:
        SHOWN.reset(before)
    if long := [f"{what} {seconds:.0f} 秒" for what, seconds in took.items() if seconds >= 0.5]:
        print(f"用时 {time.monotonic() - begun:.0f} 秒，其中{'，'.join(long)}。", file=sys.stderr)


def _start(chosen: argparse.Namespace) -> None:
    from bangfu_analysis.first_steps import start_wave

    path = start_wave(chosen.folder, (lambda _, default: default) if chosen.yes else _asked)
    print(f"已写出 {path}：\n\n{path.read_text(encoding='utf-8')}")
    print(f"接着运行 bangfu inspect --settings {chosen.folder}，选定认不出的列名、写法和单位。")


def _asked(question: str, default: str) -> str:
    try:
        return input(f"{question}{f'［直接回车：{default}］' if default else ''} ") or default
    except EOFError:  # nobody is there to answer
        return default


def _codes(chosen: argparse.Namespace) -> None:
    from bangfu_analysis.first_steps import codes_of
    from bangfu_analysis.study import wave_codebook

    codebook = wave_codebook(chosen.folder) if chosen.folder else bangfu.load_codebook()
    print(*codes_of(chosen.name, codebook), sep="\n")


def _doctor(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.first_steps import faults_of_machine

    checks = list(faults_of_machine(chosen.folder))
    for well, sentence in checks:
        print(f"{'好' if well else '请处理'}：{sentence}")
    return not all(well for well, _ in checks)


def _inspect(chosen: argparse.Namespace) -> bool:
    if chosen.settings:
        from bangfu_analysis.study import write_settings

        path = write_settings(chosen.path)
        print(f"已写出 {path}。请在“选择”一列中选定（已选的不变），保存后重新运行 bangfu clean。")
        return False
    from bangfu_analysis.study import nothing_read
    from bangfu_analysis.tidy.settings_book import proposed_values

    readings = bangfu.inspect(chosen.path)
    by_sheet = bangfu.describe(readings).groupby(["file", "sheet"], sort=False, dropna=False)
    alike: dict[tuple[str, ...], list[str]] = {}
    for _, columns in by_sheet:
        file, sheet = columns.iloc[0][["file", "sheet"]]
        alike.setdefault((file, *_read_as(columns)), []).append(sheet)
    for (file, *lines), sheets in alike.items():
        more = f"等 {len(sheets)} 张相同的表" if len(sheets) > 1 else ""
        print(f"\n{file} [{sheets[0]}]{more}：", end="")
        print(*lines, sep="\n")
    for what, proposal in (("列名", bangfu.proposed_mapping(readings)), ("写法", proposed_values(readings))):
        if proposal:
            print(f"\n未认出的{what}，请运行 bangfu inspect --settings {chosen.path}，在 设置.xlsx 中选定；")
            print(f"或写在批次文件夹的 mapping.yaml 中（逐行核对后保存）：\n\n{proposal}")
    return not readings or nothing_read(readings)


def _read_as(columns: pd.DataFrame) -> Iterator[str]:
    """Lines on one sheet: what it is taken for, and what each of its columns means."""
    from bangfu_analysis.exhibits.labels import WORDS

    labels = {f"{v.frame}.{v.name}": v.label for v in bangfu.load_codebook().variables}
    first = columns.iloc[0]
    head = f"表头 {first['header_rows'] or '—'}，{first['rows']} 行，把握 {first['confidence']:.0%}"
    yield f"{WORDS['kinds'].get(first['taken_for'], first['taken_for'])}，{head}"
    if first["reason"]:
        yield f"  {first['reason']}"
    shown = columns["column"].ne("") & (columns["heading"].ne("") | columns["status"].ne("empty"))
    for line in columns[shown].to_dict("records"):
        guess = f"可能是 {line['suggestions']}" if line["suggestions"] else ""
        label = labels.get(line["variable"].partition("=")[0], "")
        meaning = f"{line['variable']} {label}".strip() or f"（{FATES[line['status']]}）{guess}"
        yield f"  {line['column']:>3} {line['heading']} → {meaning}"


def _clean_all(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.counties import FAILED, INCOMPLETE, clean_study, dataset_of

    outcomes = clean_study(chosen.folder, jobs=chosen.jobs)
    for row in outcomes[outcomes["reason"].ne("")].to_dict("records"):
        print(f"{row['county']}/{row['wave']}：{row['reason']}", file=sys.stderr)
    failed, twice = outcomes["outcome"].eq(FAILED).sum(), outcomes["elsewhere_n"].sum()
    print(f"{len(outcomes)} 个批次，{failed} 个没有完成；困难职工 {outcomes['n'].sum()} 人，", end="")
    print(f"其中 {twice} 人次同时在另一县区的名册上。")
    print(f"各县区的数据：{dataset_of(chosen.folder)}")
    return bool(outcomes["outcome"].isin([FAILED, INCOMPLETE]).any())


def _clean(chosen: argparse.Namespace) -> bool:
    if chosen.all:
        return _clean_all(chosen)
    from bangfu_analysis.study import wave_frames
    from bangfu_analysis.wave import places

    _tell_why(chosen, chosen.out, report=False)
    pool = ThreadPoolExecutor(chosen.jobs) if chosen.jobs > 1 else nullcontext()
    with pool as executor:
        frames = wave_frames(chosen.folder, out=chosen.out, executor=executor)
    if not chosen.alone:  # the wave before, too, is read or cleaned for it
        _tell_changes(chosen, chosen.out)
    for name, frame in frames.items():
        print(f"{name:12s}{len(frame):8d} 行")
    print(f"整洁数据：{places(chosen.folder, chosen.out).frames}")
    return _unread(frames)


def _tell_why(chosen: argparse.Namespace, frames: Path | None, *, report: bool) -> None:
    """With --why: what runs and for which reasons, before it runs."""
    from bangfu_analysis.study import why

    for step, reasons in why(chosen.folder, out=frames, report=report) if chosen.why else []:
        print(f"{step}：{'；'.join(reasons) or '没有变化，沿用已有结果'}")


def _tell_changes(chosen: argparse.Namespace, frames: Path | None) -> None:
    """What is new against the last wave."""
    if lines := bangfu.wave_changes(chosen.folder, out=frames)["message"].to_list():
        print("与上一批次相比：", *_first_of(lines, "处，全部见 bangfu.wave_changes(批次文件夹)"), sep="\n  ")


def _first_of(lines: list[str], rest: str) -> list[str]:
    return [*lines[:MOST_LINES], *([f"…共 {len(lines)} {rest}"] if len(lines) > MOST_LINES else [])]


def _unread(frames: Frames) -> bool:
    """Whether something gave no data, which is told."""
    from bangfu_analysis.study import could_not_read

    unread = could_not_read(frames)
    _tell_doubts(frames)
    for row in unread.to_dict("records"):
        named = "" if row["source_file"] in row["reason"] else f"{row['source_file']}："
        to_do = "" if "请" in row["reason"] else TO_DO.get(row["kind"], "")
        print(f"没有读到数据：{named}{row['reason'].rstrip('。')}{to_do or '。'}", file=sys.stderr)
    return bool(len(unread))


def _tell_doubts(frames: Frames) -> None:
    """Sheets that were set aside or read with little confidence, a line each, and workers where there are
    none.
    """
    sources, lines = frames["sources"], []
    for row in sources.to_dict("records"):
        place = f"{row['source_file']} [{row['source_sheet']}]" if row["source_sheet"] else row["source_file"]
        if row["kind"] == "other":
            lines.append(f"没有采用：{place}：{row['reason'].removeprefix(place).strip('：。')}。")
        elif row["confidence"] < DOUBTFUL and row["kind"] not in (*TO_DO, "unreadable"):
            share = f"{row['confidence']:.0%}"
            lines.append(f"把握不大：{place}：只认出 {share} 的栏目。请用 bangfu inspect 核对读法。")
    if not len(frames["workers"]) and "responses" not in frames:
        lines.append("没有读到任何困难职工（workers 为 0 行）。请核对文件是否放对了文件夹。")
    for line in _first_of(lines, "条，全部见 sources 数据框。"):
        print(line, file=sys.stderr)


def _report_all(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.area_report import report_study

    made = report_study(chosen.folder, area=chosen.area, level=chosen.level, wave=chosen.wave, out=chosen.out)
    print(*(f"{what}：{path}" for what, path in made.files.items()), sep="\n")
    print(*made.left_out, sep="\n", file=sys.stderr)
    return False


def _report(chosen: argparse.Namespace) -> bool:
    if chosen.all:
        return _report_all(chosen)
    frames = chosen.out / "frames" if chosen.out else None
    _tell_why(chosen, frames, report=True)
    made = bangfu.report_wave(chosen.folder, out=chosen.out)
    _tell_changes(chosen, frames)
    if chosen.why and made.merged:
        print("report.docx 中的改动：", *made.merged, sep="\n  ")
    amiss = _told(made)
    if chosen.pdf:
        from bangfu_analysis.report import as_pdf

        try:
            print(f"PDF：{as_pdf(made.files['报告'])}")
        except CallError as fault:
            amiss = bool(_ended(str(fault), NOT_ALL_READ))
    return amiss


def _questionnaire(chosen: argparse.Namespace) -> bool:
    frames = chosen.out / "frames" if chosen.out else None
    opened = bangfu.open_wave(chosen.folder, out=frames)
    split = [pair.replace("＝", "=").rpartition("=") for pair in chosen.where]
    where = {name: re.split("[,，]", codes) for name, _, codes in split}
    print(f"交叉表：{opened.questionnaire(chosen.by, where=where)}")
    return _unread(opened.data.frames)


def _queries(chosen: argparse.Namespace) -> None:
    complete, *single = bangfu.query_units(chosen.folder)
    print(f"全部问题：{complete}")
    print(f"分单位：{len(single)} 个工作簿，在 {complete.parent / 'queries'}")
    print("填好后以 corrections.xlsx（或 corrections_单位名.xlsx）存入批次文件夹，下次清洗时自动采用。")


def _link(chosen: argparse.Namespace) -> None:
    links = bangfu.link_waves(chosen.folder)
    quality = links.quality.iloc[0]
    linked = quality["linked_n"] + quality["confirmed_n"]
    print(f"身份证号对应的人对：{quality['by_id_n']:.0f}；按姓名、出生日期、单位等关联：{linked:.0f}")
    errors = "估计误联 {false_n:.1f} 对（{false_rate:.2%}），漏联 {missed_n:.1f} 对（{miss_rate:.2%}）"
    print(errors.format(**quality))
    print(f"待核对 {quality['to_review_n']:.0f} 对：{links.review}")
    print("填好后以 links.xlsx 存入调查文件夹，此后每次关联自动采用。")


def _fill(chosen: argparse.Namespace) -> bool:
    if chosen.list:
        marks = bangfu.open_wave(chosen.list).marks()
        lines = (f"{mark}  {words}" for mark, words in marks.items()) if chosen.all else _in_short(marks)
        print(*lines, sep="\n")
        return False
    if chosen.folder is None:
        calls = "bangfu fill 我的报告.docx 批次文件夹；列出标记：bangfu fill --list 批次文件夹。"
        raise CallError(f"fill：请写明文件和批次文件夹：{calls}")
    unfilled = bangfu.open_wave(chosen.folder).fill(chosen.file)
    print(*unfilled, sep="\n", end="\n" if unfilled else "", file=sys.stderr)
    print(f"已填写：{chosen.file}（原文件在旁边的 {chosen.file.name}.bak）")
    return bool(unfilled)


def _in_short(marks: dict[str, str]) -> Iterator[str]:
    """A line a chart and table: its title, its marks; of many numbers the first."""
    for _, group in groupby(marks, key=lambda mark: re.split(r"[:.}]", mark)[1]):
        tags = list(group)
        numbers = [mark for mark in tags if mark.startswith("{{数")]
        many = len(numbers) > FEW_NUMBERS
        shown = tags[: 1 - len(numbers)] if many else tags
        title = next(marks[mark] for mark in tags if mark.startswith("{{表"))
        yield f"{title}：{' '.join(shown)}" + (f" 等{len(numbers)}个数" if many else "")
    yield "每一个数的标记：bangfu fill --all --list 批次文件夹"


def _new_wave(chosen: argparse.Namespace) -> None:
    from bangfu_analysis.first_steps import new_wave

    folder = new_wave(chosen.study, chosen.wave)
    print(f"已建立 {folder}。请核对其中的 wave.toml，放入收到的文件，然后运行：bangfu report {folder}")


def _templates(chosen: argparse.Namespace) -> None:
    from bangfu_analysis.pages.templates import write_templates

    for path in write_templates(bangfu.load_codebook(), chosen.out):
        print(path)


def _notebooks(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.notebook_runs import run_notebooks

    done = run_notebooks(chosen.study, chosen.wave)
    for path, ran in done.items():
        print(f"{path}{'：' + ran.fault if ran.fault else ''}")
        print(*(f"  {told}" for told in ran.skipped), sep="\n", end="\n" if ran.skipped else "")
    return any(ran.fault for ran in done.values())


def _check(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.checking.report import LABELS

    checked = bangfu.check_report(chosen.file)
    for row in checked.faults.to_dict("records"):
        print(f"{row['place']}（{LABELS[row['relation']]}）：{row['sentence']}")
        print(f"  写作：{row['found']}\n  应为：{row['expected']}")
    faults = f"{len(checked.faults)}处不成立" if len(checked.faults) else "未发现不成立的数字关系"
    print(f"{chosen.file.name}：读出{checked.read_n}个数，核对{checked.checked_n}个；{faults}。")
    return bool(len(checked.faults))


def _told(made: Report) -> bool:
    for what, path in made.files.items():
        print(f"{what}：{path}")
    for line in (*made.left_out, *made.lacking):
        print(line, file=sys.stderr)
    return _unread(made.frames) or bool(made.left_out)


def _demo(chosen: argparse.Namespace) -> bool:
    from bangfu_analysis.first_steps import lay_down, sample_study

    project = Path() if Path("data", "raw", "daoli").is_dir() else Path("bangfu-demo")
    made = bangfu.report_wave(sample_study(project / "data" / "raw", chosen.study) / "2009")
    lay_down(project)
    print("示例调查（虚构人物，合计数取自已发表的报告）已完成：")
    return _told(made)


RUN: dict[str, Callable[[argparse.Namespace], bool | None]] = {  # whether something is amiss
    "demo": _demo, "start": _start, "inspect": _inspect, "clean": _clean, "report": _report,
    "questionnaire": _questionnaire, "queries": _queries, "link": _link, "fill": _fill, "check": _check,
    "new-wave": _new_wave, "templates": _templates, "codes": _codes, "doctor": _doctor,
    "notebooks": _notebooks,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
