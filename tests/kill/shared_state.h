// What must survive a killed writer outside the store: a small file mapped by every process.
//
// S1  A writer raises `started` before the call that commits and `acknowledged` after it returned,
//     so that at any kill acknowledged <= commits in the store <= started holds for a right store.
// S2  The page cache keeps the mapping's stores when the process is killed.
// Threads: the counters are atomic; the rest is written by the parent and the checker only, while
// no writer runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "workload.h"

namespace firn::kill {

inline constexpr std::size_t kRoundsMax = 1000;  // of one store

struct StreamProgress {
  std::atomic<std::uint64_t> started;
  std::atomic<std::uint64_t> acknowledged;
  // Acknowledged with a durability that survives a killed process.
  std::atomic<std::uint64_t> durable;
  // Acknowledged before a Db::Sync that returned.
  std::atomic<std::uint64_t> synced;
  // Acknowledged as durable, or before a commit of any stream was begun that was.
  std::atomic<std::uint64_t> hardened;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct SharedState {
  std::atomic<std::uint64_t> opened;  // the writer of this round had opened the store
  std::array<StreamProgress, kStreams> streams;
  std::array<StreamNumbers, kRoundsMax + 1> reached;  // when the round began; index: round
};

// Maps the file, creating it (all zero) when missing; exits the process when that fails. Never
// unmapped: processes of the test are short.
[[nodiscard]] SharedState& MapSharedState(const std::string& path);

}  // namespace firn::kill
