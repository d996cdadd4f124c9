#include "workload.h"

#include <fmt/format.h>

#include <charconv>

namespace firn::kill {
namespace {

enum class Deed : std::uint8_t { kPut, kDelete, kDeleteRange };

struct Plan {
  Deed deed = Deed::kPut;
  std::size_t group = 0;
  std::size_t padding_bytes = 0;
  Durability durability = Durability::kPeriodic;
};

Plan PlanOf(const CommitName& commit) {
  Random random(commit.seed ^ (commit.number << 3) ^ commit.stream);
  Plan plan;
  plan.group = random.Below(kGroups);
  const std::uint64_t die = random.Below(16);
  if (die == 0) plan.deed = Deed::kDelete;
  if (die == 1) plan.deed = Deed::kDeleteRange;
  // Mostly small values; now and then one that does not fit a block.
  plan.padding_bytes = random.Below(64) == 0 ? 8192 : random.Below(200);
  switch (commit.stream) {
    case 0: plan.durability = Durability::kPeriodic; break;
    case 1: plan.durability = Durability::kSync; break;
    case 2: plan.durability = Durability::kNone; break;
    default: plan.durability = static_cast<Durability>(random.Below(3)); break;
  }
  return plan;
}

std::string GroupPrefix(std::size_t stream, std::size_t group) {
  return fmt::format("s{}/{:03}/", stream, group);
}

std::string ValueOf(const CommitName& commit, std::size_t padding_bytes, const std::string& key) {
  std::string value = fmt::format("{} {} {} ", key, commit.number, commit.round);
  Random random(commit.number ^ (commit.round << 40));
  for (std::size_t i = 0; i < padding_bytes; i += 8) {
    value += fmt::format("{:08x}", random.Next() >> 32);
  }
  return value;
}

std::string MarkerValue(const CommitName& commit) {
  return fmt::format("{} {}", commit.number, commit.round);
}

// Calls `each(key, value, is_side)` for the keys that `commit` puts.
template <typename Each>
void ForEachPut(const CommitName& commit, const Plan& plan, Each each) {
  const std::string prefix = GroupPrefix(commit.stream, plan.group);
  for (std::size_t i = 0; i < 2 * kKeysInEachSpace; ++i) {
    const std::string key = prefix + static_cast<char>('a' + i);
    each(key, ValueOf(commit, plan.padding_bytes, key), i % 2 == 1);
  }
}

}  // namespace

std::uint64_t Random::Next() {
  // Constants of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
  state_ += 0x9E3779B97F4A7C15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

Durability DurabilityOf(const CommitName& commit) { return PlanOf(commit).durability; }

void AppendGroup(const CommitName& commit, const Keyspace& side, WriteBatch& batch) {
  const Plan plan = PlanOf(commit);
  const std::string prefix = GroupPrefix(commit.stream, plan.group);
  if (plan.deed == Deed::kDeleteRange) {
    batch.DeleteRange(prefix, prefix + '~');
    batch.DeleteRange(prefix, prefix + '~', side);
  } else {
    ForEachPut(commit, plan, [&](const std::string& key, const std::string& value, bool is_side) {
      const Keyspace keyspace = is_side ? side : Keyspace();
      if (plan.deed == Deed::kPut) {
        batch.Put(key, value, keyspace);
      } else {
        batch.Delete(key, keyspace);
      }
    });
  }
}

void AppendMarker(const CommitName& commit, WriteBatch& batch) {
  batch.Put(MarkerKey(commit.stream), MarkerValue(commit));
}

std::string MarkerKey(std::size_t stream) { return fmt::format("last/{}", stream); }

std::uint64_t ParseMarker(Slice value) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && rest != value.data() + value.size() && *rest == ' ' ? number : 0;
}

StoreContents ExpectedContents(std::uint64_t seed, const History& history,
                               const StreamNumbers& last) {
  StoreContents contents;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    std::array<CommitName, kGroups> newest{};
    CommitName commit{.seed = seed, .stream = stream, .number = 0, .round = 0};
    while (commit.number < last[stream]) {
      ++commit.number;
      // The last round that began before this commit wrote it.
      while (commit.round + 1 < history.size() &&
             history[commit.round + 1][stream] < commit.number) {
        ++commit.round;
      }
      newest[PlanOf(commit).group] = commit;
    }
    if (commit.number > 0) contents.main[MarkerKey(stream)] = MarkerValue(commit);
    for (const CommitName& last_of_group : newest) {
      if (last_of_group.number == 0) continue;
      const Plan plan = PlanOf(last_of_group);
      if (plan.deed != Deed::kPut) continue;
      ForEachPut(last_of_group, plan,
                 [&](const std::string& key, const std::string& value, bool is_side) {
                   (is_side ? contents.side : contents.main)[key] = value;
                 });
    }
  }
  return contents;
}

}  // namespace firn::kill
