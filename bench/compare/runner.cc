#include "runner.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace firn::compare {
namespace {

constexpr std::uint64_t kSampleEvery = 16;
constexpr auto kWatchEvery = std::chrono::milliseconds(100);
constexpr Nanoseconds kSecond = 1'000'000'000;

// What one thread shows to the others while it runs.
struct alignas(128) Lane {
  std::atomic<std::uint64_t> operations{0};  // read by the watching thread
  Status status;                             // read after the join
  Latencies latencies;                       // read after the join
  Nanoseconds ended = 0;                     // read after the join
};

class Race {
 public:
  Race(const RunLimits& limits, std::size_t runners)
      : limits_(limits), start_(static_cast<std::ptrdiff_t>(runners) + 1) {}

  void Start() {
    started_ = Now();
    deadline_ = limits_.seconds > 0 ? started_ + static_cast<Nanoseconds>(limits_.seconds * 1e9)
                                    : ~Nanoseconds{0};
    start_.arrive_and_wait();
  }

  void RunTask(Task& task, Lane& lane) {
    start_.arrive_and_wait();
    for (std::uint64_t call = 0; !task.Done(); ++call) {
      if (call % kSampleEvery != 0) {
        lane.status = task.Call();
      } else {
        const Nanoseconds before = Now();
        lane.status = task.Call();
        const Nanoseconds after = Now();
        lane.latencies.Add(after - before);
        lane.operations.store(task.operations(), std::memory_order_relaxed);
        if (after >= deadline_ || stop_.load(std::memory_order_relaxed)) break;
      }
      if (!lane.status.ok()) [[unlikely]]
        break;
    }
    if (lane.status.ok()) lane.status = task.Finish();
    lane.ended = Now();
    if (!lane.status.ok()) stop_.store(true, std::memory_order_relaxed);
    lane.operations.store(task.operations(), std::memory_order_relaxed);
  }

  void RunBackground(Task& task, Lane& lane) {
    start_.arrive_and_wait();
    for (std::uint64_t call = 0; !stop_.load(std::memory_order_relaxed); ++call) {
      if (limits_.background_rate > 0 && call % kSampleEvery == 0) Pace(call);
      lane.status = task.Call();
      if (!lane.status.ok()) break;
    }
    lane.ended = Now();
    if (!lane.status.ok()) stop_.store(true, std::memory_order_relaxed);
  }

  void Stop() { stop_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] Nanoseconds started() const { return started_; }

 private:
  void Pace(std::uint64_t call) const {
    const Nanoseconds due = started_ + call * kSecond / limits_.background_rate;
    const Nanoseconds now = Now();
    if (due > now) std::this_thread::sleep_for(std::chrono::nanoseconds(due - now));
  }

  const RunLimits limits_;
  std::latch start_;
  Nanoseconds started_ = 0;   // written before the start
  Nanoseconds deadline_ = 0;  // written before the start
  std::atomic<bool> stop_{false};
};

// Looks at the lanes ten times a second until told to end.
class Watch {
 public:
  Watch(const std::vector<std::unique_ptr<Lane>>& lanes, Nanoseconds started,
        const Watcher& watcher)
      : lanes_(lanes), started_(started), watcher_(watcher), thread_([this] { Loop(); }) {}

  // The timeline.
  std::vector<std::pair<double, std::uint64_t>> End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_one();
    thread_.join();
    return std::move(timeline_);
  }

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kWatchEvery, [this] { return ended_; })) {
      std::uint64_t operations = 0;
      for (const auto& lane : lanes_) {
        operations += lane->operations.load(std::memory_order_relaxed);
      }
      timeline_.emplace_back(Seconds(Now() - started_), operations);
      watcher_(operations);
    }
  }

  const std::vector<std::unique_ptr<Lane>>& lanes_;
  const Nanoseconds started_;
  const Watcher& watcher_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;  // under mutex_
  std::vector<std::pair<double, std::uint64_t>> timeline_;
  std::thread thread_;  // last: uses the others
};

std::vector<std::unique_ptr<Lane>> MakeLanes(std::size_t count) {
  constexpr std::uint64_t kSamplesReserved = 1 << 20;
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t i = 0; i < count; ++i) {
    lanes.push_back(std::make_unique<Lane>());
    lanes.back()->latencies.Reserve(kSamplesReserved);
  }
  return lanes;
}

}  // namespace

Result<RunResult> Run(std::span<Task* const> tasks, Task* background, const RunLimits& limits,
                      const Watcher& watcher) {
  const std::vector<std::unique_ptr<Lane>> lanes = MakeLanes(tasks.size());
  Lane background_lane;
  Race race(limits, tasks.size() + (background != nullptr ? 1 : 0));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    threads.emplace_back([&, i] { race.RunTask(*tasks[i], *lanes[i]); });
  }
  std::thread beside;
  if (background != nullptr) {
    beside = std::thread([&] { race.RunBackground(*background, background_lane); });
  }
  race.Start();
  Watch watch(lanes, race.started(), watcher);
  for (std::thread& thread : threads) thread.join();
  race.Stop();
  if (beside.joinable()) beside.join();

  RunResult result;
  result.timeline = watch.End();
  Nanoseconds ended = race.started();
  std::uint64_t operations = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!lanes[i]->status.ok()) return lanes[i]->status;
    ended = std::max(ended, lanes[i]->ended);
    operations += tasks[i]->operations();
    result.latencies.Merge(lanes[i]->latencies);
  }
  if (!background_lane.status.ok()) return background_lane.status;
  result.seconds = Seconds(ended - race.started());
  result.timeline.emplace_back(result.seconds, operations);
  result.latencies.Sort();
  if (background != nullptr) {
    result.background_seconds = Seconds(background_lane.ended - race.started());
  }
  return result;
}

}  // namespace firn::compare
