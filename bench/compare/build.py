"""Builds the two C++ programs the comparison runs."""

import os
import pathlib
import subprocess
from typing import Dict, List

from .jobs import Programs

PEERS = ("rocksdb", "leveldb", "lmdb", "wiredtiger")


class BuildError(Exception):
    """The build failed; the message has its last lines."""


def _run(command: List[str], log: pathlib.Path) -> None:
    with log.open("a") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        tail = "\n".join(log.read_text().splitlines()[-40:])
        raise BuildError(f"{tail}\nthe build failed; the whole log is {log}")


def programs_in(build: pathlib.Path) -> Programs:
    return Programs(build / "firn_compare", build / "firn_limits")


def build_programs(repository: pathlib.Path, roots: Dict[str, str]) -> Programs:
    """Configures and builds the release preset in build/compare.

    That is no other build's directory: it needs neither the tests nor what they need. `roots` are
    the directories of peers that are not the distribution's.
    """
    build = repository / "build" / "compare"
    build.mkdir(parents=True, exist_ok=True)
    log = build / "compare.log"
    log.write_text("")
    _run(["cmake", "-S", str(repository), "-B", str(build), "--preset", "release",
          "-DFIRN_BUILD_TESTS=OFF", "-DFIRN_BUILD_TOOLS=OFF",
          *(f"-D{peer.upper()}_ROOT={roots.get(peer, '')}" for peer in PEERS)], log)
    _run(["cmake", "--build", str(build), "--parallel", str(os.cpu_count() or 1), "--target",
          "firn_compare", "firn_limits"], log)
    return programs_in(build / "bench" / "compare")
