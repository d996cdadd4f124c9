"""What the user sees while it runs and after: progress bars, then tables (both by rich)."""

import pathlib
import time
from typing import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn,
                           TimeElapsedColumn)
from rich.table import Table as RichTable

from .plan import Job
from .results import Event, Results, Run
from .tables import DISPLAY, Table, Tables, condition_lines, once, warnings_of

WIDTH_WITHOUT_TERMINAL = 150


def console() -> Console:
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)


class JobProgress:
    """Two bars on a terminal: all jobs, and the phase that runs. A line a job elsewhere."""

    def __init__(self, out: Console, jobs: Sequence[Job]) -> None:
        self._out = out
        self._jobs = len(jobs)
        self._done = 0
        self._started = time.monotonic()
        self._bars = Progress(
            TextColumn("[bold]{task.description:<44}"), BarColumn(bar_width=32),
            TaskProgressColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"),
            TimeElapsedColumn(), console=out, disable=not out.is_terminal)
        self._overall = self._bars.add_task("all jobs", total=len(jobs), left="")
        self._current = self._bars.add_task("", total=None, left="")

    def __enter__(self) -> "JobProgress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, job: Job) -> None:
        self._name = f"{job.group.name}, {DISPLAY.get(job.engine, job.engine)}, " \
                     f"repetition {job.repetition + 1}"
        self._bars.update(self._current, description=self._name, total=None, completed=0)

    def event(self, event: Event) -> None:
        self._bars.update(self._current, description=f"{self._name}: {event.get('phase', '')}",
                          completed=event.get("done", 0), total=event.get("total") or None)

    def finish(self, run: Run) -> None:
        self._done += 1
        taken = time.monotonic() - self._started
        left = taken / self._done * (self._jobs - self._done)
        self._bars.update(self._overall, completed=self._done, left=f"about {_clock(left)} left")
        if run.error:
            self._out.print(f"[red]{escape(self._name)}: {escape(run.error)}[/red]")
        elif not self._out.is_terminal:
            self._out.print(f"[{self._done}/{self._jobs}] {self._name}: {run.seconds:.1f} s",
                            markup=False)


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if seconds >= 90 else f"{seconds:.0f} s"


def rendered(table: Table, title: bool = True) -> RichTable:
    made = RichTable(title=escape(table.title) if title else None, title_justify="left",
                     title_style="bold", caption_justify="left", box=box.SIMPLE_HEAD,
                     caption="\n".join(escape(note) for note in table.notes) or None,
                     show_lines=False, pad_edge=False)
    for name, left in zip(table.header, table.left_aligned()):
        made.add_column(escape(name), justify="left" if left else "right",
                        no_wrap=name in ("row", "engine"), overflow="fold")
    for row in once(table):
        if row[0] and table.by_engine and made.row_count:
            made.add_section()
        made.add_row(*(escape(cell) for cell in row))
    return made


def print_report(out: Console, results: Results, problems: Sequence[str]) -> None:
    tables = Tables(results)
    out.rule("[bold]firn beside its peers")
    for name, text in condition_lines(results).items():
        out.print(f"{name:>14}  {text}", markup=False, soft_wrap=True)
    for line in warnings_of(results):
        out.print(f"\n[bold]{escape(line)}[/bold]")
    out.print()
    out.print(rendered(tables.engine_list()))
    for group in results.groups:
        if not tables.rows(group):
            continue
        out.print()
        out.rule(escape(group.title), align="left")
        out.print(escape(group.conditions()) + "; medians, below them minimum – maximum",
                  soft_wrap=True)
        out.print(rendered(tables.throughput(group), title=False))
        costs = tables.writes(group)
        if costs is not None:
            out.print()
            out.print(rendered(costs))
    for table in (tables.limit_list(), tables.bound_list()) if results.limits else ():
        out.print()
        out.print(rendered(table))
    for problem in problems:
        out.print(f"[bold red]WRONG[/bold red] {escape(problem)}", soft_wrap=True)


def print_written(out: Console, paths: Sequence[pathlib.Path]) -> None:
    for path in paths:
        out.print(f"written: {path}", markup=False, soft_wrap=True)
