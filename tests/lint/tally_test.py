#!/usr/bin/env python3
"""tools/tally.py: what it adds up, what it keeps, and when it says that too little was tried."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import tally  # noqa: E402

SIMULATION = ("10000 seeds: 5 steps, 6 commits, 7 flushes, 8 merges, 9 faults (nobody was told of "
              "some harmless ones in 1 runs), 12 power losses\n")


class TallyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def log(self, name, text):
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def run_tally(self, *arguments):
        with mock.patch.object(sys, "argv", ["tally.py", *arguments]), \
                contextlib.redirect_stdout(io.StringIO()) as printed:
            return tally.main(), " ".join(printed.getvalue().split())

    def test_sums_lines_of_all_logs_and_ignores_the_rest(self):
        first = self.log("a.log", "other\n" + SIMULATION)
        self.log("b.log", SIMULATION + "  10000 seeds: indented is no count\n")
        self.assertEqual(tally.counted([pathlib.Path(first)])["simulated seeds"], 10000)
        both = tally.counted([self.folder])
        self.assertEqual(both["simulated seeds"], 20000)
        self.assertEqual(both["simulated power losses"], 24)

    def test_counts_each_workload_and_not_their_sum_again(self):
        text = ("crash: puts: workloads 1, calls 9, moments 9, images 70, different 50, third "
                "recovery 0, seconds 0.1\n"
                "crash: merges: workloads 1, calls 9, moments 9, images 30, different 20, third "
                "recovery 0, seconds 0.1\n"
                "crash: all workloads: workloads 2, calls 18, moments 18, images 100, different "
                "70, third recovery 0, seconds 0.2\n")
        sums = tally.counted([pathlib.Path(self.log("c.log", text))])
        self.assertEqual(sums["crash images"], 100)
        self.assertEqual(sums["crash images, different in their run"], 70)

    def test_says_when_the_fast_tier_tried_too_little(self):
        enough = self.log("enough.log", SIMULATION)
        little = self.log("little.log", SIMULATION.replace("10000 seeds", "1999 seeds"))
        nothing = self.log("nothing.log", "a suite that is gone\n")
        with mock.patch.object(tally, "COUNTS", tally.COUNTS[:2]):
            self.assertEqual(self.run_tally("--fast", enough)[0], 0)
            self.assertEqual(self.run_tally("--fast", little)[0], 1)
            self.assertEqual(self.run_tally("--fast", nothing)[0], 1)
            self.assertEqual(self.run_tally(little)[0], 0)

    def test_the_ledger_adds_up_over_runs(self):
        ledger = self.folder / "below" / "totals.json"
        log = self.log("d.log", SIMULATION)
        self.run_tally("--ledger", str(ledger), "--soak", log)
        _, printed = self.run_tally("--ledger", str(ledger), "--soak", log)
        self.assertIn("simulated seeds 10,000 in all 20,000 asked 1,000,000", printed)
        self.assertEqual(json.loads(ledger.read_text())["simulated seeds"], 20000)


if __name__ == "__main__":
    unittest.main()
