#!/usr/bin/env python3
"""What the documents point to exists.

Links of Markdown files, paths named in documents and comments, the section after a named document
(as in: docs/format.md, "Batch"), rules named in comments (as in: rule W3), the README's example
against examples/quickstart.cc, the index of docs/decisions, and the benchmarks that tables of
docs/performance.md name behind their program (as in: `wal_bench` `Append`).
Usage: check_docs.py [--write-index] [root]
"""

import pathlib
import re
import sys
from typing import Iterator, List, Set

from lint_source import Finding, code_files, comments, line_of, report, text_files

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
FOLDERS = "src|include|docs|tests|tools|scripts|bench|examples|cmake|fuzz"
TICKED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
SECTION = re.compile(r'(docs/[\w./-]+\.md)(?:,\s+"([^"]+)")?')
PLACEHOLDER = re.compile(r"NNNN|foo")
INDEX = "docs/decisions/README.md"
INDEX_START = "<!-- index: written by tools/check_docs.py --write-index -->"
EXAMPLE = "examples/quickstart.cc"
BENCHMARKS = "docs/performance.md"
BENCHMARK_NAMED = re.compile(r"`(?:(\w+_bench)|((?:BM_)?[A-Z][a-z]\w*))`")
RULES = "docs/rules.md"
RULE_NAMED = re.compile(r"\brules? ([A-Z]\d+(?:(?:, | and |-)[A-Z]\d+)*)")
RULE_STATED = re.compile(r"^\| ([A-Z]\d+) \||`([A-Z]\d+)`", re.MULTILINE)


def headings(path: pathlib.Path) -> List[str]:
    text = FENCE.sub("", path.read_text())
    return [match.group(1).strip() for match in re.finditer(r"^#+\s+(.+)$", text, re.MULTILINE)]


def anchors(path: pathlib.Path) -> Set[str]:
    slugs = set()
    for heading in headings(path):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        slugs.add(plain.replace(" ", "-"))
    return slugs


def check_links(root: pathlib.Path, file: pathlib.Path) -> Iterator[Finding]:
    text = file.read_text()
    path = file.relative_to(root).as_posix()
    prose = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    for match in LINK.finditer(prose):
        target, _, anchor = match.group(1).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        where = (file.parent / target).resolve() if target else file
        line = line_of(text, match.start())
        if not where.exists():
            yield Finding(path, line, f"dead link: {target}")
        elif anchor and where.suffix == ".md" and anchor not in anchors(where):
            yield Finding(path, line, f"dead link: {target} has no section #{anchor}")
    for match in TICKED.finditer(prose):
        if not (root / match.group(1)).exists() and not PLACEHOLDER.search(match.group(1)):
            yield Finding(path, line_of(text, match.start()), f"no such path: {match.group(1)}")


def check_references(root: pathlib.Path, path: str, line: int, text: str) -> Iterator[Finding]:
    for match in SECTION.finditer(text):
        document, section = match.groups()
        if PLACEHOLDER.search(document):
            continue
        if not (root / document).exists():
            yield Finding(path, line, f"no such document: {document}")
        elif section and section not in headings(root / document):
            yield Finding(path, line, f'{document} has no section "{section}"')


def check_rules(path: str, line: int, text: str, stated: Set[str]) -> Iterator[Finding]:
    for match in RULE_NAMED.finditer(text):
        for rule in re.findall(r"[A-Z]\d+", match.group(1)):
            if rule not in stated:
                yield Finding(path, line, f"{RULES} has no rule {rule}")


def rules_of(root: pathlib.Path) -> Set[str]:
    if not (root / RULES).exists():
        return set()
    found = RULE_STATED.findall((root / RULES).read_text())
    return {table or named for table, named in found}


def index_of(root: pathlib.Path) -> str:
    rows = []
    for file in sorted((root / INDEX).parent.glob("[0-9][0-9][0-9][0-9]-*.md")):
        title = (headings(file) or [file.stem])[0]
        rows.append(f"- [{file.stem[:4]}]({file.name}) {re.sub(r'^[0-9]+[.: -]*', '', title)}\n")
    return "".join(rows)


def check_index(root: pathlib.Path) -> Iterator[Finding]:
    if not (root / INDEX).exists():
        yield Finding(INDEX, 1, "missing")
        return
    _, _, listed = (root / INDEX).read_text().partition(INDEX_START + "\n")
    if listed.strip() != index_of(root).strip():
        yield Finding(INDEX, 1, "not the records there are: run tools/check_docs.py --write-index")


def write_index(root: pathlib.Path) -> None:
    head, _, _ = (root / INDEX).read_text().partition(INDEX_START)
    (root / INDEX).write_text(f"{head}{INDEX_START}\n\n{index_of(root)}".rstrip("\n") + "\n")


def check_example(root: pathlib.Path) -> Iterator[Finding]:
    readme = root / "README.md"
    blocks = re.findall(r"^```cpp\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    if not blocks or blocks[0] != (root / EXAMPLE).read_text():
        yield Finding("README.md", 1, f"its first C++ block is not {EXAMPLE}, word for word")


def check_benchmarks(root: pathlib.Path) -> Iterator[Finding]:
    for number, line in enumerate((root / BENCHMARKS).read_text().splitlines(), start=1):
        source = ""
        for program, benchmark in BENCHMARK_NAMED.findall(line) if line.startswith("|") else ():
            if program:
                file = root / "bench" / f"{program}.cc"
                source = file.read_text() if file.exists() else ""
                if not source:
                    yield Finding(BENCHMARKS, number, f"no bench/{program}.cc")
            elif source and not re.search(rf"^ *BENCHMARK\w*\({benchmark}\b", source, re.MULTILINE):
                yield Finding(BENCHMARKS, number, f"no benchmark {benchmark} in its program")


def check(root: pathlib.Path) -> List[Finding]:
    findings: List[Finding] = []
    stated = rules_of(root)
    for file in text_files(root):
        path = file.relative_to(root).as_posix()
        if file.suffix == ".md":
            findings += check_links(root, file)
        elif path == "CMakeLists.txt" or path.endswith(("/CMakeLists.txt", ".cmake")):
            findings += check_references(root, path, 1, file.read_text())
    for file in code_files(root, "include", "src", "tests", "tools", "bench", "examples", "fuzz"):
        path = file.relative_to(root).as_posix()
        for line, comment in comments(file.read_text()):
            findings += check_references(root, path, line, comment)
            findings += check_rules(path, line, comment, stated)
    if (root / "README.md").exists():
        findings += check_example(root)
    if (root / BENCHMARKS).exists():
        findings += check_benchmarks(root)
    return findings + list(check_index(root))


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--write-index"]
    tree = pathlib.Path(arguments[0] if arguments else ".")
    if "--write-index" in sys.argv:
        write_index(tree)
    sys.exit(report("docs", check(tree)))
