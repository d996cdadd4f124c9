// MultiGet answers as so many Gets would, whatever lies in memtables, in several runs, under range
// deletes or not in memory.
#include <gtest/gtest.h>

#include <deque>

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

constexpr int kKeys = 2000;

void Fill(Db& db, int first, int step, const std::string& value) {
  for (int i = first; i < kKeys; i += step) {
    const std::string tail(static_cast<std::size_t>(i % 90), '.');
    ASSERT_TRUE(db.Put(KeyOf(i), value + std::to_string(i) + tail).ok());
  }
}

// The first keys of a walk that meets present and absent ones, some of them twice.
std::deque<std::string> KeysToAsk(std::size_t count) {
  std::deque<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back(i % 9 == 8 ? keys[i / 2] : KeyOf(static_cast<int>(i * 257 % (kKeys + 300))));
  }
  return keys;
}

void ExpectAsByGets(const Db& db, std::size_t count, const ReadOptions& options) {
  const std::deque<std::string> keys = KeysToAsk(count);
  const std::vector<Slice> views(keys.begin(), keys.end());
  const auto values = db.MultiGet(views, options);
  ASSERT_EQ(values.status().ToString(), "ok");
  ASSERT_EQ(values->size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = db.Get(keys[i], options);
    ASSERT_TRUE(value.ok());
    ASSERT_EQ((*values)[i], *value) << keys[i] << ", " << i << " of " << count;
  }
}

void ExpectAsByGets(const Db& db, const ReadOptions& options = {}) {
  for (const std::size_t count : {0u, 1u, 16u, 700u}) ExpectAsByGets(db, count, options);
}

TEST(MultiGet, AnswersAsGetsDoFromMemtablesRunsAndRangeDeletes) {
  Machine machine;
  const auto db = machine.Open();
  ExpectAsByGets(*db);
  Fill(*db, 0, 3, "old");
  ASSERT_TRUE(db->Flush().ok());
  const Snapshot before = db->GetSnapshot();
  Fill(*db, 1, 3, "next");
  ASSERT_TRUE(db->DeleteRange(KeyOf(300), KeyOf(600)).ok());
  ASSERT_TRUE(db->Flush().ok());
  ExpectAsByGets(*db);
  Fill(*db, 0, 7, "newest");
  for (int i = 0; i < kKeys; i += 11) ASSERT_TRUE(db->Delete(KeyOf(i)).ok());
  ExpectAsByGets(*db);
  ExpectAsByGets(*db, {.snapshot = before});
  ASSERT_TRUE(db->CompactRange().ok());
  ExpectAsByGets(*db);
}

TEST(MultiGet, AnswersAsGetsDoWhereNothingIsResident) {
  Machine machine;
  {
    const auto db = machine.Open();
    Fill(*db, 0, 1, "value");
    ASSERT_TRUE(db->Flush().ok());
  }
  ExpectAsByGets(*machine.Open(), 700, {});
  const auto again = machine.Open();
  ExpectAsByGets(*again);
}

}  // namespace
}  // namespace firn::testing
