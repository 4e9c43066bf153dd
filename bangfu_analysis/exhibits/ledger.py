"""What was read and what was found: sheets, findings, stated totals. Files are named by number only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.mechanisms import largest_of
from bangfu_analysis.errors import ArgumentError, listed
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.sentences_further import SPLITS
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.exhibits.wording import date_words, share_of
from bangfu_analysis.release.cells import Cut

LEAST_SAID = 30  # of fewer people nothing is said beside a sum
MOST_PLACES = 4
HELPED = "得到帮扶"
MEASURES = ("stated", "computed", "difference")
OF_FILES: dict[str, Any] = {"source": "各单位报送的表格", "population": "sheets", "kind": "rate"}


def totals_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a stated total that differs or cannot be told: where it stands, and by how much it is off.

    Not what was stated and counted: of a file of one unit these are counts that other tables may hide.
    """
    totals = data.frames["totals"]
    off = totals[totals["verdict"].ne("agrees")]
    numbers = source_numbers(data.frames["sources"])
    columns = {
        "source": off["source_file"].map(numbers).astype("str"), "cell": off["cell"].fillna("").astype("str"),
        "checked": [WORDS["verdicts"][v] for v in off["verdict"]],
        "difference": off["stated"] - off["computed"],
    }
    frame = pd.DataFrame(columns).reset_index(drop=True)
    return [data.exhibit(recipe, frame, ("source", "cell", "checked"), Layout(unit=""), **OF_FILES)]


def source_numbers(sources: pd.DataFrame) -> dict[str, str]:
    """File -> 来源1, 来源2 …, in the order of their names: what leaves names files so."""
    return {file: f"来源{i}" for i, file in enumerate(sorted(sources["source_file"].unique()), start=1)}


def sheets_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a sheet: what it was taken for, and what became of its rows."""
    sources, kinds = data.frames["sources"], WORDS["kinds"]
    numbers = source_numbers(sources)
    sheet = sources.groupby("source_file").cumcount() + 1
    labels = {"source": sources["source_file"].map(numbers).astype("str"), "sheet": sheet.astype("str")}
    labels["taken_for"] = sources["kind"].astype(object).map(lambda kind: kinds.get(kind, kind))
    counts = ["rows", *WORDS["rows"]]
    frame = pd.DataFrame(labels).join(sources[counts]).reset_index(drop=True)
    titled = replace(recipe, title=recipe.title or "各表的读法与各行的去向")
    names = ("source", "sheet", "taken_for")
    return [data.exhibit(titled, frame, names, Layout(unit="单位：行"), **OF_FILES)]


def findings_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a kind of finding: how grave it is, what was done, in how many cells."""
    issues = data.frames["issues"]
    labels = {
        "problem": issues["problem"].astype(object).map(lambda code: WORDS["problems"].get(code, code)),
        "severity": issues["severity"].astype(object).map(WORDS["severities"]),
        "action": issues["action"].astype(object).map(WORDS["actions"]),
    }
    counts = pd.DataFrame(labels).value_counts(sort=False).rename("cells_n").reset_index()
    frame = counts.sort_values("cells_n", ascending=False, kind="stable", ignore_index=True)
    titled = replace(recipe, title=recipe.title or "发现的问题")
    return [data.exhibit(titled, frame, tuple(labels), Layout(unit="单位：处"), **OF_FILES)]


def aid_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """All help of the ledgers by kind or by source of the money, yuan in money and in goods."""
    aid, sums, by = data.frames.get("aid", pd.DataFrame()), ["amount_yuan", "goods_value_yuan"], recipe.by[0]
    if len(recipe.by) > 1:
        raise ArgumentError(f"aid 的 by 只能写一项，写的是 {listed(recipe.by)}。请去掉其余。")
    if aid.empty or not aid[sums].notna().any(axis=None):
        return []
    rows = aid.assign(amount=aid[sums].sum(axis=1))
    layout = Layout(unit="单位：元", headings={"amount": "金额（元）"})
    of: dict[str, Any] = {"population": f"aid/{data.wave.name}", "kind": "rate"}
    raw = data.exhibit(recipe, rows, (f"aid.{by}",), layout, source="各单位报送的帮扶台账", **of)
    names = [name for name in (*SPLITS, "") if name != by]
    others = tuple(_money(raw.cut, rows, f"{recipe.id}_{name or 'all'}", name) for name in names)
    return [replace(raw, cut=_money(raw.cut, rows, recipe.id, by), beside=others)]


