#!/usr/bin/env python3
"""Coverage of the engine by its tests, judged: what `llvm-cov export` says, in groups of files.

Usage: coverage.py EXPORT.json [--uncovered GROUP] [--markdown] [--judge]

Lines are lines with code; branches are the two outcomes of each condition in the source. Branches
inside FIRN_CHECK and FIRN_DCHECK are not counted, for that an invariant never breaks is no gap, nor
is what stands behind BugIsOn, which no build but that of the seeded bugs has.
With --judge the exit code is 1 when a group misses its demand.
"""

import argparse
import dataclasses
import fnmatch
import json
import pathlib
import sys
from typing import Dict, Iterable, List, Set, Tuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A line of a multi-line condition inside a check does not begin with its name.
CHECK_LINES_MAX = 6


@dataclasses.dataclass(frozen=True)
class Group:
    """Files that share a demand; percentages."""

    name: str
    files: Tuple[str, ...]
    lines_min: float
    branches_min: float


GROUPS = (
    Group("recovery", ("src/db/recovery.cc", "src/db/log_replay.cc", "src/db/file_names.cc"),
          100, 95),
    Group("parsers", ("src/base/coding.h", "src/format/*.cc",
                      "src/wal/log_format.cc", "src/wal/log_reader.cc", "src/wal/log_scan.cc",
                      "src/wal/segment_window.cc", "src/table/table_format.cc",
                      "src/table/table_properties.cc", "src/table/block.cc",
                      "src/table/partition.cc", "src/table/filter.cc", "src/table/fences.cc",
                      "src/table/tombstone_block.cc", "src/table/key_column.cc"), 100, 95),
    Group("manifest", ("src/version/manifest*.cc", "src/version/version_edit.cc",
                       "src/version/version_builder.cc", "src/version/keyspace_map.cc"), 100, 95),
    Group("engine", ("src/*", "include/*"), 0, 90),
)
NOT_ENGINE = ("src/sim/*", "src/testing/*", "*_test.cc", "*_fixture.h", "*_test_util.h")


def is_seeded(source: List[str], line: int) -> bool:
    """Whether line `line` (from 1) stands in a block that only a seeded bug enters."""
    for first in range(line - 1, max(-1, line - 1 - CHECK_LINES_MAX), -1):
        text = source[first]
        if "BugIsOn(" in text:
            return True
        if first < line - 1 and text.strip().startswith("}"):
            return False
    return False


def text_of(source: List[str], branch: list) -> str:
    """The condition of a branch, as written."""
    first, begin, last, end = branch[0] - 1, branch[1] - 1, branch[2] - 1, branch[3] - 1
    if first == last:
        return source[first][begin:end]
    return "\n".join([source[first][begin:], *source[first + 1:last], source[last][:end]])


@dataclasses.dataclass
class File:
    """Of one file: lines and branch outcomes, and those no test reached."""

    lines: int = 0
    branches: int = 0
    lines_missed: Set[int] = dataclasses.field(default_factory=set)
    branches_missed: List[Tuple[int, bool]] = dataclasses.field(default_factory=list)


def in_check(source: List[str], line: int) -> bool:
    """Whether line `line` (from 1) is inside a FIRN_CHECK or FIRN_DCHECK."""
    for first in range(line - 1, max(-1, line - 1 - CHECK_LINES_MAX), -1):
        text = source[first].strip()
        if text.startswith(("FIRN_CHECK(", "FIRN_DCHECK(")):
            return True
        if first < line - 1 and text.endswith((";", "{", "}")):
            return False
    return False


def lines_of(segments: Iterable[list]) -> Dict[int, int]:
    """Executions of each line with code, from llvm-cov's segments: a line counts as often as the
    region that is open at its start or begins in it, whichever ran more."""
    counts: Dict[int, int] = {}
    open_count, open_line, counting = 0, 0, False
    for line, _column, count, has_count, _is_entry, is_gap in segments:
        if counting:
            for between in range(open_line, line + 1):
                if between == open_line and between in counts:
                    continue
                if between < line or between == open_line:
                    counts[between] = max(counts.get(between, 0), open_count)
        open_line, open_count = line, count
        counting = bool(has_count) and not is_gap
        if counting:
            counts[line] = max(counts.get(line, 0), count)
    return counts


