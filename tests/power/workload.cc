#include "power/workload.h"

#include <cstdlib>

#include "sim/seeded_random.h"

namespace firn::power {
namespace {

constexpr char kDefault[] = "default";
constexpr std::uint64_t kKeys = 40;  // of a writer, in a keyspace

std::string KeyOf(std::size_t writer, std::uint64_t key) {
  return "w" + std::to_string(writer) + "/" + std::to_string(100 + key);
}

}  // namespace

std::vector<Workload> AllWorkloads() {
  std::vector<Workload> workloads = {
      {.name = "mostly_periodic", .seed = 1},
      {.name = "all_durable", .seed = 2, .commits = 150, .sync_every = 1},
      {.name = "never_durable", .seed = 3, .sync_every = 0},
      {.name = "two_keyspaces", .seed = 4, .keyspaces = true},
      {.name = "dropped_keyspaces", .seed = 5, .keyspace_period = 24, .keyspaces = true},
      {.name = "reopened_often", .seed = 6, .commits = 150, .reopen_every = 13, .keyspaces = true},
      {.name = "checkpoints", .seed = 7, .checkpoint_every = 35, .keyspaces = true},
      {.name = "positioned_log", .seed = 8, .keyspaces = true, .positioned_log = true},
      {.name = "several_writers", .seed = 9, .commits = 120, .writers = 4, .sync_every = 3},
      {.name = "large_values", .seed = 10, .commits = 120, .value_bytes = 6000},
      {.name = "smallest_budget", .seed = 11, .commits = 400, .sync_every = 40,
       .value_bytes = 20000, .tiny = false},
  };
  for (const std::uint64_t sync : {9u, 25u, 60u, 120u}) {
    workloads.push_back({.name = "failing_sync_" + std::to_string(sync), .seed = 20 + sync,
                         .sync_every = 3, .keyspaces = true, .fail_sync = sync});
  }
  const char* const fresh = std::getenv("FIRN_POWER_SEED");
  for (Workload& workload : workloads) {
    if (fresh != nullptr) workload.seed += 100 * std::strtoull(fresh, nullptr, 10);
  }
  return workloads;
}

std::string KeyspaceOf(const Workload& workload, std::uint64_t commit) {
  if (!workload.keyspaces) return {};
  if (workload.keyspace_period == 0) return "second";
  return "second-" + std::to_string((commit - 1) / workload.keyspace_period);
}

std::string MarkerKey(std::size_t writer) { return "w" + std::to_string(writer) + "~last"; }

Durability DurabilityOf(const Workload& workload, std::uint64_t commit) {
  const bool durable = workload.sync_every > 0 && commit % workload.sync_every == 0;
  return durable ? Durability::kSync : Durability::kPeriodic;
}

std::vector<Operation> OperationsOf(const Workload& workload, std::size_t writer,
                                    std::uint64_t commit) {
  testing::SeededRandom random((workload.seed << 32) ^ (writer << 24) ^ commit);
  const std::string second = KeyspaceOf(workload, commit);
  std::vector<Operation> operations;
  const std::uint64_t count = 1 + random.Below(workload.batch_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    Operation operation;
    operation.keyspace = !second.empty() && random.Coin() ? second : kDefault;
    operation.key = KeyOf(writer, random.Below(kKeys));
    const std::uint64_t verb = random.Below(12);
    if (verb == 0) {
      operation.kind = Operation::Kind::kDelete;
    } else if (verb == 1) {
      operation.kind = Operation::Kind::kDeleteRange;
      operation.value = KeyOf(writer, random.Below(kKeys));
    } else {
      operation.value = std::to_string(random.Next64()) +
                        std::string(random.Below(workload.value_bytes), static_cast<char>(commit));
    }
    operations.push_back(std::move(operation));
  }
  operations.push_back({.kind = Operation::Kind::kPut, .keyspace = kDefault,
                        .key = MarkerKey(writer), .value = std::to_string(commit)});
  return operations;
}

Contents ContentsAfter(const Workload& workload, std::size_t writer, std::uint64_t commits) {
  Contents contents;
  for (std::uint64_t commit = 1; commit <= commits; ++commit) {
    for (const Operation& operation : OperationsOf(workload, writer, commit)) {
      auto& table = contents[operation.keyspace];
      switch (operation.kind) {
        case Operation::Kind::kPut: table[operation.key] = operation.value; break;
        case Operation::Kind::kDelete: table.erase(operation.key); break;
        case Operation::Kind::kDeleteRange:
          if (operation.key < operation.value) {
            table.erase(table.lower_bound(operation.key), table.lower_bound(operation.value));
          }
          break;
      }
    }
  }
  return contents;
}

}  // namespace firn::power
