#!/usr/bin/env python3
"""Takes each seeded bug to be noticed by a suite, within its budget (docs/testing.md).

First every suite runs with no bug on, and must pass. Then each bug is switched on, alone, and the
suites that its row in src/base/seeded_bug.cc names run one after the other until one fails; if
none does, the rest of the suites follow while the budget lasts.
Usage: run.py BUILD [--jobs N] [--budget SECONDS] [--markdown FILE] [--no-baseline] [NAME...]
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Dict, List, Optional

LAYERS = ("base", "env", "format", "cache", "memtable", "wal", "table", "merge", "version",
          "compaction", "db")
# Bugs that may let a program wait for ever. Elsewhere a program that does not end is no catch.
HANG_CLASSES = "FG"
IDLE_SECONDS_MAX = 20.0
POLL_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Suite:
    """A test program, with as many seeds as a budget has room for."""

    program: str
    arguments: List[str] = dataclasses.field(default_factory=list)
    environment: Dict[str, str] = dataclasses.field(default_factory=dict)


SUITES: Dict[str, Suite] = {
    "sim": Suite("tests/firn_simulation_tests", [], {"FIRN_SIM_SEEDS": "4000"}),
    "crash": Suite("tests/firn_crash_tests", ["--gtest_filter=*CrashTest*"],
                   {"FIRN_CRASH_SUBSETS": "8"}),
    "faults": Suite("tests/firn_crash_tests", ["--gtest_filter=*FaultTest*"],
                    {"FIRN_FAULT_STRIDE": "2"}),
    "model": Suite("tests/firn_model_tests", ["--gtest_filter=-*threads"],
                   {"FIRN_MODEL_SEEDS": "20", "FIRN_MODEL_SHRINK": "0"}),
    "corruption": Suite("tests/firn_corruption_tests", [], {"FIRN_CORRUPTION_STRIDE": "20"}),
    "errors": Suite("firn_db_tests", ["--gtest_filter=*ErrorInjection*"],
                    {"FIRN_FAULT_STRIDE": "2"}),
    "kill": Suite("tests/kill/kill_test", ["--runs", "20", "--seed", "1"]),
    **{layer: Suite(f"firn_{layer}_tests") for layer in LAYERS},
}


@dataclasses.dataclass(frozen=True)
class Bug:
    name: str
    bug_class: str
    modelled_on: str
    suites: List[str]
    what: str


@dataclasses.dataclass
class Outcome:
    """How a run of one suite, or the hunt for one bug, ended."""

    caught_by: Optional[str] = None  # None: not at all
    seconds: float = 0.0  # of processor time


def read_bugs(build: pathlib.Path) -> List[Bug]:
    lister = build / "tests/seeded_bugs/firn_list_seeded_bugs"
    rows = subprocess.run([lister], check=True, capture_output=True, text=True).stdout
    bugs = []
    for row in rows.splitlines():
        name, bug_class, modelled_on, suites, what = row.split("\t")
        bugs.append(Bug(name, bug_class, modelled_on, suites.split(), what))
    return bugs


@dataclasses.dataclass
class Ended:
    exit_code: Optional[int]  # None: it was killed, because it waited or worked for too long
    seconds: float            # of processor time, its own and its children's
    hung: bool = False        # it waited


def processor_seconds(pid: int) -> "tuple[float, bool]":
    """What a process has used so far, and whether somebody halted it."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK"), fields[0] in "Tt"


def watch(process: "subprocess.Popen[bytes]", budget: float) -> Ended:
    """Waits until the process ends, has used up its budget, or does nothing for too long."""
    seconds = 0.0
    idle = 0.0
    while seconds < budget and idle < IDLE_SECONDS_MAX:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            process.returncode = os.waitstatus_to_exitcode(status)
            return Ended(process.returncode, usage.ru_utime + usage.ru_stime)
        before = seconds
        seconds, halted = processor_seconds(process.pid)
        idle = 0.0 if halted or seconds > before else idle + POLL_SECONDS
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    return Ended(None, max(seconds, idle), idle >= IDLE_SECONDS_MAX)


