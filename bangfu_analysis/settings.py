"""The settings that people write, YAML and TOML, held to the rules of settings.yaml. File -> mapping.

Every mistake is told with file, line, what was found, what may stand there and the nearest right word.
"""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from bangfu_analysis.errors import BangfuError, CodebookError, listed
from bangfu_analysis.text import squeeze

Beside = Mapping[str, Any]  # what stands beside a value in a row whose rule has "?"
Words = Mapping[str, Collection[str] | Callable[[tuple[str, ...], Beside], Collection[str] | None]]
Known = Words | Callable[[Mapping[str, Any]], Words]  # or what they are, where the content itself adds some
Against = Callable[[dict[str, Any]], Iterable[str]]  # what content says against itself
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe both; the one in C is quick
_MOST_NODES = 50_000
MOST_TOLD = 12
_TAGS = frozenset(["str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge"])
TAKEN = frozenset(  # names of columns that every frame or every result has
    ["wave", "person_id", "id_basis", "unit", "source_file", "source_sheet", "source_row", "cell", "n",
     "base_n", "left_out_n", "share", "estimate", "se", "ci_low", "ci_high", "df", "deff", "statistic",
     "p_value", "suppressed"]
)
_WIDE = re.compile(r"[：，＝［］｛｝“”‘’＃　]")


@dataclass
class Mistake(Exception):
    """Something in a settings file that cannot be used, at a line (0: not known)."""

    line: int
    told: str


@dataclass
class Node:
    """A value and its line: a scalar, a list of nodes, or a mapping to nodes, whose keys stand at `lines`."""

    value: Any
    line: int = 0
    lines: dict[str, int] = field(default_factory=dict)


def read_settings(
    path: Path, rules: str, words: Known | None = None, *, error: type[BangfuError] = CodebookError,
    against: Against = lambda _: (),
) -> dict[str, Any]:
    """The content of the settings file at `path`, checked against `rules`, a part of settings.yaml.

    `words`: the vocabularies that the rules name ($questions), as far as they are known: words, or a function
    of the keys on the way there and what stands beside; or a function of the content that gives all.
    `against`: what content that holds to the rules says against itself. UTF-8, UTF-16 and GB18030 are read,
    with any line ends. `error` with every mistake, a line each.
    """
    try:
        node = (_toml if path.suffix == ".toml" else _yaml)(_text(path))
    except Mistake as fault:
        raise error(_sentence(path.name, fault)) from fault
    return _checked(node, rules, words or {}, path.name, error, against, partial(located, path))


def check_settings(
    content: Mapping[str, Any], rules: str, source: str, words: Known | None = None,
    against: Against = lambda _: (),
) -> dict[str, Any]:
    """As read_settings, of a mapping that is no file."""
    node, place = _plain(content), f"{source}：{{}}".format
    return _checked(node, rules, words or {}, source, CodebookError, against, place)


def located(path: Path, fault: str) -> str:
    """A fault that shows later, with the file and the line that has most of its words; what it tells behind
    its place weighs more.
    """
    names = re.findall(r"\w+", fault + fault.partition("：")[2])
    words = [re.compile(rf"(?<!\w){name}(?!\w)") for name in names]
    met = [sum(bool(name.search(line)) for name in words) for line in _text(path).splitlines()]
    line = met.index(max(met)) + 1 if met else 1
    return _sentence(path.name, Mistake(line, fault.removeprefix(f"{path.name}：")))


def _sentence(source: str, mistake: Mistake) -> str:
    return f"{source}{f' 第 {mistake.line} 行' if mistake.line else ''}：{mistake.told}"


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Mistake(0, "不是文本文件，或文字编码既不是 UTF-8 也不是 GB18030。请用记事本另存为 UTF-8。")


