// A phase that is a recipe: run it, let the store come to rest, then ask the model whether the
// answers were right.
#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "phases.h"
#include "worker.h"

namespace firn::compare {
namespace {

constexpr std::uint64_t kZipfDrawsMax = std::uint64_t{1} << 22;  // then over again

class RecipePhase {
 public:
  RecipePhase(Job& job, const Phase& phase)
      : job_(job), phase_(phase), recipe_(phase.recipe), threads_(job.arguments.threads) {}

  Status Run() {
    if (Status planned = Plan(); !planned.ok()) return planned;
    if (Status ready = MakeWorkers(); !ready.ok()) return ready;
    PhaseReport report(job_, phase_.name, threads_);
    RunLimits limits;
    limits.seconds = loads() ? LoadSeconds() : job_.arguments.max_seconds;
    limits.background_rate = job_.arguments.write_rate;
    const std::uint64_t total = operations_ == kEndless ? 0 : operations_;
    Result<RunResult> result =
        compare::Run(Tasks(), writer_ ? &*writer_ : nullptr, limits,
                     [&](std::uint64_t done) { report.Progress(done, total); });
    if (!result.ok()) return std::move(result).status();
    CloseClients();
    if (loads() && !complete()) report.Unfinished(operations_);
    if (writes() && phase_.quiesces && job_.arguments.wait && !job_.unfinished) {
      if (Status quiet = report.Quiesce(); !quiet.ok()) return quiet;
    }
    report.End();
    report.Describe(*result);
    if (Status right = Judge(report); !right.ok()) return right;
    if (phase_.writer_beside) {
      report["background"] = {{"operations", writer_tally_.operations},
                              {"seconds", result->background_seconds},
                              {"bytes_put", writer_tally_.bytes_put}};
    }
    report.set_harness_bytes(job_.model.memory_bytes() + result->latencies.memory_bytes() +
                             (sorted_.order.size() + sorted_.rank.size() + zipf_.size()) * 4);
    report.Emit();
    return {};
  }

 private:
  [[nodiscard]] bool loads() const { return phase_.amount == Amount::kEntries; }
  // A fill that is to die only prepares: its log must be whole.
  [[nodiscard]] double LoadSeconds() const {
    return job_.arguments.FillsAndDies() ? 0 : job_.arguments.load_seconds;
  }
  // After the run: whether everything was done.
  [[nodiscard]] bool complete() const {
    std::uint64_t done = 0;
    for (const Tally& tally : tallies_) done += tally.operations;
    return done == operations_;
  }
  [[nodiscard]] bool writes() const { return recipe_.Writes() || phase_.writer_beside; }
  // Several threads whose scans see each other's inserts have no one right answer.
  [[nodiscard]] bool scans_race() const {
    return recipe_.Does(Action::kScan) && writes() && threads_ > 1;
  }
  [[nodiscard]] Verdict verdict() const {
    return phase_.writer_beside || scans_race() ? Verdict::kOrigin : Verdict::kExact;
  }

  [[nodiscard]] bool every_entry_lives() const {
    for (std::uint64_t index = 0; index < job_.arguments.entries; ++index) {
      if (job_.model.Generation(index) == 0) return false;
    }
    return true;
  }

  Status Plan() {
    const Arguments& arguments = job_.arguments;
    source_.keys = &job_.keys;
    source_.threads = threads_;
    source_.seed = Mix(arguments.seed + std::hash<std::string_view>()(phase_.name));
    source_.generation = job_.model.generation();
    source_.insert_base = std::max(job_.model.size(), arguments.entries);
    if (phase_.writer_beside && !every_entry_lives()) {
      return {StatusCode::kInvalidArgument,
              "overwrites beside the readers, so every entry must be there: fill the store before"};
    }
    const bool walks = recipe_.action == Action::kWalk;
    source_.entries = walks ? job_.model.live() : arguments.entries;
    const std::uint64_t asked = arguments.operations > 0 ? arguments.operations : arguments.entries;
    operations_ = loads() || phase_.amount == Amount::kLive ? source_.entries : asked;
    if (phase_.amount == Amount::kEndless && arguments.max_seconds > 0) operations_ = kEndless;
    if (walks && source_.entries == 0) operations_ = 0;
    if (recipe_.choice == Choice::kZipf || recipe_.choice == Choice::kLatest) {
      zipf_ =
          ZipfDraws(source_.entries / threads_, std::min(operations_, kZipfDrawsMax), source_.seed);
      source_.zipf = zipf_;
    }
    PlanOrder();
    if (source_.generation + operations_ >= kEndless && operations_ != kEndless) {
      return {StatusCode::kInvalidArgument, "more than 2^32 operations in one job"};
    }
    return {};
  }

  // Key order is known beforehand, inserts to come included.
  void PlanOrder() {
    if (recipe_.choice == Choice::kSorted && loads()) {
      sorted_ = job_.model.Sorted(0, source_.entries);
    } else if (recipe_.Does(Action::kScan)) {
      sorted_ = job_.model.Sorted(source_.insert_base, source_.insert_base + InsertsMax());
    } else if (recipe_.choice == Choice::kSorted) {
      sorted_ = job_.model.Sorted();
    }
    source_.sorted = sorted_.order;
  }

