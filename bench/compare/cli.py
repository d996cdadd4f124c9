"""scripts/compare: arguments, and the order in which things happen."""

import argparse
import dataclasses
import pathlib
import re
import shlex
import signal
import sys
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from . import answers, machine, results as result_files
from .build import PEERS, BuildError, build_programs, programs_in
from .jobs import JobError, Programs, Runner, engines_of
from .cage import why_none
from .plan import (Group, Job, disk_bytes_wanted, full_plan, jobs_of, quick_plan, seconds_about,
                   select_rows, without_the_unable)
from .results import ResultError, Results
from .resume import ResumeError, Wish, agreed, extend

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
FULL_ENTRIES, FULL_REPETITIONS = 3_000_000, 3
QUICK_ENTRIES, QUICK_REPETITIONS = 300_000, 2
# A short run stays short on a busy machine: no repetition of a group begins later than this.
QUICK_SECONDS = 120.0
SEED = 1
INTERRUPTED = 130
ORDER = ("firn", *PEERS)


class UsageError(Exception):
    """Arguments that make no sense together; the message says which."""


def byte_count(text: str) -> int:
    match = re.fullmatch(r"(\d+)([kmg]?)", text.lower().removesuffix("ib").removesuffix("b"))
    if not match or not int(match.group(1)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 512m or 1g")
    return int(match.group(1)) << {"": 0, "k": 10, "m": 20, "g": 30}[match.group(2)]


def positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def names(text: str) -> List[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="scripts/compare",
        description="Measures firn beside RocksDB, LevelDB, LMDB and WiredTiger under equal "
                    "conditions, compares their answers and prints tables (docs/comparison.md).",
        epilog="Exit code: 0; 1 when a job failed or an answer was wrong; 2 for wrong arguments; "
               "130 when interrupted (what was measured is kept in the JSON file).")
    made.add_argument("--quick", action="store_true",
                      help="the headline rows, in about three minutes on two cores")
    made.add_argument("--entries", type=positive, help="of the main group (3 million)")
    made.add_argument("--repetitions", type=positive, help="of every job, at most (3; quick 2)")
    made.add_argument("--engines", type=names, metavar="A,B", help="only these (and firn)")
    made.add_argument("--rows", type=names, metavar="A,B",
                      help="only rows of these names or globs; 'group/row' picks one group's")
    made.add_argument("--budget", type=byte_count, metavar="SIZE",
                      help="memory of each engine instead of the plan's, like 512m")
    made.add_argument("--max-load-seconds", type=positive, metavar="S",
                      help="a load that takes longer ends there, and with it its engine's rows of "
                      "the group (the plan's: none, 300 or 600 for the large groups)")
    made.add_argument("--dir", type=pathlib.Path, help="where the stores go: a directory on the "
                      "disk in question (build/compare-data)")
    made.add_argument("--json", type=pathlib.Path, metavar="FILE",
                      help="the raw results (build/compare.json)")
    made.add_argument("--html", type=pathlib.Path, metavar="FILE",
                      help="the report with plots (beside the raw results)")
    made.add_argument("--markdown", type=pathlib.Path, metavar="FILE",
                      help="the tables once more, for a page that keeps them")
    made.add_argument("--picture", type=pathlib.Path, metavar="FILE",
                      help="the first group's throughput as SVG, for a page that shows it")
    made.add_argument("--report", type=pathlib.Path, metavar="FILE",
                      help="measure nothing: tables and report of a result file")
    made.add_argument("--resume", type=pathlib.Path, metavar="FILE",
                      help="go on with a run: its plan holds, and grows by the --rows, --engines "
                      "and --repetitions named; jobs already measured are kept")
    made.add_argument("--list", action="store_true", help="print the plan and end")
    made.add_argument("--no-limits", action="store_true", help="do not run firn_limits")
    made.add_argument("--programs", type=pathlib.Path, metavar="DIR",
                      help="firn_compare and firn_limits are there: build nothing")
    for peer in PEERS:
        made.add_argument(f"--{peer}-root", metavar="DIR",
                          help=f"a build of {peer} that is not the distribution's")
    return made


def settings_of(options: argparse.Namespace) -> Dict[str, Any]:
    """What decides the plan's sizes; None: not stated."""
    return {"quick": options.quick or None, "entries": options.entries, "budget": options.budget,
            "max_load_seconds": options.max_load_seconds, "seed": SEED}


def plan_of(settings: Dict[str, Any], rows: Sequence[str]) -> List[Group]:
    entries = settings.get("entries")
    groups = (quick_plan(entries or QUICK_ENTRIES) if settings.get("quick")
              else full_plan(entries or FULL_ENTRIES))
    if rows:
        groups = select_rows(groups, rows)
        if not groups:
            raise UsageError(f"no row is called {', '.join(rows)} (--list shows them)")
    for name, field in (("budget", "budget_bytes"), ("max_load_seconds", "load_seconds")):
        if settings.get(name):
            groups = [dataclasses.replace(group, **{field: settings[name]}) for group in groups]
    return groups


def choose_engines(known: Sequence[Dict[str, Any]], wanted: Sequence[str]) -> List[Dict[str, Any]]:
    by_name = {engine["engine"].lower(): engine for engine in known}
    unknown = [name for name in wanted if name.lower() not in by_name]
    if unknown:
        raise UsageError(f"no engine {', '.join(unknown)} here; there are: {', '.join(by_name)}")
    chosen = {"firn", *(name.lower() for name in wanted)} if wanted else set(by_name)
    rank = {name: place for place, name in enumerate(ORDER)}
    return [by_name[name] for name in sorted(by_name, key=lambda name: rank.get(name, len(rank)))
            if name in chosen]


def print_plan(groups: Sequence[Group]) -> None:
    for group in groups:
        minutes = max(1, round(seconds_about(group) / 60))
        times = f", {group.repetitions_max} repetition at most" if group.repetitions_max else ""
        print(f"{group.name}: {group.conditions()}; about {minutes} min for a slow engine{times}\n"
              f"    {', '.join(group.shown)}")


def go_on(options: argparse.Namespace, arguments: List[str], programs: Programs) -> Results:
    """The results of an earlier run and what this call adds to it, without the jobs that failed."""
    path = options.resume
    kept = result_files.load(path)
    settings = agreed(path, kept, settings_of(options))
    groups = plan_of(settings, options.rows) if options.rows else None
    known = engines_of(programs)
    extend(path, kept, Wish(with_memory_limits(groups) if groups else None,
                            [engine["engine"] for engine in
                             choose_engines(known, options.engines or ["firn"])],
                            options.repetitions, known))
    kept.conditions["plan"] = settings
    again = shlex.join(["scripts/compare", *arguments])
    kept.conditions["command"] = f"{kept.conditions.get('command')}; {again}"
    if any(run.program != programs.fingerprint() for run in kept.runs):
        print(f"scripts/compare: {path} has rows that another firn_compare measured; the tables "
              "will say which", file=sys.stderr)
    return kept


def begin(options: argparse.Namespace, arguments: List[str], groups: List[Group],
          setting: "tuple[pathlib.Path, Programs]") -> Results:
    """New results with today's conditions."""
    directory, programs = setting
    engines = engines_of(programs)
    conditions = machine.describe(directory, REPOSITORY, arguments)
    conditions["repetitions"] = options.repetitions or (
        QUICK_REPETITIONS if options.quick else FULL_REPETITIONS)
    conditions["plan"] = settings_of(options)
    conditions["plan"]["entries"] = options.entries or (
        QUICK_ENTRIES if options.quick else FULL_ENTRIES)
    chosen = choose_engines(engines, options.engines or [])
    groups = [without_the_unable(group, chosen) for group in groups]
    return Results(conditions, groups, chosen, short=options.quick)


def until(deadline: float, jobs: Sequence[Job],
          clock: Callable[[], float] = time.monotonic) -> Iterator[Job]:
    """The jobs up to the first group that would begin a repetition after the deadline.

    A group goes whole or not at all, so that its engines have as many repetitions as each other.
    """
    begun = None
    for job in jobs:
        turn = job.group.name, job.repetition
        if turn != begun and job.repetition > 0 and clock() > deadline:
            return
        begun = turn
        yield job


def measure(results: Results, runner: Runner, json_path: pathlib.Path, with_limits: bool) -> None:
    """Runs what is not measured yet; the file holds every finished job, whatever happens then."""
    from .terminal import JobProgress, console

    out = console()
    data_bytes = max(64 << 20, min(results.groups[0].data_bytes, 1 << 30))
    if with_limits and not results.limits:
        out.print("measuring the machine's own limits (firn_limits)")
        results.limits = runner.limits(results.short, data_bytes)
    done = {run.key for run in results.runs}
    jobs = [job for job in jobs_of(results.groups, [engine["engine"] for engine in results.engines],
                                   int(results.conditions["repetitions"])) if job.key not in done]
    if results.short:
        jobs_left = until(time.monotonic() + QUICK_SECONDS, jobs)
    else:
        jobs_left = iter(jobs)
    with JobProgress(out, jobs) as progress:
        for job in jobs_left:
            progress.begin(job)
            run = runner.run(job, progress.event)
            results.runs.append(run)
            results.conditions["load_after"] = machine.load_average()
            results.conditions["page_cache"] = (
                "dropped before each job" if run.cache_dropped else "not dropped (not root)")
            results.save(json_path)
            progress.finish(run)
    if with_limits and not results.short:
        results.limits_after = runner.limits(results.short, data_bytes)
        results.save(json_path)


def show(results: Results, written: List[pathlib.Path], html: pathlib.Path,
         options: argparse.Namespace) -> int:
    from .markdown import write_markdown
    from .report import write_picture, write_report
    from .terminal import console, print_report, print_written

    out = console()
    problems = answers.complaints(results)
    print_report(out, results, problems)
    write_report(results, problems, html)
    for path, write in ((options.markdown, write_markdown), (options.picture, write_picture)):
        if path is not None:
            write(results, path)
            written = [*written, path]
    print_written(out, [*written, html])
    return 1 if problems else 0


def with_memory_limits(groups: List[Group]) -> List[Group]:
    """Without those that want a limit on all memory, where there is none; says so."""
    limited = [group.name for group in groups if group.memory_bytes]
    why = why_none() if limited else None
    if why is None:
        return groups
    print(f"left out: {', '.join(limited)}: a limit on all memory needs root and the kernel's "
          f"memory controller ({why})", file=sys.stderr)
    return [group for group in groups if not group.memory_bytes]


def _check_directory(directory: pathlib.Path, groups: Sequence[Group]) -> None:
    problem = machine.directory_problem(directory, disk_bytes_wanted(groups))
    if problem:
        raise UsageError(problem)


def compare(options: argparse.Namespace, arguments: List[str]) -> int:
    if options.report:
        html = options.html or options.report.with_suffix(".html")
        return show(result_files.load(options.report), [], html, options)
    if options.list:
        print_plan(plan_of(settings_of(options), options.rows))
        return 0
    json_path = options.json or options.resume or REPOSITORY / "build" / "compare.json"
    directory = (options.dir or REPOSITORY / "build" / "compare-data").resolve()
    directory.mkdir(parents=True, exist_ok=True)
    groups = ([] if options.resume else
              with_memory_limits(plan_of(settings_of(options), options.rows)))
    _check_directory(directory, groups)
    if options.programs:
        programs = programs_in(options.programs)
    else:
        print("building firn_compare and firn_limits in build/compare", flush=True)
        roots = {peer: root for peer in PEERS if (root := getattr(options, f"{peer}_root"))}
        programs = build_programs(REPOSITORY, roots)
    results = (go_on(options, arguments, programs) if options.resume
               else begin(options, arguments, groups, (directory, programs)))
    _check_directory(directory, results.groups)
    try:
        measure(results, Runner(programs, directory, SEED), json_path, not options.no_limits)
    except KeyboardInterrupt:
        results.save(json_path)
        print(f"\nscripts/compare: interrupted; go on with --resume {json_path}", file=sys.stderr)
        return INTERRUPTED
    return show(results, [json_path], options.html or json_path.with_suffix(".html"), options)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: List[str]) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    options = parser().parse_args(arguments)
    try:
        return compare(options, arguments)
    except (UsageError, ResumeError) as error:
        print(f"scripts/compare: {error}", file=sys.stderr)
        return 2
    except (BuildError, JobError, ResultError, OSError) as error:
        print(f"scripts/compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