def _yaml(text: str) -> Node:
    """The nodes of a YAML text."""
    try:
        root = yaml.compose(text, LOADER)
        return _yaml_node(root, yaml.constructor.SafeConstructor(), [_MOST_NODES]) if root else Node({}, 1)
    except (yaml.YAMLError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        problem = str(getattr(fault, "problem", ""))
        raise _why_no_yaml(text.splitlines(), mark.line if mark else 0, problem) from fault


def _why_no_yaml(lines: list[str], last: int, problem: str) -> Mistake:
    """The mistake at a line (from 0) or the one before it: the parser often stumbles late."""
    last = min(last, len(lines) - 1)
    for at in range(max(0, last - 1), last + 1):
        if "\t" in lines[at]:
            return Mistake(at + 1, "用了制表符（Tab）缩进或分隔。请改成空格。")
        if wide := _WIDE.search(lines[at].split(" #")[0]):
            message = f"用了全角符号“{wide.group()}”，读不成“键: 值”。请改成半角，冒号后空一格。"
            return Mistake(at + 1, message)
    if problem.startswith("found character"):
        return Mistake(last + 1, "有不能用在这里的符号。请把这一行的文字放进双引号。")
    if "alias" in problem or not problem:
        message = "用了 & 或 * 引用，读不成 YAML。请直接写出内容；以 * 或 & 开头的文字请加双引号。"
        return Mistake(last + 1, message)
    return Mistake(last + 1, "读不成 YAML：括号或引号没有配对，或缩进不齐。请对照上一行修改。")


def _yaml_node(node: yaml.Node, plain: yaml.constructor.SafeConstructor, left: list[int]) -> Node:
    """The node with its scalars read; a key twice and an unknown tag are mistakes."""
    line = node.start_mark.line + 1
    left[0] -= 1
    if left[0] < 0:
        raise Mistake(line, "展开后内容过多。请去掉 & 与 * 引用，直接写出内容。")
    if node.tag.rpartition(":")[2] not in _TAGS:
        raise Mistake(line, f"不能用标记 {node.tag.rpartition(':')[2]}。以 ! 开头的文字请加双引号。")
    if isinstance(node, yaml.SequenceNode):
        return Node([_yaml_node(each, plain, left) for each in node.value], line)
    if isinstance(node, yaml.MappingNode):
        made = Node({}, line)
        for key_node, value in node.value:
            key, at = _yaml_node(key_node, plain, left).value, key_node.start_mark.line + 1
            if isinstance(key, list | dict):
                raise Mistake(at, "键应为一个词，实际是列表或映射。")
            name = str(key_node.value if isinstance(key, bool | None) else key)
            if not key_node.style and re.fullmatch("[“‘].*[”’]", name):
                raise Mistake(at, f"键 {name} 带有全角引号，会算作文字的一部分。请去掉，或改成半角引号。")
            if name in made.value:
                raise Mistake(at, f"键 {name} 重复，前面第 {made.lines[name]} 行已经写过。请合并成一处。")
            made.value[name], made.lines[name] = _yaml_node(value, plain, left), at
        return made
    try:
        return Node(plain.construct_object(node), line)
    except (ValueError, yaml.YAMLError) as fault:
        message = f"写的是 {str(node.value)[:40]}，不是有效的日期或数。若是文字，请加双引号。"
        raise Mistake(line, message) from fault


def _toml(text: str) -> Node:
    """The nodes of a TOML text; lines are those where the keys stand."""
    try:
        content = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        place, lines = re.search(r"at line (\d+)", str(fault)), text.splitlines()
        long = [n for n, line in enumerate(lines, 1) if len(re.findall("\"{3}|'{3}", line)) % 2]
        at = int(place[1]) if place else long[-1] if long else len(lines)  # where a text was not closed
        raise Mistake(at, _why_no_toml("".join(lines[at - 1 : at])[:80], str(fault))) from fault
    places: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        keys: tuple[str, ...] = ()
        if head := re.match(r"\s*\[{1,2}([^\[\]]+)\]", line):
            keys = section = _parts(head[1])
        elif pair := re.match(r"\s*([^=#\s][^=#]*?)\s*=", line):
            keys = (*section, *_parts(pair[1]))
        for depth in range(len(keys)):
            places.setdefault(keys[: depth + 1], number)
    return _plain(content, places=places)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _why_no_toml(line: str, fault: str) -> str:
    if "overwrite" in fault or "twice" in fault or "declare" in fault:
        return f"“{line.strip()}”这一项或这一节前面已经写过。请合并成一处。"
    if wide := _WIDE.search(line.split("#")[0]):
        return f"用了全角符号“{wide.group()}”。请改成半角符号（= \" , [ ]）。"
    if re.search(r"\d{4}[-/.年]\d{1,2}", line):
        return f"“{line.strip()}”不是有效的日期。应写作 2009-06-30：四位年、两位月、两位日，不加引号。"
    return f"“{line.strip()}”读不成 TOML。应写作 键 = 值，文字加双引号，括号和引号要配对。"


Places = Mapping[tuple[str, ...], int]


def _plain(value: object, at: tuple[str, ...] = (), places: Places = MappingProxyType({})) -> Node:
    """The nodes of a value of Python; of what has no place of its own, the line of what holds it."""
    line = next((places[at[:n]] for n in range(len(at), 0, -1) if at[:n] in places), 0)
    if isinstance(value, Mapping):
        parts = {str(key): _plain(each, (*at, str(key)), places) for key, each in value.items()}
        return Node(parts, line, {key: part.line for key, part in parts.items()})
    if isinstance(value, list | tuple):
        return Node([_plain(each, at, places) for each in value], line)
    return Node(value, line)


def read_yaml(path: Path) -> Any:
    """What a YAML file of the package holds."""
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)


