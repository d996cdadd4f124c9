"""The result file: everything that was measured, raw, so that tables and report can be rebuilt."""

import dataclasses
import json
import os
import pathlib
from typing import Any, Dict, List, Optional

from .plan import Group

FORMAT = 1
Event = Dict[str, Any]


class ResultError(Exception):
    """A result file that cannot be used; the message says why."""


@dataclasses.dataclass
class Run:
    """One job as it went: conditions, the events of its processes, its end."""

    group: str
    engine: str
    repetition: int
    commands: List[List[str]] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    load_before: float = 0.0
    load_after: float = 0.0
    cache_dropped: bool = False
    engine_event: Event = dataclasses.field(default_factory=dict)
    phases: List[Event] = dataclasses.field(default_factory=list)
    error: Optional[str] = None
    program: str = ""  # fingerprint of the firn_compare that measured; "": not known

    @property
    def unfinished(self) -> Optional[Event]:
        """The load that reached its limit, and with which the job ended; None: no such thing."""
        return next((event for event in self.phases if event.get("unfinished")), None)

    @property
    def key(self) -> "tuple[str, str, int]":
        return self.group, self.engine, self.repetition


@dataclasses.dataclass
class Results:
    """A whole run of the comparison."""

    conditions: Dict[str, Any]
    groups: List[Group]
    engines: List[Event]
    limits: List[Event] = dataclasses.field(default_factory=list)
    limits_after: List[Event] = dataclasses.field(default_factory=list)
    runs: List[Run] = dataclasses.field(default_factory=list)
    short: bool = False

    def save(self, path: pathlib.Path) -> None:
        """Replaces `path` whole: a run that is stopped leaves the last good file."""
        content = {
            "format": FORMAT, "short": self.short, "conditions": self.conditions,
            "groups": [group.to_json() for group in self.groups], "engines": self.engines,
            "limits": self.limits, "limits_after": self.limits_after,
            "runs": [dataclasses.asdict(run) for run in self.runs],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(path.name + ".new")
        scratch.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(scratch, path)


def load(path: pathlib.Path) -> Results:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ResultError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ResultError(f"{path} is no result file of format {FORMAT}")
    try:
        return Results(
            conditions=content["conditions"],
            groups=[Group.from_json(group) for group in content["groups"]],
            engines=content["engines"], limits=content["limits"],
            limits_after=content["limits_after"],
            runs=[Run(**run) for run in content["runs"]], short=content["short"])
    except (KeyError, TypeError) as error:
        raise ResultError(f"{path} lacks a part of a result file: {error}") from error
