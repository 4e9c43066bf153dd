"""The outline of a report: which sections it has, in which order, and what stands in each. Read from outline.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import CodebookError, listed
from bangfu_analysis.pages.blocks import Exhibit

OUTLINE = Path(__file__).parent / "outline.yaml"
_SURE = 0.8  # so alike that a name is taken for a slip of the other


@dataclass(frozen=True)
class Section:
    """A section: its title, and either the exhibits it takes (by id or, without, those of `section`) or what is left to write.

    `write` is the id of the content control that the researcher fills, `prompt` what it says before.
    """

    title: str
    section: str = ""
    exhibits: tuple[str, ...] = ()
    write: str = ""
    prompt: str = ""
    show: bool = True

    def takes(self, shown: Sequence[Exhibit]) -> list[Exhibit]:
        """Its exhibits among `shown`, in order."""
        if self.write:
            return []
        if not self.exhibits:
            return [each for each in shown if each.section == (self.section or self.title)]
        return [each for name in self.exhibits for each in shown if fnmatch(each.id, name)]


@dataclass(frozen=True)
class Outline:
    """A report's title (`{place}` stands for the scope), the issuing union ("" for none) and its sections."""

    title: str
    union: str
    sections: tuple[Section, ...]

    def filled(self, shown: Sequence[Exhibit]) -> Iterator[tuple[Section, list[Exhibit]]]:
        """Each section that is shown and has something in it; CodebookError for an id that is a slip of an existing one."""
        ids = [each.id for each in shown]
        for section in self.sections:
            for name in section.exhibits:
                near = [] if name in ids or "*" in name else get_close_matches(name, ids, n=1, cutoff=_SURE)
                if near:
                    raise CodebookError(f"outline.yaml：“{section.title}”中没有表图 {name}。是否想写 {near[0]}？")
            if section.show and (section.write or section.takes(shown)):
                yield section, section.takes(shown)


def load_outline(*paths: Path) -> Outline:
    """The package's outline with the keys of the files at `paths` that exist laid over it, the later ones last.

    CodebookError names a key that is unknown (with the nearest), a value of the wrong kind, a `write` used twice.
    """
    content: dict[str, Any] = {}
    for path in (OUTLINE, *paths):
        if path.exists():
            own = read_yaml(path)
            _check(own, Outline, path.name, needed=False)
            content |= own
    sections = [_section(each) for each in content["sections"]]
    controls = [section.write for section in sections if section.write]
    if twice := sorted({one for one in controls if controls.count(one) > 1}):
        raise CodebookError(f"outline.yaml：write 的代号重复：{listed(twice)}。请改成各不相同的代号。")
    return Outline(str(content["title"]), str(content["union"] or ""), tuple(sections))


def _section(content: Any) -> Section:
    if not isinstance(content, Mapping):
        raise CodebookError(f"outline.yaml：sections 的每一项应写作 title: 标题 等键，实际是 {content!r}。")
    _check(content, Section, f"outline.yaml“{content.get('title', '')}”一节", needed=True)
    names = content.get("exhibits") or ()
    return Section(**{**content, "exhibits": (names,) if isinstance(names, str) else tuple(map(str, names))})


def _check(content: Mapping[str, Any], shape: type, where: str, *, needed: bool) -> None:
    known = {field.name: field for field in fields(shape)}
    for key, value in content.items():
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"是否想写 {near[0]}？" if near else ""
            raise CodebookError(f"{where}：未知的键 {key}。可用：{listed(known)}。{hint}")
        kind, word = _KINDS.get(str(known[key].type), (list, "方括号中的一列"))
        if not isinstance(value, kind) and not (value is None and key != "title"):
            raise CodebookError(f"{where}：{key} 应为{word}，实际是 {value!r}。")
    absent = [name for name, field in known.items() if field.default is MISSING and name not in content]
    if needed and absent:
        raise CodebookError(f"{where}：缺少 {listed(absent)}。")


_KINDS: Mapping[str, tuple[Any, str]] = {"str": (str, "文字"), "bool": (bool, "true 或 false")}
