"""Going on with a result file: what is kept, what is added, and what may not be mixed.

Rows stand in one table only when they were measured alike. So an addition - groups, engines,
repetitions - must agree with what the file has: the size of the plan, the seed, the budget, and the
conditions of each group of the same name.
"""

import dataclasses
import pathlib
from typing import Any, Dict, List, Optional, Sequence

from .plan import Group, without_the_unable
from .results import Event, Results

# Decides nothing about how a job is run.
NO_CONDITION = ("title", "repetitions_max", "without")


class ResumeError(Exception):
    """What is to be added does not fit the file; the message says which part."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a call that goes on asks for. None: what the file has."""

    groups: Optional[Sequence[Group]]
    engines: Sequence[str]  # further ones
    repetitions: Optional[int]
    known: Sequence[Event]  # the engines compiled in here


def agreed(path: pathlib.Path, kept: Results, stated: Dict[str, Any]) -> Dict[str, Any]:
    """The settings of the plan: those of the file. What the call states may not differ."""
    settings = dict(kept.conditions.get("plan") or {})
    for name, value in stated.items():
        if value is None or name not in settings or settings[name] == value:
            settings.setdefault(name, value)
            continue
        raise ResumeError(f"{path} was measured with {name} {settings[name]}, not {value}: "
                          "write to another file with --json, without --resume")
    return settings


def extend(path: pathlib.Path, kept: Results, wish: Wish) -> None:
    """Adds what is wished to the results, whose failed jobs are dropped: they run again."""
    kept.runs = [run for run in kept.runs if not run.error]
    kept.engines = _engines(path, kept, wish)
    before = int(kept.conditions["repetitions"])
    now = wish.repetitions or before
    if wish.groups is not None:
        kept.groups = _groups(path, kept, wish.groups, (before, now))
    elif now < before:
        raise ResumeError(f"{path} is planned with {before} repetitions, not {now}: name the rows "
                          "that are to have fewer")
    kept.groups = [without_the_unable(group, kept.engines) for group in kept.groups]
    kept.conditions["repetitions"] = max(before, now)


def _engines(path: pathlib.Path, kept: Results, wish: Wish) -> List[Event]:
    here = {engine["engine"]: engine for engine in wish.known}
    for engine in kept.engines:
        version = here.get(engine["engine"], {}).get("version")
        if version != engine.get("version"):
            raise ResumeError(f"{path} measured {engine['engine']} {engine.get('version')}, here "
                              f"is {version}")
        build = here[engine["engine"]].get("build")
        if build != engine.get("build"):
            raise ResumeError(f"{path} measured {engine['engine']} built as {engine.get('build')}, "
                              f"here it is {build}")
    had = {engine["engine"] for engine in kept.engines}
    # In the program's order, and described as they are now: an engine may have learnt something.
    return [engine for engine in wish.known
            if engine["engine"] in had or engine["engine"] in wish.engines]


def _groups(path: pathlib.Path, kept: Results, wished: Sequence[Group],
            repetitions: "tuple[int, int]") -> List[Group]:
    before, now = repetitions
    by_name = {group.name: group for group in kept.groups}
    measured = {run.group for run in kept.runs}
    named = {group.name for group in wished}
    # Repetitions asked for now are those of the groups named now.
    groups = [group if group.name in named else _at_most(group, before) for group in kept.groups]
    for group in wished:
        old = by_name.get(group.name)
        if old is None:
            groups.append(_at_most(group, now))
            continue
        if group.name in measured:
            _check_alike(path, old, group)
        groups[list(by_name).index(group.name)] = _at_most(group, max(
            now, _repetitions(kept, group.name)))
    return groups


def _at_most(group: Group, repetitions: int) -> Group:
    most = min(group.repetitions_max or repetitions, repetitions)
    return dataclasses.replace(group, repetitions_max=most)


def _repetitions(kept: Results, group: str) -> int:
    return max((run.repetition + 1 for run in kept.runs if run.group == group), default=0)


def _check_alike(path: pathlib.Path, old: Group, new: Group) -> None:
    for field in dataclasses.fields(Group):
        if field.name in NO_CONDITION:
            continue
        there, here = getattr(old, field.name), getattr(new, field.name)
        if there != here:
            raise ResumeError(f"{path} has the group {old.name} with {field.name} {there}, not "
                              f"{here}: choose its rows as they were chosen, or write to another "
                              "file with --json, without --resume")
