"""The conditions of a run: the machine, its state, the programs."""

import datetime
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
from typing import Any, Dict, List, Optional

DROP_CACHES = pathlib.Path("/proc/sys/vm/drop_caches")


def _first(path: str, pattern: str) -> Optional[str]:
    try:
        match = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return match.group(1).strip() if match else None


def _output(*command: str) -> Optional[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def cores() -> int:
    return len(os.sched_getaffinity(0))


def load_average() -> float:
    return os.getloadavg()[0]


def describe(directory: pathlib.Path, repository: pathlib.Path,
             arguments: List[str]) -> Dict[str, Any]:
    """What a reader needs to judge or repeat the figures; what cannot be learnt is None."""
    memory = _first("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    compiler = _output("c++", "--version")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["scripts/compare", *arguments]),
        "firn_commit": _output("git", "-C", str(repository), "describe", "--always", "--dirty"),
        "processor": _first("/proc/cpuinfo", r"^model name\s*:\s*(.+)$") or platform.machine(),
        "cores": cores(),
        "virtual": _output("systemd-detect-virt", "--vm") or _hypervisor(),
        "memory_bytes": int(memory) * 1024 if memory else None,
        "huge_pages": _first("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]"),
        "kernel": platform.release(),
        "file_system": _output("findmnt", "-n", "-o", "FSTYPE,SOURCE,OPTIONS", "-T",
                               str(directory)),
        "disk_free_bytes": shutil.disk_usage(directory).free,
        "compiler": compiler.splitlines()[0] if compiler else None,
        "python": platform.python_version(),
        "load_before": load_average(),
    }


def _hypervisor() -> Optional[str]:
    flags = _first("/proc/cpuinfo", r"^flags\s*:(.+)$")
    return "yes" if flags and " hypervisor" in flags else None


def drop_page_cache() -> bool:
    """So that no engine reads what another left in memory. False where it is not allowed."""
    os.sync()
    try:
        DROP_CACHES.write_text("3\n")
    except OSError:
        return False
    return True


def directory_problem(directory: pathlib.Path, bytes_wanted: int) -> Optional[str]:
    """Why the jobs cannot run in `directory`; None when they can."""
    free = shutil.disk_usage(directory).free
    if free < bytes_wanted:
        return (f"{directory} has {free / 1e9:.1f} GB free, the largest job may need "
                f"{bytes_wanted / 1e9:.1f} GB: name another directory with --dir, or fewer "
                "--entries or --rows")
    if not os.access(directory, os.W_OK):
        return f"{directory} cannot be written"
    return None
