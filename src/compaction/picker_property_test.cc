// Random trees, choices executed by a model, several at once: what the picker promises (P1-P4), and
// that no execution ever brings an older version of a key above a newer one.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "compaction/picker.h"
#include "testing/fake_table.h"
#include "version/version_edit.h"

namespace firn {
namespace {

using testing::MakeFakeTable;

constexpr int kKeys = 200;

// What a table holds: the newest sequence of each key; a tombstone when odd.
using Content = std::map<int, SequenceNumber>;

std::string KeyOf(int key) {
  std::string text = std::to_string(key);
  return std::string(4 - text.size(), '0') + text;
}

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed * 2 + 1) {
    policy_.table_bytes = 64;
    policy_.droppable_max = kSequenceMax;
    policy_.runs_per_level = 2 + Next(4);
    policy_.size_ratio_max = 1 + Next(5);
    policy_.moves_to_last = Next(2) == 0;
  }

  std::uint64_t Next(std::uint64_t below) {
    random_ = random_ * 6364136223846793005ull + 1442695040888963407ull;
    return (random_ >> 33) % below;
  }

  [[nodiscard]] const Tree& tree() const { return *version_->FindTree(0); }
  [[nodiscard]] const CompactionPolicy& policy() const { return policy_; }
  [[nodiscard]] const RunningJobs& jobs() const { return jobs_; }
  [[nodiscard]] std::size_t running() const { return running_.size(); }

  void Flush() {
    Content content;
    const int first = static_cast<int>(Next(kKeys));
    const int width = 1 + static_cast<int>(Next(Next(3) == 0 ? kKeys : 20));
    for (std::uint64_t i = 0; i < 1 + Next(30); ++i) {
      const int key = (first + static_cast<int>(Next(static_cast<std::uint64_t>(width)))) % kKeys;
      next_sequence_ += 1 + Next(4) / 3;
      content[key] = next_sequence_;
      truth_[key] = next_sequence_;
    }
    ++next_sequence_;
    Install({}, content, 0, std::nullopt, PickCutPoints(tree(), policy_, content.size()));
  }

  // Overwrites evenly spread keys of a key space of any size; reads are not checked.
  void FlushEvenly(std::size_t count, std::uint64_t keys) {
    Content content;
    while (content.size() < count) {
      next_sequence_ = (next_sequence_ + 2) & ~SequenceNumber{1};  // even: puts only
      content[static_cast<int>(Next(keys))] = next_sequence_;
    }
    bytes_flushed_ += 4 * count;
    Install({}, content, 0, std::nullopt, PickCutPoints(tree(), policy_, 4 * count));
  }
  CompactionPolicy& mutable_policy() { return policy_; }
  [[nodiscard]] std::uint64_t bytes_flushed() const { return bytes_flushed_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }

  void Start(const CompactionChoice& choice) {
    CheckChoice(choice);
    for (const CompactionInput& input : choice.inputs) {
      ASSERT_FALSE(jobs_.Reads(input.table->metadata().number)) << "P2: a busy table was chosen";
    }
    jobs_.Begin(choice);
    running_.push_back(choice);
  }

  void FinishOne() {
    const std::size_t which = Next(running_.size());
    const CompactionChoice choice = running_[which];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
    jobs_.End(choice);
    if (choice.trivial_move) {
      Move(choice);
      return;
    }
    Content merged;
    for (const CompactionInput& input : choice.inputs) {
      for (const auto& [key, sequence] : contents_[input.table->metadata().number.value]) {
        SequenceNumber& newest = merged[key];
        newest = std::max(newest, sequence);
      }
    }
    if (choice.bottom) {
      std::erase_if(merged, [](const auto& entry) { return entry.second % 2 == 1; });
    }
    Install(choice.inputs, merged, choice.output_level, OutputRun(tree(), choice.output_level),
            choice.cut_points);
  }

