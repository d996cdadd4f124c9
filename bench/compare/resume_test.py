#!/usr/bin/env python3
"""What may be added to a result file, and what is refused."""

import dataclasses
import pathlib
import sys
import unittest
from typing import Any, Dict, List, Optional, Sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from compare import plan, results, resume  # noqa: E402

FILE = pathlib.Path("kept.json")
ENGINES = [{"engine": name, "version": "1", "build": "release", "direct": name != "leveldb"}
           for name in ("firn", "rocksdb", "leveldb")]


def group_of(name: str, **changes: Any) -> plan.Group:
    fields: Dict[str, Any] = {"name": name, "title": name, "entries": 1000,
                              "phases": ("fillrandom", "readrandom")}
    return plan.Group(**{**fields, **changes})


def kept_of(groups: Sequence[plan.Group], engines: Sequence[Dict[str, Any]],
            repetitions: int = 1) -> results.Results:
    """Everything of it is measured."""
    kept = results.Results({"repetitions": repetitions, "plan": {"entries": 1000, "seed": 1}},
                           list(groups), list(engines))
    names = [engine["engine"] for engine in engines]
    kept.runs = [results.Run(*job.key) for job in plan.jobs_of(groups, names, repetitions)]
    return kept


def left(kept: results.Results) -> List["tuple[str, str, int]"]:
    """The jobs that a run would still do."""
    done = {run.key for run in kept.runs}
    names = [engine["engine"] for engine in kept.engines]
    return [job.key for job in plan.jobs_of(kept.groups, names, kept.conditions["repetitions"])
            if job.key not in done]


def extend(kept: results.Results, groups: Optional[Sequence[plan.Group]] = None,
           engines: Sequence[str] = (), repetitions: Optional[int] = None,
           known: Sequence[Dict[str, Any]] = tuple(ENGINES)) -> None:
    resume.extend(FILE, kept, resume.Wish(groups, engines, repetitions, known))


class Additions(unittest.TestCase):
    def test_a_finished_file_has_nothing_left_to_do(self) -> None:
        kept = kept_of([group_of("a")], ENGINES[:2], 2)
        extend(kept)
        self.assertEqual(left(kept), [])

    def test_a_failed_job_runs_again(self) -> None:
        kept = kept_of([group_of("a")], ENGINES[:2])
        kept.runs[1].error = "no space left"
        extend(kept)
        self.assertEqual(left(kept), [("a", "rocksdb", 0)])

    def test_a_further_engine_runs_in_every_group_it_is_able_to(self) -> None:
        kept = kept_of([group_of("a"), group_of("b", direct=True)], ENGINES[:2])
        extend(kept, engines=["leveldb"])
        self.assertEqual(left(kept), [("a", "leveldb", 0)])
        self.assertEqual([engine["engine"] for engine in kept.engines],
                         ["firn", "rocksdb", "leveldb"])

    def test_a_further_group_runs_for_all_engines_and_the_old_ones_stay(self) -> None:
        kept = kept_of([group_of("a")], ENGINES[:2])
        extend(kept, [group_of("b")])
        self.assertEqual(left(kept), [("b", "firn", 0), ("b", "rocksdb", 0)])
        self.assertEqual([group.name for group in kept.groups], ["a", "b"])

    def test_repetitions_are_those_of_the_groups_they_were_asked_for(self) -> None:
        kept = kept_of([group_of("a"), group_of("b")], ENGINES[:1], 2)
        extend(kept, [group_of("b"), group_of("c", repetitions_max=1)], repetitions=3)
        self.assertEqual(left(kept), [("c", "firn", 0), ("b", "firn", 2)])
        few = kept_of([group_of("a")], ENGINES[:1], 3)
        extend(few, [group_of("a"), group_of("b")], repetitions=1)
        self.assertEqual(left(few), [("b", "firn", 0)])
        self.assertEqual(few.groups[0].repetitions_max, 3)

    def test_fewer_repetitions_of_everything_are_refused(self) -> None:
        with self.assertRaisesRegex(resume.ResumeError, "2 repetitions"):
            extend(kept_of([group_of("a")], ENGINES, 2), repetitions=1)


class Refusals(unittest.TestCase):
    def test_a_measured_group_with_other_conditions_is_named_with_the_difference(self) -> None:
        for field, value in (("entries", 2000), ("budget_bytes", 1 << 20),
                             ("phases", ("fillrandom",)), ("load_seconds", 5.0)):
            kept = kept_of([group_of("a")], ENGINES)
            other = dataclasses.replace(group_of("a"), **{field: value})
            with self.assertRaisesRegex(resume.ResumeError, f"group a with {field}"):
                extend(kept, [other])

    def test_a_group_nobody_has_run_takes_the_new_conditions(self) -> None:
        kept = kept_of([group_of("a")], ENGINES)
        kept.runs = []
        extend(kept, [group_of("a", entries=2000)])
        self.assertEqual(kept.groups[0].entries, 2000)

    def test_an_engine_of_another_version_or_build_is_refused(self) -> None:
        for field in ("version", "build"):
            known = [{**engine, field: "2"} for engine in ENGINES]
            with self.assertRaisesRegex(resume.ResumeError, "measured firn"):
                extend(kept_of([group_of("a")], ENGINES), known=known)

    def test_settings_are_the_files_and_may_not_be_stated_otherwise(self) -> None:
        kept = kept_of([group_of("a")], ENGINES)
        self.assertEqual(resume.agreed(FILE, kept, {"entries": None, "seed": 1}),
                         {"entries": 1000, "seed": 1})
        for name in ("entries", "seed"):
            with self.assertRaisesRegex(resume.ResumeError, f"{name} 1.*not 7"):
                resume.agreed(FILE, kept, {name: 7})


if __name__ == "__main__":
    unittest.main()