def read_file(entry: dict, path: pathlib.Path) -> File:
    """One file of the export."""
    source = path.read_text(encoding="utf-8").splitlines()
    found = File()
    summary = entry["summary"]["lines"]
    found.lines = summary["count"]
    counts = lines_of(entry["segments"])
    missed = sorted(line for line, count in counts.items()
                    if count == 0 and not is_seeded(source, line))
    found.lines_missed = set(missed)
    outcomes: Dict[Tuple[int, int, bool], int] = {}
    for branch in entry.get("branches", []):
        line, column, taken, passed = branch[0], branch[1], branch[4], branch[5]
        if in_check(source, line) or "BugIsOn(" in text_of(source, branch):
            continue
        # Each instance of a template has branches of its own; one of them is enough.
        for outcome, count in ((True, taken), (False, passed)):
            key = (line, column, outcome)
            outcomes[key] = outcomes.get(key, 0) + count
    # Neither outcome on a line that ran: the condition is a constant of this build.
    constants = {(line, column) for line, column, _ in outcomes if line not in found.lines_missed
                 and not outcomes[line, column, True] and not outcomes[line, column, False]}
    outcomes = {key: count for key, count in outcomes.items() if key[:2] not in constants}
    found.branches = len(outcomes)
    found.branches_missed = sorted((line, outcome) for (line, _, outcome), count
                                   in outcomes.items() if count == 0)
    return found


def read_export(path: pathlib.Path) -> Dict[str, File]:
    """Files of the engine, by path from the repository's root."""
    export = json.loads(path.read_text(encoding="utf-8"))
    files: Dict[str, File] = {}
    for entry in export["data"][0]["files"]:
        absolute = pathlib.Path(entry["filename"])
        if not absolute.is_relative_to(ROOT):
            continue
        name = str(absolute.relative_to(ROOT))
        if any(fnmatch.fnmatch(name, glob) for glob in NOT_ENGINE):
            continue
        if any(fnmatch.fnmatch(name, glob) for group in GROUPS for glob in group.files):
            files[name] = read_file(entry, absolute)
    return files


def percent(total: int, missed: int) -> float:
    return 100.0 if total == 0 else 100.0 * (total - missed) / total


def table(files: Dict[str, File], markdown: bool) -> Tuple[List[str], bool]:
    """Lines of the table, and whether every demand is met."""
    rows, met = [], True
    if markdown:
        rows += ["| group | files | lines | covered | asked | branches | covered | asked |",
                 "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for group in GROUPS:
        mine = [file for name, file in files.items()
                if any(fnmatch.fnmatch(name, glob) for glob in group.files)]
        lines, branches = sum(f.lines for f in mine), sum(f.branches for f in mine)
        by_line = percent(lines, sum(len(f.lines_missed) for f in mine))
        by_branch = percent(branches, sum(len(f.branches_missed) for f in mine))
        met &= bool(mine) and by_line >= group.lines_min and by_branch >= group.branches_min
        if markdown:
            asked = f"{group.lines_min:.0f} %" if group.lines_min else "–"
            rows.append(f"| {group.name} | {len(mine)} | {lines:,} | {by_line:.2f} % | {asked} "
                        f"| {branches:,} | {by_branch:.2f} % | {group.branches_min:.0f} % |")
        else:
            rows.append(f"{group.name:10} {len(mine):4} files  lines {by_line:6.2f} % of {lines:6}"
                        f"  branches {by_branch:6.2f} % of {branches:6}")
    return rows, met


def uncovered(files: Dict[str, File], wanted: str) -> List[str]:
    """What no test reached in the files of a group, with the source."""
    rows = []
    globs = next((group.files for group in GROUPS if group.name == wanted), (wanted,))
    for name, file in sorted(files.items()):
        if not any(fnmatch.fnmatch(name, glob) for glob in globs):
            continue
        source = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for line in sorted(file.lines_missed):
            rows.append(f"{name}:{line}: never run:   {source[line - 1].strip()}")
        for line, outcome in file.branches_missed:
            if line not in file.lines_missed:
                rows.append(f"{name}:{line}: never {str(outcome).lower():5}: "
                            f"{source[line - 1].strip()}")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=pathlib.Path)
    parser.add_argument("--uncovered", metavar="GROUP", help="a group's name, or a glob of files")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--judge", action="store_true")
    arguments = parser.parse_args()
    files = read_export(arguments.export)
    if arguments.uncovered:
        print("\n".join(uncovered(files, arguments.uncovered)))
        return 0
    rows, met = table(files, arguments.markdown)
    print("\n".join(rows))
    if arguments.judge and not met:
        print("coverage: a demand is missed (tools/coverage.py has them)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
