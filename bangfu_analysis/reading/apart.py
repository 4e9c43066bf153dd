"""Files are read in a process of their own, which is ended where one hangs, crashes or wants too much.

One child reads file after file, whatever their size, and hands each reading back; where there are many
files, two children take every other one. When a child has to be ended, the file it was at is answered for and
another child goes on with the rest. Limits grow with the size of the file: of processor time and memory on
Linux, of time by the clock everywhere (Windows, macOS: of that alone).
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from bangfu_analysis.errors import BangfuError

MANY = 50  # files from which on a second child saves more than it costs
SECONDS, SECONDS_A_MB = 10.0, 0.6  # of the processor
SLOWER = 5  # by the clock, as the machine may be slow or in demand
MEMORY, MEMORY_A_BYTE = 700_000_000, 60  # beyond what the process has already
START = "fork" if sys.platform == "linux" else "spawn"
MEMORY_WHY = "读取它所需的内存超过上限（可能有极远处的单元格、大量重复或压缩炸弹）"
TIME_WHY = "读取它所需的时间超过上限（内容异常庞大或已损坏）"
CRASH_WHY = "读取它时解析程序异常中止（文件可能已损坏，或所需内存过大）"
_BY_SIGNAL = {"SIGXCPU": TIME_WHY, "SIGKILL": MEMORY_WHY}
T = TypeVar("T")


@dataclass(frozen=True)
class Refusal:
    """Why a file gave no reading."""

    why: str


def read_apart(
    paths: Sequence[Path], read: Callable[[Path], T], instead: Callable[[Path, str], T]
) -> Iterator[T]:
    """`read` of each path, in order; `instead` of the path and the reason, in Chinese, where it is ended.

    What `read` takes and gives must be such as can be pickled. A BangfuError of `read` is raised here.
    """
    children, limited = 2 if len(paths) >= MANY else 1, partial(_within_limits, read)
    turns = [_by_one(paths[n::children], limited, instead) for n in range(children)]
    return (next(turns[n % children]) for n in range(len(paths)))


@contextmanager
def beside(work: Callable[[], T], *, long: bool) -> Iterator[Callable[[], T]]:
    """`work` is done meanwhile in a process of its own; what is yielded waits for its answer, and does the
    work where that process did not.

    Not `long`: it is not worth another start of Python, and waits where a process can't be copied (Windows,
    macOS). Work and answer must be such as can be pickled; a BangfuError of `work` is raised when asked.
    """
    if START != "fork" and not long:
        yield work
        return
    with _child(partial(_answered, work), [Path()], daemon=False) as (_, answers):

        def done() -> T:
            try:
                answer = pickle.loads(answers.recv_bytes())
            except (EOFError, OSError):
                return work()
            if isinstance(answer, BangfuError):
                raise answer
            return work() if isinstance(answer, Refusal) else cast(T, answer)

        yield done


def _answered(work: Callable[[], T], _: Path) -> T:
    return work()


def _by_one(
    paths: Sequence[Path], read: Callable[[Path], T], instead: Callable[[Path, str], T]
) -> Iterator[T]:
    left = list(paths)
    while left:
        with _child(read, left) as (child, answers):
            ended = False
            while left and not ended:
                answer, ended = _answer(child, answers, left[0])
                path = left.pop(0)
                yield instead(path, answer.why) if isinstance(answer, Refusal) else answer


@contextmanager
def _child(
    read: Callable[[Path], T], paths: Sequence[Path], *, daemon: bool = True
) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that reads `paths` and answers; it is ended with the block. A daemon starts no others."""
    fork = START == "fork"
    start = multiprocessing.get_context("fork") if fork else multiprocessing.get_context("spawn")
    answers, ours = start.Pipe(duplex=False)
    child = start.Process(target=_serve, args=(read, list(paths), ours), daemon=daemon)
    main = sys.modules["__main__"]
    try:
        if not fork:  # a script that asks for this must not run again in the child
            sys.modules["__main__"] = ModuleType("__main__")
        with warnings.catch_warnings():  # of forking beside threads: the child uses none of them
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
    finally:
        sys.modules["__main__"] = main
    ours.close()
    try:
        yield child, answers
    finally:
        child.kill()
        child.join()
        answers.close()


def _answer(child: BaseProcess, answers: Connection, path: Path) -> tuple[Any, bool]:
    """What the child says of `path`, and whether another child must go on."""
    try:
        if not answers.poll(SLOWER * (seconds_for(_size(path)) + SECONDS)):
            return Refusal(TIME_WHY), True
        answer = pickle.loads(answers.recv_bytes())
    except (EOFError, OSError):
        child.join(SECONDS)
        name = signal.Signals(-child.exitcode).name if child.exitcode and child.exitcode < 0 else ""
        return Refusal(_BY_SIGNAL.get(name, CRASH_WHY)), True
    if isinstance(answer, BangfuError):
        raise answer
    return answer, False


def _serve(read: Callable[[Path], T], paths: Sequence[Path], answers: Connection) -> None:
    """In the child: read and answer, one by one; whatever is raised is an answer too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a parser that aborts says so to nobody
    for path in paths:
        try:
            answer = pickle.dumps(read(path), protocol=5)
        except BangfuError as fault:
            answer = pickle.dumps(fault)
        except MemoryError:
            answer = pickle.dumps(Refusal(MEMORY_WHY))
        except KeyboardInterrupt:
            return
        except BaseException as fault:  # a parser's panic is no Exception
            answer = pickle.dumps(Refusal(f"读取它时程序出错（{type(fault).__name__}）"))
        answers.send_bytes(answer)


def _within_limits(read: Callable[[Path], T], path: Path) -> T:
    _limit(_size(path))
    return read(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def seconds_for(size: int) -> float:
    """Seconds of the processor that reading a file of `size` bytes may take."""
    return SECONDS + SECONDS_A_MB * size / 1e6


def _limit(size: int) -> None:
    """Set what this process may take for the next file, within what it was allowed from outside."""
    if sys.platform != "linux":
        return
    import resource

    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    spent = time.process_time()
    for what, most in (
        (resource.RLIMIT_AS, held + MEMORY + MEMORY_A_BYTE * size),
        (resource.RLIMIT_CPU, math.ceil(spent + seconds_for(size))), (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
