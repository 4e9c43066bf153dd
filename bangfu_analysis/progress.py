"""What a long step is doing, told to whoever shows it: a command does on a terminal, otherwise nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")
Show = Callable[[str, int], AbstractContextManager[Callable[[], object]]]
SHOWN: ContextVar[Show] = ContextVar("SHOWN", default=lambda what, total: nullcontext(lambda: None))


@contextmanager
def doing(what: str, total: int = 0) -> Iterator[Callable[[], object]]:
    """While a step lasts; what is given is called as each of its `total` parts is done. Decorates, too."""
    with SHOWN.get()(what, total) as advance:
        yield advance


def steps(what: str, items: Sequence[Item]) -> Iterator[Item]:
    """The items in their order, each a part of a step.

    >>> list(steps("读取文件", ["甲.xlsx", "乙.xlsx"]))
    ['甲.xlsx', '乙.xlsx']
    """
    with doing(what, len(items)) as advance:
        for item in items:
            yield item
            advance()
