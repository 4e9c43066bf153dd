"""A researcher's own document and exhibits -> the document with its marks filled, all else as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bangfu_analysis.errors import CallError, Withdrawn, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.files import write
from bangfu_analysis.pages.fill_slides import fill_slides
from bangfu_analysis.pages.fill_word import fill_word
from bangfu_analysis.pages.marks import KINDS, Filling, memory, offered, possible
from bangfu_analysis.pages.package import Package
from bangfu_analysis.release.scanner import scan

_FILLED = {".docx": fill_word, ".docm": fill_word, ".pptx": fill_slides, ".pptm": fill_slides}


def fill(
    path: Path, exhibits: Sequence[Exhibit], lacks: Mapping[str, str], *, only: bool = False,
) -> list[str]:
    """Fill and refresh the marks of `path` (.docx .pptx) in place; returns in sentences what could not be.

    `lacks`: the sentence on each id that there is nothing for, which then stands in its place; `only`: marks
    of other exhibits are left as they are. What stood there stays beside as `.bak`. CallError for an unknown
    mark (with the nearest), a file without marks or of another kind; Withdrawn where what would be filled in
    belongs to a person: then the file is untouched.
    """
    if path.suffix.lower() not in _FILLED:
        kinds = f"只能填写 {listed(_FILLED)}。请在 Word、PowerPoint 或 WPS 中另存为这种格式"
        raise CallError(f"{path.name}：{kinds}。")
    offers = {tag: each for each in exhibits for tag in offered(each)}
    by_id = {each.id: each for each in exhibits}
    ids = [*by_id, *lacks]
    known = {memory(tag): tag for tag in (*offers, *(f"{kind}:{id}" for kind in KINDS[:3] for id in ids))}
    found: dict[str, Filling] = {}

    def ask(tag: str, remembered: bool) -> None:
        whole, id = _whole(tag, ids)
        if whole in offers:
            found[tag] = Filling(whole, "", offers[whole])
        elif id in lacks and tag[0] in KINDS:
            found[tag] = Filling(whole, lacks[id])
        elif id in by_id and possible(by_id[id], tag):
            found[tag] = Filling(whole, f"本批次没有可以列出的“{by_id[id].title}”，从略。")
        elif remembered and not only:
            found[tag] = Filling(whole, "（本批次无此数）" if tag[0] == "数" else f"本批次没有{tag}，从略。")
        elif not remembered and (not only or id in ids):
            why = f"没有标记 {{{{{tag}}}}}。{did_you_mean(tag, list(offers))}"
            raise CallError(f"{path.name}：{why}全部标记见 bangfu fill --list 批次文件夹。")

    package, fill_in = Package.read(path), _FILLED[path.suffix.lower()]
    lost = fill_in(package, ask, known)
    if not found:
        like = next(iter(offers), "句:level")
        raise CallError(f"{path.name} 中没有可填的标记。请在要填的地方写上标记，如 {{{{{like}}}}}，再运行。")
    used = [each for each in exhibits if any(one.exhibit is each for one in found.values())]
    kept = {each.id: each.keep(each, path) if each.keep else each for each in used}
    ready = {tag: _ready(one, kept) for tag, one in found.items()}
    fill_in(package, lambda tag, _: ready.get(tag), known)
    _write(path, package.packed(), ready)
    told = [f"{{{{{tag}}}}}：{one.words}" for tag, one in ready.items() if not one.exhibit]
    unknown = [f"有{len(lost)}处标记在本批次认不出，保留原值。请重新写上标记。"]
    return told if only or not lost else [*told, *unknown]


def _whole(tag: str, ids: Sequence[str]) -> tuple[str, str]:
    """The tag with its id written out, and the id: education may stand for education_band if for it alone."""
    name = tag.partition(":")[2].partition(".")[0]
    longer = [each for each in ids if each.startswith(f"{name}_")]
    id = longer[0] if name not in ids and len(longer) == 1 else name
    return tag.replace(name, id, 1), id


def _ready(one: Filling, kept: Mapping[str, Exhibit]) -> Filling:
    """The filling as the release lets it go: with the exhibit that may leave, and its words."""
    if one.exhibit is None:
        return one
    exhibit = kept[one.exhibit.id]
    words = offered(exhibit).get(one.tag)
    if words is None:
        return Filling(one.tag, f"{exhibit.title}不宜公布，从略。")
    return replace(one, words=words, exhibit=exhibit)


def _write(path: Path, content: bytes, ready: Mapping[str, Filling]) -> None:
    """Put the file in place, unless what is filled in, or the file more than before, holds a person's data.

    What stood in the researcher's own text (a telephone of the union) is theirs.
    """
    tables = [one.exhibit.to_markdown() for one in ready.values() if one.exhibit is not None]
    with tempfile.TemporaryDirectory() as folder:
        new, words = Path(folder) / f"new{path.suffix}", Path(folder) / "words.txt"
        write(new, content)
        write(words, "\n".join([*(one.words for one in ready.values()), *tables]))
        hits = scan([new, words, path])
    if more := hits.get(words) or [kind for kind in hits.get(new, []) if kind not in hits.get(path, [])]:
        told = f"要填入 {path.name} 的内容中有个人信息（{'、'.join(more)}），没有填写"
        raise Withdrawn(f"{told}。请检查原表中的单位名称、备注和标题后重新运行。")
    write(path, content, keep=True)
