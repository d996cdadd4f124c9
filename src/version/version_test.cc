#include "version/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/entry.h"
#include "testing/fake_table.h"

namespace firn {
namespace {

using testing::FakeMetadata;
using ::testing::HasSubstr;
using testing::MakeFakeTable;

std::shared_ptr<const Run> RunOf(std::uint64_t id, std::vector<TableMetadata> tables) {
  std::vector<std::shared_ptr<const TableReader>> readers;
  for (TableMetadata& table : tables) readers.push_back(MakeFakeTable(std::move(table)));
  auto run = MakeRun({id}, std::move(readers));
  EXPECT_TRUE(run.ok()) << run.status().ToString();
  return std::move(run).value();
}

std::uint64_t FoundNumber(const Run& run, Slice key) {
  const TableReader* table = run.Find(key, KeyHead(key));
  return table == nullptr ? 0 : table->metadata().number.value;
}

TableMetadata Exclusive(TableMetadata metadata) {
  metadata.upper_exclusive = true;
  return metadata;
}

std::string Message(const Status& status) { return status.ToString(); }

TEST(Run, FindsTheOneTableWhoseRangeHoldsTheKey) {
  const auto run = RunOf(1, {FakeMetadata(3, "m", "p"), FakeMetadata(1, "b", "d"),
                             Exclusive(FakeMetadata(2, "d0", "m"))});
  EXPECT_EQ(FoundNumber(*run, "a"), 0u);
  EXPECT_EQ(FoundNumber(*run, "b"), 1u);
  EXPECT_EQ(FoundNumber(*run, "c"), 1u);
  EXPECT_EQ(FoundNumber(*run, "d"), 1u);
  EXPECT_EQ(FoundNumber(*run, Slice("d\0", 2)), 0u);
  EXPECT_EQ(FoundNumber(*run, "d0"), 2u);
  EXPECT_EQ(FoundNumber(*run, "lzzz"), 2u);
  EXPECT_EQ(FoundNumber(*run, "m"), 3u) << "an exclusive upper bound belongs to the next table";
  EXPECT_EQ(FoundNumber(*run, "q"), 0u);
}

TEST(Run, DecidesEqualHeadsByTheRestOfTheKey) {
  std::vector<TableMetadata> tables;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const std::string prefix = "longprefix" + std::to_string(100 + i);
    tables.push_back(FakeMetadata(i, prefix + "b", prefix + "d"));
  }
  const auto run = RunOf(1, tables);
  EXPECT_EQ(FoundNumber(*run, "longprefix"), 0u);
  EXPECT_EQ(FoundNumber(*run, "longprefix101a"), 0u);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const std::string prefix = "longprefix" + std::to_string(100 + i);
    EXPECT_EQ(FoundNumber(*run, prefix + "b"), i);
    EXPECT_EQ(FoundNumber(*run, prefix + "c"), i);
    EXPECT_EQ(FoundNumber(*run, prefix + "d"), i);
    EXPECT_EQ(FoundNumber(*run, prefix + "e"), 0u);
  }
}

TEST(Run, TellsAKeyFromItsZeroPaddedTwin) {
  const std::string padded("a\0\0", 3);
  const auto run = RunOf(1, {FakeMetadata(1, "a", "a"), FakeMetadata(2, padded, "c")});
  EXPECT_EQ(FoundNumber(*run, "a"), 1u);
  EXPECT_EQ(FoundNumber(*run, Slice("a\0", 2)), 0u);
  EXPECT_EQ(FoundNumber(*run, padded), 2u);
  EXPECT_EQ(FoundNumber(*run, ""), 0u);
}

TEST(Run, AgreesWithALinearSearchOnRandomRuns) {
  std::uint64_t random = 7;
  const auto next = [&] { return random = random * 6364136223846793005ull + 1, random >> 40; };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> bounds;
    for (std::size_t i = 0; i < 2 * (1 + next() % 20); ++i) {
      std::string key(next() % 3 == 0 ? 8 : 0, 'x');
      for (std::size_t j = next() % 4; j > 0; --j) key.push_back(static_cast<char>(next() % 3));
      bounds.push_back(key);
    }
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    std::vector<TableMetadata> tables;
    for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) {
      tables.push_back(FakeMetadata(i + 1, bounds[i], bounds[i + 1]));
      tables.back().upper_exclusive = next() % 2 == 0;
    }
    const auto run = RunOf(1, tables);
    for (const std::string& bound : bounds) {
      for (const std::string& key : {bound, bound + '\0', bound + 'z'}) {
        std::uint64_t expected = 0;
        for (const TableMetadata& table : tables) {
          const bool below = table.upper_exclusive ? key < table.upper : key <= table.upper;
          if (table.lower <= key && below) expected = table.number.value;
        }
        ASSERT_EQ(FoundNumber(*run, key), expected);
      }
    }
  }
}

