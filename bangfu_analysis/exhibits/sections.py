"""The outline of a report: which sections it has, in which order, and what stands in each. Read from outline.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import CodebookError, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.recipes import Recipe

OUTLINE = Path(__file__).parent / "outline.yaml"
QUALITY = "quality"  # what was read and what was not is always said


@dataclass(frozen=True)
class Section:
    """A section: its id, its title, and either the exhibits it takes or what is left to write.

    `exhibits`: ids in order ("trend_*" for several); without them it takes those whose recipes name its id. `write`: it
    is the researcher's, and `prompt` is what it says before.
    """

    id: str
    title: str
    exhibits: tuple[str, ...] = ()
    write: bool = False
    prompt: str = ""
    show: bool = True

    def takes(self, shown: Sequence[Exhibit]) -> list[Exhibit]:
        """Its exhibits among `shown`, in order."""
        if self.write:
            return []
        if not self.exhibits:
            return [each for each in shown if each.recipe.section == self.id]
        return [each for name in self.exhibits for each in shown if fnmatch(each.id, name)]


@dataclass(frozen=True)
class Outline:
    """A report's title (`{place}` stands for the scope), that of a wave that is a survey alone (`{survey}`: the survey's
    own), the issuing union ("" for none) and its sections.
    """

    title: str
    survey: str
    union: str
    sections: tuple[Section, ...]

    def filled(self, shown: Sequence[Exhibit]) -> Iterator[tuple[Section, list[Exhibit]]]:
        """Each section that is shown and has something in it."""
        for section in self.sections:
            own = section.takes(shown)
            if section.show and (section.write or own or section.id == QUALITY):
                yield section, own


def load_outline(*paths: Path, recipes: Sequence[Recipe] = ()) -> Outline:
    """The package's outline with the keys of the files at `paths` that exist laid over it, the later ones last.

    CodebookError names a key that is unknown (with the nearest), a value of the wrong kind, an id used twice, an exhibit
    or a section that `recipes` and outline do not both know.
    """
    content: dict[str, Any] = {}
    for path in (OUTLINE, *paths):
        if path.exists():
            own = read_yaml(path)
            _check(own, Outline, path.name, needed=False)
            content |= own
    sections = tuple(_section(each) for each in content["sections"])
    title, survey, union = (str(content[key] or "") for key in ("title", "survey", "union"))
    outline = Outline(title, survey, union, sections)
    _hold_together(outline, recipes)
    return outline


def _hold_together(outline: Outline, recipes: Sequence[Recipe]) -> None:
    ids, exhibits = [section.id for section in outline.sections], [each.id for each in recipes]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise CodebookError(f"outline.yaml：id 重复：{listed(twice)}。请改成各不相同的代号。")
    known = {*ids, *(section.id for section in load_outline().sections)} if recipes else set(ids)
    for each in recipes:
        if each.section and each.section not in known:
            hint = did_you_mean(each.section, sorted(known))
            raise CodebookError(f"exhibits.yaml：表图 {each.id} 的 section {each.section} 不在提纲中。{hint}")
    for section in outline.sections if recipes else ():
        for name in section.exhibits:
            several = "*" in name or name.startswith(("survey_", "mechanism_"))
            if not several and name not in exhibits:
                hint = did_you_mean(name, exhibits)
                raise CodebookError(f"outline.yaml：“{section.title}”中没有表图 {name}。{hint}")


def _section(content: Any) -> Section:
    if not isinstance(content, Mapping):
        raise CodebookError(f"outline.yaml：sections 的每一项应写作 id: 代号, title: 标题 等键，实际是 {content!r}。")
    _check(content, Section, f"outline.yaml“{content.get('title', '')}”一节", needed=True)
    names = content.get("exhibits") or ()
    return Section(**{**content, "exhibits": (names,) if isinstance(names, str) else tuple(map(str, names))})


def _check(content: Mapping[str, Any], shape: type, where: str, *, needed: bool) -> None:
    known = {field.name: field for field in fields(shape)}
    for key, value in content.items():
        if key not in known:
            raise CodebookError(f"{where}：未知的键 {key}。可用：{listed(known)}。{did_you_mean(str(key), list(known))}")
        kind, word = _KINDS.get(str(known[key].type), (list, "方括号中的一列"))
        if not isinstance(value, kind) and not (value is None and key != "title"):
            raise CodebookError(f"{where}：{key} 应为{word}，实际是 {value!r}。")
    absent = [name for name, field in known.items() if field.default is MISSING and name not in content]
    if needed and absent:
        raise CodebookError(f"{where}：缺少 {listed(absent)}。")


_KINDS: Mapping[str, tuple[Any, str]] = {"str": (str, "文字"), "bool": (bool, "true 或 false")}
