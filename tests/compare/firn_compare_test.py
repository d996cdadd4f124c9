#!/usr/bin/env python3
"""Every engine compiled into firn_compare runs every phase, and all give the same answers.

Usage: firn_compare_test.py program
"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1] if sys.argv[1:] else "firn_compare"
ENTRIES = 2000
VALUE_BYTES = 100
MEMBERS = {"event", "phase", "threads", "seconds", "cpu_seconds", "bytes_written", "space_bytes",
           "live_bytes", "rss_bytes", "rss_peak_bytes"}
# Phases whose writes time decides come last: after them values differ from run to run.
PHASES = [
    "fillrandom", "settle", "readcold", "warm", "readrandom", "readhot", "readmissing",
    "readnearmissing", "multiget32", "seekrandom10", "seekreuse10", "seekrandom100reverse",
    "readseq", "readreverse", "compact", "readseq", "ycsb_a", "ycsb_b", "ycsb_c", "ycsb_d",
    "ycsb_e", "ycsb_f", "overwrite", "queue", "reopen", "readrandom", "verify", "deleterandom",
    "readseq", "readrandom", "fillseq", "fillbatch100", "verify", "readwhilewriting",
    "scanwhilewriting", "readseq", "verify",
]
BULK_PHASES = ["bulkload", "verify", "readseq", "seekrandom10"]
DURABLE_PHASES = ["fillsync", "readseq", "verify"]


def lines(*arguments):
    """(exit code, the objects printed)."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def engines():
    return [engine["engine"] for engine in lines("engines")[1]]


class FirnCompare(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def run_phases(self, engine, directory, phases, *arguments):
        """(exit code, all lines); the directory is made when missing."""
        path = pathlib.Path(self._folder.name, directory)
        path.mkdir(exist_ok=True)
        return lines("run", "--engine", engine, "--dir", str(path), "--phases", ",".join(phases),
                     "--entries", str(ENTRIES), "--value-bytes", str(VALUE_BYTES), *arguments)

    def answers(self, engine, directory, phases, *arguments):
        """The lines of the phases, checked one by one."""
        code, events = self.run_phases(engine, directory, phases, *arguments)
        self.assertEqual(code, 0, (engine, events[-1:]))
        self.assertEqual(events[0]["event"], "engine")
        self.assertEqual(events[0]["engine"], engine)
        self.assertTrue(events[0]["options"])
        done = [event for event in events if event["event"] == "phase"]
        self.assertEqual([event["phase"] for event in done], list(phases))
        for event in done:
            self.assertLessEqual(MEMBERS, set(event), event)
            self.assertEqual(event.get("found"), event.get("expected"), event)
        return done

    def assert_equal_answers(self, phases, *arguments):
        answers = {engine: self.answers(engine, engine + phases[0], phases, *arguments)
                   for engine in engines()}
        for engine, done in answers.items():
            for ours, theirs in zip(answers["firn"], done):
                for member in ("operations", "found", "checksum"):
                    self.assertEqual(ours.get(member), theirs.get(member),
                                     (engine, ours["phase"], member))
        return answers["firn"]

    def test_all_engines_answer_alike(self):
        done = self.assert_equal_answers(PHASES[:-4])
        random_reads = done[PHASES.index("readrandom")]
        self.assertIn("checksum", random_reads)
        self.assertEqual(random_reads["found"], ENTRIES)

    def test_phases_with_a_writer_beside_are_right(self):
        for engine in engines():
            done = self.answers(engine, engine, ["fillrandom"] + PHASES[-4:])
            self.assertIn("operations", done[1]["background"])
            self.assertNotIn("checksum", done[1])

    def test_several_threads_answer_alike(self):
        phases = ["fillrandom", "readrandom", "readseq", "seekrandom10", "ycsb_d", "overwrite",
                  "readreverse", "deleterandom", "verify"]
        self.assert_equal_answers(phases, "--threads", "3")

    def test_bulk_loading_every_shape_of_keys(self):
        for shape in ("random", "dense", "user", "prefix"):
            for engine in engines():
                self.answers(engine, engine + shape, BULK_PHASES, "--keys", shape)

    def test_durable_puts_are_class_s(self):
        self.assert_equal_answers(DURABLE_PHASES, "--class", "S", "--operations", "50")

    def test_every_phase_is_tested(self):
        names = {line["phase"] for line in lines("phases")[1]}
        self.assertEqual(names, set(PHASES + BULK_PHASES + DURABLE_PHASES) | {"fill_and_die"})

    def test_a_killed_store_has_every_acknowledged_entry(self):
        log = ["--log-bytes", "500000"]
        for engine in engines():
            code, events = self.run_phases(engine, engine, ["fill_and_die"], *log)
            self.assertEqual(code, -signal.SIGKILL)
            self.assertEqual(events[-1]["phase"], "fill_and_die")
            reopened = self.answers(engine, engine, ["reopen", "verify"], *log)
            self.assertEqual(reopened[0]["found"], events[-1]["operations"])
            self.assertGreater(reopened[0]["seconds"], 0)

    def test_time_ends_a_phase_that_would_not_end(self):
        done = self.answers("firn", "short", ["fillrandom", "scanwhilewriting"],
                            "--max-seconds", "0.2")
        self.assertLess(done[1]["seconds"], 5)
        self.assertGreater(done[1]["operations"], 0)
        self.assertLessEqual(done[1]["timeline"][0][1], done[1]["timeline"][-1][1])

    def test_time_ends_a_load_and_the_job_with_it(self):
        for engine in engines():
            code, events = self.run_phases(engine, engine, ["fillrandom", "readrandom", "verify"],
                                           "--load-seconds", "0.000001")
            self.assertEqual(code, 0, (engine, events[-1:]))
            self.assertEqual(events[-1]["phase"], "fillrandom")
            self.assertEqual(events[-1]["unfinished"]["total"], ENTRIES)
            self.assertLess(events[-1]["operations"], ENTRIES)

    def test_mistakes_are_errors_with_a_reason(self):
        for engine, phases, arguments, reason in (
                ("firn", ["fillrandum"], [], "no such phase"),
                ("nosuch", ["fillrandom"], [], "no engine nosuch"),
                ("firn", ["fillsync"], [], "--class S"),
                ("firn", ["fill_and_die"], [], "--log-bytes"),
                ("firn", ["fillrandom", "bulkload"], [], "empty store"),
                ("firn", ["fillrandom"], ["--threads", "0"], "--threads"),
                ("leveldb", ["fillrandom"], ["--compression", "lz4"], "lz4"),
        ):
            if engine not in engines() + ["nosuch"]:
                continue
            code, events = self.run_phases(engine, "wrong", phases, *arguments)
            self.assertEqual(code, 1, (phases, events))
            self.assertEqual(events[-1]["event"], "error")
            self.assertIn(reason, events[-1]["message"])

    def test_a_missing_directory_is_not_made(self):
        missing = pathlib.Path(self._folder.name, "missing")
        code, events = lines("run", "--engine", "firn", "--dir", str(missing), "--phases", "verify")
        self.assertEqual(code, 1)
        self.assertIn("no directory", events[-1]["message"])
        self.assertFalse(missing.exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
