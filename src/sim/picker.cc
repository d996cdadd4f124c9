#include "sim/picker.h"

#include <algorithm>

#include "base/check.h"

namespace firn::testing {
namespace {

class RandomWalkPicker final : public Picker {
 public:
  explicit RandomWalkPicker(std::uint64_t seed) : random_(seed) {}
  void Added(TaskId) override {}
  void Idled(TaskId) override {}
  TaskId Pick(std::span<const TaskId> ready) override {
    return ready[random_.Below(ready.size())];
  }

 private:
  SeededRandom random_;
};

class PctPicker final : public Picker {
 public:
  PctPicker(std::uint64_t seed, std::uint32_t depth, std::uint64_t steps) : random_(seed) {
    FIRN_CHECK(depth >= 1 && steps >= 1);
    for (std::uint32_t i = 1; i < depth; ++i) {
      changes_.push_back({1 + random_.Below(steps), --lowest_});
    }
    std::sort(changes_.begin(), changes_.end(),
              [](const Change& a, const Change& b) { return a.step > b.step; });
  }

  void Added(TaskId task) override {
    FIRN_CHECK(task == priorities_.size());
    priorities_.push_back(kFirst + static_cast<std::int64_t>(random_.Next64() >> 2));
  }
  void Idled(TaskId task) override { priorities_[task] = --lowest_; }
  TaskId Pick(std::span<const TaskId> ready) override {
    ++step_;
    const TaskId highest = Highest(ready);
    if (changes_.empty() || step_ < changes_.back().step) return highest;
    priorities_[highest] = changes_.back().priority;
    changes_.pop_back();
    return Highest(ready);
  }

 private:
  struct Change {
    std::uint64_t step;
    std::int64_t priority;  // what the task that runs then falls to
  };
  // Above everything that was lowered.
  static constexpr std::int64_t kFirst = 1;

  [[nodiscard]] TaskId Highest(std::span<const TaskId> ready) const {
    return *std::max_element(ready.begin(), ready.end(), [this](TaskId a, TaskId b) {
      return priorities_[a] < priorities_[b];
    });
  }

  SeededRandom random_;
  std::vector<std::int64_t> priorities_;
  std::vector<Change> changes_;  // the next one last
  std::uint64_t step_ = 0;
  std::int64_t lowest_ = 0;
};

}  // namespace

std::unique_ptr<Picker> Picker::RandomWalk(std::uint64_t seed) {
  return std::make_unique<RandomWalkPicker>(seed);
}

std::unique_ptr<Picker> Picker::Pct(std::uint64_t seed, std::uint32_t depth, std::uint64_t steps) {
  return std::make_unique<PctPicker>(seed, depth, steps);
}

}  // namespace firn::testing
