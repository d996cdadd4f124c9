"""From raw runs to figures: medians with their spread, a row for each phase."""

import dataclasses
import statistics
from typing import Callable, Dict, Iterable, List, Optional, Sequence

from .plan import PHASES, Group
from .results import Event, Results, Run

US = "firn"
PERCENTILES = ("p50", "p90", "p99", "p999", "max")


@dataclasses.dataclass(frozen=True)
class Spread:
    """The median of the repetitions with the smallest and the largest."""

    median: float
    low: float
    high: float


def spread_of(values: Iterable[Optional[float]]) -> Optional[Spread]:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known))


def _number(event: Event, name: str) -> Optional[float]:
    value = event.get(name)
    return None if value is None else float(value)


def _quotient(event: Event, above: str, below: str, factor: float = 1.0) -> Optional[float]:
    numerator, denominator = _number(event, above), _number(event, below)
    if numerator is None or not denominator:
        return None
    return factor * numerator / denominator


def _at_rest(event: Event, above: str, below: str, factor: float = 1.0) -> Optional[float]:
    """Nothing of a load that was cut short: it was not waited for."""
    return None if event.get("unfinished") else _quotient(event, above, below, factor)


def _own_memory(event: Event) -> Optional[float]:
    """Without what firn_compare itself holds: its model of the store, its latencies."""
    whole = _number(event, "rss_peak_bytes")
    return None if whole is None else max(0.0, whole - (_number(event, "harness_bytes") or 0.0))


# metric -> how it is read off one phase event; None where the phase does not have it.
METRICS: Dict[str, Callable[[Event], Optional[float]]] = {
    "rate": lambda event: _quotient(event, "operations", "seconds"),
    "seconds": lambda event: _number(event, "seconds"),
    "entries_rate": lambda event: _quotient(event, "found", "seconds"),  # of an open
    "settled_rate": lambda event: _quotient(event, "operations", "quiet_seconds"),
    "quiet_seconds": lambda event: _number(event, "quiet_seconds"),
    "cpu_micros": lambda event: _at_rest(event, "cpu_seconds", "operations", 1e6),
    "write_amplification": lambda event: _at_rest(event, "bytes_written", "bytes_put"),
    "space_amplification": lambda event: _at_rest(event, "space_bytes", "live_bytes"),
    "memory_bytes": _own_memory,
}


@dataclasses.dataclass
class Cell:
    """One engine's figures of one row."""

    events: List[Event]
    failure: Optional[str] = None
    # Loads that reached their limit, this one or one before it; the rows after it are missing.
    unfinished: List[Event] = dataclasses.field(default_factory=list)

    def metric(self, name: str) -> Optional[Spread]:
        return spread_of(METRICS[name](event) for event in self.events)

    def percentile(self, name: str) -> Optional[Spread]:
        return spread_of(event.get("latency_ns", {}).get(name) for event in self.events)

    def background_rate(self) -> Optional[Spread]:
        """What the threads beside the measured ones did, operations a second."""
        return spread_of(_quotient(event.get("background", {}), "operations", "seconds")
                         for event in self.events)

    @property
    def timeline(self) -> List[Sequence[float]]:
        """That of the repetition whose rate is the median, or the next below."""
        timed = sorted((event for event in self.events if event.get("timeline")),
                       key=lambda event: METRICS["rate"](event) or 0.0)
        return list(timed[(len(timed) - 1) // 2]["timeline"]) if timed else []


@dataclasses.dataclass
class Row:
    """One phase of one group, with a cell for every engine that ran it."""

    group: Group
    phase: str
    cells: Dict[str, Cell]

    @property
    def writes(self) -> bool:
        """Whether the measured operations themselves change the store."""
        return PHASES[self.phase].writes and not PHASES[self.phase].beside

    @property
    def headline(self) -> str:
        """The metric the row is judged by."""
        return "seconds" if PHASES[self.phase].in_seconds else "rate"

    @property
    def unit(self) -> str:
        return "s" if PHASES[self.phase].in_seconds else "1/s"

    def gain(self, ours: float, theirs: float) -> Optional[float]:
        """How many times better `ours` is; below 1 it is worse."""
        above, below = (theirs, ours) if PHASES[self.phase].in_seconds else (ours, theirs)
        return above / below if below else None


@dataclasses.dataclass(frozen=True)
class Standing:
    """firn beside the best peer of a row."""

    peer: str
    ratio: float


def rows_of(results: Results) -> List[Row]:
    """Every shown row, in the plan's order; rows nobody has run yet are left out."""
    rows = []
    for group in results.groups:
        runs = [run for run in results.runs if run.group == group.name]
        for phase in group.shown:
            cells = {name: _cell(group, phase, [run for run in runs if run.engine == name])
                     for name in dict.fromkeys(run.engine for run in runs)}
            if cells:
                rows.append(Row(group, phase, cells))
    return rows


def _cell(group: Group, phase: str, runs: Sequence[Run]) -> Cell:
    events = [event for run in runs for event in run.phases if event["phase"] == phase]
    failure = next((run.error for run in runs if run.error), None)
    order = group.phases + group.second_process
    unfinished = [run.unfinished for run in runs if run.unfinished
                  and order.index(run.unfinished["phase"]) <= order.index(phase)]
    return Cell(events, failure, unfinished)


def standing_of(row: Row) -> Optional[Standing]:
    """None when firn or every peer lacks a figure."""
    medians = {name: spread.median for name, cell in row.cells.items()
               if (spread := cell.metric(row.headline)) is not None}
    ours = medians.pop(US, None)
    if ours is None or not medians:
        return None
    gains = {name: gain for name, theirs in medians.items()
             if (gain := row.gain(ours, theirs)) is not None}
    if not gains:
        return None
    peer = min(gains, key=lambda name: gains[name])
    return Standing(peer, gains[peer])


def engines_with_assertions(results: Results) -> List[str]:
    return [engine["engine"] for engine in results.engines if engine.get("assertions")]
