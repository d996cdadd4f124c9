// The executor keeps the contract of env/posix_executor.h: at most workers - 1 low tasks at once,
// at most `workers` low and high ones, timely before high before low, in the order in which they
// became due.
#include "sim/simulated_runtime.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "base/check.h"

namespace firn::testing {
namespace {

class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(FiberScheduler& scheduler) : scheduler_(scheduler) {}
  [[nodiscard]] Micros Now() override { return scheduler_.Now(); }
  void SleepFor(Micros duration) override { scheduler_.SleepFor(duration); }

 private:
  FiberScheduler& scheduler_;
};

// P1 of base/cooperation.h stands in for a lock.
class SimulatedExecutor final : public Executor {
 public:
  SimulatedExecutor(FiberScheduler& scheduler, std::size_t workers)
      : scheduler_(scheduler), workers_(workers) {
    FIRN_CHECK(workers >= 2);
    for (std::size_t i = 0; i < workers + kTimelyWorkers; ++i) {
      scheduler_.Spawn("worker " + std::to_string(i), [this] { RunWorker(); });
    }
  }

  void Schedule(Priority priority, std::function<void()> task) override {
    ReadyOf(priority).push_back({++last_ticket_, std::move(task)});
    scheduler_.Notify(this);
    YieldPoint("schedule");
  }
  std::uint64_t ScheduleAfter(Micros delay, Priority priority,
                              std::function<void()> task) override {
    const std::uint64_t ticket = ++last_ticket_;
    timers_.emplace(std::pair(scheduler_.Now() + delay, ticket),
                    std::pair(priority, std::move(task)));
    scheduler_.Notify(this);
    YieldPoint("schedule");
    return ticket;
  }
  bool Cancel(std::uint64_t ticket) override {
    YieldPoint("cancel");
    for (std::deque<Task>& ready : ready_) {
      if (std::erase_if(ready, [ticket](const Task& task) { return task.ticket == ticket; }) != 0) {
        return true;
      }
    }
    return std::erase_if(timers_, [ticket](const auto& timer) {
             return timer.first.second == ticket;
           }) != 0;
  }
  [[nodiscard]] std::size_t low_slots() const override { return workers_ - 1; }
  bool RunOne() override { return false; }

  void Stop() {
    stopped_ = true;
    scheduler_.Notify(this);
  }

 private:
  struct Task {
    std::uint64_t ticket;
    std::function<void()> run;
  };

  std::deque<Task>& ReadyOf(Priority priority) {
    return ready_[static_cast<std::size_t>(priority)];
  }

  void MoveDueTimers() {
    while (!timers_.empty() && timers_.begin()->first.first <= scheduler_.Now()) {
      auto timer = timers_.extract(timers_.begin());
      ReadyOf(timer.mapped().first)
          .push_back({timer.key().second, std::move(timer.mapped().second)});
    }
  }

  void RunFirst(Priority priority) {
    const std::function<void()> run = std::move(ReadyOf(priority).front().run);
    ReadyOf(priority).pop_front();
    if (priority == Priority::kLow) ++low_running_;
    if (priority != Priority::kTimely) ++running_;
    YieldPoint("start of a job");
    run();
    if (priority == Priority::kLow) --low_running_;
    if (priority != Priority::kTimely) --running_;
  }

  void RunWorker() {
    while (true) {
      MoveDueTimers();
      if (!ReadyOf(Priority::kTimely).empty()) {
        RunFirst(Priority::kTimely);
      } else if (running_ < workers_ && !ReadyOf(Priority::kHigh).empty()) {
        RunFirst(Priority::kHigh);
      } else if (running_ < workers_ && !ReadyOf(Priority::kLow).empty() &&
                 low_running_ < low_slots()) {
        RunFirst(Priority::kLow);
      } else if (stopped_) {
        return;
      } else {
        std::optional<Micros> due;
        if (!timers_.empty()) due = timers_.begin()->first.first;
        scheduler_.WaitFor(this, "a job", due);
      }
    }
  }

  FiberScheduler& scheduler_;
  const std::size_t workers_;
  std::array<std::deque<Task>, 3> ready_;  // by Priority
  std::map<std::pair<Micros, std::uint64_t>, std::pair<Priority, std::function<void()>>> timers_;
  std::uint64_t last_ticket_ = 0;
  std::size_t low_running_ = 0;
  std::size_t running_ = 0;  // low and high
  bool stopped_ = false;
};

class SimulatedRandom final : public Random {
 public:
  explicit SimulatedRandom(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] std::uint64_t Next64() override { return random_.Next64(); }

 private:
  SeededRandom random_;
};

class SimulatedRuntimeImpl final : public SimulatedRuntime {
 public:
  SimulatedRuntimeImpl(FiberScheduler& scheduler, FileSystem& file_system, std::uint64_t seed,
                       std::size_t workers)
      : clock_(scheduler), executor_(scheduler, workers), random_(seed) {
    runtime_ = {&file_system, &clock_, &executor_, &random_};
  }
  [[nodiscard]] const Runtime& runtime() const override { return runtime_; }
  void Stop() override { executor_.Stop(); }

 private:
  SimulatedClock clock_;
  SimulatedExecutor executor_;
  SimulatedRandom random_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<SimulatedRuntime> SimulatedRuntime::Create(FiberScheduler& scheduler,
                                                           FileSystem& file_system,
                                                           std::uint64_t seed,
                                                           std::size_t workers) {
  return std::make_unique<SimulatedRuntimeImpl>(scheduler, file_system, seed, workers);
}

}  // namespace firn::testing
