"""The exhibit: one result frame with its meaning, protected once; table, words and figure are views of that
same frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits import sentences, sentences_further
from bangfu_analysis.exhibits.labels import WORDS, labels_of, title_of
from bangfu_analysis.exhibits.measures import dimensions, printed_percents
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import DisplayTable, Layout, display_table, opened
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.survey.models import Model

if TYPE_CHECKING:
    from bangfu_analysis.pages.theme import Figure

PERSONS = {"person_id", "respondent_id"}
Keep = Callable[["Exhibit", Path], "Exhibit"]  # what a release says of an exhibit to be written to a path


@dataclass(frozen=True)
class Exhibit:
    """What is counted, within what, of whom, how drawn, how said.

    `cut`: the result frame and what its counts count; `recipe`: its title, chart, sentences; `layout`: how it
    stands in a table; `focus`: {dimension: code} that figure and sentences speak of, where not of all;
    `facts`: what sentences need beside the frame (place, ...); `beside`: further counts that it shows,
    released with it; `folder`: where a bare file name goes; `keep`: passes it through the release of its wave
    before it is written.

    >>> from bangfu_analysis.codebook import load_codebook
    >>> table = pd.DataFrame({"sex": ["male", "female"], "n": [30, 10], "base_n": 40, "share": [0.75, 0.25]})
    >>> print(as_exhibit(table, load_codebook()).to_markdown())
    | 性别 | 人数 | 占比（%） |
    | --- | ---: | ---: |
    | 男 | 30 | 75.0 |
    | 女 | 10 | 25.0 |
    | 合计 | 40 | 100.0 |
    <BLANKLINE>
    占比的基数为40人。
    """

    cut: Cut
    recipe: Recipe
    layout: Layout
    codebook: Codebook
    source: str = ""
    focus: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    lang: str = "zh"
    beside: tuple[Cut, ...] = ()
    folder: Path | None = None
    keep: Keep | None = field(default=None, compare=False, repr=False)

    @property
    def id(self) -> str:
        """Its name in exhibits.yaml, in marks and in release.json."""
        return self.cut.id

    @property
    def title(self) -> str:
        """The printed title."""
        return self.cut.title

    @property
    def frame(self) -> pd.DataFrame:
        """The result frame, protected by the policy of the wave: codes, unrounded numbers, `suppressed`."""
        return self.cut.frame

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """Its own result frame and the further ones that it shows, each with what it counts."""
        return (self.cut, *self.beside)

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> Exhibit:
        """The same exhibit of protected frames, by the ids of its cuts."""
        own, *beside = (replace(cut, frame=frames[cut.id]) for cut in self.cuts)
        ranked = self.recipe.sort or self.recipe.make == "aid"
        if ranked and len(own.dimensions) == 1 and "suppressed" in own.frame:
            own = replace(own, frame=_hidden_last(own.frame, own.dimensions[0]))
        return replace(self, cut=own, beside=tuple(beside))

    def in_language(self, lang: str) -> Exhibit:
        """The same exhibit with its labels in another language: zh or en."""
        return replace(self, lang=lang)

    @cached_property
    def table(self) -> DisplayTable:
        """The table as printed."""
        title = self.title if self.lang == "zh" else ""
        source = self.source if self.lang == "zh" else ""
        book, lang = self.codebook, self.lang
        table = display_table(self.frame, book, self.layout, lang=lang, title=title, source=source)
        labels = book.labels(self.cut.dimensions[-1], lang) if self.made_of else {}
        return opened(table, {labels[code]: rows for code, rows in self.made_of.items()}, book, lang)

    @cached_property
    def made_of(self) -> dict[str, pd.DataFrame]:
        """Code of a group of causes -> the rows of its causes, where there are several."""
        parts = [cut.frame for cut in self.beside if cut.id == f"{self.id}_parts"]
        levels = self.codebook.bands[self.cut.dimensions[-1]].levels if parts else ()
        codes = {level["code"]: level.get("codes", ()) for level in levels}
        causes = {code: rows[rows["cause"].isin(of)] for rows in parts for code, of in codes.items()}
        return {code: rows for code, rows in causes.items() if len(rows) > 1}

    @cached_property
    def text(self) -> str:
        """The sentences of the report on it, in Chinese; "" where it has none."""
        return "".join([self.facts.get("replies", ""), *(TEXTS[name](self) for name in self.recipe.text)])

    def titled(self, name: str) -> str:
        """The name of a variable as running text has it, without what brackets add in a table's heading."""
        return title_of(self.codebook, name).partition("（")[0]

    def labels(self, codes: pd.Series[Any]) -> list[str]:
        """The Chinese labels of a column of codes, in order."""
        return labels_of(self.codebook, codes)

    def printed(self, rows: pd.DataFrame, name: str) -> pd.DataFrame:
        """Rows of its frame with `label`, of `name`, and `percent`, as the table prints the share."""
        labels, percents = self.labels(rows[name]), printed_percents(rows)
        return rows.assign(label=labels, percent=percents).reset_index(drop=True)

    @property
    def focused(self) -> pd.DataFrame:
        """The rows that figure and sentences speak of, without the columns that say so."""
        rows = self.frame
        for column, code in self.focus.items():
            rows = rows[rows[column].eq(code)].drop(columns=column)
        return rows.reset_index(drop=True)

    @property
    def drawn(self) -> tuple[str, pd.DataFrame]:
        """The chart that its recipe names, and the rows that it draws."""
        return self.recipe.draw, self.focused

    @property
    def subject(self) -> str:
        """Whom the sentences speak of: 困难职工, or those of the level in focus."""
        labels = [self.codebook.labels(column).get(code, code) for column, code in self.focus.items()]
        return f"{''.join(labels)}职工" if labels else self.recipe.subject

    @property
    def figure_title(self) -> str:
        """The title of the chart: that of the exhibit, of whom it speaks."""
        return self.title.replace("困难职工", self.subject, 1) if self.focus else self.title

    def chart(self, *, size: str = "full", title: str | None = None) -> Figure:
        """The chart, drawn of the protected frame: `size` column (75 mm), full (150 mm) or slide (254 mm).

        Where the wave has nothing to draw, the sentence that says so; ArgumentError where no chart is named.
        """
        from bangfu_analysis.pages.figures import draw

        return draw(self, size=size, title=title)

    def save(self, path: str | Path, *, size: str = "full") -> Path:
        """Write it as the suffix says: .xlsx .docx .pptx .html .csv .md .png .svg .pdf; returns the path.

        A bare name goes to the figures folder of its wave. What leaves is checked against, and written into,
        the release.json of the wave; where more must be hidden it says so.
        """
        from bangfu_analysis.pages.saving import save

        return save(self, Path(path), size=size)

    def update(self, path: str | Path) -> Path:
        """Fill and refresh its own marks (`{{图:id}}`, `{{数:id.share}}`) in a .docx or .pptx; returns the
        path.

        All else in the document stays as it is; what leaves goes through the release, as in `save`.
        """
        from bangfu_analysis.pages.fill import fill

        fill(Path(path), [self], {} if len(self.frame) else {self.id: self.text}, only=True)
        return Path(path)

    def to_markdown(self) -> str:
        """The table as Markdown, with its notes below."""
        from bangfu_analysis.pages.saving import markdown

        return markdown(self.table)

    def _repr_html_(self) -> str:
        from bangfu_analysis.pages.saving import html

        return html(self)

    def __repr__(self) -> str:
        return f"<Exhibit {self.id}：{self.title}，{len(self.frame)} 行>"


