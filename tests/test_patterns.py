"""No regular expression of the package takes longer than about linear time on a long text."""

import ast
import re
import time
from collections.abc import Iterator
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any

import bangfu_analysis
from bangfu_analysis.codebook import PACKAGE_CODEBOOKS, load_codebook, patterns, read_yaml

ROOT = Path(bangfu_analysis.__file__).parent
LENGTHS = (24, 300, 1000, 4000)  # the second: of headings and values, the last: of a cell
SHORT = ("cleaning/", "survey/", "exhibits/", "codebook")  # looked for in headings, values and names alone
TIME = 0.02  # seconds
METHODS = "search|match|fullmatch|sub|subn|split|findall|finditer"
OF_STRINGS = {"match": "match", "fullmatch": "fullmatch"}  # whatever else looks for it everywhere
OF_FRAMES = {"contains", "extract", "extractall", "replace", "count", "match", "fullmatch"}
SAMPLES = {
    "CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a中", "CATEGORY_NOT_SPACE": "中",
    "CATEGORY_NOT_DIGIT": "中", "CATEGORY_NOT_WORD": "-",
}  # fmt: skip


def written(path: Path) -> Iterator[tuple[str, str]]:
    """The patterns that a module writes in calls of re and of .str, as far as they are whole there, and the
    method of each; for one that has a name, all methods of that name.
    """
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    named = {
        node.value: node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        first, method = call.args[0], getattr(call.func, "attr", "")
        owner = ast.unparse(call.func).removesuffix(f".{method}")
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            continue
        plain = any(each.arg == "regex" and ast.unparse(each.value) == "False" for each in call.keywords)
        if owner == "re" and method == "compile":
            used = re.findall(rf"\b{named[call]}\.({METHODS})\(", text) if call in named else ["search"]
            yield from ((first.value, each) for each in used or ["search", "fullmatch"])
        elif owner == "re" and method != "escape":
            yield first.value, method
        elif owner.endswith(".str") and method in OF_FRAMES and (method != "replace" or call.keywords):
            yield from () if plain else [(first.value, method)]


def held(path: Path) -> Iterator[tuple[re.Pattern[Any], str]]:
    """The patterns that a module holds under a name, composed ones and those of bytes too, and the method."""
    text, parts_of = path.read_text(encoding="utf-8"), path.relative_to(ROOT.parent).with_suffix("").parts
    for name, value in vars(import_module(".".join(parts_of).removesuffix(".__init__"))).items():
        if isinstance(value, re.Pattern):
            yield from ((value, how) for how in re.findall(rf"\b{name}\.({METHODS})\(", text))


def every_pattern() -> dict[tuple[re.Pattern[Any], str], str]:
    """Pattern and method -> where it stands."""
    found: dict[tuple[re.Pattern[Any], str], str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for text, method in written(path):
            found.setdefault((re.compile(text), method), f"{path.relative_to(ROOT).as_posix()} {text}")
        for pattern, method in held(path):
            found.setdefault((pattern, method), f"{path.relative_to(ROOT).as_posix()} {pattern.pattern!r}")
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py")))
    rooms = [read_yaml(path).get("patterns", {}) for path in PACKAGE_CODEBOOKS.glob("*.yaml")]
    for room, named in (item for each in rooms for item in each.items()):
        where = "patterns.yaml" if room in ("sheets", "names") else "codebook patterns"
        for name in named:
            for how in re.findall(rf'\["{name}"\]\.({METHODS})\(', source) or ["search"]:
                found.setdefault((patterns(room)[name], how), f"{where} {room}.{name}")
    codebook = load_codebook()
    rules = [text for text, _ in codebook.heading_forms]
    rules += [text for variable in codebook.variables for text, _ in variable.keywords]
    rules += [of["where"]["text"] for of in codebook.mechanisms.values() if "text" in of.get("where", {})]
    return found | {(re.compile(text), "search"): f"codebook {text}" for text in rules}


def parts(part: object, within: bool = False) -> Iterator[tuple[object, bool]]:
    """Every part of a parsed pattern, and whether it stands in a repeat."""
    if hasattr(part, "data") or isinstance(part, list | tuple):
        repeat = within or (isinstance(part, tuple) and bool(part) and str(part[0]).endswith("_REPEAT"))
        yield part, repeat
        for each in getattr(part, "data", part):
            yield from parts(each, repeat)
    else:
        yield part, within


def characters(pattern: re.Pattern[Any]) -> list[str]:
    """A few characters that may be repeated, of all kinds that the pattern repeats; none where it repeats
    nothing.
    """
    tree = re._parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    found: dict[str, None] = {}
    for part in (part for part, repeated in parts(tree) if repeated):
        if not (isinstance(part, tuple) and len(part) == 2):
            continue
        kind = str(part[0])
        if kind in ("LITERAL", "NOT_LITERAL"):
            found.setdefault(chr(part[1]))
        elif kind == "RANGE":
            found.setdefault(chr(part[1][0]))
        elif kind == "NEGATE":
            found.setdefault("中")
        elif kind == "CATEGORY":
            found.update(dict.fromkeys(SAMPLES[str(part[1])]))
    return [*found]


def slow(pattern: re.Pattern[Any], method: str, most: int) -> str:
    """On what text a pattern takes too long, and longer than its length explains; "" where on none."""
    some = characters(pattern)[:6]
    for unit in [*some, *map("".join, permutations(some[:3], 2))]:
        before, shorter = TIME / 100, LENGTHS[0]
        for length in (n for n in LENGTHS if n <= most):
            text = (unit * length)[:length] + "\0"
            said = text if isinstance(pattern.pattern, str) else text.encode()
            took = min(timed(pattern, method, said) for _ in range(2))
            if took > TIME and took / before > 1.5 * length / shorter:
                return f"{took:.3f} s for {length} characters of {unit!r}, {before:.3f} s for {shorter}"
            before, shorter = max(took, 1e-6), length
    return ""


def timed(pattern: re.Pattern[Any], method: str, text: str | bytes) -> float:
    """Processor time of one call."""
    start = time.process_time()
    getattr(pattern, OF_STRINGS.get(method, "search"))(text)
    return time.process_time() - start


def test_no_expression_is_slow_on_a_long_text():
    found = every_pattern()
    assert len(found) > 400
    told = {}
    for (pattern, method), place in found.items():
        if why := slow(pattern, method, LENGTHS[1] if place.startswith(SHORT) else LENGTHS[-1]):
            told[f"{method} {place}"] = why
    assert not told