  [[nodiscard]] std::uint64_t InsertsMax() const {
    if (!recipe_.Does(Action::kInsert)) return 0;
    std::uint64_t most = 0;
    for (std::uint32_t thread = 0; thread < threads_; ++thread) {
      OperationStream stream(recipe_, source_, thread);
      std::uint64_t inserts = 0;
      for (std::uint64_t i = OperationsOf(thread); i > 0; --i) {
        inserts += stream.Next().action == Action::kInsert;
      }
      most = std::max(most, inserts);
    }
    return most * threads_;
  }

  [[nodiscard]] std::uint64_t OperationsOf(std::uint32_t thread) const {
    if (operations_ == kEndless) return kEndless;
    return operations_ * (thread + 1) / threads_ - operations_ * thread / threads_;
  }

  Result<Worker> MakeWorker(const Recipe& recipe, const OperationStream& stream) {
    auto client = job_.engine->NewClient();
    if (!client.ok()) return std::move(client).status();
    return Worker(std::move(client).value(), job_.keys, job_.values, recipe, stream);
  }

  Status MakeWorkers() {
    for (std::uint32_t thread = 0; thread < threads_; ++thread) {
      streams_.emplace_back(recipe_, source_, thread);
      Result<Worker> worker = MakeWorker(recipe_, streams_.back());
      if (!worker.ok()) return std::move(worker).status();
      worker->set_verdict(verdict());
      worker->set_operations(OperationsOf(thread));
      workers_.push_back(std::move(worker).value());
    }
    if (!phase_.writer_beside) return {};
    writer_recipe_.action = Action::kPut;
    writer_recipe_.choice = Choice::kUniform;
    StreamSource source = source_;
    source.entries = job_.arguments.entries;
    source.threads = 1;
    source.seed = Mix(source.seed);
    streams_.emplace_back(writer_recipe_, source, 0);
    Result<Worker> worker = MakeWorker(writer_recipe_, streams_.back());
    if (!worker.ok()) return std::move(worker).status();
    worker->set_operations(kEndless);
    writer_.emplace(std::move(worker).value());
    return {};
  }

  std::vector<Task*> Tasks() {
    std::vector<Task*> tasks;
    for (Worker& worker : workers_) tasks.push_back(&worker);
    return tasks;
  }

  void CloseClients() {
    for (const Worker& worker : workers_) tallies_.push_back(worker.tally());
    workers_.clear();
    if (writer_) writer_tally_ = writer_->tally();
    writer_.reset();
  }

  // Replays what was done and compares. Prints the sums.
  Status Judge(PhaseReport& report) {
    Tally seen;
    Tally due;
    std::uint64_t seen_sum = 0;
    bool right = true;
    for (std::uint32_t thread = 0; thread < threads_; ++thread) {
      const Tally& here = tallies_[thread];
      const Tally expected = job_.model.Replay(streams_[thread], recipe_, here.operations, sorted_);
      seen.operations += here.operations;
      seen.found += here.found;
      seen.bytes_put += here.bytes_put;
      due.found += expected.found;
      seen_sum += here.checksum.value();
      right = right && (scans_race() || here.found == expected.found) &&
              (verdict() != Verdict::kExact || here.checksum.value() == expected.checksum.value());
    }
    if (phase_.writer_beside) {
      static_cast<void>(
          job_.model.Replay(streams_.back(), writer_recipe_, writer_tally_.operations, sorted_));
    }
    report["operations"] = seen.operations;
    if (seen.bytes_put > 0) report["bytes_put"] = seen.bytes_put;
    if (writes() && (!complete() || phase_.writer_beside || scans_race())) job_.repeatable = false;
    if (recipe_.Reads()) {
      report["found"] = seen.found;
      if (!scans_race()) report["expected"] = due.found;
      if (complete() && job_.repeatable) report["checksum"] = Hexadecimal(seen_sum);
    }
    if (right) return {};
    if (Status located = VerifyStore(job_); !located.ok()) return located;
    return {StatusCode::kCorruption,
            "found " + std::to_string(seen.found) + " entries and " + std::to_string(due.found) +
                " were due, or with other values; read again, every key is right"};
  }

  static constexpr std::uint64_t kEndless = Model::kIndexMax;

  Job& job_;
  const Phase& phase_;
  Recipe recipe_;
  const std::uint32_t threads_;
  StreamSource source_;
  SortedKeys sorted_;
  OwnVector<std::uint32_t> zipf_;
  std::uint64_t operations_ = 0;
  std::vector<OperationStream> streams_;  // as they were at the start
  std::vector<Worker> workers_;
  std::vector<Tally> tallies_;
  Recipe writer_recipe_;
  std::optional<Worker> writer_;
  Tally writer_tally_;
};

}  // namespace

Status RunRecipe(Job& job, const Phase& phase) { return RecipePhase(job, phase).Run(); }

}  // namespace firn::compare
