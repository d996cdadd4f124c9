"""Which of the machine's limits bounds which row: one formula and one sentence a row.

A bound is what no engine on this machine can pass, computed from what `firn_limits` measured; it is
not what firn promises (docs/performance.md has the targets).
"""

import dataclasses
from typing import Callable, Dict, Iterable, List, Mapping, Optional

from .plan import Group
from .results import Event

Formula = Callable[["Machine", Group], float]

# Three lines of the processor's cache: a key, a length, the beginning of a value.
LOOKED_AT_MAX = 192


class Machine:
    """The measured limits, by name, in the units the formulas want: nanoseconds and bytes."""

    def __init__(self, limits: Iterable[Event], cores: int) -> None:
        self._values: Mapping[str, float] = {limit["limit"]: limit["value"] for limit in limits}
        self.cores = cores

    def __bool__(self) -> bool:
        return bool(self._values)

    def nanos(self, name: str) -> float:
        return self._values[name]

    def copied(self, size: float) -> float:
        return size / self._values["copy_bandwidth_1t"]  # GB/s are bytes a nanosecond

    def read(self, size: float) -> float:
        return size / self._values["read_bandwidth_1t"]

    def written(self, size: float) -> float:
        return size * 1e3 / self._values["disk_write_buffered"]

    def fetched(self, size: float) -> float:
        fastest = max(self._values["disk_read_buffered"], self._values["disk_read_direct"])
        return size * 1e3 / fastest

    def rate(self, name: str) -> float:
        return self._values[name]

    def in_parallel(self, nanos: float, threads: int) -> float:
        """Operations a second of threads that do not disturb each other."""
        return min(threads, self.cores) * 1e9 / nanos


def _looked_at(size: float) -> float:
    """Of a value or entry that is read: its lines up to the value's first bytes.

    The rows look at a value's first eight bytes and its length, and an engine may show it where it
    lies.
    """
    return min(size, LOOKED_AT_MAX)


def _put_in_order(machine: Machine, group: Group) -> float:
    beyond = max(0, group.entry_bytes - 116)
    return (machine.nanos("append_mapped") + machine.copied(beyond)
            + machine.copied(group.entry_bytes))


def _put(machine: Machine, group: Group) -> float:
    return _put_in_order(machine, group) + machine.nanos("random_load_2m")


def _batched_put(machine: Machine, group: Group) -> float:
    return machine.copied(2 * group.entry_bytes) + machine.nanos("random_load_2m_4_chains")


def _get(machine: Machine, group: Group) -> float:
    return 2 * machine.nanos("random_load_2m") + machine.copied(_looked_at(group.value_bytes))


def _cached_get(machine: Machine, group: Group) -> float:
    return (2 * machine.nanos("random_load_cached")
            + machine.copied(_looked_at(group.value_bytes)))


def _absent_get(machine: Machine, group: Group) -> float:
    return machine.nanos("random_load_2m_2_chains")


def _batched_get(machine: Machine, group: Group) -> float:
    return (2 * machine.nanos("random_load_2m_16_chains")
            + machine.copied(_looked_at(group.value_bytes)))


def _next(machine: Machine, group: Group) -> float:
    return machine.read(_looked_at(group.entry_bytes))


def _scan(steps: int) -> Callable[[Machine, Group], float]:
    return lambda machine, group: (2 * machine.nanos("random_load_2m")
                                   + steps * _next(machine, group))


def _from_disk(group: Group) -> float:
    """The share of the data that is not in memory: at least this much."""
    return max(0.0, 1 - group.cached_bytes / group.data_bytes)


def _get_from_disk(machine: Machine, group: Group) -> float:
    away = _from_disk(group)
    return (1 - away) * _get(machine, group) + away * 1e9 / machine.rate("disk_random_read_1t")


def _next_from_disk(machine: Machine, group: Group) -> float:
    away = _from_disk(group)
    return max(_next(machine, group), away * machine.fetched(group.entry_bytes))


def _scan_from_disk(machine: Machine, group: Group) -> float:
    return _get_from_disk(machine, group) + 10 * _next(machine, group)


def _bulk(machine: Machine, group: Group) -> float:
    return max(machine.copied(group.entry_bytes), machine.written(group.entry_bytes))


def _each(nanos: Callable[[Machine, Group], float]) -> Formula:
    return lambda machine, group: machine.in_parallel(nanos(machine, group), group.threads)


