"""The tables as data, the same for terminal and report; every row is printed, the lost ones too."""

import dataclasses
from typing import Callable, Dict, List, Optional, Sequence

from .bounds import BOUNDS, Machine, bound_of
from .plan import PHASES, Group, why_not
from .results import Results
from .summary import (PERCENTILES, US, Cell, Row, Spread, engines_with_assertions, rows_of,
                      standing_of)

DISPLAY = {"firn": "firn", "rocksdb": "RocksDB", "leveldb": "LevelDB", "lmdb": "LMDB",
           "wiredtiger": "WiredTiger"}
ASSERTIONS_MARK, WEAKER_MARK, UNFINISHED_MARK = "*", "†", "‡"
NONE = "–"
# Headings of columns that hold words.
WORDS = {"engine", "unit", "how", "build", "version", "options", "assertions",
         "an operation costs at least"}
Format = Callable[[float], str]


@dataclasses.dataclass
class Table:
    """Cells are text; a line break in one separates a figure from its spread."""

    title: str
    header: List[str]
    rows: List[List[str]] = dataclasses.field(default_factory=list)
    notes: List[str] = dataclasses.field(default_factory=list)

    @property
    def by_engine(self) -> bool:
        """Whether a line is one engine's, so that a row's name is repeated."""
        return self.header[1] == "engine"

    def left_aligned(self) -> List[bool]:
        """For each column whether it holds words, not figures."""
        return [place == 0 or name in WORDS for place, name in enumerate(self.header)]


def once(table: Table) -> List[List[str]]:
    """The rows for the eye: the name of a row that spans engines stands once."""
    names = [""] + [row[0] for row in table.rows]
    return [["", *row[1:]] if table.by_engine and row[0] == before else row
            for row, before in zip(table.rows, names)]


