// Small scripted histories for crash tests, and the check that what survived is a legal prefix.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "firn/db.h"
#include "sim/memory_file_system.h"

namespace firn::testing {

// The contents of the store: keyspace name -> key -> value.
using Contents = std::map<std::string, std::map<std::string, std::string>>;

// Everything that happened to a store, as far as the caller was told.
class History {
 public:
  History() { states_.push_back({}); }

  // A commit that is about to be issued, with the contents it leads to.
  void Issue(Contents after) { states_.push_back(std::move(after)); }
  // The last issued commit was acknowledged; `durable`: it and all before it survive power loss.
  void Acknowledge(bool durable) {
    acknowledged_ = states_.size() - 1;
    if (durable) durable_ = acknowledged_;
  }
  void AllDurable() { durable_ = acknowledged_; }
  [[nodiscard]] const Contents& latest() const { return states_.back(); }
  // The last issued commit failed for certain: it must not be seen.
  void Refuse() { states_.pop_back(); }

  // Null if `found` equals the contents after some commit k with at_least <= k <= last issued;
  // otherwise what is wrong.
  [[nodiscard]] std::optional<std::string> CheckPrefix(const Contents& found,
                                                       std::size_t at_least) const;
  [[nodiscard]] std::size_t durable() const { return durable_; }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }

 private:
  std::vector<Contents> states_;  // states_[k]: after k commits
  std::size_t acknowledged_ = 0;
  std::size_t durable_ = 0;
};

struct Workload {
  std::string name;
  std::uint64_t seed = 0;
  int commits = 60;
  int sync_every = 7;        // one in so many commits is durable; 0 = none
  int batch_max = 4;
  int reopen_every = 0;      // closes and opens again; 0 = never
  bool keyspaces = false;    // spreads batches over two
  bool positioned_log = false;
  std::uint32_t value_bytes = 300;
};
[[nodiscard]] std::vector<Workload> AllWorkloads();
inline void PrintTo(const Workload& workload, std::ostream* out) { *out << workload.name; }

// Runs until done or until the file system stops answering. Never fails by itself.
void RunWorkload(const Workload& workload, MemoryFileSystem& files, History* history);

// Opens the store and reads all of it, both ways; an error text when that is not possible or scans
// disagree. kNotFound, a store that never came to be, reads as empty.
[[nodiscard]] std::optional<std::string> ReadAll(MemoryFileSystem& files, bool positioned_log,
                                                 Contents* contents);

}  // namespace firn::testing
