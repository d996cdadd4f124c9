// Does a stream's operations in one client of an engine and adds up what it sees.
//
// Not here: time, threads. What comes back is only folded into a checksum, so that the loop
// measures the engine; the model says later what the checksum should have been.
// Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine.h"
#include "entries.h"
#include "model.h"
#include "operations.h"
#include "runner.h"

namespace firn::compare {

enum class Verdict : std::uint8_t {
  kExact,   // nobody else writes: every value is known, and adds to the checksum
  kOrigin,  // others overwrite meanwhile: a value must be one of its key, at once
};

class Worker final : public Task {
 public:
  Worker(std::unique_ptr<Client> client, const Keys& keys, const Values& values,
         const Recipe& recipe, const OperationStream& stream);

  void set_verdict(Verdict verdict) { verdict_ = verdict; }
  void set_operations(std::uint64_t operations) { remaining_ = operations; }  // until Done

  [[nodiscard]] bool Done() const override { return remaining_ == 0; }
  // One call of the engine: the recipe's batch of operations, or what remains of it.
  Status Call() override;
  // A walk that saw all of its entries must have met the end.
  Status Finish() override;

  [[nodiscard]] Tally tally() const;

 private:
  Status Put(const Operation& operation);
  Status PutBatch(std::size_t count);
  Status Delete(const Operation& operation);
  Status Get(Slice key, const Operation& operation);
  Status MultiGet(std::size_t count);
  Status Scan(const Operation& operation);
  Status Walk();
  bool BeginWalk(Slice first);  // empty: the very first
  bool Step();
  Status See(const Operation& operation, Slice key, Slice value);
  void AddEntry(Slice key, Slice value);
  // Whether the entry is one somebody wrote; and the one `due`, if that is known.
  Status Judge(Slice key, Slice value, std::optional<std::uint64_t> due);

  std::unique_ptr<Client> client_;
  const Keys& keys_;
  const Values& values_;
  const Recipe recipe_;
  OperationStream stream_;
  Verdict verdict_ = Verdict::kExact;
  std::uint64_t remaining_ = 0;
  Cursor* cursor_ = nullptr;     // the client's, once opened
  std::uint64_t walk_left_ = 0;  // entries until the walk begins anew
  Tally tally_;
  std::vector<Keys::Buffer> key_buffers_;  // one an operation of a call
  std::vector<char> value_buffer_;         // the same
  std::vector<KeyValue> entries_;
  std::vector<Slice> wanted_;
  std::vector<Operation> pending_;
  std::vector<Lookup> lookups_;
};

// A key as an error message shows it: as it is when readable, otherwise hexadecimal.
[[nodiscard]] std::string Readable(Slice key);

}  // namespace firn::compare
