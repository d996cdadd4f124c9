// Moves records into a store in batches.
//
// O1  Records are written in input order; of several with one key the last wins.
// O2  `acknowledged` is called with n only after the first n good records were acknowledged.
// O3  Bad records are passed over; a failed read or write ends the load after the last full batch
//     before it.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>

#include "firn/options.h"
#include "firn/status.h"
#include "firn/write_batch.h"
#include "import_format.h"

namespace firn::tool {

struct LoadSettings {
  Keyspace keyspace;
  std::uint64_t batch_rows_max = 1000;
  std::uint64_t batch_bytes_max = std::uint64_t{4} << 20;  // a batch is closed when it reaches it
};

// What the loader needs from the world; all must be set.
struct LoadHooks {
  std::function<Status(const WriteBatch&)> write;
  std::function<Status(std::uint64_t rows)> acknowledged;
  std::function<void(std::uint64_t line, Slice reason)> bad_record;
};

struct LoadReport {
  std::uint64_t rows = 0;  // acknowledged
  std::uint64_t bad_rows = 0;
  Status status;  // of the first read or write that failed
};

[[nodiscard]] LoadReport Load(RecordReader& reader, const LoadSettings& settings,
                              const LoadHooks& hooks);

// The lines a user reads about bad records: the first kShown in full, then only how many.
class BadRecordLog {
 public:
  static constexpr std::uint64_t kShown = 20;
  // `print` gets whole lines.
  explicit BadRecordLog(std::function<void(Slice)> print) : print_(std::move(print)) {}
  void Add(std::uint64_t line, Slice reason);
  // Says how many were not shown, if any.
  void Finish();
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::function<void(Slice)> print_;
  std::uint64_t count_ = 0;
};

}  // namespace firn::tool
