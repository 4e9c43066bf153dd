"""A wave or a study, opened: questions in, exhibits out, protected by the policy of the wave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis import reruns
from bangfu_analysis.analysis.arrays import names as column_names
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import CallError, ColumnMissing, ReleaseConflict, Withdrawn, did_you_mean, listed
from bangfu_analysis.exhibits.banner import Banner, banner, cuts_of, plan_of
from bangfu_analysis.exhibits.body import absurd
from bangfu_analysis.exhibits.coarser import coarse, few_enough, without_stars
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import title_of
from bangfu_analysis.exhibits.making import nothing
from bangfu_analysis.exhibits.questionnaires import surveys_of
from bangfu_analysis.exhibits.recipes import Recipe, recipe
from bangfu_analysis.exhibits.sections import report_settings
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.files import locked, write
from bangfu_analysis.pages.notebook import mark_raw_frames
from bangfu_analysis.progress import doing, steps
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import Released, joined, known_before, protect
from bangfu_analysis.release.policy import RELEASE_FILE, Policy, load_policy
from bangfu_analysis.release.protection import Record
from bangfu_analysis.release.scanner import Search, scan, withdraw
from bangfu_analysis.study import questionnaire_book, study_frames, wave_codebook, wave_frames, wave_search
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_mean, estimate_share
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.settings_book import policy_chosen
from bangfu_analysis.wave import Places, Wave, find_wave, levels, load_wave, places

RELEASED = "release.json"
By = str | Sequence[str] | None
Where = Mapping[str, Any] | None


@dataclass(frozen=True)
class OpenWave:
    """A wave and what may be asked of it. Every answer is an `Exhibit`: `.frame`, `.table`, `.text`,
    `.chart()`, `.save()`.

    `data`: its frames, settings and codebook; `policy`: what may be shown; `out`: the folder of its frames,
    if not their place.
    """

    data: WaveData
    policy: Policy
    out: Path | None = None

    @property
    def name(self) -> str:
        """The wave's name."""
        return self.data.wave.name

    @property
    def settings(self) -> Wave:
        """What wave.toml says."""
        return self.data.wave

    @property
    def codebook(self) -> Codebook:
        """The codebook the wave was read with."""
        return self.data.codebook

    @property
    def place(self) -> str:
        """The scope in words."""
        return self.data.place

    @cached_property
    def frames(self) -> Frames:
        """The tidy frames by name, those of `workers` with bands and `unit`. Confidential: one row a person.
        """
        return {**self.data.frames, "workers": self.data.workers}

    def codes(self, name: str) -> dict[str, str]:
        """The codes of a variable or band and their labels; CodebookError suggests the nearest name."""
        return self.codebook.labels(name)

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A tidy frame by its name: `.workers` (with bands and `unit`), `.members`, `.aid`, `.issues`, …"""
        if name.startswith("_") or name == "frames":  # copying, and a fault of the frames themselves
            raise AttributeError(name)
        if name not in self.frames:
            known = [*self.frames, *dir(type(self))]
            message = f"本批次没有 {name}。现有：{listed(sorted(self.frames))}。"
            raise AttributeError(f"{message}{did_you_mean(name, known)}")
        return self.frames[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.frames]

    def count(self, by: By, *, within: str | None = None, where: Where = None, **look: Any) -> Exhibit:
        """How many workers fall in each level of `by`, with shares of all, or inside each group of `within`.

        `look`: `title`, `draw`, `text`, `sort` and what else a row of exhibits.yaml may say (see `Recipe`).
        """
        names = self._known(by, where, column_names(within))
        draw, text = "stacked" if within else self._bars(names), "" if within or len(names) > 1 else "shares"
        row = {"by": names, "within": within or "", "draw": draw, "text": text}
        return self.ask("count", {**row, "where": where or {}, **look})

    def rate(self, by: By = None, *, where: Where = None, **look: Any) -> Exhibit:
        """Workers in hardship as a share of all workers of the population sheet, in every group of `by`."""
        names = self._known(by, where)
        shown = {"sort": "share", "draw": "rates", "text": "extremes"} if names else {"text": "overall"}
        return self.ask("rate", {"by": names, **shown, "where": where or {}, **look})

    def causes(self, by: By = None, *, mention: str = "any", where: Where = None, **look: Any) -> Exhibit:
        """Causes of hardship in every group of `by`; `mention`: main (one a worker) or any (several, over 100
        %).
        """
        names = self._known(by, where)
        text, draw = ("by_group", "panels") if names else ("leading", "ranked")
        row = {"by": names, "mention": mention, "draw": draw, "text": text, "sort": "" if names else "size"}
        return self.ask("causes", {**row, "noun": "致困原因", "where": where or {}, **look})

    def mean(
        self, variable: str, by: By = None, *, design: SurveyDesign | None = None, where: Where = None,
        **look: Any,
    ) -> Exhibit:
        """The mean of a number in every group of `by`; with a `design`, estimated from the sample with
        intervals.
        """
        names = self._known(by, where, [variable])
        if design is None:
            row = {"of": variable, "by": names, "draw": "means" if names else "", "text": "means"}
            return self.ask("mean", {**row, "where": where or {}, **look})
        frame = estimate_mean(self.workers, variable, design=design, by=names or None, where=where)
        look = {"title": f"{self.codebook.title(variable)}的均值", **look}
        return self._estimated(frame, names, look, where=where or {}, kind="mean", variable=variable)

    def share(
        self, variable: str, by: By = None, *, design: SurveyDesign | None = None, where: Where = None,
        **look: Any,
    ) -> Exhibit:
        """The shares of the levels of a variable in every group of `by`; with a `design`, with intervals."""
        names = self._known(by, where, [variable])
        if design is None:
            within = names[0] if names else None
            return self.count([*names[1:], variable], within=within, where=where, **look)
        frame = estimate_share(self.workers, variable, design=design, by=names or None, where=where)
        look = {"title": f"{self.codebook.title(variable)}的占比（抽样估计）", **look}
        return self._estimated(frame, [*names, variable], look, where=where or {})

    @cached_property
    def search(self) -> Search:
        """What must not stand in anything that is made of the wave."""
        return wave_search(self.settings.folder, out=self.out)

    def exhibits(self) -> list[Exhibit]:
        """All exhibits of the report that the wave has data for, protected together."""
        return self._report

    @cached_property
    def _report(self) -> list[Exhibit]:
        return self.released(self.recipes())[0]

    def exhibit(self, id: str) -> Exhibit:
        """One exhibit of the report by its id, or a sentence where the wave has nothing for it.

        CallError suggests the nearest id where no exhibit is called so.
        """
        shown, known = {each.id: each for each in self._report}, {each.id: each for each in self.recipes()}
        if id in shown:
            return shown[id]
        if id in known:
            return nothing(self.data, known[id], self.lacks(known[id]))
        names = [*dict.fromkeys([*shown, *known])]
        raise CallError(f"没有表图 {id}。可用：{listed(names)}。{did_you_mean(id, names)}")

    def marks(self) -> dict[str, str]:
        """All marks that `fill` knows (`{{句:level}}`), each with what it becomes; of a chart or table its
        title.
        """
        from bangfu_analysis.pages.marks import offered

        return {f"{{{{{tag}}}}}": words for each in self._report for tag, words in offered(each).items()}

    def fill(self, path: str | Path) -> list[str]:
        """Fill and refresh the marks of a researcher's own .docx or .pptx in place, through the release of
        the wave.

        Returns what could not be filled, in sentences; see `pages.fill`.
        """
        from bangfu_analysis.pages.fill import fill

        shown = {each.id for each in self._report}
        lacks = {each.id: self.lacks(each) for each in self.recipes() if each.id not in shown}
        return fill(Path(path), self._report, lacks)

    def sheets(self) -> Exhibit:
        """What every sheet was taken for and what became of its rows."""
        return self.ask("sheets", {})

    def findings(self) -> Exhibit:
        """How many cells have which finding, and what was done about them."""
        return self.ask("findings", {})

    def lacks(self, one: Recipe) -> str:
        """The sentence on an exhibit that the wave has no data for, with the reason where it is known."""
        alone = one.section == "trends" and len(self.data.waves) == 1
        why = f"只有 {self.name} 一个批次，不能" if alone else f"{self.name} 批次没有可用的数据来"
        return f"{why}做“{one.title or (title_of(self.codebook, one.of) if one.of else one.id)}”，从略。"

    def recipes(self) -> list[Recipe]:
        """The report's exhibits as data: the package's, with those of the study and of the wave laid over
        them.
        """
        return report_settings(self.settings.folder, self.codebook)[0]

    def released(self, recipes: Sequence[Recipe]) -> tuple[list[Exhibit], Released]:
        """The exhibits of `recipes`, protected together against what this wave and others have released, and
        the release.
        """
        computed = steps("计算表图", recipes)
        coarser = [each for one in computed for each in coarse(self.data, one, self.policy.threshold)]
        made = [(each, absurd(each)) for each in few_enough(self.data, coarser)]
        raw = [each for each, why in made if not why]
        away = tuple(f"表图“{each.title}”没有列入：{why}。" for each, why in made if why)
        while True:
            try:
                raw, released = without_stars(self.data, raw, self.added)
                break
            except ReleaseConflict as fault:
                wrong = _concerned(raw, fault)
                if wrong is None:
                    raise
                raw = [each for each in raw if each is not wrong]
                away = (*away, f"表图“{wrong.title}”与其他表矛盾，没有列入：{fault}")
        known_note: tuple[str, ...] = ()
        if more := known_before(released_before(self.places), released.record):
            known_note = (f"本批次以前另发布过{more}个数（见{RELEASED}），由它们可推知的，这里也不列出。",)
        shown = [self._here(each, released.frames) for each in raw]
        notes = (*released.notes, *known_note, *away, *self._unrecorded(recipes))
        return shown, replace(released, notes=notes, left_out=away)

    def _unrecorded(self, recipes: Sequence[Recipe]) -> list[str]:
        """What the roster says of nobody, though exhibits are of it."""
        people = self.data.people
        asked = dict.fromkeys(name for one in recipes for name in (*one.by, one.within) if name in people)
        blank = [name for name in asked if len(people) and people[name].isna().all()]
        book, bands = self.data.codebook, self.data.codebook.bands
        of = [bands[name].variable if name in bands else name for name in blank]
        names = "、".join(dict.fromkeys(title_of(book, name) for name in of))
        return [f"名册没有记录{names}，有关的表图从略。"] if blank else []

    def ask(self, make_it: str, settings: Mapping[str, Any]) -> Exhibit:
        """The exhibit of one row as exhibits.yaml has it; a sentence where the wave has nothing for it."""
        named = recipe(**{"id": _id(make_it, settings), "make": make_it, **settings})
        found = coarse(self.data, named, self.policy.threshold)
        return self._protected(found[0]) if found else nothing(self.data, named, self.lacks(named))

    def other_releases(self) -> list[Record]:
        """The release.json of the study's other waves, where there are any."""
        here = self.settings.folder.resolve()
        others = [p.parent for p in sorted(here.parent.glob("*/wave.toml")) if p.parent != here]
        return [record for folder in others for record in released_before(places(folder))]

    def _estimated(
        self, frame: pd.DataFrame, names: Sequence[str], look: Mapping[str, Any], **cut: Any
    ) -> Exhibit:
        settings = {"id": _id("estimate", {"of": look["title"]}), "make": "share", "draw": "dots", **look}
        by = tuple(name for name in names if name in frame)
        made = Cut(settings["id"], settings["title"], frame, by, population=f"sample/{self.name}", **cut)
        layout, source = Layout(within=by if "variable" in cut else by[:-1]), self.data.source("抽样调查")
        return self._protected(Exhibit(made, recipe(**settings), layout, self.codebook, source))

    def _protected(self, raw: Exhibit) -> Exhibit:
        (made,), released = without_stars(self.data, [raw], self.protect)
        return self._here(made, released.frames)

    @doing("隐去可推算的数")
    def protect(self, cuts: Sequence[Cut], others: Sequence[Record] = ()) -> Released:
        """What of raw cuts may be shown beside `others`, by the policy of the wave; see `protect` of the
        gate.
        """
        return protect(cuts, self.policy, codebook=self.codebook, people=self.data.people, others=others)

    def _here(self, raw: Exhibit, frames: Mapping[str, pd.DataFrame]) -> Exhibit:
        keep = partial(_kept, self, raw.cuts)
        return replace(raw.with_frames(frames), folder=self.places.figures, keep=keep)

    @property
    def places(self) -> Places:
        """Where its outputs go."""
        return places(self.settings.folder, self.out)

    def added(self, cuts: Sequence[Cut]) -> Released:
        """More counts, protected against what this wave and the others have released."""
        return self.protect(cuts, [*self.other_releases(), *released_before(self.places)])

    def record(self, released: Released, **scanned: Any) -> None:
        """Add what was released to the release.json of the wave: what has left the office has left."""
        now = {**released.record, **scanned, "data": reruns.state(self.settings.folder, self.out)}
        before = released_before(self.places)
        record = joined(before[-1], now) if before else now
        write(self.places.report / RELEASED, json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def banners(self, by: By = None, *, where: Where = None, **test: Any) -> list[Banner]:
        """Each questionnaire of the wave with all its questions down and `by` across, protected: see
        `plan_of`, `Banner`.

        `test`: `correction` (bonferroni, holm, bh, none) and `level` of the letters.
        """
        return self._banners(by, where, test)[0]

    def questionnaire(
        self, by: By = None, *, where: Where = None, path: str | Path = "", **test: Any
    ) -> Path:
        """Write `banners` as questionnaire.xlsx beside the report (or to `path`), through the release;
        returns its path.
        """
        from bangfu_analysis.pages.excel import banner_book

        target = Path(path or self.places.report / "questionnaire.xlsx")
        with locked(self.places.report):
            banners, released = self._banners(by, where, test)
            title = f"{self.place}{''.join(f'“{each.title}”' for each in banners)}交叉表"
            write(target, banner_book(banners, title=title, notes=released.notes))
            withdraw(scan([target], self.search))
            self.record(released)
        return target

    def _banners(self, by: By, where: Where, test: Mapping[str, Any]) -> tuple[list[Banner], Released]:
        weight, names = str(self.settings.sample.get("weight", "")), column_names(by)
        plans = [plan_of(one, self.codebook, names, where, weight) for one in surveys_of(self.data)]
        if not plans:
            raise CallError(f"{self.name} 批次没有问卷。请把问卷平台导出的文件放入批次文件夹。")
        cuts = [list(cuts_of(plan)) for plan in plans]
        released = self.added([cut for some in cuts for _, _, cut in some])
        made = zip(plans, cuts, strict=True)
        return [banner(plan, some, released.frames, self.codebook, **test) for plan, some in made], released

    def _known(self, by: By, where: Where, more: Sequence[str] = ()) -> list[str]:
        """The names in `by`; ColumnMissing where these, those of `where` or `more` are no columns."""
        names = column_names(by)
        absent = [n for n in (*more, *names, *(where or {})) if n not in self.workers and n != "cause"]
        if absent:
            raise ColumnMissing.naming(absent, [*map(str, self.workers)], where=f"{self.name} 批次")
        return names

    def _bars(self, names: Sequence[str]) -> str:
        """Upright columns for levels that go up, the largest first for those that do not, a heat map for two.
        """
        if len(names) > 1:
            return ""
        values = self.workers[names[0]]
        ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered
        return "columns" if ordered else "ranked"


def released_before(where: Places) -> list[Record]:
    """What a wave has released, if anything: of other data or by other policies first, then the last."""
    file = where.report / RELEASED
    if not file.exists():
        return []
    try:
        last = json.loads(file.read_text(encoding="utf-8"))
        return [*last.get("earlier", ()), last]
    except (ValueError, AttributeError) as fault:
        to_do = "请从备份恢复；若以前的发布都没有送出，可删去它。未作保护，已停止"
        raise CallError(f"{file}：已损坏，不能核对以前发布过什么。{to_do}。") from fault


def _concerned(raw: Sequence[Exhibit], fault: ReleaseConflict) -> Exhibit | None:
    """The last exhibit whose counts the fault speaks of; None where none is."""
    for each in reversed(raw):
        for cut in each.cuts:
            about = fault.variable in (*cut.dimensions, *cut.where) or not fault.variable
            if about and fault.population.split("/")[0] == cut.population.split("/")[0]:
                return each
    return None


def _kept(wave: OpenWave, raw: Sequence[Cut], exhibit: Exhibit, path: Path) -> Exhibit:
    """The exhibit of the counts `raw` as it may leave beside what the wave has released; release.json is
    added to.
    """
    released = wave.added(raw)
    checked = exhibit.with_frames(released.frames)
    if kinds := wave.search.kinds([checked.title, checked.to_markdown(), checked.text]):
        to_do = "没有写出。请检查原表中的单位名称和备注"
        raise Withdrawn(f"表图“{exhibit.id}”中有个人信息（{'、'.join(kinds)}），{to_do}。")
    wave.record(released)
    lost = [int(each.frame["suppressed"].sum()) for each in (exhibit, checked) if "suppressed" in each.frame]
    if len(lost) < 2 or lost[1] <= lost[0]:
        return checked
    note = f"另有{lost[1] - lost[0]}行因可由已发布的数推知而隐去。"
    return replace(checked, layout=replace(checked.layout, notes=(*checked.layout.notes, note)))


def _id(make_it: str, settings: Mapping[str, Any]) -> str:
    """A name that says what was asked, so that the same question has the same one."""
    of, within = (str(settings.get(name) or "") for name in ("of", "within"))
    parts = [make_it, of, *column_names(settings.get("by")), within]
    where = [f"{k}={v}" for k, v in (settings.get("where") or {}).items()]
    return "_".join(filter(None, [*parts, *where]))


def open_wave(
    study: str | Path, wave: str | None = None, *, clean: bool = True, out: str | Path | None = None
) -> OpenWave:
    """A wave: `open_wave("daoli", "2009")` of the project around the working folder, or the path of its
    folder.

    Where its frames are missing or out of date it is cleaned first; with clean=False only what is there is
    taken, and a wave without frames is a CallError. CallError, WaveSettingsError and CodebookError as for
    `clean_wave`.
    """
    folder = Path(study) if wave is None else find_wave(str(study), wave)
    to = None if out is None else Path(out)
    settings, codebook = load_wave(folder), wave_codebook(folder)
    frames = wave_frames(folder, clean=clean, out=to)
    book = questionnaire_book(folder, frames)
    data = WaveData(settings, codebook, frames, partial(study_frames, folder, own=frames, out=to), book)
    mark_raw_frames()
    return OpenWave(data, wave_policy(folder), to)


def wave_policy(folder: Path, dimensions: Sequence[str] | None = None) -> Policy:
    """The policy that release.yaml of the study and of the wave and 设置.xlsx choose; see `load_policy`."""
    files = (level / RELEASE_FILE for level in levels(folder))
    return load_policy(*files, dimensions=dimensions, chosen=policy_chosen(folder))
