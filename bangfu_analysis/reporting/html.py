"""quality.html: how a wave was read, whether its accounts balance, and what was found. Sums only, on one page.

The page needs no network and holds no content of any cell, so that it can be sent on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from bangfu_analysis.codebook import Codebook, read_yaml
from bangfu_analysis.errors import BangfuError, CodebookError, ColumnMissing
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES
from bangfu_analysis.reporting.narrative import quality
from bangfu_analysis.reporting.rounding import percent
from bangfu_analysis.wave import Wave

_HERE = Path(__file__).parent
_KINDS = {
    "roster": "名册", "members": "家庭成员", "aid": "帮扶台账", "activities": "活动", "units": "单位", "population": "职工人数",
    "questionnaire": "问卷", "form": "登记表", "notes": "说明", "empty": "空表", "other": "其他", "unreadable": "未能读取",
}  # fmt: skip
_ROWS = dict(
    zip((f"rows_{f}" for f in ROW_FATES), ("保留", "单列备查", "合并", "合计行", "说明", "表头", "空行"), strict=True)
)
_CELLS = dict(
    zip((f"cells_{f}" for f in CELL_FATES), ("表头", "表身", "合计", "说明", "重复表头", "单列备查"), strict=True)
)
_SEVERITIES = {"info": "提示", "warning": "需核对", "error": "错误"}
_ACTIONS = {"missing": "作缺失", "repaired": "修正", "inferred": "推断", "kept": "保留", "conflict": "矛盾"}
_VERDICTS = {"differs": "不符", "cannot_tell": "无法核对"}
# The 四清 of the reports: known number (is the person identified), degree, cause and address (here: the area).
_FOUR_CLEAR = {"人数清": "id_basis", "程度清": "hardship_level", "原因清": "cause_main", "住址清": "district"}
_OWN_LABELS = {"": "—", "rows": "人数", "person_id": "人员"}
_MOST_ROWS = 60


@dataclass(frozen=True)
class _Row:
    cells: tuple[object, ...]
    alarm: bool = False


@dataclass(frozen=True)
class _Section:
    """A table of the page: `columns` are (heading, is a number)."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[_Row, ...]
    empty: str = "没有。"
    note: str = ""


def write_quality(path: Path, frames: Mapping[str, pd.DataFrame], *, wave: Wave, codebook: Codebook) -> Path:
    """Write the quality page of a wave from `sources`, `issues`, `totals` and `workers`; returns `path`.

    Sections: each sheet and how it was read; balance of rows and cells; findings by problem, severity and file; stated
    totals that disagree; completeness by unit (四清). Counts only; the raw contents of `issues` are not shown.
    """
    sources, issues, totals, workers = (frames[name] for name in ("sources", "issues", "totals", "workers"))
    sections = [
        _sheets(sources), _balance(sources, "rows", _ROWS, "行"), _balance(sources, "cells_filled", _CELLS, "非空单元格"), _problems(issues, codebook), _by_file(issues), _totals(totals, codebook),
        _four_clear(workers),
    ]  # fmt: skip
    facts = {
        "范围": wave.scope or "未写明", "批次": wave.name, "统计日": wave.reference_date.isoformat(),
        "困难类别口径": wave.scheme or "由数据推断", "困难职工": f"{len(workers)}人",
    }  # fmt: skip
    page = _template().render(
        title=f"{wave.scope or wave.study}{wave.name}批次数据质量", facts=list(facts.items()),
        summary=quality(sources, issues, totals), sections=sections,
    )  # fmt: skip
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except PermissionError as fault:
        raise BangfuError(f"{path.name}：无法写入，文件可能正被其他程序占用。请关闭后重新运行。") from fault
    return path