TEXTS = {**sentences.SAY, **sentences_further.SAY}  # by the names that exhibits.yaml gives them


def _hidden_last(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Sorted rows with the hidden ones behind, by name: between two others their place would tell their size.
    """
    hidden = frame["suppressed"]
    last = frame[hidden].sort_values(name, key=lambda codes: codes.astype("str"))
    return pd.concat([frame[~hidden], last], ignore_index=True)


def as_exhibit(
    result: pd.DataFrame | Model, codebook: Codebook, *, title: str = "", lang: str = "zh", draw: str = ""
) -> Exhibit:
    """Any result frame of the package as an exhibit, as it is: its dimensions labelled, its measures as
    registered, and drawn as `draw` says (a name that exhibits.yaml knows: bars, stacked, lines, dots, …).

    `result`: a frame of `tabulate`, `hardship_rate`, `cause_table`, the estimators, tests and so on. Where
    `base_n` varies, it varies by the outer dimensions. Of a model, its average marginal effects, with chart
    and sentences. Nothing is protected that was not before. ArgumentError where a column is neither a measure
    nor a dimension, or where the rows are persons or replies and no result.
    """
    text, facts = tuple[str, ...](), dict[str, Any]()
    if isinstance(result, Model):
        draw, text, facts = "effects", ("effects",), {"answer": title_of(codebook, result.answer, lang)}
        result = sentences_further.effects_of(result, codebook, lang)
    names = dimensions(result)
    if PERSONS & {*names, *result.index.names}:
        to_do = "请先用 tabulate、means 等汇总。"
        raise ArgumentError(f"as_exhibit：这是逐人的数据，不是结果表，不能做成表图。{to_do}")
    odd = [c for c in names if pd.api.types.is_float_dtype(result[c].dtype) and c not in WORDS["titles"]]
    if odd:
        registered = "dimension（分组列）或 measures.yaml 中登记的数"
        raise ArgumentError(f"as_exhibit：列 {'、'.join(odd)} 不是{registered}。请先去掉或改名。")
    within = _bases_of(result, names)
    cut = Cut("result", title, result, tuple(names), within=within)
    recipe = Recipe("result", "count", title=title, draw=draw, text=text)
    return Exhibit(cut, recipe, Layout(within=within), codebook, facts=facts, lang=lang)


def _bases_of(result: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """The fewest outer dimensions inside which `base_n` is one number."""
    if "base_n" not in result:
        return ()
    for k in range(len(names)):
        groups = result.groupby(names[:k] or (lambda _: 0), observed=True, dropna=False)["base_n"]
        if groups.nunique().le(1).all():
            return tuple(names[:k])
    return tuple(names)
