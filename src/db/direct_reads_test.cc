// Options::direct_reads: refused where it cannot be, and otherwise no other answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "db/store_fixture.h"
#include "firn/repair.h"
#include "firn/verify.h"

namespace firn::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kKeys = 3000;

std::string ValueOf(int n, int round) {
  return std::to_string(round) + std::string(static_cast<std::size_t>(n % 300), 'v');
}

void Fill(Db& db, int round) {
  for (int n = round; n < kKeys; n += 2) ASSERT_TRUE(db.Put(KeyOf(n), ValueOf(n, round)).ok());
  ASSERT_TRUE(db.Flush().ok());
}

// Both ways, and every key by itself.
void ExpectAll(const Db& db) {
  Iterator iterator = db.NewIterator();
  int next = 0;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next(), ++next) {
    ASSERT_EQ(iterator.key(), KeyOf(next));
    ASSERT_EQ(iterator.value(), ValueOf(next, next % 2));
  }
  EXPECT_EQ(iterator.status().ToString(), "ok");
  EXPECT_EQ(next, kKeys);
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) {
    ASSERT_EQ(iterator.key(), KeyOf(--next));
  }
  EXPECT_EQ(iterator.status().ToString(), "ok");
  EXPECT_EQ(next, 0);
  for (int n = 0; n < kKeys; n += 7) ASSERT_EQ(Got(db, KeyOf(n)), ValueOf(n, n % 2));
}

TEST(DirectReads, AFileSystemWithoutThemIsRefusedByOpenAndVerifyWithAdvice) {
  Machine machine;
  Fill(*machine.Open(), 0);
  machine.files->RefuseDirectReads();
  machine.options.direct_reads = true;
  const Status opened = machine.TryOpen().status();
  EXPECT_EQ(opened.code(), StatusCode::kNotSupported);
  EXPECT_THAT(std::string(opened.message()), HasSubstr(kStore));
  EXPECT_THAT(std::string(opened.message()), HasSubstr("set Options::direct_reads to false"));
  EXPECT_EQ(machine.TryOpen("/new").status().code(), StatusCode::kNotSupported)
      << "a new store says so before there is a table";
  const VerifyReport verified = VerifyStore(kStore, machine.options);
  EXPECT_EQ(verified.stopped.code(), StatusCode::kNotSupported);
  EXPECT_TRUE(verified.findings.empty());

  EXPECT_TRUE(RepairStore(kStore, "/repaired", machine.options).ok()) << "a rescue needs them not";
  machine.options.direct_reads = false;
  EXPECT_EQ(machine.TryOpen().status().ToString(), "ok");
}

TEST(DirectReads, AStoreOnAnyDiskAnswersAsWithout) {
  std::string root = ::testing::TempDir() + "firn-direct-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  Options options;
  options.memory_budget = 8 << 20;
  options.direct_reads = true;
  for (const bool direct : {true, false, true}) {
    options.direct_reads = direct;
    auto db = Db::Open(root + "/store", options);
    if (db.status().code() == StatusCode::kNotSupported) GTEST_SKIP() << db.status().message();
    ASSERT_EQ(db.status().ToString(), "ok");
    Fill(**db, 0);
    Fill(**db, 1);
    ExpectAll(**db);
    EXPECT_EQ((*db)->CompactRange().ToString(), "ok");
    ExpectAll(**db);
    EXPECT_TRUE((*db)->Verify().ok());
    EXPECT_EQ((*db)->Close().ToString(), "ok");
  }
  EXPECT_TRUE(VerifyStore(root + "/store", options).findings.empty());
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace firn::testing
