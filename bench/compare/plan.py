"""What is measured: groups of phases that share one store, as data.

A group is one job an engine and a repetition: a fresh directory, a fresh process, its phases one
after the other. Rows are the phases whose figures are shown; the others prepare the store.
"""

import dataclasses
import fnmatch
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

# What measuring takes of the memory of a process, a key: generation, order and rank; beside them,
# for the seconds of its sorting, a record of 16 bytes.
HARNESS_KEPT_A_KEY, HARNESS_BYTES_A_KEY = 12, 28
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
KEY_BYTES = {"random": 16, "dense": 16, "user": 24, "prefix": 61}


@dataclasses.dataclass(frozen=True)
class Phase:
    """One phase of `firn_compare`, as far as this side must know it."""

    name: str
    what: str
    writes: bool = False  # changes the store: it cannot be left out before later rows
    beside: bool = False  # what changes it are other threads than the measured ones
    prepares: bool = False  # its figures are no row
    in_seconds: bool = False  # its row shows how long it took, and then the entries a second
    loads: bool = False  # writes every entry: what follows needs it whole


PHASES: Dict[str, Phase] = {phase.name: phase for phase in (
    Phase("fillrandom", "puts of all keys in random order", writes=True, loads=True),
    Phase("fillseq", "puts of all keys in ascending order", writes=True, loads=True),
    Phase("fillbatch100", "all keys in random order, 100 puts a batch", writes=True, loads=True),
    Phase("fillsync", "puts in random order, each durable when acknowledged", writes=True),
    Phase("overwrite", "puts over all keys in another random order", writes=True, loads=True),
    Phase("deleterandom", "deletes of all keys in random order", writes=True, loads=True),
    Phase("bulkload", "all keys in ascending order, the engine's fastest way",
          writes=True, loads=True),
    Phase("queue", "puts at the end, deletes at the front, reads of the front", writes=True),
    Phase("settle", "waits for background work", writes=True, prepares=True),
    Phase("readcold", "the first gets after a load, the engine's caches as they are"),
    Phase("warm", "a walk over all entries", writes=True, prepares=True),
    Phase("readrandom", "gets of present keys"),
    Phase("readhot", "gets of a hot hundredth of the keys"),
    Phase("readmissing", "gets of absent keys, uniform"),
    Phase("readnearmissing", "gets of absent keys next to present ones"),
    Phase("multiget32", "gets of present keys, 32 at a time"),
    Phase("seekrandom10", "a new iterator, a seek, ten steps forward"),
    Phase("seekrandom100reverse", "a new iterator, a seek, a hundred steps backward"),
    Phase("readseq", "a walk over all entries, forward"),
    Phase("readreverse", "a walk over all entries, backward"),
    Phase("readwhilewriting", "gets beside one thread that overwrites", writes=True,
          beside=True),
    Phase("scanwhilewriting", "a walk over entries beside one thread that overwrites",
          writes=True, beside=True),
    Phase("ycsb_a", "YCSB A: half gets, half updates", writes=True),
    Phase("ycsb_b", "YCSB B: 95 % gets, 5 % updates", writes=True),
    Phase("ycsb_c", "YCSB C: gets"),
    Phase("ycsb_d", "YCSB D: 95 % gets of the latest, 5 % inserts", writes=True),
    Phase("ycsb_e", "YCSB E: 95 % short scans, 5 % inserts", writes=True),
    Phase("ycsb_f", "YCSB F: half gets, half read-modify-writes", writes=True),
    Phase("fill_and_die", "a fill whose process ends without closing", writes=True, prepares=True),
    Phase("reopen", "open after that end, until the first answer", in_seconds=True),
)}


