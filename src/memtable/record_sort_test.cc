#include "memtable/record_sort.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/seeded_random.h"
#include "testing/seeds.h"

namespace firn::testing {
namespace {

class RecordSort : public ::testing::Test {
 protected:
  void Add(Slice key) {
    const Record record(Record::Create(arena_, {key, "", places_.size() + 1, EntryKind::kPut}));
    places_.push_back({KeyHead(key.substr(depth_)), record});
  }
  void ExpectSorts() {
    std::vector<RecordPlace> wanted = places_;
    std::sort(wanted.begin(), wanted.end(), [](const RecordPlace& a, const RecordPlace& b) {
      const int order = a.record.key().compare(b.record.key());
      return order != 0 ? order < 0 : a.record.sequence() > b.record.sequence();
    });
    SortRecords(places_, depth_);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(places_[i].record.bytes(), wanted[i].record.bytes()) << i;
    }
  }

  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 64 << 10, 0};
  Arena arena_{pool_};
  std::size_t depth_ = 0;
  std::vector<RecordPlace> places_;
};

TEST_F(RecordSort, NothingAndOneRecordStayAsTheyAre) {
  SortRecords({}, 0);
  Add("one");
  ExpectSorts();
}

TEST_F(RecordSort, KeysThatBeginWithEachOtherGoByLength) {
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (std::size_t bytes = 40; bytes-- > 0;) Add(std::string(bytes, '\0'));
  }
  ExpectSorts();
}

TEST_F(RecordSort, VersionsOfAKeyGoNewestFirst) {
  for (int i = 0; i < 5000; ++i) Add(i % 3 == 0 ? "rather long key" : "another key");
  ExpectSorts();
}

TEST_F(RecordSort, HeadsMayStandBehindACommonPrefix) {
  depth_ = 5;
  for (const char* key : {"shareb", "share", "sharea", "sharec and more", "share"}) Add(key);
  ExpectSorts();
}

// What a bad choice of pivots meets: order, reversed order, few values, one value, a saw.
TEST_F(RecordSort, NoPatternOfHeadsIsTooMuch) {
  for (int pattern = 0; pattern < 6; ++pattern) {
    places_.clear();
    for (int i = 0; i < 20000; ++i) {
      const int numbers[] = {i, 20000 - i, i % 2, 0, i % 100, i < 10000 ? i : 20000 - i};
      const std::string digits = std::to_string(1000000 + numbers[pattern]);
      Add(digits);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSorts()) << pattern;
  }
}

TEST_F(RecordSort, AgreesWithAComparisonOfWholeKeys) {
  for (std::uint64_t seed = 0; seed < SeedCount(200); ++seed) {
    SeededRandom random(seed);
    places_.clear();
    const std::uint64_t letters = 1 + random.Below(3);
    const std::uint64_t bytes_max = 1 + random.Below(40);
    const std::uint64_t count = random.Below(3000);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string key(random.Below(bytes_max), '\0');
      for (char& byte : key) byte = static_cast<char>(random.Below(letters));
      Add(key);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSorts()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace firn::testing