def quantity(value: float) -> str:
    """Three digits that count: 1.23 M, 315 k, 8.51 k, 254."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{_three_digits(value / size)} {unit}"
    return _three_digits(value)


def _three_digits(value: float) -> str:
    size = abs(value)
    if size >= 99.95 or value == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else _three_digits(value)


def duration(nanos: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanos >= size:
            return f"{_three_digits(nanos / size)} {unit}"
    return f"{nanos:.0f} ns"


def mebibytes(size: float) -> str:
    return f"{_three_digits(size / (1 << 20))} MiB"


def seconds(value: float) -> str:
    return f"{_three_digits(value)} s" if value >= 0.01 or value == 0 else duration(value * 1e9)


def spread_text(spread: Optional[Spread], form: Format) -> str:
    if spread is None:
        return NONE
    median, low, high = form(spread.median), form(spread.low), form(spread.high)
    if low == high:
        return median
    if low.partition(" ")[2] == high.partition(" ")[2]:
        low = low.partition(" ")[0]  # the unit once: 1.37–1.58 M
    return f"{median}\n{low}–{high}"


class Tables:
    """Builds every table of one set of results."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._rows = rows_of(results)
        self._asserting = set(engines_with_assertions(results))
        self._machine = Machine(results.limits, int(results.conditions.get("cores") or 1))
        self.engines = [engine["engine"] for engine in results.engines]

    def rows(self, group: Group) -> List[Row]:
        return [row for row in self._rows if row.group.name == group.name]

    def label(self, engine: str, group: Optional[Group] = None) -> str:
        weaker = group is not None and group.durability == "A" and engine == "lmdb"
        return (DISPLAY.get(engine, engine)
                + (ASSERTIONS_MARK if engine in self._asserting else "")
                + (WEAKER_MARK if weaker else ""))

    def throughput(self, group: Group, whole: bool = False) -> Table:
        """`whole`: a column for every engine of the results, for tables that stand together."""
        engines = self.engines if whole else self._present(group)
        table = Table(
            group.title,
            ["row", "unit", *(self.label(engine, group) for engine in engines),
             "firn / best peer", "limit", "firn / limit"],
            notes=self._notes(engines, group))
        for row in self.rows(group):
            form = seconds if PHASES[row.phase].in_seconds else quantity
            table.rows.append([row.phase, row.unit,
                               *(self._cell(row, engine, form) for engine in engines),
                               self._ratio(row), *self._limit(row)])
            if any(cell.background_rate() for cell in row.cells.values()):
                table.rows.append(self._beside(row, engines))
            if PHASES[row.phase].in_seconds:
                table.rows.append(self._entries(row, engines))
        return table

    def writes(self, group: Group) -> Optional[Table]:
        """What the writes cost beside their time; None for a group that writes nothing."""
        rows = [row for row in self.rows(group) if row.writes]
        if not rows:
            return None
        engines = self._present(group)
        columns: List["tuple[str, str, Format]"] = [
            ("bytes written / byte put", "write_amplification", _three_digits),
            ("until quiet", "quiet_seconds", seconds),
            ("1/s until quiet", "settled_rate", quantity),
            ("space / live", "space_amplification", _three_digits),
            ("peak memory", "memory_bytes", mebibytes),
            ("CPU us / op", "cpu_micros", _three_digits),
        ]
        table = Table(f"{group.title}: what the writes cost",
                      ["row", "engine", *(name for name, _, _ in columns)],
                      notes=["bytes written as the kernel counts them for the process: a page that "
                             "is changed again before it is written back counts once"])
        for row in rows:
            for engine in engines:
                cell = row.cells.get(engine)
                if cell is None or not cell.events:
                    continue
                figures = [cell.metric(metric) for _, metric, _ in columns]
                if any(figures):
                    table.rows.append([
                        row.phase, self.label(engine, group),
                        *(form(figure.median) if figure else NONE
                          for figure, (_, _, form) in zip(figures, columns))])
        return table if table.rows else None

    def latencies(self, group: Group) -> Optional[Table]:
        table = Table(f"{group.title}: latency of one call",
                      ["row", "engine", "p50", "p90", "p99", "p99.9", "max"],
                      notes=["one call in 16 is timed (an operation, a batch, a scan with its "
                             "seek, 64 steps of a walk); medians of the repetitions"])
        for row in self.rows(group):
            for engine in self._present(group):
                cell = row.cells.get(engine)
                spreads = [cell.percentile(name) for name in PERCENTILES] if cell else []
                if any(spreads):
                    table.rows.append([row.phase, self.label(engine, group),
                                       *(duration(spread.median) if spread else NONE
                                         for spread in spreads)])
        return table if table.rows else None

    def engine_list(self) -> Table:
        table = Table("Engines", ["engine", "version", "build", "assertions", "options"])
        for engine in self._results.engines:
            options = dict.fromkeys(
                f"class {run.engine_event.get('class')}: {_as_text(run.engine_event['options'])}"
                for run in self._results.runs
                if run.engine == engine["engine"] and "options" in run.engine_event)
            table.rows.append([self.label(engine["engine"]), str(engine.get("version", NONE)),
                               str(engine.get("build", NONE)),
                               "on" if engine.get("assertions") else "off",
                               "\n".join(options) or NONE])
        return table

    def limit_list(self) -> Table:
        after = {limit["limit"]: limit["value"] for limit in self._results.limits_after}
        table = Table("What the machine can do (firn_limits)",
                      ["limit", "value", *(["after the run"] if after else []), "unit", "how"])
        for limit in self._results.limits:
            name = limit["limit"]
            form = quantity if limit["unit"] == "1/s" else _plain
            late = [form(after[name]) if name in after else NONE] if after else []
            table.rows.append([name, form(limit["value"]), *late, limit["unit"], limit["how"]])
        return table

    def bound_list(self) -> Table:
        """Which limit bounds which of the rows that were run."""
        run = {row.phase for row in self._rows}
        table = Table("Which limit bounds which row", ["rows", "an operation costs at least"])
        for bound in BOUNDS:
            rows = [row for row in bound.rows if row in run]
            if rows:
                table.rows.append([", ".join(rows), bound.why])
        return table

    def _present(self, group: Group) -> List[str]:
        ran = {name for row in self.rows(group) for name in row.cells}
        return [engine for engine in self.engines if engine in ran]

    def _cell(self, row: Row, engine: str, form: Format) -> str:
        cell = row.cells.get(engine)
        if cell is None:
            return NONE
        if not cell.events:
            return "failed" if cell.failure else NONE + mark_of(cell)
        median, line, spread = spread_text(cell.metric(row.headline), form).partition("\n")
        return median + mark_of(cell) + line + spread

    def _beside(self, row: Row, engines: Sequence[str]) -> List[str]:
        figures = [spread_text(row.cells[engine].background_rate(), quantity)
                   if engine in row.cells else NONE for engine in engines]
        return ["+ writes beside", "1/s", *figures, "", "", ""]

    def _entries(self, row: Row, engines: Sequence[str]) -> List[str]:
        """A row of seconds once more, as a rate, beside the limit."""
        rates = {engine: cell.metric("entries_rate") for engine, cell in row.cells.items()}
        figures = [spread_text(rates.get(engine), quantity) for engine in engines]
        return [f"= {row.phase}, entries", "1/s", *figures, "",
                *self._beside_limit(row, rates.get(US))]

    def _ratio(self, row: Row) -> str:
        standing = standing_of(row)
        if standing is None:
            return NONE
        form = ".2f" if standing.ratio >= 0.1 else ".2g"
        mark = mark_of(row.cells[standing.peer]) or mark_of(row.cells[US])
        return f"{standing.ratio:{form}}x\n{self.label(standing.peer, row.group)}{mark}"

    def _limit(self, row: Row) -> List[str]:
        if row.headline != "rate":
            return [NONE, NONE]
        return self._beside_limit(row, row.cells[US].metric("rate") if US in row.cells else None)

    def _beside_limit(self, row: Row, ours: Optional[Spread]) -> List[str]:
        bound = bound_of(row.phase, self._machine, row.group)
        if bound is None:
            return [NONE, NONE]
        return [quantity(bound), f"{100 * ours.median / bound:.0f} %" if ours else NONE]

    def _notes(self, engines: Sequence[str], group: Group) -> List[str]:
        notes = []
        asserting = [DISPLAY.get(name, name) for name in engines if name in self._asserting]
        if asserting:
            notes.append(f"{ASSERTIONS_MARK} as packaged, assertions on: {', '.join(asserting)}; a "
                         "ratio against such a build flatters firn")
        if group.durability == "A" and "lmdb" in engines:
            notes.append(f"{WEAKER_MARK} LMDB without sync survives kill -9, but power loss may "
                         "corrupt it: weaker than class A")
        notes += self._notes_of_runs(group)
        return notes

    def _notes_of_runs(self, group: Group) -> List[str]:
        """What was not measured, and why; and what was measured by another program."""
        notes = []
        runs = [run for run in self._results.runs if run.group == group.name]
        for run in runs:
            load = run.unfinished
            if load:
                notes.append(
                    f"{UNFINISHED_MARK} {DISPLAY.get(run.engine, run.engine)}: {load['phase']} "
                    f"ended after {load['unfinished']['limit_seconds']:g} s with "
                    f"{quantity(load['operations'])} of {quantity(load['unfinished']['total'])} "
                    "entries; its rate is until then, and what needs the whole store was not run")
        for engine in self._results.engines:
            why = why_not(group, engine)
            if why:
                notes.append(f"{NONE} {DISPLAY.get(engine['engine'], engine['engine'])} {why}")
        programs = {run.program for run in runs}
        if len(programs) > 1:
            by_program = ((program, ", ".join(dict.fromkeys(
                DISPLAY.get(run.engine, run.engine) for run in runs if run.program == program)))
                for program in sorted(programs))
            notes.append("measured by different programs: " + "; ".join(
                f"{engines} by {program[:12] or 'one not recorded'}"
                for program, engines in by_program))
        return list(dict.fromkeys(notes))


