"""Runs one job: a fresh directory, a process for each part, its events read as they come.

Threads: none; a child's output is read line by line while it runs.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from . import machine
from .cage import MemoryCage
from .plan import Group, Job
from .results import Event, Run

# Called with every progress event of the process that runs.
Listener = Callable[[Event], None]
STOP_SECONDS = 10.0
# Ends by its own kill, which is what the phase is about.
DYING_PHASE = "fill_and_die"


class JobError(Exception):
    """A job that did not do its work; the message says what it said."""


@dataclasses.dataclass(frozen=True)
class Programs:
    compare: pathlib.Path
    limits: pathlib.Path

    def fingerprint(self) -> str:
        """Of firn_compare, which firn is part of: equal for equal programs."""
        try:
            return hashlib.sha256(self.compare.read_bytes()).hexdigest()
        except OSError as error:
            raise JobError(f"cannot read {self.compare}: {error}") from error


def phase_arguments(group: Group, engine: str, phases: Sequence[str], seed: int) -> List[str]:
    arguments = [
        "run", "--engine", engine, "--phases", ",".join(phases), "--entries", str(group.entries),
        "--value-bytes", str(group.value_bytes), "--keys", group.keys, "--threads",
        str(group.threads), "--budget-bytes", str(group.budget_bytes), "--compression",
        group.compression, "--class", group.durability, "--seed", str(seed)]
    if group.max_seconds:
        arguments += ["--max-seconds", f"{group.max_seconds:g}"]
    if group.load_seconds:
        arguments += ["--load-seconds", f"{group.load_seconds:g}"]
    if group.direct:
        arguments.append("--direct")
    if group.write_rate:
        arguments += ["--write-rate", str(group.write_rate)]
    if group.log_bytes:
        arguments += ["--log-bytes", str(group.log_bytes)]
    return arguments


def parse_event(line: str) -> Event:
    try:
        event = json.loads(line)
    except ValueError as error:
        raise JobError(f"no JSON line: {line.strip()[:200]!r}") from error
    if not isinstance(event, dict):
        raise JobError(f"no JSON object: {line.strip()[:200]!r}")
    return event


class Child:
    """A process whose standard output is JSON lines. Ended when the block is left."""

    def __init__(self, command: Sequence[str], cage: Optional[MemoryCage] = None) -> None:
        self._errors = tempfile.TemporaryFile("w+")
        try:
            # A group of its own: the terminal's interrupt reaches this program alone, which then
            # ends the child in order.
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=self._errors, stdin=subprocess.DEVNULL,
                text=True, process_group=0,
                preexec_fn=cage.enter if cage else None)
        except (OSError, subprocess.SubprocessError) as error:
            self._errors.close()
            raise JobError(f"cannot start {command[0]}: {error}") from error

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    def events(self) -> Iterator[Event]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip():
                yield parse_event(line)

    def end(self) -> int:
        return self._process.wait()

    def last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else "nothing on standard error"


def how_it_ended(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def collect_lines(command: Sequence[str]) -> List[Event]:
    """All JSON lines of a program that must end well: `engines`, `firn_limits`."""
    with Child(command) as child:
        events = list(child.events())
        code = child.end()
        if code != 0:
            raise JobError(f"{command[0]} {how_it_ended(code)}: {child.last_words()}")
    return events


class Runner:
    """Runs jobs below one directory and leaves nothing there."""

    def __init__(self, programs: Programs, directory: pathlib.Path, seed: int,
                 drop_cache: Callable[[], bool] = machine.drop_page_cache) -> None:
        self._programs = programs
        self._directory = directory
        self._seed = seed
        self._drop_cache = drop_cache
        self._fingerprint = programs.fingerprint()

    def limits(self, quick: bool, data_bytes: int) -> List[Event]:
        command = [str(self._programs.limits), "--dir", str(self._directory), "--data-bytes",
                   str(data_bytes)]
        return collect_lines([*command, "--quick"] if quick else command)

    def run(self, job: Job, listener: Listener) -> Run:
        """A failure of the job is in the Run; only an interrupt is thrown."""
        run = Run(job.group.name, job.engine, job.repetition, program=self._fingerprint,
                  cache_dropped=self._drop_cache(), load_before=machine.load_average())
        started = time.monotonic()
        store = pathlib.Path(tempfile.mkdtemp(prefix="firn-compare-", dir=self._directory))
        try:
            for phases in (job.group.phases, job.group.second_process):
                if not phases or run.unfinished:
                    continue
                if run.commands:
                    os.sync()  # or the first process would be written out at the second's cost
                self._run_process(job, phases, store, (run, listener))
        except JobError as error:
            run.error = str(error)
        finally:
            shutil.rmtree(store, ignore_errors=True)
        run.seconds = time.monotonic() - started
        run.load_after = machine.load_average()
        return run

    def _run_process(self, job: Job, phases: Sequence[str], store: pathlib.Path,
                     into: "tuple[Run, Listener]") -> None:
        run, listener = into
        seed = self._seed + job.repetition
        command = [str(self._programs.compare),
                   *phase_arguments(job.group, job.engine, phases, seed), "--dir", str(store)]
        run.commands.append(command)
        done: List[str] = []
        message: Optional[str] = None
        with contextlib.ExitStack() as held:
            child = held.enter_context(Child(command, self._cage_of(job.group, held)))
            for event in child.events():
                message = message or _take(event, run, done, listener)
            code = child.end()
            words = child.last_words()
        if message:
            raise JobError(message)
        dies = phases[-1] == DYING_PHASE
        if code != 0 and not (dies and code == -signal.SIGKILL):
            raise JobError(f"firn_compare {how_it_ended(code)}: {words}")
        if run.unfinished:
            if done[-1] != run.unfinished["phase"]:
                raise JobError(f"firn_compare went on with {done[-1]} after the load "
                               f"{run.unfinished['phase']} was not finished")
            return
        missing = [phase for phase in phases if phase not in done and phase != DYING_PHASE]
        if missing:
            raise JobError(f"firn_compare ended well without a word of {', '.join(missing)}")

    @staticmethod
    def _cage_of(group: Group, held: contextlib.ExitStack) -> Optional[MemoryCage]:
        if not group.memory_bytes:
            return None
        try:
            return held.enter_context(MemoryCage(group.process_memory_bytes))
        except OSError as error:
            raise JobError(f"no limit on all memory to be had: {error}") from error


def _take(event: Event, run: Run, done: List[str], listener: Listener) -> Optional[str]:
    """Files one event; the message when it is an error."""
    kind = event.get("event")
    if kind == "engine":
        run.engine_event = event
    elif kind == "phase":
        run.phases.append(event)
        done.append(event["phase"])
    elif kind == "progress":
        listener(event)
    elif kind == "error":
        return str(event.get("message", "an error without a message"))
    return None


def engines_of(programs: Programs) -> List[Dict[str, Any]]:
    return collect_lines([str(programs.compare), "engines"])
