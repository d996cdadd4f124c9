#!/usr/bin/env python3
"""Every public header compiles alone, as C++20, without a warning, under every compiler here.

Usage: check_headers.py <folder with firn/> <compiler>...
A compiler that is not there is a failure: it would look like a pass.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
from typing import Optional

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c++"]


def compile_alone(include: pathlib.Path, name: str, compiler: str) -> Optional[str]:
    """What the compiler said about `#include <name>`, or None when it was content."""
    try:
        result = subprocess.run(
            [compiler, *FLAGS, "-I", str(include), "-"], input=f"#include <{name}>\n",
            capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{compiler}: {error.strerror}"
    return None if result.returncode == 0 else f"{name} under {compiler}:\n{result.stderr}"


def main(include: pathlib.Path, compilers: "list[str]") -> int:
    names = [path.relative_to(include).as_posix() for path in sorted(include.rglob("*.h"))]
    jobs = [(include, name, compiler) for name in names for compiler in compilers]
    if not jobs:
        print("headers: nothing to check")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [said for said in pool.map(lambda job: compile_alone(*job), jobs) if said]
    for said in failures:
        print(said)
    print(f"headers: {len(names)} under {len(compilers)} compilers, {len(failures)} failure(s)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
