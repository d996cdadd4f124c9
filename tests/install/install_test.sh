#!/usr/bin/env bash
# Installs a built firn into a temporary prefix, then builds and runs the examples against it:
# found by CMake, static and shared, and by pkg-config.
# Usage: install_test.sh <build directory> <C++ compiler>
set -euo pipefail

build=$(cd "$1" && pwd)
compiler=$2
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../examples" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

# Runs a command; its words are shown only when it fails.
quietly() {
  "$@" >"$scratch/output" 2>&1 || { cat "$scratch/output"; exit 1; }
}

# Each example runs twice in a folder of its own: on a new store, then on the one it left.
run_examples() {
  local name=$1 programs=$2 example run
  for example in quickstart batch_and_snapshot keyspaces; do
    mkdir -p "$scratch/run/$name/$example"
    for run in new existing; do
      (cd "$scratch/run/$name/$example" && "$programs/$example") ||
        { echo "install: $name: $example failed on a store that is $run" >&2; exit 1; }
    done
  done
}

by_cmake() {
  local kind=$1 shared=$2
  echo "--- find_package, $kind"
  quietly cmake -S "$examples" -B "$scratch/$kind" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_PREFIX_PATH="$prefix" -DBUILD_SHARED_LIBS="$shared"
  quietly cmake --build "$scratch/$kind"
  local needed=static
  # No pipe into grep -q: it may end before ldd does, which then fails by a broken pipe.
  [[ $(ldd "$scratch/$kind/quickstart") == *libfirn.so* ]] && needed=shared
  [[ $needed == "$kind" ]] || { echo "install: linked $needed, asked for $kind" >&2; exit 1; }
  run_examples "$kind" "$scratch/$kind"
}

by_pkg_config() {
  echo "--- pkg-config"
  local libdir example
  libdir=$(dirname "$(dirname "$(find "$prefix" -name firn.pc)")")
  export PKG_CONFIG_PATH=$libdir/pkgconfig
  mkdir -p "$scratch/pkg-config"
  for example in quickstart batch_and_snapshot keyspaces; do
    # Word splitting is meant: pkg-config answers with several arguments.
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "$examples/$example.cc" -o "$scratch/pkg-config/$example" \
      $(pkg-config --cflags --libs firn) -Wl,-rpath,"$libdir"
  done
  run_examples pkg-config "$scratch/pkg-config"
  [[ $(pkg-config --static --libs firn) == *-lzstd* ]] ||
    { echo "install: pkg-config --static does not name the static dependencies" >&2; exit 1; }
}

quietly cmake --install "$build" --prefix "$prefix"
# Moved, to show that nothing in it knows where it was installed.
mv "$prefix" "$scratch/moved"
prefix=$scratch/moved
if grep -rIl "$scratch" "$prefix"; then
  echo "install: the files above name the prefix they were installed to" >&2
  exit 1
fi
by_cmake static OFF
by_cmake shared ON
by_pkg_config
echo "install: examples built and run in three ways"