def failed_test(log: pathlib.Path) -> str:
    """The first test that failed, or the one that was running when the program ended."""
    text = log.read_text(errors="replace")
    failed = re.search(r"^\[  FAILED  \] (\S+?),? ", text + " ", re.MULTILINE)
    if failed:
        return failed.group(1).rstrip(",")
    began = re.findall(r"^\[ RUN      \] (\S+)", text, re.MULTILINE)
    return began[-1] if began else ""


def run_suite(build: pathlib.Path, name: str, bug: Optional[Bug], budget: float) -> Outcome:
    suite = SUITES[name]
    environment = {**os.environ, **suite.environment, "FIRN_TEST_SCALE": "100",
                   "GTEST_FAIL_FAST": "1"}
    environment["FIRN_SEEDED_BUG"] = bug.name if bug else ""
    log = build / "seeded_bugs" / f"{bug.name if bug else 'none'}.{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen([build / suite.program, *suite.arguments], cwd=log.parent,
                                   env=environment, stdout=output, stderr=subprocess.STDOUT)
        ended = watch(process, budget)
    test = f"{name}: {failed_test(log)}".rstrip(": ")
    if ended.exit_code is None:
        counts = ended.hung and bug is not None and bug.bug_class in HANG_CLASSES
        return Outcome(f"{test} (never ends)" if counts else None, ended.seconds)
    return Outcome(test if ended.exit_code != 0 else None, ended.seconds)


def hunt(build: pathlib.Path, bug: Bug, budget: float) -> Outcome:
    general = [name for name in SUITES if name not in LAYERS]
    outcome = Outcome()
    for name in dict.fromkeys([*bug.suites, *general, *LAYERS]):
        left = budget - outcome.seconds
        if left <= 0:
            break
        run = run_suite(build, name, bug, left)
        outcome.seconds += run.seconds
        if run.caught_by is not None:
            outcome.caught_by = run.caught_by
            break
    print(f"{bug.name}: {outcome.caught_by or 'ESCAPED'}, {outcome.seconds:.1f} s",
          file=sys.stderr, flush=True)
    return outcome


def markdown(bugs: List[Bug], outcomes: List[Outcome]) -> str:
    lines = ["| class | bug | modelled on | caught by | seconds |", "|---|---|---|---|---|"]
    for bug, outcome in zip(bugs, outcomes):
        caught = outcome.caught_by or "**nothing**"
        lines.append(f"| {bug.bug_class} | {bug.name}: {bug.what} | {bug.modelled_on} | {caught} | "
                     f"{outcome.seconds:.1f} |")
    return "\n".join(lines) + "\n"


def check_baseline(build: pathlib.Path, bugs: List[Bug], jobs: int) -> bool:
    """Every suite that a bug names passes as long as no bug is on."""
    names = list(dict.fromkeys(name for bug in bugs for name in bug.suites))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = pool.map(lambda name: run_suite(build, name, None, 600.0), names)
        failed = [run.caught_by for run in runs if run.caught_by is not None]
    for each in failed:
        print(f"fails without any bug: {each}", file=sys.stderr)
    return not failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="bugs; none: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--budget", type=float, default=60.0, help="of processor time, a bug")
    parser.add_argument("--markdown", type=pathlib.Path, help="writes the table there")
    parser.add_argument("--no-baseline", action="store_true", help="trust the suites")
    arguments = parser.parse_intermixed_args()
    build = arguments.build.resolve()
    bugs = read_bugs(build)
    unknown = set(arguments.names) - {bug.name for bug in bugs}
    if unknown:
        parser.error(f"no such bug: {', '.join(sorted(unknown))}")
    bugs = [bug for bug in bugs if not arguments.names or bug.name in arguments.names]
    if not arguments.no_baseline and not check_baseline(build, bugs, arguments.jobs):
        return 1
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = list(pool.map(lambda bug: hunt(build, bug, arguments.budget), bugs))
    table = markdown(bugs, outcomes)
    if arguments.markdown:
        arguments.markdown.write_text(table)
    else:
        print(table, end="")
    escaped = sum(outcome.caught_by is None for outcome in outcomes)
    print(f"{len(bugs) - escaped} of {len(bugs)} seeded bugs caught", file=sys.stderr)
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
