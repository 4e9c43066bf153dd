"""A researcher's own document and exhibits -> the document with its marks filled, all else as it was.

On slides a chart or a table takes the place of the shape whose text is its mark, and its tag as name; words
become a field whose type says the tag. What is new is made in a copy of the deck, and its parts alone are
taken over.
"""

from __future__ import annotations

import io
import re
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pptx import Presentation
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn

from bangfu_analysis.errors import CallError, Withdrawn, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.files import write
from bangfu_analysis.pages.fill_word import fill_word
from bangfu_analysis.pages.marks import KINDS, MARK, TAG, Answer, Dialect, Filling, memory, offered, possible
from bangfu_analysis.pages.package import Package
from bangfu_analysis.pages.slides import add_chart, add_picture, add_table, chart_data
from bangfu_analysis.pages.word_template import Element, remove, undated
from bangfu_analysis.release.scanner import scan

_PARTS = re.compile(r"ppt/(?:slides|notesSlides)/\w+\.xml")
_SLIDES = Dialect(*map(qn, ("a:p", "a:r", "a:rPr", "a:t")))
_FIELD = "bangfu "  # before the tag, in the type of a field
_SHAPE, *_DRAWN = (qn(name) for name in ("p:sp", "p:graphicFrame", "p:pic"))


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
    tags = {memory(tag): tag for tag in (*offers, *(f"{kind}:{id}" for kind in KINDS[:3] for id in ids))}
    fillings: dict[str, Filling] = {}

    def ask(tag: str, remembered: bool) -> None:
        key, id = _whole(tag, ids)
        if key in offers:
            fillings[tag] = Filling(key, "", offers[key])
        elif id in lacks and tag[0] in KINDS:
            fillings[tag] = Filling(key, lacks[id])
        elif id in by_id and possible(by_id[id], tag):
            fillings[tag] = Filling(key, f"本批次没有可以列出的“{by_id[id].title}”，从略。")
        elif remembered and not only:
            fillings[tag] = Filling(key, "（本批次无此数）" if tag[0] == "数" else f"本批次没有{tag}，从略。")
        elif not remembered and (not only or id in ids):
            why = f"没有标记 {{{{{tag}}}}}。{did_you_mean(tag, list(offers))}"
            raise CallError(f"{path.name}：{why}全部标记见 bangfu fill --list 批次文件夹。")

    package, fill_in = Package.read(path), _FILLED[path.suffix.lower()]
    lost = fill_in(package, ask, tags)
    if not fillings:
        like = next(iter(offers), "句:level")
        raise CallError(f"{path.name} 中没有可填的标记。请在要填的地方写上标记，如 {{{{{like}}}}}，再运行。")
    used = [each for each in exhibits if any(one.exhibit is each for one in fillings.values())]
    kept = {each.id: each.keep(each, path) if each.keep else each for each in used}
    ready = {tag: _ready(one, kept) for tag, one in fillings.items()}
    fill_in(package, lambda tag, _: ready.get(tag), tags)
    _write(path, package.packed(), ready)
    lacking = [f"{{{{{tag}}}}}：{one.words}" for tag, one in ready.items() if not one.exhibit]
    unknown = [f"有{len(lost)}处标记在本批次认不出，保留原值。请重新写上标记。"]
    return lacking if only or not lost else [*lacking, *unknown]


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
        message = f"要填入 {path.name} 的内容中有个人信息（{'、'.join(more)}），没有填写"
        raise Withdrawn(f"{message}。请检查原表中的单位名称、备注和标题后重新运行。")
    write(path, content, keep=True)


def fill_slides(package: Package, answer: Answer, _known: Mapping[str, str]) -> list[str]:
    """Fill what `answer` has something for; CallError where the mark of a chart or table shares its shape."""
    scratch = Presentation(io.BytesIO(package.packed()))
    slides = {str(slide.part.partname)[1:]: slide for slide in scratch.slides}
    for name in filter(_PARTS.fullmatch, list(package.parts)):
        root, filled = package.tree(name), False
        for shape in list(root.iter(_SHAPE, *_DRAWN)):
            tag, remembered = _of_shape(shape)
            filling = answer(tag, remembered) if tag and name in slides else None
            if filling is not None and filling.exhibit is not None:
                new = _Drawn(package, name, slides[name], shape).of(filling, filling.exhibit)
                shape.getparent().replace(shape, new)
                filled = True
            else:
                filled |= sum(_fill(paragraph, answer) for paragraph in shape.iter(_SLIDES.paragraph)) > 0
        if filled:
            package.write(name, root)
    return []


def _properties(shape: Element) -> Element:
    return next(shape.iter(qn("p:cNvPr")))


def _of_shape(shape: Element) -> tuple[str, bool]:
    """The tag of the chart or table that a shape is, or whose mark is its text; whether its name says it."""
    name = _properties(shape).get("name", "")
    if shape.tag in _DRAWN:
        return (name, True) if TAG.fullmatch(name) else ("", False)
    words = "\n".join(map(_SLIDES.words, shape.iter(_SLIDES.paragraph)))
    mark = MARK.fullmatch(words.strip())
    return (f"{mark[1]}:{mark[2]}", False) if mark and mark[1] in "图表" else ("", False)


