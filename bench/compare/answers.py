"""Whether all engines gave the same answers: a fast wrong answer is worth nothing (C1)."""

from typing import Dict, List

from .results import Event, Results, Run

COMPARED = ("checksum", "found", "operations")


def complaints(results: Results) -> List[str]:
    """One line for every answer that is wrong or differs, naming row and engines."""
    found = [line for run in results.runs for line in _of_one_run(run, results)]
    return found + _between_engines(results)


def _of_one_run(run: Run, results: Results) -> List[str]:
    where = f"{run.engine}, repetition {run.repetition + 1}"
    lines = [f"{run.group}: {where}: {run.error}"] if run.error else []
    for event in run.phases:
        found, expected = event.get("found"), event.get("expected")
        if expected is not None and found != expected:
            lines.append(f"{run.group}/{event['phase']}: {where} found {found} of {expected}")
    durability = next(group.durability for group in results.groups if group.name == run.group)
    stated = run.engine_event.get("class")
    if stated is not None and stated != durability:
        lines.append(f"{run.group}: {where} ran in class {stated}, the group is of class "
                     f"{durability}: they cannot stand in one row")
    return lines


def _between_engines(results: Results) -> List[str]:
    phases: Dict["tuple[str, str, int]", Dict[str, Event]] = {}
    for run in results.runs:
        for event in run.phases:
            key = run.group, event["phase"], run.repetition
            phases.setdefault(key, {})[run.engine] = event
    # Where a time limit may cut a phase, only those that went equally far can be compared; each
    # engine's answers were held against what is due all the same (found and expected).
    limited = {group.name for group in results.groups if group.max_seconds or group.load_seconds}
    lines = []
    for (group, phase, repetition), events in phases.items():
        where = f"{group}/{phase}, repetition {repetition + 1}"
        alike: Dict[object, Dict[str, Event]] = {}
        for engine, event in events.items():
            reached = event.get("operations") if group in limited else None
            alike.setdefault(reached, {})[engine] = event
        for part in alike.values():
            lines += _differences(where, part)
    return lines


def _differences(where: str, events: Dict[str, Event]) -> List[str]:
    lines = []
    for field in COMPARED:
        answers: Dict[str, List[str]] = {}
        for engine, event in events.items():
            if event.get(field) is not None:
                answers.setdefault(str(event[field]), []).append(engine)
        if len(answers) > 1:
            said = "; ".join(f"{', '.join(engines)}: {answer}"
                             for answer, engines in answers.items())
            lines.append(f"{where}: the engines differ in {field} ({said})")
    return lines
