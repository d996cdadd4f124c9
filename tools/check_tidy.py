#!/usr/bin/env python3
"""House rules of the code that a compiler does not know.

Sizes (file, function, line), banned words, a test beside every source, and a source that begins
with its own header. An exception is named here, with its reason, or it is none.
Usage: check_tidy.py [root]
"""

import pathlib
import re
import sys
from typing import Iterator, List

from lint_source import Finding, code_files, includes, line_of, report, strip, text_files

FILE_LINES, TEST_LINES, FUNCTION_LINES, COLUMNS = 500, 800, 70, 100

# path -> why it is longer. A path may end in a function's name: "src/db/x.cc:Function".
LONG_FILES = {}
LONG_FUNCTIONS = {}

# source -> why no test stands beside it.
NO_TEST = {
    "src/base/check.cc": "aborts the process; every test relies on it",
    "src/base/seeded_bug.cc": "a table; scripts/seeded-bugs takes each of its rows to be noticed",
    "src/env/posix_files.cc": "posix_file_system_test.cc holds it to the file-system contract",
    "src/env/posix_io.cc": "posix_file_system_test.cc: short writes, refusals, descriptors",
    "src/env/posix_lock.cc": "posix_file_system_test.cc: other processes, death of the holder",
    "src/env/posix_runtime.cc": "posix_executor_test.cc: clock and random numbers",
    "src/env/posix_segment.cc": "posix_file_system_test.cc: contract, mappings, blocks",
    "src/memtable/cover_tree.cc": "range_deletes_test.cc: nothing else makes one",
    "src/memtable/memtable_tree.cc": "memtable_test.cc and memtable_concurrency_test.cc",
    "src/table/block.cc": "table_test.cc: every shape; table_corruption_test.cc: every byte",
    "src/table/block_builder.cc": "table_test.cc round trips",
    "src/table/block_codec.cc": "table_test.cc: codecs; table_corruption_test.cc: every byte",
    "src/table/block_sink.cc": "table_test.cc: what it writes is read back",
    "src/table/fences.cc": "table_parts_test.cc",
    "src/table/file_piece.cc": "block_source_test.cc: what walks and jobs find in pieces",
    "src/table/filter.cc": "table_parts_test.cc",
    "src/table/key_column.cc": "table_test.cc round trips",
    "src/table/open_files.cc": "table_parts_test.cc",
    "src/table/partition.cc": "table_test.cc and table_corruption_test.cc",
    "src/table/resident_table.cc": "table_eviction_test.cc",
    "src/table/table_file.cc": "table_corruption_test.cc",
    "src/table/table_properties.cc": "table_corruption_test.cc: every byte of them",
    "src/table/table_reader.cc": "table_test.cc, table_eviction_test.cc",
    "src/table/table_verify.cc": "table_corruption_test.cc",
    "src/table/table_writer.cc": "table_test.cc",
    "src/table/tombstone_block.cc": "table_test.cc and table_corruption_test.cc",
    "src/db/active_memtables.cc": "works under the commit lock: engine_test, background_work_test",
    "src/db/compactor.cc": "needs an open store: engine_care_test, tests/model",
    "src/db/engine_read.cc": "the read verbs of Db: db_test, commit_pipeline_test, tests/model",
    "src/db/engine_write.cc": "the write verbs of Db: db_test, write_batch_test, tests/model",
    "src/db/flush_memtables.cc": "one call of the merge job: error_injection_test, tests/crash",
    "src/db/iterator.cc": "the public iterator: db_test, and every walk of tests/model",
    "src/db/iterator_source.cc": "the inside of the iterator: db_test, tests/model",
    "src/db/keyspace_state.cc": "two assignments: engine_keyspaces_test",
    "src/db/point_read.cc": "the inside of Get: db_test, tests/model",
    "src/db/read_view.cc": "a counted set of pointers: db_test, commit_pipeline_test under TSan",
    "src/db/engine_verify.cc": "verify_store_test.cc: of an open store and of a closed one",
    "src/db/repair_log.cc": "repair_test.cc: every place of a log",
    "src/db/repair_merge.cc": "repair_test.cc: every repair writes through it",
    "src/db/repair_survey.cc": "repair_test.cc: every place of tables, manifest and CURRENT",
    "src/db/store_verifier.cc": "verify_store_test.cc: every finding goes through it",
    "src/db/version_store.cc": "needs an open store: error_injection_test, engine_keyspaces_test",
}