def _mixed(share: float, most: Callable[[Machine, Group], float],
           rest: Callable[[Machine, Group], float]) -> Formula:
    return _each(lambda machine, group: (share * most(machine, group)
                                         + (1 - share) * rest(machine, group)))


def _get_and_put(machine: Machine, group: Group) -> float:
    return _get(machine, group) + _put(machine, group)


@dataclasses.dataclass(frozen=True)
class Bound:
    rows: "tuple[str, ...]"
    formula: Formula
    why: str


BOUNDS: List[Bound] = [
    Bound(("fillrandom", "overwrite", "deleterandom"), _each(_put),
          "a mapped append to the log, one copy of the entry into memory, one dependent load to "
          "find its place; threads add up to the number of cores"),
    Bound(("fillseq",), _each(_put_in_order),
          "a mapped append and one copy: the place of the next key is known"),
    Bound(("fillbatch100",), _each(_batched_put),
          "two copies and one load with four in flight: entries of a batch are independent"),
    Bound(("fillsync",), lambda machine, group: group.threads * 1e6 / machine.nanos("sync_fastest"),
          "the fastest tenth of fdatasyncs that overwrite a written file; threads share a sync"),
    Bound(("bulkload",), _each(_bulk), "every byte copied once and written once"),
    Bound(("reopen",), lambda machine, group: 1e9 / machine.written(group.entry_bytes),
          "every entry of the log written to a table and synced, at the device's rate: entries a "
          "second"),
    Bound(("queue",), _each(_put_in_order), "a mapped append and one copy, at both ends in order"),
    Bound(("readrandom", "readcold", "readwhilewriting", "ycsb_c"), _each(_get),
          "two dependent loads over the data (filter or tag, then the record) on 2 MiB pages, and "
          "the copy of the value"),
    Bound(("readhot",), _each(_cached_get), "the same two loads out of the processor's cache"),
    Bound(("readmissing", "readnearmissing"), _each(_absent_get),
          "one load, the filter's line, two in flight: the processor runs ahead into the next"),
    Bound(("multiget32",), _each(_batched_get), "two loads with sixteen in flight, and the copy"),
    Bound(("seekrandom10",), _each(_scan(10)),
          "two dependent loads, then ten entries at read bandwidth"),
    Bound(("seekrandom100reverse",), _each(_scan(100)),
          "two dependent loads, then a hundred entries at read bandwidth"),
    Bound(("readseq", "readreverse", "scanwhilewriting"), _each(_next),
          "the entries' bytes at read bandwidth"),
    Bound(("ycsb_a",), _mixed(0.5, _get, _put), "half a get, half a put"),
    Bound(("ycsb_b", "ycsb_d"), _mixed(0.95, _get, _put), "95 % a get, 5 % a put"),
    Bound(("ycsb_e",), _mixed(0.95, _scan(50), _put),
          "95 % two loads and fifty entries at read bandwidth, 5 % a put"),
    Bound(("ycsb_f",), _mixed(0.5, _get, _get_and_put), "a get, and half a put"),
]

# Of groups whose data is larger than all memory their processes may have, or read past the cache.
DISK_BOUNDS: List[Bound] = [
    Bound(("readrandom",), _each(_get_from_disk),
          "one read of 4 KiB from the device, past what memory holds of the data"),
    Bound(("seekrandom10",), _each(_scan_from_disk), "the same read, then ten entries"),
    Bound(("readseq",), _each(_next_from_disk),
          "the entries' bytes at the device's sequential rate, past what memory holds of them"),
]

_BY_ROW: Dict[str, Bound] = {row: bound for bound in BOUNDS for row in bound.rows}
_BY_ROW_FROM_DISK = {**_BY_ROW, **{row: bound for bound in DISK_BOUNDS for row in bound.rows}}


def bound_of(phase: str, machine: Machine, group: Group) -> Optional[float]:
    """Operations a second, of a row in seconds entries a second.

    None where no limit was measured or none is known to bound the row.
    """
    from_disk = group.memory_bytes or group.direct
    bound = (_BY_ROW_FROM_DISK if from_disk else _BY_ROW).get(phase)
    if bound is None or not machine:
        return None
    try:
        return bound.formula(machine, group)
    except (KeyError, ZeroDivisionError):
        return None
