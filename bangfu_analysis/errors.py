"""What can be wrong with an input, worded for the person who must mend it.

Every message says where (file, sheet, cell or argument), what was found, what was expected and what to do.
Messages are Chinese, as the researcher reads them; none may hold a name or a number that identifies a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MOST_LISTED = 12


class BangfuError(Exception):
    """Any fault that the reader of the message can mend."""


class CallError(BangfuError):
    """The call itself was wrong: an unknown option, a folder that is not a wave. Exit status 2."""


class WaveSettingsError(CallError):
    """wave.toml is absent or says something that cannot be used."""


class FileRefused(BangfuError):
    """A file that is not read: it is listed in `sources` with this reason, and the rest goes on."""


class CodebookError(BangfuError):
    """A codebook or mapping contradicts itself or names what does not exist."""


class ArgumentError(BangfuError, ValueError):
    """An argument outside what a function takes."""

    @classmethod
    def naming(cls, name: str, found: object, options: Iterable[object]) -> ArgumentError:
        """`name` was `found`, which is none of `options`; the nearest option is suggested."""
        known = [str(option) for option in options]
        near = did_you_mean(str(found), known)
        return cls(f"参数 {name} 的取值 {found!r} 无效。可选：{listed(known)}。{near}")


class ReleaseConflict(ArgumentError):
    """Tables of one release that contradict one another; `population` and `variable` say whose."""

    def __init__(self, message: str, population: str = "", variable: str = "") -> None:
        super().__init__(message)
        self.population, self.variable = population, variable


def one_of(name: str, found: object, options: Iterable[object]) -> None:
    """ArgumentError unless the argument `name`, which is `found`, is one of `options`."""
    if found not in (known := list(options)):
        raise ArgumentError.naming(name, found, known)


class ColumnMissing(BangfuError, KeyError):
    """A frame lacks a column that was asked for."""

    @classmethod
    def naming(
        cls, absent: Sequence[str], available: Sequence[str], *, where: str, hint: str = ""
    ) -> ColumnMissing:
        """Columns `absent` were asked of a frame whose columns are `available`, in function `where`."""
        hint = hint or did_you_mean(absent[0], available)
        return cls(f"{where}：数据框中没有列 {listed(absent)}。现有列：{listed(available)}。{hint}")

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class BalanceBroken(BangfuError):
    """Rows or cells do not add up: the clean stops, because something would be lost."""


class Withdrawn(BangfuError):
    """Something that belongs to a person stood in an output, which was taken away. Exit status 1."""


class NotComparable(BangfuError):
    """Two waves count different things under one name."""


def listed(items: Iterable[object]) -> str:
    """The items joined with 、, at most MOST_LISTED of them."""
    words = [str(item) for item in items]
    rest = f"等 {len(words)} 项" if len(words) > MOST_LISTED else ""
    return "、".join(words[:MOST_LISTED]) + rest


def did_you_mean(word: str, options: Sequence[str]) -> str:
    """The nearest option as a question; else the advice to take one of those listed."""
    near = get_close_matches(word, options, n=1)
    return f"是否想写 {near[0]}？" if near else "请改用上列名称。"