@dataclasses.dataclass(frozen=True)
class Group:
    """Phases on one store, and the conditions all engines get alike."""

    name: str
    title: str
    phases: Tuple[str, ...]
    entries: int
    second_process: Tuple[str, ...] = ()  # run by another process on the same directory
    rows: Tuple[str, ...] = ()  # what of the phases is shown; empty: all that prepare nothing
    value_bytes: int = 100
    keys: str = "random"
    threads: int = 1
    compression: str = "none"
    durability: str = "A"
    budget_bytes: int = GIB
    max_seconds: float = 0.0  # time limit of a phase that does not load; 0: none
    load_seconds: float = 0.0  # of a phase that loads, which ends its engine's job; 0: none
    repetitions_max: int = 0  # 0: as many as asked for
    write_rate: int = 0  # puts a second of the writer beside readers; 0: all that go
    log_bytes: int = 0  # what `fill_and_die` leaves in the log; decides its number of entries
    memory_bytes: int = 0  # limit on memory, page cache included, but for the harness; 0: none
    direct: bool = False  # past the page cache
    without: Tuple[str, ...] = ()  # engines that cannot do this (`why_not`)

    @property
    def entry_bytes(self) -> int:
        return KEY_BYTES[self.keys] + self.value_bytes

    @property
    def process_memory_bytes(self) -> int:
        """What the process may have: the engine's share, and what measuring takes at its peak."""
        return self.memory_bytes + HARNESS_BYTES_A_KEY * self.entries

    @property
    def engine_memory_bytes(self) -> int:
        """What is left of that for engine and page cache while rows are measured."""
        return self.process_memory_bytes - HARNESS_KEPT_A_KEY * self.entries

    @property
    def cached_bytes(self) -> int:
        """The most of the data that may be in memory while rows are measured."""
        if self.direct:
            return self.budget_bytes
        return self.engine_memory_bytes if self.memory_bytes else self.data_bytes

    @property
    def data_bytes(self) -> int:
        return self.entries * self.entry_bytes

    @property
    def shown(self) -> Tuple[str, ...]:
        every = self.phases + self.second_process
        chosen = self.rows or every
        return tuple(name for name in every if name in chosen and not PHASES[name].prepares)

    def conditions(self) -> str:
        data = self.data_bytes / 1e9
        return (f"{self.entries:,} entries of {KEY_BYTES[self.keys]} B {self.keys} keys and "
                f"{self.value_bytes} B values ({data:.2f} GB), {self.threads} thread"
                f"{'' if self.threads == 1 else 's'}, compression {self.compression}, "
                f"class {self.durability}, {self.budget_bytes // MIB} MiB budget"
                + (f", {self.engine_memory_bytes // MIB} MiB of memory, page cache included"
                   if self.memory_bytes else "")
                + (", direct reads" if self.direct else "")
                + (f", loads end after {self.load_seconds:g} s" if self.load_seconds else "")
                + (f", {self.write_rate:,} puts a second beside readers" if self.write_rate
                   else ""))

    def to_json(self) -> Dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(fields: Dict[str, Any]) -> "Group":
        fields = {name: tuple(value) if isinstance(value, list) else value
                  for name, value in fields.items()}
        return Group(**fields)


MAIN_PHASES = (
    "fillrandom", "settle", "readcold", "warm", "readrandom", "readhot", "readmissing",
    "readnearmissing", "multiget32", "seekrandom10", "seekrandom100reverse", "readseq",
    "readreverse", "overwrite",
    "readwhilewriting", "scanwhilewriting", "deleterandom")
HEADLINE_PHASES = (
    "fillrandom", "settle", "warm", "readrandom", "readmissing", "seekrandom10", "readseq",
    "readreverse", "overwrite", "readwhilewriting", "deleterandom")
SHAPE_PHASES = (
    "fillrandom", "settle", "warm", "readrandom", "readmissing", "seekrandom10", "readseq",
    "overwrite")
YCSB_PHASES = (
    "fillrandom", "settle", "warm", "ycsb_c", "ycsb_b", "ycsb_a", "ycsb_f", "ycsb_d", "ycsb_e")
LOG_BYTES = GIB
# Without it a reader's figure depends on how much its engine lets the writer do; all can do this.
EQUAL_WRITE_RATE = 20_000
# Five times what the fastest B+tree writes on two cores: a rate a log-structured store must carry
# without taking the readers' processors. Who cannot keep up writes as fast as it can.
HIGH_WRITE_RATE = 500_000
# An entry's value names its key and its writing, which takes 16 B.
VALUE_SIZES = (16, 1024, 16384)
# What a budget of 512 MiB runs in: as much again for code, logs, dirty pages and the page cache,
# which is an eighth of 8 GB.
SMALL_MACHINE = GIB
# Long enough for a rate, short enough for slow seeks.
ROW_SECONDS, QUICK_ROW_SECONDS = 10.0, 1.0
# An engine whose load takes longer has said enough: a tree that is read and rewritten page by page
# takes hours for data beyond memory. Three times what the slowest log-structured peer needs.
LARGE_LOAD_SECONDS, HUGE_LOAD_SECONDS = 300.0, 600.0
# Nothing to replay.
WITHOUT_LOG = ("lmdb",)