_rules = lru_cache(maxsize=1)(partial(read_yaml, Path(__file__).with_suffix(".yaml")))


def _checked(
    node: Node, rules: str, words: Known, source: str, error: type[BangfuError], against: Against,
    place: Callable[[str], str],
) -> dict[str, Any]:
    """The plain content; `error` with every mistake in it, else with what it says `against` itself, each at
    its `place`.
    """
    rule = _rules()[rules]
    if isinstance(node.value, list) and len(rule) == 1:  # a list alone is the list of the only key
        (only,) = rule
        node = Node({only: node}, node.line, {only: node.line})
    if callable(words):
        words = words(_unwrapped(node) if isinstance(node.value, dict) else {})
    checker = _Checker(words)
    content = checker.check(node, rule, ())
    if checker.mistakes:
        raise error("\n".join(_sentence(source, mistake) for mistake in checker.mistakes[:MOST_TOLD]))
    if faults := [*dict.fromkeys(against(content))]:
        raise error("\n".join(map(place, faults[:MOST_TOLD])))
    return dict(content)


@dataclass
class _Checker:
    """Goes through nodes and rules together; what a rule does not allow is a mistake."""

    words: Words
    mistakes: list[Mistake] = field(default_factory=list)
    beside: Beside = field(default_factory=dict)

    def check(self, node: Node, rule: Any, at: tuple[str, ...]) -> Any:
        """The plain value of a node."""
        if isinstance(rule, Mapping) and "|" in rule:
            shape = next((each for each in rule["|"] if _is_for(each, node.value)), rule["|"][0])
            return self.check(node, shape, at)
        if isinstance(rule, Mapping):
            return self._mapping(node, rule, at)
        if isinstance(rule, list):
            return self._list(node, rule, at)
        value, told = self._scalar(node.value, rule, at)
        if told:
            self._told(node, at, told)
        return value

    def _mistake(self, line: int, at: tuple[str, ...], told: str) -> None:
        self.mistakes.append(Mistake(line, f"{'.'.join(at)}{' ' if at else ''}{told}"))

    def _told(self, node: Node, at: tuple[str, ...], told: str) -> None:
        self._mistake(node.line, at, f"写的是 {_shown(node.value)}，{told}")

    def _mapping(self, node: Node, rule: Mapping[str, Any], at: tuple[str, ...]) -> Any:
        known = {key.rstrip("!"): each for key, each in rule.items() if key[0] not in "*+/<?="}
        entries = {} if node.value is None else node.value
        if not isinstance(entries, dict):
            such = f"，可用的键：{listed(known)}" if known else ""
            wide = "。请把全角冒号改成半角冒号加空格" if "：" in str(entries) else ""
            section = f"（wave.toml 中为一节，如 [{'.'.join(at)}]）"
            self._told(node, at, f"应为一组“键: 值”{section}{such}{wide}。")
            return {}
        self.beside = _unwrapped(node) if "?" in rule else self.beside
        free = {key: self._names(key[1:], at) for key in rule if key.startswith("*")}
        content, spelt = {}, dict[str, str]()
        for key, each in entries.items():
            own = known.get(key, rule.get(next((star for star in free if _open(star, free[star], key)), "")))
            if not key.strip():
                self._mistake(node.lines.get(key, node.line), at, "有一项的键是空的。请补上。")
            elif own is None:
                message = instead(key, [*known, *(name for names in free.values() for name in names or ())])
                new = "新的名称由小写英文字母、数字和下划线组成，以字母开头。" if "*name" in rule else ""
                self._mistake(node.lines.get(key, node.line), at, f"未知的键 {key}。{new}{message}")
            elif (twin := spelt.setdefault(squeeze(key), key)) != key and entries[twin].value != each.value:
                message = f"{key} 与第 {node.lines[twin]} 行的 {twin} 是同一种写法，所指却不同。请去掉一处。"
                self._mistake(node.lines[key], at, message)
            elif each.value is not None or isinstance(own, str):  # an empty section says nothing
                content[key] = self.check(each, own, (*at, key))
        needed = [[key[:-1]] for key in rule if key.endswith("!")] + ([rule["+"]] if "+" in rule else [])
        for key, by_value in rule.get("?", {}).items():
            for value, names in by_value.items():
                meant = self._names(str(value), (*at, key)) or [value]
                if content.get(key) in meant or ("*" in meant and key in content):
                    needed += [[part] for part in names]
        for part in rule.get("=", ()):
            self._apart(entries, part, at)
        for names in (names for names in rule.get("<", ()) if set(names) <= set(content)):
            self._rising([content[key] for key in names], node, at)
        for keys in (keys for keys in needed if not set(keys) & set(content)):
            self._mistake(node.line, at, f"缺少 {' 或 '.join(keys)}。请补上。")
        return content

    def _list(self, node: Node, rule: list[Any], at: tuple[str, ...]) -> Any:
        rule, more = [each for each in rule if each not in ("+", "<")], rule[-1]
        if not isinstance(node.value, list) or len(rule) not in (1, len(node.value)):
            wanted = f"方括号中的 {len(rule)} 项" if len(rule) > 1 else "方括号中的一列，如 [甲, 乙]"
            self._told(node, at, f"应为{wanted}。")
            return []
        if more == "+" and not node.value:
            self._told(node, at, "应至少有一项。请补上，或去掉这一项。")
        of_entry = rule[0] if isinstance(rule[0], Mapping) else {}
        if "/" in of_entry:
            self._once(node.value, of_entry["/"], at)
        for part in of_entry.get("//", ()):
            self._apart({f"第 {n} 项": each for n, each in enumerate(node.value, 1)}, part, at)
        entries = node.value if len(rule) == 1 and "/" not in of_entry else []
        words = [str(_unwrapped(each)) for each in entries]
        for line, word in ((entries[n].line, w) for n, w in enumerate(words) if w in words[:n]):
            self._mistake(line, at, f"{word[:40]} 重复。请去掉一处。")
        rules = rule if len(rule) > 1 else rule * len(node.value)
        values = [self.check(each, wanted, at) for each, wanted in zip(node.value, rules, strict=True)]
        if more == "<":
            self._rising(values, node, at)
        return values

    def _rising(self, values: list[Any], node: Node, at: tuple[str, ...]) -> None:
        comparable = len({isinstance(value, int | float) for value in values}) == 1
        if comparable and any(one >= other for one, other in pairwise(values)):
            self._told(node, at, f"其中 {values[0]} 不小于 {values[-1]}。应由小到大（由早到晚）。")

    def _once(self, entries: list[Node], keys: list[str], at: tuple[str, ...]) -> None:
        """What `keys` say may stand in one entry only."""
        before: dict[tuple[str, ...], int] = {}
        for entry in entries:
            values = entry.value if isinstance(entry.value, dict) else {}
            name = tuple(str(values[key].value).casefold() for key in keys if key in values)
            if name and name in before:
                message = f"{keys[0]} {name[0]} 重复，前面第 {before[name]} 行写过。请合并或改名。"
                self._mistake(entry.line, at, message)
            before.setdefault(name, entry.line)

    def _apart(self, entries: Mapping[str, Node], part: str, at: tuple[str, ...]) -> None:
        """The words of a part of each entry (of "", of the entry itself) stand in one entry only."""
        owners: dict[Any, str] = {}
        for name, entry in entries.items():
            words = entry.value.get(part, Node([])) if part and isinstance(entry.value, dict) else entry
            for word in (each.value for each in (words.value if isinstance(words.value, list) else [words])):
                if isinstance(word, str | int) and word != "" and owners.setdefault(word, name) != name:
                    message = f"{word} 写在 {owners[word]} 与 {name} 两处，只能写在一处。请去掉一处。"
                    self._mistake(entry.line, at, message)

    def _scalar(self, value: Any, rule: str, at: tuple[str, ...]) -> tuple[Any, str]:
        """The value, and what is wrong with it ("" where nothing is)."""
        kind, _, more = rule.partition(" ")
        if kind == "like":
            plain, shapes = _unwrapped(value), self.words.get("shapes")
            return plain, _unlike(plain, shapes(at, {}) if callable(shapes) else plain)
        if kind == "flag":
            return value, "" if isinstance(value, bool) else "应为 true 或 false（不加引号）。"
        if kind == "date":
            day = value.date() if isinstance(value, datetime.datetime) else value
            first, last = (1980, datetime.date.today().year) if more == "past" else (1900, 2100)
            good = isinstance(day, datetime.date) and first <= day.year <= last
            form = "如 2009-06-30：四位年、两位月、两位日，不加引号"
            return day, "" if good else f"应为日期，{form}；在 {first} 至 {last} 年之间。"
        if kind in ("number", "whole"):
            low, _, high = more.partition("..")
            most = self._names(high, at) if high.startswith("$") else [high]
            return value, _number(value, kind, low, *(most or [""]))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        text = str(value) if number and kind != "text" else value
        if value is None:
            return "", "冒号后没有写值（全角冒号不算）。请补上，或去掉这一项。"
        if not isinstance(text, str):
            return "", "应为文字" + ("" if isinstance(value, list | dict) else "。请加双引号") + "。"
        if kind == "code" and not re.fullmatch(r"[a-z0-9_]+|\s*", text):
            return text, "代码由小写英文字母、数字和下划线组成。请改写；中文写在 label 中。"
        if kind in ("word", "code", "text") or (kind in ("pattern", "not") and not text.strip()):
            return text, "" if rule == "text" else _not_filled(text, more)
        if kind == "pattern":
            return text, _no_pattern(text)
        if kind == "not":
            owners = self._names(more, at)
            owner = owners.get(squeeze(text)) if isinstance(owners, Mapping) else None
            return text, f"它已是 {owner} 的写法，一种写法只能属于一个代码。请去掉一处。" if owner else ""
        names = more.removeprefix("of ").split(", ") if kind == "one" else self._names(kind, at)
        if names is None and kind[1:] in self.words:  # anything but nothing
            return text, _not_filled(text, "")
        return text, "" if names is None or text in names else instead(text, names)

    def _names(self, name: str, at: tuple[str, ...]) -> Collection[str] | None:
        """The words of a vocabulary; None where it is open."""
        words = self.words.get(name[1:]) if name.startswith("$") else None
        return words(at, self.beside) if callable(words) else words


