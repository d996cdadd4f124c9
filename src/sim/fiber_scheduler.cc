#include "sim/fiber_scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace firn::testing {
namespace {

std::unique_ptr<Picker> PickerOf(const ScheduleSettings& settings) {
  if (settings.pct_depth == 0) return Picker::RandomWalk(settings.seed);
  return Picker::Pct(settings.seed, settings.pct_depth, settings.pct_steps);
}

}  // namespace

struct FiberScheduler::Task {
  TaskId id = 0;
  std::string name;
  std::unique_ptr<Fiber> fiber;
  bool ended = false;
  bool parked = false;
  bool idle = false;
  const void* key = nullptr;  // parked: whose Wake ends it
  std::optional<Micros> due;  // parked: when the clock ends it
  const char* where = "its start";
  void* local = nullptr;
  void (*at_end)(void*) = nullptr;
};

FiberScheduler::FiberScheduler(const ScheduleSettings& settings)
    : settings_(settings), random_(~settings.seed), picker_(PickerOf(settings)) {}

FiberScheduler::~FiberScheduler() = default;

TaskId FiberScheduler::Spawn(std::string name, std::function<void()> body) {
  Task& task = *tasks_.emplace_back(std::make_unique<Task>());
  task.id = tasks_.size() - 1;
  task.name = std::move(name);
  task.fiber = std::make_unique<Fiber>([this, &task, run = std::move(body)] {
    RunTask(task, run);
  });
  picker_->Added(task.id);
  return task.id;
}

void FiberScheduler::SpawnAtStep(std::uint64_t step, std::string name,
                                 std::function<void()> body) {
  FIRN_CHECK(spawn_body_ == nullptr && step > steps_);
  spawn_step_ = step;
  spawn_name_ = std::move(name);
  spawn_body_ = std::move(body);
}

void FiberScheduler::Observe(std::function<void(TaskId, std::string_view)> observer) {
  observer_ = std::move(observer);
}

void FiberScheduler::RunTask(Task& task, const std::function<void()>& body) {
  body();
  if (task.local != nullptr) task.at_end(task.local);
  task.ended = true;
  Wake(&task, Wakes::kAll);
  next_ = Decide("end");
}

Outcome FiberScheduler::Run() {
  FIRN_CHECK(running_ == nullptr && current_ == nullptr);
  next_ = Decide("start");
  while (next_ != nullptr) {
    running_ = next_;
    current_ = this;
    running_->fiber->Resume();
    current_ = nullptr;
    if (running_->ended) running_->fiber = nullptr;
  }
  running_ = nullptr;
  outcome_.steps = steps_;
  outcome_.trace = trace_;
  return outcome_;
}

FiberScheduler::Task& FiberScheduler::RunningTask() {
  FIRN_CHECK(running_ != nullptr);
  return *running_;
}

TaskId FiberScheduler::running() const {
  FIRN_CHECK(running_ != nullptr);
  return running_->id;
}

void FiberScheduler::SwitchFrom(Task& task, const char* where) {
  task.where = where;
  next_ = Decide(where);
  if (next_ != &task) task.fiber->Suspend();
  task.idle = false;
}

void FiberScheduler::Point(const char* where) {
  Task& task = RunningTask();
  if (observer_) observer_(task.id, where);
  SwitchFrom(task, where);
}

void FiberScheduler::Idle() {
  Task& task = RunningTask();
  task.idle = true;
  picker_->Idled(task.id);
  SwitchFrom(task, "nothing to do");
}

void FiberScheduler::Park(const void* key, const char* where) { WaitFor(key, where, std::nullopt); }

void FiberScheduler::WaitFor(const void* key, const char* where, std::optional<Micros> due) {
  Task& task = RunningTask();
  task.parked = true;
  task.key = key;
  task.due = due;
  SwitchFrom(task, where);
  task.due.reset();
}

void FiberScheduler::Notify(const void* key) { Wake(key, Wakes::kAll); }