def full_plan(entries: int) -> List[Group]:
    """Every row of docs/comparison.md; `entries` is that of the main group."""
    data = entries * 116
    groups = [
        Group("main", "Random keys", MAIN_PHASES, entries, max_seconds=ROW_SECONDS),
        Group("fillseq", "Sequential fill", ("fillseq", "settle"), entries),
        Group("fillbatch", "Batches of 100", ("fillbatch100", "settle"), entries),
        Group("fillsync", "Durable puts, 1 thread", ("fillsync",), 20_000, durability="S",
              max_seconds=15),
        Group("fillsync-4", "Durable puts, 4 threads", ("fillsync",), 40_000, durability="S",
              threads=4, max_seconds=15),
        Group("beside", "Reads beside an equal number of writes",
              ("fillrandom", "settle", "warm", "readwhilewriting", "scanwhilewriting"), entries,
              rows=("readwhilewriting", "scanwhilewriting"), write_rate=EQUAL_WRITE_RATE,
              max_seconds=ROW_SECONDS),
        Group("beside-high", "Reads beside half a million writes a second",
              ("fillrandom", "settle", "warm", "readwhilewriting", "scanwhilewriting"), entries,
              rows=("readwhilewriting", "scanwhilewriting"), write_rate=HIGH_WRITE_RATE,
              max_seconds=ROW_SECONDS),
        Group("ycsb", "YCSB", YCSB_PHASES, entries, keys="user", rows=YCSB_PHASES[3:],
              max_seconds=ROW_SECONDS),
        Group("queue", "A queue", ("queue",), entries // 3, max_seconds=ROW_SECONDS),
        Group("bulkload", "Bulk load", ("bulkload", "settle"), entries),
        Group("reopen", "Recovery from a log of 1 GiB", ("fill_and_die",),
              LOG_BYTES // 116, second_process=("reopen",), log_bytes=LOG_BYTES),
    ]
    groups += [Group(f"value-{size}", f"Values of {size} B", SHAPE_PHASES,
                     min(entries, data // (16 + size)), value_bytes=size,
                     max_seconds=ROW_SECONDS) for size in VALUE_SIZES]
    groups += [Group(f"keys-{keys}", f"Keys: {keys}", SHAPE_PHASES, entries, keys=keys,
                     max_seconds=ROW_SECONDS) for keys in ("dense", "user", "prefix")]
    groups.append(Group("lz4", "LZ4", SHAPE_PHASES, entries, compression="lz4",
                        max_seconds=ROW_SECONDS))
    groups += [Group(f"threads-{threads}", f"{threads} threads",
                     ("fillrandom", "settle", "warm", "readrandom", "seekrandom10", "overwrite",
                      "readwhilewriting"), entries, threads=threads, max_seconds=ROW_SECONDS)
               for threads in (2, 4)]
    scale = entries / 3e6
    groups += [
        Group("data-1.2gb", "1.2 GB of data", SHAPE_PHASES, int(10.5e6 * scale),
              budget_bytes=2 * GIB, repetitions_max=1, max_seconds=ROW_SECONDS,
              load_seconds=LARGE_LOAD_SECONDS),
        Group("data-8gb", "8 GB of data", SHAPE_PHASES, int(69e6 * scale),
              budget_bytes=10 * GIB, repetitions_max=1, max_seconds=ROW_SECONDS,
              load_seconds=HUGE_LOAD_SECONDS),
        Group("data-8gb-small", "8 GB of data, 512 MiB budget", SHAPE_PHASES,
              int(69e6 * scale), budget_bytes=512 * MIB, memory_bytes=SMALL_MACHINE,
              repetitions_max=1, max_seconds=ROW_SECONDS, load_seconds=HUGE_LOAD_SECONDS),
        Group("data-8gb-direct", "8 GB of data, 512 MiB budget, direct reads", SHAPE_PHASES,
              int(69e6 * scale), budget_bytes=512 * MIB, direct=True, repetitions_max=1,
              max_seconds=ROW_SECONDS, load_seconds=HUGE_LOAD_SECONDS),
    ]
    return groups


def quick_plan(entries: int) -> List[Group]:
    """The headline rows, small enough for three minutes on two cores."""
    return [
        Group("main", "Random keys (short run)", HEADLINE_PHASES, entries, budget_bytes=256 * MIB,
              max_seconds=QUICK_ROW_SECONDS),
        Group("fillseq", "Sequential fill (short run)", ("fillseq", "settle"), entries,
              budget_bytes=256 * MIB),
        Group("fillsync", "Durable puts, 1 thread (short run)", ("fillsync",), 2000,
              durability="S", budget_bytes=256 * MIB, max_seconds=QUICK_ROW_SECONDS),
    ]


def select_rows(groups: Iterable[Group], wanted: Sequence[str]) -> List[Group]:
    """The groups cut down to the rows that `wanted` (names or globs, "group/row" too) matches.

    What changes the store before the last wanted row stays, unshown: the row must meet the store
    it meets in a whole run.
    """

    def matches(group: Group, phase: str) -> bool:
        return any(fnmatch.fnmatchcase(phase, glob) or fnmatch.fnmatchcase(f"{group.name}/{phase}",
                                                                           glob)
                   for glob in wanted)

    selected = []
    for group in groups:
        shown = tuple(phase for phase in group.shown if matches(group, phase))
        if shown:
            selected.append(_trim(group, shown))
    return selected


def _trim(group: Group, shown: Tuple[str, ...]) -> Group:
    every = group.phases + group.second_process
    last = max(every.index(phase) for phase in shown)
    kept = {phase for index, phase in enumerate(every)
            if index <= last and (phase in shown or PHASES[phase].writes)}
    # A row's seconds to quiescence are part of it, whether the next phase waits for them or not.
    return dataclasses.replace(
        group, rows=shown,
        phases=tuple(phase for phase in group.phases if phase in kept),
        second_process=tuple(phase for phase in group.second_process if phase in kept))


@dataclasses.dataclass(frozen=True)
class Job:
    """One engine's process on one directory."""

    group: Group
    engine: str
    repetition: int

    @property
    def key(self) -> Tuple[str, str, int]:
        return self.group.name, self.engine, self.repetition


def jobs_of(groups: Sequence[Group], engines: Sequence[str], repetitions: int) -> List[Job]:
    """All jobs in the order they run.

    Repetitions are outermost, so that a run that is cut short has measured everything once;
    engines take turns inside a group, and each repetition begins with another one.
    """
    jobs = []
    for repetition in range(repetitions):
        turn = repetition % len(engines) if engines else 0
        for group in groups:
            if group.repetitions_max and repetition >= group.repetitions_max:
                continue
            jobs += [Job(group, engine, repetition)
                     for engine in [*engines[turn:], *engines[:turn]]
                     if engine not in group.without]
    return jobs


def why_not(group: Group, engine: Dict[str, Any]) -> Optional[str]:
    """What the group asks for that an engine lacks, as `firn_compare engines` describes it."""
    if group.compression not in engine.get("compressions", [group.compression]):
        return f"offers no {group.compression}"
    if group.direct and not engine.get("direct"):
        return "offers no direct reads"
    if group.log_bytes and engine["engine"] in WITHOUT_LOG:
        return "has no log to replay"
    return None


def without_the_unable(group: Group, engines: Iterable[Dict[str, Any]]) -> Group:
    """The group with the engines that cannot do it named."""
    return dataclasses.replace(group, without=tuple(
        engine["engine"] for engine in engines if why_not(group, engine)))


# What a slow engine does of each, for an estimate: entries a second, bytes a second.
SLOW_ENTRIES, SLOW_BYTES = 150e3, 30e6


def seconds_about(group: Group) -> float:
    """How long one slow engine may take for the group, once."""
    load = max(group.entries / SLOW_ENTRIES, group.data_bytes / SLOW_BYTES)
    total = 0.0
    for name in group.phases + group.second_process:
        if PHASES[name].loads or group.log_bytes:
            total += min(load, group.load_seconds or load)
        elif not PHASES[name].prepares or name == "warm":
            total += group.max_seconds or load
        else:
            total += load / 2
    return total


def disk_bytes_wanted(groups: Iterable[Group]) -> int:
    """What the largest job may need: data, its log, and a tree that is being rewritten."""
    return max((4 * group.data_bytes for group in groups), default=0) + GIB
