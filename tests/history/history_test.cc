// Eight real threads on one store: every key's history must be explained by some order of its
// operations, and every snapshot must show whole batches, while the store flushes, merges and, in
// pauses, is closed and opened again.
//
// FIRN_HISTORY_OPERATIONS=n: operations of the larger test (default 5,000,000; a fifth of them
// under a sanitizer). FIRN_HISTORY_SEED draws others; their interleaving is the machine's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "history/client.h"
#include "testing/seeds.h"
#include "testing/tiny_store.h"

namespace firn::history {
namespace {

#if defined(FIRN_SANITIZED)
constexpr std::uint64_t kShare = 5;
#else
constexpr std::uint64_t kShare = 1;
#endif

constexpr std::uint64_t kRoundOperations = 100'000;
constexpr std::uint64_t kRoundsPerOpening = 3;

std::uint64_t Number(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

enum class Geometry : std::uint8_t { kSmallestBudget, kTiny };

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    directory_ = (std::filesystem::temp_directory_path() / "firn-history-XXXXXX").string();
    if (::mkdtemp(directory_.data()) == nullptr) std::abort();
    const std::uint64_t seed = Number("FIRN_HISTORY_SEED", 1);
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.push_back(std::make_unique<Client>(world_, i, seed));
    }
  }
  ~HistoryTest() override {
    db_.reset();
    std::filesystem::remove_all(directory_);
  }

  void RunHistory(Geometry geometry, std::uint64_t operations) {
    const std::uint64_t rounds = (operations + kRoundOperations - 1) / kRoundOperations;
    std::uint64_t left = operations;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      if (round % kRoundsPerOpening == 0) Reopen(geometry);
      if (round == 0) {
        for (const auto& client : clients_) client->OpenBank();
      }
      if (HasFatalFailure()) return;
      const std::uint64_t count = std::min(left, kRoundOperations);
      left -= count;
      RunRound(count);
      if (HasFailure()) return;
    }
    for (const auto& client : clients_) client->LetGo();
    const Status closed = db_->Close();
    EXPECT_TRUE(closed.ok()) << closed.ToString();
    std::printf("history: %llu operations, %llu checked\n",
                static_cast<unsigned long long>(operations),
                static_cast<unsigned long long>(checked_));
  }

 private:
  void Reopen(Geometry geometry) {
    world_.side = Keyspace();
    for (const auto& client : clients_) client->LetGo();
    if (db_ != nullptr) {
      const Status closed = db_->Close();
      ASSERT_TRUE(closed.ok()) << closed.ToString();
      db_.reset();
    }
    Options options;
    options.memory_budget = std::uint64_t{8} << 20;
    auto opened = geometry == Geometry::kTiny ? testing::OpenTiny(directory_ + "/store", options)
                                              : Db::Open(directory_ + "/store", options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    db_ = std::move(opened).value();
    world_.db = db_.get();
    Result<Keyspace> side = db_->OpenKeyspace(kSideKeyspace);
    if (!side.ok()) side = db_->CreateKeyspace(kSideKeyspace);
    ASSERT_TRUE(side.ok()) << side.status().ToString();
    world_.side = *side;
  }

  // All clients at once, then every register by itself: those last reads end the round's histories
  // and begin the next ones.
  void RunRound(std::uint64_t operations) {
    std::vector<std::thread> threads;
    for (const auto& client : clients_) {
      threads.emplace_back([&] { client->Run(operations / kClients); });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<std::vector<Operation>> histories(kCheckedKeys);
    for (const auto& client : clients_) {
      ASSERT_EQ(client->problem(), "");
      for (const auto& [key, operation] : client->log()) histories[key].push_back(operation);
      client->log().clear();
    }
    for (std::size_t key = 0; key < kCheckedKeys; ++key) {
      Operation last{.begin = world_.clock.Tick()};
      last.value = key < kRegisters ? ReadRegister(key) : ReadStamp(key - kRegisters);
      last.end = world_.clock.Tick();
      histories[key].push_back(last);
      checked_ += histories[key].size();
      const auto wrong = CheckRegister(std::move(histories[key]), values_[key]);
      ASSERT_EQ(wrong, std::nullopt) << "key " << key;
      values_[key] = last.value;
    }
  }

  Value ReadRegister(std::size_t key) {
    Status status;
    const Value value = history::ReadRegister(world_, key, &status);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return value;
  }
  Value ReadStamp(std::size_t group) { return clients_.front()->StampOf(group, Snapshot()); }

  std::string directory_;
  SharedWorld world_;
  std::unique_ptr<Db> db_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::array<Value, kCheckedKeys> values_{};
  std::uint64_t checked_ = 0;
};

TEST_F(HistoryTest, EightThreadsAgreeOnOneOrderOfEveryKey) {
  RunHistory(Geometry::kSmallestBudget,
             testing::SeedCount(Number("FIRN_HISTORY_OPERATIONS", 5'000'000) / kShare));
}

// Flushes and merges all the time.
TEST_F(HistoryTest, AlsoWhereMemtablesAndTablesAreTiny) {
  RunHistory(Geometry::kTiny,
             testing::SeedCount(Number("FIRN_HISTORY_OPERATIONS", 5'000'000) / 20 / kShare));
}

}  // namespace
}  // namespace firn::history
