// What the writers write, as a pure function of (seed, stream, number, round), so that the checker
// can tell the exact state a store must have.
//
// A stream is a sequence of commits 1, 2, 3, ... by one writer thread. A commit is one batch: it
// puts or deletes one group of keys, half of them in the default keyspace and half in another, and
// notes its number under the stream's marker key.
//
// K1  The state after commit n of a stream follows from n and from which round wrote which commit.
// K2  No two streams share a key.
// Threads: pure functions and values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firn/options.h"
#include "firn/write_batch.h"

namespace firn::kill {

inline constexpr std::size_t kStreams = 4;
inline constexpr std::size_t kGroups = 96;         // of keys, in each stream
inline constexpr std::size_t kKeysInEachSpace = 5;  // of a group
inline constexpr char kSideKeyspace[] = "side";

// One value for each stream.
using StreamNumbers = std::array<std::uint64_t, kStreams>;

// A small generator with a fixed sequence (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  // Uniform enough in [0, bound).
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }

 private:
  std::uint64_t state_;
};

struct CommitName {
  std::uint64_t seed = 0;
  std::size_t stream = 0;
  std::uint64_t number = 0;
  std::uint64_t round = 0;  // tells a commit apart from one of the same number that was lost
};

// Stream 0 is periodic, 1 sync, 2 none, 3 mixes them commit by commit.
[[nodiscard]] Durability DurabilityOf(const CommitName& commit);
// The keys of the commit's group, then the stream's marker; a commit is both in one batch.
void AppendGroup(const CommitName& commit, const Keyspace& side, WriteBatch& batch);
void AppendMarker(const CommitName& commit, WriteBatch& batch);

[[nodiscard]] std::string MarkerKey(std::size_t stream);
// The number of a marker's value; 0 when it is malformed.
[[nodiscard]] std::uint64_t ParseMarker(Slice value);

using Contents = std::map<std::string, std::string>;
struct StoreContents {
  Contents main;
  Contents side;
};

// What each stream had reached when each round began; index: round.
using History = std::vector<StreamNumbers>;

// All keys and values of a store whose streams reached `last`.
[[nodiscard]] StoreContents ExpectedContents(std::uint64_t seed, const History& history,
                                             const StreamNumbers& last);

}  // namespace firn::kill
