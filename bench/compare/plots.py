"""The report's pictures: SVG text by matplotlib, one colour an engine throughout.

Small multiples, an axis each: rows differ by three orders of magnitude, engines by one.
"""

import io
import math
import re
from typing import Callable, List, Optional, Sequence

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402  (the backend is chosen first)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

from .plan import PHASES, Group
from .summary import PERCENTILES, Row, Spread
from .tables import Tables, duration, mark_of, mebibytes, quantity, seconds

COLOURS = {"firn": "#1b7f5c", "rocksdb": "#e0862b", "leveldb": "#4c78c8", "lmdb": "#8f5fb8",
           "wiredtiger": "#c2475a"}
OTHER = "#7a7f87"
INK, FAINT = "#2b2f36", "#d9dce1"
COLUMNS = 4
PANEL_WIDTH, BAR_HEIGHT = 3.05, 0.235
STRETCHES = 100
STYLE = {
    "svg.fonttype": "none", "font.family": ["DejaVu Sans", "sans-serif"], "font.size": 8.5,
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.edgecolor": FAINT, "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": 9.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "grid.color": FAINT, "grid.linewidth": 0.6, "figure.facecolor": "white",
}

Draw = Callable[[Axes, Row], None]
Metric = Callable[[Row, str], Optional[Spread]]


def colour_of(engine: str) -> str:
    return COLOURS.get(engine, OTHER)


def _svg(figure: Figure, name: str) -> str:
    # The salt keeps the identifiers of several pictures in one page apart.
    with matplotlib.rc_context({"svg.hashsalt": name}):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    whole = text.getvalue()
    return whole[whole.index("<svg"):]


def _panels(name: str, rows: Sequence[Row], height: float, draw: Draw) -> str:
    with matplotlib.rc_context(STYLE):
        lines = math.ceil(len(rows) / COLUMNS)
        figure, axes = pyplot.subplots(
            lines, COLUMNS, figsize=(PANEL_WIDTH * COLUMNS, height * lines), squeeze=False,
            layout="constrained")
        figure.get_layout_engine().set(h_pad=0.09, w_pad=0.06)
        panels = list(axes.flat)
        for axis, row in zip(panels, rows):
            axis.set_title(row.phase)
            draw(axis, row)
        for axis in panels[len(rows):]:
            axis.set_axis_off()
        return _svg(figure, name)


