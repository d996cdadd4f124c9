// Loading in ways that are no stream of operations: the engine's own bulk loader, and a fill that
// ends with the process.
#include <csignal>
#include <utility>

#include "phases.h"

namespace firn::compare {
namespace {

class BulkTask final : public Task {
 public:
  BulkTask(Job& job, std::unique_ptr<BulkLoader> loader, SortedKeys sorted)
      : job_(job),
        loader_(std::move(loader)),
        sorted_(std::move(sorted)),
        generation_(job.model.generation() + 1),
        value_buffer_(job.values.buffer_bytes()) {}

  bool Done() const override { return operations_ == sorted_.order.size(); }
  Status Call() override {
    const std::uint32_t index = sorted_.order[operations_++];
    return loader_->Add(job_.keys.Make(index, key_buffer_),
                        job_.values.Make({index, generation_}, value_buffer_.data()));
  }
  Status Finish() override { return loader_->Finish(); }

  // Once the run is over: what is there now.
  void Tell(Model& model) const {
    for (std::uint64_t i = 0; i < operations_; ++i) model.Put(sorted_.order[i], generation_);
  }
  [[nodiscard]] std::string method() const { return loader_->method(); }

 private:
  Job& job_;
  std::unique_ptr<BulkLoader> loader_;
  const SortedKeys sorted_;
  const std::uint64_t generation_;
  Keys::Buffer key_buffer_;
  std::vector<char> value_buffer_;
};

}  // namespace

Status RunBulkLoad(Job& job, const Phase& phase) {
  if (job.model.live() > 0) {
    return {StatusCode::kInvalidArgument, "loads an empty store: make it the first phase"};
  }
  SortedKeys sorted = job.model.Sorted(0, job.arguments.entries);
  auto loader = job.engine->NewBulkLoader();
  if (!loader.ok()) return std::move(loader).status();
  std::optional<BulkTask> task(std::in_place, job, std::move(loader).value(), std::move(sorted));
  PhaseReport report(job, phase.name, 1);
  Task* const tasks[] = {&*task};
  RunLimits limits;
  limits.seconds = job.arguments.load_seconds;
  Result<RunResult> result = Run(tasks, nullptr, limits, [&](std::uint64_t done) {
    report.Progress(done, job.arguments.entries);
  });
  if (!result.ok()) return std::move(result).status();
  task->Tell(job.model);
  report["method"] = task->method();
  if (!task->Done()) report.Unfinished(job.arguments.entries);
  task.reset();
  if (job.arguments.wait && !job.unfinished) {
    if (Status quiet = report.Quiesce(); !quiet.ok()) return quiet;
  }
  report.End();
  report.Describe(*result);
  report["operations"] = job.model.live();
  report["bytes_put"] = job.model.live_bytes();
  report.Emit();
  return {};
}

Status RunFillAndDie(Job& job, const Phase& phase) {
  if (Status filled = RunRecipe(job, phase); !filled.ok()) return filled;
  std::raise(SIGKILL);
  return {};
}

}  // namespace firn::compare