def mark_of(cell: Cell) -> str:
    """Behind a figure of a load that was not finished, and in the place of those it prevented."""
    return UNFINISHED_MARK if cell.unfinished else ""


def _as_text(options: object) -> str:
    if isinstance(options, dict):
        return ", ".join(f"{name}={value}" for name, value in options.items())
    return str(options)


def condition_lines(results: Results) -> Dict[str, str]:
    """The conditions in words, in reading order."""
    known = results.conditions
    lines = {
        "date": known.get("date"),
        "command": known.get("command"),
        "firn": known.get("firn_commit"),
        "processor": f"{known.get('processor')}, {known.get('cores')} cores"
                     + (f", virtual ({known['virtual']})" if known.get("virtual") else ""),
        "memory": f"{known['memory_bytes'] / (1 << 30):.1f} GiB, huge pages: "
                  f"{known.get('huge_pages')}" if known.get("memory_bytes") else None,
        "disk": known.get("file_system"),
        "kernel": known.get("kernel"),
        "compiler": known.get("compiler"),
        "load average": f"{known.get('load_before', 0):.2f} before, "
                        f"{known.get('load_after', 0):.2f} after",
        "page cache": known.get("page_cache"),
        "repetitions": str(known.get("repetitions", "")),
    }
    return {name: str(text) for name, text in lines.items() if text}


def _repetitions(results: Results, group: Group) -> int:
    return len({run.repetition for run in results.runs if run.group == group.name})


def _groups_of(results: Results, program: str) -> List[str]:
    measured = {run.group for run in results.runs if run.program == program}
    return [group.name for group in results.groups if group.name in measured]


def warnings_of(results: Results) -> List[str]:
    """What a reader must know before believing the figures."""
    lines = []
    if results.short:
        lines.append("This is a short run (--quick): few entries, few repetitions. It shows that "
                     "everything works and the order of magnitude; quote a full run.")
    planned = int(results.conditions.get("repetitions") or 0)
    fewer = [group.title for group in results.groups
             if 0 < _repetitions(results, group) < min(planned, group.repetitions_max or planned)]
    if fewer:
        lines.append(f"Fewer repetitions than planned ({planned}): {', '.join(fewer)}.")
    cores = float(results.conditions.get("cores") or 1)
    first = float(results.conditions.get("load_before", 0.0))
    if first > 0.5 * cores:
        lines.append(f"The machine was not idle: load average {first:.2f} on {cores:.0f} cores "
                     f"before the run. Read ratios, not figures.")
    programs = dict.fromkeys(run.program for run in results.runs)
    if len(programs) > 1:
        lines.append(f"Rows come from {len(programs)} different builds of firn_compare: "
                     + "; ".join(f"{program[:12] or 'not recorded'} measured "
                                 + ", ".join(_groups_of(results, program))
                                 for program in programs) + ".")
    missing = [group.title for group in results.groups
               if not any(run.group == group.name for run in results.runs)]
    if missing:
        lines.append(f"Not run: {', '.join(missing)}.")
    return lines
