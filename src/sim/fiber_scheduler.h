// Runs tasks as fibers of one thread and decides at every lock, wait, wake-up and yield point who
// goes on. Everything it decides comes from a seed: the same seed and tasks give the same run.
//
// Use for: the engine's real locking code under all the interleavings that a seed can reach.
// Not here: the runtime that stores are opened with (simulated_runtime.h), faults of the disk.
// Threads: one. Spawn and Run from outside, everything else from inside a task.
// S1  The clock moves when no task can run, then to the next timer; when those who can run are all
//     idle; or by a jump. It never goes back.
// S2  When no task can run and no timer is set, the run ends as a deadlock, with a report of who
//     waits where.
// S3  After a run that did not end well the tasks are dropped, not unwound: what they owned leaks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cooperation.h"
#include "env/runtime.h"
#include "sim/fiber.h"
#include "sim/picker.h"

namespace firn::testing {

struct ScheduleSettings {
  std::uint64_t seed = 1;
  std::uint32_t pct_depth = 0;  // 0: a random walk
  std::uint64_t pct_steps = 1000;
  std::uint64_t steps_max = 1000000;
  std::uint32_t spurious_wake_one_in = 0;  // steps; 0: never
  std::uint32_t clock_jump_one_in = 0;     // steps; 0: never
  Micros clock_jump_max = Micros(1000000);
};

struct Outcome {
  enum class Ending : std::uint8_t { kDone, kDeadlock, kOutOfSteps };
  Ending ending = Ending::kDone;
  std::string report;  // who waits where, unless done
  std::uint64_t steps = 0;
  std::uint64_t trace = 0;  // hash of every decision
  [[nodiscard]] bool done() const { return ending == Ending::kDone; }
};

class FiberScheduler final : private Cooperation {
 public:
  explicit FiberScheduler(const ScheduleSettings& settings);
  ~FiberScheduler() override;

  // Also from inside a task.
  TaskId Spawn(std::string name, std::function<void()> body);
  // The body becomes a task of its own when the run comes to that step.
  void SpawnAtStep(std::uint64_t step, std::string name, std::function<void()> body);
  // Called at every named point with the task that is there, before anyone else may run. Must not
  // lock or wait.
  void Observe(std::function<void(TaskId task, std::string_view where)> observer);
  // Until every task has ended, or none can.
  Outcome Run();

  [[nodiscard]] TaskId running() const;
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  void Join(TaskId task);
  [[nodiscard]] Micros Now() const { return now_; }
  void SleepFor(Micros duration);
  void JumpClock(Micros forward);
  // Of Now(): what was jumped over, time in which nobody could have done anything.
  [[nodiscard]] Micros jumped() const { return jumped_; }
  // Blocks until a Notify of `key`, until `due` if set, or for no reason.
  void WaitFor(const void* key, const char* where, std::optional<Micros> due);
  void Notify(const void* key);

 private:
  struct Task;

  void Point(const char* where) override;
  void Idle() override;
  void Park(const void* key, const char* where) override;
  void Wake(const void* key, Wakes wakes) override;
  void*& Local(void (*at_end)(void* local)) override;

  void RunTask(Task& task, const std::function<void()>& body);
  void SwitchFrom(Task& task, const char* where);
  Task* Decide(const char* where);
  void Disturb();
  void FindReady();
  bool MoveClockToNextTimer();
  void WakeDue();
  void End(Outcome::Ending ending);
  void Mix(std::uint64_t value);
  [[nodiscard]] Task& RunningTask();

  const ScheduleSettings settings_;
  SeededRandom random_;
  const std::unique_ptr<Picker> picker_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<TaskId> ready_;  // scratch of Decide
  bool all_idle_ = false;      // every task in ready_ found nothing to do
  Task* running_ = nullptr;
  Task* next_ = nullptr;
  std::uint64_t spawn_step_ = 0;
  std::string spawn_name_;
  std::function<void()> spawn_body_;
  std::function<void(TaskId, std::string_view)> observer_;
  Micros now_ = Micros(0);
  Micros jumped_ = Micros(0);
  std::uint64_t steps_ = 0;
  std::uint64_t trace_ = 0;
  Outcome outcome_;
};

}  // namespace firn::testing