def _is_for(rule: Any, value: object) -> bool:
    """Whether a rule is for values of this type."""
    types = {"flag": (bool,), "number": (int, float)}
    return type(value) in (types.get(rule, (str,)) if isinstance(rule, str) else (type(rule),))


def _open(star: str, names: Collection[str] | None, key: str) -> bool:
    if star == "*name":
        return bool(re.fullmatch("[a-z][a-z0-9_]*", key)) and key not in TAKEN
    return key.isdecimal() if star == "*#" else names is None or key in names


def _unlike(value: object, own: object, at: str = "", closed: bool = False) -> str:
    """What is wrong with a part of a codebook of another shape than what it is laid over, or (a new entry
    among others that are mappings) than they; `closed`: nothing else than they have may be in it.
    """
    shapes: dict[type, str] = {dict: "一组“键: 值”", list: "方括号中的一列", str: "文字"}
    if isinstance(value, dict) and isinstance(own, dict):
        others = [each for each in own.values() if isinstance(each, dict)]
        entries = len(others) == len(own)
        shape = dict[str, Any]()
        for key, each in (item for other in others if entries for item in other.items()):
            both = isinstance(each, dict) and isinstance(shape.get(key), dict)
            shape[key] = {**shape[key], **each} if both else each
        for key, each in value.items():
            if key not in own and (closed or (own and not at and not others)):
                return f"其中{at and f' {at} '}没有 {key} 这一项。{instead(key, own)}"
            needed = [] if key in own else [part for part in shape if all(part in other for other in others)]
            if isinstance(each, dict) and (absent := [part for part in needed if part not in each]):
                return f"其中新的 {key} 缺少 {listed(absent)}。请补上，或改用：{listed(own)}。"
            like = {**shape, **own.get(key, {})} if entries else own.get(key, next(iter(own.values()), each))
            if told := _unlike(each, like, key, entries and bool(own)):
                return told
        return ""
    fits = isinstance(value, type(own)) or not {type(own), type(value)} & {dict, list, str}
    return "" if fits else f"{at and f'其中 {at} '}应为{shapes.get(type(own), '数或 true、false')}。"


