"""The tables as Markdown, for a page that keeps them."""

import pathlib
from typing import List

from .results import Results
from .tables import Table, Tables, once, warnings_of


def write_markdown(results: Results, path: pathlib.Path) -> None:
    """Every table has a column for each engine of the results, whether it ran there or not."""
    tables = Tables(results)
    parts: List[str] = [f"{line}\n" for line in warnings_of(results)]
    for group in results.groups:
        if not tables.rows(group):
            continue
        parts.append(markdown_of(tables.throughput(group, whole=True), group.conditions()))
        writes = tables.writes(group)
        if writes is not None:
            parts.append(markdown_of(writes))
    path.write_text("\n".join(parts), encoding="utf-8")


def markdown_of(table: Table, conditions: str = "") -> str:
    title = f"**{table.title}**" + (f": {conditions}" if conditions else "")
    lines = [title, "", _line(table.header),
             _line(["---" if left else "---:" for left in table.left_aligned()])]
    lines += [_line(row) for row in once(table)]
    lines += [f"\n{note}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _line(cells: List[str]) -> str:
    # The spread stands behind its median: a cell has one line.
    texts = [cell.replace("|", "\\|").replace("\n", " ") for cell in cells]
    return "| " + " | ".join(texts) + " |"
