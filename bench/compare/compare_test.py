#!/usr/bin/env python3
"""The comparison's own rules, against a fake firn_compare that speaks the protocol."""

import json
import os
import pathlib
import signal
import sys
import tempfile
import textwrap
import unittest
from typing import Any, Dict, List, Optional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from compare import (answers, bounds, cage, cli, jobs, markdown, plan,  # noqa: E402
                     results, summary, tables)

# Speaks the protocol of docs/comparison.md; --keys names what it does wrong.
FAKE = """
import json, os, signal, sys, time
def say(**event): print(json.dumps(event), flush=True)
if sys.argv[1] == "engines":
    say(engine="firn", version="1", build="release", assertions=False)
    sys.exit(0)
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
behaviour = options["--keys"]
say(event="engine", engine=options["--engine"], version="1", build="release", assertions=False,
    options="none", **{"class": options["--class"]})
open(os.path.join(options["--dir"], "store"), "a").write("x")
for phase in options["--phases"].split(","):
    if behaviour == "silent" and phase == "readrandom": break
    say(event="progress", phase=phase, done=1, total=2, process=os.getpid())
    if behaviour == "hangs": time.sleep(600)
    if behaviour == "fails": say(event="error", message="no space left"); sys.exit(1)
    if behaviour == "aborts": sys.stderr.write("terminate called"); sys.stderr.flush(); os.abort()
    if behaviour in ("slow", "careless") and phase == "fillrandom":
        say(event="phase", phase=phase, operations=10, seconds=1,
            unfinished={"total": 100, "limit_seconds": 1})
        if behaviour == "slow": break
        continue
    if behaviour == "babbles": print("hello", flush=True)
    if phase == "fill_and_die": os.kill(os.getpid(), signal.SIGKILL)
    say(event="phase", phase=phase, operations=100, seconds=0.5, found=100, expected=100,
        checksum="a", latency_ns={"p50": 100}, files=len(os.listdir(options["--dir"])))
"""


def group_of(**changes: Any) -> plan.Group:
    fields: Dict[str, Any] = {"name": "main", "title": "Main", "entries": 1000,
                              "phases": ("fillrandom", "readrandom")}
    return plan.Group(**{**fields, **changes})


def phase_event(phase: str, seconds: float = 1.0, **fields: Any) -> Dict[str, Any]:
    return {"event": "phase", "phase": phase, "operations": 1000, "seconds": seconds, "found": 1000,
            "expected": 1000, "checksum": "c0ffee", **fields}


def results_of(events: Dict[str, List[List[Dict[str, Any]]]], group: Optional[plan.Group] = None,
               asserting: str = "", limits: Any = ()) -> results.Results:
    """Results of one group; for each engine a list of phase events for every repetition."""
    group = group or group_of()
    made = results.Results({"cores": 2}, [group], [
        {"engine": engine, "version": "1", "assertions": engine == asserting} for engine in events],
        limits=list(limits))
    for engine, repetitions in events.items():
        made.runs += [results.Run(group.name, engine, number, phases=phases,
                                  engine_event={"class": group.durability})
                      for number, phases in enumerate(repetitions)]
    return made


