#include "sim/manual_runtime.h"

#include <map>
#include <utility>

#include "base/mutex.h"
#include "sim/seeded_random.h"

namespace firn::testing {
namespace {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Micros Now() override {
    MutexLock lock(mutex_);
    return now_;
  }
  void SleepFor(Micros duration) override {
    MutexLock lock(mutex_);
    if (duration > Micros(0)) now_ += duration;
  }

 private:
  Mutex mutex_;
  Micros now_ FIRN_GUARDED_BY(mutex_) = Micros(0);
};

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(Clock& clock) : clock_(clock) {}

  void Schedule(Priority priority, std::function<void()> task) override {
    Add(clock_.Now(), priority, std::move(task));
  }
  std::uint64_t ScheduleAfter(Micros delay, Priority priority,
                              std::function<void()> task) override {
    return Add(clock_.Now() + delay, priority, std::move(task));
  }
  bool Cancel(std::uint64_t ticket) override {
    MutexLock lock(mutex_);
    return std::erase_if(tasks_, [ticket](const auto& task) {
             return task.first.ticket == ticket;
           }) != 0;
  }
  [[nodiscard]] std::size_t low_slots() const override { return 1; }
  bool RunOne() override {
    const Micros now = clock_.Now();
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      const auto first = tasks_.begin();
      if (first == tasks_.end() || first->first.due > now) return false;
      task = std::move(first->second);
      tasks_.erase(first);
    }
    task();
    return true;
  }

 private:
  // The order in which tasks run: by time, then urgency, then arrival.
  struct Order {
    Micros due;
    Priority priority;
    std::uint64_t ticket;
    auto operator<=>(const Order&) const = default;
  };

  std::uint64_t Add(Micros due, Priority priority, std::function<void()> task) {
    MutexLock lock(mutex_);
    const std::uint64_t ticket = ++last_ticket_;
    tasks_.emplace(Order{due, priority, ticket}, std::move(task));
    return ticket;
  }

  Clock& clock_;
  Mutex mutex_;
  std::map<Order, std::function<void()>> tasks_ FIRN_GUARDED_BY(mutex_);
  std::uint64_t last_ticket_ FIRN_GUARDED_BY(mutex_) = 0;
};

class ManualRandom final : public Random {
 public:
  explicit ManualRandom(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] std::uint64_t Next64() override {
    MutexLock lock(mutex_);
    return random_.Next64();
  }

 private:
  Mutex mutex_;
  SeededRandom random_ FIRN_GUARDED_BY(mutex_);
};

class ManualRuntimeImpl final : public ManualRuntime {
 public:
  ManualRuntimeImpl(FileSystem& file_system, std::uint64_t seed)
      : executor_(clock_), random_(seed) {
    runtime_ = {&file_system, &clock_, &executor_, &random_};
  }
  [[nodiscard]] const Runtime& runtime() const override { return runtime_; }
  void RunUntilIdle() override {
    while (executor_.RunOne()) {
    }
  }
  void Advance(Micros duration) override { clock_.SleepFor(duration); }

 private:
  ManualClock clock_;
  ManualExecutor executor_;
  ManualRandom random_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<ManualRuntime> ManualRuntime::Create(FileSystem& file_system, std::uint64_t seed) {
  return std::make_unique<ManualRuntimeImpl>(file_system, seed);
}

}  // namespace firn::testing