def _number(value: object, kind: str, low: str, high: str) -> str:
    least = f"大于 {low[:-1]}" if low.endswith("<") else f"不小于 {low}" if low else ""
    parts = ("整数" if kind == "whole" else "数", least, f"不大于 {high}" if high else "")
    wanted = "，".join(part for part in parts if part)
    if isinstance(value, bool) or not isinstance(value, int if kind == "whole" else int | float):
        return f"应为{wanted}（不加引号、单位和逗号）。"
    bottom, top = float(low.rstrip("<") or "-inf"), float(high or "inf")
    good = bottom <= value <= top and math.isfinite(value) and not (low.endswith("<") and value == bottom)
    return "" if good else f"应为{wanted}。"


def _not_filled(text: str, places: str) -> str:
    """What is wrong with a text that must not be empty, and may hold the `places` in braces."""
    if not text.strip():
        return "不能是空的。请补上，或去掉这一项。"
    braces = r"\{[^}]*\}?|\}" if "{" in places else r"\{[a-z_]*\}"
    odd = [place for place in re.findall(braces, text) if place not in places.split()]
    allowed = f"，可用：{places}" if "{" in places else ""
    return f"其中 {odd[0]} 不能填入{allowed}。请改正，或去掉花括号。" if odd else ""


def _no_pattern(text: str) -> str:
    try:
        fits_nothing = re.compile(text).fullmatch("")
    except re.error as fault:
        return f"不是有效的正则表达式（{fault}）。括号要配对；要表示括号本身，前面加反斜杠。"
    if re.search(r"[+*}]\)[+*{]", text):
        return "重复之中又有重复，遇到长文字会停不下来。请去掉一层 + 或 *。"
    return "与空的文字也相符，等于什么都算。请写出要找的词。" if fits_nothing else ""