TEST(MakeRun, RefusesOverlappingAndInvertedTables) {
  const auto make = [](TableMetadata a, TableMetadata b) {
    return MakeRun({1}, {MakeFakeTable(std::move(a)), MakeFakeTable(std::move(b))}).status();
  };
  EXPECT_THAT(Message(make(FakeMetadata(1, "a", "c"), FakeMetadata(2, "c", "d"))),
              HasSubstr("V1: table 1 and table 2"));
  EXPECT_TRUE(make(Exclusive(FakeMetadata(1, "a", "c")), FakeMetadata(2, "c", "d")).ok());
  EXPECT_THAT(Message(make(FakeMetadata(1, "b", "a"), FakeMetadata(2, "c", "d"))),
              HasSubstr("table 1 has an inverted key range"));
  EXPECT_FALSE(make(Exclusive(FakeMetadata(1, "a", "a")), FakeMetadata(2, "c", "d")).ok());
}

TEST(MakeRun, SumsUpItsTables) {
  TableMetadata second = FakeMetadata(2, "d", "e");
  second.range_tombstones = 5;
  const auto run = RunOf(9, {second, FakeMetadata(1, "a", "c")});
  EXPECT_EQ(run->id, RunId{9});
  EXPECT_EQ(run->file_bytes, 1001u + 1002u);
  EXPECT_EQ(run->entries, 20u);
  EXPECT_EQ(run->deletes, 2u + 5u);
}

TEST(CheckInvariants, AcceptsAnOrderedTree) {
  Tree tree;
  tree.levels[0] = {RunOf(5, {FakeMetadata(9, "a", "z")}), RunOf(4, {FakeMetadata(8, "a", "k")})};
  tree.levels[1] = {RunOf(3, {FakeMetadata(5, "a", "c"), FakeMetadata(6, "d", "f")})};
  tree.levels[kLastLevel] = {RunOf(1, {FakeMetadata(2, "a", "b"), FakeMetadata(1, "c", "z")})};
  EXPECT_TRUE(CheckInvariants(tree).ok()) << CheckInvariants(tree).ToString();
  EXPECT_EQ(tree.run_count(), 4u);
  EXPECT_EQ(tree.table_count(), 6u);
  EXPECT_EQ(tree.file_bytes(), 6000u + 31u);
}

TEST(CheckInvariants, NamesTheBrokenRuleAndTheTables) {
  Tree disordered;
  disordered.levels[0] = {RunOf(1, {FakeMetadata(9, "a", "b")}),
                          RunOf(2, {FakeMetadata(8, "a", "b")})};
  EXPECT_THAT(Message(CheckInvariants(disordered)), HasSubstr("V2: runs of level 0"));

  Tree stale;
  stale.levels[0] = {RunOf(2, {FakeMetadata(8, "a", "c")}), RunOf(1, {FakeMetadata(9, "b", "d")})};
  EXPECT_THAT(Message(CheckInvariants(stale)), HasSubstr("V2: table 8 comes before table 9"));

  Tree inverted;
  inverted.levels[2] = {RunOf(2, {FakeMetadata(3, "a", "c")})};
  inverted.levels[kLastLevel] = {RunOf(1, {FakeMetadata(4, "c", "d")})};
  EXPECT_THAT(Message(CheckInvariants(inverted)), HasSubstr("V2: table 3 comes before table 4"));

  Tree forked;
  forked.levels[kLastLevel] = {RunOf(2, {FakeMetadata(2, "a", "b")}),
                               RunOf(1, {FakeMetadata(1, "c", "d")})};
  EXPECT_THAT(Message(CheckInvariants(forked)), HasSubstr("V3: the last level holds 2 runs"));

  Tree repeated;
  repeated.levels[3] = {RunOf(2, {FakeMetadata(7, "a", "b")})};
  repeated.levels[4] = {RunOf(1, {FakeMetadata(7, "c", "d")})};
  EXPECT_THAT(Message(CheckInvariants(repeated)), HasSubstr("V4: table 7 occurs twice"));

  auto wrong_heads = std::make_shared<firn::Run>(*RunOf(1, {FakeMetadata(1, "a", "b")}));
  wrong_heads->lower_heads[0] += 1;
  Tree misled;
  misled.levels[1] = {wrong_heads};
  EXPECT_THAT(Message(CheckInvariants(misled)), HasSubstr("V1: run 1 has wrong key heads"));
}

TEST(CheckInvariants, FindsATableInTwoKeyspaces) {
  const auto tree = std::make_shared<Tree>();
  tree->levels[0] = {RunOf(1, {FakeMetadata(7, "a", "b")})};
  Version version;
  version.keyspaces.Set(0, {"default", tree});
  EXPECT_TRUE(CheckInvariants(version).ok());
  version.keyspaces.Set(1, {"other", tree});
  EXPECT_THAT(Message(CheckInvariants(version)), HasSubstr("V4: table 7 occurs twice"));
}

// A merged table may span keys it does not hold: overlapping ranges alone prove no breach.
TEST(CheckInvariants, AcceptsADeepTableThatSpansNewerKeysItDoesNotHold) {
  Tree tree;
  tree.levels[2] = {RunOf(2, {FakeMetadata(3, "a", "z")})};
  tree.levels[kLastLevel] = {RunOf(1, {FakeMetadata(4, "m", "n")})};
  EXPECT_TRUE(CheckInvariants(tree).ok());
}

}  // namespace
}  // namespace firn
