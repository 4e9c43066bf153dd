"""The report on all counties of a study, or on an area of it: counted on disk, protected as any other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.arrays import ROWS
from bangfu_analysis.analysis.domains import engines, gathered
from bangfu_analysis.codebook import Codebook, load_codebook, read_yaml
from bangfu_analysis.counties import county_waves, homes_of, scan_study
from bangfu_analysis.errors import CallError, did_you_mean, listed, one_of
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.labels import title_of
from bangfu_analysis.exhibits.recipes import OWN, Recipe, recipe
from bangfu_analysis.exhibits.sections import dimensions_of, report_settings
from bangfu_analysis.files import locked, safe_name
from bangfu_analysis.keys import load_key
from bangfu_analysis.opened import RELEASED, OpenWave, released_before
from bangfu_analysis.release.cells import AREAS, of_innermost
from bangfu_analysis.release.policy import RELEASE_FILE, load_policy
from bangfu_analysis.release.protection import Record
from bangfu_analysis.release.scanner import Search
from bangfu_analysis.report import NAMES, RECORD, Report, write_files
from bangfu_analysis.study import NAMES as CODES
from bangfu_analysis.tidy.waves import CARRIED, definitions
from bangfu_analysis.wave import Wave, codebooks, levels, load_wave, places, project_of
from bangfu_analysis.words import Words

MONEY = ("amount_yuan", "goods_value_yuan")
Where = Mapping[str, str]


@dataclass(frozen=True)
class OpenArea(OpenWave):
    """The counties of an area, opened: `homes` are their wave folders, with where their frames lie among
    those of the study.
    """

    homes: Mapping[Path, Path] = field(default_factory=dict)

    @cached_property
    def search(self) -> Search:
        """What must not stand in a report: the names of all counties, by their codes."""
        files = (places(wave).frames / CODES for wave in self.homes if wave.name == self.name)
        codes = {code for file in files if file.exists() for code in file.read_text("utf-8").split()}
        units = self.data.frames["population"].get("unit", pd.Series(dtype=object)).dropna()
        areas = [str(name) for column in self.data.people for name in self.data.people[column].unique()]
        known = Words(self.codebook, [*areas, *units.unique(), self.place]).known
        return Search(frozenset(codes), load_key(), known)

    def other_releases(self) -> list[Record]:
        """What else of these counties may be known: by other reports on the study, by their own."""
        here = self.places.report.resolve()
        files = _reports_of(self.settings.folder.parent).rglob(RELEASED)
        others = [file for file in files if here not in file.resolve().parents]
        records: list[Record] = [json.loads(file.read_text(encoding="utf-8")) for file in others]
        return records + [
            _of_county(record, dict(part.split("=", 1) for part in home.parts[:-1]))
            for wave, home in self.homes.items() for record in released_before(places(wave))
        ]


def _of_county(record: Record, areas: Where) -> Record:
    """What a county has released, as counts of the study: each is of that county."""
    conditions = frozenset(areas.items())

    def where_of(where: Mapping[str, Any]) -> dict[str, Any]:
        return dict(of_innermost(frozenset(where.items()) | conditions))

    counts = [{**count, "where": where_of(count["where"])} for count in record["counts"]]
    return {**record, "counts": counts, "levels": {**record["levels"], **{k: [v] for k, v in areas.items()}}}


def report_study(
    folder: str | Path, *, area: str = "", level: str = "county", wave: str = "",
    out: str | Path | None = None, engine: str = "duckdb",
) -> Report:
    """Tables, figures and report of all counties of a study, or of one `area` of it (a province, city or
    county by name), its parts being those of `level` (province, city, county), from what `clean_study` laid
    together.

    Everything is counted on disk by `engine`: no person is loaded. `wave`: the last one where "". `out`
    receives `release`; else it goes to reports/<study>/<wave>/<area>_<level>/ of a project, or below
    <study>/_out. What cannot be made so is in `left_out`, each with its reason, as are exhibits without data.
    CallError where the study is not cleaned or has no such area, ArgumentError for an unknown level or wave.
    """
    opened, lacking = _opened(folder, area, wave, engine)
    data, people = opened.data, opened.data.people
    one_of("level", level, [name for name in AREAS if name in people])
    if out is None:
        study = data.wave.folder.parent
        to = _reports_of(study) / data.wave.name / safe_name(f"{area or '全部'}_{level}")
    opened = replace(opened, out=Path(out) / "frames" if out else to)
    recipes, outline = report_settings(data.wave.folder, data.codebook)
    recipes, notes = _recipes(recipes, data, level, _area_called(area, people))
    files = {what: opened.places.report / name for what, name in {**NAMES, RECORD: RELEASED}.items()}
    with locked(opened.places.report):
        _, left_out, merged = write_files(opened, files, opened.places, recipes, outline, lacking)
    made = {table["id"] for table in json.loads(files[RECORD].read_text(encoding="utf-8"))["tables"]}
    notes += [_without(each, "没有可用的数据", data.codebook) for each in recipes if each.id not in made]
    every = (*lacking, *notes, *left_out)
    return Report(data.frames, {**files, "图": opened.places.figures}, every, merged=merged)


def _opened(folder: str | Path, area: str, wave: str, engine: str) -> tuple[OpenArea, list[str]]:
    """The counties of an area, and why there are no rates where there are none."""
    study = Path(folder).resolve()
    scans = scan_study(study, engine)
    parts = [name for name in AREAS if name in scans["workers"].columns]
    areas = gathered(scans["workers"], [*parts, "wave"])[0]
    wave = wave or str(areas["wave"].max())
    one_of("wave", wave, sorted(areas["wave"].unique()))
    where = _area_called(area, areas[parts])
    homes, held = homes_of(county_waves(study), study), {f"{name}={code}" for name, code in where.items()}
    homes = {folder: home for folder, home in homes.items() if held <= {*home.parts}}
    here, codebook = study / wave, load_codebook(*codebooks(study / "wave")[:2])
    policy = load_policy(*(up / RELEASE_FILE for up in levels(here)), dimensions=dimensions_of(codebook))
    scans = {name: scan.filter(where) for name, scan in scans.items()}
    population, lacking = _denominators(scans)
    data = _data(here, scans, population, homes, codebook, area)
    return OpenArea(data, policy, _reports_of(study) / wave / safe_name(area or "全部"), homes), lacking


def _recipes(
    recipes: Sequence[Recipe], data: WaveData, level: str, where: Where
) -> tuple[list[Recipe], list[str]]:
    """The exhibits that can be made without rows, by `level` where others are by unit; and why not the rest.
    """
    content, label, made = read_yaml(OWN), title_of(data.codebook, level), list[Recipe]()
    notes = [f"按单位的表图改为按{label}列出；各单位的见各县区自己的报告。"]
    for each in [*recipes, *(recipe(**row) for row in content["areas"])]:
        alone = "只有一个批次" if each.over_waves and len(data.waves) < 2 else ""
        if why := content["rows_alone"].get(each.make, alone):
            notes.append(_without(each, why, data.codebook))
            continue
        by = tuple(level if name in ("unit", "area") else name for name in each.by)
        title = each.title.replace("各单位", f"各{label}").replace("各地", f"各{label}")
        made.append(replace(each, by=by, title=title, where={**each.where, **where}))
    return made, notes


def _reports_of(study: Path) -> Path:
    """Where the reports on a study lie: reports/<study> of a project, else <study>/_out/reports."""
    root = project_of(study)
    return root / "reports" / study.name if root else study / "_out" / "reports"


def _area_called(area: str, known: pd.DataFrame) -> Where:
    """The area as a condition; none where all are meant."""
    if not area:
        return {}
    for name in known:
        if known[name].eq(area).any():
            return {str(name): area}
    names = [str(code) for column in known for code in known[column].unique()]
    raise CallError(f"没有地区 {area}。现有：{listed(dict.fromkeys(names))}。{did_you_mean(area, names)}")


def _without(each: Recipe, why: str, codebook: Codebook) -> str:
    named = each.title or (title_of(codebook, each.of) if each.of else "")
    return f"表图“{named}”没有列入：{why}。" if named else f"{why}，没有列入。"


def _denominators(scans: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """The population sheets; without numbers, and why, where those of some counties alone are known: a rate
    would be too high.
    """
    population, keys = engines().collected(scans["population"]), ["wave", "county"]
    people = gathered(scans["workers"], keys)[0].astype(str)
    with_population = population.dropna(subset="n")[keys].astype(str).drop_duplicates()
    lacking = people.merge(with_population, how="left", indicator=True).query("_merge == 'left_only'")
    if with_population.empty or lacking.empty:
        return population, []
    named = listed(f"{county}/{wave}" for wave, county in lacking[keys].itertuples(index=False))
    note = f"没有列出困难率：{named} 没有职工人数。请在其中放入职工人数表后重新清洗。"
    return population.assign(n=population["n"].mask(population["n"].notna())), [note]


def _data(
    own: Path, scans: Mapping[str, Any], population: pd.DataFrame, homes: Mapping[Path, Path],
    codebook: Codebook, area: str,
) -> WaveData:
    """What exhibits are made from: workers, causes and exits stay on disk, the rest is few or summed up."""
    settings = sorted(map(load_wave, homes), key=lambda one: one.reference_date)
    dates = {one.name: one.reference_date for one in settings}
    days = [one.reference_date for one in settings if one.name == own.name]
    apart = f"各县区计算年龄的日期从{days[0]}到{days[-1]}。" if days[0] < days[-1] else ""
    now = {name: scan.filter({"wave": own.name}) for name, scan in scans.items()}
    sources = engines().collected(now["sources"])
    file = sources["county"].astype(str) + "/" + sources["source_file"].astype(str)
    frames = {
        "workers": now["workers"], "causes": now["causes"], "aid": _summed(now.get("aid")),
        "population": population[population["wave"].eq(own.name)],
        "sources": sources.assign(source_file=file),
        "issues": _repeated(now["issues"], "action"), "totals": _repeated(now["totals"], "verdict"),
    }  # fmt: skip
    defs = definitions(gathered(scans["workers"], ["wave", "hardship_scheme"])[0], codebook, dates)
    every = {**scans, "population": population, "definitions": defs, "carried": pd.DataFrame(columns=CARRIED)}
    wave = Wave(own, days[-1], scope=area or own.parent.name, note=apart)
    return WaveData(wave, codebook, frames, lambda: every)


def _repeated(scan: Any, column: str) -> pd.DataFrame:
    """One column of a table, in any order."""
    cube = gathered(scan, column)[0]
    return cube.loc[cube.index.repeat(cube[ROWS]), [column]].reset_index(drop=True)


def _summed(aid: Any) -> pd.DataFrame:
    """The money of ledgers, a row a kind and source."""
    if aid is None:
        return pd.DataFrame()
    cube = gathered(aid, ["kind", "fund_source"], MONEY)[0]
    sums = {name: cube[f"{name}.y"] + cube[f"{name}.at"] * cube[f"{name}.x"] for name in MONEY}
    return cube[["kind", "fund_source"]].assign(**sums)