# What a ban allows: path -> why.
OWNED_BY_COUNT = "a view counts its references and deletes itself with the last one"
NEW = {
    "src/db/engine.cc": "a private constructor, so that no engine exists that did not start",
    "src/db/read_view.cc": OWNED_BY_COUNT,
}
DELETE = {"src/db/read_view.cc": OWNED_BY_COUNT}
PLACEMENT = {
    "src/cache/epoch.cc": "the process-wide domain is never destroyed, so it is no plain static",
    "src/cache/frame_pool.cc": "a frame's header stands in front of its block, in one allocation",
    "src/table/resident_table.cc": "a partition lives in its frame",
    "src/memtable/arena.h": "nodes live in the arena's blocks",
    "src/memtable/cover_tree.cc": "a tree lives in the arena of its memtable",
    "src/memtable/memtable_tree.cc": "nodes live in the arena of their memtable",
    "src/memtable/range_deletes.cc": "links live in the arena of their memtable",
}
# (pattern in code, message, what it allows)
ENGINE_BANS = [
    (re.compile(r"(?<!operator )\bnew\b(?!\s*\()"), "new: use values, make_unique or an arena",
     NEW),
    (re.compile(r"(?<!operator )\bnew\s*\("), "placement new outside arenas and frames",
     PLACEMENT),
    (re.compile(r"(?<!= )(?<!operator )\bdelete\b"), "delete: let an owner do it", DELETE),
    (re.compile(r"\b(?:throw|try|catch)\b"), "exceptions: return a Status", {}),
    (re.compile(r"\b(?:dynamic_cast|typeid)\b"), "run-time types: the engine has none", {}),
]
BANS = [
    (re.compile(r"\bstd::endl\b"), "std::endl: write '\\n', flush where it matters", {}),
    (re.compile(r"\batomic_thread_fence\b"), "atomic_thread_fence: TSan does not model it", {}),
    (re.compile(r"\bvolatile\b"), "volatile: it orders nothing between threads", {}),
    (re.compile(r"\batomic\s*<\s*(?:std::)?shared_ptr"),
     "atomic<shared_ptr>: swap it under a short lock", {}),
]
# In every text file, comments included. Bracketed letters keep a pattern from finding itself.
WORDS = [
    (re.compile(r"\bFIXM[E]\b|\bXX[X]\b"), "unfinished work: finish it or open a decision"),
    (re.compile(r"\bTOD[O]\b(?!\(docs/)"), "a to-do needs a reference: (docs/decisions/...)"),
    (re.compile(r"(?<![\w.])/(?:wor[k]|roo[t])/|/tmp/[b]\w*"), "a path of one machine"),
    (re.compile(r"\b(?:agen[t]|sessio[n])s?\b|\bissu[e] #", re.IGNORECASE),
     "the project speaks of itself alone"),
]
WORDS_EXEMPT = {"LICENSE": "the licence's own words"}

SEEDED_BUG = re.compile(r"(?<!BugIsOn\()\bSeededBug\b")
SEEDED_BUG_HOME = ("src/base/seeded_bug.", "tests/seeded_bugs/")

_CONTROL = re.compile(r"\b(?:if|for|while|switch|catch|do|else|return)\b")


def functions(stripped: str) -> Iterator["tuple[str, int, int]"]:
    """(name, first line, last line) of each function body outside other functions.

    A brace opens a body when the words before it end like a function's head: a parameter list,
    perhaps qualifiers, a return type or member initialisers behind it.
    """
    stack: List["tuple[str, int]"] = []  # kind ("scope" or "function"), offset of the head
    name = ""
    head_at = 0
    for match in re.finditer(r"[{};]|^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", stripped, re.MULTILINE):
        token = match.group(0)
        inside = bool(stack) and stack[-1][0] == "function"
        if token == "{":
            head = stripped[head_at:match.start()]
            if not inside and is_function_head(head):
                name = function_name(head)
                start = head_at + len(head) - len(head.lstrip())
                stack.append(("function", start))
            elif inside:
                stack.append(("function", -1))
            else:
                stack.append(("scope", -1))
        elif token == "}" and stack:
            kind, start = stack.pop()
            if kind == "function" and start >= 0:
                yield name, line_of(stripped, start), line_of(stripped, match.start())
        if token != "{" or not inside:
            head_at = match.end()


def is_function_head(head: str) -> bool:
    head = re.sub(r"\b(?:public|private|protected)\s*:", "", head).strip()
    if "(" not in head or re.match(r"(?:namespace|enum|union|extern)\b", head):
        return False
    if re.match(r"(?:template\s*<.*>\s*)?(?:class|struct)\s+(?!.*\)\s*(?:const)?$)", head,
                re.DOTALL):
        return False
    return not re.search(r"=\s*$", head)


def function_name(head: str) -> str:
    match = re.search(r"([\w~:]+|operator\S+)\s*\(", head)
    if match and match.group(1).startswith("TEST"):
        names = re.search(r"\(([^)]*)\)", head)
        return names.group(1).replace(" ", "") if names else match.group(1)
    return match.group(1) if match else "?"


