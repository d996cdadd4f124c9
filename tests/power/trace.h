// What the recorder writes and everything else here reads: the calls of one process on one folder,
// in the order they took effect.
//
// A sync is two events, because what it covers was there when it began and what it promises holds
// when it has returned. Stores into a mapping are no calls: the recorder looks at every mapped file
// when it is synced or unmapped and at every mark, and reports the sectors that changed.
//
// T1  Orders are 1, 2, 3, ...; an event took effect before every event of a higher order began,
//     except that a stored sector may be older than its event.
// T2  `error` is 0 for a call that succeeded; one that failed changed nothing.
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firn::power {

enum class Call : std::uint8_t {
  kOpen = 1,         // path, file, created
  kClose,            // file
  kWrite,            // file, offset, bytes: what the call wrote
  kStored,           // file, offset, bytes: whole sectors of a mapping, seen changed
  kResize,           // file, offset: the new size; what is added reads as zeros
  kSyncBegin,        // file
  kSyncEnd,          // file, offset: the order of its kSyncBegin
  kRename,           // path, target
  kLink,             // path, target
  kUnlink,           // path
  kMakeDirectory,    // path
  kRemoveDirectory,  // path
  kMark,             // bytes: what the recorded program said
};

// Numbers files and directories in the order the recorder met them; 0 is none.
using FileId = std::uint32_t;

inline constexpr std::size_t kSectorBytes = 512;

struct Event {
  std::uint64_t order = 0;
  Call call = Call::kMark;
  bool created = false;
  std::int32_t error = 0;
  FileId file = 0;
  std::uint64_t offset = 0;
  std::string path = {};    // relative to the recorded folder; empty: the folder itself
  std::string target = {};
  std::string bytes = {};
};

// One line, for failure messages.
[[nodiscard]] std::string Describe(const Event& event);

void AppendEncoded(const Event& event, std::string& to);
// The whole events of the file; what a killed process left half-written at its end is dropped.
// Nullopt: the file cannot be read or is no trace.
[[nodiscard]] std::optional<std::vector<Event>> ReadTrace(const std::string& path);

}  // namespace firn::power