class Plots:
    """Every picture of one group; None where the group has nothing to show."""

    def __init__(self, tables: Tables, group: Group) -> None:
        self._tables = tables
        self._group = group
        self._rows = tables.rows(group)
        self._engines = [engine for engine in tables.engines
                         if any(engine in row.cells for row in self._rows)]

    def throughput(self) -> Optional[str]:
        return self._bars("throughput", self._rows, lambda row, engine:
                          row.cells[engine].metric(row.headline),
                          lambda row: seconds if row.headline == "seconds" else quantity)

    def bytes_written(self) -> Optional[str]:
        return self._cost("write_amplification", lambda value: f"{value:.2f}")

    def space(self) -> Optional[str]:
        return self._cost("space_amplification", lambda value: f"{value:.2f}")

    def memory(self) -> Optional[str]:
        return self._cost("memory_bytes", mebibytes)

    def cpu(self) -> Optional[str]:
        return self._cost("cpu_micros", lambda value: f"{value:.2f}")

    def latency(self) -> Optional[str]:
        rows = [row for row in self._rows
                if any(cell.percentile("p50") for cell in row.cells.values())]

        def draw(axis: Axes, row: Row) -> None:
            for engine in self._engines_of(row):
                spreads = [row.cells[engine].percentile(name) for name in PERCENTILES[:-1]]
                points = [(place, spread) for place, spread in enumerate(spreads) if spread]
                axis.plot([place for place, _ in points],
                          [max(spread.median, 1.0) for _, spread in points],
                          marker="o", markersize=3.2, linewidth=1.4, color=colour_of(engine))
            axis.set_yscale("log")
            axis.set_xticks(range(4), ["p50", "p90", "p99", "p99.9"])
            axis.yaxis.set_major_formatter(FuncFormatter(_tick(duration)))
            axis.minorticks_off()
            axis.grid(axis="y")
            axis.tick_params(length=0)

        return _panels(f"{self._group.name}-latency", rows, 2.1, draw) if rows else None

    def timeline(self) -> Optional[str]:
        rows = [row for row in self._rows if PHASES[row.phase].writes
                and any(len(cell.timeline) > 2 for cell in row.cells.values())]

        def draw(axis: Axes, row: Row) -> None:
            for engine in self._engines_of(row):
                if not row.cells[engine].timeline:
                    continue  # an earlier load was not finished
                times, rates = _rates(row.cells[engine].timeline)
                axis.plot(times, rates, linewidth=1.3, color=colour_of(engine))
            axis.set_yscale("log")
            axis.set_xlim(0, 100)
            axis.set_xticks([0, 50, 100], ["start", "half of its time", "end"])
            axis.minorticks_off()
            axis.yaxis.set_major_formatter(FuncFormatter(_tick(quantity)))
            axis.grid(axis="y")
            axis.tick_params(length=0)

        return _panels(f"{self._group.name}-timeline", rows, 2.1, draw) if rows else None

    def _cost(self, metric: str, form: Callable[[float], str]) -> Optional[str]:
        return self._bars(metric, [row for row in self._rows if row.writes],
                          lambda row, engine: row.cells[engine].metric(metric), lambda row: form)

    def _engines_of(self, row: Row) -> List[str]:
        return [engine for engine in self._engines if engine in row.cells]

    def _bars(self, name: str, rows: Sequence[Row], metric: Metric,
              form: Callable[[Row], Callable[[float], str]]) -> Optional[str]:
        rows = [row for row in rows
                if any(metric(row, engine) for engine in self._engines_of(row))]

        def draw(axis: Axes, row: Row) -> None:
            spreads = [metric(row, engine) if engine in row.cells else None
                       for engine in self._engines]
            top = max(spread.high for spread in spreads if spread) or 1.0
            for place, (engine, spread) in enumerate(zip(self._engines, spreads)):
                if spread is None:
                    axis.text(0, place, " –", va="center")
                    continue
                axis.barh(place, spread.median, height=0.66, color=colour_of(engine))
                axis.plot([spread.low, spread.high], [place, place], color=INK, linewidth=1.0,
                          marker="|", markersize=4, solid_capstyle="butt")
                axis.text(spread.high + 0.03 * top, place,
                          form(row)(spread.median) + mark_of(row.cells[engine]), va="center",
                          fontweight="bold" if engine == "firn" else "normal")
            labels = [self._tables.label(engine, self._group) for engine in self._engines]
            axis.set_yticks(range(len(self._engines)), labels)
            axis.invert_yaxis()
            axis.set_xlim(0, 1.34 * top)
            axis.set_xticks([])
            axis.spines["bottom"].set_visible(False)
            axis.tick_params(length=0)

        height = 0.42 + BAR_HEIGHT * len(self._engines)
        return _panels(f"{self._group.name}-{name}", rows, height, draw) if rows else None


def _tick(form: Callable[[float], str]) -> Callable[[float, int], str]:
    """`form` without zeros behind the point: ticks are powers of ten."""
    return lambda value, _: re.sub(r"\.0+(?=$| )", "", form(value))


def _rates(timeline: Sequence[Sequence[float]]) -> "tuple[List[float], List[float]]":
    """Percent of the phase's time, and operations a second in each of at most STRETCHES of it."""
    whole = timeline[-1][0]
    times, rates = [], []
    before_time, before_done = 0.0, 0.0
    for time, done in timeline:
        if time - before_time >= whole / STRETCHES:
            times.append(100 * time / whole)
            rates.append((done - before_done) / (time - before_time))
            before_time, before_done = time, done
    return [0.0, *times], [*rates[:1], *rates]
