"""What was read and what was found: sheets, findings, stated totals. Files are named by number only."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.exhibits.wording import money
from bangfu_analysis.release.cells import Cut


def totals_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a stated total that differs or cannot be told: where it stands, what was stated and counted."""
    totals = data.frames["totals"]
    off = totals[totals["verdict"].ne("agrees")]
    numbers = source_numbers(data.frames["sources"])
    verdicts = WORDS["verdicts"]
    frame = pd.DataFrame(
        {
            "source": off["source_file"].map(numbers).astype("str"),
            "cell": off["cell"].fillna("").astype("str"),
            "checked": [verdicts[v] for v in off["verdict"]],
            "stated": off["stated"],
            "computed": off["computed"],
        }
    ).reset_index(drop=True)
    return [_of_files(data, recipe, frame, ("source", "cell", "checked"), recipe.title, "")]


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
    title = "各表的读法与各行的去向"
    return [_of_files(data, recipe, frame, ("source", "sheet", "taken_for"), title, "单位：行")]


def findings_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a kind of finding: how grave it is, what was done, in how many cells."""
    issues = data.frames["issues"]
    labels = {
        "problem": issues["problem"].astype(object).map(lambda code: WORDS["problems"].get(code, code)),
        "severity": issues["severity"].astype(object).map(WORDS["severities"]),
        "action": issues["action"].astype(object).map(WORDS["actions"]),
    }
    found = pd.DataFrame(labels).value_counts(sort=False).rename("cells_n").reset_index()
    frame = found.sort_values("cells_n", ascending=False, kind="stable", ignore_index=True)
    return [_of_files(data, recipe, frame, tuple(labels), "发现的问题", "单位：处")]


def _of_files(
    data: WaveData, recipe: Recipe, frame: pd.DataFrame, dimensions: tuple[str, ...], title: str, unit: str
) -> Exhibit:
    cut = Cut(recipe.id, recipe.title or title, frame, dimensions, kind="rate", population="sheets")
    return Exhibit(cut, recipe, Layout(unit=unit), data.codebook, data.source("各单位报送的表格"))


def aid_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """All help of the ledgers by kind, yuan in money and in goods."""
    aid = data.frames.get("aid", pd.DataFrame())
    if aid.empty or not aid[["amount_yuan", "goods_value_yuan"]].notna().any(axis=None):
        return []
    sums = ["amount_yuan", "goods_value_yuan"]
    by_kind = aid.groupby("kind", observed=True, dropna=False)[sums].sum().reset_index()
    frame = by_kind.assign(amount=by_kind[sums].sum(axis=1))[["kind", "amount"]]
    frame = frame[frame["amount"].gt(0)]
    frame = frame.sort_values("amount", ascending=False, kind="stable", ignore_index=True)
    words = f"各单位台账登记的帮扶资金和物资合计{money(float(frame['amount'].sum()))}。"
    cut = Cut(recipe.id, recipe.title, frame.rename(columns={"kind": "aid.kind"}), ("aid.kind",), kind="rate")
    cut = replace(cut, population=f"aid/{data.wave.name}")
    layout = Layout(unit="单位：元", headings={"amount": "金额（元）"})
    source = data.source("各单位报送的帮扶台账")
    return [Exhibit(cut, recipe, layout, data.codebook, source, facts={"words": words})]
