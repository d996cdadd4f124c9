"""A limit on all memory of a process, its page cache included: a small machine inside a large one.

A budget bounds what an engine allocates; what it reads through the kernel stays in the page cache,
which on a machine with much memory holds the whole store. Rows about data larger than memory
therefore run in a control group of the kernel, which counts both. All engines get the same one.
Needs root and the memory controller (version 1 or 2).
"""

import os
import pathlib
from typing import Any, Optional

# Where the controller is, by version, and its file with the limit.
CONTROLLERS = ((pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
               (pathlib.Path("/sys/fs/cgroup"), "memory.max"))


class MemoryCage:
    """A group with `limit_bytes`; processes enter it by `enter`. Removed when the block is left.

    Raises OSError, on entering the block, where there is none to be had.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._folder: Optional[pathlib.Path] = None

    def __enter__(self) -> "MemoryCage":
        why: OSError = FileNotFoundError("no memory controller in /sys/fs/cgroup")
        for place, limit in CONTROLLERS:
            folder = place / f"firn-compare-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError as error:
                why = error
                continue
            if not (folder / limit).exists():
                folder.rmdir()
                continue
            self._folder = folder
            try:
                (folder / limit).write_text(str(self._limit_bytes))
            except OSError:
                self.__exit__()
                raise
            return self
        raise why

    def __exit__(self, *_: Any) -> None:
        if self._folder is not None:
            self._folder.rmdir()
            self._folder = None

    def enter(self) -> None:
        """Moves the calling process in. For the child, between fork and exec."""
        assert self._folder is not None
        (self._folder / "cgroup.procs").write_text(str(os.getpid()))


def why_none() -> Optional[str]:
    """Why there is no cage to be had here; None when there is."""
    try:
        with MemoryCage(1 << 30):
            return None
    except OSError as error:
        return str(error)
