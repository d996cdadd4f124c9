// A queue of a thousand entries: one operation pushes behind the last and pops the first, which a
// seek has to find behind the tombstones of all popped before.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "phases.h"
#include "worker.h"

namespace firn::compare {
namespace {

constexpr std::string_view kPrefix = "queue/";
constexpr std::uint64_t kLength = 1000;
constexpr std::uint64_t kGeneration = 1;

class QueueTask final : public Task {
 public:
  QueueTask(Job& job, std::unique_ptr<Client> client, std::uint64_t pops)
      : job_(job),
        client_(std::move(client)),
        pops_(pops),
        value_buffer_(job.values.buffer_bytes()) {}

  bool Done() const override { return operations_ == pops_; }
  Status Call() override {
    ++operations_;
    if (Status pushed = Push(); !pushed.ok()) return pushed;
    return Pop();
  }

  // Before and after the measurement: to its length, and back to nothing.
  Status Fill() {
    while (tail_ - head_ < kLength) {
      if (Status pushed = Push(); !pushed.ok()) return pushed;
    }
    return {};
  }
  Status Drain() {
    while (head_ < tail_) {
      if (Status popped = Pop(); !popped.ok()) return popped;
    }
    return {};
  }
  [[nodiscard]] std::uint64_t checksum() const { return checksum_.value(); }

 private:
  using Key = std::array<char, kPrefix.size() + 8>;

  static Key KeyOf(std::uint64_t number) {
    Key key;
    std::memcpy(key.data(), kPrefix.data(), kPrefix.size());
    static_assert(std::endian::native == std::endian::little);
    number = __builtin_bswap64(number);
    std::memcpy(key.data() + kPrefix.size(), &number, sizeof(number));
    return key;
  }

  Status Push() {
    const Key key = KeyOf(tail_);
    const Slice value = job_.values.Make({tail_, kGeneration}, value_buffer_.data());
    ++tail_;
    return client_->Put({key.data(), key.size()}, value);
  }

  Status Pop() {
    const Key key = KeyOf(head_);
    const Slice first(key.data(), key.size());
    Cursor& cursor = client_->FreshCursor();
    if (!cursor.Seek(kPrefix)) {
      if (Status status = cursor.status(); !status.ok()) return status;
      return {StatusCode::kCorruption, "the queue is empty, key " + Readable(first)};
    }
    const auto origin = job_.values.OriginOf(cursor.value());
    if (cursor.key() != first || !origin || origin->index != head_) {
      return {StatusCode::kCorruption, "the first of the queue is " + Readable(cursor.key()) +
                                           " with another value, or not key " + Readable(first)};
    }
    checksum_.Add(Values::Word(cursor.value()));
    ++head_;
    return client_->Delete(first);
  }

  Job& job_;
  std::unique_ptr<Client> client_;
  const std::uint64_t pops_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  Checksum checksum_;
  std::vector<char> value_buffer_;
};

}  // namespace

Status RunQueue(Job& job, const Phase& phase) {
  const Arguments& arguments = job.arguments;
  const std::uint64_t pops = arguments.operations > 0 ? arguments.operations : arguments.entries;
  auto client = job.engine->NewClient();
  if (!client.ok()) return std::move(client).status();
  std::optional<QueueTask> task(std::in_place, job, std::move(client).value(), pops);
  if (Status filled = task->Fill(); !filled.ok()) return filled;
  PhaseReport report(job, phase.name, 1);
  Task* const tasks[] = {&*task};
  RunLimits limits;
  limits.seconds = arguments.max_seconds;
  Result<RunResult> result =
      Run(tasks, nullptr, limits, [&](std::uint64_t done) { report.Progress(done, pops); });
  if (!result.ok()) return std::move(result).status();
  report["operations"] = task->operations();
  report["found"] = task->operations();
  report["expected"] = task->operations();
  if (task->operations() == pops) report["checksum"] = Hexadecimal(task->checksum());
  if (arguments.wait) {
    if (Status quiet = report.Quiesce(); !quiet.ok()) return quiet;
  }
  report.End();
  report.Describe(*result);
  if (Status drained = task->Drain(); !drained.ok()) return drained;
  report.Emit();
  return {};
}

}  // namespace firn::compare