def inspect_html(frame: pd.DataFrame, *, rows: int = _MOST_ROWS) -> str:
    """A frame as a small escaped HTML table for a notebook: at most `rows` rows, and a line that says how many there are."""
    columns = tuple((str(c), pd.api.types.is_numeric_dtype(frame[c].dtype)) for c in frame)
    shown = tuple(_Row(tuple(map(_plain, row))) for row in frame.head(rows).itertuples(index=False))
    note = f"共{len(frame)}行，显示前{len(shown)}行。" if len(frame) > rows else f"共{len(frame)}行。"
    section = _Section("", columns, shown, note=note)
    table: str = _environment().get_template("table").render(section=section)
    return table


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    page = (_HERE / "quality.html.j2").read_text(encoding="utf-8")
    table = (_HERE / "table.html.j2").read_text(encoding="utf-8")
    return jinja2.Environment(
        loader=jinja2.DictLoader({"page": page, "table": table}), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _template() -> jinja2.Template:
    return _environment().get_template("page")


@lru_cache(maxsize=1)
def _problem_labels() -> dict[str, str]:
    return {code: str(label) for code, label in read_yaml(_HERE / "problems.yaml").items()}


def _sheets(sources: pd.DataFrame) -> _Section:
    """One row a sheet: what it was taken for, where its header and body stand, why it was not used."""
    columns = _columns("文件", "工作表", "当作", "表头行", number=("首行", "末行"), after=("说明",))
    rows = (
        _Row(
            (s.source_file, s.source_sheet, _KINDS.get(str(s.kind), s.kind), *map(_plain, (s.header_rows, s.first_row, s.last_row, s.reason))),
            alarm=s.kind == "unreadable",
        )
        for s in _records(sources)
    )  # fmt: skip
    return _Section("各文件、各工作表如何读取", columns, tuple(rows), "没有读到任何文件。")


def _balance(sources: pd.DataFrame, whole: str, fates: Mapping[str, str], title: str) -> _Section:
    """`whole` (rows or cells_filled) by fate, a line a file and their sum; a line whose parts miss it is marked."""
    columns = [whole, *fates]
    _require(sources, ["source_file", *columns], "write_quality 的 sources")
    by_file = sources.groupby("source_file", sort=False)[columns].sum()
    together = pd.DataFrame(by_file.sum()).T.set_axis(["合计"]) if len(by_file) else by_file
    rows = tuple(
        _Row((name, *(int(v) for v in line)), alarm=line[list(fates)].sum() != line[whole])
        for name, line in pd.concat([by_file, together]).iterrows()
    )
    note = "各项之和应等于总数；不平的行有底色。"
    return _Section(
        f"{title}的去向", _columns("文件", number=(f"{title}总数", *fates.values())), rows, "没有读到任何文件。", note
    )


def _problems(issues: pd.DataFrame, codebook: Codebook) -> _Section:
    """Findings by problem and variable, the most frequent first."""
    counts = _counted(issues, ["problem", "variable", "severity", "action"])
    rows = tuple(
        _Row((
            _problem_labels().get(c.problem, c.problem), _variable_label(codebook, c.variable),
            _SEVERITIES.get(c.severity, c.severity), _ACTIONS.get(c.action, c.action), c.n,
        ), alarm=c.severity == "error")
        for c in _records(counts)
    )  # fmt: skip
    return _Section("记录的问题", _columns("问题", "项目", "程度", "处理", number=("处",)), rows, "没有发现问题。")


def _by_file(issues: pd.DataFrame) -> _Section:
    counts = _counted(issues, ["source_file", "severity"])
    wide = counts.pivot_table(
        index="source_file", columns="severity", values="n", aggfunc="sum", fill_value=0, sort=False
    )
    full = wide.reindex(columns=list(_SEVERITIES), fill_value=0)
    rows = tuple(
        _Row((name or "（整个批次）", *(int(v) for v in line), int(line.sum()))) for name, line in full.iterrows()
    )
    return _Section("各文件的问题数", _columns("文件", number=(*_SEVERITIES.values(), "合计")), rows, "没有发现问题。")


def _totals(totals: pd.DataFrame, codebook: Codebook) -> _Section:
    off = totals.loc[totals["verdict"].isin(list(_VERDICTS))]
    rows = tuple(
        _Row(
            (t.source_file, t.source_sheet, t.cell, _variable_label(codebook, t.what), _plain(t.stated), _plain(t.computed), _VERDICTS[t.verdict]),
            alarm=t.verdict == "differs",
        )
        for t in _records(off)
    )  # fmt: skip
    columns = _columns("文件", "工作表", "单元格", "合计的项目", number=("上报数", "逐行合计"), after=("结果",))
    checked = f"共核对{len(totals)}项，其中{int(totals['verdict'].eq('agrees').sum())}项相符。"
    return _Section("上报合计与逐行合计不符的", columns, rows, "没有不符或无法核对的合计数。", checked)


def _four_clear(workers: pd.DataFrame) -> _Section:
    """Shares of the workers of each unit of whom number, degree, cause and address are known, and all four."""
    _require(workers, ["reporting_unit", *_FOUR_CLEAR.values()], "write_quality 的 workers")
    known = pd.DataFrame({word: workers[column].notna() for word, column in _FOUR_CLEAR.items()}, index=workers.index)
    known = known.assign(人数清=workers["id_basis"].astype(object).isin(["id_number", "id15_name", "name_birth_unit"]))
    known = known.assign(四清=known.all(axis=1))
    unit = workers["reporting_unit"].astype(object).where(workers["reporting_unit"].notna(), "（未写明）")
    shares, sizes = known.groupby(unit).mean(), unit.value_counts().to_dict()
    whole = [_Row(("合计", len(workers), *(percent(s) for s in known.mean())))] if len(workers) else []
    rows = (_Row((name, sizes[name], *(percent(s) for s in line))) for name, line in shares.iterrows())
    note = "人数清：能凭证件或姓名、出生日期和单位认定为同一人；程度清：困难类别已知；原因清：主要致困原因已知；住址清：所属街道或区县已知。"
    numbers = ("人数", *(f"{word}（%）" for word in known))
    return _Section(
        "各单位档案的四清完整率", _columns("填报单位", number=numbers), (*rows, *whole), "没有困难职工记录。", note
    )


def _counted(issues: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    _require(issues, by, "write_quality 的 issues")
    text = issues[by].astype(object).where(issues[by].notna(), "").astype(str)
    return text.groupby(by, sort=True).size().rename("n").reset_index().sort_values("n", ascending=False, kind="stable")


def _variable_label(codebook: Codebook, name: str) -> str:
    if name in _OWN_LABELS:
        return _OWN_LABELS[name]
    try:
        return codebook.title(name.rpartition(".")[2])
    except CodebookError:
        return name


def _columns(*text: str, number: Sequence[str] = (), after: Sequence[str] = ()) -> tuple[tuple[str, bool], ...]:
    return (*((t, False) for t in text), *((t, True) for t in number), *((t, False) for t in after))


def _records(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def _plain(value: Any) -> object:
    """A number without needless decimals; nothing where a value is missing."""
    if pd.isna(value):
        return ""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _require(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    if absent := [c for c in columns if c not in frame]:
        raise ColumnMissing.naming(absent, [str(c) for c in frame.columns], where=where)
