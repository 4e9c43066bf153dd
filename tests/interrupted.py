"""A command that dies, or meets a full disk, at one of its writes."""

import errno
import os
from pathlib import Path

from bangfu_analysis import files
from bangfu_analysis.cli import main

FULL = OSError(errno.ENOSPC, "No space left on device")


def ended_at_write(step: int, fault: OSError | None, command: str, wave: Path) -> int:
    """The exit status of `command` in a process that dies or meets `fault` at its n-th write."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left, through = iter(range(step, -1, -1)), files._write_through

    def failing(path: Path, data: bytes, mode: int) -> None:
        if next(left, 1) == 0:
            through(path, data[: len(data) // 2], mode)
            if fault is None:
                os._exit(9)
            raise fault
        through(path, data, mode)

    files._write_through = failing
    os._exit(main([command, str(wave)]))
