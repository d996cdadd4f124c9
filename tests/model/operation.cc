#include "model/operation.h"

#include <array>
#include <random>

namespace firn::testing {
namespace {

struct VerbInfo {
  const char* name;
  double weight;
};

constexpr std::array<VerbInfo, kVerbCount> kVerbs = {{
    {"put", 36},          {"delete", 9},         {"delete-range", 2.5}, {"batch", 7},
    {"put-if-absent", 2}, {"compare-and-set", 2}, {"get", 12},          {"multi-get", 2},
    {"scan", 3},          {"walk", 4},           {"take-snapshot", 1.5}, {"drop-snapshot", 1.5},
    {"read-snapshot", 3}, {"flush", 0.5},        {"compact-range", 0.4}, {"background", 8},
    {"idle", 0.2},        {"reopen", 0.5},       {"create-keyspace", 0.3}, {"drop-keyspace", 0.15},
    {"rename-keyspace", 0.15}, {"checkpoint", 0.05},
}};

}  // namespace

Plan MakePlan(std::uint64_t seed, std::size_t operations) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15ull + 1);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Plan plan;
  plan.shape = static_cast<KeyShape>(below(kKeyShapeCount));
  plan.keys = 10 + below(300);
  std::array<double, kVerbCount> weights{};
  for (int i = 0; i < kVerbCount; ++i) {
    const auto index = static_cast<std::size_t>(i);
    weights[index] = kVerbs[index].weight;
    if (i > 0 && below(8) == 0) weights[index] = 0;
    if (below(10) == 0) weights[index] *= 4;
  }
  std::discrete_distribution<int> pick(weights.begin(), weights.end());
  for (std::size_t i = 0; i < operations; ++i) {
    Operation operation;
    operation.verb = static_cast<Verb>(pick(random));
    operation.keyspace = below(3) == 0 ? below(4) : 0;
    operation.a = below(plan.keys);
    operation.b = below(plan.keys);
    operation.n = static_cast<std::uint32_t>(random());
    plan.operations.push_back(operation);
  }
  return plan;
}

std::string KeyOf(KeyShape shape, std::uint32_t index) {
  const std::string digits = std::to_string(index + 1000);
  switch (shape) {
    case KeyShape::kDense: return "key" + digits;
    case KeyShape::kLongPrefix:
      return std::string(30 + index % 3, 'p') + "/a/long/common/path/" + digits;
    case KeyShape::kBinary: {
      // Any bytes, any length from 0 on; distinct because the index is in it from length 3 on.
      if (index < 3) return std::string(index, '\0');
      std::mt19937_64 random(index);
      std::string key(random() % 12, '\0');
      for (char& byte : key) byte = static_cast<char>(random() % 4 == 0 ? 0 : random());
      key.push_back(static_cast<char>(index >> 8));
      key.push_back(static_cast<char>(index));
      key.push_back('\xff');
      return key;
    }
    case KeyShape::kEqualHeads: return "samehead" + std::string(index % 5, '\0') + digits;
  }
  return digits;
}

std::string ValueOf(std::uint32_t seed) {
  std::string value = "v" + std::to_string(seed);
  const std::uint32_t kind = seed % 37;
  if (kind == 0) return "";
  if (kind == 1) value.append(3000, static_cast<char>(seed >> 8));
  if (kind < 12) value.append(seed % 120, 'x');
  return value;
}

std::string ToText(const Operation& operation) {
  return std::string(kVerbs[static_cast<std::size_t>(operation.verb)].name) + " keyspace=" +
         std::to_string(operation.keyspace) + " a=" + std::to_string(operation.a) +
         " b=" + std::to_string(operation.b) + " n=" + std::to_string(operation.n);
}

}  // namespace firn::testing