def instead(found: str, words: Collection[str]) -> str:
    """What may stand there instead of a word: all words, or of very many the most alike; and the nearest."""
    options = list(dict.fromkeys(filter(None, words)))
    begun = [word for word in options if len(found) > 2 and word.casefold().startswith(found.casefold())]
    within = [word for word in options if len(found) > 1 and found.casefold() in word.casefold()]
    few = 50 if len(found) < 3 else 60
    alike = process.extract(
        found, options, scorer=fuzz.ratio, processor=str.casefold, limit=8, score_cutoff=few
    )
    near = [*begun, *(word for word, *_ in alike), *within]
    hint = f"是否想写 {near[0]}？" if near else "请改用其中之一。" if options else "请去掉这一项。"
    return f"可用：{listed(near[:8] if len(options) > 40 and near else options) or '无'}。{hint}"


def _shown(value: object) -> str:
    plain = _unwrapped(value)
    if isinstance(plain, bool) or plain is None:
        return {True: "true", False: "false", None: "空"}[plain]
    return repr(str(plain)[:40]) if isinstance(plain, str) else str(plain)[:40]


def _unwrapped(value: Any) -> Any:
    """Plain lists and mappings of nodes."""
    if isinstance(value, Node):
        return _unwrapped(value.value)
    if isinstance(value, dict):
        return {key: _unwrapped(each) for key, each in value.items()}
    return [_unwrapped(each) for each in value] if isinstance(value, list) else value
