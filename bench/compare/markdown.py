"""The tables as Markdown, for a page that keeps them."""

import pathlib
from typing import List

from .results import Results
from .tables import Table, Tables, once


def write_markdown(results: Results, path: pathlib.Path) -> None:
    tables = Tables(results)
    parts: List[str] = []
    for group in results.groups:
        if not tables.rows(group):
            continue
        parts.append(markdown_of(tables.throughput(group)))
        writes = tables.writes(group)
        if writes is not None:
            parts.append(markdown_of(writes))
    path.write_text("\n".join(parts), encoding="utf-8")


def markdown_of(table: Table) -> str:
    lines = [f"**{table.title}**", "", _line(table.header),
             _line(["---" if left else "---:" for left in table.left_aligned()])]
    lines += [_line(row) for row in once(table)]
    lines += [f"\n{note}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _line(cells: List[str]) -> str:
    # The spread stands behind its median: a cell has one line.
    texts = [cell.replace("|", "\\|").replace("\n", " ") for cell in cells]
    return "| " + " | ".join(texts) + " |"