void FiberScheduler::Wake(const void* key, Wakes wakes) {
  ready_.clear();
  for (const auto& task : tasks_) {
    if (task->ended || !task->parked || task->key != key) continue;
    if (wakes == Wakes::kAll) {
      task->parked = false;
    } else {
      ready_.push_back(task->id);
    }
  }
  if (!ready_.empty()) tasks_[ready_[random_.Below(ready_.size())]]->parked = false;
}

void*& FiberScheduler::Local(void (*at_end)(void* local)) {
  Task& task = RunningTask();
  FIRN_CHECK(task.at_end == nullptr || task.at_end == at_end);
  task.at_end = at_end;
  return task.local;
}

void FiberScheduler::Join(TaskId task) {
  while (!tasks_[task]->ended) WaitFor(tasks_[task].get(), "the end of a task", {});
}

void FiberScheduler::SleepFor(Micros duration) {
  const Micros due = now_ + duration;
  while (now_ < due) WaitFor(&RunningTask().due, "a moment", due);
}

void FiberScheduler::JumpClock(Micros forward) {
  FIRN_CHECK(forward >= Micros(0));
  now_ += forward;
  jumped_ += forward;
  WakeDue();
}

FiberScheduler::Task* FiberScheduler::Decide(const char* where) {
  if (++steps_ > settings_.steps_max) {
    End(Outcome::Ending::kOutOfSteps);
    return nullptr;
  }
  Disturb();
  FindReady();
  // An idle task looks again before those run whom the timer woke: they might leave it no turn.
  if (all_idle_ && MoveClockToNextTimer() && ready_.empty()) FindReady();
  if (ready_.empty()) {
    const bool all_ended = std::all_of(tasks_.begin(), tasks_.end(),
                                       [](const auto& task) { return task->ended; });
    if (!all_ended) End(Outcome::Ending::kDeadlock);
    return nullptr;
  }
  Task* const task = tasks_[picker_->Pick(ready_)].get();
  Mix(task->id);
  for (const char* at = where; *at != '\0'; ++at) Mix(static_cast<unsigned char>(*at));
  Mix(static_cast<std::uint64_t>(now_.count()));
  return task;
}

// What may happen at any step without anyone's doing.
void FiberScheduler::Disturb() {
  if (steps_ == spawn_step_) Spawn(std::move(spawn_name_), std::move(spawn_body_));
  if (settings_.clock_jump_one_in != 0 && random_.Below(settings_.clock_jump_one_in) == 0) {
    JumpClock(Micros(static_cast<std::int64_t>(
        random_.Below(static_cast<std::uint64_t>(settings_.clock_jump_max.count())))));
  }
  if (settings_.spurious_wake_one_in != 0 && random_.Below(settings_.spurious_wake_one_in) == 0) {
    tasks_[random_.Below(tasks_.size())]->parked = false;
  }
}

void FiberScheduler::FindReady() {
  ready_.clear();
  all_idle_ = true;
  for (const auto& task : tasks_) {
    if (task->ended || task->parked) continue;
    ready_.push_back(task->id);
    all_idle_ = all_idle_ && task->idle;
  }
}

bool FiberScheduler::MoveClockToNextTimer() {
  std::optional<Micros> earliest;
  for (const auto& task : tasks_) {
    if (task->ended || !task->parked || !task->due.has_value()) continue;
    if (!earliest.has_value() || *task->due < *earliest) earliest = task->due;
  }
  if (!earliest.has_value()) return false;
  now_ = std::max(now_, *earliest);
  WakeDue();
  return true;
}

void FiberScheduler::WakeDue() {
  for (const auto& task : tasks_) {
    if (task->due.has_value() && *task->due <= now_) task->parked = false;
  }
}

void FiberScheduler::End(Outcome::Ending ending) {
  outcome_.ending = ending;
  outcome_.report = ending == Outcome::Ending::kDeadlock ? "deadlock:" : "out of steps:";
  for (const auto& task : tasks_) {
    if (task->ended) continue;
    outcome_.report += "\n  " + task->name + (task->parked ? " waits for " : " is at ") +
                       task->where;
  }
}

void FiberScheduler::Mix(std::uint64_t value) {
  // FNV-1a, a word at a time.
  trace_ = (trace_ ^ value) * 0x100000001B3u;
}

}  // namespace firn::testing