  // Reads every key through runs in order; the first answer must be the newest.
  void CheckReads() {
    for (int key = 0; key < kKeys; ++key) {
      const auto truth = truth_.find(key);
      const SequenceNumber newest = truth == truth_.end() ? 0 : truth->second;
      SequenceNumber above = kSequenceMax;
      bool first = true;
      for (const auto& level : tree().levels) {
        for (const auto& run : level) {
          const SequenceNumber found = Lookup(*run, key);
          if (found == 0) continue;
          const SequenceNumber expected = first ? newest : found;
          ASSERT_EQ(found, expected) << "key " << key;
          first = false;
          ASSERT_LT(found, above) << "V2: key " << key;
          above = found;
        }
      }
      ASSERT_TRUE(!first || newest == 0 || newest % 2 == 1) << "lost key " << key;
    }
    const Status status = CheckInvariants(tree());
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

 private:
  SequenceNumber Lookup(const Run& run, int key) {
    const std::string text = KeyOf(key);
    const TableReader* table = run.Find(text, KeyHead(text));
    if (table == nullptr) return 0;
    const Content& content = contents_[table->metadata().number.value];
    const auto found = content.find(key);
    return found == content.end() ? 0 : found->second;
  }

  void CheckChoice(const CompactionChoice& choice) {
    ASSERT_FALSE(choice.inputs.empty());
    ASSERT_TRUE(choice.output_level == kLastLevel || !choice.output_run.has_value());
    ASSERT_TRUE(std::is_sorted(choice.cut_points.begin(), choice.cut_points.end()));
    if (!choice.bottom) return;
    std::set<std::uint64_t> inputs;
    std::set<int> keys;
    std::uint8_t top = kLastLevel;
    RunId newest{};
    for (const CompactionInput& input : choice.inputs) {
      inputs.insert(input.table->metadata().number.value);
      for (const auto& entry : contents_[input.table->metadata().number.value]) {
        keys.insert(entry.first);
      }
      if (input.level < top) newest = {};
      top = std::min(top, input.level);
      if (input.level == top) newest = std::max(newest, input.run);
    }
    for (std::size_t level = top; level < kLevelsMax; ++level) {
      for (const auto& run : tree().levels[level]) {
        if (level == top && run->id > newest) continue;
        for (const auto& table : run->tables) {
          if (inputs.contains(table->metadata().number.value)) continue;
          for (const auto& entry : contents_[table->metadata().number.value]) {
            ASSERT_FALSE(keys.contains(entry.first)) << "bottom, but older entries lie outside";
          }
        }
      }
    }
  }

  static void Remove(VersionEdit& edit, const std::vector<CompactionInput>& inputs) {
    for (const CompactionInput& input : inputs) {
      edit.removed.push_back({0, input.level, input.run, input.table->metadata().number});
    }
  }

  void Move(const CompactionChoice& choice) {
    VersionEdit edit;
    Remove(edit, choice.inputs);
    const auto joined = OutputRun(tree(), choice.output_level);
    const RunId run = joined.has_value() ? *joined : RunId{next_run_++};
    for (const CompactionInput& input : choice.inputs) {
      edit.added.push_back({0, choice.output_level, run, input.table->metadata()});
    }
    ApplyEdit(edit);
  }

  void Install(const std::vector<CompactionInput>& inputs, const Content& content,
               std::uint8_t level, std::optional<RunId> joined,
               const std::vector<std::string>& cuts = {}) {
    VersionEdit edit;
    Remove(edit, inputs);
    const RunId run = joined.has_value() ? *joined : RunId{next_run_++};
    Content piece;
    const auto finish = [&] {
      if (piece.empty()) return;
      TableMetadata table;
      table.number = {next_number_++};
      table.file_bytes = 4 * piece.size();
      table.lower = KeyOf(piece.begin()->first);
      table.upper = KeyOf(piece.rbegin()->first);
      table.entries = piece.size();
      table.sequence_min = kSequenceMax;
      for (const auto& [key, sequence] : piece) {
        table.deletes += sequence % 2;
        table.sequence_min = std::min(table.sequence_min, sequence);
        table.sequence_max = std::max(table.sequence_max, sequence);
      }
      bytes_written_ += table.file_bytes;
      contents_[table.number.value] = std::move(piece);
      piece = {};
      edit.added.push_back({0, level, run, table});
    };
    for (const auto& [key, sequence] : content) {
      const bool cut = std::binary_search(cuts.begin(), cuts.end(), KeyOf(key));
      if (cut || 4 * piece.size() >= policy_.table_bytes) finish();
      piece[key] = sequence;
    }
    finish();
    ApplyEdit(edit);
  }

  void ApplyEdit(const VersionEdit& edit) {
    auto next = Apply(*version_, edit, MakeFakeTable);
    ASSERT_TRUE(next.ok()) << next.status().ToString();
    version_ = *next;
  }

  std::uint64_t random_;
  CompactionPolicy policy_;
  std::shared_ptr<const Version> version_ = MakeEmptyVersion();
  std::map<std::uint64_t, Content> contents_;
  std::map<int, SequenceNumber> truth_;
  RunningJobs jobs_;
  std::vector<CompactionChoice> running_;
  SequenceNumber next_sequence_ = 1;
  std::uint64_t next_number_ = 1;
  std::uint64_t next_run_ = 1;
  std::uint64_t bytes_flushed_ = 0;
  std::uint64_t bytes_written_ = 0;
};

class PickerProperty : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(PickerProperty, KeepsTheOrderOfVersionsWhateverRunsAtOnce) {
  Model model(GetParam());
  for (int step = 0; step < 400; ++step) {
    const std::uint64_t action = model.Next(10);
    if (action < 4) {
      model.Flush();
    } else if (action < 8) {
      const Urgency urgency = model.Next(3) == 0 ? Urgency::kIdle : Urgency::kNeeded;
      std::optional<CompactionChoice> choice;
      if (model.Next(8) == 0) {
        const std::string lower = KeyOf(static_cast<int>(model.Next(kKeys)));
        const std::string upper = KeyOf(static_cast<int>(model.Next(kKeys)));
        choice = PickRange(model.tree(), model.policy(), model.jobs(), lower, upper);
      } else {
        choice = PickCompaction(model.tree(), model.policy(), model.jobs(), urgency);
      }
      if (choice.has_value()) model.Start(*choice);
    } else if (model.running() > 0) {
      model.FinishOne();
    }
    model.CheckReads();
    if (HasFatalFailure()) return;
  }
}

// Executes until nothing is picked; the steps needed, or the limit.
template <typename Picking>
int Drain(Model& model, Picking&& pick) {
  constexpr int kStepsMax = 2000;
  int steps = 0;
  while (steps < kStepsMax) {
    const auto choice = pick();
    if (!choice.has_value()) break;
    model.Start(*choice);
    model.FinishOne();
    ++steps;
  }
  EXPECT_LT(steps, kStepsMax) << "P4: picking does not end";
  return steps;
}

TEST_P(PickerProperty, ComesToAnEndAndLeavesTheTreeInShape) {
  Model model(GetParam());
  for (int round = 0; round < 30; ++round) {
    for (std::uint64_t i = 0; i < 1 + model.Next(20); ++i) model.Flush();
    Drain(model,
          [&] { return PickCompaction(model.tree(), model.policy(), {}, Urgency::kNeeded); });
    for (std::uint8_t level = 0; level < kLastLevel; ++level) {
      EXPECT_LT(model.tree().levels[level].size(), model.policy().runs_per_level);
    }
    if (round % 3 == 0) {
      Drain(model,
            [&] { return PickCompaction(model.tree(), model.policy(), {}, Urgency::kIdle); });
      for (std::uint8_t level = 0; level + 1 < kLastLevel; ++level) {
        EXPECT_LE(model.tree().levels[level].size(), 1u);
      }
    }
    model.CheckReads();
    if (HasFatalFailure()) return;
  }
}

TEST_P(PickerProperty, LeavesOneCleanRunAfterCompactingEverything) {
  Model model(GetParam());
  for (int i = 0; i < 40; ++i) {
    model.Flush();
    if (i % 4 != 0) continue;
    if (const auto choice = PickCompaction(model.tree(), model.policy(), {}, Urgency::kNeeded)) {
      model.Start(*choice);
      model.FinishOne();
    }
  }
  Drain(model,
        [&] { return PickRange(model.tree(), model.policy(), {}, std::nullopt, std::nullopt); });
  model.CheckReads();
  EXPECT_LE(model.tree().run_count(), 1u);
  const auto* last = model.tree().last_run();
  EXPECT_TRUE(last == nullptr || last->deletes == 0);
}

// The arithmetic of docs/compaction.md, "Picking", on even overwrites: the worst case, since every
// table overlaps some table of every other run.
TEST(PickerAmplification, StaysWithinTheArithmetic) {
  constexpr std::size_t kFlushEntries = 64;
  constexpr std::uint64_t kFlushBytes = 4 * kFlushEntries;
  for (const std::uint64_t ratio : {4u, 16u, 64u}) {  // of last level to flush
    Model model(1);
    model.mutable_policy() = {.table_bytes = kFlushBytes / 2};
    const std::uint64_t keys = ratio * kFlushEntries;
    std::uint64_t steps = 0;  // n: tiered levels a flushed byte passes before L <= R U
    for (std::uint64_t reach = 4 * kFlushBytes; reach < 4 * keys; reach *= 4) ++steps;
    std::uint64_t flushed = 0;
    std::uint64_t written = 0;
    std::size_t runs_max = 0;
    std::uint64_t upper_max = 0;
    for (std::uint64_t round = 0; round < 20 * ratio; ++round) {
      if (round == 10 * ratio) {  // the last level has its size now
        flushed = model.bytes_flushed();
        written = model.bytes_written();
      }
      model.FlushEvenly(kFlushEntries, keys);
      while (const auto choice =
                 PickCompaction(model.tree(), model.policy(), {}, Urgency::kNeeded)) {
        model.Start(*choice);
        model.FinishOne();
        if (HasFatalFailure()) return;
      }
      const auto* last = model.tree().last_run();
      runs_max = std::max(runs_max, model.tree().run_count());
      upper_max =
          std::max(upper_max, model.tree().file_bytes() - (last == nullptr ? 0 : last->file_bytes));
    }
    const double amplification = static_cast<double>(model.bytes_written() - written) /
                                 static_cast<double>(model.bytes_flushed() - flushed);
    ASSERT_NE(model.tree().last_run(), nullptr);
    EXPECT_GE(model.tree().last_run()->file_bytes, 4 * keys * 9 / 10) << "not the case meant";
    EXPECT_LE(amplification, 1.0 + static_cast<double>(steps) + 5.0) << "ratio " << ratio;
    EXPECT_LE(runs_max, 3 * (steps + 1) + 1) << "ratio " << ratio;
    EXPECT_LE(upper_max, 4 * keys / 4 + 4 * kFlushBytes) << "ratio " << ratio;
    std::printf("L/F %3llu: writes %.2f, at most %zu runs, above the last %.2f of it\n",
                static_cast<unsigned long long>(ratio), amplification, runs_max,
                static_cast<double>(upper_max) / static_cast<double>(4 * keys));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PickerProperty, ::testing::Range<std::uint64_t>(0, 25));

}  // namespace
}  // namespace firn
