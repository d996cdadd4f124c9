#include "harness_cost.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "phases.h"
#include "worker.h"

namespace firn::compare {
namespace {

constexpr std::uint64_t kEntries = 1'000'000;
constexpr std::size_t kValueBytes = 100;
constexpr int kRuns = 5;
constexpr char kZeros[kValueBytes] = {};
constexpr Slice kKey(kZeros, 16);
constexpr Slice kValue(kZeros, kValueBytes);

class EmptyCursor final : public Cursor {
 public:
  EmptyCursor() {
    key_ = kKey;
    value_ = kValue;
  }
  bool SeekToFirst() override { return Restart(); }
  bool SeekToLast() override { return Restart(); }
  bool Seek(Slice) override { return Restart(); }
  bool SeekForPrev(Slice) override { return Restart(); }
  bool Next() override { return --left_ > 0; }
  bool Prev() override { return --left_ > 0; }
  Status status() const override { return {}; }

 private:
  bool Restart() {
    left_ = kEntries;
    return true;
  }

  std::uint64_t left_ = 0;  // a walk must come to its end
};

class EmptyClient final : public Client {
 public:
  Status Put(Slice, Slice) override { return {}; }
  Status PutBatch(std::span<const KeyValue>) override { return {}; }
  Status Delete(Slice) override { return {}; }
  Result<bool> Get(Slice, Slice& value) override {
    value = kValue;
    return true;
  }
  Status MultiGet(std::span<const Slice>, std::span<Lookup> lookups) override {
    for (Lookup& lookup : lookups) lookup = {true, kValue};
    return {};
  }
  Cursor& FreshCursor() override { return cursor_; }

 private:
  EmptyCursor cursor_;
};

}  // namespace

Status PrintHarnessCost(Output& output) {
  const Keys keys(KeyShape::kRandom);
  const Values values(kValueBytes);
  const SortedKeys sorted = Model(keys, values).Sorted(0, kEntries);
  const OwnVector<std::uint32_t> zipf = ZipfDraws(kEntries, kEntries, 1);
  const StreamSource source = {.keys = &keys,
                               .entries = kEntries,
                               .insert_base = kEntries,
                               .sorted = sorted.order,
                               .zipf = zipf};
  for (const Phase& phase : AllPhases()) {
    if (phase.run != RunRecipe || phase.writer_beside) continue;
    double best = std::numeric_limits<double>::max();
    for (int run = 0; run < kRuns; ++run) {
      Worker worker(std::make_unique<EmptyClient>(), keys, values, phase.recipe,
                    OperationStream(phase.recipe, source, 0));
      worker.set_operations(kEntries);
      Task* const tasks[] = {&worker};
      Result<RunResult> result = Run(tasks, nullptr, {}, [](std::uint64_t) {});
      if (!result.ok()) return std::move(result).status();
      best = std::min(best, result->seconds);
    }
    output.Emit({{"phase", phase.name}, {"nanoseconds", best * 1e9 / kEntries}});
  }
  return {};
}

}  // namespace firn::compare