def _money(cut: Cut, rows: pd.DataFrame, id: str, by: str) -> Cut:
    """The amounts by `by`, the most first, or of all, and what single persons have of them."""
    groups: Any = rows.groupby(by, observed=True, dropna=False) if by else [(None, rows)]
    sums = [(level, part["amount"].sum(), largest_of(part, part["amount"])) for level, part in groups]
    lines = [{by: level, "amount": amount, **held} for level, amount, held in sums]
    amounts = pd.DataFrame(lines).sort_values("amount", ascending=False, kind="stable", ignore_index=True)
    amounts = amounts[amounts["amount"] > 0]
    names, held = (f"aid.{by}",) if by else (), amounts[["largest", "second", "people"]]
    shown = amounts.rename(columns={by: f"aid.{by}"})[[*names, "amount"]]
    return replace(cut, id=id, frame=shown, dimensions=names, contributions=held)


def reported_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """What roster and ledgers say beside what units report, a row each; small numbers are left out."""
    units, workers = data.frames.get("units", pd.DataFrame()), data.workers
    helped = data.frames.get("aid", pd.DataFrame({"person_id": []}))["person_id"].dropna()
    counted_here = {
        "files_n": ("在册（建档）", len(workers)),
        "workers_total": ("职工总数", data.frames["population"]["n"].sum()),
        "aided_n": (HELPED, workers["person_id"].isin(helped).sum()),
    }
    rows = [
        (name, int(units[column].sum()), int(counted), int(counted) - int(units[column].sum()))
        for column, (name, counted) in counted_here.items()
        if column in units and units[column].notna().any() and min(counted, units[column].sum()) >= LEAST_SAID
    ]
    frame = pd.DataFrame(rows, columns=["item", "stated", "computed", "difference"])
    clauses = [
        f"{name}，上报{stated}、逐条登记{counted}，" + (f"相差{abs(off)}" if off else "一致")
        + ("（台账中不记名的帮扶没有逐条登记）" if off and name == HELPED else "")
        for name, stated, counted, off in rows
    ]  # fmt: skip
    headings = {"stated": "各单位上报", "computed": "名册或台账登记"}
    words = f"名册、台账与各单位上报数对照：{'；'.join(clauses)}。" if clauses else ""
    layout = Layout(unit="单位：人、户", headings=headings, measures=MEASURES)
    return [data.exhibit(recipe, frame, ("item",), layout, facts={"words": words}, **OF_FILES)]


def survey_words(data: WaveData, union: str) -> str:
    """Who led the inquiry, when, where, with what response; "" where no register of methods says so."""
    rows = data.frames.get("instruments", pd.DataFrame())
    if rows.empty:
        return ""
    days = [date_words(day.date()) for day in (rows["date"].min(), rows["date"].max()) if pd.notna(day)]
    when = "于" + "至".join(dict.fromkeys(days)) if days else ""
    labels, parts = data.codebook.labels("instruments.kind"), rows.groupby("kind", observed=True, sort=False)
    clauses = [_inquiry(part, labels[str(kind)]) for kind, part in parts]
    return f"{union}{when}开展调研：{'，'.join(filter(None, clauses))}"


def _inquiry(rows: pd.DataFrame, label: str) -> str:
    """`走访3次（一厂、二厂）`, `问卷调查发放420份、收回412份（回收率98.1%）、有效405份`."""
    counts = ("issued", "returned", "valid", "participants")
    issued, back, valid, people = (int(rows[column].sum()) for column in counts)
    if issued:
        share = f"（回收率{share_of(back / issued)}）" if back else ""
        counts_of = f"发放{issued}份、收回{back}份{share}"
        return label + counts_of + (f"、有效{valid}份" if valid else "")
    places = rows["place"].dropna().unique()
    more = "等" if len(places) > MOST_PLACES else ""
    where = f"（{'、'.join(places[:MOST_PLACES])}{more}）" if len(places) else ""
    return f"{label}{len(rows)}次{where}" + (f"、{people}人次" if people >= LEAST_SAID else "")