def is_test(path: str) -> bool:
    return path.endswith(("_test.cc", "_test.py")) or path.startswith("tests/")


def check_sizes(path: str, text: str) -> Iterator[Finding]:
    lines = text.split("\n")
    limit = TEST_LINES if is_test(path) else FILE_LINES
    if len(lines) - 1 > limit and path not in LONG_FILES:
        yield Finding(path, limit, f"{len(lines) - 1} lines, more than {limit}: split it")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield Finding(path, number, f"{len(line)} columns, more than {COLUMNS}")
        if line != line.rstrip() or "\t" in line:
            yield Finding(path, number, "a tab, or blanks at the end of the line")


def check_functions(path: str, stripped: str) -> Iterator[Finding]:
    for name, first, last in functions(stripped):
        length = last - first + 1
        if length > FUNCTION_LINES and f"{path}:{name}" not in LONG_FUNCTIONS:
            yield Finding(path, first, f"{name} has {length} lines, more than {FUNCTION_LINES}")


def check_bans(path: str, stripped: str) -> Iterator[Finding]:
    bans = BANS + (ENGINE_BANS if path.startswith(("src/", "include/")) else [])
    if is_test(path):
        bans = BANS
    code = re.sub(r"^\s*#[^\n]*", "", stripped, flags=re.MULTILINE)
    for pattern, message, allowed in bans:
        for match in pattern.finditer(code):
            if path not in allowed:
                yield Finding(path, line_of(code, match.end()), message)


def check_seeded_bugs(path: str, stripped: str) -> Iterator[Finding]:
    """A seeded bug is asked for where it sits, and nowhere handed about."""
    if path.startswith(SEEDED_BUG_HOME):
        return
    for match in SEEDED_BUG.finditer(stripped):
        yield Finding(path, line_of(stripped, match.start()),
                      "SeededBug: only as the argument of BugIsOn")
    if not path.startswith("src/") and "BugIsOn(" in stripped:
        yield Finding(path, line_of(stripped, stripped.index("BugIsOn(")),
                      "BugIsOn: seeded bugs are the engine's")


def check_words(path: str, text: str) -> Iterator[Finding]:
    if path in WORDS_EXEMPT:
        return
    for pattern, message in WORDS:
        for match in pattern.finditer(text):
            yield Finding(path, line_of(text, match.start()), f"'{match.group(0)}': {message}")


def check_company(root: pathlib.Path, path: str, text: str) -> Iterator[Finding]:
    """A source stands between its header and its test, and includes that header first."""
    if not path.startswith("src/") or not path.endswith(".cc"):
        return
    stem = path[:-len("_test.cc")] if is_test(path) else path[:-len(".cc")]
    if not is_test(path) and not (root / f"{stem}_test.cc").exists() and path not in NO_TEST:
        if not path.startswith(("src/sim/", "src/testing/", "src/torture/")):
            yield Finding(path, 1, f"no {stem}_test.cc beside it, and no reason in NO_TEST")
    header = f"{stem}.h"
    if (root / header).exists():
        first = next(includes(text), (1, ""))
        if first[1].strip('"') != header[len("src/"):]:
            yield Finding(path, first[0], f"includes {header} not first: nothing shows that the "
                                          "header stands alone")


def stale_exceptions(root: pathlib.Path) -> Iterator[Finding]:
    functions_in = [name.split(":")[0] for name in LONG_FUNCTIONS]
    for path in [*LONG_FILES, *NO_TEST, *NEW, *DELETE, *PLACEMENT, *functions_in]:
        if not (root / path).exists():
            yield Finding("tools/check_tidy.py", 1, f"exception for {path}, which does not exist")
    for path in NO_TEST:
        if (root / path.replace(".cc", "_test.cc")).exists():
            yield Finding("tools/check_tidy.py", 1, f"{path} has a test: drop its exception")


def check(root: pathlib.Path) -> List[Finding]:
    findings: List[Finding] = []
    for file in text_files(root):
        path = file.relative_to(root).as_posix()
        text = file.read_text()
        findings += check_words(path, text)
        if file.suffix == ".py" or file.suffix in (".cmake", ".txt"):
            findings += check_sizes(path, text)
    for file in code_files(root, "include", "src", "tests", "tools", "bench", "examples", "fuzz"):
        path = file.relative_to(root).as_posix()
        text = file.read_text()
        stripped = strip(text)
        findings += check_sizes(path, text)
        findings += check_functions(path, stripped)
        findings += check_bans(path, stripped)
        findings += check_seeded_bugs(path, stripped)
        findings += check_company(root, path, text)
    return sorted(findings)


if __name__ == "__main__":
    tree = pathlib.Path(sys.argv[1] if sys.argv[1:] else ".")
    sys.exit(report("tidy", check(tree) + list(stale_exceptions(tree))))
