// Commits from several threads: durable, in order, whole, and none of them lost.

#include "db/commit_pipeline.h"

#include <array>
#include <atomic>
#include <thread>

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

constexpr int kThreads = 4;

template <typename Body>
void OnThreads(int count, const Body& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

// A simulated disk under real threads.
struct ThreadedMachine {
  ThreadedMachine() { options.runtime = &runtime; }
  [[nodiscard]] std::unique_ptr<Db> Open() const {
    auto db = OpenTiny(kStore, options);
    EXPECT_EQ(db.status().ToString(), "ok");
    return std::move(db).value();
  }
  std::unique_ptr<MemoryFileSystem> files = MemoryFileSystem::Create();
  Runtime runtime = ThreadedRuntimeOver(*files);
  Options options;
};

TEST(Commits, OfFourThreadsAreDurableAndEachThreadsInOrder) {
  ThreadedMachine machine;
  constexpr int kWrites = 150;
  auto db = machine.Open();
  OnThreads(kThreads, [&](int thread) {
    for (int i = 0; i < kWrites; ++i) {
      WriteBatch batch;
      batch.Put("last" + std::to_string(thread), std::to_string(i));
      batch.Put("t" + std::to_string(thread) + KeyOf(i), std::to_string(i));
      const auto level = i % 3 == 0 ? Durability::kPeriodic : Durability::kSync;
      ASSERT_EQ(db->Write(batch, {.durability = level}).ToString(), "ok");
      ASSERT_EQ(Got(*db, "last" + std::to_string(thread)), std::to_string(i))
          << "an acknowledged write is visible to the thread that made it";
    }
  });
  EXPECT_EQ(db->GetStats().last_sequence, 2u * kThreads * kWrites);
  ASSERT_TRUE(db->Sync().ok());
  Machine later(machine.files->CrashImage({}));
  auto recovered = later.Open();
  for (int thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(Got(*recovered, "last" + std::to_string(thread)), std::to_string(kWrites - 1));
    for (int i = 0; i < kWrites; ++i) {
      ASSERT_EQ(Got(*recovered, "t" + std::to_string(thread) + KeyOf(i)), std::to_string(i));
    }
  }
}

TEST(Commits, CompareAndSetLosesNoIncrementAcrossFlushes) {
  ThreadedMachine machine;
  constexpr int kIncrements = 200;
  auto db = machine.Open();
  std::atomic<int> failures{0};
  OnThreads(kThreads, [&](int thread) {
    const Durability level = thread == 0 ? Durability::kSync : Durability::kPeriodic;
    for (int done = 0; done < kIncrements;) {
      const auto current = db->Get("counter");
      if (!current.ok()) ++failures;
      if (!current.ok()) return;
      const int before = current->has_value() ? std::stoi(**current) : 0;
      const std::optional<Slice> expected =
          current->has_value() ? std::optional<Slice>(**current) : std::nullopt;
      const auto set = db->CompareAndSet("counter", expected, std::to_string(before + 1),
                                         {.durability = level});
      if (!set.ok()) ++failures;
      if (!set.ok()) return;
      if (!*set) continue;
      ++done;
      // Fills memtables, so that the counter moves between them and tables all the time.
      if (!db->Put("fill" + KeyOf(thread * kIncrements + done), std::string(300, 'f')).ok()) {
        ++failures;
      }
    }
  });
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(Got(*db, "counter"), std::to_string(kThreads * kIncrements));
  EXPECT_GT(db->GetStats().flushes, 5u);
  ASSERT_TRUE(db->Close().ok());
  EXPECT_EQ(Got(*machine.Open(), "counter"), std::to_string(kThreads * kIncrements));
}

TEST(Commits, OnlyOneOfManyPutIfAbsentWins) {
  ThreadedMachine machine;
  auto db = machine.Open();
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> winners{0};
    OnThreads(kThreads, [&](int thread) {
      const auto stored = db->PutIfAbsent(KeyOf(round), std::to_string(thread));
      ASSERT_TRUE(stored.ok());
      if (*stored) ++winners;
    });
    ASSERT_EQ(winners.load(), 1) << round;
  }
}

// Two keys that every batch sets to the same value.
void ExpectPairs(const Db& db, std::uint64_t* newest) {
  const Slice keys[] = {"left", "right"};
  const auto values = db.MultiGet(keys);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ((*values)[0], (*values)[1]) << "multi-get";

  const Snapshot snapshot = db.GetSnapshot();
  const std::string left = Got(db, "left", {.snapshot = snapshot});
  ASSERT_EQ(Got(db, "right", {.snapshot = snapshot}), left) << "snapshot";

  Iterator iterator = db.NewIterator();
  std::array<std::string, 2> found;
  for (std::size_t i = 0; i < 2; ++i) {
    iterator.Seek(keys[i]);
    ASSERT_TRUE(iterator.status().ok()) << iterator.status().ToString();
    if (iterator.Valid() && iterator.key() == keys[i]) found[i] = iterator.value();
  }
  ASSERT_EQ(found[0], found[1]) << "iterator";
  if (found[0].empty()) return;
  const std::uint64_t now = std::stoull(found[0]);
  ASSERT_GE(now, *newest) << "time runs backwards";
  *newest = now;
}

TEST(Commits, ReadersBesideWritersSeeBatchesWhole) {
  ThreadedMachine machine;
  auto db = machine.Open();
  std::atomic<int> writing{2};
  std::atomic<std::uint64_t> next{1};
  Mutex order;
  OnThreads(kThreads, [&](int thread) {
    if (thread >= 2) {
      std::uint64_t newest = 0;
      while (writing.load() > 0) ExpectPairs(*db, &newest);
      ExpectPairs(*db, &newest);
      return;
    }
    for (int i = 0; i < 400; ++i) {
      WriteBatch batch;
      {
        MutexLock lock(order);
        const std::string value = std::to_string(next.fetch_add(1));
        batch.Put("left", value);
        batch.Put("middle" + std::to_string(i % 50), std::string(200, 'm'));
        batch.Put("right", value);
        const auto level = i % 40 == 7 ? Durability::kSync : Durability::kPeriodic;
        EXPECT_EQ(db->Write(batch, {.durability = level}).ToString(), "ok");
      }
    }
    --writing;
  });
  EXPECT_EQ(Got(*db, "left"), "800");
}

TEST(Commits, CloseBesideWritersAnswersThemAll) {
  for (int round = 0; round < 10; ++round) {
    ThreadedMachine machine;
    auto db = machine.Open();
    std::atomic<int> acknowledged{0};
    std::atomic<int> running{0};
    OnThreads(kThreads, [&](int thread) {
      ++running;
      if (thread == 0) {
        while (acknowledged.load() < 20) std::this_thread::yield();
        EXPECT_EQ(db->Close().ToString(), "ok");
        return;
      }
      for (int i = 0;; ++i) {
        const Status status = db->Put("t" + std::to_string(thread) + KeyOf(i), "v");
        if (status.ok()) {
          ++acknowledged;
          continue;
        }
        EXPECT_EQ(status.code(), StatusCode::kClosed) << status.ToString();
        return;
      }
    });
    db = machine.Open();
    Iterator iterator = db->NewIterator();
    int found = 0;
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) ++found;
    EXPECT_EQ(found, acknowledged.load());
  }
}

}  // namespace
}  // namespace firn::testing
