#!/usr/bin/env python3
"""Includes point down, and the world is reached through src/env only.

A folder includes only folders of a lower line; folders of one line are siblings and do not know
each other (docs/architecture.md has the picture). Engine code names no thread, lock, clock, system
call or random source of its own, so that the same code runs on an OS and in a simulation.
Usage: check_layers.py [root]
"""

import pathlib
import re
import sys
from typing import Iterator, List, Optional

from lint_source import Finding, code_files, includes, line_of, report, strip

LINES = {
    "base": 1,
    "env": 2, "format": 2, "cache": 2,
    "memtable": 3, "wal": 3, "table": 3, "merge": 3,
    "version": 4,
    "compaction": 5,
    "db": 6,
}
TOP = 7  # tests, bench, tools, examples, fuzz: may include everything
TOP_FOLDERS = ("tests", "bench", "tools", "examples", "fuzz")
# Test-only folders under src, never linked into libfirn, and what they may include. Their own
# tests, like all tests, may include both.
TEST_ONLY = {
    "sim": {"base", "env", "format", "cache"},
    "testing": set(LINES) | {"sim"},
    "torture": set(LINES) | {"sim", "testing"},
}
# What stands beside the engine's sources and is linked into tests alone: a test, and what the tests
# of one folder share.
TEST_FILES = ("_test.cc", "_fixture.h")
# These public headers are what src/db implements; below it they would be a call upwards.
ENGINE_HEADERS = {"firn/db.h", "firn/iterator.h", "firn/stats.h", "firn/c.h"}

OS_HEADERS = re.compile(
    r"<(mutex|shared_mutex|thread|condition_variable|future|semaphore|barrier|latch|stop_token"
    r"|random|filesystem|fstream|iostream|ctime|csignal|pthread\.h|signal\.h|fcntl\.h|unistd\.h"
    r"|dirent\.h|time\.h|sched\.h|sys/[\w/]+\.h|linux/[\w/]+\.h)>")
CALLS = (
    "open openat creat close read pread write pwrite readv writev preadv pwritev fsync fdatasync "
    "ftruncate fallocate posix_fallocate posix_fadvise mmap munmap mremap msync madvise rename "
    "unlink mkdir rmdir stat fstat lseek flock fcntl ioctl syscall fork getpid signal sigaction "
    "getenv setenv rand srand random time clock gettimeofday clock_gettime nanosleep usleep sleep "
    "sched_yield sched_getcpu getrandom getentropy fopen tmpfile system").split()
# A call has an operator, a bracket, `return` or nothing before it; a declaration has a type.
CALL = re.compile(
    r"(?:(?<=[;{}(=,!&|?<+])|(?<=[^-]>)|(?<=[^:]:)|(?<=return)|^)[ \t\n]*"
    r"(?:(?<![\w>])::|std::)?\b(?P<name>" + "|".join(CALLS) + r")\s*\(", re.MULTILINE)
THREADS = re.compile(
    r"\bstd::(?:recursive_|shared_|timed_)*mutex\b|\bstd::(?:lock_guard|unique_lock|shared_lock"
    r"|scoped_lock|j?thread|this_thread|condition_variable\w*|async|call_once|counting_semaphore"
    r"|binary_semaphore|barrier|latch)\b|\bpthread_\w+")
CLOCKS = re.compile(r"\b(?:system|steady|high_resolution|utc|file)_clock\b|\bsleep_(?:for|until)\b")
RANDOM = re.compile(r"\brandom_device\b")

# (file, kind) -> why this file is the place for it.
ALLOWED = {
    ("src/base/mutex.h", "lock or thread"): "the one wrapper the rest of the engine locks with",
    ("src/base/mutex.h", "header"): "the one wrapper the rest of the engine locks with",
    ("src/base/seeded_bug.cc", "system call"): "a test build alone is told which bug to have",
    ("src/base/page_allocation.cc", "system call"): "big pages come from the OS, below the seam",
    ("tests/kill/process.cc", "clock"): "the moment of a kill is the subject",
    ("tests/kill/writer.cc", "clock"): "the load runs until it is killed",
    ("tests/scale/scale_test.cc", "clock"): "prints how long a phase took; judges nothing by it",
    ("src/base/page_allocation.cc", "header"): "big pages come from the OS, below the seam",
}


