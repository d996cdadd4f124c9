#!/usr/bin/env python3
"""Adds up what the suites say they tried: seeds, images, failed calls, damaged bytes, kills.

Usage: tally.py [--ledger FILE] [--fast | --soak] LOG...
  LOG       output of suites: ctest's LastTest.log, what a program printed, or a folder of *.log
  --ledger  adds the counts to those of earlier runs, kept in FILE, and shows both
  --fast    shows what scripts/test is asked to try; exit code 1 when it tried less
  --soak    shows what a release asks of all runs of scripts/soak together
The counts are those the programs print. What nobody printed is in the table only if --fast asks
for it.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import sys
from typing import Dict, Iterator, List, Optional


@dataclasses.dataclass(frozen=True)
class Count:
    """One row: the sum of what `pattern` captures, over all lines that it matches."""

    what: str
    pattern: str
    fast: Optional[int] = None
    soak: Optional[int] = None


# What the two tiers ask for: docs/testing.md, "Tiers".
COUNTS = (
    Count("simulated seeds", r"^(\d+) seeds: \d+ steps,", 2_000, 1_000_000),
    Count("simulated power losses", r"^\d+ seeds: .* (\d+) power losses$"),
    Count("model seeds", r"^(\d+) seeds x \d+ operations:"),
    Count("crash images", r"^crash: \S+: workloads 1, .* images (\d+),", 100_000, 100_000_000),
    Count("crash images, different in their run",
          r"^crash: \S+: workloads 1, .* different (\d+),"),
    Count("calls failed", r"^fault: \w+: workloads \d+, indexes (\d+),", 20_000),
    Count("damaged files opened", r"^(?:table|log|manifest|CURRENT) .* (\d+) cases:", 600_000),
    Count("bytes of them damaged", r"^(?:table|log|manifest|CURRENT) .* files, +(\d+) bytes,"),
    Count("fuzz inputs replayed", r"^fuzz corpus: (\d+) inputs", 900),
    Count("fuzz executions", r"^stat::number_of_executed_units: +(\d+)", None, 1_000_000_000),
    Count("processes killed", r"^kill_test: \d+ runs of seed .* passed: (\d+) kills", 100, 50_000),
    Count("file systems shut down", r"^kill_test: (\d+) shutdowns of"),
    Count("recorded images", r"^power: \S+: \d+ calls, (\d+) images$", 300),
    Count("history operations", r"^history: (\d+) operations,", 5_000_000, 1_000_000_000),
)


def files_of(logs: List[pathlib.Path]) -> Iterator[pathlib.Path]:
    for log in logs:
        if log.is_dir():
            yield from sorted(log.glob("*.log"))
        else:
            yield log


def counted(logs: List[pathlib.Path]) -> Dict[str, int]:
    """The sums, of those that any line had something to say of."""
    patterns = [(count.what, re.compile(count.pattern)) for count in COUNTS]
    sums: Dict[str, int] = {}
    for log in files_of(logs):
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                for what, pattern in patterns:
                    found = pattern.search(line.rstrip("\n"))
                    if found:
                        sums[what] = sums.get(what, 0) + int(found.group(1))
    return sums


def with_earlier(ledger: pathlib.Path, sums: Dict[str, int]) -> Dict[str, int]:
    """The counts of all runs; the ledger has them too afterwards."""
    earlier = json.loads(ledger.read_text()) if ledger.exists() else {}
    together = {count.what: earlier.get(count.what, 0) + sums.get(count.what, 0)
                for count in COUNTS if count.what in earlier or count.what in sums}
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(json.dumps(together, indent=1) + "\n")
    return together


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ledger", type=pathlib.Path)
    tier = parser.add_mutually_exclusive_group()
    tier.add_argument("--fast", action="store_true")
    tier.add_argument("--soak", action="store_true")
    parser.add_argument("logs", nargs="*", type=pathlib.Path, metavar="LOG")
    options = parser.parse_args()

    sums = counted(options.logs)
    together = with_earlier(options.ledger, sums) if options.ledger else sums
    less = 0
    for count in COUNTS:
        asked = count.fast if options.fast else count.soak if options.soak else None
        if count.what not in together and not (options.fast and asked):
            continue
        text = f"{count.what:36} {sums.get(count.what, 0):>15,}"
        if options.ledger:
            text += f"   in all {together.get(count.what, 0):>15,}"
        if asked is not None:
            text += f"   asked {asked:>15,}"
        print(text)
        less += asked is not None and together.get(count.what, 0) < asked
    return 1 if options.fast and less else 0


if __name__ == "__main__":
    sys.exit(main())