class Plans(unittest.TestCase):
    def every_plan(self) -> List[List[plan.Group]]:
        return [plan.full_plan(3_000_000), plan.full_plan(1000), plan.quick_plan(200_000)]

    def test_every_group_is_made_of_known_phases_and_shows_a_row(self) -> None:
        for groups in self.every_plan():
            for group in groups:
                with self.subTest(group.name):
                    for phase in group.phases + group.second_process:
                        self.assertIn(phase, plan.PHASES)
                    self.assertTrue(group.shown)
                    self.assertGreater(group.entries, 0)

    def test_names_of_groups_are_unique(self) -> None:
        for groups in self.every_plan():
            names = [group.name for group in groups]
            self.assertEqual(len(names), len(set(names)))

    def test_durable_phases_are_of_class_s_and_no_others_are(self) -> None:
        for groups in self.every_plan():
            for group in groups:
                durable = any(phase == "fillsync" for phase in group.phases)
                self.assertEqual(group.durability, "S" if durable else "A", group.name)

    def test_what_dies_leaves_a_log_of_the_size_it_was_asked_for(self) -> None:
        for groups in self.every_plan():
            for group in groups:
                self.assertEqual("fill_and_die" in group.phases, group.log_bytes > 0, group.name)
                if group.log_bytes:
                    self.assertEqual(group.entries, group.log_bytes // group.entry_bytes)

    def test_what_is_read_was_written_before(self) -> None:
        for groups in self.every_plan():
            for group in groups:
                self.assertTrue(plan.PHASES[group.phases[0]].writes, group.name)

    def test_a_group_survives_json(self) -> None:
        for group in plan.full_plan(3_000_000):
            again = plan.Group.from_json(json.loads(json.dumps(group.to_json())))
            self.assertEqual(again, group)

    def test_engines_take_turns_and_each_repetition_starts_with_another(self) -> None:
        groups = [group_of(name="a"), group_of(name="b")]
        order = [(job.repetition, job.group.name, job.engine)
                 for job in plan.jobs_of(groups, ["x", "y"], 2)]
        self.assertEqual(order, [
            (0, "a", "x"), (0, "a", "y"), (0, "b", "x"), (0, "b", "y"),
            (1, "a", "y"), (1, "a", "x"), (1, "b", "y"), (1, "b", "x")])

    def test_a_short_run_leaves_out_whole_repetitions_when_its_time_is_over(self) -> None:
        jobs_planned = plan.jobs_of([group_of(name="a"), group_of(name="b")], ["x", "y"], 2)
        now = iter(range(100))
        left = list(cli.until(0.5, jobs_planned, lambda: float(next(now))))
        self.assertEqual([(job.repetition, job.group.name, job.engine) for job in left], [
            (0, "a", "x"), (0, "a", "y"), (0, "b", "x"), (0, "b", "y"),
            (1, "a", "y"), (1, "a", "x")])

    def test_an_engine_without_a_compression_is_not_able(self) -> None:
        lz4 = group_of(compression="lz4")
        self.assertIsNotNone(plan.why_not(lz4, {"engine": "x", "compressions": ["none"]}))
        self.assertIsNone(plan.why_not(lz4, {"engine": "x", "compressions": ["none", "lz4"]}))

    def test_direct_groups_are_for_engines_that_read_so_and_logs_for_those_that_have_one(
            self) -> None:
        direct, log = group_of(direct=True), group_of(log_bytes=1)
        self.assertIsNotNone(plan.why_not(direct, {"engine": "x", "direct": False}))
        self.assertIsNone(plan.why_not(direct, {"engine": "x", "direct": True}))
        self.assertIsNotNone(plan.why_not(log, {"engine": "lmdb"}))
        self.assertIsNone(plan.why_not(log, {"engine": "x"}))

    def test_the_conditions_of_a_group_are_passed_to_the_program(self) -> None:
        arguments = jobs.phase_arguments(group_of(direct=True, load_seconds=300.0), "firn",
                                         ["fillrandom"], 1)
        self.assertIn("--direct", arguments)
        self.assertEqual(arguments[arguments.index("--load-seconds") + 1], "300")
        plain = jobs.phase_arguments(group_of(), "firn", ["fillrandom"], 1)
        self.assertFalse({"--direct", "--load-seconds"} & set(plain))

    def test_loads_of_large_groups_have_a_limit_and_their_time_is_bounded(self) -> None:
        for group in plan.full_plan(3_000_000):
            large = group.name.startswith("data-")
            self.assertEqual(bool(group.load_seconds), large, group.name)
            self.assertEqual(group.repetitions_max, 1 if large else 0, group.name)
            self.assertLess(plan.seconds_about(group), 3600, group.name)

    def test_the_short_run_has_no_limit_on_loads(self) -> None:
        for group in plan.quick_plan(300_000):
            self.assertEqual(group.load_seconds, 0)

    def test_an_engine_that_cannot_is_left_out_and_large_groups_repeat_less(self) -> None:
        groups = [group_of(without=("y",), repetitions_max=1)]
        order = [(job.repetition, job.engine) for job in plan.jobs_of(groups, ["x", "y"], 3)]
        self.assertEqual(order, [(0, "x")])

    def test_a_chosen_row_keeps_the_writes_before_it_unshown(self) -> None:
        group = group_of(phases=("fillrandom", "settle", "readrandom", "overwrite", "readseq",
                                 "deleterandom"))
        [chosen] = plan.select_rows([group, group_of(name="other", phases=("fillseq",))],
                                    ["readse*"])
        self.assertEqual(chosen.phases, ("fillrandom", "settle", "overwrite", "readseq"))
        self.assertEqual(chosen.shown, ("readseq",))

    def test_a_row_can_be_chosen_in_one_group_only(self) -> None:
        chosen = plan.select_rows([group_of(name="a"), group_of(name="b")], ["b/readrandom"])
        self.assertEqual([group.name for group in chosen], ["b"])


class Statistics(unittest.TestCase):
    def test_a_spread_is_median_minimum_and_maximum(self) -> None:
        self.assertEqual(summary.spread_of([5.0, None, 1.0, 3.0]), summary.Spread(3.0, 1.0, 5.0))

    def test_what_nobody_measured_has_no_spread(self) -> None:
        self.assertIsNone(summary.spread_of([None, None]))

    def test_waiting_for_quiescence_lowers_the_settled_rate_only(self) -> None:
        cell = summary.Cell([phase_event("fillrandom", 1.0, quiet_seconds=2.0)])
        self.assertEqual(cell.metric("rate"), summary.Spread(1000, 1000, 1000))
        self.assertEqual(cell.metric("settled_rate"), summary.Spread(500, 500, 500))

    def test_firn_stands_beside_the_fastest_peer(self) -> None:
        found = results_of({name: [[phase_event("readrandom", seconds)]] for name, seconds in
                            (("firn", 1.0), ("slow", 4.0), ("fast", 2.0))})
        self.assertEqual(summary.standing_of(summary.rows_of(found)[1]),
                         summary.Standing("fast", 2.0))

    def test_in_rows_of_seconds_less_is_better(self) -> None:
        group = group_of(phases=("fill_and_die",), second_process=("reopen",))
        found = results_of({"firn": [[phase_event("reopen", 2.0)]],
                            "peer": [[phase_event("reopen", 1.0)]]}, group)
        self.assertEqual(summary.standing_of(summary.rows_of(found)[0]),
                         summary.Standing("peer", 0.5))

    def test_the_timeline_is_of_the_repetition_in_the_middle(self) -> None:
        cell = summary.Cell([phase_event("fillrandom", seconds, timeline=[[seconds, 1000]])
                             for seconds in (3.0, 1.0, 2.0)])
        self.assertEqual(cell.timeline, [[2.0, 1000]])


class Answers(unittest.TestCase):
    def test_equal_answers_are_no_complaint(self) -> None:
        found = results_of({"firn": [[phase_event("readrandom")]],
                            "peer": [[phase_event("readrandom")]]})
        self.assertEqual(answers.complaints(found), [])

    def test_a_differing_checksum_names_row_and_engines(self) -> None:
        found = results_of({"firn": [[phase_event("readrandom")]],
                            "peer": [[phase_event("readrandom", checksum="bad")]]})
        [complaint] = answers.complaints(found)
        for part in ("main/readrandom", "checksum", "firn: c0ffee", "peer: bad"):
            self.assertIn(part, complaint)

    def test_repetitions_with_other_keys_are_not_held_against_each_other(self) -> None:
        repetitions = [[phase_event("readrandom", checksum=text)] for text in ("one", "two")]
        self.assertEqual(answers.complaints(results_of({"firn": repetitions,
                                                        "peer": repetitions})), [])

    def test_a_phase_cut_short_is_compared_as_far_as_it_went(self) -> None:
        group = group_of(max_seconds=1.0)
        first, second = phase_event("readrandom"), phase_event("readrandom", checksum="other")
        alike = results_of({"firn": [[first]], "peer": [[second]]}, group)
        self.assertEqual(len(answers.complaints(alike)), 1)
        further = {**second, "operations": 1001, "found": 1001, "expected": 1001}
        self.assertEqual(answers.complaints(results_of({"firn": [[first]], "peer": [[further]]},
                                                       group)), [])
        uncut = results_of({"firn": [[first]], "peer": [[further]]})
        self.assertIn("operations", " ".join(answers.complaints(uncut)))

    def test_a_load_cut_short_by_its_limit_is_no_other_answer(self) -> None:
        group = group_of(load_seconds=10.0)
        half = phase_event("fillrandom", unfinished={"total": 1000, "limit_seconds": 10})
        half["operations"] = 10
        found = results_of({"firn": [[phase_event("fillrandom")]], "peer": [[half]]}, group)
        self.assertEqual(answers.complaints(found), [])

    def test_a_missing_key_is_a_complaint_even_of_a_lone_engine(self) -> None:
        [complaint] = answers.complaints(results_of({"firn": [[phase_event("readrandom",
                                                                           found=999)]]}))
        self.assertIn("main/readrandom", complaint)
        self.assertIn("found 999 of 1000", complaint)

    def test_another_durability_class_may_not_stand_in_the_row(self) -> None:
        found = results_of({"firn": [[phase_event("readrandom")]]})
        found.runs[0].engine_event = {"class": "N"}
        [complaint] = answers.complaints(found)
        self.assertIn("class N", complaint)

    def test_a_job_that_failed_is_a_complaint(self) -> None:
        found = results_of({"firn": [[]]})
        found.runs[0].error = "no space left"
        self.assertEqual(answers.complaints(found),
                         ["main: firn, repetition 1: no space left"])


class TheTables(unittest.TestCase):
    def test_a_lost_row_is_printed_like_a_won_one(self) -> None:
        found = results_of({
            "firn": [[phase_event("fillrandom", 1.0), phase_event("readrandom", 4.0)]],
            "lmdb": [[phase_event("fillrandom", 2.0), phase_event("readrandom", 1.0)]]})
        table = tables.Tables(found).throughput(found.groups[0])
        won, lost = table.rows
        self.assertEqual(won[:5], ["fillrandom", "1/s", "1.00 k", "500", "2.00x\nLMDB†"])
        self.assertEqual(lost[:5], ["readrandom", "1/s", "250", "1.00 k", "0.25x\nLMDB†"])

    def test_a_ratio_against_assertions_is_marked(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom", 1.0)]],
                            "rocksdb": [[phase_event("fillrandom", 2.0)]]}, asserting="rocksdb")
        table = tables.Tables(found).throughput(found.groups[0])
        self.assertIn("RocksDB*", table.header)
        self.assertEqual(table.rows[0][4], "2.00x\nRocksDB*")
        self.assertIn("assertions on: RocksDB", table.notes[0])

    def test_an_engine_that_failed_says_so_and_its_row_stays(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom")]], "peer": [[]]})
        found.runs[1].error = "killed"
        rows = tables.Tables(found).throughput(found.groups[0]).rows
        self.assertEqual(rows[0][:4], ["fillrandom", "1/s", "1.00 k", "failed"])

    def unfinished(self) -> results.Results:
        half = phase_event("fillrandom", 10.0, quiet_seconds=20.0, bytes_written=900, bytes_put=9,
                           unfinished={"total": 4000, "limit_seconds": 10})
        return results_of({
            "firn": [[phase_event("fillrandom", 1.0), phase_event("readrandom", 1.0)]],
            "peer": [[half]]})

    def test_an_unfinished_load_is_marked_and_explained_and_later_rows_are_empty(self) -> None:
        found = self.unfinished()
        table = tables.Tables(found).throughput(found.groups[0])
        load, read = table.rows
        self.assertEqual(load[2:5], ["1.00 k", "100‡", "10.00x\npeer‡"])
        self.assertEqual(read[2:5], ["1.00 k", "–‡", "–"])
        [note] = table.notes
        for part in ("‡ peer", "fillrandom ended after 10 s", "1.00 k of 4.00 k"):
            self.assertIn(part, note)

    def test_a_row_before_an_unfinished_load_is_not_marked(self) -> None:
        group = group_of(phases=("fillrandom", "overwrite", "readrandom"))
        half = phase_event("overwrite", unfinished={"total": 4000, "limit_seconds": 10})
        found = results_of({"firn": [[phase_event("fillrandom"), half]]}, group)
        rows = tables.Tables(found).throughput(group).rows
        self.assertEqual([row[2] for row in rows], ["1.00 k", "1.00 k‡", "–‡"])

    def test_an_unfinished_load_was_never_at_rest(self) -> None:
        found = self.unfinished()
        [load, _] = summary.rows_of(found)
        for metric in ("write_amplification", "space_amplification"):
            self.assertIsNone(load.cells["peer"].metric(metric))

    def test_recovery_shows_its_time_and_its_entries_a_second_beside_the_limit(self) -> None:
        group = group_of(phases=("fill_and_die",), second_process=("reopen",))
        event = phase_event("reopen", 0.5, operations=1, found=4000, expected=4000)
        found = results_of({"firn": [[event]]}, group,
                           limits=[{"limit": "disk_write_buffered", "value": 1.856}])
        time, rate = tables.Tables(found).throughput(group).rows
        self.assertEqual(time, ["reopen", "s", "0.50 s", "–", "–", "–"])
        self.assertEqual(rate, ["= reopen, entries", "1/s", "8.00 k", "", "16.0 k", "50 %"])

    def test_rows_of_different_programs_are_told_apart(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom")]],
                            "peer": [[phase_event("fillrandom")]]})
        self.assertEqual(tables.warnings_of(found), [])
        found.runs[0].program, found.runs[1].program = "aaaa", "bbbb"
        [note] = tables.Tables(found).throughput(found.groups[0]).notes
        self.assertIn("firn by aaaa; peer by bbbb", note)
        self.assertIn("2 different builds", tables.warnings_of(found)[0])

    def test_as_markdown_every_engine_has_a_column_in_every_table(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom")]], "peer": []})
        header = tables.Tables(found).throughput(found.groups[0], whole=True).header
        self.assertEqual(header[2:4], ["firn", "peer"])

    def test_repetitions_show_their_spread(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom", seconds)]
                                     for seconds in (1.0, 2.0, 4.0)]})
        rows = tables.Tables(found).throughput(found.groups[0]).rows
        self.assertEqual(rows[0][2], "500\n250–1.00 k")

    def test_as_markdown_a_row_is_one_line(self) -> None:
        found = results_of({"firn": [[phase_event("readrandom", seconds)] for seconds in (1, 2)]})
        text = markdown.markdown_of(tables.Tables(found).throughput(found.groups[0]))
        [line] = [line for line in text.splitlines() if line.startswith("| readrandom")]
        header = next(line for line in text.splitlines() if line.startswith("| row"))
        self.assertEqual(line.count("|"), header.count("|"))
        self.assertIn("500–1.00 k", line)

    def test_writes_show_what_they_cost(self) -> None:
        event = phase_event("fillrandom", bytes_written=600, bytes_put=100, space_bytes=150,
                            live_bytes=100, rss_peak_bytes=64 << 20, cpu_seconds=0.003,
                            quiet_seconds=2.0, harness_bytes=16 << 20)
        found = results_of({"firn": [[event]]})
        table = tables.Tables(found).writes(found.groups[0])
        assert table is not None
        self.assertEqual(table.rows, [["fillrandom", "firn", "6.00", "2.00 s", "500", "1.50",
                                       "48.0 MiB", "3.00"]])

    def test_a_group_with_fewer_repetitions_than_planned_is_named(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom")]]})
        found.conditions["repetitions"] = 2
        self.assertIn("Fewer repetitions than planned (2): Main.", tables.warnings_of(found))
        found.conditions["repetitions"] = 1
        self.assertEqual(tables.warnings_of(found), [])

    def test_quantities_have_three_digits(self) -> None:
        shown = [tables.quantity(value) for value in (254, 999.9, 8512, 99_960, 315_000, 1_234_567)]
        self.assertEqual(shown, ["254", "1.00 k", "8.51 k", "100 k", "315 k", "1.23 M"])


class Bounds(unittest.TestCase):
    LIMITS = ({"limit": "random_load_2m", "value": 100.0}, {"limit": "sync_fastest", "value": 50.0},
              {"limit": "copy_bandwidth_1t", "value": 10.0})

    def test_every_row_has_a_bound(self) -> None:
        bounded = {row for bound in bounds.BOUNDS for row in bound.rows}
        shown = {name for name, phase in plan.PHASES.items() if not phase.prepares}
        self.assertEqual(shown - bounded, set())

    def test_recovery_writes_every_entry_of_the_log_to_the_device(self) -> None:
        machine = bounds.Machine([{"limit": "disk_write_buffered", "value": 1160.0}], 2)
        self.assertAlmostEqual(bounds.bound_of("reopen", machine, group_of()) or 0, 10e6)

    def test_direct_reads_have_no_more_of_the_data_in_memory_than_the_budget(self) -> None:
        limits = (*self.LIMITS, {"limit": "disk_random_read_1t", "value": 10_000.0})
        machine = bounds.Machine(limits, 2)
        direct = group_of(direct=True, budget_bytes=group_of().data_bytes // 4)
        self.assertAlmostEqual(bounds.bound_of("readrandom", machine, direct) or 0,
                               1e9 / (0.25 * 210 + 0.75 * 1e5), places=3)

    def test_a_get_is_two_loads_and_a_copy(self) -> None:
        machine = bounds.Machine(self.LIMITS, 2)
        self.assertAlmostEqual(bounds.bound_of("readrandom", machine, group_of()) or 0,
                               1e9 / (200 + 10))

    def test_threads_share_a_sync_but_gets_need_cores(self) -> None:
        machine = bounds.Machine(self.LIMITS, 2)
        four = group_of(threads=4)
        self.assertAlmostEqual(bounds.bound_of("fillsync", machine, four) or 0, 80_000)
        self.assertAlmostEqual(bounds.bound_of("readrandom", machine, four) or 0, 2e9 / 210)

    def test_what_was_not_measured_bounds_nothing(self) -> None:
        self.assertIsNone(bounds.bound_of("fillseq", bounds.Machine(self.LIMITS, 2), group_of()))

    def test_data_beyond_memory_is_read_from_the_device(self) -> None:
        limits = (*self.LIMITS, {"limit": "disk_random_read_1t", "value": 10_000.0},
                  {"limit": "disk_read_buffered", "value": 500.0},
                  {"limit": "disk_read_direct", "value": 1000.0},
                  {"limit": "read_bandwidth_1t", "value": 10.0})
        machine = bounds.Machine(limits, 2)
        data = group_of().data_bytes
        measuring = (plan.HARNESS_BYTES_A_KEY - plan.HARNESS_KEPT_A_KEY) * group_of().entries
        limited = group_of(memory_bytes=data // 2 - measuring)
        self.assertAlmostEqual(bounds.bound_of("readrandom", machine, limited) or 0,
                               1e9 / (0.5 * 210 + 0.5 * 1e5), places=3)
        self.assertAlmostEqual(bounds.bound_of("readseq", machine, limited) or 0,
                               1e9 / (0.5 * 116), places=3)
        self.assertAlmostEqual(bounds.bound_of("readrandom", machine,
                                               group_of(memory_bytes=2 * data)) or 0,
                               1e9 / 210, places=3)

    def test_the_table_compares_firn_with_the_limit(self) -> None:
        event = phase_event("readrandom", 1000 * 420e-9)
        found = results_of({"firn": [[event]]}, group_of(rows=("readrandom",)), limits=self.LIMITS)
        rows = tables.Tables(found).throughput(found.groups[0]).rows
        self.assertEqual(rows[0][-2:], ["4.76 M", "50 %"])


class Jobs(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.stores = pathlib.Path(scratch.name) / "stores"
        self.stores.mkdir()
        fake = pathlib.Path(scratch.name) / "firn_compare"
        fake.write_text(f"#!{sys.executable}\n{textwrap.dedent(FAKE)}")
        fake.chmod(0o755)
        self.programs = jobs.Programs(fake, fake)
        self.runner = jobs.Runner(self.programs, self.stores, seed=1, drop_cache=lambda: False)
        self.heard: List[Dict[str, Any]] = []

    def run_job(self, group: plan.Group) -> results.Run:
        return self.runner.run(plan.Job(group, "firn", 0), self.heard.append)

    def test_phases_and_conditions_come_back(self) -> None:
        run = self.run_job(group_of())
        self.assertIsNone(run.error)
        self.assertEqual([event["phase"] for event in run.phases], ["fillrandom", "readrandom"])
        self.assertEqual(run.engine_event["class"], "A")
        self.assertEqual([event["phase"] for event in self.heard], ["fillrandom", "readrandom"])
        self.assertIn("--budget-bytes", run.commands[0])

    def test_nothing_is_left_in_the_directory(self) -> None:
        for behaviour in ("random", "fails", "aborts"):
            self.run_job(group_of(keys=behaviour))
            self.assertEqual(os.listdir(self.stores), [], behaviour)

    def test_an_interrupt_leaves_neither_directory_nor_child(self) -> None:
        def interrupt(event: Dict[str, Any]) -> None:
            self.heard.append(event)
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.runner.run(plan.Job(group_of(keys="hangs"), "firn", 0), interrupt)
        self.assertEqual(os.listdir(self.stores), [])
        with self.assertRaises(ProcessLookupError):
            os.kill(self.heard[0]["process"], 0)

    def test_failures_tell_what_the_program_said(self) -> None:
        for behaviour, words in (("fails", "no space left"), ("aborts", "SIGABRT"),
                                 ("aborts", "terminate called"), ("silent", "readrandom"),
                                 ("babbles", "no JSON line")):
            self.assertIn(words, self.run_job(group_of(keys=behaviour)).error or "", behaviour)

    def test_a_job_ends_well_with_a_load_that_was_not_finished(self) -> None:
        run = self.run_job(group_of(keys="slow", second_process=("readrandom",)))
        self.assertIsNone(run.error)
        self.assertEqual(len(run.commands), 1)
        self.assertEqual([event["phase"] for event in run.phases], ["fillrandom"])

    def test_nothing_may_be_measured_on_half_a_store(self) -> None:
        run = self.run_job(group_of(keys="careless"))
        self.assertIn("went on with readrandom", run.error or "")

    def test_a_run_knows_the_program_that_measured_it(self) -> None:
        self.assertEqual(self.run_job(group_of()).program, self.programs.fingerprint())

    def test_a_second_process_finds_the_store_of_one_that_was_killed(self) -> None:
        run = self.run_job(group_of(phases=("fill_and_die",), second_process=("reopen",)))
        self.assertIsNone(run.error)
        self.assertEqual(len(run.commands), 2)
        self.assertEqual([(event["phase"], event["files"]) for event in run.phases],
                         [("reopen", 1)])

    @unittest.skipIf(cage.why_none(), "no memory controller here")
    def test_a_process_whose_memory_is_limited_dies_of_more_and_leaves_no_group(self) -> None:
        hungry = [sys.executable, "-c", "print('{}'); x = b'x' * (1 << 28)"]
        for limit, code in ((1 << 30, 0), (1 << 26, -signal.SIGKILL)):
            with cage.MemoryCage(limit) as limited, jobs.Child(hungry, limited) as child:
                self.assertEqual(list(child.events()), [{}])
                self.assertEqual(child.end(), code)
        self.assertIsNone(cage.why_none())
        for place, _ in cage.CONTROLLERS:
            self.assertEqual(list(place.glob(f"firn-compare-{os.getpid()}")), [])

    def test_the_engines_are_asked_of_the_program(self) -> None:
        self.assertEqual([engine["engine"] for engine in jobs.engines_of(self.programs)], ["firn"])

    def test_a_program_that_is_not_there_is_an_error_and_no_crash(self) -> None:
        with self.assertRaisesRegex(jobs.JobError, "cannot start"):
            jobs.collect_lines([str(self.stores / "none")])


class Files(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = pathlib.Path(scratch.name) / "results.json"

    def test_results_survive_their_file(self) -> None:
        found = results_of({"firn": [[phase_event("fillrandom")]]})
        found.save(self.path)
        self.assertEqual(results.load(self.path), found)
        self.assertEqual(os.listdir(self.path.parent), ["results.json"])

    def test_another_file_is_refused_with_its_name(self) -> None:
        for text in ("", "[]", '{"format": 99}', '{"format": 1}'):
            self.path.write_text(text)
            with self.assertRaisesRegex(results.ResultError, "results.json"):
                results.load(self.path)


if __name__ == "__main__":
    unittest.main()