def folder_of(path: str) -> "tuple[str, Optional[int]]":
    """(folder, line) of a file; a test-only or top folder has no line."""
    parts = path.split("/")
    folder = parts[1] if parts[0] == "src" else parts[0]
    return folder, LINES.get(folder)


def is_test(path: str) -> bool:
    folder, _ = folder_of(path)
    return path.endswith(TEST_FILES) or folder in TEST_ONLY or folder in TOP_FOLDERS


def may_include(path: str, name: str) -> Optional[str]:
    """Why `path` may not include "name", or None when it may."""
    target = name.split("/")[0]
    folder, line = folder_of(path)
    if path.startswith("include/"):
        return None if target == "firn" else "a public header may include only firn/ and std"
    if not path.startswith("src/"):
        return None
    if target == "firn":
        lowest = line is not None and line < LINES["db"]
        return f"{folder} ({line}) may not include {name}: db (6) implements it" if (
            lowest and name in ENGINE_HEADERS) else None
    if name.endswith(TEST_FILES) and not is_test(path):
        return f"{folder} ({line}) may not include {name}: it is test-only"
    if target == folder or (target in ("gtest", "gmock") and is_test(path)):
        return None
    if target in TEST_ONLY and path.endswith(TEST_FILES):
        return None
    if folder in TEST_ONLY:
        known = target in TEST_ONLY[folder]
        return None if known else f"{folder} (test-only) may not include {label(target)}"
    if target in TEST_ONLY:
        return None if is_test(path) else (
            f"{folder} ({line}) may not include {target}: it is test-only")
    if target not in LINES:
        return f"{folder} ({line}) includes {label(target)}"
    if line is None:
        return f"src/{folder} is no layer: add it to LINES or TEST_ONLY in tools/check_layers.py"
    if LINES[target] == line:
        return f"{folder} ({line}) may not include its sibling {label(target)}"
    return None if LINES[target] < line else f"{folder} ({line}) may not include {label(target)}"


def label(folder: str) -> str:
    if folder in LINES:
        return f"{folder} ({LINES[folder]})"
    if folder in TEST_ONLY:
        return f"{folder} (test-only)"
    return f"{folder} ({TOP})" if folder in TOP_FOLDERS else f"{folder} (no layer)"


def check_includes(path: str, text: str) -> Iterator[Finding]:
    for line, name in includes(text):
        if not name.startswith('"'):
            continue
        problem = may_include(path, name.strip('"'))
        if problem:
            yield Finding(path, line, problem)


def world_rules(path: str) -> List["tuple[str, re.Pattern[str]]"]:
    """The bans that hold for `path`. Tests may start threads and touch files, but not wait."""
    folder, line = folder_of(path)
    if folder in ("env", "bench", "tools", "examples"):
        return []
    if is_test(path):
        return [] if folder == "sim" else [("clock", CLOCKS), ("random source", RANDOM)]
    return [("lock or thread", THREADS), ("clock", CLOCKS), ("random source", RANDOM),
            ("system call", CALL)]


def check_world(path: str, text: str) -> Iterator[Finding]:
    rules = world_rules(path)
    stripped = strip(text)
    for kind, pattern in rules:
        for match in pattern.finditer(stripped):
            name = match.groupdict().get("name") or match.group(0).strip()
            at = match.start("name") if "name" in match.groupdict() else match.start()
            yield Finding(path, line_of(text, at),
                          f"{kind}: {name} belongs in src/env, behind env/runtime.h")
    if len(rules) > 2:
        for line, name in includes(text):
            if OS_HEADERS.match(name):
                yield Finding(path, line, f"header: {name} belongs in src/env")


def check(root: pathlib.Path) -> List[Finding]:
    findings: List[Finding] = []
    used = set()
    for file in code_files(root, "include", "src", *TOP_FOLDERS):
        path = file.relative_to(root).as_posix()
        text = file.read_text()
        findings += check_includes(path, text)
        for finding in check_world(path, text):
            key = (path, finding.message.split(":")[0])
            if key in ALLOWED:
                used.add(key)
            else:
                findings.append(finding)
    for path, kind in sorted(set(ALLOWED) - used):
        if (root / path).exists():
            findings.append(Finding(path, 1, f"needs its allowance for '{kind}' no more"))
    return findings


if __name__ == "__main__":
    sys.exit(report("layers", check(pathlib.Path(sys.argv[1] if sys.argv[1:] else "."))))