def _fill(paragraph: Element, answer: Answer) -> bool:
    """Fill the numbers and sentences of a paragraph; whether there were any."""
    for field in list(paragraph.iter(qn("a:fld"))):
        tag = field.get("type", "").removeprefix(_FIELD)
        if TAG.fullmatch(tag) and answer(tag, True) is not None:
            field.addprevious(_run("r", f"{{{{{tag}}}}}", field.find(_SLIDES.properties)))
            field.getparent().remove(field)
    words, filled = _SLIDES.words(paragraph), False
    for mark in reversed(list(MARK.finditer(words))):
        filling = answer(f"{mark[1]}:{mark[2]}", False)
        if filling is not None and filling.exhibit is not None and mark[1] in "图表":
            message = f"{mark[0]} 应独占一个文本框，现在写在“{words[:40]}”之中"
            raise CallError(f"{message}。请把它移到单独的文本框。")
        if filling is not None:
            runs, filled = _SLIDES.cut(paragraph, *mark.span()), True
            name = str(uuid.uuid5(uuid.NAMESPACE_OID, filling.tag)).upper()
            element = f'fld id="{{{name}}}" type={quoteattr(_FIELD + filling.tag)}'
            runs[0].addprevious(_run(element, filling.words, runs[0].find(_SLIDES.properties)))
            remove(runs)
    return filled


def _run(element: str, words: str, look: Element) -> Element:
    run = parse_xml(f"<a:{element} {nsdecls('a')}><a:t>{escape(words)}</a:t></a:{element.partition(' ')[0]}>")
    if look is not None:
        run.insert(0, deepcopy(look))
    return run


class _Drawn:
    """What takes the place of `shape` of a slide; `slide` is the same slide in the copy."""

    def __init__(self, package: Package, part: str, slide: Any, shape: Element) -> None:
        self.package, self.part, self.slide, self.shape = package, part, slide, shape
        id = int(_properties(shape).get("id"))
        self.there: Any = next((one for one in slide.shapes if one.shape_id == id), None)

    def of(self, filling: Filling, exhibit: Exhibit) -> Element:
        """The native chart or table, or a picture of a chart that no native one shows, under the tag."""
        data = chart_data(exhibit) if filling.tag.startswith("图") else None
        if filling.tag.startswith("表"):
            new = self._table(exhibit)
        elif data is None:
            new = self._picture(exhibit, filling.tag)
        elif getattr(self.there, "has_chart", False):
            self.there.chart.replace_data(data[1])
            new = self._taken_over(self.there)
        else:
            new = self._taken_over(add_chart(self.slide, exhibit, data, self._place()))
        old, properties = _properties(self.shape), _properties(new)
        properties.set("id", old.get("id"))
        properties.set("name", filling.tag)
        properties.set("descr", f"{filling.words}。{exhibit.text}")
        return new

    def _place(self) -> Sequence[int]:
        """Left, top, width and height of the shape; of one inside a group as it says itself."""
        if self.there is not None:
            return [self.there.left, self.there.top, self.there.width, self.there.height]
        keys = (("a:off", "x"), ("a:off", "y"), ("a:ext", "cx"), ("a:ext", "cy"))
        return [int(next(self.shape.iter(qn(name))).get(key)) for name, key in keys]

    def _taken_over(self, shape: Any) -> Element:
        """The element of a chart of the copy, its parts put into the package."""
        chart, book = shape.chart.part, shape.chart.part.chart_workbook.xlsx_part
        name, new = str(chart.partname)[1:], deepcopy(shape._element)
        self.package.put(name, chart.blob, chart.content_type)
        if book is not None:
            self.package.put(str(book.partname)[1:], undated(book.blob), book.content_type)
            self.package.relate(name, str(book.partname)[1:], "package")
        next(new.iter(qn("c:chart"))).set(qn("r:id"), self.package.relate(self.part, name, "chart"))
        return new

    def _table(self, exhibit: Exhibit) -> Element:
        """The table in the fonts of the deck, and in the table style and place of the one before it."""
        new = add_table(self.slide, exhibit.table, self._place()[:3])._element
        remove(new.iter(qn("a:latin"), qn("a:ea")))
        if self.shape.tag != _SHAPE:
            for name in ("p:xfrm", "a:tblPr"):
                was, now = (next(e.iter(qn(name)), None) for e in (self.shape, new))
                if was is not None and now is not None:
                    now.getparent().replace(now, deepcopy(was))
        return new

    def _picture(self, exhibit: Exhibit, tag: str) -> Element:
        picture, media = add_picture(self.slide, exhibit, self._place()), f"ppt/media/bangfu{memory(tag)}.png"
        self.package.put(media, picture.image.blob, "image/png")
        new = deepcopy(picture._element)
        next(new.iter(qn("a:blip"))).set(qn("r:embed"), self.package.relate(self.part, media, "image"))
        return new


_FILLED = {".docx": fill_word, ".docm": fill_word, ".pptx": fill_slides, ".pptm": fill_slides}
