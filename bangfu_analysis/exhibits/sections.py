"""The outline of a report: which sections it has, in which order, and what stands in each. Read from
outline.yaml.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import Codebook, read_yaml
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.making import MAKES
from bangfu_analysis.exhibits.recipes import EXHIBITS_FILE, Recipe, load_recipes
from bangfu_analysis.settings import Words, read_settings
from bangfu_analysis.wave import OUTLINE_FILE, levels

OUTLINE = Path(__file__).parent / "outline.yaml"
NUMBERS = ("count", "age", "number", "money", "yes_no")  # kinds of which there is a mean
MOST_EXHIBITS = 500  # of a questionnaire
QUALITY = "quality"  # what was read and what was not is always said


@dataclass(frozen=True)
class Section:
    """A section: its id, its title, and either the exhibits it takes or what is left to write.

    `exhibits`: ids in order ("trend_*" for several); without them it takes those whose recipes name its id.
    `write`: it is the researcher's, and `prompt` is what it says before.
    """

    id: str
    title: str
    exhibits: tuple[str, ...] = ()
    write: bool = False
    prompt: str = ""
    show: bool = True

    def takes(self, shown: Sequence[Exhibit]) -> list[Exhibit]:
        """Its exhibits among `shown`, in order."""
        if not self.exhibits:
            return [each for each in shown if each.recipe.section == self.id]
        named = {each.id: each for name in self.exhibits for each in shown if fnmatch(each.id, name)}
        return [*named.values()]


@dataclass(frozen=True)
class Outline:
    """A report's title (`{place}` stands for the scope), that of a wave that is a survey alone (`{survey}`:
    the survey's own), the issuing union ("" for none) and its sections.
    """

    title: str
    survey: str
    union: str
    sections: tuple[Section, ...]

    def filled(self, shown: Sequence[Exhibit]) -> Iterator[tuple[Section, list[Exhibit]]]:
        """Each section that is shown and has something in it."""
        named = [each.id for section in self.sections if section.exhibits for each in section.takes(shown)]
        for section in self.sections:
            free = shown if section.exhibits else [each for each in shown if each.id not in named]
            exhibits = section.takes(free)
            if section.show and (section.write or exhibits or section.id == QUALITY):
                yield section, exhibits


def load_outline(
    *paths: Path, recipes: Sequence[Recipe] = (), mechanisms: Collection[str] = ()
) -> Outline:
    """The package's outline with the keys of the files at `paths` that exist laid over it, the later ones
    last.

    CodebookError names the line of a key that is unknown (with the nearest), of a value of the wrong kind, of
    an id used twice, of an exhibit that is not among those of `recipes`, or stands in two sections.
    """
    further = {"questionnaire": range(1, MOST_EXHIBITS), "mechanism": mechanisms}  # as many as the data give
    several = [f"{each.id}_{own}" for each in recipes for own in further.get(each.make, ())]
    known = [*(each.id for each in recipes), *several]
    content: dict[str, Any] = read_yaml(OUTLINE)
    for path in filter(Path.exists, paths):
        words, against = partial(_words, recipes, known), partial(_twice, known)
        content |= read_settings(path, "outline", words, against=against)
    sections = tuple(
        Section(**{**each, "exhibits": _names(each.get("exhibits", ()))}) for each in content["sections"]
    )
    return Outline(content["title"], content["survey"], content["union"], sections)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _twice(known: Sequence[str], content: Mapping[str, Any]) -> Iterator[str]:
    """Exhibits that two sections take."""
    taken: dict[str, str] = {}
    for section in (each for each in content.get("sections", ()) if each.get("show", True)):
        names = _names(section.get("exhibits", ()))
        for one in (each for each in known if any(fnmatch(each, name) for name in names)):
            if (first := taken.setdefault(one, section["id"])) != section["id"]:
                here = f"{section['id']} 的 exhibits"
                yield f"sections：{here} 中 {one} 已归入 {first}，会印两次。请去掉一处，或改写 {here}。"


def _words(recipes: Sequence[Recipe], known: Sequence[str], content: Mapping[str, Any]) -> Words:
    """What a section may name: the exhibits that are known (all, where none are), and patterns; its id, where
    nothing else says what stands in it, is one that fills itself.
    """
    filling = [QUALITY, *dict.fromkeys(each.section for each in recipes if each.section)]
    sections = content.get("sections")
    given = [e.get("exhibits") for e in sections if isinstance(e, dict)] if isinstance(sections, list) else []
    named = [str(name) for names in given if isinstance(names, str | list) for name in _names(names)]
    open_ones = [name for name in named if "*" in name and any(fnmatch(each, name) for each in known)]
    own_words = {"write", "exhibits", "show"}
    vocabulary: Words = {
        "exhibits": [*known, *open_ones],
        "filled": lambda _, beside: None if own_words & {*beside} and str(beside["id"]).strip() else filling,
    }
    return vocabulary if known else {}


def report_settings(folder: Path, codebook: Codebook) -> tuple[list[Recipe], Outline]:
    """The exhibits and the outline of a wave's report: the package's, with what study and wave lay over them.
    """
    outlines = [level / OUTLINE_FILE for level in levels(folder)]
    sections = [*load_outline().sections, *load_outline(*outlines).sections]

    def words() -> Words:
        names = dimensions_of(codebook)
        numbers = [name for name, one in codebook.of("workers").items() if one.kind in NUMBERS]
        codes = dict[str, list[str]]()
        for name in names:
            with suppress(CodebookError):  # a unit or a wave has none
                codes[name] = [*codebook.labels(name)]
        return {
            "of trend": ["rate", *names], "of mean": numbers, "of mechanism": [*codebook.mechanisms],
            "of": ["rate", *names, *numbers, *codebook.mechanisms], "makes": list(MAKES), "dimensions": names,
            "sections": list(dict.fromkeys(section.id for section in sections)),
            "codes": lambda at, _: codes.get(at[-1]) or None,
        }  # fmt: skip

    recipes = load_recipes(*(level / EXHIBITS_FILE for level in levels(folder)), words=words)
    return recipes, load_outline(*outlines, recipes=recipes, mechanisms=codebook.mechanisms)


def dimensions_of(codebook: Codebook) -> list[str]:
    """What people may be divided by: variables of categories, bands, the unit, the cause, the wave."""
    kinds = ("choice", "choices", "yes_no", "unit")
    categories = [name for name, one in codebook.of("workers").items() if one.kind in kinds]
    return list(dict.fromkeys([*categories, *codebook.bands, "unit", "cause", "cause_main", "wave"]))
