// Delta debugging (Zeller, Hildebrandt 2002) over the list of operations and the range of faults;
// settings are tried one by one. All of it again until a whole round changes nothing.
#include "torture/reducer.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace firn::testing {
namespace {

class Reducer {
 public:
  Reducer(const Plan& plan, const std::string& failure, const Simulator& simulate,
          const ReducerSettings& settings, const std::function<void(std::size_t)>& progress)
      : kind_(KindOf(failure)),
        simulate_(simulate),
        settings_(settings),
        progress_(progress),
        best_(plan) {
    best_.only = plan.Operations();
  }

  Reduction Run() {
    std::size_t before = 0;
    do {
      before = changes_;
      SimplifySettings();
      DropOperations();
      NarrowFaults();
    } while (changes_ != before && !Spent());
    Plan plan = best_;
    plan.narrate = true;
    Reduction reduction{plan, simulate_(plan), runs_ + 1};
    return reduction;
  }

 private:
  [[nodiscard]] bool Spent() const { return runs_ >= settings_.runs_max; }

  // Takes the candidate if it fails as the plan did under some schedule. With less to do, what
  // mattered comes earlier: power is lost earlier too.
  bool Try(Plan candidate) {
    const std::uint64_t first = candidate.schedule.seed;
    const std::uint64_t crash = candidate.crash_step;
    for (std::size_t i = 0; i < settings_.schedules && !Spent(); ++i) {
      candidate.schedule.seed = first + i;
      candidate.crash_step = crash - crash * i / settings_.schedules;
      if (progress_) progress_(runs_);
      ++runs_;
      if (KindOf(simulate_(candidate).failure) != kind_) continue;
      best_ = std::move(candidate);
      ++changes_;
      return true;
    }
    return false;
  }

  // Only if it is not so already.
  template <typename Value>
  void Simplify(Value Plan::*setting, const Value& simple) {
    if (best_.*setting == simple) return;
    Plan candidate = best_;
    candidate.*setting = simple;
    Try(std::move(candidate));
  }

  void SimplifySettings() {
    if (best_.has_faults()) {
      Plan candidate = best_;
      candidate.faults = FaultRates{};
      Try(std::move(candidate));
    }
    Simplify<std::uint64_t>(&Plan::crash_step, 0);
    Simplify<std::uint32_t>(&Plan::stall_one_in, 0);
    Simplify<std::uint32_t>(&Plan::latency_one_in, 0);
    SimplifySchedule();
    Simplify<std::size_t>(&Plan::workers, 2);
    SimplifyStore();
    // Fewer keys and shorter values are other operations, so they come when few are left to lose.
    for (const std::uint64_t keys : {2u, 6u}) {
      if (keys < best_.keys) Simplify<std::uint64_t>(&Plan::keys, keys);
    }
    if (best_.value_bytes > 8) Simplify<std::uint64_t>(&Plan::value_bytes, 8);
  }

  void SimplifySchedule() {
    const auto without = [&](std::uint32_t ScheduleSettings::*setting) {
      if (best_.schedule.*setting == 0) return;
      Plan candidate = best_;
      candidate.schedule.*setting = 0;
      Try(std::move(candidate));
    };
    without(&ScheduleSettings::spurious_wake_one_in);
    without(&ScheduleSettings::clock_jump_one_in);
    without(&ScheduleSettings::pct_depth);
  }

  void SimplifyStore() {
    if (best_.options.compression != Compression::kNone) {
      Plan candidate = best_;
      candidate.options.compression = Compression::kNone;
      Try(std::move(candidate));
    }
    if (best_.options.log_backend != LogBackend::kPositioned) {
      Plan candidate = best_;
      candidate.options.log_backend = LogBackend::kPositioned;
      Try(std::move(candidate));
    }
  }

  void DropOperations() {
    for (std::size_t client = 0; client < best_.clients; ++client) {
      Without([&](const OperationId& each) { return each.client == client; });
    }
    for (std::size_t piece = best_.only->size(); piece > 0; piece /= 2) {
      for (std::size_t begin = 0; begin < best_.only->size() && !Spent();) {
        const std::size_t end = std::min(begin + piece, best_.only->size());
        const std::vector<OperationId> gone(
            best_.only->begin() + static_cast<std::ptrdiff_t>(begin),
            best_.only->begin() + static_cast<std::ptrdiff_t>(end));
        const bool dropped = Without([&](const OperationId& each) {
          return std::find(gone.begin(), gone.end(), each) != gone.end();
        });
        if (!dropped) begin = end;
      }
    }
  }

  template <typename Predicate>
  bool Without(const Predicate& gone) {
    Plan candidate = best_;
    if (std::erase_if(*candidate.only, gone) == 0) return false;
    return Try(std::move(candidate));
  }

  // One fault is the smallest range: from both ends, in ever smaller steps.
  void NarrowFaults() {
    if (!best_.has_faults()) return;
    if (best_.faults.last == UINT64_MAX) {
      for (std::uint64_t last = 1; last < 1024 && best_.faults.last == UINT64_MAX; last *= 2) {
        Plan candidate = best_;
        candidate.faults.last = last;
        Try(std::move(candidate));
      }
    }
    if (best_.faults.last == UINT64_MAX) return;
    for (std::uint64_t step = 512; step > 0; step /= 2) {
      Narrow(step, 0);
      Narrow(0, step);
    }
  }

  void Narrow(std::uint64_t from_begin, std::uint64_t from_end) {
    while (best_.faults.last - best_.faults.first >= from_begin + from_end && !Spent()) {
      Plan candidate = best_;
      candidate.faults.first += from_begin;
      candidate.faults.last -= from_end;
      if (!Try(std::move(candidate))) return;
    }
  }

  const std::string kind_;
  const Simulator& simulate_;
  const ReducerSettings settings_;
  const std::function<void(std::size_t)>& progress_;
  Plan best_;
  std::size_t runs_ = 0;
  std::size_t changes_ = 0;
};

std::string Plural(std::uint64_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

}  // namespace

Reduction Reduce(const Plan& plan, const std::string& failure, const Simulator& simulate,
                 const ReducerSettings& settings,
                 const std::function<void(std::size_t)>& progress) {
  return Reducer(plan, failure, simulate, settings, progress).Run();
}

std::string KindOf(const std::string& failure) {
  std::string_view text = failure;
  // A run that stands still lists who waits where, which differs from schedule to schedule.
  text = text.substr(0, text.find('\n', text.starts_with('\n') ? 1 : 0));
  if (text.starts_with("operation ")) text.remove_prefix(text.find(": ") + 2);
  std::string kind;
  bool quoted = false;
  for (const char each : text) {
    const bool quote = each == '"' || each == '\'';
    if (quote) quoted = !quoted;
    if (!quote && !quoted && (each < '0' || each > '9')) kind += each;
  }
  return kind;
}

std::string InWords(const Reduction& reduction) {
  const Plan& plan = reduction.plan;
  std::set<std::size_t> clients;
  for (const OperationId& operation : plan.Operations()) clients.insert(operation.client);
  std::string text = Plural(clients.size(), "client") + ", " +
                     Plural(plan.Operations().size(), "operation") + ", " +
                     Plural(reduction.verdict.faults, "fault") +
                     (plan.crash_step == 0 ? "" : ", power lost at step " +
                                                      std::to_string(plan.crash_step)) +
                     "\n  " + ToText(plan) + '\n';
  for (const std::string& line : reduction.verdict.told) text += "  " + line + '\n';
  return text + reduction.verdict.failure + '\n';
}

}  // namespace firn::testing
