"""The report: one HTML file that needs no other, with plots, tables and every condition."""

import html
import json
import pathlib
from typing import List, Sequence

from .plan import Group
from .plots import Plots, colour_of
from .results import Results
from .tables import Table, Tables, condition_lines, once, warnings_of

STYLE = """
:root { color-scheme: light; --ink: #2b2f36; --soft: #626873; --line: #e3e6ea; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 2rem 4rem; max-width: 1240px; color: var(--ink);
  background: #fff; font: 15px/1.5 "DejaVu Sans", "Segoe UI", "Helvetica Neue", sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; }
h2 { font-size: 1.35rem; margin: 3.2rem 0 .3rem; padding-top: 1.2rem;
  border-top: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.8rem 0 .3rem; }
p { margin: .3rem 0 .6rem; max-width: 62rem; }
.soft, .note { color: var(--soft); } .note { font-size: .85rem; margin: .2rem 0; }
.legend { position: sticky; top: 0; background: #fffffff2; padding: .55rem 0; z-index: 1;
  display: flex; flex-wrap: wrap; gap: 1.2rem; border-bottom: 1px solid var(--line); }
.legend i { display: inline-block; width: .85rem; height: .85rem; border-radius: 2px;
  margin-right: .4rem; vertical-align: -1px; }
.box { border: 1px solid var(--line); border-left: 4px solid #d9a514; padding: .6rem .9rem;
  border-radius: 4px; margin: .8rem 0; } .wrong { border-left-color: #c0222f; }
.scroll { overflow-x: auto; }
svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-size: .84rem; margin: .4rem 0; }
th, td { padding: .34rem .8rem .34rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
td.words, th.words { text-align: left; } td.long { white-space: normal; min-width: 24rem; }
tr:has(+ tr.more) td { border-bottom-color: transparent; }
td small { display: block; color: var(--soft); font-size: .92em; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .15rem 1rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: .82rem/1.45 "DejaVu Sans Mono", Consolas, monospace; }
pre { background: #f6f7f9; padding: .8rem; border-radius: 4px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
"""
LONG = 48
FIGURES = (
    ("throughput", "Operations a second", "Longer is better (recovery: shorter). The bar is the "
     "median, the line reaches from the smallest to the largest repetition; every panel has a "
     "scale of its own."),
    ("latency", "Latency", "Lower is better; logarithmic. One call in 16 is timed: an operation, a "
     "batch, a scan with its seek, 64 steps of a walk."),
    ("timeline", "Writes over time", "Operations a second from each engine's own start to its "
     "own end, of the repetition with the median rate; logarithmic. Gaps and dips are stalls."),
    ("bytes_written", "Bytes written for each byte put", "Shorter is better; until the engine is "
     "quiet."),
    ("space", "Space on disk for each live byte", "Shorter is better; after the phase is quiet."),
    ("memory", "Peak memory of the process", "Resident, without what the measuring program itself "
     "holds; LMDB's includes the pages it maps."),
    ("cpu", "Processor time, microseconds an operation", "Shorter is better; all threads, "
     "background work included."),
)


def write_report(results: Results, problems: Sequence[str], path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(results, problems))


def write_picture(results: Results, path: pathlib.Path) -> None:
    """The throughput of the first group alone; nothing is written where it measured none."""
    picture = Plots(Tables(results), results.groups[0]).throughput()
    if picture:
        path.write_text(picture, encoding="utf-8")


def _page(results: Results, problems: Sequence[str]) -> str:
    tables = Tables(results)
    parts = [
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>firn beside its peers</title><style>{STYLE}</style></head><body>",
        "<h1>firn beside its peers</h1>",
        f'<p class="soft">{_text(results.conditions.get("date", ""))}, '
        f'{_text(results.conditions.get("processor", ""))}. Every engine has the same keys, values '
        "and memory, in a fresh process and a fresh directory; answers are compared; rows that "
        "firn loses stand among the others.</p>",
    ]
    parts += [f'<div class="box">{_text(line)}</div>' for line in warnings_of(results)]
    parts += [f'<div class="box wrong"><b>Wrong:</b> {_text(line)}</div>' for line in problems]
    parts.append(_legend(tables))
    for group in results.groups:
        if tables.rows(group):
            parts.append(_group(tables, group))
    parts.append(_conditions(results, tables))
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def _text(value: object) -> str:
    return html.escape(str(value))


def _legend(tables: Tables) -> str:
    entries = "".join(f'<span><i style="background:{colour_of(engine)}"></i>'
                      f"{_text(tables.label(engine))}</span>" for engine in tables.engines)
    return f'<div class="legend">{entries}</div>'


def _group(tables: Tables, group: Group) -> str:
    parts = [f'<h2 id="{_text(group.name)}">{_text(group.title)}</h2>',
             f'<p class="soft">{_text(group.conditions())}.</p>']
    plots = Plots(tables, group)
    for name, title, words in FIGURES:
        picture = getattr(plots, name)()
        if picture:
            parts.append(f'<h3>{title}</h3><p class="note">{words}</p>{picture}')
        if name == "throughput":
            parts.append(_table(tables.throughput(group), ""))
    costs = [tables.writes(group), tables.latencies(group)]
    parts += [_table(table, table.title) for table in costs if table is not None]
    return "\n".join(parts)


def _table(table: Table, title: str) -> str:
    words = table.left_aligned()
    head = "".join(f'<th{" class=words" if word else ""}>{_text(name)}</th>'
                   for name, word in zip(table.header, words))
    body: List[str] = []
    for row in once(table):
        cells = "".join(_cell(cell, word) for cell, word in zip(row, words))
        body.append(f"<tr{'' if row[0] else ' class=more'}>{cells}</tr>")
    notes = "".join(f'<p class="note">{_text(note)}</p>' for note in table.notes)
    heading = f"<h3>{_text(title)}</h3>" if title else ""
    return (f'{heading}<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table></div>{notes}")


def _cell(text: str, word: bool) -> str:
    first, _, rest = text.partition("\n")
    below = f"<small>{_text(rest)}</small>" if rest else ""
    kinds = (["words"] if word else []) + (["long"] if len(first) > LONG else [])
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<td{kind}>{_text(first)}{below}</td>"


def _conditions(results: Results, tables: Tables) -> str:
    lines = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>"
                    for name, text in condition_lines(results).items())
    commands = {(run.group, run.engine): run.commands for run in results.runs}
    shown = "\n".join(" ".join(command) for each in commands.values() for command in each)
    parts = ["<h2>Conditions</h2>", f"<dl>{lines}</dl>",
             _table(tables.engine_list(), "Engines and their options")]
    if results.limits:
        parts += [_table(tables.limit_list(), "What the machine can do"),
                  _table(tables.bound_list(), "Which limit bounds which row")]
    groups = json.dumps([group.to_json() for group in results.groups], indent=1)
    parts += [f"<details><summary>Commands of the jobs</summary><pre>{_text(shown)}</pre>"
              "</details>",
              f"<details><summary>The plan</summary><pre>{_text(groups)}</pre></details>"]
    return "\n".join(parts)
