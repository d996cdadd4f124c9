"""What the checkers share: walking the tree, and reading C++ without its comments and strings."""

import pathlib
import re
from typing import Iterator, List, NamedTuple

CODE_SUFFIXES = {".h", ".cc"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".py", ".md", ".txt", ".cmake", ".in", ".sh", ".json"}
NO_TEXT = {".git", "__pycache__", "corpus"}


class Finding(NamedTuple):
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def text_files(root: pathlib.Path) -> Iterator[pathlib.Path]:
    """Every text file of the tree, scripts without a suffix included.

    Not what builds or git made, and not the inputs of the fuzzers, which are bytes.
    """
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] == "build" or not NO_TEXT.isdisjoint(parts):
            continue
        if not path.is_file():
            continue
        if path.suffix in TEXT_SUFFIXES or (not path.suffix and is_text(path)):
            yield path


def is_text(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return b"\0" not in file.read(1024)


def code_files(root: pathlib.Path, *folders: str) -> Iterator[pathlib.Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES:
                yield path


_TOKEN = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*          # line comment
      | /\*.*?\*/                        # block comment
      | R"(?P<delimiter>[^()\\\s]*)\(.*?\)(?P=delimiter)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'   # not the digit separator
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")', re.MULTILINE)


def strip(text: str) -> str:
    """`text` with comments and the insides of literals blanked; lines and columns stay."""

    def blank(match: "re.Match[str]") -> str:
        token = match.group(0)
        keep = 0 if token.startswith("/") else 1
        inside = token[keep:len(token) - keep]
        return token[:keep] + re.sub(r"[^\n]", " ", inside) + token[len(token) - keep:]

    return _TOKEN.sub(blank, text)


def includes(text: str) -> Iterator["tuple[int, str]"]:
    """(line, name with its quotes or angles) of every include that is not commented out."""
    stripped = strip(text)
    for match in _INCLUDE.finditer(text):
        if stripped[match.start():match.end()].strip():
            yield line_of(text, match.start(1)), match.group(1)


def comments(text: str) -> Iterator["tuple[int, str]"]:
    """(first line, text) of every run of line comments, joined to one line."""
    run: List[str] = []
    first = 0
    for number, line in enumerate(text.split("\n") + [""], 1):
        match = re.search(r"//\s?(.*)$", line)
        whole = match is not None and not line[:match.start()].strip()
        if run and not whole:
            yield first, " ".join(run)
            run = []
        if match:
            first = first if run else number
            run.append(match.group(1))


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def report(name: str, findings: List[Finding]) -> int:
    for finding in findings:
        print(finding)
    print(f"{name}: {len(findings)} finding(s)" if findings else f"{name}: clean")
    return 1 if findings else 0
