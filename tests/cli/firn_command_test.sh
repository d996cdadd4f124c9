#!/usr/bin/env bash
# Drives the built firn command through everything its manual promises.
#
# Usage: firn_command_test.sh path/to/firn
# Prints one line for each fact that does not hold; exits with 1 when there was one.
# shellcheck disable=SC1003 # backslashes before a closing quote are data here
set -uo pipefail

firn=$(readlink -f "$1")
repository=$(readlink -f "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
checks=0
failures=0

fail() {
  failures=$((failures + 1))
  echo "FAILED: $1" >&2
  shift
  (($# == 0)) || printf '    %s\n' "$@" >&2
}

# run CODE firn-arguments... : runs firn and checks its exit code; the answer is in $answer and
# the messages are in $messages. Standard input comes from the caller.
run() {
  local expected=$1 code=0
  shift
  checks=$((checks + 1))
  answer=$("$firn" "$@" 2>messages) || code=$?
  messages=$(<messages)
  ((code == expected)) ||
    fail "exit code $code, not $expected: firn $*" "answer: ${answer:0:300}" "messages: ${messages:0:300}"
}

# is TEXT: the answer of the last run.
is() {
  checks=$((checks + 1))
  [[ $answer == "$1" ]] || fail "wrong answer" "expected: $1" "found:    $answer"
}

# has PATTERN: the answer contains it. says PATTERN: the messages do.
has() {
  checks=$((checks + 1))
  [[ $answer == *"$1"* ]] || fail "the answer lacks '$1'" "found: ${answer:0:500}"
}

says() {
  checks=$((checks + 1))
  [[ $messages == *"$1"* ]] || fail "the messages lack '$1'" "found: ${messages:0:500}"
}

test_points() {
  run 0 put db ada Lovelace
  is ''
  run 0 get db ada
  is Lovelace
  run 0 --db db get ada
  is Lovelace
  run 0 get --db db ada
  is Lovelace
  run 1 get db nobody
  is ''
  run 0 put db '' ''
  run 0 get db ''
  is ''
  run 0 put db '[a,b]' 'x y'
  run 0 get db '[a,b]'
  is 'x y'
  run 0 put db -- -dash --json
  run 0 get db -- -dash
  is --json
  run 0 get db ada --json
  is '{"key": "ada", "value": "Lovelace"}'
  run 0 delete db ada
  run 0 delete db ada
  run 1 get db ada
  printf 'from\0file\n' >value
  run 0 put db file --value-file value
  run 0 get db file
  is 'from\x00file\x0a'
  checks=$((checks + 1))
  "$firn" get db file --raw | cmp -s - value || fail "--raw changes bytes"
  run 0 put db stdin --value-file - <value
  run 0 get db stdin
  is 'from\x00file\x0a'
  run 2 put db key
  run 2 put db key value --value-file value
  run 7 put db key --value-file missing-file
}

test_binary_keys() {
  run 0 put db 00ff 80 --hex
  run 0 get db 00ff --hex
  is 80
  run 0 get db '\x00\xff' --escape
  is '\x80'
  run 0 get db '\x00\xff' --escape --json
  is '{"key_hex": "00ff", "value_hex": "80"}'
  run 0 put db 'tab\tend\\' 'x' --escape
  run 0 scan db --prefix tab
  is $'tab\\x09end\\\\\tx'
  run 2 get db 0 --hex
  says 'hexadecimal digits'
  run 2 get db 'a\q' --escape
  run 2 get db 00 --hex --escape
}

test_ranges() {
  printf '%s\t%s\n' a 1 b 2 ba 3 c 4 d 5 >rows
  run 0 load ranges rows
  has 'loaded 5 records'
  run 0 scan ranges
  is "$(cat rows)"
  run 0 scan ranges --reverse --keys-only
  is $'d\nc\nba\nb\na'
  run 0 scan ranges --from b --to d --keys-only
  is $'b\nba\nc'
  run 0 scan ranges --prefix b --reverse --limit 1
  is $'ba\t3'
  run 0 scan ranges --json --limit 1
  is '{"key": "a", "value": "1"}'
  run 0 scan ranges --from x
  is ''
  run 0 scan ranges --limit 0
  is ''
  run 0 count ranges
  is 5
  run 0 count ranges --prefix b --json
  is '{"count": 2}'
  run 2 delete-range ranges
  run 0 delete-range ranges --prefix b
  run 0 count ranges
  is 3
  run 0 delete-range ranges --from c
  run 0 scan ranges --keys-only
  is a
  run 0 delete-range ranges --prefix ''
  run 0 count ranges
  is 0
  run 2 scan ranges --limit many
}

test_load_formats() {
  printf 'a\\x09\t\\\\\nb\t2' >in.tsv
  run 0 load formats in.tsv --json
  is '{"rows": 2, "bad_rows": 0, "bytes": 12}'
  run 0 get formats 'a\t' --escape
  is '\\'
  run 0 load formats --format kv < <(printf 'raw\\x09\t\\\r\n')
  run 0 get formats 'raw\x09' --raw
  is '\'
  printf '6162\t00\n' >in.hex
  run 0 load formats in.hex --hex
  run 0 get formats 6162 --hex
  is 00
  printf '{"key": "j", "value": "\\u00e9"}\n{"key_hex": "ff", "value_hex": ""}\n' >in.ndjson
  run 0 load formats - --format ndjson <in.ndjson
  run 0 get formats j
  is 'é'
  run 0 get formats ff --hex
  is ''
  printf 'Package: zsh\nVersion: 5\n\nPackage: bash\nDescription: shell\n more\n' >in.paragraphs
  run 0 load formats in.paragraphs --format rfc822 --key-field package
  run 0 get formats bash
  is 'Package: bash\x0aDescription: shell\x0a more'
  run 2 load formats in.paragraphs --format rfc822
  run 2 load formats in.tsv --key-field Package
  run 2 load formats in.tsv --format xml
  run 2 load formats in.tsv --batch 0
  run 7 load formats missing-file
  says 'cannot read the input'
}

test_bad_input() {
  { for i in {1..30}; do echo "bad line $i"; done; printf 'good\tyes\n'; } >in.bad
  run 3 load bad in.bad
  says 'line 20: no TAB'
  says '10 more'
  checks=$((checks + 1))
  [[ $messages != *'line 21:'* ]] || fail 'more than 20 bad lines shown'
  run 0 get bad good
  is yes
  head -c 65537 /dev/zero | tr '\0' k >long
  printf '\tv\nshort\tv\n' >>long
  run 3 load bad long --format kv
  says '65537 bytes'
  run 0 get bad short
  head -c 65536 /dev/zero | tr '\0' k >longest
  printf '\tv\n' >>longest
  run 0 load bad longest --format kv
  run 0 count bad
  is 3
  : >nothing
  run 0 load bad nothing
  has 'loaded 0 records'
}

test_round_trip() {
  run 0 load origin "$repository/data/debian-packages.tsv"
  for byte in {0..255}; do
    printf '{"key_hex": "%02x%02x", "value_hex": "%02x"}\n' "$byte" $((255 - byte)) "$byte"
  done >every-byte
  run 0 load origin every-byte --format ndjson
  run 0 count origin
  local rows=$answer format
  for format in tsv ndjson; do
    run 0 dump origin --format "$format" --output "dump.$format"
    is ''
    run 0 load "copy-$format" "dump.$format" --format "$format"
    run 0 count "copy-$format"
    is "$rows"
    run 0 dump "copy-$format" --format "$format"
    checks=$((checks + 1))
    [[ $answer == "$(<"dump.$format")" ]] || fail "dump and load as $format change something"
    run 0 compare "copy-$format" "dump.$format" --format "$format"
    has 'all are in the store'
  done
  run 0 dump origin --hex
  run 0 load copy-hex --hex <<<"$answer"
  run 0 compare copy-hex dump.tsv
}

test_compare() {
  printf '%s\t%s\n' a 1 b 2 a 3 c 4 >in.compare
  run 0 load compare in.compare --batch 2 --acknowledge acknowledged
  checks=$((checks + 1))
  [[ $(<acknowledged) == $'2\n4' ]] || fail 'wrong acknowledgements' "$(<acknowledged)"
  run 0 compare compare in.compare
  run 0 compare compare in.compare --rows 1
  run 0 put compare b changed
  run 1 compare compare in.compare
  says 'key b'
  run 0 compare compare in.compare --rows 1
  run 0 delete compare c
  run 1 compare compare in.compare --json
  is '{"rows": 4, "differing": 2, "bad_rows": 0}'
}

test_keyspaces() {
  run 0 keyspaces create spaces logs
  run 0 keyspaces list spaces
  is $'default\nlogs'
  run 4 keyspaces create spaces logs
  run 0 put spaces k in-logs --keyspace logs
  run 1 get spaces k
  run 0 get spaces k --keyspace logs
  is in-logs
  run 0 keyspaces rename spaces logs events
  run 0 get spaces k --keyspace events
  is in-logs
  run 4 get spaces k --keyspace logs
  run 0 put spaces k v --keyspace made-by-put
  run 0 keyspaces list spaces --json
  is $'{"name": "default"}\n{"name": "events"}\n{"name": "made-by-put"}'
  run 0 keyspaces drop spaces events
  run 4 keyspaces drop spaces events
  run 4 scan spaces --keyspace events
  run 2 keyspaces
  run 2 keyspaces list
}

test_care() {
  run 0 load care "$repository/data/debian-packages.tsv"
  run 0 compact care
  run 0 stats care
  has 'health      ok'
  has 'keyspace default'
  has 'level '
  has '####'
  run 0 stats care --json
  has '"health":"ok"'
  has '"runs":[{"level":'
  run 0 verify care
  has 'no damage'
  run 0 verify care --progress --json
  has '"tables":'
  run 0 checkpoint care copy
  run 4 checkpoint care copy
  run 0 compare copy "$repository/data/debian-packages.tsv"
  run 2 destroy copy
  says '--yes'
  run 0 count copy
  run 0 destroy copy --yes
  run 4 count copy
  run 4 destroy copy --yes
  run 0 version
  has 'firn '
  run 0 --version
  run 0 --help
  has 'Exit codes'
  run 0 scan --help
  has '--reverse'
  has '--direct-reads'
  run 2 nonsense
  run 2
  run 2 scan
  run 2 count care one-too-many
  run 2 count care --memory-budget 12parsecs
  run 2 count care --memory-budget 1KiB
  run 2 count care --durability maybe
  run 0 count care --memory-budget 8MiB --durability sync --compression zstd
}

test_missing_store() {
  local command
  for command in 'get missing k' 'scan missing' 'count missing' 'dump missing' 'stats missing' \
    'verify missing' 'compact missing' 'delete missing k' 'delete-range missing --prefix k' \
    'keyspaces list missing' 'keyspaces drop missing k' 'checkpoint missing target' \
    'compare missing nothing' 'destroy missing --yes'; do
    # shellcheck disable=SC2086 # words on purpose
    run 4 $command
    says 'firn: '
  done
  checks=$((checks + 1))
  [[ ! -e missing && ! -e target ]] || fail 'a reading command created a store'
}

test_damage() {
  run 0 load damaged "$repository/data/debian-packages.tsv"
  run 0 compact damaged
  local table
  table=$(find damaged -name '*.table' -printf '%s %p\n' | sort -n | tail -n1 | cut -d' ' -f2)
  printf '\xde\xad\xbe\xef' | dd of="$table" bs=1 seek=20000 conv=notrunc status=none
  run 5 verify damaged
  says "$(basename "$table")"
  has '1 finding'
  has "$(basename "$table") at offset"
  run 5 verify damaged --json
  has '"findings": [{"file": "'
  run 8 repair damaged mended
  has "lost: $(basename "$table") bytes"
  has 'from key'
  run 0 verify mended
  has 'no damage'
  run 1 compare mended "$repository/data/debian-packages.tsv"
  run 4 repair damaged mended
  says 'exists already'
  run 4 repair missing target
  run 2 repair damaged
}

test_repair() {
  run 0 load whole "$repository/data/debian-packages.tsv" --keyspace packages
  run 0 put whole k v
  run 0 repair whole whole-2 --progress
  has 'nothing was lost'
  run 0 compare whole-2 "$repository/data/debian-packages.tsv" --keyspace packages
  run 0 get whole-2 k
  is v
  rm whole/CURRENT whole/MANIFEST-*
  run 4 get whole k
  run 5 verify whole
  has 'CURRENT: missing'
  run 8 repair whole whole-3 --json
  has '"complete": false'
  has '"manifest_used": false'
  run 0 verify whole-3
  run 0 keyspaces list whole-3
  is $'default\nkeyspace-1'
  run 0 compare whole-3 "$repository/data/debian-packages.tsv" --keyspace keyspace-1
  run 0 get whole-3 k
  is v
}

test_busy_store() {
  run 0 put busy k v
  mkfifo feed
  "$firn" load busy feed --batch 1 --acknowledge busy-acknowledged >/dev/null 2>&1 &
  local loader=$!
  exec 9>feed
  printf 'x\t1\n' >&9
  # The first acknowledgement shows that the loader has the store.
  until [[ -s busy-acknowledged ]]; do
    kill -0 "$loader" 2>/dev/null || break
    read -r -t 0.05 <> <(:) || true
  done
  run 4 get busy k
  says busy
  exec 9>&-
  wait "$loader" || fail "the loader ended with $?"
  run 0 get busy x
  is 1
}

test_streams() {
  checks=$((checks + 1))
  "$firn" scan origin 2>messages | head -n1 >first
  local codes=("${PIPESTATUS[@]}")
  [[ ${codes[0]} == 0 && ! -s messages && -s first ]] ||
    fail 'a closed pipe is not quiet' "codes ${codes[*]}" "$(<messages)"
  if [[ -w /dev/full ]]; then
    checks=$((checks + 1))
    local code=0
    "$firn" dump origin >/dev/full 2>messages || code=$?
    [[ $code == 7 ]] || fail "exit code $code on a full device, not 7" "$(<messages)"
  fi
  checks=$((checks + 1))
  "$firn" load progress "$repository/data/debian-packages.tsv" 2>messages >/dev/null
  [[ ! -s messages ]] || fail 'progress shown although standard error is no terminal'
  run 0 load progress "$repository/data/debian-packages.tsv" --progress
  says 'MB/s'
}

# A build that cannot simulate says what to build instead.
test_torture() {
  run 0 torture --help
  has '--seed'
  has '--no-reduce'
  run 2 torture --runs 0
  run 2 torture --minutes nought
  if "$firn" torture --runs 1 >/dev/null 2>&1; then
    run 0 torture --seed 5 --runs 3
    has '3 runs, '
    has ' power losses, '
    local counts=${answer% power losses*}
    run 0 torture --seed 5 --runs 3
    has "$counts power losses"
    run 0 torture --seed 5 --runs 2 --json
    has '"runs": 2, "steps": '
    run 0 torture --minutes 0.001
    has ' runs, '
    run 0 torture --runs 2 --progress
    says ' runs/s'
  else
    run 4 torture --runs 1
    is ''
    says 'cmake --preset dev && cmake --build build/dev --target firn'
  fi
}

# Root may write anywhere, so as root the command runs as nobody.
test_read_only_directory() {
  local as_user=()
  if [[ $(id -u) == 0 ]]; then
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod a+rx .
    cp "$firn" firn-for-all
    chmod a+rx firn-for-all
  else
    cp "$firn" firn-for-all
  fi
  "$firn" put locked k v
  chmod -R a+rX,a-w locked
  local code arguments
  for arguments in 'put locked k v' 'get locked k' 'put locked/new/store k v'; do
    checks=$((checks + 1))
    code=0
    # shellcheck disable=SC2086 # words on purpose
    "${as_user[@]}" ./firn-for-all $arguments >/dev/null 2>messages || code=$?
    [[ $code == [47] && $(<messages) == firn:*locked* ]] ||
      fail "exit code $code in a read-only directory: firn $arguments" "$(<messages)"
  done
}

test_points
test_binary_keys
test_ranges
test_load_formats
test_bad_input
test_round_trip
test_compare
test_keyspaces
test_care
test_missing_store
test_damage
test_repair
test_busy_store
test_streams
test_torture
test_read_only_directory

if ((failures > 0)); then
  echo "$failures of $checks checks failed"
  exit 1
fi
echo "$checks checks passed"
